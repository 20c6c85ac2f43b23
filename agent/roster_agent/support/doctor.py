"""Looks at everything a pull needs, and says for each what to do when it is not so.

Comes in: a state folder. Goes out: one line for each check, in the order in which to put things right. Nothing is
changed, but for a file that is made and taken away in the CSVImport folder. No check names a user or a class.
"""

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from roster_agent.agent_settings import Settings
from roster_agent.daemon import service
from roster_agent.disk import room
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.state import Enrolment, State
from roster_agent.failures import (
    AgentError,
    AlreadyRunning,
    CursorUnknown,
    NothingPublished,
    NotTheFeed,
    TokenRefused,
)
from roster_agent.net.feed_client import Feed
from roster_agent.trust import rules
from roster_agent.update import apply

Verdict = Literal["ok", "warning", "failed", "skipped"]

_LEAST_FREE_BYTES = 200 << 20
# Certificates begin and end to the minute, and logs are compared by it.
_CLOCK_SECONDS = 120


@dataclass(frozen=True)
class Check:
    """What was looked at, what was found, and what to do about it."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""


class Trouble(Exception):
    """A check's finding that is no failure of the agent's: what was found, and what to do."""

    def __init__(self, verdict: Verdict, found: str, advice: str) -> None:
        super().__init__(found)
        self.verdict, self.found, self.advice = verdict, found, advice


def examine(state: State) -> Iterator[Check]:
    """All the checks; those that need what another found missing are skipped."""
    yield _check("state folder", lambda: _state_folder(state))
    yield (settings := _check("settings", lambda: _settings(state)))
    yield (enrolled := _check("enrolment", lambda: _enrolment(state)))
    yield _check("keyring", lambda: _keyring(state))
    known = state.enrolment() if enrolled.verdict == "ok" else None
    if known is None or settings.verdict != "ok":
        yield from (Check(name, "skipped", "needs settings and enrolment") for name in ("address", "feed", "clock"))
    else:
        yield from _network(state, known, state.settings())
    if known is None:
        yield Check("CSVImport folder", "skipped", "needs an enrolment")
    else:
        yield _check("CSVImport folder", lambda: _folder(Path(known.folder)))
    yield _check("disk space", lambda: _space(state, known))
    yield _check("mirror", lambda: _mirror(state))
    yield _check("files", lambda: _files(state, known))
    yield _check("hold", lambda: _hold(state))
    yield _check("service", lambda: _service(state))


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", look())
    except Trouble as trouble:
        return Check(name, trouble.verdict, trouble.found, trouble.advice)
    except AgentError as failure:
        found, _, advice = str(failure).partition(". ")
        return Check(name, "failed", found, advice)


def _state_folder(state: State) -> str:
    if not state.folder.is_dir():
        raise Trouble(
            "failed", f"there is no folder {state.folder}", "Run roster-agent enrol, or name it with --state."
        )
    state.demand_ours()
    if not state.is_enrolled():
        return f"{state.folder} is there"  # and may be anybody's: no lock is put into it
    with contextlib.suppress(AlreadyRunning), state.locked():
        pass
    return f"{state.folder}, usable by this account"


def _settings(state: State) -> str:
    state.settings()
    return f"{state.settings_file}, read without a fault"


def _enrolment(state: State) -> str:
    enrolment = state.enrolment()
    return f"server {enrolment.server} of site {enrolment.site}"


def _keyring(state: State) -> str:
    keyring = state.keyring()
    return f"serial {keyring.serial}, {len(keyring.keys)} keys"


def _network(state: State, enrolment: Enrolment, settings: Settings) -> Iterator[Check]:
    yield _check("address", lambda: _address(enrolment, settings))
    dates: list[datetime] = []
    yield _check("feed", lambda: _reach(state, enrolment, settings, dates))
    yield _check("clock", lambda: _clock(dates))


def _address(enrolment: Enrolment, settings: Settings) -> str:
    parts = urlsplit(enrolment.feed)
    proxied = settings.proxy not in ("system", "none")
    host = (urlsplit(settings.proxy) if proxied else parts).hostname or ""
    what = f"the proxy {host}" if proxied else host
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        raise Trouble(
            "warning",
            f"the name of {what} cannot be resolved here",
            "Behind a proxy that resolves names this is normal; else check this server's DNS.",
        ) from None
    return f"{what} is known to DNS" + (", the feed is asked through it" if proxied else "")


def _reach(state: State, enrolment: Enrolment, settings: Settings, dates: list[datetime]) -> str:
    """Ask for the head as a pull would; the feed's time goes into `dates`."""
    try:
        with Feed(enrolment.feed, enrolment.site, enrolment.token, settings) as feed:
            try:
                offer = feed.head(apply.cursor(state))
            finally:
                dates += [feed.date] if feed.date else []
        if offer:
            rules.signed(offer, state.keyring())
    except (NothingPublished, CursorUnknown):
        pass
    except TokenRefused as refused:
        raise Trouble(
            "failed", f"the feed answers, and refuses the token ({refused.code})", str(refused).partition(". ")[2]
        ) from None
    except NotTheFeed:
        raise Trouble(
            "failed",
            "something else answers in the feed's place",
            "A proxy, web filter or login page stands before it: let this server reach the feed's address unchanged.",
        ) from None
    return "TLS, proxy, token and signature are in order"


