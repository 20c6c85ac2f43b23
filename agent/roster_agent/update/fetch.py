"""From what is offered to a whole, verified version in memory, whichever way it comes.

Comes in: a source, which is the feed or a bundle; the cursor, the keys and the newest version seen. Goes out: what is
offered, once it may be believed; then the version. Refused: what `trust.rules` refuses. Nothing on disk is touched.

If the feed offers a chain of deltas, it is tried. If anything is wrong with it, the snapshot is taken instead, once.
Nobody signed the deltas, so they may be anything: they have no more bytes than the manifest promises for the snapshot,
and no error that they cause, foreseen or not, keeps the version away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from roster.encode import Blob, Corrupt, Manifest, unpack
from roster_agent.failures import Stopped
from roster_agent.net.feed_client import Feed
from roster_agent.net.feed_failures import AccessError, CursorUnknown, FeedFailed, FeedUnreachable, VersionGone
from roster_agent.net.transport import Progress
from roster_agent.trust import approvals, rules
from roster_agent.trust.approvals import Approved
from roster_agent.trust.refusals import CorruptDownload
from roster_agent.trust.rules import Head, Offer, Proven, Seen
from roster_agent.trust.trusted_keys import Keyring
from roster_agent.version import Version, apply_delta


class Source(Protocol):
    """Where versions come from."""

    def offer(self, have: Head | None) -> Offer | None:
        """What it offers, unverified; None when that is what this server has."""

    def manifest(self, version: int) -> bytes:
        """The bytes of a version's manifest, unverified."""

    def content(self, offer: Offer, manifest: Manifest, current: Version | None, progress: Progress | None) -> Proven:
        """A version's content, verified once; Corrupt or CorruptDownload when it is not what the manifest promises."""

    def delta(self, blob: Blob) -> bytes | None:
        """The bytes of a delta that a manifest names, unverified; None where the source does not have it."""


@dataclass(frozen=True)
class Online:
    """The feed as a source, for a server that trusts the keyring of this serial number."""

    feed: Feed
    keyring: int = 0

    def offer(self, have: Head | None) -> Offer | None:
        """The feed's head, unverified; whole where the feed does not know `have`. Raises FeedError, AccessError."""
        try:
            return self.feed.head(have, self.keyring)
        except CursorUnknown:
            # Of another epoch, or no longer kept: the newest version is taken whole.
            return self.feed.head(None)

    def manifest(self, version: int) -> bytes:
        """The manifest's bytes, unverified; VersionGone where the feed lacks it."""
        return self.feed.manifest(version)

    def content(self, offer: Offer, manifest: Manifest, current: Version | None, progress: Progress | None) -> Proven:
        """The content by the deltas, where there are any that fit, else by the snapshot."""
        if current and rules.is_chain(offer.deltas, rules.head_of(current), manifest):
            try:
                return rules.content(self._chained(offer, current, progress), manifest)
            except (Stopped, FeedUnreachable, AccessError):
                raise  # the snapshot would meet the same
            except FeedFailed as failure:
                if failure.retry_after is not None:
                    raise  # the feed asks to be left alone
            except Exception:  # noqa: BLE001, S110 - unsigned bytes can raise anything, MemoryError and RecursionError, too
                pass
        return rules.unpacked(self.feed.object(manifest.snapshot, progress), manifest)

    def delta(self, blob: Blob) -> bytes | None:
        """The bytes of a delta, unverified; None where the feed keeps it no longer. Raises FeedError, AccessError."""
        try:
            return self.feed.object(blob)
        except VersionGone:
            return None

    def _chained(self, offer: Offer, current: Version, progress: Progress | None) -> bytes:
        content = current.content
        sha256: str | None = current.manifest.snapshot.content_sha256
        for delta in offer.deltas:
            content = apply_delta(content, unpack(self.feed.object(delta.blob, progress), delta.blob), sha256)
            sha256 = None
        return content


def offered(source: Source, have: Head | None, seen: Seen | None, trusted: Keyring) -> tuple[Offer | None, Keyring]:
    """What the source has, and the keys to trust from now on; it may be the current version, signed by another key.

    Raises WronglySigned, VersionWentBackwards, VersionRewritten, and what the source raises.
    """
    offer = source.offer(have)
    if offer is None:
        if have:
            # A mirror that somebody put back has what was once the newest.
            rules.refuse_backwards(seen, have)
        return None, trusted
    ring = rules.signed(offer, trusted)
    rules.refuse_backwards(seen, offer.head)
    return offer, ring


def version(
    source: Source,
    offer: Offer,
    current: Version | None,
    progress: Progress | None,
    demand_room: Callable[[Manifest], None] = lambda _: None,
) -> tuple[Version, dict[str, bytes]]:
    """The version that was offered and believed, and the bytes of its two files by their names.

    `demand_room` may refuse the manifest. Raises CorruptDownload, and what the source raises.
    """
    manifest_bytes = source.manifest(offer.head.version)
    manifest = rules.manifest(manifest_bytes, offer.head)
    demand_room(manifest)
    try:
        found = Version(manifest_bytes, source.content(offer, manifest, current, progress))
        # Everything is read now: a form that this agent does not know must not reach the mirror.
        return found, found.files()
    except (Corrupt, RecursionError) as problem:
        raise CorruptDownload(str(problem)) from problem


def approved(source: Source, manifest: Manifest, current: Version | None) -> Sequence[Approved]:
    """What people approved in the cloud of the versions after the current one; what cannot be had is left out."""
    wanted = approvals.to_fetch(manifest, current.manifest.version, rules.MAX_SNAPSHOT_BYTES) if current else []
    had = ((source.delta(blob), blob) for blob in wanted)
    return [approvals.read(data, blob) for data, blob in had if data is not None]
