"""What CloudWatch shows of imports and of the fleet, as events of the reports log. Never a username, never a class.

In: a report, its findings, or numbers. Out: events; one of a kind that METRICS knows is its own metric blob
(CloudWatch's embedded metric format), so that the number on a dashboard and the record behind it cannot disagree.
Metrics have no dimensions: what grows with sites or servers is a field to search by, and costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from roster.notices_file import Finding
from roster.report import Report

Event = dict[str, Any]

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
    "alert_not_told": {"AlertsNotTold": "Count"},
}

NOTICES_TOLD = 1000

# Of an upload of settings.json: each problem is a sentence, and a file can have thousands.
_PROBLEMS_TOLD = 50

# Of a report, what its event says as it is.
_TOLD = ("site", "import", "status", "reason", "version", "base_version", "ended_at", "kept", "held", "pair")


def import_events(report: Report, findings: Iterable[Finding] = ()) -> list[Event]:
    """The events of an import that has ended: its own, then one for each finding about a row, up to NOTICES_TOLD."""
    told = list(islice(_row_findings(report, findings), NOTICES_TOLD + 1))
    return [import_event(report, truncated=len(told) > NOTICES_TOLD), *told[:NOTICES_TOLD]]


def import_event(report: Report, *, truncated: bool = False) -> Event:
    """The event of an import: flat, as Logs Insights likes it, with its metrics; far below 200 KB for any report."""
    found = {"error": 0, "warning": 0, "info": 0}
    for notice in (report.notices or {}).values():
        found[notice["severity"]] += notice["total"]
    numbers = {
        "Imports": 1,
        "ImportsFailed": int(report.status == "failed"),
        "ImportsHeld": int(report.status == "held"),
        "ImportsUnchanged": int(report.status == "no_change"),
        "RowsRead": report.counts.get("rows_read", 0),
        "RowsRejected": report.rows_rejected,
        "Errors": found["error"],
        "Warnings": found["warning"],
        "ImportMilliseconds": sum((report.milliseconds or {}).values()),
    }
    data = report.as_dict()
    about = {name: data[name] for name in (*_TOLD, "notices", "milliseconds", "asked") if name in data}
    if report.problems:
        about["problems"] = list(report.problems[:_PROBLEMS_TOLD])
    summary = {"errors": found["error"], "warnings": found["warning"], "truncated": truncated}
    return {"message": "import_report", **about, **report.counts, **(report.changes or {}), **summary, **numbers}


def _row_findings(report: Report, findings: Iterable[Finding]) -> Iterator[Event]:
    about = {"message": "notice", "site": report.site, "import": report.import_id}
    for found in findings:
        if found["row"]:
            yield {
                **about,
                "code": found["code"],
                "severity": found["severity"],
                "file": found["file"],
                "row": found["row"],
                "column": found["column"],
            }


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
