"""Groups and rights as items of the table: pure, so that what an import costs can be computed without one.

Partition key: the site and the first hex digit of the SHA-256 of the entry's folded key, so that a first import
is written to sixteen partitions at once. Sort key: `GROUP#{key}` or `RIGHT#{key}`. A folded key has no capital
letter, so the capitals in these names can never be part of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from roster.delta import Kind
from roster.model import Entry, Group, Right
from roster_aws.dynamo.table import Item

# The partitions that a site's entries are spread over.
DIGITS = "0123456789abcdef"

# DynamoDB refuses an item over 400 KB; what the names in a group or a right come to beyond this is spilled into further
# items.
_PART_BYTES = 350_000
_OF_A_NAME = 8  # bytes on top of it
_SORT_KEY_BYTES = 1024
_PART = "#PART#"

# In characters. A name as long as an import reads is far below, in whatever case; three of them fit beside a full part.
_LONGEST_NAME = 1000

# So many names fit one item whatever they are, so there can be no further part to remove.
SURELY_ONE_PART = _PART_BYTES // (254 * 4 + _OF_A_NAME)


class Unstorable(ValueError):
    """A group or right that the table would refuse for good, whatever is done. Its text holds no name."""


class Address(NamedTuple):
    """Where an item stands in the table."""

    pk: str
    sk: str


def address(site: str, kind: Kind, key: str) -> Address:
    """Where the (first) item of a group or right stands."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    sort_key = f"{kind.upper()}#{key}"
    if len(sort_key.encode()) > _SORT_KEY_BYTES - len(f"{_PART}0000"):
        sort_key = f"{kind.upper()}#SHA256#{digest}"
    return Address(f"SITE#{site}#{digest[0]}", sort_key)


def part_prefix(first: Address) -> str:
    """What the sort keys of an entry's further parts begin with."""
    return f"{first.sk}{_PART}"


def items(site: str, entry: Entry, version: int) -> Iterator[Item]:
    """The items of one group or right, put by this version: one, or for a very large one several."""
    lists: dict[str, tuple[str, ...]]
    about: Item
    if isinstance(entry, Group):
        where = address(site, "group", entry.key)
        about = {"key": entry.key, "name": entry.name, "version": version}
        lists = {"members": entry.members}
    else:
        where = address(site, "right", entry.key)
        flags = {"all_groups": entry.all_groups, "basic_console_only": entry.basic_console_only}
        about = {"key": entry.key, "username": entry.username, **flags, "version": version}
        lists = {"groups": entry.groups, "pending": entry.pending}
    first, *more = _parts(lists)
    yield {**where._asdict(), **about, **first, "parts": 1 + len(more)}
    for number, names in enumerate(more, 2):
        yield {"pk": where.pk, "sk": f"{part_prefix(where)}{number:04}", "version": version, **names}


def prove(entries: Iterable[Entry]) -> None:
    """Prove, before a version is committed, that the table takes each group and right of it; else Unstorable."""
    for entry in entries:
        names = entry.members if isinstance(entry, Group) else (*entry.groups, *entry.pending)
        about = (entry.key, entry.name if isinstance(entry, Group) else entry.username)
        if max(map(len, (*about, *names))) > _LONGEST_NAME:
            raise Unstorable(f"a name has more than {_LONGEST_NAME} characters")


def entries_of(stored: Iterable[Item]) -> Iterator[Entry]:
    """The inverse of `items`: groups and rights from the items of one partition, in the order of their sort keys.

    Others may stand between a large entry's first item and its further parts; an entry is given once it is whole.
    """
    begun: dict[str, list[Item]] = {}
    for item in stored:
        # A folded key has no capital letter, so the mark is never part of one.
        first, _, part = item["sk"].rpartition(_PART) if _PART in item["sk"] else (item["sk"], "", "")
        if part and first not in begun:
            continue  # left over of an entry that is smaller now
        parts = begun.setdefault(first, [])
        parts.append(item)
        if len(parts) == parts[0].get("parts", 1):
            yield _entry(begun.pop(first))


def _entry(parts: list[Item]) -> Entry:
    first = parts[0]

    def names(of: str) -> tuple[str, ...]:
        return tuple(name for part in parts for name in part.get(of, ()))

    if "username" in first:
        flags = first["all_groups"], first["basic_console_only"]
        return Right(first["key"], first["username"], names("groups"), names("pending"), *flags)
    return Group(first["key"], first["name"], names("members"))


def _parts(lists: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, list[str]]]:
    """The lists as the parts that items take: the first has each of them, the others those that go on."""
    part: dict[str, list[str]] = {of: [] for of in lists}
    size = 0
    for of, names in lists.items():
        for name in names:
            needs = len(name.encode()) + _OF_A_NAME
            if size + needs > _PART_BYTES:
                yield part
                part, size = {}, 0
            part.setdefault(of, []).append(name)
            size += needs
    yield part
