"""The agent that runs by itself: pull, wait, pull again, until it is asked to stop.

Comes in: a state folder and an event that asks it to stop. Goes out: log lines; the pulls do the rest. Refused
(``AlreadyRunning``): a second agent with the same state folder. What fails is tried again, each time later. A bug of
ours is logged by its place and tried again as well. `schedule` says when, in monotonic time: the server's clock decides
nothing. A pull by hand may come between; it takes the same lock.
"""

import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from roster_agent.daemon import logs, schedule, watchdog
from roster_agent.daemon.schedule import Schedule
from roster_agent.daemon.watchdog import Watchdog
from roster_agent.disk.state import State
from roster_agent.failures import AgentError, AlreadyRunning, BadSettings, Stopped
from roster_agent.net.feed_failures import FeedFailed
from roster_agent.trust.refusals import VersionHeld
from roster_agent.update.pull import pull
from roster_agent.update.reporting import agent_version

#: No step of a pull takes longer without receiving a byte, not even with a large school's database.
LONGEST_SILENCE = 900.0
# Windows tells a program of Ctrl-C only while it does something.
_NAP = 1.0


def run(state: State, stop: threading.Event, chance: Callable[[], float] = random.random) -> None:
    """Run until `stop` is set. Raises NotEnrolled, AlreadyRunning, StateUnusable."""
    state.enrolment()
    with state.running():
        state.prepare_logs()
        log = logs.begin(state.logs)
        log.info("roster-agent %s begins", agent_version())
        try:
            with Watchdog(lambda: end_hanging(state, log)) as watch:
                _loop(state, stop, chance, watch, log)
        finally:
            log.info("roster-agent ends")
            logs.end(log)


def _loop(
    state: State, stop: threading.Event, chance: Callable[[], float], watch: Watchdog, log: logging.Logger
) -> None:
    plan, wait = Schedule(), schedule.first_wait(chance())
    while True:
        watch.within(wait + LONGEST_SILENCE)
        log.debug("waiting %.0f seconds", wait)
        if stops_within(stop, wait):
            return
        plan = _cycle(state, plan, stop, watch, log)
        wait = plan.wait(chance())


def _cycle(state: State, plan: Schedule, stop: threading.Event, watch: Watchdog, log: logging.Logger) -> Schedule:
    """One pull, and when the next is due."""

    def alive(done: int, total: int) -> None:
        watch.within(LONGEST_SILENCE)
        if stop.is_set():
            raise Stopped

    watch.within(LONGEST_SILENCE)
    try:
        log.setLevel(state.settings().log_level.upper())
    except BadSettings:
        pass  # the pull says so
    except AgentError as failure:
        log.error("%s: %s", failure.code, failure)
        return plan.failed()
    try:
        done = pull(state, alive)
    except Stopped:
        return plan
    except VersionHeld as held:
        log.warning("%s: %s", held.code, held)
        return plan.succeeded()
    except AlreadyRunning as busy:
        # Somebody pulls by hand, which serves as well. It is logged, since a pull that never ends shows nowhere else.
        log.info("%s: %s", busy.code, busy)
        return plan.succeeded()
    except AgentError as failure:
        log.error("%s: %s", failure.code, failure)
        return plan.failed(failure.retry_after if isinstance(failure, FeedFailed) else None)
    except Exception as bug:  # noqa: BLE001 - its text may quote a name, and the next pull may go well
        log.critical("internal error, please report it: %s", logs.place(bug))
        return plan.failed()
    level = logging.DEBUG if done.attempt.outcome == "nothing_new" and not plan.failures else logging.INFO
    log.log(level, "%s: %s", done.attempt.outcome, done.attempt.message)
    return plan.succeeded(done.poll_after)


def stops_within(stop: threading.Event, seconds: float) -> bool:
    """Wait; whether a wish to stop ended the wait."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if stop.wait(min(left, _NAP)):
            return True
    return stop.is_set()


def end_hanging(state: State, log: logging.Logger) -> None:
    """End a process in which nothing happens any more, so that the service manager starts it again."""
    log.critical("nothing happened for too long; ending with exit status %d", watchdog.EXIT_STATUS)
    try:
        with (state.logs / "hang.txt").open("w", encoding="utf-8") as told:
            watchdog.end_process(told)
    finally:
        os._exit(watchdog.EXIT_STATUS)  # also where that file cannot be made


def stop_on_signals() -> threading.Event:
    """An event that is set when the system or a person asks the process to end."""
    stop = threading.Event()

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK" if sys.platform == "win32" else "SIGHUP"):
        signal.signal(getattr(signal, name), asked)
    return stop
