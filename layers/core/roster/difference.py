"""What changes from one version to another, in the one order in which people read it.

In: changes as `roster.delta` finds them, or the lines of two versions. Out: a `Difference`: who loses console access,
who gains it, whose changes; then groups that go, that are new, that change, with who comes and who goes. Inside each
part the order is that of a snapshot, by key. Totals count everything; what is listed stops at a limit, and so do the
names of one entry, so that memory does not grow with the versions. `roster.listing` has the words.
It holds names: it is for the person who asked, never for a log. Refused, with `Corrupt`: JSON that is no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from roster import delta
from roster.delta import Change
from roster.encode import Corrupt, entry, read_settings
from roster.model import Group, Right
from roster.names import fold

#: So many entries are listed, and so many names of each, unless somebody asks for more. None is "all of them".
LISTED = 100
NAMED = 10

Turned = Literal["", "gained", "lost"]
Item = TypeVar("Item")


class Names(NamedTuple):
    """How many there are, and the first of them."""

    total: int = 0
    first: tuple[str, ...] = ()


class RightChange(NamedTuple):
    """A teacher's console access. `was` is the username as it was spelled before, "" where that is the same.

    `before` and `after` count classes. Of the classes named for the teacher some are `lost` or `gained`; of those that
    stay some are `opened`, as students came, and some `wait`, as the last student went.
    """

    username: str
    was: str
    before: int
    after: int
    lost: Names
    gained: Names
    opened: Names
    wait: Names
    all_groups: Turned
    basic_console_only: Turned


class GroupChange(NamedTuple):
    """A group. `before` and `after` count members; who is only spelled anew neither comes nor goes."""

    name: str
    was: str
    before: int
    after: int
    gone: Names
    come: Names
    respelled: Names


class Part(NamedTuple, Generic[Item]):
    """How many entries change in one way, and the first of them."""

    total: int = 0
    listed: tuple[Item, ...] = ()


class Difference(NamedTuple):
    """All that changes; `changes` counts it as a report does.

    `restricts` is what the setting `restrict_customisation` becomes, where it changes.
    """

    changes: dict[str, int]
    rights_lost: Part[RightChange] = Part()
    rights_gained: Part[RightChange] = Part()
    rights_changed: Part[RightChange] = Part()
    groups_gone: Part[GroupChange] = Part()
    groups_new: Part[GroupChange] = Part()
    groups_changed: Part[GroupChange] = Part()
    restricts: bool | None = None

    @property
    def rights(self) -> tuple[Part[RightChange], ...]:
        """The parts about console access: who loses it, gains it, keeps it otherwise."""
        return self.rights_lost, self.rights_gained, self.rights_changed

    @property
    def groups(self) -> tuple[Part[GroupChange], ...]:
        """The parts about groups: gone, new, changed."""
        return self.groups_gone, self.groups_new, self.groups_changed

    @property
    def parts(self) -> tuple[Part[RightChange] | Part[GroupChange], ...]:
        """All parts, in the order of `PARTS`."""
        return *self.rights, *self.groups

    def as_dict(self) -> dict[str, Any]:
        """The difference as JSON has it."""
        listed = {name: _plain(part) for name, part in zip(PARTS, self.parts, strict=True)}
        return {"changes": self.changes, **listed, "restricts": self.restricts}

    @classmethod
    def from_dict(cls, read: Any) -> Difference:
        """The inverse of `as_dict`; raises `Corrupt`."""
        try:
            changes = {str(name): int(count) for name, count in read["changes"].items()}
            parts: dict[str, Any] = {name: _part(read[name], _READ[name.partition("_")[0]]) for name in PARTS}
            restricts = read["restricts"]
            return cls(changes, **parts, restricts=restricts if restricts is None else bool(restricts))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Corrupt("not a difference") from None


#: The parts by name, in their order.
PARTS = ("rights_lost", "rights_gained", "rights_changed", "groups_gone", "groups_new", "groups_changed")


def of_versions(
    old: Iterable[bytes], new: Iterable[bytes], limit: int | None = LISTED, names: int | None = NAMED
) -> Difference:
    """From one version to another, by the lines of their snapshots; of what is not published yet there are none."""
    before, after = iter(old), iter(new)
    was, now = next(before, None), next(after, None)
    found = delta.changes(before, ((entry(text), text) for text in after))
    told = of_changes(found, limit, names)
    if was is None or now is None or was == now:
        return told
    return told._replace(restricts=read_settings(now).get("restrict_customisation"))


def of_changes(changes: Iterable[Change], limit: int | None = LISTED, names: int | None = NAMED) -> Difference:
    """From one version to another, by their changes in the order of a snapshot.

    At most `limit` entries are listed in all, of the first parts first, and at most `names` of each one's names.
    """
    tally = Counter(dict.fromkeys(delta.CHANGES, 0))
    totals = Counter[str]()
    listed: dict[str, list[Any]] = {name: [] for name in PARTS}
    for change in changes:
        delta.count(tally, change)
        part = _part_of(change)
        totals[part] += 1
        if limit is None or len(listed[part]) < limit:
            listed[part].append(_described(change, names))
    room = sum(map(len, listed.values())) if limit is None else limit
    parts: dict[str, Any] = {}
    for name in PARTS:
        kept = listed[name][:room]
        room -= len(kept)
        parts[name] = Part(totals[name], tuple(kept))
    return Difference(dict(tally), **parts)


def _part_of(change: Change) -> str:
    if isinstance(change.now or change.was, Right):
        return "rights_gained" if not change.was else "rights_changed" if change.now else "rights_lost"
    return "groups_new" if not change.was else "groups_changed" if change.now else "groups_gone"


def _described(change: Change, names: int | None) -> RightChange | GroupChange:
    was, now = change
    if isinstance(was, Right) or isinstance(now, Right):
        return _right_change(was if isinstance(was, Right) else None, now if isinstance(now, Right) else None, names)
    return _group_change(was if isinstance(was, Group) else None, now if isinstance(now, Group) else None, names)


def _right_change(was: Right | None, now: Right | None, names: int | None) -> RightChange:
    saw, sees = _keys(was.groups if was else ()), _keys(now.groups if now else ())
    waited, waits = _keys(was.pending if was else ()), _keys(now.pending if now else ())
    before, after = saw | waited, sees | waits
    return RightChange(
        *_spelling(was.username if was else "", now.username if now else ""),
        len(before),
        len(after),
        lost=_names((before[key] for key in before if key not in after), names),
        gained=_names((after[key] for key in after if key not in before), names),
        opened=_names((sees[key] for key in sees if key in waited), names),
        wait=_names((waits[key] for key in waits if key in saw), names),
        all_groups=_turned(was is not None and was.all_groups, now is not None and now.all_groups),
        basic_console_only=_turned(
            was is not None and was.basic_console_only, now is not None and now.basic_console_only
        ),
    )


def _group_change(was: Group | None, now: Group | None, names: int | None) -> GroupChange:
    before, after = _keys(was.members if was else ()), _keys(now.members if now else ())
    return GroupChange(
        *_spelling(was.name if was else "", now.name if now else ""),
        len(before),
        len(after),
        gone=_names((before[key] for key in before if key not in after), names),
        come=_names((after[key] for key in after if key not in before), names),
        respelled=_names((after[key] for key in after if key in before and before[key] != after[key]), names),
    )


def _keys(values: Iterable[str]) -> dict[str, str]:
    """Names by their keys, in their order."""
    return {fold(value): value for value in values}


def _spelling(was: str, now: str) -> tuple[str, str]:
    return now or was, was if now and was != now else ""


def _turned(was: bool, now: bool) -> Turned:
    return "" if was == now else "gained" if now else "lost"


def _names(values: Iterator[str], limit: int | None) -> Names:
    every = tuple(values)
    return Names(len(every), every[:limit])


def _plain(part: Part[Any]) -> dict[str, Any]:
    listed = ({name: _plain_value(value) for name, value in each._asdict().items()} for each in part.listed)
    return {"total": part.total, "listed": list(listed)}


def _plain_value(value: Any) -> Any:
    return {"total": value.total, "first": list(value.first)} if isinstance(value, Names) else value


def _part(read: Mapping[str, Any], item: Callable[[Mapping[str, Any]], Any]) -> Part[Any]:
    return Part(int(read["total"]), tuple(map(item, read["listed"])))


def _right(read: Mapping[str, Any]) -> RightChange:
    lists: dict[str, Any] = {name: _read_names(read[name]) for name in ("lost", "gained", "opened", "wait")}
    turns: dict[str, Any] = {name: _read_turn(read[name]) for name in ("all_groups", "basic_console_only")}
    return RightChange(
        str(read["username"]), str(read["was"]), int(read["before"]), int(read["after"]), **lists, **turns
    )


def _group(read: Mapping[str, Any]) -> GroupChange:
    lists: dict[str, Any] = {name: _read_names(read[name]) for name in ("gone", "come", "respelled")}
    return GroupChange(str(read["name"]), str(read["was"]), int(read["before"]), int(read["after"]), **lists)


_READ: dict[str, Callable[[Mapping[str, Any]], Any]] = {"rights": _right, "groups": _group}


def _read_names(read: Mapping[str, Any]) -> Names:
    return Names(int(read["total"]), tuple(map(str, read["first"])))


def _read_turn(read: Any) -> Turned:
    return "gained" if read == "gained" else "lost" if read == "lost" else ""
