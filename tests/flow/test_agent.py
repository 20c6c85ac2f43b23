"""The agent with the deployed feed: by deltas, with a new token, held, and told apart by the cloud."""

import hashlib
import json
from collections.abc import Callable

import pytest

from tests.deployed import SEED, Site
from tests.fault_proxy import FaultProxy
from tests.flow.conftest import Patience, Server

PUPILS = SEED["students.csv"] + b"".join(b"pupil.%d,Class %d\n" % (p * 7919 % 9973, p % 40) for p in range(800))


def _pair(more: bytes) -> dict[str, bytes]:
    return SEED | {"students.csv": PUPILS + more}


@pytest.fixture
def full(running: Site) -> Site:
    """A site of a size at which a change is smaller than the whole."""
    running.publish(_pair(b""))
    return running


def test_should_reach_the_same_bytes_by_deltas_as_by_the_snapshot(full: Site, new_server: Callable[[], Server]) -> None:
    with FaultProxy(full.cloud.feed_url).serving() as proxy:
        behind, fresh = new_server(), new_server()
        for server, name in ((behind, "srv-01"), (fresh, "srv-02")):
            code = full.ask("enrol", server=name)["code"]
            where = ("--feed", proxy.url, "--site", full.name, "--folder", str(server.folder))
            server.run("enrol", *where, "--code", code)
        assert behind.pull() == "applied"
        for number in (1, 2):
            full.publish(_pair(b"late.pupil,Class %d\n" % number))
        proxy.asked.clear()
        assert behind.pull() == "applied"
        by_deltas = [path for path in proxy.asked if "/objects/" in path]
        proxy.asked.clear()
        assert fresh.pull() == "applied"
        (whole,) = [path for path in proxy.asked if "/objects/" in path]
    assert len(by_deltas) == 2
    assert whole not in by_deltas
    assert behind.files() == fresh.files()
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in fresh.files().items()}
    assert behind.says("status")["files"] == fresh.says("status")["files"] == digests
    assert behind.says("group", "class 1", "--as-of", "2") != behind.says("group", "class 2")


def test_an_approval_in_the_cloud_should_reach_every_server_but_one_that_asks(
    full: Site, new_server: Callable[[], Server], eventually: Patience
) -> None:
    """It empties the school, which is more than any server takes without a person's word."""
    servers = {name: new_server() for name in ("srv-01", "srv-02", "srv-ask")}
    for name, server in servers.items():
        server.enrol(full, full.ask("enrol", server=name)["code"])
    asking = servers["srv-ask"]
    (asking.state / "agent.toml").write_text('cloud_approval = "ask"\n')
    assert [server.pull() for server in servers.values()] == ["applied"] * 3
    before = asking.files()
    held = full.import_of(full.upload_pair(SEED))
    full.ask("approve", plan=held["plan"]["manifest_sha256"], **{"import": held["import"]})
    eventually(lambda: full.version() == 3, "the held import is published")
    assert servers["srv-01"].pull() == "applied"
    assert servers["srv-02"].pull() == "applied"
    assert servers["srv-01"].files() == servers["srv-02"].files() != before
    assert asking.run("pull", check=False).returncode == 1
    assert asking.files() == before
    assert asking.says("pull", "--dry-run")["held"] is True

    def report() -> dict[str, object]:
        known = {each["server"]: each["report"] for each in full.ask("page", view="site")["page"]["servers"]}
        return dict(known["srv-ask"])

    assert (report()["held"], report()["outcome"]) == (True, "version_held")
    assert asking.says("approve", "--yes")["outcome"] == "applied"
    assert (report()["held"], report()["outcome"]) == (False, "applied")
    assert asking.files() == servers["srv-01"].files()


def test_should_replace_its_token_and_go_on(running: Site, enrol: Callable[[Site], Server]) -> None:
    server = enrol(running)
    former = json.loads((server.state / "enrolment.json").read_text())
    assert server.pull() == "applied"
    server.run("rotate-token")
    assert server.pull() == "nothing_new"
    (server.state / "enrolment.json").write_text(json.dumps(former))
    assert server.run("pull", check=False).returncode == 1
    assert server.says("status")["last_attempt"]["outcome"] == "token_refused"
