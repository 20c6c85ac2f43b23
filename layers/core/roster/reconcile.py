"""Rows and settings to a roster: which groups there are, who is in them, and which teacher sees them.

In: a `Pair`, the site's settings, and the published entries (looked at only when the pair spells one value in
several ways). Out: a `Roster`, and the warnings that only show when both files lie side by side. Nothing is refused
here; duplicates and differing spellings are told, and change nothing.
"""

from __future__ import annotations

from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Container, Iterable, Sequence
from operator import itemgetter
from typing import TypeVar

from roster.model import Entry, Group, Right, Roster
from roster.names import RESPELLED, Names, fold, judge_username
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
from roster.rows import Pair, Rows
from roster.settings import Settings
from roster.split import find

Published = Callable[[], Iterable[Entry]]
Item = TypeVar("Item")


def reconcile(pair: Pair, notices: Notices, published: Published) -> Roster:
    """The roster that a pair states, before the site's settings; all of it sorted by folded key.

    Memory: about twenty bytes a membership over what the pair itself takes.
    """
    usernames, classes = _spell(pair, published)
    for rows in pair.files:
        _tell_spellings(pair, rows, usernames, classes, notices)
    groups = _groups(pair, usernames, classes, notices)
    rights = _rights(pair, groups.keys(), usernames, classes, notices)
    return Roster(tuple(groups.values()), tuple(rights))


def _groups(pair: Pair, usernames: list[str], classes: list[str], notices: Notices) -> dict[int, Group]:
    """The groups by the ranks of their classes."""
    rank = list(pair.usernames.rank)  # looked up for every row, which a list is faster at
    students = _attendance(pair)
    repeating = set()
    groups = {}
    for group, name in enumerate(classes):
        cells = students.pop(group)  # taken out, for its memory to serve again
        if cells:
            members = sorted(set(_at(cells, rank)))
            groups[group] = Group(fold(name), name, _at(members, usernames))
            if len(members) < len(cells):
                repeating.add(group)
    _tell_classes(pair, groups.keys() - pair.classes.ranks(pair.teachers.classes), repeating, notices)
    return groups


def _tell_classes(pair: Pair, untaught: set[int], repeating: set[int], notices: Notices) -> None:
    """Tell of classes without a teacher, and of the rows that say again what an earlier one says."""
    rows, rank = pair.students, pair.usernames.rank
    looked_at = {cell for cell, group in enumerate(pair.classes.rank) if group in untaught or group in repeating}
    places = array("I", find(looked_at, rows.classes))
    gathered: defaultdict[int, array[int]] = defaultdict(_column)
    for place in places:
        gathered[pair.classes.rank[rows.classes[place]]].append(place)
    repeated: list[int] = []
    for group in repeating:
        repeated += _repeated(gathered[group], [rank[rows.usernames[place]] for place in gathered[group]])
    _tell(ClassWithoutTeacher, rows, [gathered[group][0] for group in untaught], CLASS, notices)
    _tell(RowDuplicate, rows, repeated, None, notices)


def _rights(
    pair: Pair, attended: Container[int], usernames: list[str], classes: list[str], notices: Notices
) -> list[Right]:
    rows, rank = pair.teachers, pair.classes.rank
    gathered: defaultdict[int, array[int]] = defaultdict(_column)
    for place, cell in enumerate(rows.usernames):
        gathered[pair.usernames.rank[cell]].append(place)
    unattended: list[int] = []
    repeated: list[int] = []
    rights = []
    for user, places in sorted(gathered.items()):
        found = [rank[rows.classes[place]] for place in places]
        sees = sorted(set(found))
        if len(sees) < len(found):
            repeated += _repeated(places, found)
        unattended += [places[found.index(each)] for each in sees if each not in attended]
        groups = tuple([classes[each] for each in sees if each in attended])
        pending = tuple([classes[each] for each in sees if each not in attended])
        rights.append(Right(fold(usernames[user]), usernames[user], groups, pending, False, False))
    _tell(RowDuplicate, rows, repeated, None, notices)
    _tell(ClassWithoutStudents, rows, unattended, CLASS, notices)
    _tell(
        TeacherIsStudent,
        rows,
        [places[0] for user, places in gathered.items() if pair.is_student[user]],
        USERNAME,
        notices,
    )
    return rights


def _attendance(pair: Pair) -> dict[int, array[int]]:
    """For each class, by rank: the cells of the usernames in its rows of students.csv.

    A large file has millions of rows, so there is no loop in Python, and no list (of five times the memory).
    """
    gathered = {group: _column() for group in range(len(pair.classes.spelled))}
    by_cell = list(map(gathered.__getitem__, pair.classes.rank))
    append: Callable[[array[int], int], None] = array.append
    deque(map(append, map(by_cell.__getitem__, pair.students.classes), pair.students.usernames), maxlen=0)
    return gathered


def _at(places: Sequence[int], column: list[Item]) -> tuple[Item, ...]:
    """What stands at some places of a column, of which there is one at least; gathered by a single call."""
    if len(places) == 1:  # of which itemgetter makes no tuple
        return (column[places[0]],)
    found: tuple[Item, ...] = itemgetter(*places)(column)
    return found


def _column() -> array[int]:
    return array("I")


def _repeated(places: array[int], found: list[int]) -> list[int]:
    """The places of what was found at an earlier one."""
    seen: set[int] = set()
    repeated = []
    for place, each in zip(places, found, strict=True):
        if each in seen:
            repeated.append(place)
        seen.add(each)
    return repeated


def _tell(kind: type[Notice], rows: Rows, places: list[int], column: str | None, notices: Notices) -> None:
    for place in sorted(places):
        notices.add(kind(rows.file, rows.row(place), column))


