"""What is no file, under a file's name in the CSVImport folder: a pull neither waits for it nor breaks; it says so."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from roster_agent.disk import csvimport_folder
from roster_agent.disk.csvimport_folder import Folder
from roster_agent.failures import FolderUnusable
from tests.feed_simulator import NEXT
from tests.unit.agent.server import NEXT_FILES, SEED_FILES, SITE, Server

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such things in a folder")


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


def _device(path: Path) -> None:
    try:
        os.mknod(path, 0o20666, os.makedev(1, 5))  # /dev/zero, which never ends
    except PermissionError:
        path.symlink_to("/dev/zero")


STRANGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "pipe": (lambda path: os.mkfifo(path), "a pipe"),  # Windows, which only collects this, has no os.mkfifo to name
    "folder": (Path.mkdir, "a folder"),
    "socket": (_socket, "a socket"),
    "device": (_device, "a device"),
    "link to a device": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "link to a folder": (lambda path: path.symlink_to(path.parent), "a folder"),
}


def _in_time(act: Callable[[], object]) -> None:
    """Run it; a thread that waits for ever ends with the process, and not before the test."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("name", ["students.csv", "teachers.csv"])
def test_should_refuse_what_is_no_file(server: Server, strange: str, name: str) -> None:
    make, kind = STRANGE[strange]
    other = next(file for file in SEED_FILES if file != name)
    server.state.settings_file.write_text("file_retry_seconds = 0")
    (server.folder / name).unlink()
    make(server.folder / name)
    server.feed.publish(SITE, NEXT)
    _in_time(server.pull)
    assert server.outcome() == "folder_unusable"
    assert f"{name} in {server.folder} is {kind}; remove it" in server.err
    assert (server.folder / other).read_bytes() == SEED_FILES[other]
    _in_time(lambda: server.run("status"))
    _in_time(lambda: server.run("doctor"))
    assert f"{name} in {server.folder} is {kind}" in server.out
    assert server.feed.reports[-1]["outcome"] == "folder_unusable"

    path = server.folder / name
    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    assert server.pull() == 0, server.err
    assert server.files() == NEXT_FILES


def test_should_not_wait_for_a_pipe_that_takes_a_files_place_just_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the opening."""
    path = tmp_path / "students.csv"
    path.touch()
    as_file = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: as_file)
    failed: list[FolderUnusable] = []

    def look() -> None:
        with pytest.raises(FolderUnusable) as refused:
            Folder(tmp_path).digests(["students.csv"])
        failed.append(refused.value)

    _in_time(look)
    assert "is a pipe" in str(failed[0])


def test_should_take_away_what_stands_where_a_file_is_made(server: Server) -> None:
    for name in SEED_FILES:
        os.mkfifo(server.folder / f".{name}.tmp")
    server.feed.publish(SITE, NEXT)
    _in_time(server.pull)
    assert server.files() == NEXT_FILES


def test_should_replace_a_file_without_reading_it_that_is_too_long_to_be_ours(server: Server) -> None:
    with (server.folder / "students.csv").open("wb") as file:
        file.truncate(1 << 40)  # nothing of it is on the disk
    _in_time(server.pull)
    assert server.files() == SEED_FILES


def test_should_follow_a_link_to_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.csv").write_bytes(SEED_FILES["students.csv"])
    (server.folder / "students.csv").unlink()
    (server.folder / "students.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert server.pull() == 0
    assert server.files() == SEED_FILES


def test_should_keep_no_more_in_memory_than_a_file_of_ours_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvimport_folder, "_LONGEST_KEPT", 1000)
    old = {"students.csv": b"x" * 1001, "teachers.csv": b"y" * 1000}
    for name, data in old.items():
        (tmp_path / name).write_bytes(data)
    assert [Folder(tmp_path)._before(name, b"") for name in old] == [None, old["teachers.csv"]]
    assert Folder(tmp_path)._before("students.csv", b"z" * 300) == old["students.csv"]
