"""The agent against the deployed feed, with a proxy between them that does what networks and attackers do."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from local.cloud import Cloud
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.state import State
from roster_agent.failures import AgentError
from roster_agent.net import transport
from roster_agent.net.enrol import enrol
from roster_agent.update.pull import pull
from tests.deployed import SEED, RunningSites
from tests.fault_proxy import FaultProxy
from tests.feed_faults import FAULTS, SLOW, Answer

SECOND = {"students.csv": SEED["students.csv"] + b"Hermione_Granger,Potions\n", "teachers.csv": SEED["teachers.csv"]}


@pytest.fixture(scope="module")
def proxy(cloud: Cloud) -> Iterator[FaultProxy]:
    with FaultProxy(cloud.feed_url).serving() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def behind(proxy: FaultProxy, running_sites: RunningSites, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server that holds version 1 of a site that has two: its state folder and CSVImport folder, to be copied."""
    site = running_sites.take()
    folder = tmp_path_factory.mktemp("behind")
    (folder / "CSVImport").mkdir()
    state = State(folder / "state")
    code = site.ask("enrol", server="srv-01")["code"]
    enrol(state, feed=proxy.url, site=site.name, code=code, folder=folder / "CSVImport")
    pull(state)
    site.publish(SECOND)
    return folder


class Copy:
    """A copy of that server, for one test."""

    def __init__(self, behind: Path, folder: Path) -> None:
        self.folder = folder / "CSVImport"
        shutil.copytree(behind, folder, dirs_exist_ok=True)
        record = folder / "state" / "enrolment.json"
        record.write_text(json.dumps(json.loads(record.read_text()) | {"folder": str(self.folder)}))
        self.state = State(folder / "state")

    def outcome(self) -> str:
        try:
            return pull(self.state).attempt.outcome
        except AgentError as failure:
            return failure.code

    def holds(self) -> tuple[int, bytes, dict[str, bytes]]:
        with Mirror(self.state.mirror) as mirror:
            version = mirror.version()
        assert version
        files = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        return version.manifest.version, version.content, files


@pytest.fixture
def server(behind: Path, proxy: FaultProxy, tmp_path: Path) -> Iterator[Copy]:
    yield Copy(behind, tmp_path)
    proxy.heal()


@pytest.mark.parametrize("fault", FAULTS)
def test_should_change_nothing_and_recover_by_itself_when(
    fault: str, server: Copy, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = server.holds()
    route, change, outcome = FAULTS[fault]
    proxy.spoil(route, change)
    with monkeypatch.context() as impatient:
        if fault in SLOW:
            impatient.setattr(transport, "_TIMEOUT", httpx2.Timeout(2))
            impatient.setattr(transport, "_LONGEST_ANSWER_SECONDS", 1)
        assert server.outcome() == outcome
    assert server.holds() == before
    told = server.state.last_attempt()
    assert told
    assert (told.outcome, "Nothing was changed" in told.message) == (outcome, True)
    proxy.heal()
    assert server.outcome() == "applied"
    version, _, files = server.holds()
    assert version == 2
    assert b"Hermione_Granger,Potions\r\n" in files["students.csv"]


def test_should_refuse_an_earlier_head_though_it_is_signed(
    proxy: FaultProxy, running_sites: RunningSites, tmp_path: Path
) -> None:
    site = running_sites.take()
    (tmp_path / "CSVImport").mkdir()
    state = State(tmp_path / "state")
    heads: list[Answer] = []

    def remember(answer: Answer) -> Answer:
        heads.append(answer)
        return answer

    enrol(
        state,
        feed=proxy.url,
        site=site.name,
        code=site.ask("enrol", server="srv-01")["code"],
        folder=tmp_path / "CSVImport",
    )
    proxy.spoil("head", remember)
    pull(state)
    site.publish(SECOND)
    pull(state)
    with Mirror(state.mirror) as mirror:
        before = mirror.version()
    proxy.spoil("head", lambda _: heads[0])
    with pytest.raises(AgentError) as refused:
        pull(state)
    assert refused.value.code == "version_went_backwards"
    proxy.heal()
    with Mirror(state.mirror) as mirror:
        assert mirror.version() == before
