"""A disk that is really full: what a server has stays, and answers; nothing is dropped, and room is all it takes.

The disk is a small one in memory, which only an administrator can mount. `test_interruptions` runs out of room in every
single write, as anybody.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from roster.model import Roster
from roster_agent.disk import earlier_versions, room
from roster_agent.disk.mirror import Mirror
from roster_agent.failures import DiskFull, SetupError
from tests.feed_faults import Answer
from tests.feed_simulator import NEXT, SEED, FeedSimulator, make_roster, snapshot
from tests.unit.agent.server import NEXT_FILES, SEED_FILES, SITE, Server

DISK_BYTES = 40 << 20


def school(pupils: int) -> Roster:
    """60,000 pupils are 2 MB, as a snapshot and as students.csv, and twice that in the mirror."""
    return make_roster(
        {f"Class {c}": [f"pupil-{c}-{p}-{'x' * 20}" for p in range(1000)] for c in range(pupils // 1000)}
    )


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    place.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place))
    if sys.platform != "linux" or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this account cannot mount a disk")
    try:
        yield place
    finally:
        subprocess.run(("umount", "-l", str(place)), check=True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


@pytest.fixture
def cramped(small: Path, feed: FeedSimulator, capsys: pytest.CaptureFixture[str]) -> Server:
    """A server all of which is on the small disk, with the seed's roster."""
    return _with_seed(Server(small / "server", feed, capsys))


@pytest.fixture
def apart(small: Path, tmp_path: Path, feed: FeedSimulator, capsys: pytest.CaptureFixture[str]) -> Server:
    """A server whose CSVImport folder alone is on the small disk."""
    server = Server(tmp_path, feed, capsys)
    server.folder = small / "CSVImport"
    server.folder.mkdir()
    return _with_seed(server)


def _with_seed(server: Server) -> Server:
    server.feed.publish(SITE, SEED)
    assert server.enrol() == 0, server.err
    server.state.settings_file.write_text("[hold]\npercent = 100")
    assert server.pull() == 0, server.err
    server.feed.paths()
    return server


def fill(place: Path, leave: int = 0) -> Path:
    """Fill the disk but for so many bytes; the file to remove."""
    filler = place / "filler"
    with filler.open("wb") as file:
        left = shutil.disk_usage(place).free - leave
        os.posix_fallocate(file.fileno(), 0, max(left, 1))
    assert abs(shutil.disk_usage(place).free - leave) < 8192
    return filler


