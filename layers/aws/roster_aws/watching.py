"""The hourly watch: what no upload and no import would ever tell, because nothing comes any more.

Looks at every site and every server (`roster.watch`), tells the fleet in numbers, and each site that has become stale
or has recovered. People hear once of each of these, and of each server that has fallen silent, waits for a person, or
does so no longer. Where the time of what bad rows keep has passed, it has the site's inbox looked at, which lets it go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from roster.alert import Alert, of_server, of_watch
from roster.listed_site import ListedSite
from roster.request import Request
from roster.watch import look_over
from roster_aws.fleet import Fleet
from roster_aws.logbook import Logbook
from roster_aws.queue import Queue
from roster_aws.telling.alerts import Alerts

# Questions to the table at once: ten thousand sites take some ten seconds.
_THREADS = 24


class _Look(NamedTuple):
    """A look at the servers of a site: their states, what is due of them, and what was and will be told of each."""

    site: str
    states: Counter[str]
    alerts: list[Alert]
    told_before: dict[str, list[str]]
    told_now: dict[str, list[str]]


@dataclass(frozen=True)
class Watch:
    """Watches the fleet. `start_fetch` has a site's roster fetched, `clock` gives the time in UTC."""

    fleet: Fleet
    logbook: Logbook
    alerts: Alerts
    queue: Queue
    start_fetch: Callable[[Request], None]
    clock: Callable[[], datetime]

    def look(self) -> dict[str, float]:
        """Look once; the numbers that were told."""
        at = self.clock()
        sites = list(self.fleet.sites())
        with ThreadPoolExecutor(_THREADS) as threads:
            looks = list(threads.map(self._look_at, sites))
            seen = look_over(sites, sum((look.states for look in looks), Counter()), at)
            self.logbook.tell([{"message": "fleet_report", **seen.numbers}, *seen.told])
            for site in seen.ending:
                self.queue.ask(Request(site))
            list(threads.map(self.start_fetch, map(Request, seen.due)))
            # Each mark is written after what it marks was told: what was not told is told by the next look.
            alerts = {event["site"]: [of_watch(event)] for event in seen.told}
            stale = [(site, alerts.get(site, []), since) for site, since in seen.marks.items()]
            list(threads.map(lambda each: self._tell_site(*each), stale))
            list(threads.map(self._tell_servers, looks))
        return seen.numbers

    def _look_at(self, site: ListedSite) -> _Look:
        at, watched = self.clock(), self.fleet.watched(site.site)
        states = (server.state(site.version, site.manifest_sha256, at) for server in watched.servers)
        told: dict[str, list[str]] = {}
        alerts: list[Alert] = []
        for server in watched.servers:
            due = of_server(server, watched.enrolled[server.server], watched.told.get(server.server, ()), at)
            alerts += due.alerts
            if due.told:
                told[server.server] = list(due.told)
        return _Look(site.site, Counter(state for state in states if state != "revoked"), alerts, watched.told, told)

    def _tell_site(self, site: str, alerts: list[Alert], stale_since: str) -> None:
        self.alerts.tell(alerts)
        self.fleet.mark_stale(site, stale_since)

    def _tell_servers(self, look: _Look) -> None:
        if look.told_now != look.told_before:
            self.alerts.tell(look.alerts)
            self.fleet.mark_told(look.site, look.told_now)
