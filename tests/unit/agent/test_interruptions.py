"""Killed anywhere, or failing at any write: whole files, a whole mirror, and the next pull goes on."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roster_agent.failures import FolderUnusable
from roster_agent.folder import Folder
from tests.feed_simulator import NEXT, SEED, snapshot
from tests.unit.agent.server import NEXT_FILES, SEED_FILES, SITE, Server


def _kill_everywhere(server: Server, work: Path, *more: str) -> Any:
    server.feed.publish(SITE, NEXT)
    program = Path(__file__).with_name("kill_everywhere.py")
    folders = (str(server.state.folder), str(server.folder), str(work))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(program), *folders, *more]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_should_leave_whole_files_and_a_whole_mirror_wherever_it_is_killed(server: Server, tmp_path: Path) -> None:
    result = _kill_everywhere(server, tmp_path / "work")
    assert result["found"] == []
    assert result["kills"] > 150


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_should_notice_an_agent_that_writes_files_in_place(server: Server, tmp_path: Path) -> None:
    result = _kill_everywhere(server, tmp_path / "work", "--control", "in-place")
    assert [what for what in result["found"] if "neither the old nor the new" in what]


class _Failing:
    """A system call that fails from its n-th use on."""

    def __init__(self, call: Callable[..., Any], at: int) -> None:
        self.call, self.left, self.failed = call, at, False

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self.left == 0:
            self.failed = True
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= 1
        return self.call(*arguments, **options)


@pytest.mark.parametrize("name", ["fsync", "open", "fdopen"])
def test_should_stay_whole_when_any_disk_operation_fails(
    server: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    at, real = 0, getattr(os, name)
    while True:
        failing = _Failing(real, at)
        with monkeypatch.context() as patch:
            patch.setattr(os, name, failing)
            server.feed.publish(SITE, NEXT if at % 2 == 0 else SEED)
            status = server.pull()
        if at > 0 and status == 0:
            break
        assert (status, "No space left" in server.err) == (1, True)
        files, mirror = server.holds()
        assert {name: data for name, data in files.items() if name.endswith(".csv")} in (SEED_FILES, NEXT_FILES)
        assert mirror is not None
        assert mirror[1] in (snapshot(SEED), snapshot(NEXT))
        assert server.pull() == 0, server.err
        assert server.files() == (NEXT_FILES if at % 2 == 0 else SEED_FILES)
        at += 1
    assert at > 0


def test_should_take_the_first_file_back_when_the_second_cannot_be_replaced(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace
    (server.state.folder / "agent.toml").write_text("file_retry_seconds = 0")

    def held(path: Path, target: Path) -> Path:
        if target.name == "teachers.csv":
            raise PermissionError(errno.EACCES, "The file is used by another process")
        return real(path, target)

    server.feed.publish(SITE, NEXT)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", held)
        assert server.pull() == 1
    assert server.outcome() == "folder_unusable"
    assert "no program keeps its files open" in server.err
    assert server.files() == SEED_FILES
    assert server.mirror() == (2, snapshot(NEXT))
    server.feed.spoil("head", lambda answer: type(answer)(503))
    server.pull()
    assert server.files() == NEXT_FILES


def test_should_take_back_a_first_file_that_was_new(tmp_path: Path) -> None:
    (tmp_path / "teachers.csv").mkdir()
    (tmp_path / "teachers.csv" / "in the way").touch()
    with pytest.raises(FolderUnusable):
        Folder(tmp_path).deliver(SEED_FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["teachers.csv"]


def test_should_wait_for_a_file_that_is_held_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, refusals = Path.replace, [1, 1]

    def held(path: Path, target: Path) -> Path:
        if refusals:
            refusals.pop()
            raise PermissionError(errno.EACCES, "The file is used by another process")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", held)
    assert Folder(tmp_path).deliver(SEED_FILES) == ["students.csv", "teachers.csv"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == SEED_FILES
