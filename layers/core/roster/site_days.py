"""The days of a site: which one it is there, and when one begins.

In: a time zone by its name in the tz database, and a time. Out: a date, or the time stamp of a midnight. Nothing is
refused: `roster.settings_file` lets no other zone through.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo

from roster.times import stamp


def day_in(zone: str, now: datetime) -> date:
    """The date in a time zone at a time."""
    return now.astimezone(_zone(zone)).date()


def local_time(zone: str, now: datetime) -> datetime:
    """A time as the clocks in a time zone show it."""
    return now.astimezone(_zone(zone))


def beginning(zone: str, day: str) -> str:
    """The time stamp at which a day, an ISO date, begins in a time zone."""
    return stamp(datetime.combine(date.fromisoformat(day), time(), _zone(zone)).astimezone(UTC))


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # here, since many sites need none

    return ZoneInfo(name)
