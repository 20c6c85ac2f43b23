"""`make herd`: what a herd of servers does to the feed, by the agent's own scheduling code.

In: how many servers. Out: for each of three bad days, the most requests a second, how many were turned away, and how
long it took until (nearly) every server was served again; and what polling costs a month. A simulation in steps of a
second, bounded in time and memory; its clock is its own, so it runs as fast as it can and always to the same end.

- **boot storm**: the power comes back, and every server starts within the same minute.
- **outage**: for half an hour the feed answers nobody.
- **publish to all**: every site gets a new version at one moment, and each server fetches it: head, manifest, snapshot
  or delta, report. Whoever has it asks more often for a while, because the feed wishes so after a publish.

The feed lets through what template.yaml's throttling does: so many requests a second, and a burst on top.
"""

from __future__ import annotations

import argparse
import json
import sys
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.reports_cost import DOLLARS, EVENT_BYTES, PRICES_OF
from roster.polling import SELDOM_SECONDS, SOON, SOON_SECONDS, poll_seconds
from roster_agent.daemon import schedule
from roster_agent.daemon.schedule import Schedule

HERDS = (10_000, 100_000)
INTERVALS = (300, 900)

# Requests of a poll that finds nothing new, and of one that applies a version.
_POLL, _APPLY = 1, 4

# A week to count the polls of.
_A_MONDAY, _LONG_AGO = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)

_OUTAGE = 1800
_LONGEST = 4 * 3600  # a simulated day is cut off here; nothing comes near
_SERVED = 0.999  # of the servers: the slowest few wait out one more backoff

# A cold start of an agent's connection, an authorizer and an answer: what template.yaml gives each function.
_AUTHORIZER_GB_SECONDS = 0.5 * 0.008
_FEED_GB_SECONDS = 1.0 * 0.015
_ACCESS_LOG_BYTES = 450
# What Lambda itself would log of each invocation that went well: these two lines, had it not been told not to. As it
# writes them, with names as long as a usual stack's.
_PLATFORM_LINES = (
    (
        '{"time":"2026-11-20T03:00:00.000Z","type":"platform.start","record":{"requestId":"00000000-0000-0000-0000-'
        '000000000000","functionArn":"arn:aws:lambda:eu-west-2:123456789012:function:impero-sis-ServeFeedFunction-'
        'AbCdEfGhIjKl","version":"$LATEST"}}'
    ),
    (
        '{"time":"2026-11-20T03:00:00.015Z","type":"platform.report","record":{"requestId":"00000000-0000-0000-0000-'
        '000000000000","metrics":{"durationMs":14.921,"billedDurationMs":15,"memorySizeMB":1024,"maxMemoryUsedMB":112},'
        '"status":"success"}}'
    ),
)
_DOLLARS_PER_MILLION_CALLS = 1.00  # of an HTTP API
# The authorizer reads the server and the feed the head, consistently: a token that is withdrawn is withdrawn at once.
_READ_UNITS = 1 + 1
_SECONDS_A_MONTH = 30 * 24 * 3600


class Day(NamedTuple):
    """How a bad day went: requests a second at its worst, requests turned away, and seconds until all were served."""

    name: str
    servers: int
    peak: int
    refused: int
    recovery: int


