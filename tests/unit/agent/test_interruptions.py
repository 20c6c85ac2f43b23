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

from roster.encode import Manifest
from roster.model import Roster
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.failures import FolderUnusable
from tests.feed_simulator import NEXT, SEED, make_roster, snapshot
from tests.unit.agent.server import NEXT_FILES, SEED_FILES, SITE, Server


def _interrupted(server: Server, work: Path, *more: str) -> Any:
    """What `kill_everywhere` finds."""
    program = Path(__file__).with_name("kill_everywhere.py")
    folders = (str(server.state.folder), str(server.folder), str(work))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(program), *folders, *more]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _school(pupils: int) -> Roster:
    """A roster whose snapshot is much larger than what a pupil more or less takes."""
    groups = {f"Class {c:02d}": [f"pupil-{c * 7919 % 1000}-{p}" for p in range(9)] for c in range(20)}
    return make_roster(groups | {"Potions": [f"pupil-{p}" for p in range(pupils)]}, {"snape": ["Potions"]})


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")


@forks
def test_should_leave_whole_files_and_a_whole_mirror_wherever_it_is_killed(server: Server, tmp_path: Path) -> None:
    server.feed.publish(SITE, NEXT)
    result = _interrupted(server, tmp_path / "work")
    assert result["found"] == []
    assert result["kills"] > 20


@forks
def test_should_stay_whole_also_on_the_way_by_deltas(enrolled: Server, tmp_path: Path) -> None:
    for pupils in (5, 6, 7):
        enrolled.feed.publish(SITE, _school(pupils))
        if pupils == 5:
            enrolled.pull()
            enrolled.feed.paths()
    result = _interrupted(enrolled, tmp_path / "work")
    assert result["found"] == []
    assert result["kills"] > 18
    manifest = Manifest.from_bytes(enrolled.feed.published[SITE][-1].manifest)
    fetched = {path.rpartition("/")[2] for path in enrolled.feed.paths() if "/objects/" in path}
    assert len(fetched) == 2
    assert manifest.snapshot.sha256 not in fetched


@pytest.fixture
def holding(enrolled: Server) -> Server:
    """A server for which a version waits that would be held."""
    for pupils in (100, 10):
        enrolled.feed.publish(SITE, _school(pupils))
        if pupils == 100:
            enrolled.pull()
    return enrolled


@forks
def test_should_hold_wherever_it_is_killed(holding: Server, tmp_path: Path) -> None:
    before = holding.left()
    result = _interrupted(holding, tmp_path / "work")
    assert result["found"] == []
    assert result["kills"] > 10
    assert holding.left() == before


@forks
def test_should_apply_what_was_approved_wherever_it_is_killed(holding: Server, tmp_path: Path) -> None:
    holding.pull()
    result = _interrupted(holding, tmp_path / "work", "--approve")
    assert result["found"] == []
    assert result["kills"] > 20
    assert holding.mirror() == (2, snapshot(_school(10)))


@forks
def test_should_stay_whole_however_little_room_the_disk_has(enrolled: Server, tmp_path: Path) -> None:
    """SQLite's pages and log, and every file of the agent's."""
    for pupils in (100, 200):
        enrolled.feed.publish(SITE, _school(pupils))
        if pupils == 100:
            enrolled.pull()
    result = _interrupted(enrolled, tmp_path / "work", "--full")
    assert result["found"] == []
    assert result["kills"] > 20


@forks
@pytest.mark.parametrize(
    ("control", "finding"),
    [("in-place", "csv is neither the old nor the new"), ("checkpoint-first", "mirror is neither the old nor the new")],
)
def test_should_notice_an_agent_that(server: Server, tmp_path: Path, control: str, finding: str) -> None:
    server.feed.publish(SITE, NEXT)
    result = _interrupted(server, tmp_path / "work", "--control", control)
    assert [what for what in result["found"] if finding in what]


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


@pytest.mark.parametrize("name", ["fsync", "open", "fdopen", "replace", "unlink"])
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
        files, mirror = server.left()
        found = {name: data for name, data in files.items() if name.endswith(".csv")}
        if name == "replace":
            # Where nothing can be renamed any more, the first file cannot be taken back either: each is whole.
            assert all(data in (SEED_FILES[file], NEXT_FILES[file]) for file, data in found.items())
        else:
            assert found in (SEED_FILES, NEXT_FILES)
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


def test_should_wait_for_a_file_that_cannot_be_read_for_a_moment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refusals = os.open, [1, 1]

    def held(path: str, flags: int, *others: Any, **more: Any) -> int:
        if str(path).endswith(".csv") and refusals:
            refusals.pop()
            raise PermissionError(errno.EACCES, "The file is used by another process")
        return real(path, flags, *others, **more)

    monkeypatch.setattr(os, "open", held)
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 0, server.err
    assert refusals == []
    assert server.files() == NEXT_FILES
