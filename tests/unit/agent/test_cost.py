"""What a pull costs this machine: the mirror is opened once, and each content is hashed once."""

import hashlib
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from roster.model import Roster
from tests.feed_faults import Answer
from tests.feed_simulator import SEED, make_roster
from tests.unit.agent.server import SITE, Server


class Counted:
    """How often the agent opened a database, and how often it computed each SHA-256."""

    def __init__(self) -> None:
        self.opened = 0
        self.digests = Counter[str]()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """Of the agent alone: the feed works in other threads."""
    found = Counted()
    sha256 = hashlib.sha256
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    class Digest:
        def __init__(self, data: bytes = b"", **more: Any) -> None:
            self._real = sha256(data, **more)
            self.update = self._real.update

        def hexdigest(self) -> str:
            if threading.current_thread() is threading.main_thread():
                found.digests[self._real.hexdigest()] += 1
            return self._real.hexdigest()

    def opening(*arguments: Any, **more: Any) -> sqlite3.Connection:
        found.opened += 1
        return connect(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "sha256", Digest)
        patch.setattr(sqlite3, "connect", opening)
        yield found


def content_of(server: Server) -> str:
    left = server.mirror()
    assert left
    return hashlib.sha256(left[1]).hexdigest()


def school(year: int) -> Roster:
    return make_roster({f"Class {c}": [f"pupil{c}-{p}" for p in range(10)] for c in range(10)} | {"Staff": [str(year)]})


@pytest.fixture
def behind(enrolled: Server) -> Server:
    """A server with version 1 of a school that is large enough for deltas, where version 2 is published."""
    enrolled.feed.publish(SITE, school(1))
    assert enrolled.pull() == 0, enrolled.err
    enrolled.feed.publish(SITE, school(2))
    return enrolled


@pytest.mark.parametrize("by_deltas", [True, False])
def test_should_open_the_mirror_once_and_hash_each_content_once(
    behind: Server, counted: Counted, by_deltas: bool
) -> None:
    if by_deltas:
        behind.feed.publish(SITE, school(3))
    else:
        behind.feed.spoil("head", without_deltas)
    before = content_of(behind)
    behind.feed.paths()
    counted.opened, counted.digests = 0, Counter()
    assert behind.pull() == 0
    opened, digests = counted.opened, counted.digests.copy()
    assert sum("/objects/" in path for path in behind.feed.paths()) == 1 + by_deltas
    assert (opened, digests[before], digests[content_of(behind)]) == (1, 1, 1)


def without_deltas(answer: Answer) -> Answer:
    body = json.dumps(json.loads(answer.body) | {"deltas": []}).encode()
    return Answer(answer.status, body, answer.headers | {"Content-Length": str(len(body))})


def test_should_open_the_mirror_once_where_nothing_is_new(server: Server, counted: Counted) -> None:
    before = content_of(server)
    counted.opened, counted.digests = 0, Counter()
    assert server.pull() == 0
    assert (counted.opened, counted.digests[before]) == (1, 1)


def test_should_open_the_mirror_once_for_the_first_version(enrolled: Server, counted: Counted) -> None:
    enrolled.feed.publish(SITE, SEED)
    counted.opened, counted.digests = 0, Counter()
    assert enrolled.pull() == 0
    opened, digests = counted.opened, counted.digests.copy()
    assert (opened, digests[content_of(enrolled)]) == (1, 1)
