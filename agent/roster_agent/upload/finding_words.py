"""Findings and outcomes in words, the same for what was checked here and what the cloud answered. No IO.

Comes in: findings by code, an outcome. Goes out: lines for a person, an exit status. None holds a username or a class:
a finding is a code and the numbers of rows, and its advice is the core's.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from roster.notices import catalogue

_ADVICE = {notice.code: notice().advice for notice in catalogue()}
_ORDER = {"error": 0, "warning": 1, "info": 2}
_ROWS_SHOWN = 10


class Found(NamedTuple):
    """The findings of one code: how many, and the first rows, each by its file and number."""

    code: str
    severity: str
    total: int
    rows: tuple[tuple[str, int], ...] = ()


def finding_lines(found: Iterable[Found]) -> Iterator[str]:
    """A line for each code, the worst first, and one with what to do."""
    for each in sorted(found, key=lambda one: (_ORDER.get(one.severity, 3), one.code)):
        yield f"  {each.severity:<8}{each.total:>6}  {each.code}{_rows(each)}"
        if advice := _ADVICE.get(each.code):
            yield f"{'':<16}  {advice}"


def _rows(found: Found) -> str:
    by_file: dict[str, list[str]] = {}
    for file, row in found.rows[:_ROWS_SHOWN]:
        by_file.setdefault(file, []).append(str(row))
    said = "; ".join(f"{file} row{'s' if len(rows) > 1 else ''} {', '.join(rows)}" for file, rows in by_file.items())
    more = ", …" if said and found.total > _ROWS_SHOWN else ""
    return f"  ({said}{more})" if said else ""


def advice_of(code: str) -> str:
    """What to do about a finding; "" for a code that this agent does not know."""
    return _ADVICE.get(code, "")


def counted(counts: dict[str, int]) -> str:
    """What was counted, in words."""
    return ", ".join(f"{number:,} {_named(name, number)}" for name, number in counts.items())


def _named(name: str, number: int) -> str:
    """What is counted, as one or several of it: the code begins with the plural."""
    what, space, how = name.replace("_", " ").partition(" ")
    return f"{what.removesuffix('s') if number == 1 else what}{space}{how}"
