"""Rows and settings to a roster: which groups there are, who is in them, and which teacher sees them.

In: a `Pair`, the site's settings, and the published entries (looked at only when the pair spells one value in
several ways). Out: a `Roster`, and the warnings that only show when both files lie side by side. Nothing is refused
here; duplicates and differing spellings are told, and change nothing.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from operator import ne
from typing import NamedTuple

from roster.model import Entry, Group, Right, Roster
from roster.names import ERROR, Names, fold, judge_username
from roster.notices import (
    CLASS,
    SETTINGS,
    USERNAME,
    AllGroupsUserUnknown,
    ClassSpellingDiffers,
    ClassWithoutStudents,
    ClassWithoutTeacher,
    Notice,
    Notices,
    RowDuplicate,
    TeacherIsStudent,
    UsernameSpellingDiffers,
)
from roster.parse import Pair, Rows, flagged
from roster.settings import Settings

Published = Callable[[], Iterable[Entry]]


def reconcile(pair: Pair, notices: Notices, published: Published) -> Roster:
    """The roster that a pair states, before the site's settings; all of it sorted by folded key.

    Memory: about twelve bytes a membership over what the pair itself takes.
    """
    usernames, classes = _spell(pair, published)
    for rows in pair.files:
        _tell_spellings(pair, rows, usernames, classes, notices)

    members = _Column(pair.students.classes, pair.classes.rank), _Column(pair.students.usernames, pair.usernames.rank)
    has_group = bytearray(len(classes))
    repeating: set[int] = set()
    groups = []
    for rank, in_group in _gather(*members, repeating):
        has_group[rank] = 1
        groups.append(Group(pair.classes.keys[rank], classes[rank], tuple(map(usernames.__getitem__, in_group))))
    _tell_duplicates(pair.students, *members, repeating, notices)

    access = _Column(pair.teachers.usernames, pair.usernames.rank), _Column(pair.teachers.classes, pair.classes.rank)
    repeating = set()
    rights = []
    for rank, seen in _gather(*access, repeating):
        in_groups = tuple(classes[each] for each in seen if has_group[each])
        pending = tuple(classes[each] for each in seen if not has_group[each])
        key = pair.usernames.keys[rank]
        rights.append(Right(key, usernames[rank], in_groups, pending, False, False))
    _tell_duplicates(pair.teachers, *access, repeating, notices)

    _tell_unmatched(pair, has_group, notices)
    return Roster(tuple(groups), tuple(rights))


class _Column(NamedTuple):
    """A column of a file, and the rank of each cell's number."""

    cells: array[int]
    rank: array[int]


def _gather(by: _Column, what: _Column, repeating: set[int]) -> Iterator[tuple[int, list[int]]]:
    """Gather the rows by one column: each rank in it, in order, with the sorted distinct ranks beside it.

    A rank that has the same beside it twice is added to `repeating`. A counting sort: one flat array of cells for
    the whole file takes less time, and a third of the memory, of a list for each rank.
    """
    counts = Counter(map(by.rank.__getitem__, by.cells))
    next_place = array("I", bytes(4 * len(by.rank)))
    end = 0
    for rank in sorted(counts):
        end += counts[rank]
        next_place[rank] = end
    flat = array("I", bytes(4 * end))
    for rank, cell in zip(map(by.rank.__getitem__, by.cells), what.cells, strict=True):
        place = next_place[rank] - 1
        next_place[rank] = place
        flat[place] = cell
    for rank in sorted(counts):
        first = next_place[rank]
        distinct = set(map(what.rank.__getitem__, flat[first : first + counts[rank]]))
        if len(distinct) < counts[rank]:
            repeating.add(rank)
        yield rank, sorted(distinct)


def _spell(pair: Pair, published: Published) -> tuple[list[str], list[str]]:
    """The spelling of every username and of every class, by rank.

    Where the pair spells one in several ways, the published spelling among them wins, else the first.
    """
    usernames = _several_spellings(pair, pair.usernames, lambda rows: rows.usernames)
    classes = _several_spellings(pair, pair.classes, lambda rows: rows.classes)
    wanted_usernames = {spelling for spellings in usernames.values() for spelling in spellings}
    wanted_classes = {spelling for spellings in classes.values() for spelling in spellings}
    known_usernames: set[str] = set()
    known_classes: set[str] = set()
    if wanted_usernames or wanted_classes:
        for entry in published():
            if isinstance(entry, Group):
                known_usernames |= wanted_usernames.intersection(entry.members)
                known_classes |= wanted_classes & {entry.name}
            else:
                known_usernames |= wanted_usernames & {entry.username}
                known_classes |= wanted_classes.intersection(entry.pending)
    return _spelled(pair.usernames, usernames, known_usernames), _spelled(pair.classes, classes, known_classes)


