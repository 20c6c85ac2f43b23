"""Who has no console, whatever the files say: a site's list, in force from the moment that somebody puts a name on it.

In: the list, a roster or a snapshot's lines, and whom the files of an import name. Out: the same without their rights,
and who goes off the list. Nothing is refused. The names are in the private store alone: no log and no event has them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from roster.compare import Packed
from roster.encode import Packer, entry
from roster.model import Roster

# Of a snapshot's lines those of groups come first, and are most of it.
_GROUP = b'{"group":'


@dataclass(frozen=True)
class Barred:
    """Somebody without console access, by folded username, since a time stamp, by somebody's ARN.

    On the list until the files no longer name them; `for_good`: until somebody takes them off it.
    """

    key: str
    username: str
    since: str
    by: str
    for_good: bool = False

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Barred:
        """The inverse of `vars`; more than that is left out."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__.keys() & data.keys()})


def without_rights(roster: Roster, barred: Collection[str]) -> tuple[Roster, frozenset[str]]:
    """The roster without the rights of those who are barred, by key; and which of them had one."""
    if not barred:
        return roster, frozenset()
    kept = tuple(right for right in roster.rights if right.key not in barred)
    named = frozenset(right.key for right in roster.rights if right.key in barred)
    return (roster._replace(rights=kept) if named else roster), named


def repacked(lines: Iterable[bytes], barred: Collection[str]) -> tuple[Packed, int]:
    """A snapshot without the rights of those who are barred, from its lines; and how many rights it lost."""
    lines = iter(lines)
    packer = Packer()
    packer.write(next(lines))
    lost = 0
    for text in _lines(lines, barred):
        if text:
            packer.write(text)
        else:
            lost += 1
    return Packed(*packer.finish()), lost


def _lines(lines: Iterator[bytes], barred: Collection[str]) -> Iterator[bytes]:
    for text in lines:
        yield b"" if not text.startswith(_GROUP) and entry(text).key in barred else text


def agreed(listed: Iterable[Barred], unnamed: Collection[str]) -> list[str]:
    """Who goes off the list once an import takes effect: the keys. `unnamed` were on it and are not in the files."""
    return [each.key for each in listed if not each.for_good and each.key in unnamed]
