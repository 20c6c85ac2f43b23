"""What has to happen in which order, for a power failure to leave whole files: told by the calls themselves."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roster_agent.disk import durable
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.disk.state import State
from tests.feed_simulator import SEED
from tests.unit.agent.server import SEED_FILES, SITE, Server

posix = pytest.mark.skipif(os.name == "nt", reason="Windows cannot open a folder, and has other modes")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is forced to disk, with how much of it is written by then, and what is renamed."""
    told: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def forced(handle: int) -> None:
        about = os.fstat(handle)
        told.append("folder" if stat.S_ISDIR(about.st_mode) else f"{about.st_size} bytes")
        fsync(handle)

    def renamed(path: Path, target: Path) -> Path:
        told.append(f"{path.name} to {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", forced)
    monkeypatch.setattr(Path, "replace", renamed)
    return told


@posix
def test_should_force_a_record_to_disk_before_it_is_renamed_and_the_renaming_after(
    tmp_path: Path, done: list[str]
) -> None:
    durable.write_private(tmp_path / "seen.json", b"x" * 100)
    assert done == ["100 bytes", ".seen.json.tmp to seen.json", "folder"]


@posix
def test_should_force_both_files_to_disk_before_either_is_renamed(tmp_path: Path, done: list[str]) -> None:
    Folder(tmp_path).deliver(SEED_FILES)
    sizes = [f"{len(data)} bytes" for data in SEED_FILES.values()]
    assert done == [*sizes, *(f".{name}.tmp to {name}" for name in SEED_FILES), "folder"]


@posix
def test_should_write_nothing_that_is_there_already(tmp_path: Path, done: list[str]) -> None:
    Folder(tmp_path).deliver(SEED_FILES)
    done.clear()
    assert Folder(tmp_path).deliver(SEED_FILES) == []
    assert done == []


@posix
def test_should_keep_a_record_from_others_whatever_the_mask_is(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        durable.write_private(tmp_path / "enrolment.json", b"{}")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "enrolment.json").stat().st_mode) == 0o600


@posix
@pytest.mark.parametrize("when", ["before", "just now"])
def test_should_write_through_no_link_that_somebody_put_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    target, staged = tmp_path / "precious", durable.staged_path(tmp_path / "students.csv")
    target.write_bytes(b"precious")
    if when == "before":
        staged.symlink_to(target)
        durable.stage(tmp_path / "students.csv", b"roster")
    else:
        unlink = Path.unlink

        def planted(path: Path, missing_ok: bool = False) -> None:
            unlink(path, missing_ok=missing_ok)
            path.symlink_to(target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", planted)
            with pytest.raises(FileExistsError):
                durable.stage(tmp_path / "students.csv", b"roster")
    assert target.read_bytes() == b"precious"


def test_should_leave_nothing_behind_of_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError):  # noqa: PT011 - any
        durable.stage(tmp_path / "students.csv", b"roster")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("patience", "waits"),
    [(0, []), (0.04, [0.04]), (0.2, [0.05, 0.1, 0.05]), (4, [0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 0.45])],
)
def test_should_wait_longer_each_time_and_no_longer_than_it_may(
    monkeypatch: pytest.MonkeyPatch, patience: float, waits: list[float]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)

    def refuse() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        durable.patiently(refuse, patience)
    assert waited == pytest.approx(waits)


def _in_order(server: Server, monkeypatch: pytest.MonkeyPatch, owner: Any, names: list[str]) -> list[str]:
    """The names of these methods in the order in which a pull calls them."""
    called: list[str] = []

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            called.append(name)
            return real(*arguments, **more)

        return call

    for name in names:
        monkeypatch.setattr(owner, name, watched(name, getattr(owner, name)))
    assert server.pull() == 0, server.err
    return called


def test_should_note_a_version_before_who_is_in_it(enrolled: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note keeps versions from going back; who was there is for a lost mirror alone."""
    enrolled.feed.publish(SITE, SEED)
    names = ["save_seen", "save_membership_hashes", "end_hold", "save_attempt"]
    assert _in_order(enrolled, monkeypatch, State, names) == names
