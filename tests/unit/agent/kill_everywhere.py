"""Run a pull again and again, each time killed a little later, and look at what is left. Started by test_interruptions.

In: a state folder that has a version and can pull the next, its CSVImport folder, and a folder to work in. Out, as
JSON: how many kills there were, and what was found that must never be. Its own program, because it forks.

A first pull, which is not killed, tells on reaching which lines of the agent the disk has changed: a kill leaves what
is on the disk and nothing else, so a kill at each of these is a kill at every line.

`--approve` approves the held version first. `--full` kills nothing: each time, files may grow a little larger before
the disk is full. `--control` breaks the agent on purpose, and the check
must notice: `in-place` writes files where they are read, `checkpoint-first` notes the version as current before its
content is there. What is broken is killed alone.
"""

import argparse
import contextlib
import hashlib
import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import roster_agent
from roster_agent.disk import durable
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.state import State
from roster_agent.failures import AgentError, MirrorBroken, NothingHeld
from roster_agent.trust.refusals import VersionHeld
from roster_agent.update import hold
from roster_agent.update.pull import pull

# The modules that write; what is killed in the others has the same thing left behind.
_UPDATE = ("pull", "apply", "hold")
_DISK = ("mirror", "mirror_file", "open_mirror", "earlier_versions", "csvimport_folder", "durable", "state")
WRITERS = {
    str(Path(roster_agent.__path__[0], folder, f"{name}.py"))
    for folder, names in (("update", _UPDATE), ("disk", _DISK))
    for name in names
}
_FULL_STEP = 1024


def main() -> None:
    """Kill at every line, check after each."""
    options = argparse.ArgumentParser()
    for name in ("state", "folder", "work"):
        options.add_argument(name, type=Path)
    options.add_argument("--approve", action="store_true")
    options.add_argument("--full", action="store_true")
    options.add_argument("--control")
    given = options.parse_args()
    if given.control == "in-place":
        durable.stage, durable.put_in_place = _write_in_place, _leave_in_place
    elif given.control == "checkpoint-first":
        Mirror.replace = _checkpoint_first  # type: ignore[assignment,method-assign]

    if given.control:
        WRITERS.clear()
        WRITERS.add(__file__)

    act = _approve if given.approve else _pull
    pristine = given.work / "pristine"
    _copy(given.state, pristine / "state")
    _copy(given.folder, pristine / "folder")
    old = _left(given.state, given.folder)
    lines: Iterable[int] = count()
    if given.full:
        act(given.state)
    else:
        lines = _lines_that_change_the_disk(given.state, given.folder, act)
    new = _left(given.state, given.folder)

    found: list[str] = []
    kills = 0
    for line in lines:
        _copy(pristine / "state", given.state)
        _copy(pristine / "folder", given.folder)
        interrupted = _run_out_of_disk if given.full else _killed
        if not interrupted(given.state, act, line):
            break
        kills += 1
        found += [f"kill {kills}: {what}" for what in _wrong(given.state, given.folder, act, old, new)]
        if given.control and found:  # one finding is all that is asked of a control
            break
    print(json.dumps({"kills": kills, "found": found}))


