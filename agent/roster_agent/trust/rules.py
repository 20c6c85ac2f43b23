"""What the agent believes: every rule about heads, deltas and manifests, without IO.

Comes in: what the feed answered, the keys trusted and the newest version this server has seen.
Goes out: the same as typed values. Refused, in the order of a pull:

1. a head that is malformed or for another site (``NotTheFeed``; `net.addresses` has refused what cannot be a feed),
2. a newer keyring that no trusted key has signed; a head that no key of the keyring has signed (``WronglySigned``;
   `trusted_keys` draws who holds which key),
3. a head below the newest version seen (``VersionWentBackwards``), or equal to it with another manifest
   (``VersionRewritten``); a restored cloud raises its epoch *and* jumps above every version it ever published,
4. a manifest that does not have the head's SHA-256, or is for another site, epoch or version (``CorruptDownload``),
5. a snapshot too large for a school server's memory (``CorruptDownload``),
6. content that does not have the manifest's length and SHA-256, whichever way it came (``CorruptDownload``).

A chain of deltas is not signed and need not be: what it leads to is compared with the manifest. It is passed over, and
the snapshot taken, if it does not lead from what this server has, or has more bytes than the snapshot, zipped or not.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NewType

from roster.encode import Blob, Manifest, unpack
from roster.pair import is_server
from roster.statement import head_bytes
from roster_agent.net.feed_failures import NotTheFeed
from roster_agent.trust import trusted_keys as keys
from roster_agent.trust.membership_hashes import MembershipHashes
from roster_agent.trust.refusals import CorruptDownload, VersionRewritten, VersionWentBackwards, WronglySigned
from roster_agent.trust.trusted_keys import Keyring
from roster_agent.version import Version

Proven = NewType("Proven", bytes)
"""A version's content, when it is what a manifest promises that this server believes. Made by `content`, `unpacked`."""

MAX_SNAPSHOT_BYTES = 256 << 20
MAX_CONTENT_BYTES = 1 << 30

_MOST_DELTAS = 64
_MOST = (1 << 53) - 1

