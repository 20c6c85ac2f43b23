"""An import's report as a person reads it in a terminal. In: the report. Out: something that rich prints."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from roster_commands.pages import TONES
from roster_pages.moments import phases_text
from roster_pages.wording import (
    ADVICE,
    SEVERITIES,
    changes_text,
    held_text,
    kept_texts,
    people_text,
    reason_text,
    roster_text,
    rows_text,
    status_tone,
)


def status_text(status: str) -> Text:
    """A status in its colour."""
    return Text(status, style=TONES[status_tone(status)])


def import_report(report: dict[str, Any]) -> RenderableType:
    """One import: what came of it, what it counted, what it changed, and its findings with what to do."""
    about = Table.grid(padding=(0, 2))
    about.add_row("Import", report["import"])
    about.add_row("Status", status_text(report["status"]))
    if report.get("people"):
        about.add_row("People", people_text(report["people"]))
    if report.get("reason"):
        about.add_row("Reason", reason_text(report))
    if report.get("version"):
        about.add_row("Version", str(report["version"]))
    if counts := report.get("counts"):
        if "rows_read" in counts:  # nothing was, where somebody went back to a version
            about.add_row("Rows", rows_text(counts))
        about.add_row("Roster", roster_text(counts))
    if changes := report.get("changes"):
        about.add_row("Changes", changes_text(changes))
    if phases := report.get("milliseconds"):
        about.add_row("Time", phases_text(phases))
    if kept := kept_texts(report):
        about.add_row("Kept", "\n".join(kept))
    return Group(about, *held_lines(report.get("held", [])), *notice_lines(report.get("notices", {})))


def notice_lines(notices: dict[str, Any]) -> list[RenderableType]:
    """The findings by code, errors first: how often, and what to do. `notices` is {code: {severity, total}}."""
    if not notices:
        return []
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    order = list(SEVERITIES)
    for code, found in sorted(notices.items(), key=lambda item: (order.index(item[1]["severity"]), item[0])):
        style = TONES[SEVERITIES[found["severity"]]]
        table.add_row(Text(found["severity"], style), str(found["total"]), Text(code, style), ADVICE.get(code, ""))
    return [Text(), table]


def held_lines(held: list[dict[str, Any]]) -> list[RenderableType]:
    """Why an import is held, a line for each guard. `held` is [{code, number, of, file, what}]."""
    return [Text.assemble((f"held  {reason['code']}: ", "yellow"), held_text(reason)) for reason in held]
