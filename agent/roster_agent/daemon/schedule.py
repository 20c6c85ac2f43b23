"""When to ask the feed next. No IO and no clock: durations in seconds go in and out, and chance is handed in.

Comes in: how the last pull ended, what the feed wished for, a random number from 0 to 1. Goes out: how long to wait.
Every wait is spread, so that servers which started together, or waited for the same outage, do not ask together.

- After a good pull: as long as the feed says, ten percent more or less.
- After a failure: twice as long as after the one before, from `FIRST_BACKOFF` up to `LONGEST_BACKOFF`, its second half
  left to chance. Where the feed says how long to leave it alone, that long, and then the part left to chance.
- At the start: up to `LONGEST_START`.

The feed's wishes are kept within `SHORTEST_INTERVAL` and `LONGEST_INTERVAL`: no answer may silence a server for good.
"""

from dataclasses import dataclass, replace

FIRST_INTERVAL = 300.0
SHORTEST_INTERVAL = 30.0
LONGEST_INTERVAL = 6 * 3600.0
FIRST_BACKOFF = 15.0
LONGEST_BACKOFF = 900.0
LONGEST_START = 60.0
_SPREAD = 0.1


@dataclass(frozen=True)
class Schedule:
    """How often the feed wants to be asked, how many pulls in a row have failed, and what the last one was told."""

    interval: float = FIRST_INTERVAL
    failures: int = 0
    retry_after: float = 0.0

    def succeeded(self, poll_after: float | None = None) -> "Schedule":
        """After a pull that had an answer; the interval stays as it was where the feed did not say."""
        wished = self.interval if poll_after is None else poll_after
        return Schedule(min(max(wished, SHORTEST_INTERVAL), LONGEST_INTERVAL))

    def failed(self, retry_after: float | None = None) -> "Schedule":
        """After a pull that failed."""
        return replace(self, failures=self.failures + 1, retry_after=min(retry_after or 0.0, LONGEST_INTERVAL))

    def wait(self, chance: float) -> float:
        """How long to wait now."""
        if not self.failures:
            return self.interval * (1 - _SPREAD + 2 * _SPREAD * chance)
        # The exponent is bounded, or a summer without a network would overflow it.
        backoff = min(FIRST_BACKOFF * 2.0 ** min(self.failures - 1, 16), LONGEST_BACKOFF)
        return max(self.retry_after, backoff / 2) + backoff / 2 * chance


def first_wait(chance: float) -> float:
    """How long to wait before the first pull: a district's servers start in the same minute."""
    return LONGEST_START * chance
