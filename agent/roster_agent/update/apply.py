"""The current version of this server, and how another one takes its place: the mirror first, then both files.

Comes in: a state folder, the CSVImport folder, a verified version. Goes out: the current version, proved; the
names of the files that were written. A damaged mirror is dropped here, because the feed has it all; nothing else is
ever removed.
"""

import contextlib
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from roster.encode import Manifest
from roster_agent.disk import room
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.open_mirror import OpenMirror
from roster_agent.disk.state import State
from roster_agent.failures import DiskFull, MirrorBroken, MirrorUnusable
from roster_agent.trust.membership_hashes import MembershipHashes
from roster_agent.trust.rules import Head, Offer, Seen, head_of
from roster_agent.version import Version


def current(mirror: OpenMirror, site: str) -> Version | None:
    """The current version, from the mirror. A mirror that is damaged, or another site's, is dropped."""
    try:
        with mirror.use() as opened:
            found = opened.version()
        if found is None or found.manifest.site == site:
            return found
    except MirrorBroken:
        pass
    mirror.drop()
    return None


def cursor(state: State) -> Head | None:
    """What to tell the feed of the current version, where it does not matter whether every byte of it is in order."""
    with contextlib.suppress(MirrorUnusable):
        if state.has_mirror():
            with Mirror(state.mirror) as mirror:
                applied = mirror.applied()
            if applied:
                about = applied.manifest
                return Head(about.site, about.epoch, about.version, applied.manifest_sha256)
    return None


def seen(state: State, found: Version | None) -> Seen | None:
    """The newest version seen. A pull that was killed after its transaction left the note of it behind the mirror."""
    noted = state.seen()
    if found is None:
        return noted
    digest = head_of(found).manifest_sha256
    if noted is None or found.manifest.version > noted.version:
        return note(state, found)
    if noted.manifest_sha256 == digest and not state.has_membership_hashes_of(digest):
        return note(state, found)
    return noted


def note(state: State, version: Version) -> Seen:
    """Note that this version was seen, and who is in it."""
    head = head_of(version)
    known = MembershipHashes.of(head.manifest_sha256, version.entries)
    noted = Seen(head.epoch, head.version, head.manifest_sha256, len(known.numbers), state.membership_hashes)
    state.save_seen(noted)
    # They only serve when the mirror is lost, and those of an earlier version serve as well.
    with contextlib.suppress(DiskFull):
        state.save_membership_hashes(known)
    return noted


def roll_forward(
    mirror: OpenMirror, folder: Folder, found: Version | None, newest: Seen | None
) -> tuple[Version | None, list[str]]:
    """Deliver the current version where the folder has something else. The version that is current then, and the
    names of the files written.
    """
    # An old mirror that somebody put back would deliver its old files.
    if found is None or (newest and found.manifest.version < newest.version):
        return found, []
    written: list[str] = []
    try:
        with mirror.use() as opened:
            expected = opened.files()
            if not expected or folder.digests(expected) != expected:
                files = found.files()
                written = folder.deliver(files)
                opened.expect_files(_digests(files))
    except MirrorBroken:
        # The damage is outside of the version; the next version would meet it as well.
        mirror.drop()
        return None, written
    return found, written


def sign_again(mirror: OpenMirror, offer: Offer) -> None:
    """Keep the signature of another key under the current version. A mirror that is damaged is dropped."""
    try:
        with mirror.use() as opened:
            opened.sign_again(offer)
    except MirrorBroken:
        mirror.drop()


def demand_room(state: State, manifest: Manifest, folder: Folder | None = None, files: int = 0) -> None:
    """Raise DiskFull where a version certainly does not fit: its lines go into the log of the mirror, then into the
    mirror, as far as they do not take the place of what is there; and `files` bytes into the CSVImport folder.
    """
    lines = manifest.snapshot.content_bytes
    try:
        there = state.mirror.stat().st_size if state.has_mirror() else 0
        needs = [(state.folder, lines + max(0, lines - there))]
        room.demand([*needs, (folder.path, files)] if folder else needs)
    except OSError:
        return  # the write will say so


def replace(
    mirror: OpenMirror, version: Version, offer: Offer, files: Mapping[str, bytes], before: Version | None
) -> None:
    """Put this version into the mirror, in the place of the one before; from here on it is the current one."""
    for last_try in (False, True):
        try:
            with mirror.use() as opened:
                return opened.replace(version, offer, _digests(files), now(), before)
        except MirrorBroken:
            # Damage that reading did not meet, in an index for example: the version in hand makes it good.
            if last_try:
                raise
            mirror.drop()
    return None


def now() -> str:
    """The time to note, in UTC, ISO 8601. Nothing is ever decided by it: a server's clock may be years wrong."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
