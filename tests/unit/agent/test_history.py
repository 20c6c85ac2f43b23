"""The versions of before: which they were, when they came, and what they said."""

import sqlite3
import zlib

import pytest

from roster_agent.disk import earlier_versions
from tests.feed_simulator import NEXT, SEED, make_roster, snapshot
from tests.unit.agent.server import SITE, Server


@pytest.fixture
def through(server: Server) -> Server:
    """A server that went from the seed's roster to the next and back to the seed's, as version 3."""
    for roster in (NEXT, SEED):
        server.feed.publish(SITE, roster)
        assert server.pull() == 0, server.err
    return server


def test_should_list_what_it_applied_newest_first(through: Server) -> None:
    shown = through.asks("history")
    assert [(kept["version"], kept["counts"]["groups"]) for kept in shown] == [(3, 4), (2, 2), (1, 4)]
    assert all(kept["applied_at"] for kept in shown)
    assert through.run("history") == 0
    assert "2 groups, 3 members" in through.out


def test_should_answer_as_of_an_earlier_version(through: Server) -> None:
    assert through.asks("group", "potions", "--as-of", "2")["members"] == ["Hermione_Granger", "Ron_Weasley"]
    assert through.asks("group", "potions", "--as-of", "1") == through.asks("group", "potions")
    assert through.asks("user", "zoë_müller", "--as-of", "2")["member_of"] == ['Charms, "advanced"']
    assert through.asks("user", "MINERVA_McGonagall", "--as-of", "2")["console"]["all_groups"]
    assert through.run("user", "zoë_müller") == 1


@pytest.mark.parametrize("user", ["Harry_Potter", "ron_weasley", "Severus_Snape", "charity_burbage"])
def test_should_say_the_same_of_a_version_whether_it_is_held_or_past(server: Server, user: str) -> None:
    said = server.asks("user", user)
    server.feed.publish(SITE, NEXT)
    server.pull()
    assert server.asks("user", user, "--as-of", "1") == said


def test_should_keep_every_byte_of_the_versions_before(through: Server) -> None:
    from roster_agent.disk.mirror import Mirror

    with Mirror(through.state.mirror) as mirror:
        kept = {number: mirror.as_of(number) for number in (1, 2, 3)}
    assert {number: version and version.content for number, version in kept.items()} == {
        1: snapshot(SEED),
        2: snapshot(NEXT),
        3: snapshot(SEED),
    }


@pytest.mark.parametrize("number", ["0", "4", "-1"])
def test_should_say_it_when_a_version_is_not_kept(through: Server, number: str) -> None:
    assert through.run("group", "potions", f"--as-of={number}") == 1
    assert "roster-agent history" in through.err


def test_should_not_know_a_version_that_it_skipped(server: Server) -> None:
    for roster in (NEXT, SEED):
        server.feed.publish(SITE, roster)
    server.pull()
    assert [kept["version"] for kept in server.asks("history")] == [3, 1]
    assert server.run("group", "potions", "--as-of", "2") == 1


def test_should_keep_a_bounded_number(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier_versions, "MOST", 3)
    for number in range(6):
        server.feed.publish(SITE, make_roster({"Potions": [f"pupil{number}"]}))
        server.pull()
    assert [kept["version"] for kept in server.asks("history")] == [7, 6, 5, 4]
    assert server.asks("group", "potions", "--as-of", "4")["members"] == ["pupil2"]


def test_should_notice_a_way_back_that_was_changed(through: Server) -> None:
    with sqlite3.connect(through.state.mirror) as database:
        ((way_back,),) = database.execute("SELECT way_back FROM past WHERE version = 2").fetchall()
        changed = zlib.compress(zlib.decompress(way_back).replace(b"Ron_Weasley", b"Ron_Weasel"))
        database.execute("UPDATE past SET way_back = ? WHERE version = 2", (changed,))
    database.close()
    assert through.run("group", "potions", "--as-of", "2") == 1
    assert "damaged" in through.err
    assert through.asks("group", "potions")["members"] == ["Harry_Potter", "Ron_Weasley"]
