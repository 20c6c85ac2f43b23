"""Holding a version that would remove too much, until a person approves it or a better one comes.

Comes in: the current version and the one to come. Goes out: nothing when it may come. Refused (``VersionHeld``): a
version beyond the limits, unless it was approved: exactly this one, over exactly the current one. A hold is remembered,
so that a version that waits for a person is not downloaded again at every poll.
"""

from dataclasses import replace

from roster_agent.disk.state import State
from roster_agent.failures import NothingHeld
from roster_agent.trust import hold
from roster_agent.trust.hold import Hold, Limits, Loss
from roster_agent.trust.refusals import VersionHeld
from roster_agent.trust.rules import Head, Offer, Seen
from roster_agent.update import fetch
from roster_agent.version import Version


def refuse_again(state: State, limits: Limits, have: Head | None, offer: Offer) -> None:
    """Raise when this very version is held already and waits for a person."""
    known = state.hold()
    if known is None or known.approved or known.limits != limits:
        return
    if (known.manifest_sha256, known.over) == (offer.head.manifest_sha256, have.manifest_sha256 if have else None):
        raise VersionHeld(_told(known))


def judge(state: State, limits: Limits, current: Version | None, seen: Seen | None, version: Version) -> None:
    """Raise when a version would remove more than it may."""
    found = holds(state, limits, current, seen, version)
    if found:
        state.save_hold(found)
        raise VersionHeld(_told(found))


def holds(state: State, limits: Limits, current: Version | None, seen: Seen | None, version: Version) -> Hold | None:
    """Why a version has to be held; None when it may come."""
    loss = loss_by(current, seen, version)
    if loss is None or not loss.is_beyond(limits):
        return None
    over = fetch.head_of(current).manifest_sha256 if current else None
    digest = fetch.head_of(version).manifest_sha256
    known = state.hold()
    if known and known.approved and (known.manifest_sha256, known.over) == (digest, over):
        return None
    return Hold(version.manifest.version, digest, over, loss, limits)


def loss_by(current: Version | None, seen: Seen | None, version: Version) -> Loss | None:
    """What a version would remove; None before the first. Where the mirror was lost, the hashes beside it say who was
    there; where those are lost, too, nobody is known to stay.
    """
    if current:
        return hold.loss(current.entries, version.entries)
    if seen is None:
        return None
    if seen.manifest_sha256 == fetch.head_of(version).manifest_sha256:
        return Loss(0, seen.memberships)
    known = seen.hashes()
    if known is None:
        return Loss(seen.memberships, seen.memberships)
    return Loss(known.gone(version.entries), len(known.numbers))


def approve(state: State) -> Hold:
    """Let the version that is held come, with the next pull."""
    state.enrolment()  # or there is no folder to put a lock into
    with state.locked():
        found = state.hold()
        if found is None:
            raise NothingHeld
        approved = replace(found, approved=True)
        state.save_hold(approved)
    return approved


def _told(found: Hold) -> str:
    return f"version {found.version}, with which {found.loss}"
