"""A whole import as it would be, without doing any of it: what an import and `roster check` share.

In: the bytes of both files, the settings, and the published snapshot if there is one. Out: a `Plan`: the roster, its
packed snapshot and delta, the counts, what changes, and every notice. A refused file leaves a plan that fails.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

from roster import delta
from roster.encode import Blob, Packer, entries, entry, line, settings_line
from roster.guard import Effect, Reason, reasons
from roster.model import Entry, Group, Right, Roster
from roster.names import fold
from roster.notices import STUDENTS, GroupShrank, NoChange, Notice, Notices
from roster.parse import Pair, read_pair
from roster.protect import Fact, keep
from roster.reconcile import apply_settings, reconcile
from roster.settings import Settings

Outcome = Literal["ok", "ok_with_warnings", "no_change", "held", "failed"]


class Base(NamedTuple):
    """The published version that a plan starts from: its snapshot's content digest and lines, and its counts."""

    content_sha256: str
    counts: Mapping[str, int]
    lines: Callable[[], Iterator[bytes]]


class Packed(NamedTuple):
    """An object ready to be stored: its bytes and what names them."""

    data: bytes
    blob: Blob


class Plan(NamedTuple):
    """What an import of a pair comes to. `roster` is None when a file was refused.

    `snapshot` is there when there would be a new version, for which a plan that is `held` needs approval; `delta` when
    there is a version before it. `counts` are rows_read, rows_rejected, groups, members, memberships and teachers;
    `changes` are those of `delta.CHANGES`. `kept` are the facts that a rejected row, or a setting, kept from going.
    """

    outcome: Outcome
    notices: Notices
    counts: dict[str, int]
    changes: dict[str, int]
    texts: dict[str, bytes]
    roster: Roster | None = None
    snapshot: Packed | None = None
    delta: Packed | None = None
    kept: Sequence[Fact] = ()
    held: Sequence[Reason] = ()


def plan_import(
    files: Mapping[str, bytes], settings: Settings, base: Base | None = None, found: Iterable[Notice] = ()
) -> Plan:
    """Read, reconcile and compare a pair; `files` are its bytes by file name.

    `found` are findings about the uploads themselves, made before their bytes were looked at.

    Peak memory for two million rows is about four times the files.
    """
    with _garbage_left():
        return _plan(files, settings, base, found)


