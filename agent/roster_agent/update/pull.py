"""One pull, from the question "is there something new?" to two whole files in the CSVImport folder.

Comes in: a state folder. Goes out: how it ended, which the state folder remembers as well. The workflow, in order:

1. Take the lock: two pulls at once would write over each other.
2. Prove that the mirror has a published version, byte for byte. A damaged mirror is dropped and fetched again.
3. Roll forward: deliver the current version where the folder does not have it (after a crash, a locked file, a file
   that was edited or deleted). This comes first and must succeed, so that a server only ever says that it has what its
   folder has. An old mirror that somebody put back delivers nothing. Only where the files find no room, the pull goes
   on: those of a newer version may fit.
4. Ask for the head. If nothing is new, the pull is done. A head is refused that is wrongly signed, older than what was
   seen, or has other contents under the same number.
5. Fetch the manifest. It is refused unless it is the one that the head promised, and where its version certainly finds
   no room. A full disk changes nothing, here or later.
6. Fetch the deltas or the snapshot. They are refused unless the content is as the manifest promised. So far nothing has
   changed.
7. Hold the version if it would remove more than this server allows at once. What a person approved in the cloud does
   not count, unless this server wants to be asked all the same.
8. Replace the mirror in one transaction. From here the version is the current one.
9. Deliver both files. If this fails, step 3 of the next pull makes up for it.
10. Tell the cloud what this server has now, also after a failure.

The mirror is opened once and each content is hashed once. Failures are ``AgentError``; none of them leaves half a
version or half a file, and none ever deletes anything. A version that comes by hand (`version_bundle`) goes through the
same steps from 4 to 9.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from roster_agent.agent_settings import Settings
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.open_mirror import OpenMirror
from roster_agent.disk.records import Attempt, Enrolment
from roster_agent.disk.state import State
from roster_agent.failures import AgentError, DiskFull, Stopped
from roster_agent.net.feed_client import Feed
from roster_agent.net.feed_failures import AccessError, FeedError, NothingPublished
from roster_agent.net.transport import Progress
from roster_agent.trust import rules
from roster_agent.trust.rules import Offer, Seen
from roster_agent.update import apply, fetch, hold, reporting
from roster_agent.update.fetch import Online, Source
from roster_agent.version import Version


@dataclass(frozen=True)
class Pulled:
    """How a pull ended, and after how many seconds the feed wants to be asked again, where it says so."""

    attempt: Attempt
    poll_after: float | None = None


def pull(state: State, progress: Progress | None = None) -> Pulled:
    """Bring this server up to date from the feed, and remember how that went; raises AgentError."""
    enrolment = state.enrolment()
    with state.locked(), _remembering(state):
        settings = state.settings()
        with Feed(enrolment.feed, enrolment.site, enrolment.token, settings) as feed, OpenMirror(state) as mirror:
            try:
                attempt = update(state, mirror, enrolment, settings, Online(feed, state.keyring().serial), progress)
            except (FeedError, AccessError, Stopped):
                raise  # nobody listens, or nobody should have to wait for it
            except AgentError as failure:
                reporting.tell(state, mirror, feed, enrolment, _failed(failure))
                raise
            state.save_attempt(attempt)
            reporting.tell(state, mirror, feed, enrolment, attempt)
            return Pulled(attempt, feed.poll_after)


def take(state: State, source: Source) -> Attempt:
    """Bring this server up to date from a source at hand; the next pull tells the cloud. Raises AgentError."""
    enrolment = state.enrolment()
    with state.locked(), _remembering(state), OpenMirror(state) as mirror:
        attempt = update(state, mirror, enrolment, state.settings(), source)
        state.save_attempt(attempt)
    return attempt


def update(
    state: State,
    mirror: OpenMirror,
    enrolment: Enrolment,
    settings: Settings,
    source: Source,
    progress: Progress | None = None,
) -> Attempt:
    """Steps 2 to 9, with the lock taken; raises AgentError."""
    folder = Folder(Path(enrolment.folder), settings.file_retry_seconds)
    current = apply.current(mirror, enrolment.site)
    seen = apply.seen(state, current)
    full, repaired = None, list[str]()
    try:
        current, repaired = apply.roll_forward(mirror, folder, current, seen)
    except DiskFull as failure:
        full = failure  # for this version's files; a newer one's may fit

    at, trusted = rules.head_of(current) if current else None, state.keyring()
    try:
        # What the folder lacks is not said to be there.
        offer, ring = fetch.offered(source, None if full else at, seen, trusted)
    except FeedError as failure:
        if full or seen or not isinstance(failure, NothingPublished):
            raise full or failure from None
        return Attempt(apply.now(), "nothing_published", "Nothing is published for this site yet.")
    if ring != trusted:
        if offer and offer.head == at:
            apply.sign_again(mirror, offer)
        # Last: a server that trusts these keys is not sent this head again.
        state.save_keyring(ring)
    if offer and offer.head != at:
        return _take(state, mirror, settings, source, folder, offer, current, seen, progress)
    if full:
        raise full
    state.end_hold()
    number = current.manifest.version if current else "none"
    return Attempt(apply.now(), "nothing_new", f"Nothing new: version {number} is the newest.{_delivered(repaired)}")


def _take(
    state: State,
    mirror: OpenMirror,
    settings: Settings,
    source: Source,
    folder: Folder,
    offer: Offer,
    current: Version | None,
    seen: Seen | None,
    progress: Progress | None,
) -> Attempt:
    """Steps 5 to 9."""
    hold.refuse_again(state, settings.limits, rules.head_of(current) if current else None, offer)
    version, files = fetch.version(
        source, offer, current, progress, lambda manifest: apply.demand_room(state, manifest)
    )
    hold.refuse(
        state, settings.limits, current, seen, version, lambda: fetch.approved(source, version.manifest, current)
    )
    apply.demand_room(state, version.manifest, folder, sum(map(len, files.values())))
    apply.replace(mirror, version, offer, files, current)
    apply.note(state, version)
    state.end_hold()
    written = _delivered(folder.deliver(files))
    return Attempt(apply.now(), "applied", f"Version {offer.head.version} applied.{written}")


@contextlib.contextmanager
def _remembering(state: State) -> Iterator[None]:
    """Note a failure in the state folder."""
    try:
        yield
    except Exception as failure:
        # The failure itself matters more than that it could not be written down.
        with contextlib.suppress(AgentError):
            state.save_attempt(_failed(failure))
        raise


def _failed(failure: Exception) -> Attempt:
    if isinstance(failure, AgentError):
        return Attempt(apply.now(), failure.code, str(failure))
    # Not its text, which may quote a name.
    return Attempt(apply.now(), "internal_error", type(failure).__name__)


def _delivered(written: list[str]) -> str:
    return f" Files delivered: {', '.join(written)}." if written else ""
