"""`push --watch`: a folder's pair is uploaded whenever it is written anew, until the process is asked to stop.

Comes in: a state folder, the folder of an export, an event that asks it to stop. Goes out: a line in logs/push.log for
each upload and what came of it. Refused: no uploader's enrolment, a second watch of the same state folder
(``AlreadyRunning``). A pair is due once it looks otherwise than the one uploaded last, and has stood still for
`QUIET_SECONDS`: exports write one file after the other. What could not be uploaded is tried again, each time later. A
pair with errors, or one that the cloud refuses, is told once; it is written anew when somebody corrects it.
"""

import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from roster_agent.daemon import logs
from roster_agent.daemon.run import LONGEST_SILENCE, end_hanging, stops_within
from roster_agent.daemon.schedule import Schedule
from roster_agent.daemon.watchdog import Watchdog
from roster_agent.failures import AgentError, BadSettings, Stopped
from roster_agent.update.reporting import agent_version
from roster_agent.upload.pair_files import Look, look
from roster_agent.upload.push_words import exit_status, outcome_line
from roster_agent.upload.pushing import Wishes, push
from roster_agent.upload.upload_failures import FilesFaulty, UploadBroken, UploadUnheard
from roster_agent.upload.upload_state import UploadState

#: How long a pair has to stand still before it is uploaded.
QUIET_SECONDS = 60.0
#: How often the folder is looked at.
LOOK_SECONDS = 10.0
#: The log beside that of a server's agent, since each has one writer.
LOG = "push.log"


@dataclass(frozen=True)
class Due:
    """What a watch has in mind: the look that was dealt with, the newest look and for how long it stood, what failed.

    `plan` says when what failed is tried again. No IO and no clock.
    """

    done: Look
    seen: Look = field(default_factory=lambda: Look({}))
    quiet: float = 0.0
    plan: Schedule = field(default_factory=Schedule)
    wait: float = 0.0

    def after(self, now: Look, seconds: float) -> "Due":
        """After another look, so many seconds after the one before."""
        quiet = self.quiet + seconds if now == self.seen else 0.0
        return Due(self.done, now, quiet, self.plan, max(0.0, self.wait - seconds))

    @property
    def is_due(self) -> bool:
        """Whether the pair is to be uploaded now."""
        complete = not self.seen.missing and self.seen != self.done
        return complete and self.quiet >= QUIET_SECONDS and self.wait <= 0

    def dealt_with(self, what: Look) -> "Due":
        """Once a pair that looked so has come to an end, good or bad."""
        return Due(what, self.seen, self.quiet)

    def failed(self, chance: float, retry_after: float | None = None) -> "Due":
        """Once it could not be uploaded: again, later each time."""
        plan = self.plan.failed(retry_after)
        return Due(self.done, self.seen, self.quiet, plan, plan.wait(chance))


def watch(
    state: UploadState,
    folder: Path,
    stop: threading.Event,
    *,
    anyway: bool = False,
    chance: Callable[[], float] = random.random,
) -> None:
    """Watch until `stop` is set. Raises NoUploader, AlreadyRunning, StateUnusable."""
    state.uploader()
    with state.watching():
        state.prepare_logs()
        log = logs.begin(state.logs, LOG)
        log.info("roster-agent push %s begins", agent_version())
        try:
            with Watchdog(lambda: end_hanging(state, log)) as watching:
                _loop(_Watch(state, folder, stop, anyway, chance, watching, log))
        finally:
            log.info("roster-agent push ends")
            logs.end(log)


@dataclass(frozen=True)
class _Watch:
    """What the loop works with."""

    state: UploadState
    folder: Path
    stop: threading.Event
    anyway: bool
    chance: Callable[[], float]
    watchdog: Watchdog
    log: logging.Logger

    def pause(self, seconds: float) -> None:
        """Wait; Stopped where somebody wants the process to end."""
        self.watchdog.within(seconds + LONGEST_SILENCE)
        if stops_within(self.stop, seconds):
            raise Stopped

    def alive(self, done: int, total: int) -> None:
        """Told of each piece that was sent."""
        self.pause(0)


def _loop(watch: _Watch) -> None:
    due, told = Due(Look.from_record(watch.state.uploaded())), ""
    while True:
        watch.watchdog.within(LOOK_SECONDS + LONGEST_SILENCE)
        if stops_within(watch.stop, LOOK_SECONDS):
            return
        try:
            due = due.after(look(watch.folder), LOOK_SECONDS)
        except AgentError as failure:
            # A share that is away: told once, not every ten seconds.
            if told != failure.code:
                watch.log.error("%s: %s", failure.code, failure)
            told = failure.code
            continue
        told = ""
        if due.is_due:
            try:
                due = _cycle(watch, due)
            except Stopped:
                return


def _cycle(watch: _Watch, due: Due) -> Due:
    """One upload, and what to do next."""
    log, state = watch.log, watch.state
    with suppress(BadSettings):  # the upload says so
        log.setLevel(state.settings().log_level.upper())
    wishes = Wishes(watch.anyway, watch.alive, log.debug, watch.pause)
    try:
        pushed = push(state, watch.folder, wishes)
    except Stopped:
        raise
    except (FilesFaulty, UploadUnheard) as told:
        log.error("%s: %s", told.code, told)
        return due.dealt_with(due.seen)
    except AgentError as failure:
        log.error("%s: %s", failure.code, failure)
        return due.failed(watch.chance(), failure.retry_after if isinstance(failure, UploadBroken) else None)
    except Exception as bug:  # noqa: BLE001 - its text may quote a name, and the next upload may go well
        log.critical("internal error, please report it: %s", logs.place(bug))
        return due.failed(watch.chance())
    level = logging.WARNING if exit_status(pushed.outcome) else logging.INFO
    log.log(level, "%s: %s", pushed.outcome.status, outcome_line(pushed.outcome))
    return due.dealt_with(pushed.pair.look)
