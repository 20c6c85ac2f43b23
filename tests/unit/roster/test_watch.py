"""When a site has stopped syncing, and what to think of a server."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.watch import SILENT_AFTER, STALE_HOURS, hours, is_stale, server_state, weekday_hours

MONDAY = datetime(2026, 11, 23, 3, tzinfo=UTC)
TIMES = st.integers(0, 365 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("Mon 03:00", timedelta(hours=5), 5),
        ("Fri 20:00", timedelta(days=2), 4),
        ("Sat 09:00", timedelta(hours=20), 0),
        ("Sun 12:00", timedelta(days=1), 12),
        ("Mon 00:00", timedelta(days=7), 120),
        ("Mon 00:00", timedelta(days=-1), 0),
    ],
)
def test_weekends_do_not_count(since: str, until: timedelta, expected: float) -> None:
    day, time = since.split()
    start = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(
        days=["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day)
    )
    start = start.replace(hour=int(time[:2]))
    assert weekday_hours(start, start + until) == expected


@given(TIMES, TIMES, TIMES)
def test_weekday_hours_add_up_and_are_no_more_than_hours(first: datetime, second: datetime, third: datetime) -> None:
    early, middle, late = sorted((first, second, third))
    total = weekday_hours(early, late)
    assert total == pytest.approx(weekday_hours(early, middle) + weekday_hours(middle, late))
    assert 0 <= total <= hours(early, late) + 1e-9


@pytest.mark.parametrize(
    ("files_at", "now", "expected"),
    [
        (MONDAY, MONDAY + timedelta(hours=STALE_HOURS), False),
        (MONDAY, MONDAY + timedelta(hours=STALE_HOURS, minutes=1), True),
        (MONDAY - timedelta(days=3), MONDAY, False),  # Friday's files, looked at on Monday
        (MONDAY - timedelta(days=3), MONDAY + timedelta(days=1, hours=1), True),
    ],
)
def test_a_site_is_stale_after_two_weekdays_without_files(files_at: datetime, now: datetime, expected: bool) -> None:
    assert is_stale(files_at, now) is expected


@pytest.mark.parametrize(
    ("has_newest", "seen", "expected"),
    [
        (True, timedelta(minutes=5), "applied"),
        (False, timedelta(minutes=5), "behind"),
        (True, SILENT_AFTER, "applied"),
        (True, SILENT_AFTER + timedelta(seconds=1), "silent"),
        (False, None, "silent"),
    ],
)
def test_a_server_is_judged_by_what_it_said_last_and_when(
    has_newest: bool, seen: timedelta | None, expected: str
) -> None:
    assert server_state(MONDAY - seen if seen else None, MONDAY, has_newest=has_newest) == expected
