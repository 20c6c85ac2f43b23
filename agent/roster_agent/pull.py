"""One pull, from the question "is there something new?" to two whole files in the CSVImport folder.

Comes in: a state folder. Goes out: how it ended, which the state folder remembers, too. The workflow, in order:

1. Take the lock: two pulls at once would write over each other.
2. Prove that the mirror holds a published version, byte for byte. A damaged one is dropped and fetched anew.
3. Roll forward: where the folder lags the mirror (a crash, a locked file, a hand-edited or deleted file), deliver it.
   This comes first and must succeed, so that a server only ever says that it has what its folder has.
4. Ask for the head. Nothing new: done. Older than what was seen, or the same number with other bytes: refused.
5. Fetch the manifest; refused unless it is the one that the head promised.
6. Fetch the snapshot; refused unless length, SHA-256 and content are as the manifest promised. So far nothing changed.
7. Replace the mirror in one transaction. From here the version counts as held.
8. Deliver both files. When this fails, step 3 of the next pull makes up for it.

Failures are ``AgentError``; none of them leaves half a version or half a file, and none ever deletes.
"""

import contextlib
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from roster.encode import Corrupt, unpack
from roster_agent import trust
from roster_agent.failures import AgentError, CorruptDownload, MirrorBroken, NothingPublished, StateUnusable
from roster_agent.feed import Feed, Progress
from roster_agent.folder import Folder
from roster_agent.mirror import Mirror
from roster_agent.state import Attempt, Enrolment, State
from roster_agent.trust import Head, Seen
from roster_agent.version import Version


def pull(state: State, progress: Progress | None = None) -> Attempt:
    """Bring this server up to date, and remember how that went."""
    enrolment = state.enrolment()
    with state.locked():
        try:
            outcome, message = _pull(state, enrolment, progress)
        except Exception as failure:
            # The failure itself matters more than that it could not be written down.
            with contextlib.suppress(StateUnusable):
                state.save_attempt(_failed(failure))
            raise
        attempt = Attempt(_now(), outcome, message)
        state.save_attempt(attempt)
    return attempt


def _failed(failure: Exception) -> Attempt:
    if isinstance(failure, AgentError):
        return Attempt(_now(), failure.code, str(failure))
    # Not its text, which may quote a name.
    return Attempt(_now(), "internal_error", type(failure).__name__)


def _pull(state: State, enrolment: Enrolment, progress: Progress | None) -> tuple[str, str]:
    folder = Folder(Path(enrolment.folder))
    held = _held(state, enrolment.site)
    seen = _seen(state, held)
    repaired = _roll_forward(state, folder, held) if held else []

    with Feed(enrolment.feed, enrolment.site, enrolment.token) as feed:
        have = _head_of(held) if held else None
        try:
            head = feed.head(have)
        except NothingPublished:
            if seen:
                raise
            return "nothing_published", "Nothing is published for this site yet."
        trust.refuse_backwards(seen, head)
        if head == have:
            return "nothing_new", f"Nothing new: version {head.version} is the newest.{_delivered(repaired)}"
        version, files = _fetch(feed, head, progress)

    _replace(state, version, files)
    state.save_seen(_seen_of(head))
    return "applied", f"Version {head.version} applied.{_delivered(folder.deliver(files))}"


def _held(state: State, site: str) -> Version | None:
    """The version that the mirror holds. A mirror that is damaged, or another site's, is dropped."""
    try:
        with Mirror(state.mirror, create=True) as mirror:
            held = mirror.version()
        if held is None or held.manifest.site == site:
            return held
    except MirrorBroken:
        pass
    state.forget_mirror()
    return None


def _seen(state: State, held: Version | None) -> Seen | None:
    """The newest version seen. A pull that was killed after its transaction left the note of it behind the mirror."""
    noted = state.seen()
    if held and (noted is None or held.manifest.version > noted.version):
        noted = _seen_of(_head_of(held))
        state.save_seen(noted)
    return noted


def _roll_forward(state: State, folder: Folder, held: Version) -> list[str]:
    """Deliver what the mirror holds where the folder has something else; the names of the files written."""
    with Mirror(state.mirror) as mirror:
        expected = mirror.files()
        if expected and folder.digests(expected) == expected:
            return []
        files = held.files()
        written = folder.deliver(files)
        mirror.expect_files(_digests(files))
    return written


def _fetch(feed: Feed, head: Head, progress: Progress | None) -> tuple[Version, dict[str, bytes]]:
    manifest_bytes = feed.manifest(head.version)
    manifest = trust.manifest(manifest_bytes, head)
    packed = feed.object(manifest.snapshot, progress)
    try:
        version = Version(manifest_bytes, unpack(packed, manifest.snapshot))
        # Read it all now: a form that this agent does not know must not get as far as the mirror.
        return version, version.files()
    except (Corrupt, RecursionError) as problem:
        raise CorruptDownload(str(problem)) from problem


def _replace(state: State, version: Version, files: Mapping[str, bytes]) -> None:
    for last_try in (False, True):
        try:
            with Mirror(state.mirror, create=True) as mirror:
                return mirror.replace(version, _digests(files), _now())
        except MirrorBroken:
            # Damage that reading did not meet, in an index for example: the version in hand makes it good.
            if last_try:
                raise
            state.forget_mirror()
    return None


def _head_of(version: Version) -> Head:
    about = version.manifest
    digest = hashlib.sha256(version.manifest_bytes).hexdigest()
    return Head(about.site, about.epoch, about.version, digest)


def _seen_of(head: Head) -> Seen:
    return Seen(head.epoch, head.version, head.manifest_sha256)


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def _delivered(written: list[str]) -> str:
    return f" Files delivered: {', '.join(written)}." if written else ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