@contextmanager
def _garbage_left() -> Iterator[None]:
    """Keep Python from looking for cyclic garbage among millions of names: there is none, and it takes a tenth of the
    time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _plan(files: Mapping[str, bytes], settings: Settings, base: Base | None, found: Iterable[Notice]) -> Plan:
    notices = Notices()
    for notice in found:
        notices.add(notice)
    pair = read_pair(files, settings, notices, first=base is None)
    if pair.refused:
        return Plan("failed", notices, _counts(pair, Roster((), ()), []), {}, pair.texts)
    stated = reconcile(pair, notices, lambda: _published(base))
    pair.protected.everything |= settings.removals == "keep"
    roster = stated
    kept: list[Fact] = []
    if base and pair.protected:
        roster, kept = keep(stated, _published(base), pair.protected)
    roster = apply_settings(roster, settings, notices)
    counts = _counts(pair, roster, kept)
    compared = _compare(roster, base, notices) if base else _created(roster)
    held = reasons(_effect(pair, len(stated.rights), roster, base, compared, kept), settings.hold)
    # Where only what bad rows protect makes the pair the same, a guard has the word: somebody has to look at the rows.
    if base and compared.snapshot.blob.content_sha256 == base.content_sha256 and not (kept and held):
        notices.add(NoChange())
        return Plan("no_change", notices, counts, compared.tally, pair.texts, roster, kept=kept)
    worth_a_look = notices.severities["error"] or notices.severities["warning"]
    outcome: Outcome = "held" if held else "ok_with_warnings" if worth_a_look else "ok"
    versions = compared.snapshot, compared.delta
    return Plan(outcome, notices, counts, compared.tally, pair.texts, roster, *versions, kept=kept, held=held)


def plan_rollback(base: Base, old: Iterable[bytes]) -> tuple[Packed | None, dict[str, int]]:
    """The delta from the published version back to an old one, given by its snapshot's lines, and what it changes.

    No delta when the two are the same.
    """
    lines = iter(old)
    difference = Packer()
    tally = Counter(dict.fromkeys(delta.CHANGES, 0))
    published = base.lines()
    first, now = next(lines), next(published)
    difference.write(delta.first_line(first, base.content_sha256))
    for change in delta.changes(published, ((entry(text), text) for text in lines)):
        delta.count(tally, change)
        difference.write(delta.change_line(change))
    differs = first != now or any(tally.values())
    return Packed(*difference.finish()) if differs else None, dict(tally)


def nothing_changed(base: Base) -> tuple[Packed, dict[str, int]]:
    """The delta from the published version to the same content under another number, and what it changes."""
    difference = Packer()
    difference.write(delta.first_line(next(base.lines()), base.content_sha256))
    return Packed(*difference.finish()), dict.fromkeys(delta.CHANGES, 0)


def refuse(found: Iterable[Notice]) -> Plan:
    """The plan of a pair that is refused for what its uploads are, before a byte of them is read."""
    notices = Notices()
    for notice in found:
        notices.add(notice)
    nothing = dict.fromkeys(("rows_read", "rows_rejected", "groups", "members", "memberships", "teachers"), 0)
    return Plan("failed", notices, nothing, {}, {})


def _counts(pair: Pair, roster: Roster, kept: list[Fact]) -> dict[str, int]:
    members = pair.is_student.count(1)
    if kept:  # some of whom may be in no row
        members = len({member for group in roster.groups for member in group.members})
    return {
        "rows_read": pair.students.read + pair.teachers.read,
        "rows_rejected": pair.students.rejected + pair.teachers.rejected,
        "groups": len(roster.groups),
        "members": members,
        "memberships": sum(len(group.members) for group in roster.groups),
        "teachers": len(roster.rights),
    }


def _published(base: Base | None) -> Iterator[Entry]:
    if base:
        lines = base.lines()
        next(lines)
        yield from map(entry, lines)


class _Compared(NamedTuple):
    """A roster packed, and how it differs from the published one.

    `gone` are the keys of members that a changed or removed group had, `new_teachers` those of created rights.
    """

    snapshot: Packed
    delta: Packed | None
    tally: dict[str, int]
    gone: set[str]
    new_teachers: set[str]


def _created(roster: Roster) -> _Compared:
    """A first version, packed; there is nothing to compare it with."""
    snapshot = Packer()
    snapshot.write(settings_line(roster))
    for each in entries(roster):
        snapshot.write(line(each))
    created = {
        "groups_created": len(roster.groups),
        "members_created": sum(len(group.members) for group in roster.groups),
        "rights_created": len(roster.rights),
    }
    tally = dict.fromkeys(delta.CHANGES, 0) | created
    return _Compared(Packed(*snapshot.finish()), None, tally, set(), {right.key for right in roster.rights})


def _compare(roster: Roster, base: Base, notices: Notices) -> _Compared:
    """Pack the roster while comparing it with the published version, so that each is gone through once."""
    snapshot = Packer()
    difference = Packer()
    tally = Counter(dict.fromkeys(delta.CHANGES, 0))
    gone: set[str] = set()
    new_teachers: set[str] = set()
    first = settings_line(roster)
    snapshot.write(first)
    difference.write(delta.first_line(first, base.content_sha256))

    def packed_entries() -> Iterator[tuple[Entry, bytes]]:
        for each in entries(roster):
            text = line(each)
            snapshot.write(text)
            yield each, text

    old = base.lines()
    next(old)
    for change in delta.changes(old, packed_entries()):
        delta.count(tally, change)
        difference.write(delta.change_line(change))
        if isinstance(change.was, Group):
            gone.update(map(fold, change.was.members))
        elif isinstance(change.now, Right) and not change.was:
            new_teachers.add(change.now.key)
        if delta.shrank(change):
            notices.add(GroupShrank(STUDENTS))
    return _Compared(Packed(*snapshot.finish()), Packed(*difference.finish()), dict(tally), gone, new_teachers)


def _effect(
    pair: Pair, teachers: int, roster: Roster, base: Base | None, compared: _Compared, kept: Sequence[Fact]
) -> Effect:
    """What the import would do, for the guards. `teachers` is how many the pair names."""
    ranks = pair.usernames.ranks(pair.teachers.usernames)
    students = {pair.usernames.key(rank) for rank in ranks if pair.is_student[rank]}
    stay = {fold(username) for username, _ in kept} if compared.new_teachers else set()
    tally = compared.tally
    return Effect(
        first_import=base is None,
        published=base.counts if base else {},
        removed={
            "memberships": tally["members_removed"],
            "teachers": tally["rights_removed"],
            "groups": tally["groups_removed"],
        },
        teachers=teachers,
        teachers_added=tally["rights_created"],
        # Who stands in a group that did not change stands in this pair's students too, or is kept in it.
        teachers_are_students=len(compared.new_teachers & (students | compared.gone | stay)),
        classes=len({name for right in roster.rights for name in (*right.groups, *right.pending)}),
        unmatched_classes=len({name for right in roster.rights for name in right.pending}),
        rows={rows.file: (rows.read, rows.rejected) for rows in pair.files},
    )
