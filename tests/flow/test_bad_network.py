"""The agent behind a school's network, before the deployed feed: whatever a proxy makes of its answers, nothing that is
not exactly what was published is applied, and the next good answer makes it good.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from local.cloud import Cloud
from roster_agent import transport
from roster_agent.cli import main
from roster_agent.mirror import Mirror
from roster_agent.state import State
from tests.answering import AnswerServer, Asked
from tests.deployed import SEED, RunningSites, Site
from tests.feed_faults import FAULTS, Answer, Change, route

_PASSED_ON = ("content-type", "cache-control", "poll-after-seconds", "location", "date")


class Proxy:
    """Stands before the deployed feed and spoils the answers of one route."""

    def __init__(self, feed_url: str) -> None:
        self.feed = httpx2.Client(base_url=feed_url, headers={"accept-encoding": "identity"}, timeout=30)
        self.base = urlsplit(feed_url).path
        self.server = AnswerServer(self._pass_on)
        self.url = self.server.origin + self.base
        self.passed: list[tuple[str, Answer]] = []
        self._spoilt: tuple[str, Change] | None = None

    def spoil(self, what: str, change: Change) -> None:
        self._spoilt = what, change

    def heal(self) -> None:
        self._spoilt = None

    def _pass_on(self, asked: Asked, body: bytes) -> Answer:
        headers = {"authorization": asked.authorization} if asked.authorization else {}
        path = asked.path.removeprefix(self.base) + asked.query
        got = self.feed.request(asked.method, path, content=body, headers=headers)
        kept = {name: got.headers[name] for name in _PASSED_ON if name in got.headers}
        answer, what = Answer(got.status_code, got.content, kept), route(asked.path)
        self.passed.append((what, answer))
        return self._spoilt[1](answer) if self._spoilt and self._spoilt[0] == what else answer

    def last(self, what: str) -> Answer:
        """The feed's last good answer of a route."""
        return next(answer for passed, answer in reversed(self.passed) if passed == what and answer.status == 200)


class Server:
    """A school's server whose feed is reached through the proxy."""

    def __init__(self, root: Path, proxy: Proxy, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.state, self.proxy, self._capsys = root / "CSVImport", State(root / "state"), proxy, capsys
        self.folder.mkdir()
        self.err = ""

    def run(self, *arguments: str) -> int:
        status = main([*arguments, "--state", str(self.state.folder)])
        self.err = self._capsys.readouterr().err
        return status

    def enrol(self, site: Site, code: str = "") -> None:
        code = code or site.ask("enrol", server="srv-01")["code"]
        where = ("--feed", self.proxy.url, "--site", site.name, "--code", code, "--folder", str(self.folder))
        assert self.run("enrol", *where) == 0, self.err

    def outcome(self) -> str:
        attempt = self.state.last_attempt()
        return attempt.outcome if attempt else ""

    def holds(self) -> tuple[int, bytes, dict[str, bytes]]:
        """The version and content of the mirror, and what is in the folder."""
        with Mirror(self.state.mirror) as mirror:
            version = mirror.version()
        assert version
        files = {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}
        return version.manifest.version, version.content, files


@pytest.fixture(scope="module")
def proxy(cloud: Cloud) -> Iterator[Proxy]:
    proxy = Proxy(cloud.feed_url)
    with proxy.server.serving(), proxy.feed:
        yield proxy


@pytest.fixture(scope="module")
def site(running_sites: RunningSites) -> Site:
    """A site with two versions, the second with one student more."""
    site = running_sites.take()
    site.publish(SEED | {"students.csv": SEED["students.csv"] + b"Neville_Longbottom,Flying\n"})
    return site


@pytest.fixture
def new_server(tmp_path: Path, proxy: Proxy, capsys: pytest.CaptureFixture[str]) -> Iterator[Server]:
    proxy.heal()
    yield Server(tmp_path, proxy, capsys)
    proxy.heal()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds where the agent would wait for a minute."""
    monkeypatch.setattr(transport, "_TIMEOUT", httpx2.Timeout(2))
    monkeypatch.setattr(transport, "_LONGEST_ANSWER_SECONDS", 1.5)


@pytest.fixture(scope="module")
def token(proxy: Proxy, site: Site) -> str:
    """Of a server of the site that all these tests are, one after the other."""
    answer = proxy.feed.post("/v1/enrol", json={"code": site.ask("enrol", server="srv-01")["code"], "site": site.name})
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.fixture
def behind(new_server: Server, site: Site, token: str) -> Server:
    """A server that is enrolled and has pulled nothing yet."""
    new_server.proxy.spoil("enrol", lambda _: Answer(200, token.encode(), {"content-type": "application/json"}))
    new_server.enrol(site, "used already")
    return new_server


@pytest.mark.parametrize(("what", "change", "outcome"), FAULTS.values(), ids=FAULTS)
def test_nothing_is_applied_and_the_next_pull_recovers_when(
    behind: Server, what: str, change: Change, outcome: str
) -> None:
    behind.proxy.spoil(what, change)
    status = behind.run("pull")
    assert (behind.outcome(), list(behind.folder.iterdir())) == (outcome, []), behind.err
    assert status == (0 if outcome == "nothing_published" else 1)
    assert "Traceback" not in behind.err

    behind.proxy.heal()
    assert behind.run("pull") == 0, behind.err
    assert behind.holds()[0] == 2
    assert b"Neville_Longbottom" in behind.holds()[2]["students.csv"]


def test_an_old_head_replayed_is_refused(new_server: Server, running: Site) -> None:
    new_server.enrol(running)
    assert new_server.run("pull") == 0, new_server.err
    old = new_server.proxy.last("head")
    running.publish(SEED | {"students.csv": SEED["students.csv"] + b"Neville_Longbottom,Flying\n"})
    assert new_server.run("pull") == 0, new_server.err
    holds = new_server.holds()
    new_server.proxy.spoil("head", lambda _: old)
    assert new_server.run("pull") == 1
    assert new_server.outcome() == "version_went_backwards"
    assert new_server.holds() == holds


def test_a_delta_that_was_tampered_with_is_made_good_by_the_snapshot(new_server: Server, running: Site) -> None:
    new_server.enrol(running)
    assert new_server.run("pull") == 0, new_server.err
    more = b"".join(b"student.%d,Flying\n" % number for number in range(400))
    running.publish(SEED | {"students.csv": SEED["students.csv"] + more})
    assert new_server.run("pull") == 0, new_server.err
    running.publish(SEED | {"students.csv": SEED["students.csv"] + more + b"Neville_Longbottom,Flying\n"})

    def spoil_first() -> Callable[[Answer], Answer]:
        spoilt: list[Answer] = []

        def change(answer: Answer) -> Answer:
            if spoilt:
                return answer
            spoilt.append(answer)
            return replace(answer, body=answer.body[:-1] + bytes([answer.body[-1] ^ 1]))

        return change

    new_server.proxy.spoil("object", spoil_first())
    assert new_server.run("pull") == 0, new_server.err
    head = json.loads(new_server.proxy.last("head").body)
    assert [delta["from"] for delta in head["deltas"]] == [2]
    assert b"Neville_Longbottom" in new_server.holds()[2]["students.csv"]
