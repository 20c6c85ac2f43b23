"""What a fetch does with what it pulls, or cannot pull: put, told as it comes, or told as failed; for whoever asked."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roster.report import Report
from roster.request import Request
from roster_aws.fetching.fetching import Fetcher, Places
from roster_pages.wording import REASONS, waiting_texts
from tests.source_servers import School, SourceServer, serving
from tests.unit.sources.bundles import sample

SITE = "hogwarts"
BEGAN = datetime(2026, 9, 14, 2, tzinfo=UTC)


@dataclass
class Cloud:
    """Everything that a fetch reads and writes, in memory; its clock goes on by three seconds whenever it is asked."""

    secret: str
    now: datetime = BEGAN
    did: list[tuple[Any, ...]] = field(default_factory=list)
    failures: list[Report] = field(default_factory=list)

    def clock(self) -> datetime:
        self.now += timedelta(seconds=3)
        return self.now

    def fetcher(self) -> Fetcher:
        places = Places(
            secret=lambda _: self.secret,
            put=lambda site, file, data: self.did.append(("put", site, file, len(data) > 0)),
            tell_progress=lambda site, records, since: self.did.append(("progress", site, records)),
            end_progress=lambda site: self.did.append(("end", site)),
            tell_failure=self.failures.append,
            ask_import=lambda request: self.did.append(("import", request.site, request.asked)),
        )
        return Fetcher(places, self.clock, allow_http=True)


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with serving(SourceServer(School(sample("ms-sds-v1-100")), "oneroster-1.2", page=100)) as server:
        yield server


def cloud_of(server: SourceServer) -> Cloud:
    return Cloud(json.dumps(server.credentials()))


def test_should_put_the_bundle_and_say_meanwhile_how_far_it_is(server: SourceServer) -> None:
    cloud = cloud_of(server)
    said = cloud.fetcher().fetch(Request(SITE), seconds=90)
    assert (said["ok"], said["records"]["users"], cloud.failures) == (True, 98, [])
    first, *progress, put, end = cloud.did
    assert first == ("progress", SITE, 0)
    assert [each[2] for each in progress] == sorted(each[2] for each in progress)
    assert len(progress) > 2
    assert (put, end) == (("put", SITE, "oneroster.zip", True), ("end", SITE))


def test_should_have_the_import_answer_whoever_asked(server: SourceServer) -> None:
    cloud = cloud_of(server)
    cloud.fetcher().fetch(Request(SITE, "somebody", BEGAN), seconds=90)
    assert cloud.did[-1] == ("import", SITE, "somebody")


def test_should_put_nothing_where_it_fails_and_say_what_to_do(server: SourceServer) -> None:
    server.fault, server.fault_at = "html", "enrollments"
    cloud = cloud_of(server)
    said = cloud.fetcher().fetch(Request(SITE, "somebody", BEGAN), seconds=90)
    assert said == {"ok": False, "error": "source_no_api", "what": "enrollments"}
    (report,) = cloud.failures
    assert (report.status, report.reason, report.file, report.asked) == (
        *("failed", "source_no_api"),
        *("enrollments", "somebody"),
    )
    assert report.reason in REASONS
    assert {each[0] for each in cloud.did} == {"progress", "end"}


def test_should_tell_a_failure_of_one_hour_once(server: SourceServer) -> None:
    server.fault = "401"
    cloud = cloud_of(server)
    for _ in range(2):
        cloud.fetcher().fetch(Request(SITE), seconds=90)
    ids = {report.import_id.rpartition("-")[2] for report in cloud.failures}
    assert len(ids) == 1


def test_should_only_try_what_is_stored(server: SourceServer) -> None:
    cloud = cloud_of(server)
    assert cloud.fetcher().test(SITE, seconds=90) == {"ok": True, "schools": 2}
    assert Cloud("").fetcher().test(SITE, seconds=90) == {"ok": False, "error": "source_not_set", "what": ""}
    assert cloud.did == []


def test_should_show_in_words_that_it_is_being_fetched() -> None:
    heading, line = waiting_texts({"fetching": True, "records": 12000, "since": "2026-09-14T02:00:00+00:00"})
    assert (heading, line) == (
        "Fetching from the API since 2026-09-14 02:00.",
        "12,000 records so far. Then it is imported.",
    )


def test_should_end_before_its_process_does(server: SourceServer) -> None:
    began = time.monotonic()
    said = cloud_of(server).fetcher().fetch(Request(SITE), seconds=1)
    assert said["error"] == "source_too_slow"
    assert time.monotonic() - began < 5