@pytest.fixture
def unforeseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk says that it has room, as one with a quota does."""
    monkeypatch.setattr(room, "free", lambda place: 1 << 40)


def _applies_again(server: Server, filler: Path, roster: Roster) -> None:
    filler.unlink()
    assert server.pull() == 0, server.err
    assert server.mirror() == (2, snapshot(roster))
    assert server.run("doctor") == 0, server.out


def test_should_keep_what_it_has_on_a_disk_without_a_byte(small: Path, cramped: Server) -> None:
    before = cramped.left()
    cramped.feed.publish(SITE, NEXT)
    filler = fill(small)
    for _ in range(3):
        assert cramped.pull() == 1
        assert "disk is full" in cramped.err
        assert "Make room" in cramped.err
    assert cramped.left() == before
    assert cramped.asks("group", "potions")["members"] == ["Harry_Potter", "Ron_Weasley"]
    assert cramped.asks("user", "severus_snape", "--as-of", "1")["console"]["groups"] == ["Dark Arts", "Potions"]
    assert [kept["version"] for kept in cramped.asks("history")] == [1]
    assert cramped.asks("status")["version"] == 1
    assert cramped.run("doctor") == 1
    assert "failed   disk space: no room for a version, 0 MB are free" in cramped.out
    assert "ok       mirror: version 1, every byte as it was published" in cramped.out
    _applies_again(cramped, filler, NEXT)


@pytest.mark.usefixtures("unforeseen")
@pytest.mark.parametrize("leave", [64 << 10, 1 << 20, 3 << 20])
def test_should_keep_what_it_has_when_the_room_ends_amid_a_version(small: Path, cramped: Server, leave: int) -> None:
    before = cramped.left()
    cramped.feed.publish(SITE, school(60_000))
    filler = fill(small, leave)
    for _ in range(3):
        assert cramped.pull() == 1
        assert cramped.outcome() == "disk_full", cramped.err
    assert cramped.left() == before
    assert cramped.asks("user", "ron_weasley")["member_of"] == ["Muggle Studies", "Potions"]
    # Neither the log nor a file that was begun keeps the room that there was.
    assert shutil.disk_usage(small).free > leave - (16 << 10)
    assert cramped.run("doctor") == 1
    assert "failed   disk space" in cramped.out
    assert cramped.feed.reports[-1]["outcome"] == "disk_full"
    _applies_again(cramped, filler, school(60_000))


def test_should_answer_also_from_a_log_that_was_not_folded(small: Path, cramped: Server) -> None:
    """As after a power failure, on a disk that is full since."""
    cramped.feed.publish(SITE, NEXT)
    with _reading(cramped):
        assert cramped.pull() == 0
        files = {path: path.read_bytes() for path in cramped.state.folder.glob("mirror.db*")}
    for path, data in files.items():
        if not path.name.endswith("-shm"):
            path.write_bytes(data)
    assert (cramped.state.folder / "mirror.db-wal").stat().st_size > 0
    fill(small)
    assert cramped.mirror() == (2, snapshot(NEXT))


def test_should_not_fetch_what_has_no_room(small: Path, cramped: Server) -> None:
    before = cramped.left()
    cramped.feed.publish(SITE, school(60_000))
    filler = fill(small, 10 << 20)
    assert cramped.pull() == 1
    assert cramped.outcome() == "disk_full"
    assert "has 10.0 MB free, and" in cramped.err
    assert [path for path in cramped.feed.paths() if "/objects/" in path] == []
    assert cramped.left() == before
    cramped.feed.publish(SITE, NEXT)
    assert cramped.pull() == 0, cramped.err
    assert cramped.left() == (NEXT_FILES, (3, snapshot(NEXT)))
    filler.unlink()


def test_should_change_nothing_when_only_the_files_have_no_room(small: Path, apart: Server) -> None:
    before = apart.left()
    apart.feed.publish(SITE, school(60_000))
    filler = fill(small, 9 << 20)
    assert apart.pull() == 1
    assert apart.outcome() == "disk_full"
    assert apart.left() == before
    _applies_again(apart, filler, school(60_000))


@pytest.mark.usefixtures("unforeseen")
def test_should_go_on_to_a_newer_version_whose_files_fit(small: Path, apart: Server) -> None:
    apart.feed.publish(SITE, school(60_000))
    filler = fill(small, 1 << 20)
    assert apart.pull() == 1
    assert apart.outcome() == "disk_full"
    assert apart.mirror() == (2, snapshot(school(60_000)))
    assert apart.files() == SEED_FILES
    apart.feed.paths()

    assert apart.pull() == 1
    assert apart.outcome() == "disk_full"
    asked = [path for path in apart.feed.paths() if "/report" not in path]
    assert asked == ["/v1/sites/hogwarts/head"]  # it does not say that it has version 2

    apart.feed.spoil("head", lambda _: Answer(503))
    assert apart.pull() == 1
    assert apart.outcome() == "disk_full"
    apart.feed.heal()

    apart.feed.publish(SITE, NEXT)
    assert apart.pull() == 0, apart.err
    assert apart.left() == (NEXT_FILES, (3, snapshot(NEXT)))
    filler.unlink()


def test_should_deliver_what_had_no_room_once_there_is_some(
    small: Path, apart: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart.feed.publish(SITE, school(60_000))
    filler = fill(small, 1 << 20)
    with monkeypatch.context() as patch:
        patch.setattr(room, "free", lambda place: 1 << 40)
        assert apart.pull() == 1
    _applies_again(apart, filler, school(60_000))
    assert apart.files().keys() == SEED_FILES.keys()
    assert apart.files() != SEED_FILES


def test_should_keep_the_code_when_the_disk_is_full(new_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(room, "free", lambda place: 1000)
        assert new_server.enrol() == 1
    assert "disk is full" in new_server.err
    assert new_server.feed.requests == []
    assert new_server.enrol() == 0


def test_should_ask_for_the_room_of_all_that_is_on_one_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free", lambda place: 1000 + room.SPARE_BYTES)
    (tmp_path / "other").mkdir()
    room.demand([(tmp_path, 400), (tmp_path / "other", 600)])
    with pytest.raises(DiskFull):
        room.demand([(tmp_path, 400), (tmp_path / "other", 601)])


@contextmanager
def _reading(server: Server) -> Iterator[None]:
    """While somebody reads, the log cannot be folded into the database."""
    reader = sqlite3.connect(server.state.mirror, isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM version").fetchall()
        yield
    finally:
        reader.close()


def test_should_begin_each_version_with_an_empty_log(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    log = server.state.mirror.with_name("mirror.db-wal")
    idle = sqlite3.connect(server.state.mirror)
    idle.execute("SELECT * FROM version").fetchall()
    with _reading(server):
        server.feed.publish(SITE, NEXT)
        assert server.pull() == 0
    assert log.stat().st_size > 0
    sizes, keep = [], earlier_versions.keep

    def kept(*arguments: object) -> None:
        sizes.append(log.stat().st_size)
        keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(earlier_versions, "keep", kept)
    server.feed.publish(SITE, SEED)
    assert server.pull() == 0
    assert sizes == [0]
    idle.close()


def test_should_survive_a_power_failure_once_a_version_is_held(server: Server) -> None:
    """As far as SQLite can be asked: the log is ahead, and each commit is forced to disk."""
    with Mirror(server.state.mirror) as mirror:
        assert mirror._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert mirror._db.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (sqlite3.SQLITE_FULL, "disk_full"),
        (sqlite3.SQLITE_IOERR, "mirror_unusable"),
        (sqlite3.SQLITE_IOERR_WRITE, "mirror_unusable"),
        (sqlite3.SQLITE_READONLY, "mirror_unusable"),
        (sqlite3.SQLITE_CANTOPEN, "mirror_unusable"),
        (sqlite3.SQLITE_BUSY, "mirror_unusable"),
        (sqlite3.SQLITE_NOMEM, "mirror_unusable"),
        (sqlite3.SQLITE_CORRUPT, "mirror_broken"),
        (sqlite3.SQLITE_NOTADB, "mirror_broken"),
    ],
)
def test_should_drop_a_mirror_for_damage_alone(server: Server, code: int, outcome: str) -> None:
    problem = sqlite3.OperationalError("")
    problem.sqlite_errorcode = code
    with Mirror(server.state.mirror) as mirror, pytest.raises(SetupError) as failed:
        _fail_in_a_transaction(mirror, problem)
    assert failed.value.code == outcome


def _fail_in_a_transaction(mirror: Mirror, problem: Exception) -> None:
    with mirror._failures(), mirror._transaction():
        mirror._db.execute("ROLLBACK")  # as SQLite does by itself
        raise problem


def test_should_keep_its_mirror_on_a_disk_that_cannot_be_written_any_more(small: Path, cramped: Server) -> None:
    cramped.feed.publish(SITE, NEXT)
    before = cramped.left()
    subprocess.run(("mount", "-o", "remount,ro", str(small)), check=True)
    assert cramped.pull() == 1
    assert "Read-only file system" in cramped.err
    assert cramped.asks("group", "potions")["members"] == ["Harry_Potter", "Ron_Weasley"]
    subprocess.run(("mount", "-o", "remount,rw", str(small)), check=True)
    assert cramped.left() == before
    assert cramped.pull() == 0
    assert cramped.mirror() == (2, snapshot(NEXT))