def _write_in_place(path: Path, data: bytes, mode: int = 0o666) -> Path:
    with path.open("wb", buffering=0) as file:
        file.write(data[: len(data) // 2])
        file.write(data[len(data) // 2 :])
    return path


def _leave_in_place(path: Path, patience: float = 0) -> None:
    pass


_replace = Mirror.replace


def _checkpoint_first(mirror: Mirror, version: Any, *others: Any) -> None:
    digest = hashlib.sha256(version.manifest_bytes).hexdigest()
    mirror._db.execute("UPDATE version SET manifest = ?, manifest_sha256 = ?", (version.manifest_bytes, digest))
    mirror._db.execute("DELETE FROM line WHERE position > 3")
    _replace(mirror, version, *others)


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def _pull(state: Path) -> None:
    with contextlib.suppress(VersionHeld):
        pull(State(state))


def _approve(state: Path) -> None:
    with contextlib.suppress(NothingHeld):
        hold.approve(State(state))
    _pull(state)


def _left(state: Path, folder: Path) -> dict[str, Any]:
    """The bytes of each file and the content of the mirror, which proves itself by its digest."""
    try:
        with Mirror(State(state).mirror) as mirror:
            version = mirror.version()
    except MirrorBroken:
        return {"mirror": "damaged", **_files(folder)}
    return {"mirror": version and (version.manifest.version, version.content), **_files(folder)}


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".csv"}


def _killed(state: Path, act: Callable[[Path], None], line: int) -> bool:
    """Whether a pull was killed on reaching that line; False when it ended before."""
    child = os.fork()
    if child == 0:

        def kill(reached: int) -> None:
            if reached == line:
                os.kill(os.getpid(), signal.SIGKILL)

        _traced(act, state, kill)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the pull ended with {status}")
    return status != 0


def _lines_that_change_the_disk(state: Path, folder: Path, act: Callable[[Path], None]) -> list[int]:
    """Pull; the lines on reaching which the disk was no longer what it was on reaching the line before."""
    changed, known = [], b""

    def look(reached: int) -> None:
        nonlocal known
        if (now := _on_disk(state, folder)) != known:
            known = now
            changed.append(reached)

    # In a process of its own, as each kill is: what is imported, or opened, for the first time is so in both.
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _traced(act, state, look)
        with os.fdopen(writer, "w") as told:
            json.dump(changed, told)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        lines: list[int] = json.load(told)
    os.waitpid(child, 0)
    return lines


def _traced(act: Callable[[Path], None], state: Path, reached: Callable[[int], None]) -> None:
    """Pull, and tell `reached` of each line of the agent that is reached, by its number among them."""
    numbers, visits = count(), set[tuple[CodeType, int, object]]()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename not in WRITERS:
            return None
        # A loop counts in its first round only, but every file is another one.
        place = (frame.f_code, frame.f_lineno, frame.f_locals.get("path"))
        if event == "line" and place not in visits:
            visits.add(place)
            reached(next(numbers))
        return trace

    sys.settrace(trace)
    try:
        act(state)
    finally:
        sys.settrace(None)


def _on_disk(*folders: Path) -> bytes:
    """A digest of all that a machine has of these folders when the agent dies."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            about = path.lstat()
            digest.update(f"{path}\0{about.st_mode}\0{about.st_size}\0".encode())
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.digest()


def _run_out_of_disk(state: Path, act: Callable[[Path], None], steps: int) -> bool:
    """Whether a pull failed because no file could grow beyond so many steps; SQLite's own writes fail, too."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (steps * _FULL_STEP, resource.RLIM_INFINITY))
        try:
            act(state)
        except AgentError:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, 1):
        raise RuntimeError(f"the pull ended with {status}")
    return status == 1


def _wrong(
    state: Path, folder: Path, act: Callable[[Path], None], old: dict[str, Any], new: dict[str, Any]
) -> list[str]:
    """What a kill must not leave, and whether the next pull makes up for it."""
    left = _left(state, folder)
    wrong = [f"{name} is neither the old nor the new" for name in old if left.get(name) not in (old[name], new[name])]
    if left["mirror"] == old["mirror"] and any(left.get(name) != old[name] for name in old):
        wrong.append("a file is ahead of the mirror")
    seen = State(state).seen()
    if seen and left["mirror"] != "damaged" and seen.version > left["mirror"][0]:
        wrong.append("the version fell")
    act(state)
    if _left(state, folder) != new:
        wrong.append("the next pull does not converge")
    litter = {path.name for path in folder.iterdir()} - new.keys()
    return wrong + [f"{name} stays behind" for name in litter]


if __name__ == "__main__":
    main()
