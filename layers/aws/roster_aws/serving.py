"""What the feed says to a server of the versions of its site. The site is the token's, never the path's alone.

None of the answers other than a whole version ever means that anything should be removed. What servers say of
themselves is `server_calls`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from roster.chain import Cursor, CursorUnknown, DeltaStep, deltas, has_newest, versions_between
from roster.encode import Manifest
from roster.feed_answer import KEPT, Answer, json_answer, refuse
from roster.polling import poll_seconds
from roster.site_head import Head
from roster_aws.results import Results, manifest_key, object_key
from roster_aws.signing import Keyrings
from roster_aws.store import Store

# A function's answer may have 6 MB, and base64 makes four bytes of three.
_INLINE_BYTES = 4_000_000

_SHA256 = re.compile("[0-9a-f]{64}")


_MANIFESTS_KEPT = 4096  # a kilobyte each
_THREADS = 16


class BadCursor(ValueError):
    """What a server says that it has is no version."""


class Manifests:
    """The manifests between a server's version and the head. They never change, so those that were read are kept."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._by_number = lru_cache(_MANIFESTS_KEPT)(self._published)
        self._by_digest = lru_cache(_MANIFESTS_KEPT)(results.manifest)

    def way(self, head: Head, cursor: Cursor) -> list[DeltaStep]:
        """The deltas from the version that a server has, below the head, to the head; [] for "take the snapshot"."""
        between = versions_between(head, cursor)
        wanted = [cursor.have] if between is None else [cursor.have, *between, head.version]
        with ThreadPoolExecutor(min(_THREADS, len(wanted))) as threads:
            had, *rest = threads.map(lambda version: self._one(head, version), wanted)
        return deltas(had, rest, head, cursor)

    def _one(self, head: Head, version: int) -> Manifest | None:
        if version == head.version:
            return self._by_digest(head.site, head.manifest_sha256)
        with suppress(_NotThere):
            return self._by_number(head.site, version)
        return None

    def _published(self, site: str, version: int) -> Manifest:
        manifest = self._results.published(site, version)
        if manifest is None:
            raise _NotThere  # raised and not returned, so that it is not kept: it may be a moment away
        return manifest


class _NotThere(LookupError):
    """There is no manifest under this number."""


@dataclass(frozen=True)
class Feed:
    """The published versions of the sites. `poll_seconds` is how often a server should ask; `clock` is UTC."""

    store: Store
    results: Results
    keyrings: Keyrings
    manifests: Manifests
    poll_seconds: int
    clock: Callable[[], datetime]

    def head(self, site: str, cursor: Cursor | None, saw: Callable[[Cursor | None], None] = lambda _: None) -> Answer:
        """The newest version, and the way to it from the one that the server has.

        304 when that is the newest, unless the server does not know the keys that it is signed with by now. `saw` is
        told that a server asked, and what it has where this site may have published that: a number above the newest
        is a claim. Other bytes under a number of ours are not, since people have to see them.
        """
        head = self.store.head(site)
        saw(cursor if cursor and cursor.have <= head.version else None)
        if not head.version:
            return refuse(404, "nothing_published", "no version of this site has been published yet")
        if not head.signature:
            return refuse(503, "not_signed_yet", "the newest version is signed with the site's next import")
        poll = self._poll_seconds(head)
        try:
            has_it = cursor is not None and has_newest(head, cursor)
            if cursor and has_it and (cursor.keyring is None or cursor.keyring >= head.keyring_serial):
                return Answer(304, headers={"poll-after-seconds": str(poll)})
            way = self.manifests.way(head, cursor) if cursor and not has_it else []
        except CursorUnknown:
            return refuse(410, "cursor_unknown", "this version is unknown here, or kept no longer: ask without it")
        said = {
            "site": site,
            "epoch": head.epoch,
            "version": head.version,
            "manifest_sha256": head.manifest_sha256,
            "published_at": head.published_at,
            "poll_after_seconds": poll,
            "signature": head.signature,
            "keyring": self.keyrings.of(head.keyring_serial).as_dict(),
            "deltas": way,
        }
        return json_answer(200, said, poll_after_seconds=str(poll))

    def manifest(self, site: str, version: int | None) -> Answer:
        """The manifest of a version, as its exact bytes."""
        head = self.store.head(site)
        # The head's own manifest is read by its digest: the copy under its number may be a moment away.
        key = object_key(site, head.manifest_sha256) if version == head.version else manifest_key(site, version or 0)
        manifest = self.results.fetch(key, _INLINE_BYTES) if version and version <= head.version else None
        if not isinstance(manifest, bytes):
            return refuse(404, "version_unknown", "there is no such version, or it is kept no longer")
        return Answer(200, manifest, {"content-type": "application/json", **KEPT})

    def object(self, site: str, digest: str) -> Answer:
        """The bytes of an object, or a short-lived link to them where they are many."""
        is_digest = _SHA256.fullmatch(digest)
        found = self.results.fetch(object_key(site, digest), _INLINE_BYTES) if is_digest else None
        if found is None:
            return refuse(404, "object_unknown", "there is no such object, or it is kept no longer")
        if isinstance(found, str):
            return Answer(302, headers={"location": found})
        return Answer(200, found, {"content-type": "application/gzip", **KEPT})

    def _poll_seconds(self, head: Head) -> int:
        published_at, zone = datetime.fromisoformat(head.published_at), head.settings.get("time_zone", "UTC")
        return poll_seconds(published_at, self.clock(), zone, self.poll_seconds)


def cursor(query: Mapping[str, str]) -> Cursor | None:
    """What a server says that it has, by the query of its question; BadCursor when that can be no version."""
    numbers = {name: whole_number(query[name]) for name in ("have", "epoch", "keyring") if name in query}
    manifest = query.get("manifest")
    if not all(numbers.values()) or (manifest is not None and not _SHA256.fullmatch(manifest)):
        raise BadCursor
    have = numbers.get("have")
    return Cursor(have, numbers.get("epoch"), manifest, numbers.get("keyring")) if have else None


def whole_number(text: str | None) -> int | None:
    """A number as a path or query gives it; None when it is absent or no version number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None
