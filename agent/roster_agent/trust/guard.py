"""Would this version remove more than this server allows? Then it is held until a person approves it. No IO.

Comes in: the current version, the one to come, the limits, what was held before, and what was approved in the cloud.
Goes out: the hold, with how many memberships would go; None when the version may come. The limits are this server's,
and it is its choice whether what a person approved in the cloud counts here: who set it to "ask" is asked again. A
membership is a username in a group; a user's or a group's other spelling is the same one. Both limits have to be
passed: a share alone would hold every change of a small school, a number alone every September of a large one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from roster.model import Group, Right
from roster.names import fold
from roster_agent.trust.approvals import Approved, unapproved
from roster_agent.trust.rules import Seen, head_of
from roster_agent.version import Version


@dataclass(frozen=True)
class Limits:
    """A version that removes more than this share and more than this many of the memberships is held.

    Where `cloud_approval` is "accept", what a person approved in the cloud is not counted; where it is "ask", it is.
    """

    percent: float = 10
    memberships: int = 25
    cloud_approval: str = "accept"


@dataclass(frozen=True)
class Loss:
    """Memberships that would be gone, of those that there are."""

    gone: int
    of: int

    def is_beyond(self, limits: Limits) -> bool:
        """Whether this is more than may go without a person."""
        return self.gone > limits.memberships and self.gone * 100 > self.of * limits.percent

    def __str__(self) -> str:
        return f"{self.gone} of {self.of} memberships would go"


@dataclass(frozen=True)
class Hold:
    """A version that was held: which, over which current one, why, and whether somebody has approved it."""

    version: int
    manifest_sha256: str
    over: str | None
    loss: Loss
    limits: Limits
    approved: bool = False


def judge(
    limits: Limits,
    known: Hold | None,
    current: Version | None,
    seen: Seen | None,
    to: Version,
    approved: Callable[[], Sequence[Approved]] = tuple,
) -> Hold | None:
    """Why a version has to be held; None when it may come.

    `known` is what was held before: an approval in it counts for exactly that version over exactly that current one.
    `approved` is what people approved in the cloud on the way to the version; it is asked only where that matters.
    """
    found = loss_by(current, seen, to)
    if found is None or not found.is_beyond(limits):
        return None
    over = head_of(current).manifest_sha256 if current else None
    digest = head_of(to).manifest_sha256
    if known and known.approved and (known.manifest_sha256, known.over) == (digest, over):
        return None
    if current and limits.cloud_approval == "accept":
        found = loss(current.entries, to.entries, approved())
        if not found.is_beyond(limits):
            return None
    return Hold(to.manifest.version, digest, over, found, limits)


def loss_by(current: Version | None, seen: Seen | None, to: Version) -> Loss | None:
    """What a version would remove; None before the first.

    Where the mirror was lost, the membership hashes beside it say who was there. Where those are lost too, nobody is
    known to stay.
    """
    if current:
        return loss(current.entries, to.entries)
    if seen is None:
        return None
    if seen.manifest_sha256 == head_of(to).manifest_sha256:
        return Loss(0, seen.memberships)
    known = seen.hashes()
    if known is None:
        return Loss(seen.memberships, seen.memberships)
    return Loss(known.gone(to.entries), len(known.numbers))


def loss(before: Iterable[Group | Right], after: Iterable[Group | Right], approved: Sequence[Approved] = ()) -> Loss:
    """What would go from one version to another, but for what was approved."""
    old, new = _memberships(before), _memberships(after)
    gone = (unapproved(group, keys, keys - new.get(group, frozenset()), approved) for group, keys in old.items())
    return Loss(sum(gone), sum(map(len, old.values())))


def _memberships(entries: Iterable[Group | Right]) -> dict[str, frozenset[str]]:
    """The folded usernames of each group."""
    folded: dict[str, str] = {}  # a user is in about seven groups, and is folded once
    found = {}
    for entry in entries:
        if isinstance(entry, Group):
            for member in entry.members:
                if member not in folded:
                    folded[member] = fold(member)
            found[entry.key] = frozenset(folded[member] for member in entry.members)
    return found
