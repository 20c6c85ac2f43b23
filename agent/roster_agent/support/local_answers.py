"""What the local records answer, without the network: the facts behind ``status``, ``history``, ``group``, ``user``.

Comes in: a state folder and, for two of them, a name in any case and the number of an earlier version. Goes out: plain
dictionaries in the shape that ``--json`` prints. Refused: a state folder without an enrolment; a mirror without a
version, that version or that name.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.earlier_versions import Kept
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.state import State
from roster_agent.failures import FolderUnusable, NothingPulled, UnknownName, VersionNotKept
from roster_agent.version import Version


def status(state: State) -> dict[str, Any]:
    """Who this server is, its current version, and how the last pull ended.

    ``files`` are those that are in the folder as they were delivered; one that was deleted or changed since is missing.
    """
    enrolment = state.enrolment()
    about: dict[str, Any] = {
        "site": enrolment.site,
        "server": enrolment.server,
        "feed": enrolment.feed,
        "folder": enrolment.folder,
    }
    current: dict[str, Any] = {"version": None, "epoch": None, "applied_at": None, "counts": None, "files": {}}
    if state.has_mirror():
        with Mirror(state.mirror) as mirror:
            applied, expected = mirror.applied(), mirror.files()
        if applied:
            current = {
                "version": applied.manifest.version,
                "epoch": applied.manifest.epoch,
                "applied_at": applied.applied_at,
                "counts": applied.manifest.counts,
                "files": _in_place(Folder(Path(enrolment.folder)), expected),
            }
    attempt = state.last_attempt()
    last = {"at": attempt.at, "outcome": attempt.outcome, "message": attempt.message} if attempt else None
    hold = state.hold()
    waits = {"version": hold.version, "approved": hold.approved, **asdict(hold.loss)} if hold else None
    return about | current | {"held": waits, "last_attempt": last}


def history(state: State) -> list[dict[str, Any]]:
    """The versions that this server has applied, newest first, as far as it keeps them."""
    with _mirror(state) as mirror:
        applied, before = mirror.applied(), mirror.history()
    current = [Kept(applied.manifest, applied.applied_at)] if applied else []
    return [
        {
            "version": kept.manifest.version,
            "epoch": kept.manifest.epoch,
            "applied_at": kept.applied_at,
            "counts": kept.manifest.counts,
        }
        for kept in (*current, *before)
    ]


def group(state: State, name: str, as_of: int | None = None) -> dict[str, Any]:
    """A group and its members; raises UnknownName, NothingPulled, VersionNotKept."""
    with _mirror(state) as mirror:
        found = mirror.group(name) if as_of is None else _as_of(mirror, as_of).group(name)
    if found is None:
        raise UnknownName("no such group")
    return {"group": found.name, "members": list(found.members)}


def user(state: State, name: str, as_of: int | None = None) -> dict[str, Any]:
    """The groups that a user is a member of and, for a teacher, the console access.

    Raises UnknownName, NothingPulled, VersionNotKept.
    """
    with _mirror(state) as mirror:
        found = mirror.user(name) if as_of is None else _as_of(mirror, as_of).user(name)
    if found is None:
        raise UnknownName("no such user")
    right = found.console
    console = right and {
        "groups": list(right.groups),
        "pending": list(right.pending),
        "all_groups": right.all_groups,
        "basic_console_only": right.basic_console_only,
    }
    return {"username": found.username, "member_of": list(found.member_of), "console": console}


def _mirror(state: State) -> Mirror:
    state.enrolment()
    if not state.has_mirror():
        raise NothingPulled
    mirror = Mirror(state.mirror)
    if mirror.applied() is None:
        mirror.close()
        raise NothingPulled
    return mirror


def _as_of(mirror: Mirror, number: int) -> Version:
    found = mirror.as_of(number)
    if found is None:
        raise VersionNotKept(str(number))
    return found


def _in_place(folder: Folder, expected: dict[str, str]) -> dict[str, str]:
    try:
        found = folder.digests(expected)
    except FolderUnusable:
        return {}
    return {name: digest for name, digest in expected.items() if found.get(name) == digest}
