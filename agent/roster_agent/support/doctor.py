"""Looks at everything a pull needs, and says for each what to do when it is not so.

Comes in: a state folder. Goes out: one result for each of `CHECKS`, in the order in which to put things right. What
cannot be judged, because something before it failed, is skipped and says so. Nothing is changed, except that a file is
made and removed again in the CSVImport folder. No check names a user or a class.
"""

import contextlib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from roster import checks
from roster.checks import Check, Judged, Result, failed, ok, skipped, warning
from roster_agent.agent_settings import Settings
from roster_agent.daemon import service
from roster_agent.disk import room
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.records import Enrolment
from roster_agent.disk.state import State
from roster_agent.failures import AgentError, AlreadyRunning
from roster_agent.net.feed_client import Feed
from roster_agent.net.feed_failures import CursorUnknown, NothingPublished, NotTheFeed, TokenRefused
from roster_agent.trust import rules
from roster_agent.update import apply

_LEAST_FREE_BYTES = 200 << 20
# Certificates begin and end to the minute, and logs are compared by it.
_CLOCK_SECONDS = 120


class Machine:
    """What the checks look at: this server by its state folder, and the feed's clock once the feed has answered."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.feed_time: datetime | None = None

    @cached_property
    def enrolment(self) -> Enrolment:
        """Which server this is; what `State.enrolment` raises."""
        return self.state.enrolment()

    @cached_property
    def settings(self) -> Settings:
        """What agent.toml says; what `State.settings` raises."""
        return self.state.settings()


def examine(state: State) -> Iterator[Result]:
    """The result of each check, one after the other."""
    return checks.run(CHECKS, Machine(state), _explain)


def _explain(error: Exception) -> Judged | None:
    """A failure of the agent's: what happened, and its advice."""
    if not isinstance(error, AgentError):
        return None
    found, _, advice = str(error).partition(". ")
    return failed(found, advice)


def _enrolment(machine: Machine) -> Judged:
    folder = machine.state.folder
    if not folder.is_dir():
        return failed(f"this machine is not enrolled: there is no folder {folder}")
    if not machine.state.is_enrolled():
        return failed(f"this machine is not enrolled: {folder} has no enrolment")
    return ok(f"there is one in {folder}")


def _state_folder(machine: Machine) -> Judged:
    machine.state.demand_ours()
    with contextlib.suppress(AlreadyRunning), machine.state.locked():
        pass
    return ok(f"{machine.state.folder}, usable by this account")


def _settings(machine: Machine) -> Judged:
    _ = machine.settings
    return ok(f"{machine.state.settings_file} can be read and makes sense")


def _server(machine: Machine) -> Judged:
    return ok(f"server {machine.enrolment.server} of site {machine.enrolment.site}")


def _keyring(machine: Machine) -> Judged:
    keyring = machine.state.keyring()
    return ok(f"serial {keyring.serial}, {len(keyring.keys)} keys")


def _address(machine: Machine) -> Judged:
    proxy = machine.settings.proxy
    is_proxied = proxy not in ("system", "none")
    host = urlsplit(proxy if is_proxied else machine.enrolment.feed).hostname or ""
    what = f"the proxy {host}" if is_proxied else host
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return warning(f"DNS does not know {what}")
    return ok(f"DNS knows {what}" + (", through which the feed is asked" if is_proxied else ""))


def _feed(machine: Machine) -> Judged:
    """Ask for the head as a pull would."""
    enrolment = machine.enrolment
    try:
        with Feed(enrolment.feed, enrolment.site, enrolment.token, machine.settings) as feed:
            try:
                offer = feed.head(apply.cursor(machine.state))
            finally:
                machine.feed_time = feed.date
        if offer:
            rules.signed(offer, machine.state.keyring())
    except (NothingPublished, CursorUnknown):
        pass
    except TokenRefused as refused:
        return failed(f"the feed answers, and refuses the token ({refused.code})", str(refused).partition(". ")[2])
    except NotTheFeed:
        return failed(
            "something else answers in the feed's place",
            "A proxy, web filter or login page stands in front of it. Let this server reach the feed itself.",
        )
    return ok("TLS, proxy, token and signature are in order")


