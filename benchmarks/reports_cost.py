"""What telling and watching cost a month, from the very events that an import writes.

In: how many sites import each night. Out: the bytes of an import's events, and a line for each thing that AWS charges
for, in dollars. Prices are list prices, without the free tier and without tax; sizes are the code's own.

CloudWatch Logs counts an event's bytes and 26 more, and keeps it packed in about 15 % of that. Metrics have no
dimensions, so their number does not grow with sites or servers.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

from benchmarks.cost import item_bytes
from benchmarks.pairs import CLASSES_OF_A_STUDENT, write_pair
from benchmarks.programs import FILES
from roster.log_events import METRICS, NOTICES_TOLD
from roster.notices_file import Finding, findings, notices_csv
from roster.pair import Upload, import_id
from roster.plan import plan_import
from roster.report import Report, import_report
from roster.servers import SEEN_EVERY
from roster.settings import Settings
from roster_aws.logbook import Logbook

PRICES_OF = "US East (N. Virginia), November 2026, assumed; regions in Europe are up to a fifth dearer"
DOLLARS = {
    "GB of logs taken in": 0.50,
    "GB of logs kept for a month": 0.03,
    "GB of logs searched": 0.005,
    "metric a month": 0.30,
    "alarm on one metric a month": 0.10,
    "composite alarm a month": 0.50,
    "dashboard a month": 3.00,
    "signing key a month": 1.00,
    "million write units": 0.625,
    "million read units": 0.125,
    "GB-second of Lambda on arm64": 0.0000133334,
    "million calls of Lambda": 0.20,
}

SITES = 10_000
DAYS = 30
EVENT_BYTES = 26
KEPT_DAYS = 400
_PACKED = 0.15
_GB = 10**9

# Of template.yaml: five alarms on one metric, and on two, three and four; and a composite, which counts for itself.
ALARMED_METRICS = 14
# Begun, settled, finished: the writes of an import that change what the index of heads shows.
_HEAD_WRITES = 3
_WATCH_SECONDS = 15
# People, and dashboards left open.
_LOOKS_A_DAY = 200
_LOOK_SECONDS = 1
_QUERIES_A_LOOK = 2

_NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)


class Line(NamedTuple):
    """Something that is charged for: what, how much of it a month, and the dollars."""

    what: str
    amount: str
    dollars: float


class Told(NamedTuple):
    """What the log of reports takes in for an import: events, and bytes as CloudWatch counts them."""

    events: int
    bytes: int


class _Log:
    """Counts what would go to CloudWatch Logs."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def create_log_stream(self, **_: Any) -> None: ...

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803
        self.sizes += [len(event["message"].encode()) + EVENT_BYTES for event in logEvents]


def night_of_a_school() -> Told:
    """An import of a school of a thousand students, with a bad row in each thousand."""
    report, found = _import(students=1000)
    return _told(report, found)


def most_that_is_told() -> Told:
    """The same with more bad rows than are told one by one."""
    report, found = _import(students=1000)
    return _told(report, found * NOTICES_TOLD)


