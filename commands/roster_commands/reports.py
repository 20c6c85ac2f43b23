"""An import's report as a person reads it in a terminal. In: the report. Out: something that rich prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from roster.notices import catalogue

# The colour in which a status is shown; red asks for somebody to act.
STATUS_STYLES = {
    "ok": "green",
    "ok_with_warnings": "yellow",
    "no_change": "green",
    "waiting": "cyan",
    "fetching": "cyan",
    "failed": "red",
    "held": "yellow",
    "rejected": "dim",
    "superseded": "dim",
}
_SEVERITY_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
_ADVICE = {notice.code: " ".join((notice.__doc__ or "").split()) for notice in catalogue()}
_GUARDS = {
    "students_as_teachers": "{number} of {of} teachers are students: the files may be swapped",
    "file_has_no_rows": "not one row of the file could be used",
    "rows_rejected": "{number} of {of} rows are rejected",
    "memberships_removed": "{number} of {of} memberships would go",
    "teachers_removed": "{number} of {of} teachers would lose console access",
    "groups_removed": "{number} of {of} groups would go",
    "half_removed": "{number} of {of}, more than half, would go",
    "teachers_added": "{number} teachers would be added to {of}",
    "classes_unmatched": "{number} of the teachers' {of} classes have no students: students.csv may be an old one",
}
_REASONS = {
    "file_name_unexpected": "An import reads teachers.csv and students.csv, spelled exactly so, in the site's folder.",
    "settings_invalid": "The file has errors; the last good settings stay in force.",
    "not_held": "This import is not held, or not any more.",
    "plan_differs": "This is not the plan that was shown.",
    "head_moved": "Another version was published since.",
    "hold_expired": "The hold is more than 24 hours old: upload the pair again.",
    "import_unknown": "There is no such import.",
    "version_unknown": "There is no such older version, or it is kept no longer.",
    "inbox_empty": "There is no file in the site's folder of the inbox: upload teachers.csv and students.csv.",
}


def status_text(status: str) -> Text:
    """A status in its colour."""
    return Text(status, style=STATUS_STYLES.get(status, ""))


def import_report(report: dict[str, Any]) -> RenderableType:
    """One import: what came of it, what it counted, what it changed, and its findings with what to do."""
    about = Table.grid(padding=(0, 2))
    about.add_row("Import", report["import"])
    about.add_row("Status", status_text(report["status"]))
    if report.get("reason"):
        about.add_row("Reason", reason_text(report))
    if report.get("version"):
        about.add_row("Version", str(report["version"]))
    if counts := report.get("counts"):
        about.add_row("Rows", f"{counts['rows_read']} read, {counts['rows_rejected']} rejected")
        about.add_row(
            "Roster",
            f"{_several(counts['groups'], 'group')}, {_several(counts['members'], 'member')} "
            f"({_several(counts['memberships'], 'membership')}), {_several(counts['teachers'], 'teacher')}",
        )
    if changes := report.get("changes"):
        about.add_row("Changes", changes_text(changes))
    if phases := report.get("milliseconds"):
        about.add_row("Time", ", ".join(f"{phase} {spent} ms" for phase, spent in phases.items()))
    if report.get("kept"):
        about.add_row("Kept", f"{report['kept']} facts that a rejected row, or the setting `removals`, keeps")
    return Group(about, *held_lines(report.get("held", [])), *notice_lines(report.get("notices", {})))


def reason_text(report: dict[str, Any]) -> str:
    """Why a report has its status, in words where there are any."""
    reason = report["reason"]
    words = _REASONS.get(reason) or _ADVICE.get(reason)
    file = f" ({report['file']})" if "file" in report else ""
    return f"{reason}{file}: {words}" if words else reason


def notice_lines(notices: dict[str, Any]) -> list[RenderableType]:
    """The findings by code, errors first: how often, and what to do. `notices` is {code: {severity, total}}."""
    if not notices:
        return []
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    order = list(_SEVERITY_STYLES)
    for code, found in sorted(notices.items(), key=lambda item: (order.index(item[1]["severity"]), item[0])):
        style = _SEVERITY_STYLES[found["severity"]]
        table.add_row(Text(found["severity"], style), str(found["total"]), Text(code, style), _ADVICE.get(code, ""))
    return [Text(), table]


def held_lines(held: list[dict[str, Any]]) -> list[RenderableType]:
    """Why an import is held, a line for each guard. `held` is [{code, number, of, file}]."""
    lines: list[RenderableType] = []
    for reason in held:
        where = f" in {reason['file']}" if reason.get("file") else ""
        said = _GUARDS[reason["code"]].format(number=reason["number"], of=reason["of"])
        lines.append(Text.assemble((f"held  {reason['code']}{where}: ", "yellow"), said))
    return lines


def changes_text(changes: Mapping[str, int]) -> str:
    """What an import changes, in numbers."""
    said = []
    for what in ("groups", "members", "rights"):
        verbs = [
            f"{changes[key]} {verb}"
            for verb in ("created", "changed", "removed")
            if changes.get(key := f"{what}_{verb}")
        ]
        if verbs:
            said.append(f"{what} {', '.join(verbs)}")
    return "; ".join(said) or "none"


def _several(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
