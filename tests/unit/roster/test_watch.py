"""When a site has stopped syncing, and what to think of a server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.listed_site import ListedSite
from roster.log_events import METRICS
from roster.watch import SILENT_AFTER, STALE_HOURS, hours, is_stale, look_over, server_state, weekday_hours

MONDAY = datetime(2026, 11, 23, 3, tzinfo=UTC)
LATER = "2026-11-23T03:00:01+00:00"
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
def test_should_not_count_weekends(since: str, until: timedelta, expected: float) -> None:
    day, time = since.split()
    start = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(
        days=["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day)
    )
    start = start.replace(hour=int(time[:2]))
    assert weekday_hours(start, start + until) == expected


@given(TIMES, TIMES, TIMES)
def test_weekday_hours_should_add_up_and_be_no_more_than_hours(
    first: datetime, second: datetime, third: datetime
) -> None:
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
def test_should_call_a_site_stale_after_two_weekdays_without_files(
    files_at: datetime, now: datetime, expected: bool
) -> None:
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
def test_should_judge_a_server_by_what_it_said_last_and_when(
    has_newest: bool, seen: timedelta | None, expected: str
) -> None:
    assert server_state(MONDAY - seen if seen else None, MONDAY, has_newest=has_newest) == expected


def listed(site: str, **known: Any) -> ListedSite:
    return ListedSite(site, **known)


FRESH = {"files_at": MONDAY.isoformat(), "succeeded_at": MONDAY.isoformat()}
OLD_FILES = {"files_at": "2026-11-16T03:00:00+00:00", "succeeded_at": "2026-11-16T03:00:00+00:00"}


def test_should_tell_of_an_empty_fleet_too() -> None:
    """Without a number the alarm would think that nobody watches."""
    look = look_over([], {}, MONDAY)
    assert set(look.numbers) == set(METRICS["fleet_report"])
    assert set(look.numbers.values()) == {0}
    assert (look.told, look.marks, look.ending) == ([], {}, [])


def test_should_count_sites_and_servers() -> None:
    sites = [listed("a", **FRESH, held="an import"), listed("b", **OLD_FILES), listed("c", **OLD_FILES, paused=True)]
    look = look_over(sites, {"applied": 4, "behind": 2, "silent": 1}, MONDAY)
    assert look.numbers == {
        "Sites": 3,
        "SitesStale": 1,
        "SitesNewlyStale": 1,
        "HeldNow": 1,
        "Servers": 7,
        "ServersSilent": 1,
        "ServersBehind": 2,
        "HoursSinceOldestSuccess": 7 * 24,
    }


def test_should_tell_once_that_a_site_is_stale_and_once_that_it_has_recovered() -> None:
    look = look_over([listed("a", **OLD_FILES)], {}, MONDAY)
    stale = {"message": "site_stale", "site": "a", "weekday_hours": 120.0, "files_at": OLD_FILES["files_at"]}
    assert look.told == [stale]
    assert look.marks == {"a": OLD_FILES["files_at"]}
    again = look_over([listed("a", **OLD_FILES, stale_since=OLD_FILES["files_at"])], {}, MONDAY)
    assert (again.numbers["SitesStale"], again.numbers["SitesNewlyStale"], again.told, again.marks) == (1, 0, [], {})
    recovered = look_over([listed("a", **FRESH, stale_since=OLD_FILES["files_at"])], {}, MONDAY)
    assert recovered.told == [{"message": "site_recovered", "site": "a", "stale_since": OLD_FILES["files_at"]}]
    assert recovered.marks == {"a": ""}


def test_should_neither_watch_a_paused_site_nor_call_it_recovered() -> None:
    look = look_over([listed("a", **OLD_FILES, paused=True, stale_since=OLD_FILES["files_at"])], {}, MONDAY)
    assert (look.numbers["SitesStale"], look.numbers["HoursSinceOldestSuccess"], look.told) == (0, 0, [])
    assert look.marks == {"a": ""}


def test_should_take_a_site_that_never_had_files_for_new_and_not_for_stale() -> None:
    assert look_over([listed("a")], {}, MONDAY).numbers["SitesStale"] == 0


@pytest.mark.parametrize(
    ("known", "ends"),
    [({}, True), ({"held": "an import"}, False), ({"paused": True}, False), ({"kept_until": LATER}, False)],
)
def test_should_have_a_site_looked_at_once_what_bad_rows_keep_has_ended(known: dict[str, Any], ends: bool) -> None:
    site = listed("a", **FRESH | {"kept_until": MONDAY.isoformat()} | known)
    assert look_over([site], {}, MONDAY).ending == (["a"] if ends else [])
