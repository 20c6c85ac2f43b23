"""The versions that were current before: each as what leads back to it from the one that came after, zipped.

Comes in: the mirror's database within its transaction, and the version that is replaced. Goes out: an earlier version,
proved by its manifest's digest, and when each was applied. The last `MOST` are kept: a night's changes are a few
kilobytes, where a snapshot of a large school has megabytes. Refused (``MirrorBroken``): a way back that does not end at
exactly what that version was.
"""

import hashlib
import sqlite3
import zlib
from dataclasses import dataclass
from typing import Any

from roster.encode import Corrupt, Manifest
from roster_agent.failures import MirrorBroken
from roster_agent.version import Version, apply_delta

MOST = 30
TABLE = """\
CREATE TABLE past (
    version INTEGER PRIMARY KEY, manifest BLOB NOT NULL, applied_at TEXT NOT NULL, way_back BLOB NOT NULL
);"""


@dataclass(frozen=True)
class Kept:
    """A version that was current before."""

    manifest: Manifest
    applied_at: str


def keep(database: sqlite3.Connection, current: Version, applied_at: str, follower: Version) -> None:
    """Keep the version that is replaced, as the way back to it from the one that follows."""
    way_back = zlib.compress(follower.delta_to(current, follower.manifest.snapshot.content_sha256), 1)
    row = (current.manifest.version, current.manifest_bytes, applied_at, way_back)
    database.execute("INSERT OR REPLACE INTO past VALUES (?, ?, ?, ?)", row)
    database.execute(
        "DELETE FROM past WHERE version <= (SELECT version FROM past ORDER BY 1 DESC LIMIT 1 OFFSET ?)", (MOST,)
    )


def history(database: sqlite3.Connection) -> list[Kept]:
    """What is kept, newest first."""
    rows = database.execute("SELECT manifest, applied_at FROM past ORDER BY version DESC")
    try:
        known = (of_kinds(row, bytes, str) for row in rows)
        return [Kept(Manifest.from_bytes(manifest), applied_at) for manifest, applied_at in known]
    except Corrupt as problem:
        raise MirrorBroken from problem


def version(database: sqlite3.Connection, current: Version, number: int) -> Version | None:
    """The version of this number, found by going back from the current one; None when it is not kept."""
    query = "SELECT version, manifest, way_back FROM past WHERE version >= ? ORDER BY version DESC"
    rows = database.execute(query, (number,)).fetchall()
    if not rows or rows[-1][0] != number:
        return None
    content = current.content
    try:
        for row in rows:
            _, manifest, way_back = of_kinds(row, int, bytes, bytes)
            content = apply_delta(content, _unzip(way_back, content, Manifest.from_bytes(manifest)))
        found = Version(rows[-1][1], content)
        promised = found.manifest.snapshot.content_sha256
    except (Corrupt, zlib.error) as problem:
        raise MirrorBroken from problem
    if hashlib.sha256(content).hexdigest() != promised:
        raise MirrorBroken
    return found


def _unzip(way_back: bytes, content: bytes, to: Manifest) -> bytes:
    """A way back. It is no longer than its two ends together, so that damage cannot make a gigabyte of it."""
    most = 2 * (len(content) + max(0, to.snapshot.content_bytes)) + 1024
    unzip = zlib.decompressobj()
    found = unzip.decompress(way_back, most)
    if not unzip.eof:
        raise MirrorBroken
    return found


def of_kinds(row: tuple[Any, ...], *kinds: type) -> tuple[Any, ...]:
    """A row, when its values are of the kinds that were written: one flipped bit makes a text of bytes, or nothing."""
    if not all(map(isinstance, row, kinds)):
        raise MirrorBroken
    return row