_TOKEN = re.compile(r"[\x21-\x7e]{16,4096}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Seen:
    """The newest version that this server ever applied, how many memberships it had, and, to be read only where the
    mirror was lost, which.
    """

    epoch: int
    version: int
    manifest_sha256: str
    memberships: int = 0
    hashes: Callable[[], MembershipHashes | None] = field(default=lambda: None, compare=False, repr=False)


@dataclass(frozen=True)
class Head:
    """The feed's pointer to a site's newest version: what is signed."""

    site: str
    epoch: int
    version: int
    manifest_sha256: str


@dataclass(frozen=True)
class Delta:
    """What leads from one version to the next."""

    base: int
    version: int
    blob: Blob


@dataclass(frozen=True)
class Offer:
    """What the feed answers to the question for the head; `signed` says whether to believe it."""

    head: Head
    key_id: str
    signature: str
    keyring: Keyring | None = None
    deltas: tuple[Delta, ...] = ()


def head_of(version: Version) -> Head:
    """The head that a version was published with."""
    about = version.manifest
    return Head(about.site, about.epoch, about.version, version.manifest_sha256)


def grant(answer: object, asked_site: str) -> tuple[str, str, Keyring]:
    """Server id, token and keyring of an enrolment, safe for a file, a header and a screen; else NotTheFeed."""
    match answer:
        case {"site": str(granted_site), "server": str(server), "token": str(text), "keyring": ring}:
            if granted_site == asked_site and is_server(server):
                return server, token(text), keys.first(keys.read(ring))
    raise NotTheFeed("its answer to the enrolment is malformed")


def token(text: object) -> str:
    """A token, if it can be one; else NotTheFeed."""
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise NotTheFeed("the token that it gave is malformed")
    return text


def offer(answer: Any, asked_site: str) -> Offer:
    """The head in the feed's answer, and what came with it; NotTheFeed when it is malformed, WronglySigned unsigned."""
    match answer:
        case {"site": str(of), "epoch": int(epoch), "version": int(version), "manifest_sha256": str(digest)}:
            # The mirror cannot store larger numbers, and no cloud reaches them.
            numbers_fit = type(epoch) is type(version) is int and 1 <= epoch <= _MOST and 1 <= version <= _MOST
            if of == asked_site and numbers_fit and _SHA256.fullmatch(digest):
                return _offer(answer, Head(of, epoch, version, digest))
    raise NotTheFeed("its head is malformed or for another site")


def _offer(answer: Mapping[Any, Any], head: Head) -> Offer:
    match answer.get("signature"):
        case {"key_id": str(key_id), "signature": str(signature)}:
            ring = keys.read(answer["keyring"]) if "keyring" in answer else None
            return Offer(head, key_id, signature, ring, _deltas(answer.get("deltas")))
    raise WronglySigned("it has no signature")


def _deltas(answer: object) -> tuple[Delta, ...]:
    """The deltas that the feed offers; none when any of them does not have the form of one."""
    found = []
    for said in answer if isinstance(answer, list) and len(answer) <= _MOST_DELTAS else []:
        match said:
            case {
                "from": int(base),
                "version": int(version),
                "sha256": str(sha256),
                "bytes": int(size),
                "content_sha256": str(content_sha256),
                "content_bytes": int(content_size),
            } if _SHA256.fullmatch(sha256):
                found.append(Delta(base, version, Blob(sha256, size, content_sha256, content_size)))
            case _:
                return ()
    return tuple(found)


def signed(offered: Offer, trusted: Keyring) -> Keyring:
    """The keyring to trust from now on, if it and the head are signed as they have to be; else WronglySigned."""
    ring = keys.newer(trusted, offered.keyring) if offered.keyring else trusted
    head = offered.head
    statement = head_bytes(head.site, head.epoch, head.version, head.manifest_sha256)
    if not keys.has_signed(ring, offered.key_id, offered.signature, statement):
        raise WronglySigned("no key that this server trusts has signed the head")
    return ring


def is_chain(deltas: Sequence[Delta], have: Head, promised: Manifest) -> bool:
    """Whether these deltas lead from what this server has to what is promised, and cost less than the snapshot."""
    steps = [(delta.base, delta.version) for delta in deltas]
    joined = all(after == base for (_, after), (base, _) in pairwise(steps))
    ends = bool(steps) and (steps[0][0], steps[-1][1]) == (have.version, promised.version)
    sizes = [(delta.blob.bytes, delta.blob.content_bytes) for delta in deltas]
    fits = all(size > 0 and content > 0 for size, content in sizes)
    # The manifest is signed; what the feed says of a delta is not, and 65 KB can grow to a gigabyte.
    snapshot = promised.snapshot
    smaller = sum(size for size, _ in sizes) <= snapshot.bytes
    smaller = smaller and sum(content for _, content in sizes) <= snapshot.content_bytes
    return joined and ends and fits and smaller and have.epoch == promised.epoch


def refuse_backwards(seen: Seen | None, offered: Head) -> None:
    """Raise VersionWentBackwards or VersionRewritten unless the head is the newest version seen, or a newer one."""
    if seen is None:
        return
    if offered.version < seen.version or offered.epoch < seen.epoch:
        raise VersionWentBackwards(
            f"version {offered.version} (epoch {offered.epoch}) after version {seen.version} (epoch {seen.epoch})"
        )
    if offered.version == seen.version and offered != Head(
        offered.site, seen.epoch, seen.version, seen.manifest_sha256
    ):
        raise VersionRewritten(f"version {offered.version}")


def manifest(data: bytes, promised: Head) -> Manifest:
    """The manifest in `data`, if it is exactly the one that the head promises; else CorruptDownload."""
    if hashlib.sha256(data).hexdigest() != promised.manifest_sha256:
        raise CorruptDownload("the manifest does not have the SHA-256 that the head promises")
    try:
        found = Manifest.from_bytes(data)
    except (ValueError, RecursionError) as problem:
        raise CorruptDownload("the manifest cannot be read; this agent may be too old for it") from problem
    if (found.site, found.epoch, found.version) != (promised.site, promised.epoch, promised.version):
        raise CorruptDownload("the manifest and the head do not name the same site, epoch and version")
    snapshot = found.snapshot
    if not (0 < snapshot.bytes <= MAX_SNAPSHOT_BYTES and 0 < snapshot.content_bytes <= MAX_CONTENT_BYTES):
        raise CorruptDownload("the snapshot is empty, or larger than any roster could be")
    if not (_SHA256.fullmatch(snapshot.sha256) and _SHA256.fullmatch(snapshot.content_sha256)):
        raise CorruptDownload("the manifest's digests are malformed")
    return found


def unpacked(data: bytes, promised: Manifest) -> Proven:
    """The content in a snapshot's bytes, when both are what the manifest promises; else `roster.encode.Corrupt`."""
    return Proven(unpack(data, promised.snapshot))


def content(data: bytes, promised: Manifest) -> Proven:
    """A version's content, if it is what its manifest promises, to the byte; else CorruptDownload."""
    snapshot = promised.snapshot
    if (len(data), hashlib.sha256(data).hexdigest()) != (snapshot.content_bytes, snapshot.content_sha256):
        raise CorruptDownload("the content does not have the length and SHA-256 that the manifest promises")
    return Proven(data)
