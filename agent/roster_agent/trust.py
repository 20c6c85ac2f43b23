"""What the agent believes: every rule about addresses, heads and manifests, without IO.

Comes in: what a person typed, what the feed answered, and the newest version this server has seen. Goes out: the same
as typed values. Refused, in the order of a pull:

1. an address that is neither https nor this machine itself (``BadArgument``; for a redirect ``NotTheFeed``),
2. a head that is malformed or another site's (``NotTheFeed``),
3. a head below the newest version seen (``VersionWentBackwards``), or equal to it with another manifest
   (``VersionRewritten``); a restored cloud raises its epoch *and* jumps above every version it ever published,
4. a manifest whose SHA-256 is not the head's, or that is for another site, epoch or version (``CorruptDownload``),
5. a snapshot too large for a school server's memory (``CorruptDownload``). `roster.encode.unpack` checks its bytes.
"""

import hashlib
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from roster.encode import Manifest
from roster_agent.failures import BadArgument, CorruptDownload, NotTheFeed, VersionRewritten, VersionWentBackwards

MAX_SNAPSHOT_BYTES = 256 << 20
MAX_CONTENT_BYTES = 1 << 30

_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TOKEN = re.compile(r"[\x21-\x7e]{16,4096}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Seen:
    """The newest version that this server ever applied."""

    epoch: int
    version: int
    manifest_sha256: str


@dataclass(frozen=True)
class Head:
    """The feed's pointer to a site's newest version."""

    site: str
    epoch: int
    version: int
    manifest_sha256: str


def site(text: str) -> str:
    """The site's id, when it can be one."""
    if not _SITE.fullmatch(text):
        raise BadArgument("a site has 1 to 63 lower-case letters, digits and hyphens, and starts with no hyphen")
    return text


def feed_url(text: str) -> str:
    """The feed's address without a slash at its end. Its path is kept; credentials, query and fragment are refused."""
    parts = _split(text)
    if parts is None or "?" in text or "#" in text or "@" in parts.netloc:
        raise BadArgument("the feed's address is like https://HOST or https://HOST/PATH, with nothing behind")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise BadArgument("the feed's address must start with https:// (http:// only on this machine itself)")
    return text.rstrip("/")


def redirect_url(requested: str, location: str) -> str:
    """Where a redirect leads. Only a feed on this machine may send to http, and then only to this machine."""
    try:
        target = urljoin(requested, location)
    except ValueError:
        target = ""
    parts, origin = _split(target), _split(requested)
    local = parts and origin and is_loopback(parts.hostname or "") and is_loopback(origin.hostname or "")
    if not location or parts is None or "@" in parts.netloc or not (parts.scheme == "https" or local):
        raise NotTheFeed("it sends a download to an address that is not https")
    return target


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def grant(answer: object, asked_site: str) -> tuple[str, str]:
    """The server id and token of an enrolment's answer. Both must be fit for a file, a header and a screen."""
    match answer:
        case {"site": str(granted_site), "server": str(server), "token": str(token)}:
            if granted_site == asked_site and server and server.isprintable() and _TOKEN.fullmatch(token):
                return server, token
    raise NotTheFeed("its answer to the enrolment is malformed")


def head(answer: object, asked_site: str) -> Head:
    """The head that the feed answered with. What else is in the answer is for other agents."""
    match answer:
        case {"site": str(of), "epoch": int(epoch), "version": int(version), "manifest_sha256": str(digest)}:
            numbers_fit = type(epoch) is type(version) is int and epoch >= 1 and version >= 1
            if of == asked_site and numbers_fit and _SHA256.fullmatch(digest):
                return Head(of, epoch, version, digest)
    raise NotTheFeed("its head is malformed or for another site")


def refuse_backwards(seen: Seen | None, offered: Head) -> None:
    """Raise unless the offered head is the newest version seen, or a newer one."""
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
    """The manifest in `data`, when it is the very one that the head promises."""
    if hashlib.sha256(data).hexdigest() != promised.manifest_sha256:
        raise CorruptDownload("the manifest has another SHA-256 than the head says")
    try:
        found = Manifest.from_bytes(data)
    except (ValueError, RecursionError) as problem:
        raise CorruptDownload("the manifest cannot be read; this agent may be too old for it") from problem
    if (found.site, found.epoch, found.version) != (promised.site, promised.epoch, promised.version):
        raise CorruptDownload("the manifest is for another site, epoch or version than the head")
    snapshot = found.snapshot
    if not (0 < snapshot.bytes <= MAX_SNAPSHOT_BYTES and 0 < snapshot.content_bytes <= MAX_CONTENT_BYTES):
        raise CorruptDownload("the snapshot is empty, or larger than any roster")
    if not (_SHA256.fullmatch(snapshot.sha256) and _SHA256.fullmatch(snapshot.content_sha256)):
        raise CorruptDownload("the manifest's digests are malformed")
    return found


def _split(address: str) -> SplitResult | None:
    """The parts of a usable http or https address, else None."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    # urlsplit drops tabs and line breaks silently; what is stored and sent must be what was checked.
    return parts if usable and address.isprintable() and " " not in address else None
