"""Files that are whole or not there: written beside, forced to disk, then renamed into place.

Comes in: a path and the bytes for it. Goes out: the file, old or new, never a part of either, also when the
process is killed or the power fails. Problems are the operating system's ``OSError``.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Done = TypeVar("Done")

_PRIVATE = 0o600
# A virus scanner or a backup may keep a file open for a moment, and Windows then refuses to replace it.
PATIENCE_SECONDS = 1.5
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0


def stage(path: Path, data: bytes, mode: int = 0o666) -> Path:
    """Write `data` to a hidden file beside `path` and force it to disk. The same volume, so that a rename suffices.

    The hidden file has one fixed name for each `path`: what a killed run leaves behind, the next run takes away.
    """
    staged = staged_path(path)
    staged.unlink(missing_ok=True)
    # O_EXCL: never follow a link that somebody put there.
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise
    return staged


def staged_path(path: Path) -> Path:
    """Where `stage` puts what will become `path`."""
    return path.with_name(f".{path.name}.tmp")


def put_in_place(path: Path, patience: float = PATIENCE_SECONDS) -> None:
    """Rename what was staged for `path` over it; a file that another program holds is tried again for that long."""
    patiently(lambda: staged_path(path).replace(path), patience)


def patiently(act: Callable[[], Done], patience: float) -> Done:
    """What `act` returns; while it fails because another program holds a file, it is tried again for that long."""
    wait, left = _FIRST_WAIT, patience
    while True:
        try:
            return act()
        except PermissionError:
            if left <= 0:
                raise
        time.sleep(min(wait, left))
        left -= wait
        wait = min(2 * wait, _LONGEST_WAIT)


def sync_folder(folder: Path) -> None:
    """Force the renames in `folder` to disk. Windows has no such call; NTFS journals its renames."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` with a file that only its owner can read."""
    stage(path, data, _PRIVATE)
    put_in_place(path)
    sync_folder(path.parent)
