"""A plan, for a person and for a program: status, counts, why it would be held, and every finding with its row.

In: a plan and its folder. Out: what a console prints, or JSON. Unless `values` is false, each finding shows its
row, with invisible characters made visible.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from roster.notices import GroupShrank, Notice, catalogue
from roster.notices_file import rows_of
from roster.plan import Plan
from roster.report import import_report
from roster_commands.first_rows import FirstRow
from roster_commands.pages import TONES, printed
from roster_pages.import_page import status_badge
from roster_pages.page_model import Badge, Block, Cell, Column, Facts, Message, Page, Table
from roster_pages.wording import ADVICE, SEVERITIES, held_text, kept_texts, people_text, roster_text, rows_text

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


def print_report(folder: Path, plan: Plan, out: Console, settings: str = "", *, values: bool = True) -> None:
    """Print a plan for a person: first who comes and goes, then why it would be held, then the findings."""
    printed(Page(str(folder), badges=(status_badge(plan.outcome),), blocks=tuple(_blocks(plan, settings))), out)
    for line in _findings(plan, values=values):
        out.print(line, soft_wrap=True)
    if not plan.notices.totals and not plan.held:
        fine = Message("good", "Nothing is wrong with this pair: it can be uploaded as it is.")
        printed(Page("", blocks=(fine,)), out)


def _blocks(plan: Plan, settings: str) -> Iterator[Block]:
    about: list[tuple[str, Cell]] = [("Settings", settings)] if settings else []
    about.append(("Rows", rows_text(plan.counts)))
    if plan.roster:
        about.append(("Roster", roster_text(plan.counts)))
    if plan.people:
        about.append(("People", people_text(plan.people._asdict())))
    if kept := kept_texts(import_report("", "", {}, plan, 0)):
        about.append(("Kept", " ".join(kept)))
    yield Facts("", tuple(about))
    if plan.held:
        reasons = (f"{reason.code}: {held_text(reason.as_dict())}" for reason in plan.held)
        yield Message("warn", "It would be held: somebody has to look at it before anything changes.", tuple(reasons))


def print_first_rows(first: Mapping[str, list[FirstRow]], out: Console) -> None:
    """Print the first rows of each file, as an import understands them."""
    columns = (Column("Row", number=True), Column("Username"), Column("Class"))
    for file, rows in first.items():
        table = Table(f"{file} as understood", columns, tuple(map(_cells, rows)))
        printed(Page("", blocks=(table,)), out)


def _cells(row: FirstRow) -> tuple[Cell, ...]:
    if row.error:
        return row.row, Badge(row.error, "bad"), ""
    return row.row, visible(row.username), visible(row.class_)


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
    return {place: visible(line[:_LONGEST]) for place, line in rows_of(plan, notices).items()}


def _findings(plan: Plan, *, values: bool) -> Iterator[Text]:
    """The findings by code, errors first: how often, what to do, and where."""
    listed = plan.notices.listed()
    for severity, tone in SEVERITIES.items():
        for kind in catalogue():
            total = plan.notices.totals[kind.code]
            if kind.severity != severity or not total:
                continue
            same = [notice for notice in listed if notice.code == kind.code]
            yield Text.assemble("\n", (f"{severity} {kind.code}", TONES[tone]), f"  {total:,}")
            yield Text(f"  {ADVICE[kind.code]}")
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
