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


def test_should_hold_a_version_that_empties_the_school_and_tell_the_cloud(
    full: Site, enrol: Callable[[Site], Server], eventually: Patience
) -> None:
    server = enrol(full)
    assert server.pull() == "applied"
    before = server.files()
    held = full.import_of(full.upload_pair(SEED))
    full.ask("approve", plan=held["plan"]["manifest_sha256"], **{"import": held["import"]})
    eventually(lambda: full.version() == 3, "the held import is published")
    assert server.run("pull", check=False).returncode == 1
    assert server.files() == before
    assert server.says("pull", "--dry-run")["held"] is True

    def report() -> dict[str, object]:
        (known,) = full.ask("page", view="site")["page"]["servers"]
        return dict(known["report"])

    assert (report()["held"], report()["outcome"]) == (True, "version_held")
    assert server.says("approve", "--yes")["outcome"] == "applied"
    assert (report()["held"], report()["outcome"]) == (False, "applied")


def test_should_replace_its_token_and_go_on(running: Site, enrol: Callable[[Site], Server]) -> None:
    server = enrol(running)
    former = json.loads((server.state / "enrolment.json").read_text())
    assert server.pull() == "applied"
    server.run("rotate-token")
    assert server.pull() == "nothing_new"
    (server.state / "enrolment.json").write_text(json.dumps(former))
    assert server.run("pull", check=False).returncode == 1
    assert server.says("status")["last_attempt"]["outcome"] == "token_refused"
