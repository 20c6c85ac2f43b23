"""The way by deltas ends with the same bytes as the way by the snapshot, or is not taken."""

import contextlib
import gzip
import hashlib
import itertools
import json
import string
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roster import delta
from roster.delta import first_line
from roster.encode import Blob, Corrupt
from roster.model import Roster
from roster_agent import version
from roster_agent.failures import Stopped
from roster_agent.net.feed_client import Feed
from roster_agent.trust import rules
from roster_agent.update import fetch
from roster_agent.update.pull import pull
from roster_agent.version import Version, apply_delta
from tests.feed_faults import Answer
from tests.feed_simulator import FeedSimulator, Published, make_roster, snapshot
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
    """A server with version 1 of a larger school."""
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
    current = Version(first.manifest, first.content)
    manifest = Version(newest.manifest, newest.content).manifest
    offer = rules.offer(feed.head(SITE, newest) | {"deltas": _all_deltas(feed)}, SITE)
    feed.tokens["token"] = SITE
    with Feed(feed.url, SITE, "token") as connection:
        chained = fetch.Online(connection)._chained(offer, current, None)
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
    before = behind.left()
    assert behind.pull() == 1
    assert behind.outcome() == "version_went_backwards"
    assert behind.left() == before


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


HELD, OTHER = (Version(b"", snapshot(school(change))) for change in (0, 2))
FIRST = first_line(HELD.lines[0], hashlib.sha256(HELD.content).hexdigest())
PUT = b'{"put":{"group":"A","key":"a","members":[%b]}}\n'

