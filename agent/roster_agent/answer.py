"""What the local records answer, without the network: the facts behind ``status``, ``group`` and ``user``.

Comes in: a state folder and, for two of them, a name in any case. Goes out: plain dictionaries in the shape that
``--json`` prints. Refused: a state folder without an enrolment; a mirror without a version or without that name.
"""

from pathlib import Path
from typing import Any

from roster_agent.failures import FolderUnusable, NothingPulled, UnknownName
from roster_agent.folder import Folder
from roster_agent.mirror import Mirror
from roster_agent.state import State


def status(state: State) -> dict[str, Any]:
    """Who this server is, what it holds, and how the last pull ended.

    ``files`` are those that are in the folder as they were delivered; one that was deleted or changed since is missing.
    """
    enrolment = state.enrolment()
    about: dict[str, Any] = {
        "site": enrolment.site,
        "server": enrolment.server,
        "feed": enrolment.feed,
        "folder": enrolment.folder,
    }
    held: dict[str, Any] = {"version": None, "epoch": None, "applied_at": None, "counts": None, "files": {}}
    if state.has_mirror():
        with Mirror(state.mirror) as mirror:
            applied, expected = mirror.applied(), mirror.files()
        if applied:
            held = {
                "version": applied.manifest.version,
                "epoch": applied.manifest.epoch,
                "applied_at": applied.applied_at,
                "counts": applied.manifest.counts,
                "files": _in_place(Folder(Path(enrolment.folder)), expected),
            }
    attempt = state.last_attempt()
    last = {"at": attempt.at, "outcome": attempt.outcome, "message": attempt.message} if attempt else None
    return about | held | {"last_attempt": last}


def group(state: State, name: str) -> dict[str, Any]:
    """A group and its members."""
    with _mirror(state) as mirror:
        found = mirror.group(name)
    if found is None:
        raise UnknownName("no such group")
    return {"group": found.name, "members": list(found.members)}


def user(state: State, name: str) -> dict[str, Any]:
    """The groups that a user is a member of and, for a teacher, the console access."""
    with _mirror(state) as mirror:
        found = mirror.user(name)
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


def _in_place(folder: Folder, expected: dict[str, str]) -> dict[str, str]:
    try:
        found = folder.digests(expected)
    except FolderUnusable:
        return {}
    return {name: digest for name, digest in expected.items() if found.get(name) == digest}
