"""When a site or one of its servers needs looking after. In: times and versions. Out: a state. Refused: nothing.

Times are aware datetimes; what is measured in hours comes as a float.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

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
