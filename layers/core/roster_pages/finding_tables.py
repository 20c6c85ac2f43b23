"""The findings of an import: by code, each with what to do; then row by row, with the way to the rows themselves.

In: the data of the view `import` and its report. Out: blocks of its page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roster.report import Found, Report
from roster_pages import buttons
from roster_pages.page_model import (
    Badge,
    Block,
    Cell,
    Column,
    Facts,
    Link,
    Message,
    Name,
    Paging,
    Several,
    Table,
    number,
)
from roster_pages.view_data import ImportData, ShownFinding
from roster_pages.wording import ADVICE, SEVERITIES


def findings(data: ImportData, report: Report) -> list[Block]:
    """The findings by code, each with what to do; then row by row, with the way to the file that has the rows."""
    if report.notices is None:
        return []
    blocks: list[Block] = [_by_code(report.notices)]
    total = data.get("findings_total", 0)
    if not total:
        return blocks
    link = data.get("link") or ""
    if link.startswith(("https://", "http://")):
        said = Link("All findings with what stands in each row (CSV)", link)
        rows_of_file: tuple[tuple[str, Cell], ...] = (
            ("File", said),
            ("Careful", "It contains usernames and classes. The link works for a few minutes; refresh for a new one."),
        )
        blocks.append(Facts("The rows themselves", rows_of_file))
    found = data.get("findings", [])
    # Where a difference lists groups with their members already, the links to them would take its room.
    blocks += _groups(data["site"], [each for each in found if each.get("class")], linked=not data.get("difference"))
    rows = tuple(_row(each) for each in found if not each.get("class"))
    if rows:
        columns = (Column("Severity"), Column("Finding"), Column("File"), Column("Row", number=True), Column("Column"))
        blocks.append(Table(f"Row by row: {number(total)} in all", columns, rows))
    here = buttons.an_import(data["site"], report.import_id)
    page, pages = data.get("page", 1), data.get("pages", 1)
    if pages > 1:
        blocks.append(Paging(f"Page {number(page)} of {number(pages)}", buttons.paging(here, page, pages)))
    if report.notices_truncated:
        blocks.append(
            Message("quiet", "There are more findings than are listed.", ("The numbers by code count all of them.",))
        )
    return blocks


def _row(found: ShownFinding) -> tuple[Cell, ...]:
    return (
        _severity(found.get("severity", "")),
        Name(found.get("code", ""), code=True),
        str(found.get("file") or ""),
        str(found.get("row") or ""),
        str(found.get("column") or ""),
    )


def _groups(site: str, found: Sequence[ShownFinding], *, linked: bool) -> list[Block]:
    """The groups that findings are about, each with what became of it in words."""
    rows: list[tuple[Cell, ...]] = []
    for each in found:
        group = str(each["class"])
        named = Name(group, buttons.about("group", site, group) if linked else None)
        rows.append((Several((named, str(each["said"])), between=" ") if each.get("said") else named,))
    return [Table("Groups that lost more than half of their members", (Column("Group"),), tuple(rows))] if rows else []


def _by_code(notices: Mapping[str, Found]) -> Table:
    """How often each finding was made, errors first, and what to do."""
    order = list(SEVERITIES)
    ranked = sorted(
        notices.items(),
        key=lambda item: (order.index(item[1]["severity"]) if item[1]["severity"] in order else len(order), item[0]),
    )
    rows = tuple(
        (_severity(found["severity"]), found["total"], Name(code, code=True), ADVICE.get(code, ""))
        for code, found in ranked
    )
    columns = (Column("Severity"), Column("How often", number=True), Column("Finding"), Column("What to do"))
    return Table("Findings", columns, rows, "Nothing wrong was found.")


def _severity(severity: str) -> Badge:
    return Badge(str(severity), SEVERITIES.get(severity, "quiet"))
