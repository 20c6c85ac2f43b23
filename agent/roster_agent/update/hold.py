"""Keeps a version that would remove too much from being applied, until a person approves it or a better one comes.

Comes in: the current version and the one to come, which `trust.guard` judges. Goes out: nothing when it may come.
Refused (``VersionHeld``): a version beyond the limits, unless it was approved here or in the cloud. The hold is kept in
the state folder, so that a version that waits for a person is not downloaded again at every poll.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from roster_agent.disk.state import State
from roster_agent.failures import NothingHeld
from roster_agent.trust import guard
from roster_agent.trust.approvals import Approved
from roster_agent.trust.guard import Hold, Limits
from roster_agent.trust.refusals import VersionHeld
from roster_agent.trust.rules import Head, Offer, Seen
from roster_agent.version import Version


def refuse_again(state: State, limits: Limits, have: Head | None, offer: Offer) -> None:
    """Raise VersionHeld when this very version is held already and waits for a person."""
    known = state.hold()
    if known is None or known.approved or known.limits != limits:
        return
    if (known.manifest_sha256, known.over) == (offer.head.manifest_sha256, have.manifest_sha256 if have else None):
        raise VersionHeld(_told(known))


def refuse(
    state: State,
    limits: Limits,
    current: Version | None,
    seen: Seen | None,
    to: Version,
    approved: Callable[[], Sequence[Approved]],
) -> None:
    """Raise VersionHeld, and keep the hold, when a version would remove more than it may.

    `approved` gives what people approved in the cloud on the way to it.
    """
    found = guard.judge(limits, state.hold(), current, seen, to, approved)
    if found:
        state.save_hold(found)
        raise VersionHeld(_told(found))


def approve(state: State) -> Hold:
    """Let the version that is held come with the next pull; NothingHeld when there is none."""
    state.enrolment()  # or there is no folder to put a lock into
    with state.locked():
        found = state.hold()
        if found is None:
            raise NothingHeld
        approved = replace(found, approved=True)
        state.save_hold(approved)
    return approved


def _told(found: Hold) -> str:
    return f"version {found.version} would remove {found.loss.gone} of {found.loss.of} memberships"
