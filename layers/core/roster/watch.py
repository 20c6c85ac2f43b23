"""When a site or one of its servers needs looking after, and what the hourly look over all of them comes to.

In: times, sites and the states of their servers. Out: states, numbers, and what is to be told. Nothing is refused.
Times are aware datetimes; what is measured in hours comes as a float.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from roster.listed_site import ListedSite
from roster.site_days import local_time
from roster.times import read_stamp

# A site whose last files are older than this, counted on weekdays alone, has stopped syncing.
STALE_HOURS = 48

# A server asks every few minutes; one that has not for a day was switched off, moved or blocked.
SILENT_AFTER = timedelta(hours=24)

ServerState = Literal["applied", "behind", "silent", "revoked"]

_SATURDAY = 5
_HOUR = timedelta(hours=1)


def hours(since: datetime, until: datetime) -> float:
    """Hours from one time to another."""
    return (until - since) / _HOUR


def weekday_hours(since: datetime, until: datetime) -> float:
    """Hours from one time to another that are not on a Saturday or Sunday, in the zone of `since`."""
    until = until.astimezone(since.tzinfo)
    passed = timedelta()
    while since < until:
        midnight = datetime.combine(since.date() + timedelta(days=1), datetime.min.time(), since.tzinfo)
        end = min(midnight, until)
        if since.weekday() < _SATURDAY:
            passed += end - since
        since = end
    return passed / _HOUR


def is_stale(files_at: datetime, now: datetime) -> bool:
    """Whether a site whose newest imported files came at `files_at` has stopped syncing."""
    return weekday_hours(files_at, now) > STALE_HOURS


def server_state(last_seen: datetime | None, now: datetime, *, has_newest: bool) -> ServerState:
    """What to think of a server, from when it asked last and whether it then had the newest version of its site."""
    if last_seen is None or now - last_seen > SILENT_AFTER:
        return "silent"
    return "applied" if has_newest else "behind"


class Look(NamedTuple):
    """What one look comes to.

    `numbers` are the metrics of a fleet_report (`roster.log_events.METRICS`); `told` are the events of each site that
    has become stale or has recovered, and `marks` since when each of these is stale ("": no longer). The sites of
    `ending` have to be read again: the time of something kept has passed, or a date in their files has come.
    Those that are `due` are fetched from an API now: it is their hour.
    """

    numbers: dict[str, float]
    told: list[dict[str, Any]]
    marks: dict[str, str]
    ending: list[str]
    due: list[str]


def look_over(sites: Sequence[ListedSite], servers: Mapping[str, int], at: datetime) -> Look:
    """Look once over all sites; `servers` counts the servers in each state, the revoked ones left out."""
    watched = [site for site in sites if not site.paused]
    stale = {site.site for site in watched if site.files_at and is_stale(read_stamp(site.files_at), at)}
    newly = [site for site in watched if site.site in stale and not site.stale_since]
    since_success = [hours(read_stamp(site.succeeded_at), at) for site in watched if site.succeeded_at]
    numbers = {
        "Sites": len(sites),
        "SitesStale": len(stale),
        "SitesNewlyStale": len(newly),
        "HeldNow": sum(1 for site in sites if site.held),
        "Servers": sum(servers.values()),
        "ServersSilent": servers.get("silent", 0),
        "ServersBehind": servers.get("behind", 0),
        "HoursSinceOldestSuccess": round(max(since_success, default=0), 1),
    }
    changed = [site for site in sites if (site.site in stale) != bool(site.stale_since)]
    return Look(
        numbers,
        # A paused site is not looked after any longer, and has not recovered.
        [_changed(site, at, is_stale=site.site in stale) for site in changed if not site.paused],
        {site.site: site.files_at if site.site in stale else "" for site in changed},
        [site.site for site in watched if site.has_to_be_read_again(at)],
        [
            site.site
            for site in watched
            if site.fetch_at is not None and local_time(site.time_zone, at).hour == site.fetch_at
        ],
    )


def _changed(site: ListedSite, at: datetime, *, is_stale: bool) -> dict[str, Any]:
    if not is_stale:
        return {"message": "site_recovered", "site": site.site, "stale_since": site.stale_since}
    silent = weekday_hours(read_stamp(site.files_at), at)
    return {
        "message": "site_stale",
        "site": site.site,
        "weekday_hours": round(silent, 1),
        "files_at": site.files_at,
    }
