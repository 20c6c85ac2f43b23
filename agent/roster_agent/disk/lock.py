"""A lock that the operating system frees when its holder ends, however it ends.

Comes in: a path; its file is made when it is missing. Goes out: an open handle; closing it frees the lock. Refused
(``AlreadyRunning``): a lock that another process, or another handle of this one, has.
"""

import os
import sys
import time
from pathlib import Path

from roster_agent.failures import AlreadyRunning

_NAP_SECONDS = 0.05


def take(path: Path, patience: float = 0) -> int:
    """Take the lock, trying again for `patience` seconds where it is taken; raises AlreadyRunning, OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                _lock(handle)
                return handle
            except AlreadyRunning:
                if patience <= 0:
                    raise
            time.sleep(_NAP_SECONDS)
            patience -= _NAP_SECONDS
    except BaseException:
        os.close(handle)
        raise


def is_taken(path: Path) -> bool:
    """Whether somebody has the lock just now; to find out, it is taken for a moment."""
    try:
        os.close(take(path))
    except AlreadyRunning:
        return True
    return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError as problem:
            raise AlreadyRunning from problem

else:
    import fcntl

    def _lock(handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise AlreadyRunning from problem
