"""From which version a site's steps are added up: the one of seven days ago, or the last one that a person approved.

In: the versions that a site's head remembers, and the time. Out: the versions to remember, and the one to count from.
Many small uploads are no way round a guard, so each is compared with that version too. Nothing is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

ADDED_UP = timedelta(days=7)

# Versions that come faster are remembered by the first of them: at most 29 steps, and guards count from no later one.
_APART = timedelta(hours=6)


class Step(NamedTuple):
    """A version, by its manifest's digest; when it was published, and whether it is one that a person has seen.

    That is, approved or gone back to: what was before it is not counted any more.
    """

    version: int
    manifest_sha256: str
    published_at: datetime
    approved: bool


def with_step(steps: Sequence[Step], new: Step) -> list[Step]:
    """The steps to remember once a version is published, oldest first."""
    if new.approved or not steps:
        return [new]
    kept = list(steps)
    if new.published_at - kept[-1].published_at >= _APART:
        kept.append(new)
    stood = new.published_at - ADDED_UP
    while len(kept) > 1 and kept[1].published_at <= stood:
        kept.pop(0)
    return kept


def counted_from(steps: Sequence[Step], now: datetime) -> Step | None:
    """The version that stood seven days ago, or the oldest that is remembered; None where nothing is."""
    old = [step for step in steps if step.published_at <= now - ADDED_UP]
    return old[-1] if old else steps[0] if steps else None
