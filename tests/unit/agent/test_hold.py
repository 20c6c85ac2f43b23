"""However it comes about, no version empties a school without a person in it."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.model import Group, Roster
from roster_agent.trust.guard import Limits, Loss, loss
from roster_agent.trust.membership_hashes import MembershipHashes, read
from tests.feed_simulator import make_roster, snapshot
from tests.unit.agent.server import SITE, Server


def school(pupils: int, first: int = 0) -> Roster:
    return make_roster({"Potions": [f"pupil{p:03d}" for p in range(first, first + pupils)]}, {"snape": ["Potions"]})


@pytest.fixture
def full(enrolled: Server) -> Server:
    """A server whose current version has 100 memberships."""
    enrolled.feed.publish(SITE, school(100))
    assert enrolled.pull() == 0
    enrolled.feed.paths()
    return enrolled


def test_should_hold_a_version_that_empties_the_school(full: Server) -> None:
    before = full.left()
    full.feed.publish(SITE, Roster((), ()))
    assert full.pull() == 1
    assert full.outcome() == "version_held"
    assert "100 of 100 memberships" in full.err
    assert "roster-agent approve" in full.err
    assert full.left() == before
    assert full.asks("status")["held"] == {"version": 2, "approved": False, "gone": 100, "of": 100}
    full.run("status")
    assert "waits for roster-agent approve" in full.out
    assert full.feed.reports[-1]["held"] is True
    assert (full.feed.reports[-1]["version"], full.feed.reports[-1]["outcome"]) == (1, "version_held")


def test_should_not_download_again_what_it_holds(full: Server) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    full.feed.paths()
    assert full.pull() == 1
    assert full.outcome() == "version_held"
    assert [path for path in full.feed.paths() if "head" not in path] == []


def test_should_apply_it_once_a_person_approves(full: Server) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    assert full.run("approve", "--yes") == 0, full.err
    assert "Version 2 approved. Version 2 applied." in full.out
    assert full.mirror() == (2, snapshot(school(10)))
    assert full.asks("status")["held"] is None
    assert full.feed.reports[-1]["held"] is False


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "approved"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)]
)
def test_should_show_what_would_change_and_ask(
    full: Server, monkeypatch: pytest.MonkeyPatch, answer: str, approved: bool
) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert full.run("approve") == (0 if approved else 1)
    assert "90 members removed" in full.err
    assert "Approve version 2? [y/N]" in full.err
    assert (full.mirror() or (0,))[0] == (2 if approved else 1)


def test_should_approve_nothing_where_nobody_can_answer(full: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert full.run("approve") == 2
    assert "add --yes" in full.err
    assert full.asks("status")["held"]["approved"] is False


def test_should_not_ask_about_another_version_than_the_one_that_is_held(
    full: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    full.feed.publish(SITE, school(0))
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert full.run("approve") == 1
    assert "Version 2 is held, but is no longer the newest" in full.err
    assert full.asks("status")["held"] == {"version": 2, "approved": False, "gone": 90, "of": 100}


def test_should_remember_an_approval_while_the_feed_is_away(full: Server) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    full.feed.spoil("head", lambda answer: type(answer)(503))
    assert full.run("approve", "--yes") == 1
    assert full.asks("status")["held"]["approved"] is True
    full.feed.heal()
    assert full.pull() == 0
    assert full.mirror() == (2, snapshot(school(10)))


def test_should_approve_nothing_but_what_was_held(full: Server) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    full.feed.publish(SITE, school(0))
    assert full.run("approve", "--yes") == 1
    assert full.outcome() == "version_held"
    assert full.asks("status")["held"]["version"] == 3
    assert full.mirror() == (1, snapshot(school(100)))


def test_should_apply_a_newer_version_that_removes_less(full: Server) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    full.feed.publish(SITE, school(99))
    assert full.pull() == 0
    assert full.mirror() == (3, snapshot(school(99)))
    assert full.asks("status")["held"] is None
    assert full.run("approve", "--yes") == 1
    assert "No version is held" in full.err


def test_should_hold_also_what_comes_in_a_bundle(full: Server, new_server: Server) -> None:
    file = full.folder.parent / "version.bundle"
    full.feed.publish(SITE, school(10))
    full.pull()
    full.run("approve", "--yes")
    assert full.run("export", str(file)) == 0
    full.state.forget_versions()
    full.feed.published[SITE].pop()
    assert full.pull() == 0
    assert full.run("import-bundle", str(file)) == 1
    assert full.outcome() == "version_held"


def test_should_hold_also_when_the_mirror_was_lost(full: Server) -> None:
    before = full.files()
    full.state.forget_mirror()
    full.feed.publish(SITE, school(10))
    assert full.pull() == 1
    assert full.outcome() == "version_held"
    assert full.files() == before
    assert full.run("approve", "--yes") == 0
    assert full.mirror() == (2, snapshot(school(10)))


@pytest.mark.parametrize("mirror", ["there", "lost", "damaged"])
@pytest.mark.parametrize(("first", "held"), [(100, True), (50, True), (20, False), (0, False)])
def test_should_count_who_goes_and_not_how_many_are_left(full: Server, mirror: str, first: int, held: bool) -> None:
    """As many members as before, others in their places."""
    before = full.files()
    if mirror == "lost":
        full.state.forget_mirror()
    elif mirror == "damaged":
        full.state.mirror.write_bytes(b"x" * 5000)
    full.feed.publish(SITE, school(100, first))
    assert full.pull() == held, full.err
    if held:
        assert full.outcome() == "version_held"
        assert f"{first} of 100 memberships" in full.err
        assert full.files() == before
        assert full.run("approve", "--yes") == 0
    assert full.mirror() == (2, snapshot(school(100, first)))


@pytest.mark.parametrize("hashes", [None, b"", b"{}\n", b"[]\n1234", "cut", "flipped"], ids=str)
def test_should_know_nobody_to_stay_where_the_facts_are_lost_too(full: Server, hashes: bytes | str | None) -> None:
    path = full.state.folder / "members.bin"
    known = path.read_bytes()
    full.state.forget_mirror()
    if hashes is None:
        path.unlink()
    else:
        others = {"cut": known[:-8], "flipped": known[:-1] + bytes([known[-1] ^ 1])}
        path.write_bytes(hashes if isinstance(hashes, bytes) else others[hashes])
    full.feed.publish(SITE, school(101))
    assert full.pull() == 1
    assert "100 of 100 memberships" in full.err


def test_should_fetch_the_very_version_again_whose_mirror_was_lost(full: Server) -> None:
    full.state.forget_mirror()
    (full.state.folder / "members.bin").unlink()
    assert full.pull() == 0, full.err
    assert full.mirror() == (1, snapshot(school(100)))


def test_should_note_who_is_there_where_an_earlier_agent_did_not(full: Server) -> None:
    (full.state.folder / "members.bin").unlink()
    assert full.pull() == 0
    full.state.forget_mirror()
    full.feed.publish(SITE, school(99))
    assert full.pull() == 0, full.err


def test_should_not_believe_a_mirror_of_the_same_number_more_than_what_it_noted(full: Server) -> None:
    noted = full.state.seen()
    assert noted
    full.state.save_seen(replace(noted, manifest_sha256="0" * 64))
    full.feed.spoil("head", lambda answer: type(answer)(503))
    full.pull()
    seen = full.state.seen()
    assert seen
    assert seen.manifest_sha256 == "0" * 64


def test_should_name_nobody_in_the_facts(full: Server) -> None:
    hashes = (full.state.folder / "members.bin").read_bytes()
    assert b"pupil" not in hashes
    other = MembershipHashes.of("0" * 64, school(100).groups)
    assert not set(other.numbers) & set(MembershipHashes.of("0" * 64, school(100).groups).numbers)


def test_should_tell_classes_apart_that_are_named_as_their_only_pupil() -> None:
    known = MembershipHashes.of("0" * 64, make_roster({"ann": ["ann"], "bob": ["bob"]}).groups)
    assert known.gone(make_roster({"ann": ["ann"]}).groups) == 1


@pytest.mark.parametrize(
    ("settings", "held"),
    [
        ("", True),
        ("[hold]\npercent = 100", False),
        ("[hold]\nmemberships = 90", False),
        ("[hold]\nmemberships = 89", True),
        ("[hold]\npercent = 89.5", True),
        ("[hold]\npercent = 90", False),
    ],
)
def test_should_hold_by_the_limits_in_the_settings(full: Server, settings: str, held: bool) -> None:
    (full.state.folder / "agent.toml").write_text(settings)
    full.feed.publish(SITE, school(10))
    assert full.pull() == held


def test_should_judge_again_when_the_limits_are_others(full: Server) -> None:
    full.feed.publish(SITE, school(10))
    full.pull()
    (full.state.folder / "agent.toml").write_text("[hold]\npercent = 95")
    assert full.pull() == 0


def test_should_need_both_limits_passed() -> None:
    limits = Limits(percent=10, memberships=25)
    beyond = {(gone, of) for gone, of in _losses() if Loss(gone, of).is_beyond(limits)}
    assert beyond == {(26, 30), (26, 259), (101, 1000)}


def _losses() -> Iterator[tuple[int, int]]:
    yield from [(0, 0), (25, 25), (25, 100), (26, 30), (26, 259), (26, 260), (100, 1000), (101, 1000)]


members = st.lists(st.sampled_from(["ron", "RON", "Harry", "Zoë", "zoë", "luna"]), unique_by=str.casefold)
groups = st.dictionaries(st.sampled_from(["a", "b", "c"]), members)


@given(groups, groups)
def test_should_count_memberships_however_they_are_spelt(
    before: dict[str, list[str]], after: dict[str, list[str]]
) -> None:
    def pairs(said: dict[str, list[str]]) -> set[tuple[str, str]]:
        return {(group, member.casefold()) for group, members in said.items() for member in members}

    def entries(said: dict[str, list[str]]) -> list[Group]:
        return [Group(name, name, tuple(members)) for name, members in said.items()]

    expected = Loss(len(pairs(before) - pairs(after)), len(pairs(before)))
    assert loss(entries(before), entries(after)) == expected
    known = read(MembershipHashes.of("0" * 64, entries(before)).to_bytes())
    assert known
    assert Loss(known.gone(entries(after)), len(known.numbers)) == expected
