"""Would this import change more than the site allows? Then it is held, and nothing happens until a person approves it.

In: what an import would do, in numbers. Out: the reasons to hold it, none for an ordinary night. The first import of a
site passes every guard but the one against swapped files. Nothing switches the guards off: limits are bounded, and
two of them (`half_removed`, `file_has_no_rows`) cannot be set at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from roster.settings import Limits

_HALF_FROM = 5


class Effect(NamedTuple):
    """What an import would do to a site.

    `published` counts the memberships, teachers and groups there are, `removed` those that would go. `teachers` are in
    the pair; of them `teachers_added` have no console access yet, and `teachers_are_students` of those are students now
    or in this pair. `unmatched_classes` of the teachers' `classes` have no student. `rows`: (read, rejected) by file.
    """

    first_import: bool
    published: Mapping[str, int]
    removed: Mapping[str, int]
    teachers: int
    teachers_added: int
    teachers_are_students: int
    classes: int
    unmatched_classes: int
    rows: Mapping[str, tuple[int, int]]


class Reason(NamedTuple):
    """Why an import is held: the guard's code, how many were counted, of how many, and in which file if in one.

    `what` was counted, where the code does not say: memberships, teachers or groups.
    """

    code: str
    number: int
    of: int
    file: str | None = None
    what: str | None = None


def reasons(effect: Effect, limits: Limits) -> list[Reason]:
    """Every reason to hold an import, in the order of format.md; an empty list lets it through."""
    if effect.first_import:
        return list(_students_as_teachers(effect, limits))
    return [
        *_students_as_teachers(effect, limits),
        *_bad_files(effect, limits),
        *_removals(effect, limits),
        *_additions(effect, limits),
    ]


def _students_as_teachers(effect: Effect, limits: Limits) -> Iterator[Reason]:
    """Swapped files would hand the console to pupils."""
    number, of = effect.teachers_are_students, effect.teachers
    limit = limits.students_as_teachers
    if number >= limit.count or (number and number * 100 >= limit.percent * of):
        yield Reason("students_as_teachers", number, of)


def _bad_files(effect: Effect, limits: Limits) -> Iterator[Reason]:
    for file, (read, rejected) in sorted(effect.rows.items()):
        if read == rejected:
            yield Reason("file_has_no_rows", 0, read, file)
        elif not limits.rows_rejected.allows(rejected, read):
            yield Reason("rows_rejected", rejected, read, file)


def _removals(effect: Effect, limits: Limits) -> Iterator[Reason]:
    allowed = {
        "memberships": limits.memberships_removed,
        "teachers": limits.teachers_removed,
        "groups": limits.groups_removed,
    }
    for what, limit in allowed.items():
        if not limit.allows(effect.removed[what], effect.published[what]):
            yield Reason(f"{what}_removed", effect.removed[what], effect.published[what])
    for what in allowed:
        if effect.published[what] >= _HALF_FROM and effect.removed[what] * 2 > effect.published[what]:
            yield Reason("half_removed", effect.removed[what], effect.published[what], what=what)
            return


def _additions(effect: Effect, limits: Limits) -> Iterator[Reason]:
    if not limits.teachers_added.allows(effect.teachers_added, effect.published["teachers"]):
        yield Reason("teachers_added", effect.teachers_added, effect.published["teachers"])
    if not limits.classes_unmatched.allows(effect.unmatched_classes, effect.classes):
        yield Reason("classes_unmatched", effect.unmatched_classes, effect.classes)