def monthly(sites: int, servers_of_a_site: int = 1) -> list[Line]:
    """What `sites` that import every night cost a month, for reports and watching alone."""
    report, _ = _import(students=1000)
    night = night_of_a_school()
    imports = sites * DAYS
    taken = imports * night.bytes / _GB
    kept = sites * night.bytes * KEPT_DAYS * _PACKED / _GB
    index = sites * _head_bytes(report) / 4096 / 2
    runs = 24 * DAYS
    watch_reads = runs * (index + sites / 2)
    looks = _LOOKS_A_DAY * DAYS
    searched = looks * _QUERIES_A_LOOK * sites * night.bytes / _GB
    seen = sites * servers_of_a_site * DAYS * (timedelta(days=1) / SEEN_EVERY)
    head_units = imports * _HEAD_WRITES * -(-_head_bytes(report) // 1024)
    metrics = sum(map(len, METRICS.values()))
    seconds = runs * _WATCH_SECONDS + looks * _LOOK_SECONDS
    price = DOLLARS
    return [
        Line("events of imports, taken in", f"{taken:.2f} GB", taken * price["GB of logs taken in"]),
        Line(f"events kept for {KEPT_DAYS} days", f"{kept:.2f} GB", kept * price["GB of logs kept for a month"]),
        Line("metrics", f"{metrics}", metrics * price["metric a month"]),
        Line(
            "alarms",
            f"{ALARMED_METRICS} metrics, 1 composite",
            ALARMED_METRICS * price["alarm on one metric a month"] + price["composite alarm a month"],
        ),
        Line("dashboard", "1", price["dashboard a month"]),
        Line("index of heads, written", *_million(head_units, "write")),
        Line("servers that asked, noted", *_million(seen, "write")),
        Line("watching each hour, read", *_million(watch_reads, "read")),
        Line(f"{_LOOKS_A_DAY} looks a day, read", *_million(looks * (index + 25 / 2), "read")),
        Line(
            "watching and looking, run",
            f"{seconds:,} GB-seconds",
            seconds * price["GB-second of Lambda on arm64"] + (runs + looks) / 1e6 * price["million calls of Lambda"],
        ),
        Line(f"{_LOOKS_A_DAY} looks a day, searched", f"{searched:.0f} GB", searched * price["GB of logs searched"]),
    ]


def as_json(sites: int = SITES) -> dict[str, Any]:
    """The figures for `--json`."""
    lines = monthly(sites)
    return {
        "prices": PRICES_OF,
        "sites": sites,
        "usual_import": night_of_a_school()._asdict(),
        "largest_import": most_that_is_told()._asdict(),
        "monthly_dollars": {each.what: round(each.dollars, 2) for each in lines},
        "dollars": round(sum(each.dollars for each in lines), 2),
    }


def floor() -> float:
    """What a stack costs a month without a single site: the lines that no number of sites changes, and its two keys."""
    fixed = [each.dollars for each in monthly(1) if each.what in ("metrics", "alarms", "dashboard")]
    return sum(fixed) + 2 * DOLLARS["signing key a month"]


def page(sites: int = SITES) -> str:
    """The figures as docs/cost-of-reports.md has them."""
    night, most = night_of_a_school(), most_that_is_told()
    lines = monthly(sites)
    total = sum(each.dollars for each in lines)
    taken = DOLLARS["GB of logs taken in"] / _GB
    return "\n".join(
        [
            "| an import | events | bytes | taken in |",
            "| --- | --- | --- | --- |",
            *(
                f"| {name} | {told.events:,} | {told.bytes:,} | ${told.bytes * taken:.6f} |"
                for name, told in (("a school of 1,000 on a usual night", night), ("the most that is told", most))
            ),
            "",
            f"| {sites:,} sites, each night, a month | amount | dollars |",
            "| --- | --- | --- |",
            *(f"| {what} | {amount} | {dollars:.2f} |" for what, amount, dollars in lines),
            f"| **all** | ${total / sites / DAYS:.6f} an import | **{total:.2f}** |",
        ]
    )


def _million(units: float, kind: str) -> tuple[str, float]:
    return f"{units / 1e6:.1f} million {kind} units", units / 1e6 * DOLLARS[f"million {kind} units"]


def _import(students: int) -> tuple[Report, list[Finding]]:
    """The report of a school's import, and its findings."""
    with tempfile.TemporaryDirectory() as folder:
        write_pair(Path(folder), students * CLASSES_OF_A_STUDENT)
        files = {file: Path(folder, file).read_bytes() for file in FILES}
    plan = plan_import(files, Settings())
    pair = {file: Upload(file, "e" * 32, _NIGHT, len(data)) for file, data in files.items()}
    report = import_report("a-school-in-the-country", import_id(pair, 1, None), pair, plan, 41)
    phases = {"fetch": 120, "plan": 310, "store": 140, "settle": 30, "project": 200}
    return report.ended(phases, _NIGHT), findings(notices_csv(plan))


def _told(report: Report, found: list[Finding]) -> Told:
    log = _Log()
    Logbook(cast(Any, log), "reports", lambda: _NIGHT).tell_import(report, found)
    return Told(len(log.sizes), sum(log.sizes))


def _head_bytes(report: Report) -> int:
    """The bytes of a site's item in the index of heads."""
    at, site, said = _NIGHT.isoformat(), report.site, report.as_dict()
    last = {name: said[name] for name in ("import", "status", "ended_at", "counts")}
    item = {"pk": f"SITE#{site}", "sk": "HEAD", "kind": "head", "site": site, "version": 42, "last_import": last}
    item |= {"manifest_sha256": "e" * 64}
    flags = {"paused": False, "settings_paused": False, "running": "", "held": "", "stale_since": ""}
    return item_bytes(item | flags | dict.fromkeys(("published_at", "files_at", "succeeded_at"), at))
