"""The hourly watch: what no upload and no import would ever tell, because nothing comes any more.

Looks at every site and every server (`roster.watch`), tells the fleet in numbers, and each site that has become stale
or has recovered. Where the time of what bad rows keep has passed, it has the site's inbox looked at, which lets it go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from roster.listed_site import ListedSite
from roster.request import Request
from roster.watch import look_over
from roster_aws.fleet import Fleet
from roster_aws.logbook import Logbook
from roster_aws.queue import Queue

# Questions to the table at once: ten thousand sites take some ten seconds.
_THREADS = 24


@dataclass(frozen=True)
class Watch:
    """Watches the fleet. `clock` gives the time in UTC."""

    fleet: Fleet
    logbook: Logbook
    queue: Queue
    clock: Callable[[], datetime]

    def look(self) -> dict[str, float]:
        """Look once; the numbers that were told."""
        at = self.clock()
        sites = list(self.fleet.sites())
        with ThreadPoolExecutor(_THREADS) as threads:
            servers: Counter[str] = sum(threads.map(self._servers, sites), Counter())
        seen = look_over(sites, servers, at)
        self.logbook.tell([{"message": "fleet_report", **seen.numbers}, *seen.told])
        for site in seen.ending:
            self.queue.ask(Request(site))
        # Last, so that what was not told is told by the next look.
        for site, since in seen.marks.items():
            self.fleet.mark_stale(site, since)
        return seen.numbers

    def _servers(self, site: ListedSite) -> Counter[str]:
        return Counter(state for state in self.fleet.states(site) if state != "revoked")
