"""When a server is asked to come again."""

from datetime import UTC, datetime, timedelta

import pytest

from roster.polling import poll_seconds

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
MONDAY = datetime(2026, 9, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "zone", "expected"),
    [
        (3.9, "Europe/London", 1800),  # it is summer time there
        (4.0, "Europe/London", 300),
        (18.9, "Europe/London", 300),
        (19.0, "Europe/London", 1800),
        (4.0, "America/New_York", 1800),
        (12.0, "America/New_York", 300),
        (12.0 + 5 * 24, "Europe/London", 1800),  # Saturday
        (12.0 + 6 * 24, "Europe/London", 1800),
        (3.9 + 7 * 24, "Europe/London", 1800),
        (4.0 + 7 * 24, "Europe/London", 300),
        (2.0, "UTC", 300),  # which says nothing of where it is
        (12.0 + 5 * 24, "UTC", 300),
    ],
)
def test_should_have_servers_ask_seldom_while_nobody_is_in_a_class(hours: float, zone: str, expected: int) -> None:
    assert poll_seconds(LONG_AGO, MONDAY + timedelta(hours=hours), zone, 300) == expected


@pytest.mark.parametrize(("by_day", "expected"), [(300, 60), (30, 30)])
def test_should_have_them_ask_soon_after_a_publish_at_any_hour(by_day: int, expected: int) -> None:
    at = MONDAY + timedelta(minutes=14)
    assert poll_seconds(MONDAY, at, "Europe/London", by_day) == expected
    assert poll_seconds(MONDAY, at + timedelta(minutes=1), "Europe/London", by_day) == 1800


def test_should_never_have_them_ask_more_often_at_night_than_by_day() -> None:
    assert poll_seconds(LONG_AGO, MONDAY, "Europe/London", 3600) == 3600
