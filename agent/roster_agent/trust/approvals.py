"""What people approved in the cloud, of the versions that a server has not passed yet. No IO.

Comes in: a manifest, whose digest the signed head names; the content of the deltas that it names as approved. Goes out:
which memberships may go without asking here again. Passed over: a delta that is not what the manifest promises.

Of a server that has the version which a person approved the removals from, what counts is just what the person saw. A
server that missed versions before that one counts against them what its groups had shrunk by in between; whom another
took the place of meanwhile, under the limits of the cloud, it cannot tell from those who were approved.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from roster.delta import read_step
from roster.encode import Blob, Corrupt, Manifest, unpack
from roster.model import Group
from roster.names import fold
from roster_agent.version import lines


class Change(NamedTuple):
    """What an approved delta makes of a group: the folded usernames that stay or come, and how many there were."""

    members: frozenset[str]
    before: int


# The groups that an approved delta changes, by key.
Approved = Mapping[str, Change]


def to_fetch(manifest: Manifest, version: int, most_bytes: int) -> list[Blob]:
    """The deltas of a manifest that people approved after a version, oldest first, none larger than any roster is."""
    return [
        each.delta
        for each in manifest.approved
        if version < each.version <= manifest.version and 0 < each.delta.bytes <= most_bytes
    ]


def read(data: bytes, blob: Blob) -> Approved:
    """What an approved delta changes; nothing where the bytes are not those of the delta."""
    try:
        _, *changes = lines(unpack(data, blob))
        steps = [read_step(line) for line in changes]
    except (Corrupt, RecursionError):
        return {}
    return {
        step.key: Change(
            frozenset(map(fold, step.entry.members)) if isinstance(step.entry, Group) else frozenset(),
            step.names_before,
        )
        for step in steps
        if step.kind == "group"
    }


def unapproved(group: str, members: frozenset[str], gone: frozenset[str], approved: Sequence[Approved]) -> int:
    """How many of a group's members who would be `gone` no approved delta took from it. `approved`: oldest first."""
    left, size, shrunk = gone, len(members), 0
    for changes in approved:
        if group in changes:
            left &= changes[group].members
            shrunk += max(0, size - changes[group].before)
            size = len(changes[group].members)
    return min(len(gone), len(left) + shrunk)
