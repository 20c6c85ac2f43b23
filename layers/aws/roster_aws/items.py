"""Groups and rights as items of the table: pure, so that what an import costs can be computed without one.

Partition key: the site and the first hex digit of the SHA-256 of the entry's folded key, so that a first import
is written to sixteen partitions at once. Sort key: `GROUP#{key}` or `RIGHT#{key}`. A folded key has no capital
letter, so the capitals in these names can never be part of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from roster.delta import Kind
from roster.model import Entry, Group, Right

Item = dict[str, Any]

# DynamoDB refuses an item over 400 KB; what a group's names come to beyond this is spilled into further items.
_PART_BYTES = 350_000
_SORT_KEY_BYTES = 1024

# A group of so many members fits one item whatever their names, so there can be no further part of it to remove.
SURELY_ONE_PART = _PART_BYTES // (254 * 4 + 8)


class Address(NamedTuple):
    """Where an item stands in the table."""

    pk: str
    sk: str


def address(site: str, kind: Kind, key: str) -> Address:
    """Where the (first) item of a group or right stands."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    sort_key = f"{kind.upper()}#{key}"
    if len(sort_key.encode()) > _SORT_KEY_BYTES - len("#PART#0000"):
        sort_key = f"{kind.upper()}#SHA256#{digest}"
    return Address(f"SITE#{site}#{digest[0]}", sort_key)


def part_prefix(first: Address) -> str:
    """What the sort keys of a group's further parts begin with."""
    return f"{first.sk}#PART#"


def items(site: str, entry: Entry, version: int) -> Iterator[Item]:
    """The items of one group or right, put by this version: one, or for a very large group several."""
    where = address(site, "group" if isinstance(entry, Group) else "right", entry.key)
    if not isinstance(entry, Group):
        yield {
            **where._asdict(),
            "key": entry.key,
            "username": entry.username,
            "groups": list(entry.groups),
            "pending": list(entry.pending),
            "all_groups": entry.all_groups,
            "basic_console_only": entry.basic_console_only,
            "version": version,
        }
        return
    parts = list(_parts(entry.members))
    about = {"key": entry.key, "name": entry.name, "version": version}
    yield {**where._asdict(), **about, "members": parts[0], "parts": len(parts)}
    for number, members in enumerate(parts[1:], 2):
        yield {"pk": where.pk, "sk": f"{part_prefix(where)}{number:04}", **about, "members": members}


def entries_of(stored: Iterable[Item]) -> Iterator[Entry]:
    """The inverse of `items`: groups and rights from the items of one partition, in the order of their sort keys."""
    items = iter(stored)
    for item in items:
        if item["sk"].startswith("RIGHT#"):
            groups, pending = tuple(item["groups"]), tuple(item["pending"])
            flags = item["all_groups"], item["basic_console_only"]
            yield Right(item["key"], item["username"], groups, pending, *flags)
        elif "parts" in item:
            # The parts of a group follow its first item: their sort keys begin with its own.
            members = [
                *item["members"],
                *(name for part in islice(items, item["parts"] - 1) for name in part["members"]),
            ]
            yield Group(item["key"], item["name"], tuple(members))


def _parts(members: tuple[str, ...]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for member in members:
        size += len(member.encode()) + 8
        if size > _PART_BYTES:
            yield part
            part, size = [], len(member.encode()) + 8
        part.append(member)
    yield part
