"""What changes from one version to the next: found, written down, counted, and applied.

In: the lines of the published snapshot and the entries of the new roster, both in the order of a snapshot. Two sorted
streams are merged and equal lines are passed over unread, so neither version is held twice and a night with few
changes costs little. Out: changes, and the delta that holds them as JSON lines: the settings and the digest of the
snapshot that it starts from, then every entry that was put, whole, and the key of every one removed. Putting an
entry twice does no harm, so a delta can be applied again from its beginning.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from roster.encode import Corrupt, as_dict, entry, from_dict, line, read_line, read_object, read_settings, to_json
from roster.model import Entry, Group, Right
from roster.names import fold

Kind = Literal["group", "right"]
Place = tuple[Kind, str]


# From so many classes on a right may take several items of a table, and who replaces it has to know.
_VERY_MANY = 256

# What `count` counts.
CHANGES = [f"{what}_{how}" for what in ("groups", "members", "rights") for how in ("created", "changed", "removed")]


class Change(NamedTuple):
    """An entry as it was and as it is; `was` is None for a created one, `now` for a removed one."""

    was: Entry | None
    now: Entry | None


class Step(NamedTuple):
    """One line of a delta: the entry to put, or None to remove what stands at `kind` and `key`.

    `names_before` is how many members the group had in the version before (0 for a new one), or how many classes the
    right had where they were very many.
    """

    kind: Kind
    key: str
    entry: Entry | None
    names_before: int


def place(entry: Entry) -> Place:
    """Where an entry stands in a snapshot; sorts as a snapshot is sorted."""
    return ("group" if isinstance(entry, Group) else "right"), entry.key


def changes(old: Iterator[bytes], new: Iterator[tuple[Entry | None, bytes]]) -> Iterator[Change]:
    """Every entry that differs between an old snapshot's lines (the first taken off) and new entries with their lines.

    A new entry may be left to be read from its line. Both inputs are read to their ends.
    """
    was, now = next(old, None), next(new, None)
    before: Entry | None = None  # what `was` says, read only when it is not simply the same
    while was is not None or now is not None:
        if was is not None and now is not None and was == now[1]:
            was, now, before = next(old, None), next(new, None), None
            continue
        if was is not None and before is None:
            before = entry(was)
        if now is not None and now[0] is None:
            now = entry(now[1]), now[1]
        after = now[0] if now else None
        if after is None or (before is not None and place(before) < place(after)):
            yield Change(before, None)
            was, before = next(old, None), None
        elif before is None or place(after) < place(before):
            yield Change(None, after)
            now = next(new, None)
        else:
            yield Change(before, after)
            was, now, before = next(old, None), next(new, None), None


def first_line(settings_line: bytes, base_sha256: str) -> bytes:
    """The first line of a delta: the new version's settings, and the content digest of the snapshot it starts from."""
    return f"{to_json(json.loads(settings_line) | {'from': base_sha256})}\n".encode()


def change_line(change: Change) -> bytes:
    """One change as its line of a delta."""
    written: dict[str, Any] = {}
    if change.now:
        written["put"] = as_dict(change.now)
    elif change.was:
        written["remove"], written["key"] = place(change.was)
    if isinstance(change.was, Group):
        written["members_before"] = len(change.was.members)
    elif change.was and (classes := len(change.was.groups) + len(change.was.pending)) >= _VERY_MANY:
        written["members_before"] = classes
    return f"{to_json(written)}\n".encode()


def read_step(text: bytes) -> Step:
    """The inverse of `change_line`, as far as a delta keeps it; raises `Corrupt`."""
    read = read_line(text, "a line of a delta")
    before = read.get("members_before", 0) if isinstance(read, dict) else None
    if type(before) is int and before >= 0:
        match read:
            case {"put": put}:
                found = from_dict(put)
                return Step(*place(found), found, before)
            case {"remove": "group" | "right" as kind, "key": str(key)}:
                return Step(kind, key, None, before)
    raise Corrupt("not a line of a delta")


def apply_delta(base: Iterable[bytes], base_sha256: str, delta: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of the next snapshot, from those of the one before and of its delta; raises `Corrupt`.

    `base_sha256` is the content digest of the base; a delta of another base is refused before a line is given.
    """
    old, steps = iter(base), iter(delta)
    first = read_object(next(steps, b""), "a delta")
    if first.pop("from", None) != base_sha256:
        raise Corrupt("the delta starts from another snapshot")
    next(old, None)
    yield _settings_line(first)
    step = _next_step(steps)
    for text in old:
        here = place(entry(text))
        while step and (step.kind, step.key) < here:
            yield from _put(step)
            step = _next_step(steps)
        if step and (step.kind, step.key) == here:
            yield from _put(step)
            step = _next_step(steps)
        else:
            yield text
    while step:
        yield from _put(step)
        step = _next_step(steps)


def _settings_line(first: dict[str, Any]) -> bytes:
    """The first line of the next snapshot."""
    try:
        written = f"{to_json(first)}\n".encode()
    except (UnicodeEncodeError, RecursionError):
        raise Corrupt("not a delta") from None
    read_settings(written)
    return written


def _next_step(steps: Iterator[bytes]) -> Step | None:
    text = next(steps, None)
    return read_step(text) if text else None


def _put(step: Step) -> list[bytes]:
    return [line(step.entry)] if step.entry else []


def count(tally: Counter[str], change: Change) -> None:
    """Add a change to a tally of `CHANGES`.

    Members are counted by membership: a user who joins two groups is two created; one respelled is changed.
    """
    entries = "groups" if isinstance(change.now or change.was, Group) else "rights"
    tally[f"{entries}_{_verb(change)}"] += 1
    was, now = _members(change.was), _members(change.now)
    if was == now:
        return
    if not was or not now:  # nothing to match, so no need of keys
        tally["members_created"] += len(now)
        tally["members_removed"] += len(was)
        return
    before = {fold(member): member for member in was}
    after = {fold(member): member for member in now}
    tally["members_created"] += len(after.keys() - before.keys())
    tally["members_removed"] += len(before.keys() - after.keys())
    tally["members_changed"] += sum(before[key] != after[key] for key in before.keys() & after.keys())


def _verb(change: Change) -> str:
    if not change.was:
        return "created"
    return "changed" if change.now else "removed"


def _members(entry: Entry | None) -> tuple[str, ...]:
    return entry.members if isinstance(entry, Group) else ()


def shrank(change: Change) -> bool:
    """Whether a group of ten or more lost more than half of its members, or went."""
    was, now = change.was, change.now
    if not isinstance(was, Group) or isinstance(now, Right):
        return False
    return len(was.members) >= 10 and len(now.members if now else ()) * 2 < len(was.members)
