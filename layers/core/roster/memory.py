"""What a site remembers of the import that took effect last: its bad rows, and the facts that they keep.

In: the refused lines of a pair and what they keep. Out: bytes, and back. Refused, with `Corrupt`: bytes that are not a
memory. A bad row that stands there every night says nothing new, so its digest is all that is needed of it; of a fact
that is kept it is remembered since which import, by which row, and until when.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from roster.encode import FORMAT, Corrupt, read_object, to_json
from roster.names import fold

# Of a line's SHA-256: enough that no two of a site's bad rows share one.
_DIGEST_LENGTH = 16


class Kept(NamedTuple):
    """A fact that no row states any more and that stays for a while all the same.

    `file` says what it is: a membership of students.csv, or a class of a right of teachers.csv. The names are as
    published. `since` is the import that kept it first, `row` the digest of the bad row's line, `until` an ISO time.
    """

    file: str
    username: str
    class_: str
    since: str
    until: str
    row: str

    def lasts(self, standing: Collection[str], now: str) -> bool:
        """Whether it is kept at a time (ISO), where bad rows of these digests stand in its file."""
        return now < self.until and self.row in standing


class Named(NamedTuple):
    """What is remembered of a bundle: by the product's ids, what each section is called and each user's username.

    `classes` are (title, class name); `on` is the day that the bundle was looked at, an ISO date.
    """

    classes: Mapping[str, tuple[str, str]] = MappingProxyType({})
    users: Mapping[str, str] = MappingProxyType({})
    on: str = ""


class Memory(NamedTuple):
    """What one import leaves to the next: by file, how often each bad row stood there; the facts kept; and names."""

    bad_rows: Mapping[str, Mapping[str, int]]
    kept: tuple[Kept, ...] = ()
    named: Named = Named()

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to remember."""
        return not self.kept and not any(self.bad_rows.values()) and self.named == Named()

    @property
    def keys(self) -> frozenset[tuple[str, tuple[str, str]]]:
        """The kept facts as they are compared: file, and username and class folded."""
        return frozenset((fact.file, (fold(fact.username), fold(fact.class_))) for fact in self.kept)

    @property
    def until(self) -> str:
        """When the first of the kept facts ends; "" when nothing is kept."""
        return min((fact.until for fact in self.kept), default="")

    def to_bytes(self) -> bytes:
        """Gzip of canonical JSON: the same memory is the same bytes."""
        kept = [list(fact) for fact in self.kept]
        said = {"format": FORMAT, "bad_rows": {file: dict(rows) for file, rows in self.bad_rows.items()}, "kept": kept}
        if self.named != Named():
            classes = {id_: list(called) for id_, called in self.named.classes.items()}
            said["named"] = {"classes": classes, "users": dict(self.named.users), "on": self.named.on}
        return gzip.compress(to_json(said).encode(), compresslevel=1, mtime=0)

    @classmethod
    def from_bytes(cls, data: bytes) -> Memory:
        """The inverse of `to_bytes`; raises `Corrupt`."""
        try:
            read = read_object(gzip.decompress(data), "a memory")
            bad_rows = {
                str(file): {str(digest): int(times) for digest, times in rows.items()}
                for file, rows in read["bad_rows"].items()
            }
            return cls(bad_rows, tuple(Kept(*map(str, fact)) for fact in read["kept"]), _named(read.get("named")))
        except (KeyError, TypeError, ValueError, AttributeError, OSError, EOFError, zlib.error):
            raise Corrupt("not a memory") from None

    def ending(self, at: str) -> Memory:
        """The same, but that every kept fact ends at a time: for who wants to wait no longer."""
        return self._replace(kept=tuple(fact._replace(until=min(fact.until, at)) for fact in self.kept))


def _named(read: Any) -> Named:
    if read is None:
        return Named()
    classes = {str(id_): (str(title), str(name)) for id_, (title, name) in read["classes"].items()}
    return Named(classes, {str(id_): str(name) for id_, name in read["users"].items()}, str(read["on"]))


NOTHING = Memory({})


def digest(line: str) -> str:
    """What is remembered of a bad row's line."""
    return hashlib.sha256(line.encode()).hexdigest()[:_DIGEST_LENGTH]
