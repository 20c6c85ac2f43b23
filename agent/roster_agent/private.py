"""Takes a folder that was there before from everybody but its owner and the system's administrators.

Comes in: a folder. Goes out: nothing; the folder and what is in it are private. Refused: what the system refuses, as
``OSError``. A folder that the agent makes itself is private from the start; this is for one that somebody made to put
the settings in, which on Windows every user may read.
"""

import errno
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]

# SYSTEM, the administrators, whoever owns the file: by number, since their names are translated. As os.mkdir has it.
_WINDOWS_OWNERS = ("*S-1-5-18", "*S-1-5-32-544", "*S-1-3-4")


def _execute(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    # A fixed program of the system; nothing passes through a shell.
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603


def make_private(folder: Path, run: Run = _execute, *, windows: bool = sys.platform == "win32") -> None:
    """Let nobody else read `folder`."""
    if not windows:
        folder.chmod(0o700)
        return
    grants = [word for owner in _WINDOWS_OWNERS for word in ("/grant:r", f"{owner}:(OI)(CI)F")]
    try:
        done = run(("icacls", str(folder), "/inheritance:r", *grants))
    except subprocess.SubprocessError as problem:
        raise PermissionError(errno.EACCES, f"icacls cannot be run ({type(problem).__name__})") from problem
    if done.returncode:
        raise PermissionError(errno.EACCES, f"icacls ended with {done.returncode}")
