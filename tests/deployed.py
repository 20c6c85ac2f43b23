"""The deployed stack as its users and operators have it: a site to upload to, functions to invoke, logs, the queue.

In: a local cloud. Out: what AWS's own clients say about it. Nothing here knows the product's code, except to read a
site's groups and rights out of the table.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from local.deployment import STACK_NAME
from roster.notices import STUDENTS, TEACHERS

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "local" / "example"
SEED = {file: (EXAMPLE / file).read_bytes() for file in (STUDENTS, TEACHERS)}


def event(name: str, written: Mapping[str, str] | None = None) -> Any:
    """events/NAME.json, with each text that the example has replaced by the test's own."""
    text = (ROOT / "events" / f"{name}.json").read_text(encoding="utf-8")
    for example, ours in (written or {}).items():
        assert example in text, f"{name} has no {example}"
        text = text.replace(example, ours)
    return json.loads(text)


@cache
def client(cloud: Cloud, service: str) -> Any:
    """The one client of a service."""
    return cloud.client(service)


@cache
def function(cloud: Cloud, logical_id: str) -> str:
    """The name under which a function, or another resource of template.yaml, was deployed."""
    described = client(cloud, "cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId=logical_id
    )
    return str(described["StackResourceDetail"]["PhysicalResourceId"])


def invoke(cloud: Cloud, logical_id: str, sent: Any) -> Any:
    """What a deployed function answers; a failure when it breaks off."""
    answer = client(cloud, "lambda").invoke(FunctionName=function(cloud, logical_id), Payload=json.dumps(sent))
    with closing(answer["Payload"]) as payload:
        said = json.loads(payload.read())
    assert "FunctionError" not in answer, said
    return said


# On a busy machine everything takes longer; only what will never happen takes this long.
PATIENCE_SECONDS = 180


def eventually(cloud: Cloud, happened: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something is so, or fail with the end of the cloud's log."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            log = "\n".join(cloud.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])
            pytest.fail(f"not within {seconds} s: {what}\n{log}")
        time.sleep(0.2)


def log_events(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """Every event of every log group, with the group's name."""
    logs = client(cloud, "logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for logged in events["events"]:
                    yield name, logged["message"]


def reports_logged(cloud: Cloud, message: str) -> list[dict[str, Any]]:
    """What was told under one message, such as import_report, by the import function or in the reports."""
    groups = {function(cloud, name) for name in ("ImportPairLogs", "ReportsLogs")}
    events = (text for name, text in log_events(cloud) if name in groups and f'"{message}"' in text)
    return [told for told in map(json.loads, events) if told["message"] == message]


def eventually_logged(
    cloud: Cloud, message: str, wanted: Callable[[dict[str, Any]], bool], what: str
) -> list[dict[str, Any]]:
    """What was told under a message, of the wanted kind, once there is something."""
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        # Where the machine is busy, the emulator has a function's last lines only when it runs again.
        invoke(cloud, "ImportPairFunction", event("import_pair/s3_test"))
        found[:] = filter(wanted, reports_logged(cloud, message))
        return bool(found)

    eventually(cloud, is_there, what)
    return found


def queue_is_quiet(cloud: Cloud) -> bool:
    """Whether no message waits for an import now, is being imported or was given up; some may be for later."""
    sqs = client(cloud, "sqs")
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    counts = [
        sqs.get_queue_attributes(QueueUrl=function(cloud, queue), AttributeNames=["All"])["Attributes"]
        for queue in ("ImportQueue", "ImportDeadLetterQueue")
    ]
    return all(int(count[name]) == 0 for count in counts for name in names)


@dataclass(frozen=True)
class Site:
    """One site of a deployed stack."""

    cloud: Cloud
    name: str

    def add(self) -> None:
        """Have the site added, as it is before the first upload of every site that is meant."""
        _added(self.cloud, self.name)

    def upload(self, file: str, data: bytes) -> str:
        """Put one file into the inbox of a site that was added; its version id."""
        self.add()
        put = client(self.cloud, "s3").put_object(Bucket=self.cloud.inbox_bucket, Key=f"{self.name}/{file}", Body=data)
        return str(put["VersionId"])

    def upload_pair(self, pair: Mapping[str, bytes]) -> dict[str, str]:
        """Put both files there; their version ids."""
        return {file: self.upload(file, data) for file, data in pair.items()}

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        """What manage_site answers for the site."""
        said = invoke(self.cloud, "ManageSiteFunction", {"action": action, "site": self.name, **details})
        assert said["ok"], said
        return dict(said)

    def imports(self) -> list[dict[str, Any]]:
        """The reports of the imports that have ended, newest first."""
        return [report for report in self.ask("imports")["imports"] if report["status"] != "fetching"]

    def version(self) -> int:
        """The number of the version that is published."""
        return int(self.ask("imports")["version"])

    def import_of(self, uploaded: Mapping[str, str], seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The report of the import of these uploads, by file and version id, once it has ended."""
        return self.report(
            lambda said: {file: about["version_id"] for file, about in said.get("pair", {}).items()} == uploaded,
            f"the import of the pair uploaded to {self.name}",
            seconds,
        )

    def report(
        self, wanted: Callable[[dict[str, Any]], bool], what: str, seconds: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """The newest report that is wanted, once there is one."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [report for report in self.imports() if wanted(report)]
            return bool(found)

        eventually(self.cloud, is_there, what, seconds)
        return found[0]

    def publish(self, pair: Mapping[str, bytes]) -> dict[str, Any]:
        """Upload a pair and wait until it is published; one that is held for its size or bad rows alone is approved."""
        report = self.import_of(self.upload_pair(pair))
        if report["held"] and {reason["code"] for reason in report["held"]} <= {"memberships_added", "rows_rejected"}:
            plan = report["plan"]["manifest_sha256"]
            asked = self.ask("approve", **{"import": report["import"], "plan": plan})["asked"]
            report = self.report(lambda said: said.get("asked") == asked, "the approval")
        assert report["status"] in ("ok", "ok_with_warnings"), report
        return report

    def items(self) -> dict[str, dict[str, Any]]:
        """The items of its groups and rights, all that the table has in the site's sixteen partitions, by sort key."""
        table = _table(self.cloud)
        found: dict[str, dict[str, Any]] = {}
        for digit in "0123456789abcdef":
            asked: dict[str, Any] = {
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": f"SITE#{self.name}#{digit}"},
            }
            while True:
                page = table.query(**asked)
                found |= {item.pop("sk"): item for item in page["Items"]}
                if "LastEvaluatedKey" not in page:
                    break
                asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return found


class RunningSites:
    """Sites with the guide's example published, each for one test. An import takes seconds, mostly of waiting for
    further uploads, so several are made at a time.
    """

    def __init__(self, cloud: Cloud, named: str, at_a_time: int) -> None:
        self._cloud = cloud
        self._names = (f"{named}-{number}" for number in count(1))
        self._at_a_time = at_a_time
        self._ready: list[Site] = []

    def take(self) -> Site:
        """A site that nobody had before."""
        if not self._ready:
            sites = [Site(self._cloud, name) for name in islice(self._names, self._at_a_time)]
            uploads = [(site, site.upload_pair(SEED)) for site in sites]
            for site, uploaded in uploads:
                assert site.import_of(uploaded)["status"] == "ok"
            self._ready = sites
        return self._ready.pop()


@cache
def _added(cloud: Cloud, site: str) -> None:
    Site(cloud, site).ask("site-add")


@cache
def _table(cloud: Cloud) -> Any:
    return cloud.resource("dynamodb").Table(cloud.table_name)
