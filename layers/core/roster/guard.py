"""Would this import change more than the site allows? Then it is held, and nothing happens until a person approves it.

In: what a pair states, and what it would do to the version before it, in numbers. Out: the reasons to hold it, none
for an ordinary night. Guards look at what the pair *states*, before anything is kept because of a bad row, so that what
is kept never disarms one. Steps are added up: limits count against an earlier version too.
Nothing switches the guards off: limits are bounded, and most guards have none to set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from roster.settings import Limits, Threshold

_HALF_FROM = 5
_MANY_TEACHERS = 20
_MANY_ROWS = 20
_FIRST_UNMATCHED_PERCENT = 50
_UNMATCHED_POINTS = 10
_STUDENTS_AT_LEAST = 2
_ROWS_TOLD = 20
_SEE_ALL = Threshold(2, 5)

# What a new school year changes by its nature. A site says when one starts, and then these let one import through.
OF_A_SCHOOL_YEAR = frozenset(
    {
        *("memberships_removed", "groups_removed", "half_removed", "teachers_added"),
        # The other side of the same: who moves up leaves classes and joins others, and so do those who teach them.
        *("memberships_added", "access_added", "rights_changed"),
    }
)

# What a term that ends takes away, where the next one is not there yet.
OF_AN_END_OF_TERM = frozenset({"memberships_removed", "groups_removed", "half_removed", "teachers_removed"})
OF_AN_END_OF_TERM |= {"rights_changed", "classes_unmatched", "file_has_no_rows"}


class Reason(NamedTuple):
    """Why an import is held: the guard's code, how many were counted, of how many, and in which file if in one.

    `what` was counted, where the code does not say: memberships, teachers, groups, pairs of teacher and class. `since`
    is the version that was counted from, where that is not the one before; `rows` are the first rows meant; `like` is
    the site that a new one resembles; `ended` are the titles of the terms that ended since the import before.
    """

    code: str
    number: int
    of: int
    file: str | None = None
    what: str | None = None
    since: int | None = None
    rows: tuple[int, ...] = ()
    like: str | None = None
    ended: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The reason as reports and `--json` have it: {code, number, of, file, what}, and the others if any."""
        rows, ended = list(self.rows[:_ROWS_TOLD]), list(self.ended)
        more = {"since": self.since, "rows": rows, "like": self.like, "ended": ended}
        about = {"code": self.code, "number": self.number, "of": self.of, "file": self.file, "what": self.what}
        return about | {name: value for name, value in more.items() if value}


class FileStated(NamedTuple):
    """What one file comes to: its valid rows, those of them that say what an earlier one says, its new bad rows.

    `published` says whether anything of the file is; `cut` whether its last line looks like a piece of one; `unclear`
    (facts, capacity, rows) is what nobody can tell about.
    """

    valid: int
    repeated: int
    new_bad: int
    published: bool
    cut: bool = False
    unclear: tuple[int, int, tuple[int, ...]] | None = None


class Stated(NamedTuple):
    """What a pair states, whatever is published. `unmatched` of the teachers' `classes` have no student.

    `published_classes` and `published_unmatched` are the same of the version before. `outnumbered`: it had more
    teachers than members already.
    """

    teachers: int
    members: int
    classes: int
    unmatched: int
    files: Mapping[str, FileStated]
    published_classes: int = 0
    published_unmatched: int = 0
    outnumbered: bool = False


class Step(NamedTuple):
    """What a pair would do to one version. `published` counts its memberships, teachers, groups, and pairs of
    teacher and class; `removed` those of the first three that would go.

    `students_given_console` are the new teachers who are students now or in this pair; `swapped`: and incoming students
    are teachers now. `turned` of the teachers who `stay` lose or gain most of what they see. `since` is the version's
    number, None for the version before.
    """

    published: Mapping[str, int]
    removed: Mapping[str, int]
    teachers_added: int = 0
    memberships_added: int = 0
    pairs_added: int = 0
    newly_all_groups: int = 0
    students_given_console: int = 0
    swapped: bool = False
    turned: int = 0
    stay: int = 0
    shrunk: int = 0
    since: int | None = None


class Case(NamedTuple):
    """All that guards look at. `before` is what the pair would do to the version before, `earlier` to an earlier one.

    `site_new`: nobody has added the site; the name of one that it resembles, or "". A first import has no `before`
    that it could remove anything of.
    """

    first_import: bool
    stated: Stated
    before: Step
    earlier: Step | None = None
    site_new: str | None = None
    review: bool = False


def reasons(case: Case, limits: Limits) -> list[Reason]:
    """Every reason to hold an import, in the order of format.md; an empty list lets it through.

    A limit that is passed against the version before is told of that alone.
    """
    found = list(_at_once(case, limits))
    told = {(reason.code, reason.what) for reason in found}
    if case.earlier:
        found += [reason for reason in _of_a_step(case, case.earlier, limits) if (reason.code, reason.what) not in told]
    return sorted(found, key=lambda reason: CODES.index(reason.code))