def _spell(pair: Pair, published: Published) -> tuple[list[str], list[str]]:
    """The spelling of every username and of every class, by rank.

    Where the pair spells one in several ways, the published spelling among them wins, else the first: of a teacher that
    of teachers.csv, as the console is a matter of the exact login name, else that of students.csv.
    """
    usernames = _several_spellings(pair.files[::-1], pair.usernames, lambda rows: rows.usernames)
    classes = _several_spellings(pair.files, pair.classes, lambda rows: rows.classes)
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


def _several_spellings(
    files: Iterable[Rows], table: Names, column: Callable[[Rows], array[int]]
) -> dict[int, list[str]]:
    """For each rank that accepted rows may spell in several ways: its spellings in these files, the first one first."""
    several: defaultdict[int, list[str]] = defaultdict(list)
    for rows in files:
        cells = column(rows)
        for cell in map(cells.__getitem__, rows.respelled):
            if table.flags[cell] & RESPELLED and table.values[cell] not in several[table.rank[cell]]:
                several[table.rank[cell]].append(table.values[cell])
    return several


def _spelled(table: Names, several: dict[int, list[str]], known: set[str]) -> list[str]:
    spelled = table.spelled.copy()
    for rank, spellings in several.items():
        spelled[rank] = next((spelling for spelling in spellings if spelling in known), spellings[0])
    return spelled


def _tell_spellings(pair: Pair, rows: Rows, usernames: list[str], classes: list[str], notices: Notices) -> None:
    for place in rows.respelled:
        username, class_ = rows.usernames[place], rows.classes[place]
        if pair.usernames.values[username] != usernames[pair.usernames.rank[username]]:
            notices.add(UsernameSpellingDiffers(rows.file, rows.row(place), USERNAME))
        if pair.classes.values[class_] != classes[pair.classes.rank[class_]]:
            notices.add(ClassSpellingDiffers(rows.file, rows.row(place), CLASS))


def all_groups_users(settings: Settings, usernames: Names, roster: Roster, notices: Notices) -> frozenset[str]:
    """The users, by key, who see every group by the settings; told of those who have no console access.

    The settings' usernames are read as those of the files. Where one is an address that becomes the username of another
    address, of the pair or of the settings, it is nobody's.
    """
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for verdict in (judge_username(username, settings) for username in settings.all_groups_users):
        wanted[fold(verdict.value)] |= {verdict.address} if verdict.address else set()
    rights = {right.key for right in roster.rights}
    users = {
        key
        for key, addresses in wanted.items()
        if key in rights and (not addresses or len(addresses | usernames.addresses_of(key)) == 1)
    }
    for _ in wanted.keys() - users:
        notices.add(AllGroupsUserUnknown(SETTINGS))
    return frozenset(users)


def with_extra_teachers(roster: Roster, settings: Settings, day: str) -> Roster:
    """The roster with the people whom the settings add, until the end of their last day; `day` is an ISO date."""
    wanted: dict[str, tuple[str, set[str], bool]] = {}
    for extra in settings.extra_teachers:
        verdict = judge_username(extra.username, settings)
        if not verdict.error and (extra.until is None or day <= extra.until):
            username, classes, everything = wanted.get(fold(verdict.value), (verdict.value, set(), False))
            wanted[fold(verdict.value)] = username, classes.union(extra.classes), everything or extra.all_groups
    if not wanted:
        return roster
    groups = {group.key: group.name for group in roster.groups}
    rights = {right.key: right for right in roster.rights}
    for key, (username, classes, everything) in wanted.items():
        right = rights.get(key) or Right(key, username, (), (), False, False)
        sees = {fold(name): name for name in (*right.groups, *right.pending)}
        sees |= {fold(name): groups.get(fold(name), name) for name in classes if fold(name) not in sees}
        rights[key] = right._replace(
            groups=tuple(sees[each] for each in sorted(sees) if each in groups),
            pending=tuple(sees[each] for each in sorted(sees) if each not in groups),
            all_groups=right.all_groups or everything,
        )
    return roster._replace(rights=tuple(rights[key] for key in sorted(rights)))


def apply_settings(roster: Roster, settings: Settings, all_groups: Container[str]) -> Roster:
    """The roster with what the site's settings say of its rights and groups; `all_groups` are users by key."""
    if settings.exclude_users:
        roster = _without_users(roster, {fold(judge_username(each, settings).value) for each in settings.exclude_users})
    rights = []
    for right in roster.rights:
        said = right.key in all_groups, settings.basic_console_only
        is_said = said == (right.all_groups, right.basic_console_only)
        rights.append(right if is_said else right._replace(all_groups=said[0], basic_console_only=said[1]))
    return roster._replace(rights=tuple(rights), restrict_customisation=settings.restrict_customisation)


def _without_users(roster: Roster, keys: set[str]) -> Roster:
    """The roster without these users, as members and as teachers; a group that they alone were in goes."""
    groups = []
    for group in roster.groups:
        members = tuple(member for member in group.members if fold(member) not in keys)
        if members:
            groups.append(group if len(members) == len(group.members) else group._replace(members=members))
    left = {group.key for group in groups}
    rights = []
    for right in roster.rights:
        if right.key in keys:
            continue
        gone = tuple(name for name in right.groups if fold(name) not in left)
        if gone:
            stay = tuple(name for name in right.groups if fold(name) in left)
            right = right._replace(groups=stay, pending=tuple(sorted((*right.pending, *gone), key=fold)))
        rights.append(right)
    return roster._replace(groups=tuple(groups), rights=tuple(rights))
