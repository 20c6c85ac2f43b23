"""The way from the version that a server has to the newest one, as deltas, where that is shorter than the snapshot.

In: a head, and a version with what the server knows of it. Out: the deltas in order; none when the snapshot is the
better way. Refused, with `CursorUnknown`: a version that this site never published, or that is kept no longer.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from roster.encode import Manifest
from roster_aws.head import Head
from roster_aws.results import Results

# Behind this the snapshot costs a server less than so many downloads.
LONGEST = 50

_MANIFESTS_KEPT = 4096  # a kilobyte each
_THREADS = 16


class CursorUnknown(ValueError):
    """The version that the server has is none of this site's, or not any more."""


@dataclass(frozen=True)
class Cursor:
    """What a server says that it has: a version, and to be sure its epoch and its manifest's SHA-256.

    `keyring` is the serial number of the keys that it believes.
    """

    have: int
    epoch: int | None = None
    manifest: str | None = None
    keyring: int | None = None


class Chains:
    """Finds chains. Manifests never change, so those that were read are kept."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._by_number = lru_cache(_MANIFESTS_KEPT)(self._published)
        self._by_digest = lru_cache(_MANIFESTS_KEPT)(results.manifest)

    def is_head(self, head: Head, cursor: Cursor) -> bool:
        """Whether a server has the newest version. CursorUnknown when it says so of something else."""
        if cursor.have > head.version or cursor.epoch not in (None, head.epoch):
            raise CursorUnknown
        if cursor.have == head.version and cursor.manifest not in (None, head.manifest_sha256):
            raise CursorUnknown
        return cursor.have == head.version

    def find(self, head: Head, cursor: Cursor) -> list[dict[str, Any]]:
        """The deltas from the version that a server has, below the head, to the head; [] for "take the snapshot"."""
        reads: list[Callable[[], Manifest]] = [partial(self._by_number, head.site, cursor.have)]
        if head.version - cursor.have <= LONGEST:
            between = range(cursor.have + 1, head.version)
            reads += [partial(self._by_number, head.site, version) for version in between]
            reads.append(partial(self._by_digest, head.site, head.manifest_sha256))
        with ThreadPoolExecutor(min(_THREADS, len(reads))) as threads:
            had, *way = [threads.submit(read) for read in reads]
            known = had.result()
            if known.epoch != head.epoch or cursor.manifest not in (None, known.sha256):
                raise CursorUnknown
            return _deltas([each.result() for each in way], head) if not any(_missing(each) for each in way) else []

    def _published(self, site: str, version: int) -> Manifest:
        manifest = self._results.published(site, version)
        if manifest is None:
            raise CursorUnknown  # raised and not returned, so that it is not kept: it may be a moment away
        return manifest


def _missing(read: Any) -> bool:
    return isinstance(read.exception(), CursorUnknown)


def _deltas(way: list[Manifest], head: Head) -> list[dict[str, Any]]:
    """The deltas of manifests one after the other, when they do lead to the head and are smaller than its snapshot."""
    found = []
    for manifest in way:
        if manifest.delta is None or manifest.delta_from != manifest.version - 1 or manifest.epoch != head.epoch:
            return []
        found.append({"from": manifest.delta_from, "version": manifest.version, **manifest.delta._asdict()})
    if not way or sum(delta["bytes"] for delta in found) >= way[-1].snapshot.bytes:
        return []
    return found
