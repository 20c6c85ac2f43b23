"""An import's report as a person reads it in a terminal. In: the report. Out: something that rich prints."""

from __future__ import annotations

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
}
_SEVERITY_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
_ADVICE = {notice.code: " ".join((notice.__doc__ or "").split()) for notice in catalogue()}
_REASONS = {
    "file_name_unexpected": "An import reads teachers.csv and students.csv, spelled exactly so, in the site's folder.",
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
        about.add_row("Changes", _changes(changes))
    if phases := report.get("milliseconds"):
        about.add_row("Time", ", ".join(f"{phase} {spent} ms" for phase, spent in phases.items()))
    return Group(about, *notice_lines(report.get("notices", {})))


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


def _changes(changes: dict[str, int]) -> str:
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
