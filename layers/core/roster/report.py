"""What people are told about one import: the report, and the file that lists every finding with its value.

In: a plan and where it came from. Out: a plain dictionary without any name, fit for a log; and the bytes of
notices.csv, which shows the rows themselves and stays in the private results bucket (`findings` reads it back without).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, TypedDict

from roster.csv_file import lines_at
from roster.memory import Kept
from roster.notices import FileError, GroupShrank, Notice, Notices, catalogue
from roster.pair import Upload
from roster.plan import Plan

_SEVERITY = {notice.code: notice.severity for notice in catalogue()}

_KEPT = "No row says this any more, but a rejected row keeps it until then: correct the row, or `roster-admin settle`."

# Of the rows that keep something, in a report; notices.csv has every fact.
_KEPT_ROWS = 20

# Of a row; a damaged file may be one line of megabytes, and a csv reader takes no longer cell than 128 KiB.
_SHOWN = 1000

# A cell that begins so is run as a formula by spreadsheet programs.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def import_report(
    site: str, import_id: str, pair: Mapping[str, Upload], plan: Plan, base_version: int
) -> dict[str, Any]:
    """The report of an import as JSON-like data: no usernames, no classes.

    `status` is the plan's outcome, `version` what stands after it; `reason` explains a failed or held one, by the code
    of its first file error or guard. Where a file was refused, `place` says which, in which row, and for what (a byte,
    a kind of file, a size).
    """
    refused = next((notice for notice in plan.notices.listed() if isinstance(notice, FileError)), None)
    publishes = plan.snapshot is not None and not plan.held
    return {
        "site": site,
        "import": import_id,
        "status": plan.outcome,
        "reason": refused.code if refused else plan.held[0].code if plan.held else None,
        **({"place": refused.place} if refused else {}),
        "pair": {file: _described(upload) for file, upload in sorted(pair.items())},
        "counts": plan.counts,
        "changes": plan.changes,
        "notices": {
            code: {"severity": _SEVERITY[code], "total": total} for code, total in sorted(plan.notices.totals.items())
        },
        "kept": len(plan.kept),
        "kept_until": plan.memory.until or None,
        "kept_rows": [row._asdict() for row in plan.kept_rows[:_KEPT_ROWS]],
        "kept_ended": plan.ended,
        "not_removed": plan.not_removed,
        "held": [reason.as_dict() for reason in plan.held],
        **({"people": plan.people._asdict()} if plan.people else {}),
        "notices_truncated": plan.notices.truncated,
        "base_version": base_version,
        "version": base_version + 1 if publishes else base_version,
    }


def _described(upload: Upload) -> dict[str, Any]:
    at = upload.uploaded_at.isoformat(timespec="seconds")
    return {"version_id": upload.version_id, "uploaded_at": at, "bytes": upload.size}


def notices_csv(plan: Plan) -> bytes:
    """Every listed finding with the row it is about, as CSV that a spreadsheet opens and does not run."""
    listed = plan.notices.listed()
    texts = {
        file: lines_at(text, (notice.row for notice in listed if notice.file == file and notice.row))
        for file, text in plan.texts.items()
    }
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(["severity", "code", "file", "row", "column", "what stands there", "what to do"])
    # Told in the order in which they were found, as the plan has them.
    shrunk = iter(plan.shrunk)
    for notice in listed:
        about = next(shrunk, None) if isinstance(notice, GroupShrank) else None
        shown = about.text if about else _shown(notice, texts.get(notice.file or "", {}))
        write([_inert(cell) for cell in _row(notice, shown)])
    for fact in plan.kept[: Notices.LISTED]:
        write(["info", "kept", fact.file, "", "", _inert(_kept(fact)), _KEPT])
    return out.getvalue().encode("utf-8-sig")  # the mark makes Excel read it as UTF-8


class Finding(TypedDict):
    """One line of notices.csv without what stands in the row: fit for a log, and for a page."""

    severity: str
    code: str
    file: str | None
    row: int | None
    column: str | None


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


def _shown(notice: Notice, texts: Mapping[int, str]) -> str:
    """What stands in the row; of a refused file there is no text to show, but what the finding knows of it."""
    text = texts.get(notice.row or 0, "")
    return f"{text} ({notice.details_text})" if text and notice.details_text else text or notice.details_text


def _kept(fact: Kept) -> str:
    return f"{fact.username},{fact.class_} (until {fact.until[:10]}, since {fact.since})"


def _row(notice: Notice, shown: str) -> list[str]:
    place = [notice.file or "", str(notice.row or ""), notice.column or ""]
    return [notice.severity, notice.code, *place, shown[:_SHOWN], notice.advice]


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
