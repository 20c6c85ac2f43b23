"""What a person approved in the cloud is not asked again on a server, unless the server wants to be asked."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.encode import Blob, Manifest
from roster.model import Group, Roster
from roster_agent.trust.approvals import Change, read, to_fetch
from roster_agent.trust.guard import loss
from tests.feed_faults import JSON, Answer
from tests.feed_simulator import make_roster, snapshot
from tests.unit.agent.server import SITE, Server


def school(pupils: int, first: int = 0) -> Roster:
    return make_roster({"Potions": [f"pupil{p:03d}" for p in range(first, first + pupils)]}, {"snape": ["Potions"]})


@pytest.fixture
def full(enrolled: Server) -> Server:
    """A server whose current version has 100 memberships."""
    enrolled.feed.publish(SITE, school(100))
    assert enrolled.pull() == 0
    return enrolled


def ask(server: Server) -> None:
    (server.state.folder / "agent.toml").write_text('cloud_approval = "ask"')


def test_should_apply_what_a_person_approved_in_the_cloud(full: Server) -> None:
    full.feed.publish(SITE, school(100, 100), approved=True)
    assert full.pull() == 0, full.err
    assert full.mirror() == (2, snapshot(school(100, 100)))


def test_should_ask_again_where_the_settings_say_so(full: Server) -> None:
    ask(full)
    full.feed.publish(SITE, school(100, 100), approved=True)
    assert full.pull() == 1
    assert full.outcome() == "version_held"
    assert full.run("approve", "--yes") == 0
    assert full.mirror() == (2, snapshot(school(100, 100)))


def test_should_take_what_it_held_once_it_no_longer_wants_to_be_asked(full: Server) -> None:
    ask(full)
    full.feed.publish(SITE, school(100, 100), approved=True)
    assert full.pull() == 1
    (full.state.folder / "agent.toml").write_text("")
    assert full.pull() == 0, full.err


def test_should_tell_the_cloud_whether_it_asks_again(full: Server) -> None:
    ask(full)
    full.pull()
    assert [report["cloud_approval"] for report in full.feed.reports] == ["accept", "ask"]


def test_should_remember_approvals_of_versions_that_it_missed(full: Server) -> None:
    full.feed.publish(SITE, school(100, 100), approved=True)
    full.feed.publish(SITE, school(101, 100))
    assert full.pull() == 0, full.err
    assert full.mirror() == (3, snapshot(school(101, 100)))


@pytest.mark.parametrize("approved_first", [True, False])
def test_should_hold_what_nobody_approved_on_the_way(full: Server, approved_first: bool) -> None:
    full.feed.publish(SITE, school(70), approved=approved_first)
    full.feed.publish(SITE, school(40), approved=not approved_first)
    assert full.pull() == 1
    assert full.outcome() == "version_held"
    if approved_first:
        assert "30 of 100 memberships" in full.err  # the thirty of the second version


def test_should_not_count_an_approval_that_it_has_passed(full: Server) -> None:
    full.feed.publish(SITE, school(100, 100), approved=True)
    assert full.pull() == 0
    full.feed.publish(SITE, school(100))
    assert full.pull() == 1
    assert full.outcome() == "version_held"


def gone(answer: Answer) -> Answer:
    return Answer(404, b'{"error":"object_unknown"}', JSON)


def other(answer: Answer) -> Answer:
    return Answer(200, b"\x00" * len(answer.body))


@pytest.mark.parametrize("spoiled", [gone, other])
def test_should_hold_where_the_approved_delta_cannot_be_read(full: Server, spoiled: Callable[[Answer], Answer]) -> None:
    published = full.feed.publish(SITE, school(100, 100), approved=True)
    (approved,) = Manifest.from_bytes(published.manifest).approved
    deltas = approved.delta.sha256
    full.feed.spoil("object", lambda answer: spoiled(answer) if deltas in full.feed.requests[-1].path else answer)
    assert full.pull() == 1
    assert full.outcome() == "version_held"


def test_should_hold_where_somebody_on_the_way_says_that_it_was_approved(full: Server) -> None:
    """The manifest is another one then than the signed head promises."""
    before = full.left()
    honest = full.feed.publish(SITE, school(100, 100))
    forged = json.loads(honest.manifest)
    delta = {name: value for name, value in forged["delta"].items() if name != "from"}
    forged["approved"] = [{"version": 2, "by": "arn:nobody", "at": "2026-09-01T00:00:00+00:00", "delta": delta}]
    full.feed.spoil("manifest", lambda _: Answer(200, json.dumps(forged).encode(), JSON))
    assert full.pull() == 1
    assert full.outcome() == "corrupt_download"
    assert full.left() == before


def test_should_hold_what_comes_in_a_bundle_which_has_no_deltas(full: Server, new_server: Server) -> None:
    file = full.folder.parent / "version.bundle"
    full.feed.publish(SITE, school(10), approved=True)
    assert full.pull() == 0
    assert full.run("export", str(file)) == 0
    full.state.forget_versions()
    full.feed.published[SITE].pop()
    assert full.pull() == 0
    assert full.run("import-bundle", str(file)) == 1
    assert full.outcome() == "version_held"


def test_should_hold_when_the_mirror_was_lost(full: Server) -> None:
    """The membership hashes that are left cannot be compared with names."""
    full.state.forget_mirror()
    full.feed.publish(SITE, school(100, 100), approved=True)
    assert full.pull() == 1
    assert full.outcome() == "version_held"


def test_should_preview_as_it_would_pull(full: Server) -> None:
    full.feed.publish(SITE, school(100, 100), approved=True)
    assert full.asks("pull", "--dry-run")["held"] is False
    ask(full)
    assert full.asks("pull", "--dry-run")["held"] is True


DELTA = Blob("a" * 64, 10, "b" * 64, 20)


@pytest.mark.parametrize(
    ("version", "asked"),
    [(4, False), (5, False), (6, True), (8, True), (9, False)],
)
def test_should_fetch_only_approvals_between_its_version_and_the_new_one(version: int, asked: bool) -> None:
    manifest = Manifest("hogwarts", 1, 8, "i", {}, DELTA)
    said = {"version": version, "by": "arn:somebody", "at": "", "delta": DELTA}
    manifest = Manifest.from_bytes(
        json.dumps(json.loads(manifest.to_bytes()) | {"approved": [said | {"delta": DELTA._asdict()}]}).encode()
    )
    assert to_fetch(manifest, 5, 100) == ([DELTA] if asked else [])
    assert to_fetch(manifest, 5, 9) == []


@given(st.binary(max_size=100))
def test_should_count_nothing_as_approved_for_any_bytes(data: bytes) -> None:
    assert read(data, DELTA) == {}


names = st.lists(st.sampled_from(["ron", "RON", "Harry", "zoë", "luna"]), unique_by=str.casefold)
rosters = st.dictionaries(st.sampled_from(["a", "b", "c"]), names)


@given(rosters, rosters, rosters)
def test_should_leave_uncounted_just_what_the_approved_version_took(
    before: dict[str, list[str]], approved: dict[str, list[str]], after: dict[str, list[str]]
) -> None:
    """By an account of its own: what stands before and not after, unless the approved version took it."""

    def pairs(said: dict[str, list[str]]) -> set[tuple[str, str]]:
        return {(group, member.casefold()) for group, members in said.items() for member in members}

    def entries(said: dict[str, list[str]]) -> list[Group]:
        return [Group(name, name, tuple(members)) for name, members in said.items()]

    changed = {group for group in before.keys() | approved.keys() if before.get(group) != approved.get(group)}
    changes = {
        group: Change(frozenset(map(str.casefold, approved.get(group, ()))), len(before.get(group, ())))
        for group in changed
    }
    taken = pairs(before) - pairs(approved)
    assert loss(entries(before), entries(after), [changes]).gone == len(pairs(before) - pairs(after) - taken)
