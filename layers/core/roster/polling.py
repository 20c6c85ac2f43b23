"""When a server should ask the feed again: soon after a publish, by day every few minutes, at night seldom.

In: when the newest version came, the time it is, the site's time zone. Out: seconds. Nothing is refused.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from roster.site_days import local_time

# A morning's import is in the classrooms before the first lesson, and its correction soon after it.
SOON, SOON_SECONDS = timedelta(minutes=15), 60

# Nobody is in a class: what comes meanwhile is there half an hour later, long before anybody is.
SELDOM_SECONDS = 1800
_BEGINS, _ENDS = 5, 20
_SATURDAY = 5


def poll_seconds(published_at: datetime, now: datetime, zone: str, by_day: int) -> int:
    """After how many seconds to ask again; `by_day` is the stack's own choice.

    A site that has not said where it is, is asked for by day at any time.
    """
    if now - published_at < SOON:
        return min(SOON_SECONDS, by_day)
    if zone == "UTC":
        return by_day
    there = local_time(zone, now)
    is_day = there.weekday() < _SATURDAY and _BEGINS <= there.hour < _ENDS
    return by_day if is_day else max(by_day, SELDOM_SECONDS)
