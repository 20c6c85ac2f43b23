"""The herd: its figures are those of the page about it, and a herd that is not held back is served at its own pace."""

import re
from pathlib import Path

import pytest

from benchmarks.herd import (
    INTERVALS,
    Throttle,
    days,
    dollars_of_a_site,
    monthly_dollars,
    throttle_for,
    unlogged_dollars,
)

PAGE = (Path(__file__).parents[2] / "docs" / "herd.md").read_text(encoding="utf-8")


def test_the_page_should_have_the_figures_of_ten_thousand_servers() -> None:
    for day in days(10_000):
        minutes, seconds = divmod(day.recovery, 60)
        cells = (day.name, f"{day.servers:,}", f"{day.peak:,}", f"{day.refused:,}", f"{minutes} min {seconds} s")
        assert f"| {' | '.join(cells)} |" in PAGE


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_page_should_have_what_polling_costs(interval: int) -> None:
    assert f"| {interval} s | {monthly_dollars(interval):.2f} |" in PAGE
    seldom = f"| {interval} s by day, 1800 s at night and on weekends | {dollars_of_a_site(interval):.2f} |"
    assert seldom in PAGE


def test_the_page_should_have_what_is_saved_by_what_lambda_does_not_log() -> None:
    assert f"another {unlogged_dollars(INTERVALS[0]):.2f} at {INTERVALS[0]} s" in PAGE.replace("\n", " ")


def test_asking_less_often_should_cost_less_but_not_proportionally() -> None:
    often, seldom = (monthly_dollars(interval) for interval in INTERVALS)
    assert seldom < often < seldom * INTERVALS[1] / INTERVALS[0]


def test_no_day_should_ask_more_of_a_herd_than_its_size() -> None:
    for day in days(500):
        assert 0 < day.peak <= 4 * 500
        assert day.recovery < 30 * 60


def test_a_throttle_should_let_its_burst_through_and_then_its_rate() -> None:
    throttle = Throttle(rate=10, burst=30)
    assert sum(throttle.takes(1) for _ in range(100)) == 30
    throttle.second()
    assert sum(throttle.takes(1) for _ in range(100)) == 10


def test_the_throttle_of_a_small_herd_should_be_the_templates_default() -> None:
    template = (Path(__file__).parents[2] / "template.yaml").read_text(encoding="utf-8")
    rate = re.search(r"FeedRequestsPerSecond:\n    Type: Number\n    Default: (\d+)", template)
    assert rate
    throttle = throttle_for(100)
    assert sum(throttle.takes(1) for _ in range(10_000)) == 2 * int(rate[1])
