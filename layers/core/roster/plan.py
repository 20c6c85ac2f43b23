"""A whole import as it would be, without doing any of it: what an import and `roster check` share.

In: the bytes of both files, the settings, and the published snapshot if there is one. Out: a `Plan`: the roster, its
packed snapshot and delta, the counts, what changes, and every notice. A refused file leaves a plan that fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from roster import delta
from roster.encode import Blob, Packer, entries, entry, line, settings_line
from roster.model import Entry, Roster
from roster.notices import STUDENTS, GroupShrank, NoChange, Notice, Notices
from roster.parse import Pair, read_pair
from roster.reconcile import reconcile
from roster.settings import Settings

Outcome = Literal["ok", "ok_with_warnings", "no_change", "failed"]


@dataclass(frozen=True)
class Base:
    """The published version that a plan starts from: its snapshot's content digest, and its lines as often as asked."""

    content_sha256: str
    lines: Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Packed:
    """An object ready to be stored: its bytes and what names them."""

    data: bytes
    blob: Blob


@dataclass(frozen=True)
class Plan:
    """What an import of a pair comes to. `roster` is None when a file was refused.

    `snapshot` is there when a version is to be published, `delta` when there is a version before it. `counts` are
    rows_read, rows_rejected, groups, members, memberships and teachers; `changes` are those of `delta.CHANGES`.
    """

    outcome: Outcome
    notices: Notices
    counts: dict[str, int]
    changes: dict[str, int]
    texts: dict[str, bytes]
    roster: Roster | None = None
    snapshot: Packed | None = None
    delta: Packed | None = None


def plan_import(
    files: Mapping[str, bytes], settings: Settings, base: Base | None = None, found: Iterable[Notice] = ()
) -> Plan:
    """Read, reconcile and compare a pair; `files` are its bytes by file name.

    `found` are findings about the uploads themselves, made before their bytes were looked at.

    Peak memory for two million rows is about four times the files.
    """
    notices = Notices()
    for notice in found:
        notices.add(notice)
    pair = read_pair(files, settings, notices)
    if pair.refused:
        return Plan("failed", notices, _counts(pair, Roster((), ())), {}, pair.texts)
    roster = reconcile(pair, settings, notices, lambda: _published(base))
    counts = _counts(pair, roster)
    texts = pair.texts
    del pair  # the rows' memory is wanted for the snapshot
    snapshot, difference, tally = _compare(roster, base, notices)
    if base and snapshot.blob.content_sha256 == base.content_sha256:
        notices.add(NoChange())
        return Plan("no_change", notices, counts, dict(tally), texts, roster)
    worth_a_look = notices.severities["error"] or notices.severities["warning"]
    outcome: Outcome = "ok_with_warnings" if worth_a_look else "ok"
    return Plan(outcome, notices, counts, dict(tally), texts, roster, snapshot, difference)


def refuse(found: Iterable[Notice]) -> Plan:
    """The plan of a pair that is refused for what its uploads are, before a byte of them is read."""
    notices = Notices()
    for notice in found:
        notices.add(notice)
    nothing = dict.fromkeys(("rows_read", "rows_rejected", "groups", "members", "memberships", "teachers"), 0)
    return Plan("failed", notices, nothing, {}, {})


def _counts(pair: Pair, roster: Roster) -> dict[str, int]:
    return {
        "rows_read": pair.students.read + pair.teachers.read,
        "rows_rejected": pair.students.rejected + pair.teachers.rejected,
        "groups": len(roster.groups),
        "members": len({pair.usernames.rank[cell] for cell in set(pair.students.usernames)} if roster.groups else ()),
        "memberships": sum(len(group.members) for group in roster.groups),
        "teachers": len(roster.rights),
    }


def _published(base: Base | None) -> Iterator[Entry]:
    if base:
        lines = base.lines()
        next(lines)
        yield from map(entry, lines)


def _compare(roster: Roster, base: Base | None, notices: Notices) -> tuple[Packed, Packed | None, Counter[str]]:
    """Pack the roster while comparing it with the published version, so that each is gone through once."""
    snapshot = Packer()
    difference = Packer()
    tally = Counter(dict.fromkeys(delta.CHANGES, 0))
    first = settings_line(roster)
    snapshot.write(first)

    def packed_entries() -> Iterator[tuple[Entry, bytes]]:
        for each in entries(roster):
            text = line(each)
            snapshot.write(text)
            yield each, text

    old: Iterator[bytes] = iter(())
    if base:
        difference.write(delta.first_line(first, base.content_sha256))
        old = base.lines()
        next(old)
    for change in delta.changes(old, packed_entries()):
        delta.count(tally, change)
        if base:
            difference.write(delta.change_line(change))
        if delta.shrank(change):
            notices.add(GroupShrank(STUDENTS))
    return Packed(*snapshot.finish()), Packed(*difference.finish()) if base else None, tally