def _clock(machine: Machine) -> Judged:
    if machine.feed_time is None:
        return skipped("the feed did not say what time it is")
    offset = round((datetime.now(UTC) - machine.feed_time).total_seconds())
    if abs(offset) > _CLOCK_SECONDS:
        side = "ahead of" if offset > 0 else "behind"
        return warning(f"this server's clock is {abs(offset)} seconds {side} the feed's")
    return ok(f"within {_CLOCK_SECONDS} seconds of the feed's")


def _csvimport_folder(machine: Machine) -> Judged:
    path = Path(machine.enrolment.folder)
    Folder(path).check()
    return ok(f"files can be made and replaced in {path}")


def _disk_space(machine: Machine) -> Judged:
    places = (machine.state.folder, Path(machine.enrolment.folder))
    free = {place: room.free(place) for place in places if place.exists()}
    last = machine.state.last_attempt()
    for place, left in free.items():
        # A quota may be full where the disk is not; and on a disk without a byte the last attempt was not noted.
        if left < room.SPARE_BYTES or (last and last.outcome == "disk_full"):
            return failed(
                f"no room for a version, {left >> 20} MB are free at {place}",
                "What this server has is unharmed. Make room, or raise the quota; the next pull then goes on.",
            )
        if left < _LEAST_FREE_BYTES:
            return warning(f"{left >> 20} MB are free at {place}")
    return ok(f"{min(free.values()) >> 20} MB are free")


def _mirror(machine: Machine) -> Judged:
    version = None
    if machine.state.has_mirror():
        with Mirror(machine.state.mirror) as mirror:
            version = mirror.version()
    if version is None:
        return warning("no version was pulled yet")
    return ok(f"version {version.manifest.version}, every byte as it was published")


def _files(machine: Machine) -> Judged:
    expected: dict[str, str] = {}
    if machine.state.has_mirror():
        with Mirror(machine.state.mirror) as mirror:
            expected = mirror.files()
    if not expected:
        return skipped("nothing was delivered yet")
    found = Folder(Path(machine.enrolment.folder)).digests(expected)
    other = ", ".join(sorted(name for name, digest in expected.items() if found.get(name) != digest))
    last = machine.state.last_attempt()
    if other and last and last.outcome == "folder_unusable":
        return failed(
            f"the last pull could not deliver {other}",
            "A program keeps the file open, or it is read-only. Put that right, then run roster-agent pull.",
        )
    if other:
        return warning(f"{other}: deleted or changed since the last delivery")
    return ok("as they were delivered")


def _hold(machine: Machine) -> Judged:
    hold = machine.state.hold()
    if hold and not hold.approved:
        return warning(f"version {hold.version} is held: {hold.loss}")
    return ok("no version waits for a person")


def _service(machine: Machine) -> Judged:
    if machine.state.is_running():
        return ok("roster-agent run is running")
    return warning(f"roster-agent run is not running ({service.status()})")


CHECKS: tuple[Check[Machine], ...] = (
    Check("enrolment", "enrolment", _enrolment, advice="Run roster-agent enrol, or name a state folder with --state."),
    Check("state_folder", "state folder", _state_folder, ("enrolment",)),
    Check("settings", "settings", _settings, ("state_folder",)),
    Check("server", "server", _server, ("state_folder",)),
    Check("keyring", "keyring", _keyring, ("state_folder",)),
    Check(
        "address", "address", _address, ("settings", "server"), "Normal behind a proxy. Else check this server's DNS."
    ),
    Check("feed", "feed", _feed, ("settings", "server", "keyring")),
    Check(
        "clock",
        "clock",
        _clock,
        ("settings", "server", "keyring"),  # not the feed: it tells the time also when it refuses the token
        "Set the clock. Pulls go on, but TLS fails when it is far off, and the times in logs mislead.",
    ),
    Check("csvimport_folder", "CSVImport folder", _csvimport_folder, ("server",)),
    Check("disk_space", "disk space", _disk_space, ("server",), "Make room: 200 MB are enough for any site."),
    Check("mirror", "mirror", _mirror, ("state_folder",), "Run roster-agent pull."),
    Check(
        "files",
        "files",
        _files,
        ("mirror", "csvimport_folder"),
        "The next pull delivers them again. If this comes back, find out what else writes into that folder.",
    ),
    Check(
        "hold",
        "hold",
        _hold,
        ("state_folder",),
        "See what it would change with roster-agent pull --dry-run. If that is right, run roster-agent approve.",
    ),
    Check("service", "service", _service, ("state_folder",), "To pull without a person: roster-agent service install."),
)
