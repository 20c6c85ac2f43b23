"""The reports log group: what CloudWatch shows of imports and of the fleet. Never a username, never a class.

One event an import, `import_report`, is its own metric blob (CloudWatch's embedded metric format), so that the number
on a dashboard and the record behind it cannot disagree. Metrics have no dimensions: what grows with sites or servers
is a field to search by, and costs nothing. Row findings are events too, at most a thousand an import.

An event that was told before a crash may be told again by the run that finishes the import.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from roster_aws.environment import client, now, variable

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

# What dashboards and alarms find the metrics under; a stack's name follows, else stacks would alarm for each other.
NAMESPACE = "SisImport"

# The metrics of each kind of event, with their units.
METRICS: Mapping[str, Mapping[str, str]] = {
    "import_report": {
        "Imports": "Count",
        "ImportsFailed": "Count",
        "ImportsHeld": "Count",
        "ImportsUnchanged": "Count",
        "RowsRead": "Count",
        "RowsRejected": "Count",
        "Errors": "Count",
        "Warnings": "Count",
        "ImportMilliseconds": "Milliseconds",
    },
    "fleet_report": {
        "Sites": "Count",
        "SitesStale": "Count",
        "SitesNewlyStale": "Count",
        "HeldNow": "Count",
        "Servers": "Count",
        "ServersSilent": "Count",
        "ServersBehind": "Count",
        "HoursSinceOldestSuccess": "None",
    },
    "upload_ignored": {"UploadsIgnored": "Count"},
}

NOTICES_TOLD = 1000

# Of an upload of settings.json: each problem is a sentence, and a file can have thousands.
_PROBLEMS_TOLD = 50

# PutLogEvents takes a mebibyte, with 26 bytes on top of each event, and ten thousand events.
_CALL_BYTES = 1_000_000
_EVENT_BYTES = 26
_CALL_EVENTS = 10_000

Event = dict[str, Any]


class Reports:
    """Writes to the reports log group, each process into a stream of its own. `clock` gives the time in UTC.

    The metrics of the events are put into `namespace`.
    """

    def __init__(
        self, logs: CloudWatchLogsClient, group: str, clock: Callable[[], datetime], namespace: str = NAMESPACE
    ) -> None:
        self._logs = logs
        self._group = group
        self._clock = clock
        self._namespace = namespace
        self._stream = ""

    @classmethod
    def from_environment(cls) -> Reports:
        """The reports of this process."""
        return cls(client("logs"), variable("REPORTS_LOG_GROUP"), now, variable("METRICS_NAMESPACE"))

    def tell_import(self, report: dict[str, Any], findings: Iterable[Mapping[str, Any]] = ()) -> None:
        """Tell of an import that has ended, and of the `findings` that are about a row."""
        told = list(islice(_row_findings(report, findings), NOTICES_TOLD + 1))
        truncated = len(told) > NOTICES_TOLD
        self.tell([import_report(report, truncated=truncated), *told[:NOTICES_TOLD]])

    def tell(self, events: Iterable[Event]) -> None:
        """Write events, each with its `message` and, if METRICS knows that, its metrics among its fields."""
        at = round(self._clock().timestamp() * 1000)
        for batch in _batches(with_metrics(event, at, self._namespace) for event in events):
            written: list[InputLogEventTypeDef] = [{"timestamp": at, "message": message} for message in batch]
            self._logs.put_log_events(logGroupName=self._group, logStreamName=self._own_stream(), logEvents=written)

    def _own_stream(self) -> str:
        if not self._stream:
            name = f"{self._clock():%Y/%m/%d}/{uuid.uuid4().hex}"
            try:
                self._logs.create_log_stream(logGroupName=self._group, logStreamName=name)
            except ClientError as error:
                # Nobody else's: the answer to making it was lost, and the call was made once more.
                if error.response.get("Error", {}).get("Code") != "ResourceAlreadyExistsException":
                    raise
            self._stream = name
        return self._stream


def import_report(report: Mapping[str, Any], *, truncated: bool = False) -> Event:
    """The event of an import: flat, as Logs Insights likes it, with its metrics; far below 200 KB for any report."""
    counts, changes = report.get("counts", {}), report.get("changes", {})
    found = {"error": 0, "warning": 0, "info": 0}
    for notice in report.get("notices", {}).values():
        found[notice["severity"]] += notice["total"]
    status = report["status"]
    numbers = {
        "Imports": 1,
        "ImportsFailed": int(status == "failed"),
        "ImportsHeld": int(status == "held"),
        "ImportsUnchanged": int(status == "no_change"),
        "RowsRead": counts.get("rows_read", 0),
        "RowsRejected": counts.get("rows_rejected", 0),
        "Errors": found["error"],
        "Warnings": found["warning"],
        "ImportMilliseconds": sum(report.get("milliseconds", {}).values()),
    }
    names = ("site", "import", "status", "reason", "version", "base_version", "ended_at", "kept", "held", "pair")
    about = {name: report[name] for name in (*names, "notices", "milliseconds", "asked") if name in report}
    if "problems" in report:
        about["problems"] = report["problems"][:_PROBLEMS_TOLD]
    summary = {"errors": found["error"], "warnings": found["warning"], "truncated": truncated}
    return {"message": "import_report", **about, **counts, **changes, **summary, **numbers}


def _row_findings(report: Mapping[str, Any], findings: Iterable[Mapping[str, Any]]) -> Iterator[Event]:
    about = {"message": "notice", "site": report["site"], "import": report["import"]}
    for found in findings:
        if found["row"]:
            yield about | {name: found[name] for name in ("code", "severity", "file", "row", "column")}


def with_metrics(event: Event, at: int, namespace: str = NAMESPACE) -> str:
    """An event as it is logged at a time in milliseconds since 1970; KeyError when a metric of it has no value."""
    metrics = METRICS.get(event["message"])
    if metrics:
        if missing := metrics.keys() - event.keys():
            raise KeyError(f"{event['message']} without {', '.join(sorted(missing))}")
        named = [{"Name": name, "Unit": unit} for name, unit in metrics.items()]
        described = [{"Namespace": namespace, "Dimensions": [[]], "Metrics": named}]
        event = {"_aws": {"Timestamp": at, "CloudWatchMetrics": described}, **event}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _batches(messages: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for message in messages:
        needs = len(message.encode()) + _EVENT_BYTES
        if batch and (size + needs > _CALL_BYTES or len(batch) == _CALL_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += needs
    if batch:
        yield batch
