"""A feed that serves, and a server that is enrolled with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.feed_simulator import SEED, FeedSimulator
from tests.unit.agent.server import SITE, Server


@pytest.fixture
def feed() -> Iterator[FeedSimulator]:
    with FeedSimulator().serving() as feed:
        yield feed


@pytest.fixture
def new_server(tmp_path: Path, feed: FeedSimulator, capsys: pytest.CaptureFixture[str]) -> Server:
    """A machine on which nothing was done yet."""
    return Server(tmp_path, feed, capsys)


@pytest.fixture
def enrolled(new_server: Server) -> Server:
    """An enrolled server that has pulled nothing."""
    assert new_server.enrol() == 0, new_server.err
    new_server.feed.paths()
    return new_server


@pytest.fixture
def server(enrolled: Server) -> Server:
    """An enrolled server with version 1, the seed's roster."""
    enrolled.feed.publish(SITE, SEED)
    assert enrolled.pull() == 0, enrolled.err
    enrolled.feed.paths()
    return enrolled
