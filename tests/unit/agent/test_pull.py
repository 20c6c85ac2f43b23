"""A pull brings versions into the mirror and the folder, says so, and mends what lags."""

import hashlib
import os
import sqlite3
import stat
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from roster.model import Roster
from roster_agent.disk.state import State
from roster_agent.update import apply, reporting
from roster_agent.update.pull import pull
from tests.feed_simulator import NEXT, SEED, make_roster, snapshot
from tests.unit.agent.server import NEXT_FILES, SEED_FILES, SITE, Server


def test_should_deliver_the_seed_pair_exactly(server: Server) -> None:
    assert server.files() == SEED_FILES
    assert server.mirror() == (1, snapshot(SEED))
    assert server.outcome() == "applied"


def test_should_say_what_it_applied_and_delivered(enrolled: Server) -> None:
    enrolled.feed.publish(SITE, SEED)
    enrolled.pull()
    assert enrolled.out == "Version 1 applied. Files delivered: students.csv, teachers.csv.\n"
    assert enrolled.err == ""


def test_should_replace_a_version_by_the_next(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 0
    assert server.files() == NEXT_FILES
    assert server.mirror() == (2, snapshot(NEXT))


def test_should_skip_versions_that_were_never_pulled(server: Server) -> None:
    question = server.question()
    for roster in (NEXT, SEED, NEXT):
        server.feed.publish(SITE, roster)
    server.pull()
    assert server.mirror() == (4, snapshot(NEXT))
    assert server.feed.paths()[:2] == [f"/v1/sites/hogwarts/head{question}", "/v1/sites/hogwarts/versions/4/manifest"]


def test_should_ask_only_for_the_head_when_nothing_is_new(server: Server) -> None:
    before = {path: path.stat() for path in server.folder.iterdir()}
    assert server.pull() == 0
    assert server.out == "Nothing new: version 1 is the newest.\n"
    assert server.outcome() == "nothing_new"
    assert server.feed.paths() == [f"/v1/sites/hogwarts/head{server.question()}"]
    # Not even rewritten with the same bytes: Impero may watch the folder.
    assert {path: path.stat() for path in server.folder.iterdir()} == before


def test_should_write_only_the_file_that_a_version_changes(server: Server) -> None:
    untouched = (server.folder / "teachers.csv").stat()
    groups = {group.name: [*group.members] for group in SEED.groups} | {"Flying": ["Harry_Potter", "Neville"]}
    server.feed.publish(SITE, make_roster(groups, {right.username: [*right.groups] for right in SEED.rights}))
    server.pull()
    assert server.out == "Version 2 applied. Files delivered: students.csv.\n"
    assert (server.folder / "teachers.csv").stat() == untouched


def test_should_wait_patiently_while_nothing_is_published(enrolled: Server) -> None:
    assert enrolled.pull() == 0
    assert enrolled.outcome() == "nothing_published"
    assert enrolled.files() == {}


def test_should_deliver_an_empty_roster_as_two_files_without_rows(server: Server) -> None:
    server.feed.publish(SITE, Roster((), ()))
    assert server.pull() == 0
    assert set(server.files().values()) == {b"version,1\r\nusername,class\r\n"}


@pytest.mark.parametrize("reachable", [True, False])
def test_should_mend_files_that_were_deleted_or_edited(server: Server, reachable: bool) -> None:
    (server.folder / "students.csv").unlink()
    (server.folder / "teachers.csv").write_bytes(b"edited")
    if not reachable:
        server.feed.spoil("head", lambda answer: type(answer)(503))
    assert server.pull() == (0 if reachable else 1)
    assert server.files() == SEED_FILES


def test_should_say_which_files_it_mended(server: Server) -> None:
    (server.folder / "teachers.csv").write_bytes(b"edited")
    server.pull()
    assert server.out == "Nothing new: version 1 is the newest. Files delivered: teachers.csv.\n"


def test_should_correct_the_digests_when_it_writes_a_version_in_another_way(server: Server) -> None:
    with sqlite3.connect(server.state.mirror) as older_agent:
        older_agent.execute("UPDATE file SET sha256 = 'of other bytes'")
    older_agent.close()
    server.pull()
    assert server.asks("status")["files"].keys() == SEED_FILES.keys()
    assert server.out


def test_should_leave_other_files_in_the_folder_alone(server: Server) -> None:
    (server.folder / "readme.txt").write_bytes(b"of the school")
    server.feed.publish(SITE, NEXT)
    server.pull()
    assert server.files() == NEXT_FILES | {"readme.txt": b"of the school"}


def test_should_take_away_what_a_killed_pull_left_behind(server: Server) -> None:
    (server.folder / ".students.csv.tmp").write_bytes(b"half a fi")
    server.feed.publish(SITE, NEXT)
    server.pull()
    assert server.files() == NEXT_FILES


def test_should_never_write_through_a_link_somebody_planted(server: Server, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"as it was")
    (server.folder / ".students.csv.tmp").symlink_to(precious)
    server.feed.publish(SITE, NEXT)
    server.pull()
    assert precious.read_bytes() == b"as it was"
    assert server.files() == NEXT_FILES


def test_should_refuse_a_second_pull_at_the_same_time(server: Server) -> None:
    with server.state.locked():
        assert server.pull() == 1
    assert "Another roster-agent is at work" in server.err
    assert server.outcome() == "applied"


@pytest.mark.parametrize(
    "damage", ["deleted", "overwritten", "truncated", "bit_flipped", "other_format", "emptied", "newer_manifest"]
)
def test_should_fetch_the_version_anew_when_the_mirror_is_damaged(server: Server, damage: str) -> None:
    _damage(server.state.mirror, damage)
    assert server.pull() == 0, server.err
    assert server.mirror() == (1, snapshot(SEED))
    assert server.feed.paths()[0] == "/v1/sites/hogwarts/head"
    assert server.asks("user", "ron_weasley")["member_of"] == ["Muggle Studies", "Potions"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE line SET content = CAST(content AS TEXT) WHERE position = 1",
        "UPDATE version SET manifest = CAST(manifest AS TEXT)",
        "DROP TABLE file",
        "UPDATE file SET name = CAST(name AS BLOB)",
        "UPDATE file SET name = 'studentz.csv' WHERE name = 'students.csv'",
    ],
)
def test_should_get_over_what_a_flipped_bit_makes_of_a_value(server: Server, damage: str) -> None:
    with sqlite3.connect(server.state.mirror) as database:
        database.execute(damage)
    database.close()
    assert server.pull() == 0, server.err
    assert server.mirror() == (1, snapshot(SEED))
    server.run("doctor")
    assert "files: as they were delivered" in server.out


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE member SET positions = CAST(positions AS BLOB)",
        "UPDATE member SET positions = '[0,1]'",
        "UPDATE line SET content = 'no bytes' WHERE position > 0",
    ],
)
def test_should_say_it_when_a_question_meets_damage(server: Server, damage: str) -> None:
    with sqlite3.connect(server.state.mirror) as database:
        database.execute(damage)
    database.close()
    assert server.run("user", "ron_weasley") == 1
    assert "mirror is damaged" in server.err