def _clock(dates: list[datetime]) -> str:
    if not dates:
        raise Trouble("skipped", "the feed did not say what time it is", "Put the line before in order first.")
    offset = round((datetime.now(UTC) - dates[-1]).total_seconds())
    if abs(offset) > _CLOCK_SECONDS:
        raise Trouble(
            "warning",
            f"this server's clock is {abs(offset)} seconds {'ahead of' if offset > 0 else 'behind'} the feed's",
            "Pulls do not mind, but TLS does when it is far off, and times in logs mislead: set the clock.",
        )
    return f"within {_CLOCK_SECONDS} seconds of the feed's"


def _folder(path: Path) -> str:
    Folder(path).check()
    return f"{path}, files can be made and replaced"


def _space(state: State, enrolment: Enrolment | None) -> str:
    places = [state.folder, *([Path(enrolment.folder)] if enrolment else [])]
    free = {place: room.free(place) for place in places if place.exists()}
    if not free:
        raise Trouble("skipped", "needs the state folder", "")
    last = state.last_attempt()
    for place, left in free.items():
        # A quota may be full where the disk is not; and on a disk without a byte the last attempt was not noted.
        if left < room.SPARE_BYTES or (last and last.outcome == "disk_full"):
            raise Trouble(
                "failed",
                f"no room for a version, {left >> 20} MB are free at {place}",
                "What this server has is unharmed. Make room, or raise the quota: the next pull goes on by itself.",
            )
        if left < _LEAST_FREE_BYTES:
            raise Trouble(
                "warning", f"{left >> 20} MB are free at {place}", "Make room: 200 MB are enough for any site."
            )
    return f"{min(free.values()) >> 20} MB are free"


def _mirror(state: State) -> str:
    if not state.has_mirror():
        raise Trouble("warning", "no version was pulled yet", "Run roster-agent pull.")
    with Mirror(state.mirror) as mirror:
        version = mirror.version()
    if version is None:
        raise Trouble("warning", "no version was pulled yet", "Run roster-agent pull.")
    return f"version {version.manifest.version}, every byte as it was published"


def _files(state: State, enrolment: Enrolment | None) -> str:
    if enrolment is None or not state.has_mirror():
        raise Trouble("skipped", "nothing was delivered yet", "")
    with Mirror(state.mirror) as mirror:
        expected = mirror.files()
    found = Folder(Path(enrolment.folder)).digests(expected)
    other = sorted(name for name, digest in expected.items() if found.get(name) != digest)
    last = state.last_attempt()
    if other and last and last.outcome == "folder_unusable":
        raise Trouble(
            "failed",
            f"{', '.join(other)}: could not be delivered by the last pull",
            "A program keeps it open, or it is read-only: put that right, then run roster-agent pull.",
        )
    if other:
        raise Trouble(
            "warning",
            f"{', '.join(other)}: missing, or changed by somebody since",
            "The next pull delivers them again. If this comes back, find out what else writes into that folder.",
        )
    return "as they were delivered"


def _hold(state: State) -> str:
    hold = state.hold()
    if hold and not hold.approved:
        raise Trouble(
            "warning",
            f"version {hold.version} is held: {hold.loss}",
            "See roster-agent pull --dry-run; if it is right, run roster-agent approve.",
        )
    return "nothing is held"


def _service(state: State) -> str:
    if state.is_running():
        return "roster-agent run is at work"
    raise Trouble(
        "warning",
        f"roster-agent run is not at work ({service.status()})",
        "Nothing is pulled by itself. Run roster-agent service install.",
    )
