"""What this server lets a version remove at once, whatever the cloud says. No IO.

Comes in: the version held, the one to come, and the limits. Goes out: how many memberships would go, and whether that
is more than may go without a person. A membership is a username in a group; a user's or a group's other spelling is
the same one. Both limits have to be passed: a share alone would hold every change of a small school, a number alone
every September of a large one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from roster.model import Group, Right
from roster.names import fold


@dataclass(frozen=True)
class Limits:
    """More than this share and more than this many of the memberships gone holds a version."""

    percent: float = 10
    memberships: int = 25


@dataclass(frozen=True)
class Loss:
    """Memberships that would be gone, of those that there are."""

    gone: int
    of: int

    def is_beyond(self, limits: Limits) -> bool:
        return self.gone > limits.memberships and self.gone * 100 > self.of * limits.percent

    def __str__(self) -> str:
        return f"{self.gone} of {self.of} memberships would go"


@dataclass(frozen=True)
class Hold:
    """A version that was held: which, over which it would have come, why, and whether somebody has approved it."""

    version: int
    manifest_sha256: str
    over: str | None
    loss: Loss
    limits: Limits
    approved: bool = False


def loss(before: Iterable[Group | Right], after: Iterable[Group | Right]) -> Loss:
    """What would go from one version to another."""
    old, new = _memberships(before), _memberships(after)
    return Loss(
        sum(len(keys - new.get(group, frozenset())) for group, keys in old.items()), sum(map(len, old.values()))
    )


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
