"""The way by deltas ends with the same bytes as the way by the snapshot, or is not taken."""

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roster.encode import Blob
from roster.model import Roster
from roster_agent import fetch, trust
from roster_agent.feed import Feed
from roster_agent.version import Version, apply_delta
from tests.feed_faults import Answer
from tests.feed_simulator import FeedSimulator, make_roster, snapshot
from tests.unit.agent.server import SITE, Server

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
rosters = st.builds(
    make_roster,
    st.dictionaries(st.sampled_from(["Potions", "Charms", "flying", "Éé", "z\u2028"]), st.lists(names, unique=True)),
    st.dictionaries(st.sampled_from(["snape", "Hooch", "Ünal"]), st.lists(names, unique=True, max_size=3)),
)


def school(change: int = 0) -> Roster:
    """A roster whose snapshot is much larger than what one change of it takes."""
    groups = {f"Class {c:02d}": [f"pupil-{c * 7919 % 1000}-{p}" for p in range(20)] for c in range(30)}
    groups[f"Class {change % 30:02d}"] = [*groups[f"Class {change % 30:02d}"], f"late-{change}"]
    return make_roster(groups, {"snape": ["Class 01"]})


@pytest.fixture
def behind(enrolled: Server) -> Server:
    """A server that holds version 1 of a larger school."""
    enrolled.feed.publish(SITE, school())
    assert enrolled.pull() == 0, enrolled.err
    enrolled.feed.paths()
    return enrolled


def fetched(server: Server) -> int:
    """How many objects were fetched since the last look."""
    return len([path for path in server.feed.paths() if "/objects/" in path])