# What somebody else could send, and how many objects are fetched: one, where the feed says already that it is too much.
HOSTILE = {
    "of another version": (HELD.delta_to(OTHER), 2),
    "of nothing": (Version(b"", snapshot(make_roster({}))).delta_to(OTHER), 1),
    "no delta": (b"[]\n", 2),
    "empty": (b"\n", 2),
    "without its end": (FIRST + b"{", 2),
    "bomb": (bytes(1 << 20), 1),
    "lone surrogate": (FIRST + PUT % b'"\\ud800"', 2),
    "lone surrogate in UTF-8": (FIRST + PUT % b'"\xed\xa0\x80"', 2),
    "surrogate in the settings": (FIRST.replace(b'"settings":{', b'"settings":{"\\ud800":true,'), 2),
    "UTF-16": (FIRST + '{"key":"a","remove":"group"}'.encode("utf-16") + b"\n", 2),
    "deep": (FIRST + b'{"put":' + b"[" * 8000 + b"\n", 2),
    "deep settings": (FIRST.replace(b'"settings":{', b'"settings":{"a":' + b"[" * 900 + b"]" * 900 + b","), 2),
    "long number": (FIRST + b'{"members_before":' + b"9" * 5000 + b',"remove":"group","key":"a"}\n', 2),
    "infinite number": (FIRST + b'{"members_before":1e999,"remove":"group","key":"a"}\n', 2),
    "numbers for names": (FIRST + PUT % b"1e15,1e15,1e15", 2),
    "many lines": (b"\n" * 9000, 2),
    "out of order": (FIRST + PUT % b'"z"' + PUT % b'"z"', 2),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_should_take_the_snapshot_when_a_delta_is_hostile(behind: Server, what: str) -> None:
    """Whoever can change the feed's answers can offer deltas of their own, since nobody signs them."""
    content, objects = HOSTILE[what]
    published = behind.feed.publish(SITE, school(1))
    _offer(behind, published, gzip.compress(content), content)
    assert behind.pull() == 0, behind.err
    assert fetched(behind) == objects
    assert behind.mirror() == (2, snapshot(school(1)))


def _offer(server: Server, published: Published, packed: bytes, content: bytes) -> None:
    """Offer a delta of our own instead of the feed's."""
    published.objects[hashlib.sha256(packed).hexdigest()] = packed

    def changed(answer: Answer) -> Answer:
        said = json.loads(answer.body)
        _other_delta(said, packed, content)
        return replace(answer, body=json.dumps(said).encode())

    server.feed.spoil("head", changed)


@pytest.mark.parametrize(
    "problem",
    [
        MemoryError,
        RecursionError,
        ValueError,
        OverflowError,
        TypeError,
        KeyError,
        UnicodeEncodeError("u", "", 0, 1, ""),
    ],
)
def test_should_take_the_snapshot_whatever_a_delta_raises(
    behind: Server, monkeypatch: pytest.MonkeyPatch, problem: type[Exception]
) -> None:
    def apply_delta(content: bytes, changes: bytes, sha256: str | None = None) -> bytes:
        raise problem

    monkeypatch.setattr(fetch, "apply_delta", apply_delta)
    behind.feed.publish(SITE, school(1))
    assert behind.pull() == 0, behind.err
    assert fetched(behind) == 2
    assert behind.mirror() == (2, snapshot(school(1)))


def test_should_take_the_snapshot_when_the_feed_fails_at_a_delta(behind: Server) -> None:
    behind.feed.publish(SITE, school(1))
    behind.feed.spoil("object", _first_object(lambda _: Answer(500)))
    assert behind.pull() == 0, behind.err
    assert behind.mirror() == (2, snapshot(school(1)))


def test_should_leave_a_feed_alone_that_asks_for_it_at_a_delta(behind: Server) -> None:
    behind.feed.publish(SITE, school(1))
    behind.feed.spoil("object", _first_object(lambda _: Answer(503, headers={"Retry-After": "60"})))
    assert behind.pull() == 1
    assert behind.outcome() == "feed_failed"
    assert fetched(behind) == 1


def test_should_stop_amid_a_chain_when_asked_to(behind: Server) -> None:
    def stop(done: int, total: int) -> None:
        raise Stopped

    behind.feed.publish(SITE, school(1))
    with pytest.raises(Stopped):
        pull(behind.state, stop)
    assert fetched(behind) == 1


def _large(changed: str) -> Roster:
    """About three megabytes, as a snapshot."""
    groups = {f"Class {c:03d}": [f"pupil-{c}-{p}" for p in range(2000)] for c in range(100)}
    return make_roster(groups | {"Changed": [changed]})


# Each has about as many bytes as the snapshot has.
GREEDY = {
    "lists": PUT % (b"[]," * 900_000 + b'"a"'),
    "objects": PUT % (b"{}," * 900_000 + b'"a"'),
    "floats": PUT % (b"1.5," * 700_000 + b'"a"'),
    "one key": b'{"put":{%b"a":0}}\n' % (b'"a":0,' * 450_000),
    "empty lines": b"\n" * 2_700_000,
    "short lines": b"{}\n" * 900_000,
    "open string": PUT % (b'"' + b'\\"' * 1_400_000),
    "letters": PUT % (b'"%b"' % (b"a" * 2_700_000)),
    "no JSON": b"[" * 2_700_000 + b"\n",
}


@pytest.mark.parametrize("what", GREEDY)
def test_should_need_no_more_memory_for_a_hostile_delta_than_for_the_snapshot(what: str) -> None:
    """Measured, each as it would come: within what the signed manifest promises."""
    content = snapshot(_large("a"))
    first = first_line(content.partition(b"\n")[0], hashlib.sha256(content).hexdigest())
    changes = first + GREEDY[what]
    assert len(changes) <= len(content)
    began = time.monotonic()
    honest = _peak(lambda: Version(b"", content).entries)
    greedy = _peak(lambda: suppressed(content, changes))
    assert greedy < honest
    assert time.monotonic() - began < 30


def test_should_read_lines_however_long_they_are_with_reason(behind: Server) -> None:
    """A class of many, a right of 7,000 classes, names that look like something else."""
    odd = ['", "', "\\", "[[[[{{{{", '\\\\"\\"', "日本", ",,,,,,,,", ":" * 200]
    classes = [f"{c:061d}" for c in range(7000)]
    groups = {"All": [*odd, *(f"pupil-{p}" for p in range(20_000))]} | {name: ["a"] for name in classes}
    roster = make_roster(groups, {"snape": [*classes, *(f"pending {name}" for name in classes)]})
    behind.state.settings_file.write_text("[hold]\npercent = 100")
    behind.feed.publish(SITE, roster)
    assert behind.pull() == 0, behind.err
    behind.feed.paths()
    behind.feed.publish(SITE, make_roster(groups | {"All": groups["All"][1:]}, {"snape": classes}))
    assert behind.pull() == 0, behind.err
    assert fetched(behind) == 1
    assert behind.mirror() == (3, behind.feed.published[SITE][-1].content)


def test_should_refuse_a_line_longer_than_any_group(behind: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    before = behind.left()
    behind.feed.publish(SITE, make_roster({"All": [f"pupil-{p}" for p in range(1000)]}))
    monkeypatch.setattr(version, "LONGEST_LINE", 5000)
    assert behind.pull() == 1
    assert behind.outcome() == "corrupt_download"
    assert behind.left() == before


def test_should_make_no_list_of_more_lines_than_a_roster_has() -> None:
    with pytest.raises(Corrupt, match="more lines"):
        version.lines(b"\n" * 1000)
    with pytest.raises(Corrupt, match="no end"):
        version.lines(snapshot(school())[:-1])


def test_should_apply_a_delta_of_the_shortest_lines_there_are() -> None:
    """Console access, of users of one letter, that goes."""
    full = Version(b"", snapshot(make_roster({}, {letter: [] for letter in string.ascii_lowercase})))
    empty = Version(b"", snapshot(make_roster({})))
    assert apply_delta(full.content, full.delta_to(empty)) == empty.content
    assert apply_delta(empty.content, empty.delta_to(full)) == full.content


def test_should_make_no_more_of_a_delta_than_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = itertools.repeat(b"x" * 1000)
    monkeypatch.setattr(delta, "apply_delta", lambda *_: endless)
    with pytest.raises(Corrupt, match="more content than it can contain"):
        apply_delta(HELD.content, FIRST)


def suppressed(content: bytes, changes: bytes) -> None:
    with contextlib.suppress(Corrupt):
        apply_delta(content, changes)


def _peak(act: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _other_delta(said: dict[str, Any], packed: bytes, content: bytes) -> None:
    blob = Blob(hashlib.sha256(packed).hexdigest(), len(packed), hashlib.sha256(content).hexdigest(), len(content))
    said["deltas"] = [{"from": 1, "version": 2, **blob._asdict()}]


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
