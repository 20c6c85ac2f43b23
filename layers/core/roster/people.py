"""Whom an import is about: how many pupils and teachers stay, come and go, and whether a school year begins.

In: the published entries and the roster that a pair states. Out: `People`. Refused: nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from roster.model import Entry, Right, Roster
from roster.names import fold


class People(NamedTuple):
    """Whom an import is about: pupils and teachers, by who they are.

    `new_school_year`: most classes are others, or other people's, while most pupils stay.
    """

    pupils_stay: int
    pupils_come: int
    pupils_go: int
    teachers_stay: int
    teachers_come: int
    teachers_go: int
    new_school_year: bool


def people(published: Iterable[Entry], roster: Roster) -> People:
    """Who stays, comes and goes from the published entries to a roster. Every published entry is read."""
    groups = {group.key: group for group in roster.groups}
    pupils = {fold(member) for group in roster.groups for member in group.members}
    teachers = {right.key for right in roster.rights}
    were_pupils: set[str] = set()
    were_teachers: set[str] = set()
    same_classes = 0
    for entry in published:
        if isinstance(entry, Right):
            were_teachers.add(entry.key)
            continue
        were = set(map(fold, entry.members))
        were_pupils |= were
        if entry.key in groups:
            same_classes += 2 * len(were & set(map(fold, groups[entry.key].members))) >= len(were)
    stay = len(pupils & were_pupils)
    new_year = 2 * same_classes < len(groups) and 2 * stay > max(len(were_pupils), len(pupils))
    return People(
        *(stay, len(pupils - were_pupils), len(were_pupils - pupils)),
        *(len(teachers & were_teachers), len(teachers - were_teachers), len(were_teachers - teachers)),
        new_year,
    )
