"""Ends the process when it hangs, so that the service manager starts it again.

Comes in: for how long nothing may happen. Goes out: nothing while something happens in time; else every thread's place
in the code (files and lines, no values) on stderr or in the log's file, and the exit status `EXIT_STATUS`. Monotonic
time: a clock that jumps neither wakes nor silences it. Ending like this is safe anywhere, as being killed is.
"""

import faulthandler
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

EXIT_STATUS = 70
_LOOK_SECONDS = 5.0


class Watchdog:
    """Watches from a thread of its own, within a `with`."""

    def __init__(self, expired: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._expired = expired
        self._clock = clock
        self._deadline = float("inf")
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def within(self, seconds: float) -> None:
        """From now on: the next sign of life is due within that many seconds."""
        self._deadline = self._clock() + seconds

    def __enter__(self) -> "Watchdog":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(min(_LOOK_SECONDS, max(0.0, self._deadline - self._clock()))):
            if self._clock() > self._deadline:
                self._expired()
                return


def end_process(told: TextIO) -> None:
    """Say where each thread hangs, and end at once."""
    faulthandler.dump_traceback(told, all_threads=True)
    os._exit(EXIT_STATUS)
