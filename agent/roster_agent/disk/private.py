"""Who may write to a folder: refused where others can, and taken from everybody else where it was there before.

Comes in: a folder. Goes out: nothing. Refused (``StateNotOurs``): a folder, or something in it, that belongs to another
account or that others may write to, since whoever can write there chooses what a server delivers. `make_private` is for
a folder that somebody made to put the settings in: it shuts out everybody but the owner and the system's
administrators. What the system refuses then is an ``OSError``. A folder that the agent makes is private from the start.

Windows does not say who owns a folder without a library of its own. So there the folder is taken over, with all that is
in it: an owner could always let others in again, and an entry beside those of the administrators would stay.
"""

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from roster_agent.failures import StateNotOurs

if TYPE_CHECKING:
    import subprocess

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]

# SYSTEM, the administrators, whoever owns the file: by number, since their names are translated. As os.mkdir has it.
_WINDOWS_OWNERS = ("*S-1-5-18", "*S-1-5-32-544", "*S-1-3-4")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_REPARSE_POINT = 0x400


def demand_ours(folder: Path) -> None:
    """Raise where another account owns the folder or what is in it, or may write to it. Windows: see above."""
    if sys.platform == "win32":
        return
    about = _demand_owner(folder)
    if about and about.st_mode & _OTHERS_WRITE:
        raise StateNotOurs(f"others may write to {folder}")
    for path in folder.iterdir() if about else ():
        within = _demand_owner(path)
        if within and within.st_mode & _OTHERS_WRITE:
            raise StateNotOurs(f"others may write to {path}")


def _demand_owner(path: Path) -> os.stat_result | None:
    """What is there, through links; None where nothing is."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    if about.st_uid not in (os.geteuid(), 0):
        owner, account = _name(about.st_uid), _name(os.geteuid())
        raise StateNotOurs(f"{path} belongs to the account {owner}, but this account is {account}")
    return about


def _name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _execute(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    import subprocess  # slow to import, and no question to the mirror needs it

    # A fixed program of the system; nothing passes through a shell.
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603


def make_private(folder: Path, run: Run = _execute, *, windows: bool = sys.platform == "win32") -> None:
    """Let nobody else read `folder`, whoever made it. Raises StateNotOurs, OSError."""
    before = sorted(folder.iterdir())
    if windows:
        _take_over(folder, run)
    else:
        about = _demand_owner(folder)
        if about and about.st_mode & _OTHERS_WRITE and before:
            raise StateNotOurs(f"others may write to {folder}, and may have done so")
        folder.chmod(0o700)
        demand_ours(folder)
    if sorted(folder.iterdir()) != before:
        raise StateNotOurs(f"something was added to {folder} just now")


def _take_over(folder: Path, run: Run) -> None:
    if _is_link(folder.lstat()):
        raise StateNotOurs(f"{folder} is a link")
    grants = [word for owner in _WINDOWS_OWNERS for word in ("/grant:r", f"{owner}:(OI)(CI)F")]
    _demand(run, "takeown", "/F", str(folder))
    _demand(run, "icacls", str(folder), "/reset")  # to what it inherits, which goes next
    _demand(run, "icacls", str(folder), "/inheritance:r", *grants)
    for path in _within(folder):
        _demand(run, "takeown", "/F", str(path))
        _demand(run, "icacls", str(path), "/reset")


def _within(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        about = path.lstat()
        if _is_link(about):
            # What it leads to is not to be taken over.
            raise StateNotOurs(f"{path} is a link")
        yield path
        if stat.S_ISDIR(about.st_mode):
            yield from _within(path)


def _is_link(about: os.stat_result) -> bool:
    """Also a junction of Windows."""
    return stat.S_ISLNK(about.st_mode) or bool(getattr(about, "st_file_attributes", 0) & _REPARSE_POINT)


def _demand(run: Run, program: str, *arguments: str) -> None:
    import subprocess

    try:
        done = run((program, *arguments))
    except (OSError, subprocess.SubprocessError) as problem:
        raise PermissionError(errno.EACCES, f"{program} cannot be run ({type(problem).__name__})") from problem
    if done.returncode:
        raise PermissionError(errno.EACCES, f"{program} ended with {done.returncode}")