@given(st.lists(rosters, min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_should_make_of_deltas_what_the_snapshot_holds(history: list[Roster]) -> None:
    contents = list(map(snapshot, history))
    content = contents[0]
    for before, after in pairwise(contents):
        content = apply_delta(content, Version(b"", before).delta_to(Version(b"", after)))
        assert content == after


@given(history=st.lists(rosters, min_size=2, max_size=5))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_should_come_to_the_same_bytes_by_either_way(feed: FeedSimulator, history: list[Roster]) -> None:
    feed.published.clear()
    for roster in history:
        feed.publish(SITE, roster)
    first, *_, newest = feed.published[SITE]
    held = Version(first.manifest, first.content)
    manifest = Version(newest.manifest, newest.content).manifest
    offer = trust.offer(feed.head(SITE, newest) | {"deltas": _all_deltas(feed)}, SITE)
    feed.tokens["token"] = SITE
    with Feed(feed.url, SITE, "token") as connection:
        chained = fetch.Online(connection)._chained(offer, held, None)
        whole = fetch.Online(connection).content(offer, manifest, None, None)
    assert chained == whole == snapshot(history[-1])


def _all_deltas(feed: FeedSimulator) -> list[dict[str, Any]]:
    found = []
    for published in feed.published[SITE][1:]:
        manifest = Version(published.manifest, published.content).manifest
        assert manifest.delta
        found.append({"from": manifest.delta_from, "version": manifest.version, **manifest.delta._asdict()})
    return found


@pytest.mark.parametrize(("versions", "objects"), [(1, 1), (2, 2), (200, 1)])
def test_should_end_with_the_same_bytes_however_far_behind(behind: Server, versions: int, objects: int) -> None:
    for change in range(versions):
        behind.feed.publish(SITE, school(change + 1))
    assert behind.pull() == 0, behind.err
    assert fetched(behind) == objects
    assert behind.mirror() == (versions + 1, snapshot(school(versions)))
    assert behind.files() == Version(b"", snapshot(school(versions))).files()


def test_should_take_the_snapshot_when_its_cursor_is_of_another_epoch(behind: Server) -> None:
    behind.feed.published[SITE] = []
    behind.feed.publish(SITE, school(5), version=500, epoch=2)
    question = behind.question()
    assert behind.pull() == 0, behind.err
    asked = behind.feed.paths()
    assert asked[:2] == [f"/v1/sites/hogwarts/head{question}", "/v1/sites/hogwarts/head"]
    assert behind.mirror() == (500, snapshot(school(5)))


def test_should_refuse_a_cloud_that_knows_only_older_versions(behind: Server) -> None:
    behind.feed.publish(SITE, school(1))
    behind.pull()
    behind.feed.published[SITE].pop()
    before = behind.holds()
    assert behind.pull() == 1
    assert behind.outcome() == "version_went_backwards"
    assert behind.holds() == before


def _first_object(change: Callable[[Answer], Answer]) -> Callable[[Answer], Answer]:
    """Change the first object that is sent and no other: a delta, where the snapshot comes after it."""
    spoilt = []

    def once(answer: Answer) -> Answer:
        spoilt.append(answer)
        return change(answer) if len(spoilt) == 1 else answer

    return once


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=change(answer.body))


@pytest.mark.parametrize(
    "change",
    [
        _bytes(lambda body: body[:-1]),
        _bytes(lambda body: body + b"x"),
        _bytes(lambda body: body[:20] + bytes([body[20] ^ 1]) + body[21:]),
        _bytes(lambda _: gzip.compress(bytes(1 << 20))),
        _bytes(gzip.decompress),
        lambda _: Answer(404, b'{"error":"object_unknown"}', {"Content-Type": "application/json"}),
        lambda _: Answer(200, b"<html>", {"Content-Type": "text/html"}),
    ],
    ids=["cut", "longer", "flipped bit", "gzip bomb", "unzipped", "gone", "login page"],
)
def test_should_take_the_snapshot_when_a_delta_is_spoilt(behind: Server, change: Callable[[Answer], Answer]) -> None:
    behind.feed.publish(SITE, school(1))
    behind.feed.spoil("object", _first_object(change))
    assert behind.pull() == 0, behind.err
    assert fetched(behind) == 2
    assert behind.mirror() == (2, snapshot(school(1)))


def _other_delta(said: dict[str, Any], packed: bytes, content: bytes) -> None:
    blob = Blob(hashlib.sha256(packed).hexdigest(), len(packed), hashlib.sha256(content).hexdigest(), len(content))
    said["deltas"] = [{"from": 1, "version": 2, **blob._asdict()}]


@pytest.mark.parametrize("what", ["of another version", "of nothing", "no delta", "bomb"])
def test_should_take_the_snapshot_when_a_delta_leads_elsewhere(behind: Server, what: str) -> None:
    """Whoever can change the feed's answers can offer deltas of their own, since nobody signs them."""
    published = behind.feed.publish(SITE, school(1))
    held, other = (Version(b"", snapshot(school(change))) for change in (0, 2))
    content = {
        "of another version": held.delta_to(other),
        "of nothing": Version(b"", snapshot(make_roster({}))).delta_to(other),
        "no delta": b"[]\n",
        "bomb": bytes(1 << 20),
    }[what]
    packed = gzip.compress(content)
    published.objects[hashlib.sha256(packed).hexdigest()] = packed

    def changed(answer: Answer) -> Answer:
        said = json.loads(answer.body)
        _other_delta(said, packed, content)
        return replace(answer, body=json.dumps(said).encode())

    behind.feed.spoil("head", changed)
    assert behind.pull() == 0, behind.err
    assert fetched(behind) == 2
    assert behind.mirror() == (2, snapshot(school(1)))


@pytest.mark.parametrize(
    "change",
    [
        {"from": 2},
        {"version": 3},
        {"from": "1"},
        {"sha256": "../../head"},
        {"bytes": 1 << 40},
        {"content_bytes": 1 << 40},
        {"bytes": 0},
    ],
    ids=str,
)
def test_should_pass_over_deltas_that_are_no_chain_from_what_it_has(behind: Server, change: dict[str, Any]) -> None:
    behind.feed.publish(SITE, school(1))

    def changed(answer: Answer) -> Answer:
        said = json.loads(answer.body)
        said["deltas"][0] |= change
        return replace(answer, body=json.dumps(said).encode())

    behind.feed.spoil("head", changed)
    assert behind.pull() == 0, behind.err
    assert fetched(behind) == 1
    assert behind.mirror() == (2, snapshot(school(1)))
