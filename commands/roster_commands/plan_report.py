"""A plan, for a person and for a program: status, counts, why it would be held, and every finding with its row.

In: a plan and its folder. Out: something that rich prints, or JSON. Unless `values` is false, each finding shows its
row, with invisible characters made visible.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from roster.csv_file import lines_at
from roster.notices import GroupShrank, Notice, Severity, catalogue
from roster.plan import Plan
from roster.report import import_report
from roster_commands.first_rows import FirstRow
from roster_commands.import_text import held_lines, status_text
from roster_pages.wording import kept_texts, people_text, roster_text, rows_text

_STYLES: dict[Severity, str] = {"error": "red", "warning": "yellow", "info": "dim"}
_PLACES_SHOWN = 5

# How much of a row is shown: a damaged file may be one line of megabytes.
_LONGEST = 1000
_LONGEST_PRINTED = 120

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# Their category says letter or mark, but they show nothing: joiners, fillers, selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def checked(plan: Plan, *, values: bool = True) -> dict[str, Any]:
    """What `check --json` prints of a plan; `held` says why one would be held."""
    listed = plan.notices.listed()
    rows = _rows(plan, listed) if values else {}
    notices = [
        notice.as_dict() | ({"value": rows[place][:_LONGEST]} if (place := (notice.file, notice.row)) in rows else {})
        for notice in listed
    ]
    return {
        "status": plan.outcome,
        "counts": plan.counts,
        **({"held": _held(plan)} if plan.held else {}),
        **({"people": plan.people._asdict()} if plan.people else {}),
        **({"shrunk": [_without_name(each._asdict(), values=values) for each in plan.shrunk]} if plan.shrunk else {}),
        "notice_totals": dict(sorted(plan.notices.totals.items())),
        "notices": notices,
    }


def kept_facts(plan: Plan) -> dict[str, Any]:
    """What a plan keeps, as a report has it: how many facts, because of which rows, until when."""
    report = import_report("", "", {}, plan, 0).as_dict()
    names = ("kept", "kept_until", "kept_rows", "kept_ended", "not_removed")
    return {name: report[name] for name in names if name in report}


def _held(plan: Plan) -> list[dict[str, Any]]:
    """Why a plan would be held, as its report says it."""
    return [reason.as_dict() for reason in plan.held]


def report_of(folder: Path, plan: Plan, settings: Text | str = "", *, values: bool = True) -> Iterator[RenderableType]:
    """A plan for a person: first who comes and goes, then why it would be held, then the findings."""
    about = Table.grid(padding=(0, 2))
    about.add_row("Folder", Text(str(folder)))
    if settings:
        about.add_row("Settings", settings)
    about.add_row("Status", status_text(plan.outcome))
    about.add_row("Rows", rows_text(plan.counts))
    if plan.roster:
        about.add_row("Roster", roster_text(plan.counts))
    if plan.people:
        about.add_row("People", people_text(plan.people._asdict()))
    if kept := kept_texts(kept_facts(plan)):
        about.add_row("Kept", "\n".join(kept))
    yield about
    yield from held_lines(_held(plan))
    yield from _findings(plan, values=values)
    if not plan.notices.totals and not plan.held:
        yield Text("\nNothing is wrong with this pair: it can be uploaded as it is.", "green")


def first_rows_lines(first: Mapping[str, list[FirstRow]]) -> Iterator[RenderableType]:
    """The first rows of each file, as an import understands them."""
    for file, rows in first.items():
        yield Text.assemble("\n", (f"{file} as understood", "bold"))
        table = Table(box=None, padding=(0, 2, 0, 2), show_header=False)
        for each in rows:
            said = (each.error, "") if each.error else (visible(each.username), visible(each.class_))
            table.add_row(f"row {each.row}", *(Text(cell, "red" if each.error else "") for cell in said))
        yield table


def visible(text: str) -> str:
    """A text in which nothing hides: invisible characters and unusual blanks are shown by their number."""
    if text.isprintable() and text == text.strip() and not _BLANK.search(text):
        return text
    shown = "".join(_seen(each) for each in text)
    bare = shown.strip(" ")
    before = len(shown) - len(shown.lstrip(" "))
    return "␠" * before + bare + "␠" * (len(shown) - len(bare) - before) if bare else "␠" * len(shown)


def _seen(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode has a picture of each
    blank = _BLANK.match(character) or (character.isspace() and character != " ")
    unseen = blank or unicodedata.category(character) in _UNSEEN
    return f"<U+{code:04X}>" if unseen else character


def _rows(plan: Plan, notices: list[Notice]) -> dict[tuple[str | None, int | None], str]:
    """The text of the rows that these findings are about, by file and row. A refused file has none."""
    return {
        (file, row): visible(line[:_LONGEST])
        for file, text in plan.texts.items()
        for row, line in lines_at(text, (each.row for each in notices if each.file == file and each.row)).items()
    }


def _findings(plan: Plan, *, values: bool) -> Iterator[RenderableType]:
    """The findings by code, errors first: how often, what to do, and where."""
    listed = plan.notices.listed()
    for severity, style in _STYLES.items():
        for kind in catalogue():
            total = plan.notices.totals[kind.code]
            if kind.severity != severity or not total:
                continue
            same = [notice for notice in listed if notice.code == kind.code]
            yield Text.assemble("\n", (f"{severity} {kind.code}", style), f"  {total:,}")
            yield Padding(Text(kind().advice), (0, 0, 0, 2), expand=False)
            yield from _places(plan, kind, same[:_PLACES_SHOWN], values=values)
            if total > _PLACES_SHOWN:
                yield Text(f"    and {total - min(len(same), _PLACES_SHOWN):,} more", "dim")


def _places(plan: Plan, kind: type[Notice], notices: list[Notice], *, values: bool) -> Iterator[Text]:
    """Where each finding is, with its row. For a group that shrank: which group, and by how much."""
    if kind is GroupShrank and plan.shrunk:
        yield from (Text(f"    {said}", "dim") for said in islice(shrunk_texts(plan, values=values), _PLACES_SHOWN))
        return
    rows = _rows(plan, notices) if values else {}
    for notice in notices:
        line = rows.get((notice.file, notice.row))
        if notice.place:
            said = f": {_shortened(line)}" if line else ""
            yield Text.assemble((f"    {notice.place}", "dim"), said)


def shrunk_texts(plan: Plan, *, values: bool = True) -> Iterator[str]:
    """For each group that lost more than half: its name, its size before and after, and how many members stayed."""
    for group, before, after, stayed in plan.shrunk:
        said = f"from {before:,} to {after:,}, {stayed:,} of them stayed"
        yield f"{visible(group)}: {said}" if values else said


def _without_name(shrunk: dict[str, Any], *, values: bool) -> dict[str, Any]:
    return {name: value for name, value in shrunk.items() if values or name != "group"}


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_PRINTED else f"{line[:_LONGEST_PRINTED]}…"
