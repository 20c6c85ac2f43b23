"""What a run does next about a site: one decision, and a value for each outcome.

In: the site's head, what asked for the run, and what its inbox holds. Out: one of the steps below. Nothing is refused,
and the same question has the same answer until the head, the inbox or the clock says something new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from roster.notices import SOURCES
from roster.pair import (
    Decision,
    ImportNow,
    NothingNew,
    Rejected,
    Settle,
    Upload,
    Wait,
    decide,
    import_id,
)
from roster.request import Order, Request
from roster.settings import Settings
from roster.settings_file import from_dict
from roster.site_head import Head

# Begun so often, and killed each time, an import is not tried again: the files would kill the next run too.
_MOST_KILLED = 2

# An import that comes this soon after its upload has the upload's time: however often it is tried, it is the same.
_AT_ONCE = timedelta(days=1)


@dataclass(frozen=True)
class Inbox:
    """What a site's inbox holds.

    `standing` is the newest upload of each file that counts: of the pair, or the bundle. `first_at` tells since when
    each of them has something that was not dealt with. `keeps` tells whether an upload that stands no longer is kept
    all the same; it is asked only where that matters.
    """

    standing: Mapping[str, Upload]
    first_at: Mapping[str, datetime]
    keeps: Callable[[Upload], bool]


@dataclass(frozen=True)
class CarryOut:
    """Do what a person ordered, and nothing else."""

    order: Order


@dataclass(frozen=True)
class ImportPair:
    """Import a pair, under the id `import_id` and with the settings in force.

    The plan counts with the time `at`. `killed`: so many runs were killed over it that it is refused, not planned.
    """

    decision: ImportNow
    import_id: str
    settings: Settings
    at: datetime
    killed: bool


@dataclass(frozen=True)
class LookAgain:
    """Something came a moment ago, and more may follow: look again at `until`."""

    until: datetime


@dataclass(frozen=True)
class WaitForMore:
    """A lone file waits for its partner, or an empty one for its content."""

    wait: Wait


@dataclass(frozen=True)
class StayPaused:
    """Show that something waits, and import nothing."""


@dataclass(frozen=True)
class NothingToDo:
    """Nothing new is there; who asked is told `reason`."""

    reason: str


Step = CarryOut | ImportPair | LookAgain | WaitForMore | StayPaused | NothingToDo


def next_step(head: Head, request: Request, look: Callable[[], Inbox], now: datetime) -> Step:
    """What to do next. `request` is what asked for it; its order, if it has one, is all that is done.

    `look` looks into the inbox, where that decides.
    """
    if request.order:
        return CarryOut(request.order)
    settings, inbox = from_dict(head.settings), look()
    decision = _decide(head, request, inbox, settings, now)
    if isinstance(decision, Settle):
        return LookAgain(decision.until)
    if isinstance(decision, NothingNew):
        return NothingToDo("inbox_empty")
    if isinstance(decision, Rejected):
        return NothingToDo("uploads_rejected")
    if head.is_paused:
        return StayPaused()
    if isinstance(decision, Wait):
        return WaitForMore(decision)
    return import_of(head, request, decision, settings, now)


def import_of(head: Head, request: Request, decision: ImportNow, settings: Settings, now: datetime) -> ImportPair:
    """The step that imports what was decided. An import that a dead run began keeps its id."""
    number = head.imports + 1
    return ImportPair(
        decision,
        head.running or import_id(decision.pair, number, request.asked_at),
        settings,
        _time_of(head, request, decision, now),
        killed=bool(head.running) and head.tries >= _MOST_KILLED,
    )


def ends_what_ran(head: Head, step: Step) -> bool:
    """Whether an import that a dead run began is given up: there is nothing left to go on with."""
    return bool(head.running) and isinstance(step, WaitForMore | StayPaused | NothingToDo)


def _decide(head: Head, request: Request, inbox: Inbox, settings: Settings, now: datetime) -> Decision:
    decision = decide(
        inbox.standing,
        head.past,
        now=now,
        window=timedelta(minutes=settings.pair_window_minutes),
        first_at=inbox.first_at,
        files=SOURCES[settings.import_from],
        asked=bool(request.asked),
        again=head.settings_changed or (not head.is_paused and head.has_to_be_read_again(now)),
    )
    return _with_partner(head, decision, inbox) if isinstance(decision, ImportNow) else decision


def _with_partner(head: Head, decision: ImportNow, inbox: Inbox) -> Decision:
    """The decision; where the upload that a lone file would go with is kept no longer, to wait for a new one."""
    gone = [
        file for file, upload in decision.pair.items() if inbox.standing.get(file) != upload and not inbox.keeps(upload)
    ]
    if not gone:
        return decision
    if decision.seen == head.seen or len(gone) == len(decision.pair):
        return NothingNew()
    (arrived,) = (upload for file, upload in decision.pair.items() if file not in gone)
    return Wait(arrived, gone[0], None)


def _time_of(head: Head, request: Request, decision: ImportNow, now: datetime) -> datetime:
    """The time that a plan counts with: of the newest new upload, or of a request; of what is read again, now."""
    fresh = [upload.uploaded_at for file, upload in decision.seen.items() if upload != head.seen.get(file)]
    at = request.asked_at or max(fresh, default=None)
    return at if at and now - at < _AT_ONCE else now