def test_should_mend_damage_that_only_writing_meets(server: Server) -> None:
    with sqlite3.connect(server.state.mirror) as database:
        database.execute("DROP TABLE member")
    database.close()
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 0, server.err
    assert server.mirror() == (2, snapshot(NEXT))
    assert server.asks("user", "zoë_müller")["member_of"] == ['Charms, "advanced"']


def test_should_keep_the_files_when_the_mirror_is_lost_and_the_feed_is_away(server: Server) -> None:
    _damage(server.state.mirror, "overwritten")
    server.feed.spoil("head", lambda answer: type(answer)(503))
    assert server.pull() == 1
    assert server.files() == SEED_FILES


def test_should_drop_a_mirror_of_another_site(server: Server) -> None:
    server.feed.publish("durmstrang", NEXT, version=9)
    enrolment = replace(server.state.enrolment(), site="durmstrang")
    server.feed.tokens[enrolment.token] = "durmstrang"
    server.state.save_enrolment(enrolment)
    assert server.pull() == 0
    assert server.mirror() == (9, snapshot(NEXT))
    assert server.feed.paths()[0] == "/v1/sites/durmstrang/head"


def test_should_catch_up_after_the_folder_was_away(server: Server) -> None:
    server.folder.rename(server.folder.with_name("unplugged"))
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 1
    assert server.outcome() == "folder_unusable"
    assert server.feed.paths() == ["/v1/sites/hogwarts/servers/library/report"]
    server.folder.with_name("unplugged").rename(server.folder)
    assert server.pull() == 0
    assert server.files() == NEXT_FILES


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_should_keep_everything_in_the_state_folder_to_its_owner(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.pull()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.state.folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(server.state.folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_should_let_the_server_program_read_the_delivered_files(server: Server) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((server.folder / "students.csv").stat().st_mode) == 0o666 & ~mask


def test_should_pull_a_large_school_in_seconds(enrolled: Server) -> None:
    groups = {f"Class {c:03d}": [f"pupil{(c * 31 + p) % 2900:05d}" for p in range(30)] for c in range(700)}
    enrolled.feed.publish(SITE, make_roster(groups, {f"teacher{t:03d}": [f"Class {t:03d}"] for t in range(700)}))
    begun = time.process_time()  # whatever else this machine is doing
    assert enrolled.pull() == 0
    assert time.process_time() - begun < 10
    assert (enrolled.folder / "students.csv").read_bytes().count(b"\r\n") == 2 + 700 * 30


def test_should_tell_its_progress_in_bytes(enrolled: Server) -> None:
    (packed,) = enrolled.feed.publish(SITE, SEED).objects.values()
    told: list[tuple[int, int]] = []
    pull(State(enrolled.state.folder), lambda done, total: told.append((done, total)))
    assert told[-1] == (len(packed), len(packed))


def _damage(mirror: Path, how: str) -> None:
    data = mirror.read_bytes()
    match how:
        case "deleted":
            mirror.unlink()
        case "emptied":
            mirror.write_bytes(b"")
        case "overwritten":
            mirror.write_bytes(b"<html>quarantined</html>" * 100)
        case "truncated":
            mirror.write_bytes(data[: len(data) // 2])
        case "bit_flipped":
            mirror.write_bytes(data.replace(b'"Harry_Potter"', b'"Harry_Pottes"'))
        case "newer_manifest":
            with sqlite3.connect(mirror) as database:
                manifest = b'{"format":2}'
                change = (manifest, hashlib.sha256(manifest).hexdigest())
                database.execute("UPDATE version SET manifest = ?, manifest_sha256 = ?", change)
            database.close()
        case "other_format":
            with sqlite3.connect(mirror) as database:
                database.execute("PRAGMA user_version=99")
            database.close()


@pytest.mark.parametrize("years", [-10, 10])
def test_should_pull_whatever_the_clock_says(server: Server, monkeypatch: pytest.MonkeyPatch, years: int) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=365 * years)

    for module in (apply, reporting):
        monkeypatch.setattr(module, "datetime", Clock)
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 0, server.err
    assert (server.outcome(), server.files()) == ("applied", NEXT_FILES)
    told = datetime.fromisoformat(str(server.feed.reports[-1]["clock"]))
    assert abs(told - datetime.now(UTC)) > timedelta(days=3600)
    monkeypatch.undo()
    server.feed.publish(SITE, SEED)
    assert server.pull() == 0, server.err
    assert server.files() == SEED_FILES
