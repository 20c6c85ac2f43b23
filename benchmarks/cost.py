"""What an import costs in the table: write units and requests, from the very items that it writes.

DynamoDB counts an item's bytes (names and values; three for a list or a map, one for each thing in it) and charges a
write unit for every begun KB. One BatchWriteItem takes 25 items.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from roster.encode import entries
from roster.model import Roster
from roster_aws.dynamo.items import items

_BATCH = 25
# The head, the lease, the waiting note and the import's report: a dozen small writes, some of them in transactions.
_FIXED_UNITS = 24
_FIXED_REQUESTS = 10


class Cost(NamedTuple):
    """Write units and requests."""

    units: int
    requests: int


def item_bytes(value: Any) -> int:
    """The bytes that DynamoDB counts for a value."""
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, int):
        return len(str(value)) // 2 + 2
    if isinstance(value, list):
        return 3 + sum(1 + item_bytes(each) for each in value)
    return sum(len(name) + item_bytes(each) for name, each in value.items())


def full_import(roster: Roster) -> Cost:
    """A site's first import."""
    written = [item for entry in entries(roster) for item in items("site", entry, 1)]
    return _cost([-(-item_bytes(item) // 1024) for item in written])


def night(roster: Roster, share: float) -> Cost:
    """A night in which this share of the groups changed."""
    changed = roster.groups[:: round(1 / share)]
    return _cost([-(-item_bytes(item) // 1024) for group in changed for item in items("site", group, 2)])


def item_per_membership(roster: Roster) -> int:
    """Write units of a first import with an item for each membership and each right's class, all below a KB."""
    memberships = sum(len(group.members) for group in roster.groups)
    return memberships + sum(len(right.groups) + len(right.pending) for right in roster.rights)


def _cost(units: list[int]) -> Cost:
    return Cost(sum(units) + _FIXED_UNITS, -(-len(units) // _BATCH) + _FIXED_REQUESTS)


def members_of(roster: Roster) -> float:
    """How many members a group has on average."""
    return sum(len(group.members) for group in roster.groups) / len(roster.groups)
