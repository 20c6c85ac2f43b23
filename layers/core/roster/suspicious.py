"""What is well formed in a pair and hardly meant, told once for each distinct value of a file's column.

In: a pair whose rows are judged. Out: the warnings of the family `Suspicious`, each at the first row that holds the
value and with the number of such rows. Nothing is refused, and no value is changed.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from roster.alike import Likeness, look_alikes
from roster.names import ERROR, Names, fold
from roster.notices import (
    CLASS,
    USERNAME,
    DomainPrefix,
    LooksAlike,
    Notices,
    SeveralValues,
    Suspicious,
)
from roster.rows import Pair, Rows
from roster.split import find

_BETWEEN_USERNAMES = re.compile(r"[,/&\s]+")
_BETWEEN_CLASSES = re.compile(r"[;|]")
_DOMAIN = re.compile(r"[^\\]+\\[^\\]+")


class _Column(NamedTuple):
    """One column of both files: its name, its table, and what is doubted of its cells."""

    name: str
    table: Names
    doubts: dict[int, list[type[Suspicious]]]
    likenesses: dict[int, Likeness]


def tell_suspicious(pair: Pair, notices: Notices) -> None:
    """Tell of what is hardly meant in the rows that count."""
    usernames = _Column(USERNAME, pair.usernames, _doubts(pair.usernames), look_alikes(pair.usernames))
    classes = _Column(CLASS, pair.classes, _doubts(pair.classes), look_alikes(pair.classes))
    _doubt_several_usernames(usernames)
    _doubt_domains(usernames)
    _doubt_several_classes(classes)
    for column in (usernames, classes):
        if column.doubts or column.likenesses:
            _tell(pair, column, notices)
        column.table.forget()


def _doubts(table: Names) -> dict[int, list[type[Suspicious]]]:
    return {cell: list(kinds) for cell, kinds in table.doubts.items()}


def _accepted(table: Names) -> Iterator[tuple[int, str]]:
    """The cells that were looked at by themselves, as all are that hold a mark of any kind."""
    for cell in sorted(table.judged):
        if not table.flags[cell] & ERROR:
            yield cell, table.values[cell]


def _doubt_several_usernames(column: _Column) -> None:
    """Two users in one cell: told by a mark that no username has, or by parts that are usernames themselves."""
    for cell, value in _accepted(column.table):
        parts = [part for part in _BETWEEN_USERNAMES.split(value) if part]
        if ";" in value or "|" in value or (len(parts) > 1 and all(map(column.table.has, parts))):
            column.doubts.setdefault(cell, []).append(SeveralValues)


def _doubt_domains(column: _Column) -> None:
    """A domain before a username where others stand without one."""
    cells = [(cell, value) for cell, value in _accepted(column.table) if _DOMAIN.fullmatch(value)]
    if cells and column.table.has_others(len({fold(value) for _, value in cells})):
        for cell, _ in cells:
            column.doubts.setdefault(cell, []).append(DomainPrefix)


def _doubt_several_classes(column: _Column) -> None:
    """Two classes in one cell: one part behind ; or | that is a class is a sign, behind commas all parts must be."""
    has = column.table.has
    for cell, value in _accepted(column.table):
        parts = [part.strip() for part in _BETWEEN_CLASSES.split(value) if part.strip()]
        listed = [part.strip() for part in value.split(",") if part.strip()]
        if (len(parts) > 1 and any(map(has, parts))) or (len(listed) > 1 and all(map(has, listed))):
            column.doubts.setdefault(cell, []).append(SeveralValues)


class _Place(NamedTuple):
    """Where a value stands first in a file, and in how many rows."""

    first: int
    rows: int


def _tell(pair: Pair, column: _Column, notices: Notices) -> None:
    """Tell what is doubted in each file, and which names are alike."""
    table = column.table
    alike = {likeness.other for likeness in column.likenesses.values() if likeness.other is not None}
    alike |= set(column.likenesses)
    wanted = {*column.doubts, *(cell for cell, rank in enumerate(table.rank) if alike and rank in alike)}
    by_file = {rows.file: _places(rows, column, wanted) for rows in pair.files}
    for file, places in by_file.items():
        told: dict[tuple[type[Suspicious], int], _Place] = {}
        for cell, place in places.items():
            for kind in column.doubts.get(cell, ()):
                told[kind, table.rank[cell]] = _both(told.get((kind, table.rank[cell])), place)
        for (kind, _), place in told.items():
            notices.add(kind(file, place.first, column.name, rows=place.rows))
    if alike:
        _tell_alike(column, by_file, notices)


def _places(rows: Rows, column: _Column, wanted: set[int]) -> dict[int, _Place]:
    """The places of the cells wanted in one file's column."""
    cells: array[int] = rows.usernames if column.name == USERNAME else rows.classes
    places: dict[int, _Place] = {}
    for place in find(wanted, cells):
        before = places.get(cells[place])
        places[cells[place]] = _Place(before.first, before.rows + 1) if before else _Place(rows.row(place), 1)
    return places


def _both(one: _Place | None, other: _Place) -> _Place:
    return _Place(min(one.first, other.first), one.rows + other.rows) if one else other


def _tell_alike(column: _Column, by_file: dict[str, dict[int, _Place]], notices: Notices) -> None:
    ranks: dict[str, dict[int, _Place]] = {}
    for file, places in by_file.items():
        ranks[file] = {}
        for cell, place in places.items():
            rank = column.table.rank[cell]
            ranks[file][rank] = _both(ranks[file].get(rank), place)
    for file, places in ranks.items():
        for rank, place in places.items():
            likeness = column.likenesses.get(rank)
            if likeness is None:
                continue
            if likeness.other is None:
                notices.add(LooksAlike(file, place.first, column.name, rows=place.rows))
                continue
            like_file = next((each for each in (file, *ranks) if likeness.other in ranks[each]), None)
            if like_file:
                like_row = ranks[like_file][likeness.other].first
                notices.add(LooksAlike(file, place.first, column.name, place.rows, like_file, like_row))
