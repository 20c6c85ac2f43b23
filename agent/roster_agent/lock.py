"""A lock that the operating system frees when its holder ends, however it ends.

Comes in: a path, whose file is made when it is missing. Goes out: an open handle; closing it frees the lock. Refused
(``AlreadyRunning``): a lock that another process, or another handle of this one, holds.
"""

import os
import sys
from pathlib import Path

from roster_agent.failures import AlreadyRunning


def take(path: Path) -> int:
    """Take the lock, or raise at once."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle)
    except BaseException:
        os.close(handle)
        raise
    return handle


def is_taken(path: Path) -> bool:
    """Whether somebody holds the lock just now."""
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
