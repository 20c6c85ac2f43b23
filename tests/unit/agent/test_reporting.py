"""What the cloud is told: what this server has, when that is news, and never a name."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.feed_faults import Answer
from tests.feed_simulator import NEXT, SEED, make_roster
from tests.unit.agent.server import SEED_FILES, SITE, Server


def _digests(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_should_tell_what_it_applied(enrolled: Server) -> None:
    published = enrolled.feed.publish(SITE, SEED)
    enrolled.pull()
    (report,) = enrolled.feed.reports
    clock = datetime.fromisoformat(str(report.pop("clock")))
    assert abs(clock - datetime.now(UTC)) < timedelta(minutes=1)
    assert isinstance(report.pop("agent"), str)
    assert report == {
        "version": 1,
        "epoch": 1,
        "manifest_sha256": hashlib.sha256(published.manifest).hexdigest(),
        "files": _digests(SEED_FILES),
        "outcome": "applied",
        "held": False,
        "cloud_approval": "accept",
    }


def test_should_tell_it_once(server: Server) -> None:
    server.pull()
    server.pull()
    assert len(server.feed.reports) == 1


def test_should_tell_again_after_a_while_and_after_a_clock_that_was_ahead(server: Server) -> None:
    for wrong in (timedelta(hours=-7), timedelta(days=3650)):
        told = server.state.reported()
        server.state.save_reported(told | {"at": (datetime.now(UTC) + wrong).isoformat()})
        server.feed.reports.clear()
        server.pull()
        assert len(server.feed.reports) == 1


def test_should_tell_that_nothing_is_there_yet(enrolled: Server) -> None:
    enrolled.pull()
    (report,) = enrolled.feed.reports
    assert (report["version"], report["files"], report["outcome"]) == (None, {}, "nothing_published")


def test_should_tell_of_a_folder_that_cannot_be_used(server: Server) -> None:
    server.folder.rename(server.folder.with_name("unplugged"))
    server.pull()
    assert server.feed.reports[-1]["outcome"] == "folder_unusable"
    assert server.feed.reports[-1]["files"] == {}


def test_should_tell_of_a_version_that_it_refuses(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.feed.spoil("object", lambda answer: Answer(200, b"x" * len(answer.body)))
    server.pull()
    report = server.feed.reports[-1]
    assert (report["version"], report["outcome"]) == (1, "corrupt_download")


@pytest.mark.parametrize("status", [400, 403, 500])
def test_should_not_fail_because_nobody_listens(server: Server, status: int) -> None:
    server.feed.publish(SITE, NEXT)
    server.feed.spoil("report", lambda _: Answer(status, b"{}"))
    assert server.pull() == 0
    server.feed.heal()
    server.pull()
    assert server.feed.reports[-1]["version"] == 2


def test_should_name_nobody(server: Server) -> None:
    server.feed.publish(SITE, make_roster({"Potions": ["Harry_Potter"]}))
    server.pull()
    told = json.dumps(server.feed.reports)
    assert not [name for name in ("Harry", "Potions", server.state.enrolment().token) if name in told]
