"""The hourly watch: what no upload and no import would ever tell, because nothing comes any more.

Looks at every site and every server, tells the fleet in numbers, and each site that has become stale or has recovered.
Where the time of what bad rows keep has passed, it has the site's inbox looked at, which lets it go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roster.log_events import Event
from roster.watch import hours, is_stale, weekday_hours
from roster_aws.environment import now
from roster_aws.fleet import Fleet
from roster_aws.logbook import Logbook
from roster_aws.queue import Queue, Request

# Questions to the table at once: ten thousand sites take some ten seconds.
_THREADS = 24


@dataclass(frozen=True)
class Watch:
    """Watches the fleet. `clock` gives the time in UTC."""

    fleet: Fleet
    logbook: Logbook
    queue: Queue
    clock: Callable[[], datetime]

    @classmethod
    def from_environment(cls) -> Watch:
        """The watch of this process."""
        return cls(Fleet.from_environment(), Logbook.from_environment(), Queue.from_environment(), now)

    def look(self) -> dict[str, Any]:
        """Look once; the numbers that were told."""
        at = self.clock()
        sites = list(self.fleet.sites())
        with ThreadPoolExecutor(_THREADS) as threads:
            servers: Counter[str] = sum(threads.map(self._servers, sites), Counter())
        watched = [site for site in sites if not site["paused"]]
        stale = {site["site"] for site in watched if _is_stale(site, at)}
        newly = [site for site in watched if site["site"] in stale and not site.get("stale_since")]
        numbers = {
            "Sites": len(sites),
            "SitesStale": len(stale),
            "SitesNewlyStale": len(newly),
            "HeldNow": sum(1 for site in sites if site.get("held")),
            "Servers": servers.total(),
            "ServersSilent": servers["silent"],
            "ServersBehind": servers["behind"],
            "HoursSinceOldestSuccess": round(max((_since_success(site, at) for site in watched), default=0), 1),
        }
        changed = [site for site in sites if (site["site"] in stale) != bool(site.get("stale_since"))]
        # A paused site is looked after no more, and has not recovered.
        told = [_changed(site, at, is_stale=site["site"] in stale) for site in changed if not site["paused"]]
        self.logbook.tell([{"message": "fleet_report", **numbers}, *told])
        for site in watched:
            if _something_kept_ends(site, at):
                self.queue.ask(Request(site["site"]))
        # Last, so that what was not told is told by the next look.
        for site in changed:
            self.fleet.mark_stale(site["site"], site["files_at"] if site["site"] in stale else "")
        return numbers

    def _servers(self, site: dict[str, Any]) -> Counter[str]:
        return Counter(state for state in self.fleet.states(site) if state != "revoked")


def _is_stale(site: dict[str, Any], at: datetime) -> bool:
    """Whether files came once and come no more; a site that never had any is only new."""
    return bool(site.get("files_at")) and is_stale(datetime.fromisoformat(site["files_at"]), at)


def _something_kept_ends(site: dict[str, Any], at: datetime) -> bool:
    """Whether the time of a kept fact has passed; while a plan is held, everything waits for a person."""
    until = site.get("kept_until", "")
    return bool(until) and not site.get("held") and datetime.fromisoformat(until) <= at


def _since_success(site: dict[str, Any], at: datetime) -> float:
    return hours(datetime.fromisoformat(site["succeeded_at"]), at) if site.get("succeeded_at") else 0


def _changed(site: dict[str, Any], at: datetime, *, is_stale: bool) -> Event:
    if not is_stale:
        return {"message": "site_recovered", "site": site["site"], "stale_since": site["stale_since"]}
    silent = weekday_hours(datetime.fromisoformat(site["files_at"]), at)
    return {"message": "site_stale", "site": site["site"], "weekday_hours": round(silent, 1)}
