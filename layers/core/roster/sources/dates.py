"""When a record counts: dates as exports write them, the days before and after, and when that changes next.

In: texts. Out: a `Span` of ISO dates, both ends included, "" for an open end; whether a day is in it. Refused, with
ValueError: a text that is no date.

The standard counts an end date as the first day after; most exporters write the last day. Both ends are included here,
so that nobody loses a class on its last day.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")


class Span(NamedTuple):
    """From one ISO date to another, both included; "" leaves an end open."""

    starts: str = ""
    ends: str = ""


@lru_cache(maxsize=4096)
def read_date(text: str) -> str:
    """The ISO date of a text as exports have it: 2026-09-01, with a time behind it or not, 20260901, or 9/1/2026.

    "" for none. Of 9/1/2026 the month comes first: only products of the United States write dates so.
    """
    text = text.strip()
    if not text:
        return ""
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day = found.groups()
    elif found := _AMERICAN.fullmatch(text):
        month, day, year = found.groups()
    else:
        raise ValueError("not a date")
    return date(int(year), int(month), int(day)).isoformat()


class Calendar:
    """The day that records are looked at on, and the days that they count before they start and after they end.

    `on` None looks at all records, whatever their dates.
    """

    def __init__(self, on: date | None, before: int = 0, after: int = 0) -> None:
        self._before = timedelta(days=before)
        self._after = timedelta(days=after)
        self._on = on
        self._latest_start = (on + self._before).isoformat() if on else ""
        self._earliest_end = _earlier(on, self._after) if on else ""
        self._starts: set[str] = set()
        self._ends: set[str] = set()

    def is_over(self, span: Span) -> bool:
        """Whether a span has ended; asked where it matters when that changes."""
        if not span.ends or not self._on:
            return False
        self._ends.add(span.ends)
        return span.ends < self._earliest_end

    def is_to_come(self, span: Span) -> bool:
        """Whether a span has not begun yet."""
        if not span.starts or not self._on:
            return False
        self._starts.add(span.starts)
        return span.starts > self._latest_start

    def has(self, span: Span) -> bool:
        """Whether a span counts on the day."""
        over, to_come = self.is_over(span), self.is_to_come(span)
        return not over and not to_come

    @property
    def next_change(self) -> str:
        """The ISO date of the first day on which another answer is given to what was asked so far; "" for never."""
        if not self._on:
            return ""
        today = self._on.isoformat()
        begin = (_earlier(date.fromisoformat(start), self._before) for start in self._starts)
        end = (_later(date.fromisoformat(end), self._after + timedelta(days=1)) for end in self._ends)
        return min((day for day in (*begin, *end) if day > today), default="")


def _earlier(day: date, by: timedelta) -> str:
    return (day - by).isoformat() if day - date.min > by else date.min.isoformat()


def _later(day: date, by: timedelta) -> str:
    return (day + by).isoformat() if date.max - day > by else date.max.isoformat()


def narrowed(one: Span, other: Span) -> Span:
    """What both spans have in common, as far as they have ends."""
    starts = max(one.starts, other.starts)
    ends = min(one.ends or other.ends, other.ends or one.ends)
    return Span(starts, ends)


def around(spans: list[Span]) -> Span:
    """From the first start of some spans to the last end; holidays between two terms are in it."""
    if not spans:
        return Span()
    starts, ends = [each.starts for each in spans], [each.ends for each in spans]
    return Span(min(starts) if all(starts) else "", max(ends) if all(ends) else "")
