"""A dry run shows what a pull would do, and does none of it."""

import shutil

import pytest

from roster.difference import Difference
from roster.model import Roster
from tests.feed_faults import Answer
from tests.feed_simulator import NEXT, SEED, make_roster
from tests.unit.agent.server import SITE, Server


def _everything(server: Server) -> dict[str, bytes]:
    """What is on the disk, but for SQLite's own files beside the mirror, which reading makes too."""
    paths = [*server.state.folder.rglob("*"), *server.folder.rglob("*")]
    return {str(path): path.read_bytes() for path in paths if path.is_file() and not path.name.startswith("mirror.db-")}


def test_should_show_what_would_change(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    before = _everything(server)
    shown = server.asks("pull", "--dry-run")
    assert _everything(server) == before
    assert (shown["from"], shown["version"], shown["held"], shown["memberships_gone"]) == (1, 2, False, 4)
    assert shown["files"] == ["students.csv", "teachers.csv"]
    assert {name: number for name, number in shown["changes"].items() if number} == {
        "groups_created": 1,
        "groups_changed": 1,
        "groups_removed": 3,
        "members_created": 3,
        "members_removed": 4,
        "rights_created": 1,
        "rights_changed": 1,
        "rights_removed": 3,
    }
    told = Difference.from_dict(shown["difference"])
    assert told.changes == shown["changes"]
    assert [(each.name, each.before, each.after) for each in told.groups_changed.listed] == [("Potions", 2, 2)]
    assert [each.username for each in told.rights_gained.listed] == ["Minerva_McGonagall"]
    assert [each.username for each in told.rights_lost.listed] == ["Amycus_Carrow", "Charity_Burbage", "Rolanda_Hooch"]
    assert server.outcome() == "applied"
    assert [path for path in server.feed.paths() if path.endswith("report")] == []


def test_should_tell_it_to_a_person(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    assert server.run("pull", "--dry-run") == 0
    assert "Version 2 would replace 1:" in server.out
    assert "  Dark Arts: 1 member: Harry_Potter" in server.out
    assert server.out.index("Console access that goes: 3") < server.out.index("Groups that go: 3")
    assert "Files that would be written: students.csv, teachers.csv." in server.out


def test_should_list_the_first_hundred_unless_asked_for_all(server: Server) -> None:
    members = [f"pupil{number:02}" for number in range(40)]
    server.feed.publish(SITE, make_roster({f"Class {number:03}": members for number in range(150)}))
    assert server.run("pull", "--dry-run") == 0
    few = server.out
    assert ("Class 010" in few, "Class 149" in few, "pupil10" in few) == (True, False, False)
    assert "more" in few
    assert server.run("pull", "--dry-run", "--all") == 0
    assert ("Class 149" in server.out, "pupil10" in server.out) == (True, False)
    assert server.run("pull", "--dry-run", "--all", "--members") == 0
    assert ("pupil39" in server.out, "more" in server.out) == (True, False)


def test_should_say_that_nothing_would_change(server: Server) -> None:
    assert server.run("pull", "--dry-run") == 0
    assert server.out == "No roster changes: version 1.\nFiles that would be written: none.\n"


def test_should_say_which_files_would_be_mended(server: Server) -> None:
    (server.folder / "teachers.csv").write_bytes(b"edited")
    assert server.asks("pull", "--dry-run")["files"] == ["teachers.csv"]
    assert (server.folder / "teachers.csv").read_bytes() == b"edited"


def test_should_show_the_first_version_as_all_new(enrolled: Server) -> None:
    assert enrolled.run("pull", "--dry-run") == 0
    assert "Nothing is published" in enrolled.out
    enrolled.feed.publish(SITE, SEED)
    shown = enrolled.asks("pull", "--dry-run")
    assert (shown["from"], shown["changes"]["groups_created"], enrolled.files()) == (None, 4, {})


def test_should_say_that_a_version_would_be_held(enrolled: Server) -> None:
    enrolled.feed.publish(SITE, make_roster({"Potions": [f"pupil{p}" for p in range(40)]}))
    enrolled.pull()
    enrolled.feed.publish(SITE, Roster((), ()))
    assert enrolled.run("pull", "--dry-run") == 0
    assert "It would be held: 40 memberships would go." in enrolled.out
    assert enrolled.asks("status")["held"] is None


def test_should_leave_a_damaged_mirror_where_it_is(server: Server) -> None:
    server.state.mirror.write_bytes(b"quarantined" * 100)
    assert server.asks("pull", "--dry-run")["from"] is None
    assert server.state.mirror.read_bytes() == b"quarantined" * 100


@pytest.mark.parametrize("missing", [True, False])
def test_should_refuse_what_a_pull_refuses(server: Server, missing: bool) -> None:
    server.feed.publish(SITE, NEXT)
    server.feed.spoil("object", lambda _: Answer(200, b""))
    if missing:
        shutil.rmtree(server.folder)
    assert server.run("pull", "--dry-run") == 1
    assert "not what was published" in server.err
