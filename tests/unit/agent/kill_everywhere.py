"""Run a pull again and again, each time killed one line later, and look at what is left. Started by test_interruptions.

In: a state folder that holds version 1 and can pull version 2, its CSVImport folder, and a folder to work in. Out, as
JSON: how many kills there were, and what was found that must never be. Its own program, because it forks.
`--control in-place` breaks the agent on purpose (files are written where they are read): the check must notice.
"""

import argparse
import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import roster_agent
from roster_agent import durable
from roster_agent.mirror import Mirror
from roster_agent.pull import pull
from roster_agent.state import State

# The modules that write; what is killed in the others has the same thing left behind.
WRITERS = tuple(
    str(Path(roster_agent.__path__[0], name))
    for name in ("pull.py", "mirror.py", "folder.py", "durable.py", "state.py")
)


def main() -> None:
    """Kill at every line, check after each."""
    options = argparse.ArgumentParser()
    for name in ("state", "folder", "work"):
        options.add_argument(name, type=Path)
    options.add_argument("--control")
    given = options.parse_args()
    if given.control == "in-place":
        durable.stage, durable.put_in_place = _write_in_place, _leave_in_place

    pristine = given.work / "pristine"
    _copy(given.state, pristine / "state")
    _copy(given.folder, pristine / "folder")
    old = _left(given.state, given.folder)
    _pull(given.state)
    new = _left(given.state, given.folder)

    found: list[str] = []
    kills = 0
    # One finding is all that is asked of a control.
    while not (given.control and found):
        _copy(pristine / "state", given.state)
        _copy(pristine / "folder", given.folder)
        if not _killed(given.state, after_lines=kills):
            break
        kills += 1
        found += [f"kill {kills}: {what}" for what in _wrong(given.state, given.folder, old, new)]
    print(json.dumps({"kills": kills, "found": found}))


def _write_in_place(path: Path, data: bytes, mode: int = 0o666) -> Path:
    with path.open("wb", buffering=0) as file:
        file.write(data[: len(data) // 2])
        file.write(data[len(data) // 2 :])
    return path


def _leave_in_place(path: Path, patience: float = 0) -> None:
    pass


def _copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def _pull(state: Path) -> None:
    pull(State(state))


def _left(state: Path, folder: Path) -> dict[str, Any]:
    """The bytes of each file and the content of the mirror, which proves itself by its digest."""
    with Mirror(State(state).mirror) as mirror:
        version = mirror.version()
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".csv"}
    return {"mirror": version and (version.manifest.version, version.content), **files}


def _killed(state: Path, after_lines: int) -> bool:
    """Whether a pull was killed on reaching that many lines of the agent; False when it ended before."""
    child = os.fork()
    if child == 0:
        left, visits = after_lines, Counter[tuple[CodeType, int, object]]()

        def trace(frame: FrameType, event: str, _: object) -> Any:
            nonlocal left
            if not frame.f_code.co_filename.startswith((*WRITERS, __file__)):
                return None
            # A loop is killed in its first round only, but every file is another one.
            place = (frame.f_code, frame.f_lineno, frame.f_locals.get("path"))
            if event == "line" and visits[place] < 1:
                visits[place] += 1
                if left == 0:
                    os._exit(9)
                left -= 1
            return trace

        sys.settrace(trace)
        _pull(state)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, 9):
        raise RuntimeError(f"the pull ended with {status}")
    return status == 9


def _wrong(state: Path, folder: Path, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a kill must not leave, and whether the next pull makes up for it."""
    left = _left(state, folder)
    wrong = [f"{name} is neither the old nor the new" for name in old if left.get(name) not in (old[name], new[name])]
    if left["mirror"] == old["mirror"] and any(left.get(name) != old[name] for name in old):
        wrong.append("a file is ahead of the mirror")
    _pull(state)
    if _left(state, folder) != new:
        wrong.append("the next pull does not converge")
    litter = {path.name for path in folder.iterdir()} - new.keys()
    return wrong + [f"{name} stays behind" for name in litter]


if __name__ == "__main__":
    main()