def _at_once(case: Case, limits: Limits) -> Iterator[Reason]:
    if case.site_new is not None:
        yield Reason("site_new", 0, 0, like=case.site_new or None)
    if _outnumbered(case):
        yield Reason("teachers_outnumber_students", case.stated.teachers, case.stated.members)
    yield from _of_files(case, limits)
    yield from _of_a_step(case, case.before, limits)
    yield from _of_classes(case, limits)
    if limits.group_shrank and case.before.shrunk:
        yield Reason("group_shrank", case.before.shrunk, case.before.published["groups"])
    if case.review:
        yield Reason("review", 0, 0)


def _outnumbered(case: Case) -> bool:
    """Swapped files of which nobody stands in both. A site that is so, and was let through once, is not held again."""
    stated = case.stated
    return stated.teachers >= _MANY_TEACHERS and stated.teachers > stated.members and not stated.outnumbered


def _of_files(case: Case, limits: Limits) -> Iterator[Reason]:
    goes = any(case.before.removed.values())
    for file, stated in sorted(case.stated.files.items()):
        rows = stated.valid + stated.new_bad
        if not stated.valid and (stated.published or case.first_import):
            yield Reason("file_has_no_rows", 0, rows, file)
        elif not limits.rows_rejected.allows(stated.new_bad, rows):
            yield Reason("rows_rejected", stated.new_bad, rows, file)
        if stated.valid >= _MANY_ROWS and stated.repeated * 2 > stated.valid:
            yield Reason("rows_repeated", stated.repeated, stated.valid, file)
        if stated.cut and goes:
            yield Reason("file_may_be_cut", 0, stated.valid, file)
        if stated.unclear:
            facts, capacity, meant = stated.unclear
            yield Reason("removals_unclear", facts, capacity, file, rows=meant)


def _of_a_step(case: Case, step: Step, limits: Limits) -> Iterator[Reason]:
    yield from _students_as_teachers(case, step, limits)
    if case.first_import:
        return
    yield from _removals(step, limits)
    if not limits.teachers_added.allows(step.teachers_added, step.published["teachers"]):
        yield Reason("teachers_added", step.teachers_added, step.published["teachers"], since=step.since)
    if not limits.rights_changed.allows(step.turned, step.stay):
        yield Reason("rights_changed", step.turned, step.stay, since=step.since)
    if not limits.access_added.allows(step.pairs_added, step.published["pairs"]):
        yield Reason("access_added", step.pairs_added, step.published["pairs"], what="pairs", since=step.since)
    if not _SEE_ALL.allows(step.newly_all_groups, case.stated.teachers):
        number, of = step.newly_all_groups, case.stated.teachers
        yield Reason("access_added", number, of, what="all groups", since=step.since)
    if not limits.memberships_added.allows(step.memberships_added, step.published["memberships"]):
        yield Reason("memberships_added", step.memberships_added, step.published["memberships"], since=step.since)


def _students_as_teachers(case: Case, step: Step, limits: Limits) -> Iterator[Reason]:
    """Swapped files would hand the console to pupils."""
    number, of, limit = step.students_given_console, case.stated.teachers, limits.students_as_teachers
    is_share = number >= _STUDENTS_AT_LEAST and number * 100 >= limit.percent * of
    if number >= limit.count or is_share:
        what = "either" if step.swapped else None
        yield Reason("students_as_teachers", number, of, what=what, since=step.since)


def _removals(step: Step, limits: Limits) -> Iterator[Reason]:
    allowed = {
        "memberships": limits.memberships_removed,
        "teachers": limits.teachers_removed,
        "groups": limits.groups_removed,
    }
    for what, limit in allowed.items():
        if not limit.allows(step.removed[what], step.published[what]):
            yield Reason(f"{what}_removed", step.removed[what], step.published[what], since=step.since)
    for what in allowed:
        if step.published[what] >= _HALF_FROM and step.removed[what] * 2 > step.published[what]:
            yield Reason("half_removed", step.removed[what], step.published[what], what=what, since=step.since)
            return


def _of_classes(case: Case, limits: Limits) -> Iterator[Reason]:
    """Classes of teachers that have no students: an old students.csv. A site that always has them is used to them."""
    stated = case.stated
    limit = Threshold(0, _FIRST_UNMATCHED_PERCENT) if case.first_import else limits.classes_unmatched
    if limit.allows(stated.unmatched, stated.classes):
        return
    before = 100 * stated.published_unmatched * stated.classes
    now = 100 * stated.unmatched * stated.published_classes
    points = _UNMATCHED_POINTS * stated.classes * stated.published_classes
    if case.first_import or not stated.published_classes or now - before >= points:
        yield Reason("classes_unmatched", stated.unmatched, stated.classes)


def without(held: Sequence[Reason], codes: frozenset[str]) -> list[Reason]:
    """The reasons that are left when these codes let an import through."""
    return [reason for reason in held if reason.code not in codes]


# Every guard, in the order in which reasons are told.
CODES = [
    *("site_new", "students_as_teachers", "teachers_outnumber_students", "file_has_no_rows", "rows_rejected"),
    *("rows_repeated", "file_may_be_cut", "removals_unclear", "memberships_removed", "teachers_removed"),
    *("groups_removed", "half_removed", "group_shrank", "teachers_added", "rights_changed", "access_added"),
    *("memberships_added", "classes_unmatched", "review"),
]
