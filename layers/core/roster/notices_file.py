"""The file that lists every finding of an import, notices.csv, which shows the rows themselves and so stays private.

In: a plan. Out: its bytes; and read back, the findings without what stands in the rows (`findings`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TypedDict

from roster.csv_file import lines_at
from roster.memory import Kept
from roster.notices import GroupShrank, Notice, Notices
from roster.plan import Plan

_KEPT = "No row says this any more, but a rejected row keeps it until then: correct the row, or `roster-admin settle`."

# Of a row; a damaged file may be one line of megabytes, and a csv reader takes no longer cell than 128 KiB.
_SHOWN = 1000

# A cell that begins so is run as a formula by spreadsheet programs.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def notices_csv(plan: Plan) -> bytes:
    """Every listed finding with the row it is about, as CSV that a spreadsheet opens and does not run."""
    listed = plan.notices.listed()
    texts = rows_of(plan, listed)
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(["severity", "code", "file", "row", "column", "what stands there", "what to do"])
    # Told in the order in which they were found, as the plan has them.
    shrunk = iter(plan.shrunk)
    for notice in listed:
        about = next(shrunk, None) if isinstance(notice, GroupShrank) else None
        shown = about.text if about else _shown(notice, texts.get((notice.file, notice.row), ""))
        write([_inert(cell) for cell in _row(notice, shown)])
    for fact in plan.kept[: Notices.LISTED]:
        write(["info", "kept", fact.file, "", "", _inert(_kept(fact)), _KEPT])
    return out.getvalue().encode("utf-8-sig")  # the mark makes Excel read it as UTF-8


def rows_of(plan: Plan, notices: Sequence[Notice]) -> Mapping[tuple[str | None, int | None], str]:
    """What stands in the rows that these findings are about, by file and row. A refused file has nothing to show; of a
    bundle's record only its id is shown, since its row may hold a password.
    """
    if not plan.texts:
        return {(file, row): shown for (file, row), shown in plan.shown.items()}
    return {
        (file, row): line
        for file, text in plan.texts.items()
        for row, line in lines_at(text, (each.row for each in notices if each.file == file and each.row)).items()
    }


class Finding(TypedDict):
    """One line of notices.csv without what stands in the row: fit for a log, and for a page."""

    severity: str
    code: str
    file: str | None
    row: int | None
    column: str | None


def findings_of(plan: Plan) -> list[Finding]:
    """The findings of a plan, as `findings` reads them back from its notices file; without the facts that are kept."""
    return [
        Finding(severity=notice.severity, code=notice.code, file=notice.file, row=notice.row, column=notice.column)
        for notice in plan.notices.listed()
    ]


def findings(data: bytes) -> list[Finding]:
    """The findings of a notices.csv that `notices_csv` wrote."""
    read = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return [
        Finding(
            severity=line["severity"],
            code=line["code"],
            file=line["file"] or None,
            row=int(line["row"]) if line["row"] else None,
            column=line["column"] or None,
        )
        for line in read
    ]


def _shown(notice: Notice, text: str) -> str:
    """What stands in the row; of a refused file there is no text to show, but what the finding knows of it."""
    return f"{text} ({notice.details_text})" if text and notice.details_text else text or notice.details_text


def _kept(fact: Kept) -> str:
    return f"{fact.username},{fact.class_} (until {fact.until[:10]}, since {fact.since})"


def _row(notice: Notice, shown: str) -> list[str]:
    place = [notice.file or "", str(notice.row or ""), notice.column or ""]
    return [notice.severity, notice.code, *place, shown[:_SHOWN], notice.advice]


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