class Throttle:
    """API Gateway's: a bucket of `burst` tokens that `rate` tokens a second fill up again."""

    def __init__(self, rate: int, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._tokens = float(burst)

    def second(self) -> None:
        """A second passes."""
        self._tokens = min(self._burst, self._tokens + self._rate)

    def takes(self, requests: int) -> bool:
        """Whether so many requests are let through now."""
        if self._tokens < requests:
            return False
        self._tokens -= requests
        return True


def throttle_for(servers: int) -> Throttle:
    """The feed of a stack whose parameters were chosen for so many servers: twice what polling takes on a usual day."""
    rate = max(200, round(2 * servers / INTERVALS[0]))
    return Throttle(rate, 2 * rate)


def days(servers: int, seed: int = 1) -> Iterator[Day]:
    """The three bad days of a herd."""
    random = Random(seed)
    yield _Herd("boot storm", servers, random, lambda: schedule.first_wait(random.random())).run(requests=_POLL)
    usual = lambda: random.uniform(0, INTERVALS[0])  # noqa: E731 - polls are spread evenly by then
    yield _Herd("outage of 30 minutes", servers, random, usual).run(requests=_POLL, dark=_OUTAGE)
    soon = round(SOON.total_seconds())
    yield _Herd("publish to all", servers, random, usual).run(requests=_APPLY, soon=soon)


class _Herd:
    def __init__(self, name: str, servers: int, random: Random, first: Callable[[], float]) -> None:
        self._name = name
        self._random = random
        self._plans = [Schedule(interval=INTERVALS[0])] * servers
        self._served = bytearray(servers)
        self._due: dict[int, array[int]] = {}
        for server in range(servers):
            self._ask_at(server, first())

    def _ask_at(self, server: int, when: float) -> None:
        self._due.setdefault(int(when), array("I")).append(server)

    def run(self, requests: int, dark: int = 0, soon: int = 0) -> Day:
        """Let time pass until the herd is served.

        The feed answers nobody for the first `dark` seconds, and wants to be asked again soon for the first `soon`.
        """
        throttle = throttle_for(len(self._plans))
        peak = refused = left = 0
        goal = round(len(self._plans) * (1 - _SERVED))
        left = len(self._plans)
        for second in range(_LONGEST):
            throttle.second()
            wish = SOON_SECONDS if second < soon else INTERVALS[0]
            asked = 0
            for server in self._due.pop(second, ()):
                needs = _POLL if self._served[server] else requests
                asked += needs
                fine = second >= dark and throttle.takes(needs)
                refused += second >= dark and not fine
                left -= fine and not self._served[server]
                self._served[server] |= fine
                plan = self._plans[server]
                plan = self._plans[server] = plan.succeeded(wish) if fine else plan.failed()
                self._ask_at(server, second + max(1.0, plan.wait(self._random.random())))
            if second >= dark:
                peak = max(peak, asked)
            if left <= goal:
                return Day(self._name, len(self._plans), peak, refused, second - dark)
        raise RuntimeError(f"{self._name}: {left} of {len(self._plans)} servers were not served in {_LONGEST} s")


def monthly_dollars(interval: int, servers: int = 1000) -> float:
    """What so many servers cost a month that ask every `interval` seconds and mostly find nothing new."""
    return _dollars(servers / interval, servers / 900)


def dollars_of_a_site(interval: int, servers: int = 1000) -> float:
    """The same of servers whose sites have said where they are, so that they ask seldom at night and on weekends."""
    week = [_A_MONDAY + timedelta(hours=hour) for hour in range(7 * 24)]
    waits = [poll_seconds(_LONG_AGO, at, "Europe/London", interval) for at in week]
    polls, notes = (sum(1 / max(wait, least) for wait in waits) / len(waits) for least in (0, 900))
    return _dollars(servers * polls, servers * notes)


def _dollars(polls_a_second: float, notes_a_second: float) -> float:
    """A month of polls; that a server asked is noted every quarter of an hour at the most."""
    polls = polls_a_second * _SECONDS_A_MONTH
    million, notes = polls / 1_000_000, notes_a_second * _SECONDS_A_MONTH / 1_000_000
    return (
        million * _DOLLARS_PER_MILLION_CALLS
        + 2 * million * DOLLARS["million calls of Lambda"]
        + polls * (_AUTHORIZER_GB_SECONDS + _FEED_GB_SECONDS) * DOLLARS["GB-second of Lambda on arm64"]
        + million * _READ_UNITS * DOLLARS["million read units"]
        + notes * DOLLARS["million write units"]
        + polls * _ACCESS_LOG_BYTES / 10**9 * DOLLARS["GB of logs taken in"]
    )


def unlogged_dollars(interval: int, servers: int = 1000) -> float:
    """What it would cost a month more if Lambda logged each of these requests, in two functions."""
    logged = sum(len(line) + EVENT_BYTES for line in _PLATFORM_LINES)
    return 2 * servers * _SECONDS_A_MONTH / interval * logged / 10**9 * DOLLARS["GB of logs taken in"]


def main() -> int:
    """Simulate and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.herd", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--servers", type=int, nargs="+", default=HERDS, help="herds (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found: list[Day] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        steps = progress.add_task("Simulating", total=3 * len(options.servers))
        for servers in options.servers:
            for day in days(servers):
                found.append(day)
                progress.advance(steps)
    costs = {interval: round(monthly_dollars(interval), 2) for interval in INTERVALS}
    if options.json:
        print(json.dumps({"days": [day._asdict() for day in found], "dollars_per_1000_servers": costs}, indent=2))
        return 0
    table = Table("day", "servers", "most requests a second", "turned away", "all served after")
    for day in found:
        minutes, seconds = divmod(day.recovery, 60)
        served = f"{minutes} min {seconds} s"
        table.add_row(day.name, f"{day.servers:,}", f"{day.peak:,}", f"{day.refused:,}", served)
    Console().print(table)
    table = Table("servers ask every", "dollars a month for 1,000 servers")
    for interval, dollars in costs.items():
        table.add_row(f"{interval} s", f"{dollars:.2f}")
        seldom = f"{interval} s by day, {SELDOM_SECONDS} s at night and on weekends"
        table.add_row(seldom, f"{dollars_of_a_site(interval):.2f}")
    Console().print(table)
    print(f"Prices: {PRICES_OF}. All served: 99.9 % of the servers, counted from when the feed answers.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
