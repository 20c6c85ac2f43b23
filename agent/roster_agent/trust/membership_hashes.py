"""Who was a member of what in the newest version seen, kept outside the mirror: no names, and no IO.

Comes in: a version's entries; the bytes of what was kept. Goes out: one number for each membership, which shows how
many of them another version lacks. So a version that replaces every member is held even if the mirror was lost; by the
number of memberships alone it would not be. The numbers are hashes with a key of their own, 8 bytes each: somebody can
look for a name that they guess, but cannot read one. Damaged bytes count as none.
"""

import hashlib
import json
import secrets
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from roster.model import Group, Right
from roster.names import fold

_KEY_BYTES = 16
LONGEST_FIRST_LINE = 300


@dataclass(frozen=True)
class MembershipHashes:
    """The memberships of the version whose manifest has this digest."""

    manifest_sha256: str
    key: bytes
    numbers: "array[int]" = field(repr=False)

    @classmethod
    def of(cls, manifest_sha256: str, entries: Iterable[Group | Right]) -> "MembershipHashes":
        """Those of a version's entries, with a new key."""
        key = secrets.token_bytes(_KEY_BYTES)
        return cls(manifest_sha256, key, array("Q", _numbers(key, entries)))

    def gone(self, entries: Iterable[Group | Right]) -> int:
        """How many of these memberships are not among other entries."""
        there = set(_numbers(self.key, entries))
        return sum(number not in there for number in self.numbers)

    def to_bytes(self) -> bytes:
        """A line about them, then the numbers, each with its lowest byte first."""
        numbers = array("Q", self.numbers)
        if sys.byteorder == "big":
            numbers.byteswap()
        data = numbers.tobytes()
        about = {"manifest_sha256": self.manifest_sha256, "key": self.key.hex()}
        return json.dumps(about | {"sha256": hashlib.sha256(data).hexdigest()}).encode() + b"\n" + data


def read(data: bytes) -> MembershipHashes | None:
    """The inverse of `to_bytes`; None where it is damaged."""
    first, _, rest = data.partition(b"\n")
    try:
        about = json.loads(first)
        if hashlib.sha256(rest).hexdigest() != about["sha256"]:
            return None
        numbers = array("Q", rest)
        if sys.byteorder == "big":
            numbers.byteswap()
        return MembershipHashes(str(about["manifest_sha256"]), bytes.fromhex(about["key"]), numbers)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def read_manifest_sha256(first_line: bytes) -> str | None:
    """The version that they are of, by the first line alone; None where it is damaged."""
    try:
        return str(json.loads(first_line)["manifest_sha256"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _numbers(key: bytes, entries: Iterable[Group | Right]) -> Iterator[int]:
    users: dict[str, int] = {}  # a user is in about seven groups, and is hashed once
    for entry in entries:
        if isinstance(entry, Group):
            group = _number(key, b"group", entry.key)
            for member in entry.members:
                if member not in users:
                    users[member] = _number(key, b"user", fold(member))
            yield from {group ^ users[member] for member in entry.members}


def _number(key: bytes, what: bytes, name: str) -> int:
    # With `what`: else every class that is named like its only pupil would have the same number.
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8, key=key, person=what).digest(), "little")
