"""A version in one file, for a server that no network reaches: written on one server, carried to another.

Comes in: a state folder with a current version; a bundle. Goes out: the bundle; or, as a source, what the feed would
answer. A bundle is a zip file of the signed head with the keyring, the manifest and the content. Nothing in it is
believed until it has passed the same rules as the feed's answers, so anybody may carry it. Refused
(``BundleUnusable``): a file that is not a bundle. It contains names: whoever finds it can read them.
"""

import io
import json
import zipfile
import zlib
from pathlib import Path

from roster.encode import Blob, Corrupt, Manifest
from roster_agent.disk import durable, room
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.state import State
from roster_agent.failures import BundleUnusable, FileUnwritable, NothingPulled
from roster_agent.net.transport import MAX_ANSWER_BYTES, Progress
from roster_agent.trust import rules
from roster_agent.trust.refusals import CorruptDownload
from roster_agent.trust.rules import Head, Offer, Proven
from roster_agent.version import Version

_HEAD, _MANIFEST, _CONTENT = "head.json", "manifest.json", "content.gz"
_GZIP = 16 + zlib.MAX_WBITS


def export(state: State, file: Path) -> int:
    """Write the current version of this server; its number. Raises NothingPulled, FileUnwritable."""
    state.enrolment()
    if not state.has_mirror():
        raise NothingPulled
    with state.locked(), Mirror(state.mirror) as mirror:
        applied, version = mirror.applied(), mirror.version()
    if applied is None or version is None:
        raise NothingPulled
    about = applied.manifest
    head = {
        "site": about.site,
        "epoch": about.epoch,
        "version": about.version,
        "manifest_sha256": applied.manifest_sha256,
        "signature": {"key_id": applied.key_id, "signature": applied.signature},
        "keyring": state.keyring().to_json(),
    }
    zipped = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as bundle:
        bundle.writestr(_HEAD, json.dumps(head))
        bundle.writestr(_MANIFEST, version.manifest_bytes)
        bundle.writestr(_CONTENT, zipped.compress(version.content) + zipped.flush())
    try:
        durable.write_private(file.absolute(), data.getvalue())
    except OSError as problem:
        raise room.failure(problem, file, FileUnwritable) from problem
    return about.version


class Bundle:
    """A bundle as a source of one version."""

    def __init__(self, file: Path, site: str) -> None:
        self._file = file
        self._site = site

    def offer(self, have: Head | None) -> Offer | None:
        """The head in the bundle, unverified, whatever this server has; BundleUnusable where there is none."""
        try:
            answer = json.loads(self._read(_HEAD, MAX_ANSWER_BYTES))
        except (ValueError, RecursionError):
            raise BundleUnusable("its head is malformed") from None
        return rules.offer(answer, self._site)

    def manifest(self, version: int) -> bytes:
        """The manifest's bytes, unverified; BundleUnusable where there are none."""
        return self._read(_MANIFEST, MAX_ANSWER_BYTES)

    def content(self, offer: Offer, manifest: Manifest, current: Version | None, progress: Progress | None) -> Proven:
        """The content; Corrupt or CorruptDownload when it is not what the manifest promises."""
        unzip = zlib.decompressobj(_GZIP)
        try:
            data = unzip.decompress(self._read(_CONTENT, rules.MAX_SNAPSHOT_BYTES), manifest.snapshot.content_bytes + 1)
        except zlib.error:
            raise Corrupt("the bundle's content cannot be unzipped") from None
        return rules.content(data, manifest)

    def delta(self, blob: Blob) -> bytes | None:
        """None: a bundle has no deltas. Whoever carries it here can approve here."""
        return None

    def _read(self, name: str, limit: int) -> bytes:
        try:
            with zipfile.ZipFile(self._file) as bundle, bundle.open(name) as member:
                data = member.read(limit + 1)
        except OSError as problem:
            raise BundleUnusable(f"{self._file} ({problem.strerror or type(problem).__name__})") from problem
        except (zipfile.BadZipFile, KeyError, RuntimeError, EOFError, ValueError, zlib.error) as problem:
            raise BundleUnusable(f"{self._file} is not a bundle, or is damaged") from problem
        if len(data) > limit:
            raise CorruptDownload("a part of the bundle is larger than any roster could be")
        return data