def _several_spellings(pair: Pair, table: Names, column: Callable[[Rows], array[int]]) -> dict[int, list[str]]:
    """For each rank that its cells spell in several ways: the spellings of accepted rows, first one first."""
    first: list[str | None] = [None] * len(table.keys)
    several: dict[int, list[str]] = {}
    for value, rank, flags in zip(table.values, table.rank, table.flags, strict=True):
        if flags & ERROR:
            continue
        if first[rank] is None:
            first[rank] = value
        elif first[rank] != value:
            several[rank] = []
    if several:
        is_one = bytearray(rank in several for rank in table.rank)
        for rows in pair.files:
            for cell in filter(is_one.__getitem__, column(rows)):
                spellings = several[table.rank[cell]]
                if table.values[cell] not in spellings:
                    spellings.append(table.values[cell])
    return several


def _spelled(table: Names, several: dict[int, list[str]], known: set[str]) -> list[str]:
    spelled = [""] * len(table.keys)
    for value, rank, flags in zip(table.values, table.rank, table.flags, strict=True):
        if not flags & ERROR:
            spelled[rank] = value
    for rank, spellings in several.items():
        if spellings:
            spelled[rank] = next((spelling for spelling in spellings if spelling in known), spellings[0])
    return spelled


def _tell_spellings(pair: Pair, rows: Rows, usernames: list[str], classes: list[str], notices: Notices) -> None:
    other_username = _spelled_otherwise(pair.usernames, usernames)
    other_class = _spelled_otherwise(pair.classes, classes)
    for place in flagged(rows, other_username, other_class):
        if other_username[rows.usernames[place]]:
            notices.add(UsernameSpellingDiffers(rows.file, rows.numbers[place], USERNAME))
        if other_class[rows.classes[place]]:
            notices.add(ClassSpellingDiffers(rows.file, rows.numbers[place], CLASS))


def _spelled_otherwise(table: Names, spelled: list[str]) -> bytearray:
    """A mark for each accepted cell that is not spelled as its rank is."""
    marks = bytearray(map(ne, table.values, map(spelled.__getitem__, table.rank)))
    for refused in table.errors:
        marks[refused] = 0
    return marks


def _tell_duplicates(rows: Rows, by: _Column, what: _Column, repeating: set[int], notices: Notices) -> None:
    """Tell the rows that say again what an earlier row of the file says; only ranks in `repeating` have any."""
    if not repeating:
        return
    told: set[tuple[int, int]] = set()
    for row, cell, other in zip(rows.numbers, by.cells, what.cells, strict=True):
        if by.rank[cell] in repeating:
            fact = by.rank[cell], what.rank[other]
            if fact in told:
                notices.add(RowDuplicate(rows.file, row))
            told.add(fact)


def _tell_unmatched(pair: Pair, has_group: bytearray, notices: Notices) -> None:
    """Classes without students or without a teacher, and teachers who are students, each once, at its first row."""
    students, teachers = pair.students, pair.teachers
    told: set[tuple[type[Notice], int, int]] = set()

    def tell(kind: type[Notice], rows: Rows, place: int, column: str, username: int, class_: int) -> None:
        if (kind, username, class_) not in told:
            told.add((kind, username, class_))
            notices.add(kind(rows.file, rows.numbers[place], column))

    is_student = _marks(pair.usernames, students.usernames)
    is_empty = bytearray(not has_group[rank] for rank in pair.classes.rank)
    for place in flagged(teachers, is_student, is_empty):
        username, class_ = teachers.usernames[place], teachers.classes[place]
        if is_empty[class_]:
            ranks = pair.usernames.rank[username], pair.classes.rank[class_]
            tell(ClassWithoutStudents, teachers, place, CLASS, *ranks)
        if is_student[username]:
            tell(TeacherIsStudent, teachers, place, USERNAME, pair.usernames.rank[username], 0)
    is_untaught = bytearray(not taught for taught in _marks(pair.classes, teachers.classes))
    for place in flagged(students, (), is_untaught):
        tell(ClassWithoutTeacher, students, place, CLASS, 0, pair.classes.rank[students.classes[place]])


def _marks(table: Names, column: array[int]) -> bytearray:
    """A mark for each cell whose rank stands in a column."""
    ranks = {table.rank[cell] for cell in set(column)}
    return bytearray(rank in ranks for rank in table.rank)


def apply_settings(roster: Roster, settings: Settings, notices: Notices) -> Roster:
    """The roster with what the site's settings say of its rights and groups."""
    wanted = {fold(judge_username(username, settings).value) for username in settings.all_groups_users}
    for _ in wanted - {right.key for right in roster.rights}:
        notices.add(AllGroupsUserUnknown(SETTINGS))
    rights = []
    for right in roster.rights:
        said = right.key in wanted, settings.basic_console_only
        is_said = said == (right.all_groups, right.basic_console_only)
        rights.append(right if is_said else replace(right, all_groups=said[0], basic_console_only=said[1]))
    return replace(roster, rights=tuple(rights), restrict_customisation=settings.restrict_customisation)
