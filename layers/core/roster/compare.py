"""A roster beside a published version: packed while it is compared, and what it changes, by who and not by how many.

In: a roster and the version's lines. Out: the snapshot, the delta, and an `Effect`, which guards look at. Facts that
were only kept are left out of what goes: the version's own pair did not state them either, so that they have been
counted before. Refused: nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from roster import delta
from roster.delta import Change
from roster.encode import Blob, Packer, entries, entry, line, settings_line
from roster.model import Entry, Group, Right, Roster
from roster.names import fold
from roster.notices import STUDENTS, TEACHERS
from roster.protect import Key, Lost

FactOf = tuple[str, Key]  # a file, and a fact of it

_SHRINKS_FROM = 10


class Base(NamedTuple):
    """A published version to compare with: its snapshot's content digest and lines, its counts, and its number."""

    content_sha256: str
    counts: Mapping[str, int]
    lines: Callable[[], Iterator[bytes]]
    version: int = 0

    def entries(self) -> Iterator[Entry]:
        """Every group and right of it."""
        published = self.lines()
        next(published)
        return map(entry, published)


class Packed(NamedTuple):
    """An object ready to be stored: its bytes and what names them."""

    data: bytes
    blob: Blob


class Shrunk(NamedTuple):
    """A group that lost more than half of its members, by who they are: its sizes, and how many of them stayed."""

    group: str
    before: int
    after: int
    stayed: int

    @property
    def text(self) -> str:
        """The group by name, and its sizes."""
        return f"{self.group}: from {self.before} to {self.after}, {self.stayed} of them stayed"


class Effect:
    """What a pair changes of one version. Every change is `add`ed once.

    `tally` counts as a delta does. `removed` and `added` count memberships, teachers and groups; `pairs_added` and
    `pairs_removed` the classes of rights. `turned` counts the teachers who stay and lose more than half of the classes
    they see, or see more than twice as many. `lost` has the facts that go by file, where they are `wanted`.
    """

    def __init__(self, kept: Collection[FactOf] = (), *, wants_lost: bool = False) -> None:
        """`kept` are the facts of the version that no row stated."""
        self.tally: Counter[str] = Counter(dict.fromkeys(delta.CHANGES, 0))
        self.lost: dict[str, list[Lost]] = {STUDENTS: [], TEACHERS: []}
        self.was_members: set[str] = set()
        self.new_teachers: set[str] = set()
        self.gone_teachers: set[str] = set()
        self.shrunk: list[Shrunk] = []
        self.pairs_added = self.pairs_removed = self.turned = self.newly_all_groups = 0
        self.was_rights: dict[str, Right] = {}
        self._kept = kept
        self._wants_lost = wants_lost or bool(kept)
        self._kept_members = self._kept_groups = self._kept_teachers = 0

    def add(self, change: Change) -> None:
        """Take a change into account."""
        delta.count(self.tally, change)
        if isinstance(change.was or change.now, Group):
            self._add_group(change)
        else:
            self._add_right(change)

    def add_all_of(self, roster: Roster) -> None:
        """Take a first version into account: everything is new."""
        self.tally["groups_created"] = len(roster.groups)
        self.tally["members_created"] = sum(len(group.members) for group in roster.groups)
        self.tally["rights_created"] = len(roster.rights)
        self.new_teachers = {right.key for right in roster.rights}

    @property
    def removed(self) -> dict[str, int]:
        """How many memberships, teachers and groups go that the version's own pair stated."""
        return {
            "memberships": self.tally["members_removed"] - self._kept_members,
            "teachers": self.tally["rights_removed"] - self._kept_teachers,
            "groups": self.tally["groups_removed"] - self._kept_groups,
        }

    @property
    def changes_anything(self) -> bool:
        """Whether any group or right is another one."""
        return any(self.tally.values())

    def _add_group(self, change: Change) -> None:
        was = change.was
        if not isinstance(was, Group):
            return
        before = {fold(member): member for member in was.members}
        after = set(map(fold, change.now.members)) if isinstance(change.now, Group) else set()
        self.was_members.update(before)
        stayed = len(before.keys() & after)
        if len(before) >= _SHRINKS_FROM and stayed * 2 < len(before):
            self.shrunk.append(Shrunk(was.name, len(before), len(after), stayed))
        if self._wants_lost and stayed < len(before):
            lost = [Lost(member, was.name) for key, member in before.items() if key not in after]
            self.lost[STUDENTS] += lost
            kept = sum((STUDENTS, fact.key) in self._kept for fact in lost)
            self._kept_members += kept
            self._kept_groups += change.now is None and kept == len(before)

    def _add_right(self, change: Change) -> None:
        was = change.was if isinstance(change.was, Right) else None
        now = change.now if isinstance(change.now, Right) else None
        before = {fold(name): name for name in (*was.groups, *was.pending)} if was else {}
        after = {fold(name) for name in (*now.groups, *now.pending)} if now else set()
        gained, left = len(after - before.keys()), [name for key, name in before.items() if key not in after]
        self.pairs_added += gained
        self.pairs_removed += len(left)
        if was is None and now:
            self.new_teachers.add(now.key)
        elif was:
            self.was_rights[was.key] = was
            if now is None:
                self.gone_teachers.add(was.key)
            elif len(left) * 2 > len(before) or len(after) > 2 * len(before):
                self.turned += 1
            if self._wants_lost and left:
                lost = [Lost(was.username, name) for name in left]
                self.lost[TEACHERS] += lost
                kept = sum((TEACHERS, fact.key) in self._kept for fact in lost)
                self._kept_teachers += now is None and kept == len(before)
        if now and now.all_groups and not (was and was.all_groups):
            self.newly_all_groups += 1


class Compared(NamedTuple):
    """A roster packed, the delta that leads to it where there is a version before, and its effect on that."""

    snapshot: Packed
    delta: Packed | None
    effect: Effect


def compare(
    roster: Roster,
    base: Base | None,
    kept: Collection[FactOf] = (),
    *,
    wants_lost: bool = False,
    plain_members: bool = False,
) -> Compared:
    """Pack a roster while comparing it with the published version, so that each is gone through once.

    `kept` are the published facts that no row stated; with `wants_lost` the effect has the facts that go.
    `plain_members` as in `encode.line`.
    """
    snapshot = Packer()
    first = settings_line(roster)
    snapshot.write(first)
    effect = Effect(kept, wants_lost=wants_lost)
    if base is None:
        for each in entries(roster):
            snapshot.write(line(each, plain_members=plain_members))
        effect.add_all_of(roster)
        return Compared(Packed(*snapshot.finish()), None, effect)
    difference = Packer()
    difference.write(delta.first_line(first, base.content_sha256))

    def packed_entries() -> Iterator[tuple[Entry, bytes]]:
        for each in entries(roster):
            text = line(each, plain_members=plain_members)
            snapshot.write(text)
            yield each, text

    old = base.lines()
    next(old)
    for change in delta.changes(old, packed_entries()):
        effect.add(change)
        difference.write(delta.change_line(change))
    return Compared(Packed(*snapshot.finish()), Packed(*difference.finish()), effect)


def on_version(old: Iterator[bytes], stated: Iterable[bytes], kept: Collection[FactOf]) -> Effect:
    """The effect on a version that is given by its snapshot's lines; `stated` are those of the pair's own snapshot."""
    new = iter(stated)
    next(old)
    next(new)
    effect = Effect(kept)
    for change in delta.changes(old, ((None, text) for text in new)):
        effect.add(change)
    return effect
