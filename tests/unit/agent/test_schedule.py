"""When the agent asks next: as the feed wishes, never together, ever more rarely while it fails."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster_agent.daemon import schedule
from roster_agent.daemon.schedule import Schedule

chances = st.floats(0, 1)
wishes = st.none() | st.floats(0, 1e9)


@pytest.mark.parametrize(("wish", "interval"), [(60, 60), (300, 300), (None, 300), (0, 30), (1e9, 6 * 3600)])
def test_should_ask_as_often_as_the_feed_says_within_reason(wish: float | None, interval: float) -> None:
    plan = Schedule().succeeded(wish)
    assert plan.wait(0.5) == pytest.approx(interval)
    assert plan.wait(0) == pytest.approx(0.9 * interval)
    assert plan.wait(1) == pytest.approx(1.1 * interval)


def test_should_keep_the_interval_that_it_was_told_last() -> None:
    assert Schedule().succeeded(60).succeeded().wait(0.5) == pytest.approx(60)
    assert Schedule().succeeded(60).failed().failed().succeeded().wait(0.5) == pytest.approx(60)


def test_should_wait_twice_as_long_after_every_failure_up_to_a_quarter_of_an_hour() -> None:
    plans = list(itertools.accumulate(range(9), lambda plan, _: plan.failed(), initial=Schedule().failed()))
    assert [plan.wait(1) for plan in plans] == [15, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    assert [plan.wait(0) for plan in plans[:3]] == [7.5, 15, 30]


def test_should_leave_the_feed_alone_as_long_as_it_asks() -> None:
    plan = Schedule().failed(120)
    assert (plan.wait(0), plan.wait(1)) == (120, 127.5)
    assert plan.failed().wait(0) == 15


def test_should_bear_a_summer_of_failures() -> None:
    plan = Schedule(failures=100_000).failed()
    assert plan.wait(1) == 900


@given(st.lists(st.tuples(st.booleans(), wishes)), chances)
def test_should_always_ask_again_within_hours_and_never_at_once(
    history: list[tuple[bool, float | None]], chance: float
) -> None:
    plan = Schedule()
    for fine, wish in history:
        plan = plan.succeeded(wish) if fine else plan.failed(wish)
    assert 7.5 <= plan.wait(chance) <= 1.1 * schedule.LONGEST_INTERVAL


def test_should_spread_the_first_questions_of_a_district() -> None:
    waits = [schedule.first_wait(chance / 100) for chance in range(101)]
    assert (min(waits), max(waits)) == (0, 60)
