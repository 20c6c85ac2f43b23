"""Tells the cloud what this server has: which version, which files are in its folder, how the last pull ended.

Comes in: the state folder and a connection. Goes out: one report, if it says something that the last one did not, or if
the last one was long ago. A report that cannot be delivered is not a failure: the next one says the same.
"""

import contextlib
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from roster.notices import STUDENTS, TEACHERS
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.open_mirror import OpenMirror
from roster_agent.disk.records import Attempt, Enrolment
from roster_agent.disk.state import State
from roster_agent.failures import AgentError, BadSettings, FolderUnusable
from roster_agent.net.feed_client import Feed

# The clock's offset is also worth telling now and then.
_AGAIN = timedelta(hours=6)


def tell(state: State, mirror: OpenMirror, feed: Feed, enrolment: Enrolment, attempt: Attempt) -> bool:
    """Tell the cloud, if there is anything to tell; whether it was told. Raises nothing."""
    clock = datetime.now(UTC).astimezone()
    said = about(state, mirror, enrolment, attempt)
    if not _is_news(state.reported(), said, clock):
        return False
    with contextlib.suppress(AgentError):
        feed.report(enrolment.server, said | {"clock": clock.isoformat(timespec="seconds")})
        state.save_reported({"at": clock.isoformat(), "said": said})
        return True
    return False


def about(state: State, mirror: OpenMirror, enrolment: Enrolment, attempt: Attempt) -> dict[str, object]:
    """What there is to tell, without the clock."""
    current: dict[str, object] = {"version": None, "epoch": None, "manifest_sha256": None}
    with contextlib.suppress(AgentError):
        if state.has_mirror():
            with mirror.use() as opened:
                if applied := opened.applied():
                    numbers = {"version": applied.manifest.version, "epoch": applied.manifest.epoch}
                    current = {**numbers, "manifest_sha256": applied.manifest_sha256}
    try:
        files = Folder(Path(enrolment.folder)).digests((STUDENTS, TEACHERS))
    except FolderUnusable:
        files = {}
    waits = state.hold()
    is_held = waits is not None and not waits.approved
    said = current | {"files": files, "outcome": attempt.outcome, "agent": agent_version(), "held": is_held}
    with contextlib.suppress(BadSettings):  # which the outcome says by then
        said["cloud_approval"] = state.settings().limits.cloud_approval
    return said


@cache
def agent_version() -> str:
    """Which release of the agent this is: installed alone, or with the rest of the project."""
    for name in ("roster-agent", "impero-sis-import"):
        with contextlib.suppress(PackageNotFoundError):
            return version(name)
    return "unknown"


def _is_news(last: dict[str, object], said: dict[str, object], clock: datetime) -> bool:
    try:
        age = clock - datetime.fromisoformat(str(last.get("at")))
    except (ValueError, TypeError):
        return True
    # A clock that was set back must not silence the server for years.
    return _facts(last.get("said")) != _facts(said) or abs(age) > _AGAIN


def _facts(said: object) -> object:
    """What was said, with the two good ends of a pull taken as one."""
    if isinstance(said, dict) and said.get("outcome") in ("applied", "nothing_new"):
        return said | {"outcome": "up to date"}
    return said
