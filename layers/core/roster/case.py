"""What guards look at, gathered: what a pair states, and what that would do to the published version and an earlier.

In: the pair, the roster it states, the comparison with the version before, what its bad rows keep. Out: a
`roster.guard.Case`. Refused: nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from roster.compare import Base, Compared, Effect, FactOf, on_version
from roster.encode import lines
from roster.guard import Case, FileStated, Stated, Step
from roster.model import Group, Right, Roster
from roster.names import fold
from roster.notices import STUDENTS, TEACHERS
from roster.protect import Weighed
from roster.rows import Pair, Rows

# Swapped files bring students by the score; one helper who left is no sign of them.
_SWAPPED_FROM = 2


class Found(NamedTuple):
    """What was found of a pair before guards look at it.

    `kept` facts of the version before were stated by no row; `unstated` are the students, by key, who stay in a group
    without a row of theirs.
    """

    pair: Pair
    roster: Roster
    base: Base | None
    compared: Compared
    weighed: Mapping[str, Weighed]
    new_bad: Mapping[str, int]
    kept: frozenset[FactOf]
    unstated: frozenset[str]


def is_first(base: Base | None) -> bool:
    """Whether nothing is published yet, or a version without anybody in it."""
    return base is None or not any(base.counts.get(what) for what in ("memberships", "teachers"))


def case(found: Found, earlier: Base | None, site_new: str | None, *, review: bool) -> Case:
    """All that guards look at. `earlier` is a version to add steps up from."""
    effect = found.compared.effect
    steps = None
    if earlier and effect.changes_anything:
        snapshot = found.compared.snapshot
        on_earlier = on_version(earlier.lines(), lines(snapshot.data, snapshot.blob), found.kept)
        steps = _step(found, earlier, on_earlier, earlier.version)
    before = _step(found, found.base, effect, None)
    return Case(is_first(found.base), _stated(found), before, steps, site_new, review)


def _stated(found: Found) -> Stated:
    pair, roster = found.pair, found.roster
    classes, unmatched = _classes(roster.rights)
    published_classes, published_unmatched = _classes(_published_rights(found)) if found.base else (0, 0)
    counts = found.base.counts if found.base else {}
    teachers = counts.get("teachers", 0)
    return Stated(
        teachers=len(roster.rights),
        members=pair.is_student.count(1),
        classes=classes,
        unmatched=unmatched,
        files={rows.file: _file(found, rows) for rows in pair.files},
        published_classes=published_classes,
        published_unmatched=published_unmatched,
        outnumbered=bool(teachers) and teachers > counts.get("members", teachers),
    )


def _file(found: Found, rows: Rows) -> FileStated:
    counts = found.base.counts if found.base else {}
    if rows.file == STUDENTS:
        stated, published = sum(len(group.members) for group in found.roster.groups), counts.get("memberships", 0)
    else:
        stated, published = sum(map(_sees, found.roster.rights)), counts.get("teachers", 0)
    return FileStated(
        valid=len(rows.usernames),
        # Other products write an enrolment once a term.
        repeated=0 if found.pair.records else max(0, len(rows.usernames) - stated),
        new_bad=found.new_bad[rows.file],
        published=bool(published),
        cut=_is_cut(found, rows),
        unclear=found.weighed[rows.file].unclear,
    )


def _classes(rights: list[Right] | tuple[Right, ...]) -> tuple[int, int]:
    """How many classes teachers have, and how many of them have no students; a roster spells each in one way."""
    pending = {name for right in rights for name in right.pending}
    return len({name for right in rights for name in right.groups} | pending), len(pending)


def _published_rights(found: Found) -> list[Right]:
    """The rights of the version before: those of the roster, but for what the comparison says of them."""
    effect = found.compared.effect
    stay = [
        effect.was_rights.get(right.key, right) for right in found.roster.rights if right.key not in effect.new_teachers
    ]
    return stay + [effect.was_rights[key] for key in effect.gone_teachers]


def _sees(right: Right) -> int:
    return len(right.groups) + len(right.pending)


def _step(found: Found, base: Base | None, effect: Effect, since: int | None) -> Step:
    """What the pair would do to one version."""
    counts = base.counts if base else {}
    pairs = sum(map(_sees, found.roster.rights)) - effect.pairs_added + effect.pairs_removed
    given = _students(found, effect)
    return Step(
        published={what: counts.get(what, 0) for what in ("memberships", "teachers", "groups")} | {"pairs": pairs},
        removed=effect.removed,
        teachers_added=len(effect.new_teachers),
        memberships_added=effect.tally["members_created"],
        pairs_added=effect.pairs_added,
        newly_all_groups=effect.newly_all_groups,
        students_given_console=len(given),
        swapped=len(given) >= _SWAPPED_FROM and _were_teachers(found, effect) >= _SWAPPED_FROM,
        turned=effect.turned,
        stay=len(found.roster.rights) - len(effect.new_teachers),
        shrunk=len(effect.shrunk),
        since=since,
    )


def _students(found: Found, effect: Effect) -> set[str]:
    """The new teachers who are students now, or in this very pair.

    Who stands in a group that did not change stands in this pair's students too, or was kept in it.
    """
    pair = found.pair
    teachers = pair.usernames.ranks(pair.teachers.usernames)
    in_both = {pair.usernames.key(rank) for rank in teachers if pair.is_student[rank]}
    return effect.new_teachers & (in_both | effect.was_members | found.unstated)


def _were_teachers(found: Found, effect: Effect) -> int:
    """How many of those who lose the console are among the incoming students."""
    return len(effect.gone_teachers & {fold(member) for group in found.roster.groups for member in group.members})


def _is_cut(found: Found, rows: Rows) -> bool:
    """Whether a file looks as if its end were missing.

    Its last line has no end, and is one field or ends in a proper piece of a class that is known, and what it says is
    not published so. Or it ends with its line, but within a class: the last row's class lost more than half of its
    members and got nobody new.
    """
    if rows.cut is None:
        return rows.file == STUDENTS and _ends_within_a_class(found)
    cells = rows.cut.cells
    if len(cells) < 2 or not cells[1]:
        return True
    username, class_ = map(fold, cells[:2])
    longer = False
    for name, users in _known(found, rows):
        longer |= len(name) > len(class_) and name.startswith(class_)
        if name == class_ and username in users:
            return False
    return longer


def _ends_within_a_class(found: Found) -> bool:
    students, classes = found.pair.students, found.pair.classes
    shrunk = {fold(each.group) for each in found.compared.effect.shrunk if each.after == each.stayed}
    return bool(shrunk and students.classes) and classes.key(classes.rank[students.classes[-1]]) in shrunk


def _known(found: Found, rows: Rows) -> Iterator[tuple[str, frozenset[str]]]:
    """The classes of the pair and of the version before, by key, with the users that the version has beside each."""
    nobody: frozenset[str] = frozenset()
    yield from ((fold(name), nobody) for name in found.pair.classes.spelled)
    for each in found.base.entries() if found.base else ():
        if isinstance(each, Group):
            members = frozenset(map(fold, each.members)) if rows.file == STUDENTS else nobody
            yield each.key, members
        else:
            users = frozenset([each.key]) if rows.file == TEACHERS else nobody
            yield from ((fold(name), users) for name in (*each.groups, *each.pending))
