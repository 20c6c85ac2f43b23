"""The way from the version that a server has to the newest one, as deltas, where that is shorter than the snapshot.

In: a head, what a server says that it has, and the manifests in between. Out: the deltas in order; none when the
snapshot is the better way. Refused, with `CursorUnknown`: a version that this site never published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from roster.encode import Blob, Manifest
from roster.site_head import Head

# Behind this the snapshot costs a server less than so many downloads.
LONGEST = 50


class CursorUnknown(ValueError):
    """This site has not published the version that the server has, or does not keep it any longer."""


@dataclass(frozen=True)
class Cursor:
    """What a server says that it has: a version, and to be sure its epoch and its manifest's SHA-256.

    `keyring` is the serial number of the keys that it believes.
    """

    have: int
    epoch: int | None = None
    manifest: str | None = None
    keyring: int | None = None


#: A delta as the feed names it: the versions it leads from and to, and its `roster.encode.Blob`.
DeltaStep = TypedDict(
    "DeltaStep", {"from": int, "version": int, "sha256": str, "bytes": int, "content_sha256": str, "content_bytes": int}
)


def has_newest(head: Head, cursor: Cursor) -> bool:
    """Whether a server has the newest version. CursorUnknown when it says so of something else."""
    if cursor.have > head.version or cursor.epoch not in (None, head.epoch):
        raise CursorUnknown
    if cursor.have == head.version and cursor.manifest not in (None, head.manifest_sha256):
        raise CursorUnknown
    return cursor.have == head.version


def versions_between(head: Head, cursor: Cursor) -> range | None:
    """The versions above a server's and below the head; None when they are too many to go that way."""
    return range(cursor.have + 1, head.version) if head.version - cursor.have <= LONGEST else None


def deltas(had: Manifest | None, way: Sequence[Manifest | None], head: Head, cursor: Cursor) -> list[DeltaStep]:
    """The deltas that lead to the head from what a server has; [] for "take the snapshot".

    `had` is the manifest that stands under the server's version, `way` are those above it, up to the head's; None for
    one that is kept no longer. CursorUnknown when that is the server's, or when it has something else under its number.
    """
    if had is None or had.epoch != head.epoch or cursor.manifest not in (None, had.sha256):
        raise CursorUnknown
    found: list[DeltaStep] = []
    snapshot_bytes = 0
    for manifest in way:
        if (
            manifest is None
            or manifest.delta is None
            or manifest.delta_from != manifest.version - 1
            or manifest.epoch != head.epoch
        ):
            return []
        found.append(_step(manifest.delta_from, manifest.version, manifest.delta))
        snapshot_bytes = manifest.snapshot.bytes
    return found if sum(delta["bytes"] for delta in found) < snapshot_bytes else []


def _step(from_version: int, version: int, delta: Blob) -> DeltaStep:
    return {
        "from": from_version,
        "version": version,
        "sha256": delta.sha256,
        "bytes": delta.bytes,
        "content_sha256": delta.content_sha256,
        "content_bytes": delta.content_bytes,
    }
