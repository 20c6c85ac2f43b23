"""The dashboard in template.yaml keeps every rule of `tests/dashboard_rules.py`, and every rule notices when it is
broken.

The fields that queries may ask for are those of events which the code itself tells here, to a list instead of a log.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from roster.listed_site import ListedSite
from roster.log_events import METRICS
from roster.notices import STUDENTS, TEACHERS
from roster.notices_file import findings, notices_csv
from roster.pair import Upload
from roster.plan import plan_import
from roster.report import import_report
from roster.request import Stray
from roster.settings import Settings
from roster_aws.fleet import Watched
from roster_aws.logbook import Logbook
from roster_aws.strays import Strays
from roster_aws.telling.alerts import Alerts
from roster_aws.watching import Watch
from tests.dashboard_rules import (
    metrics_are_those_that_the_code_tells,
    metrics_of_aws_are_of_our_resources,
    queries,
    queries_ask_for_what_events_have,
    the_dashboard_fits_its_grid,
    the_dashboard_has_all_parts,
    the_dashboard_shows_every_alarm,
    the_site_box_chooses_a_site,
)
from tests.translated import (
    ROOT,
    Rule,
    Spoil,
    Template,
    each_spoil,
    of_type,
    resolve,
    spoiled,
    swapped,
    translated,
    within,
)
from tests.watching_rules import alarm_names

EXAMPLE = ROOT / "local" / "example"
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def template() -> Template:
    return translated()


class Log:
    """Takes what would go to CloudWatch Logs."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def create_log_stream(self, **_: Any) -> None:
        pass

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803
        self.events += [json.loads(event["message"]) for event in logEvents]


class Refusing:
    """A topic that takes nothing."""

    def publish(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "NotFound", "Message": "no such topic"}}, "Publish")


class TwoSites:
    """A fleet of a site that has become stale and one that has recovered."""

    def sites(self) -> list[ListedSite]:
        long_ago, today = (NOW - timedelta(days=9)).isoformat(), NOW.isoformat()
        return [
            ListedSite("hogwarts", files_at=long_ago, succeeded_at=long_ago),
            ListedSite("durmstrang", files_at=today, succeeded_at=today, stale_since=long_ago),
        ]

    def watched(self, site: str) -> Watched:
        return Watched([], {}, {})

    def mark_stale(self, site: str, since: str) -> None:
        pass


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    """The fields of every kind of event; those of an object as `name.field`."""
    log = Log()
    logbook = Logbook(cast(Any, log), "reports", lambda: NOW)
    files = {file: (EXAMPLE / file).read_bytes() for file in (TEACHERS, STUDENTS)}
    files[STUDENTS] += b"*,Potions\n"
    plan = plan_import(files, Settings())
    pair = {file: Upload(file, f"version-of-{file}", NOW, len(data)) for file, data in files.items()}
    report = import_report("hogwarts", "import-1", pair, plan, 0)
    phases = dict.fromkeys(("fetch", "plan", "store", "settle", "project"), 1)
    logbook.tell_import(report.ended(phases, NOW), findings(notices_csv(plan)))
    nothing = cast(Any, None)
    refused = Alerts(cast(Any, Refusing()), "topic", "https://dashboard.example/", logbook)
    Watch(cast(Any, TwoSites()), logbook, refused, nothing, nothing, lambda: NOW).look()
    # What a tool left is told without being counted, which would need a table.
    Strays(nothing, nothing, nothing, nothing, logbook, refused, lambda: NOW).look(Stray(".DS_Store", "v", NOW, 1))
    fields: dict[str, set[str]] = {}
    for event in log.events:
        parts = {f"{name}.{part}" for name, value in event.items() if isinstance(value, dict) for part in value}
        fields.setdefault(event["message"], set()).update(event.keys() | parts)
    return fields


RULES: dict[Rule, list[Spoil]] = {
    the_dashboard_fits_its_grid: [
        swapped('"x": 15, "y": 0, "width": 9', '"x": 16, "y": 0, "width": 9'),
        swapped('"x": 15, "y": 0, "width": 9', '"x": 14, "y": 0, "width": 9'),
        swapped('"x": 0, "y": 23', '"x": 0, "y": 22'),
    ],
    the_dashboard_has_all_parts: [
        swapped('"type": "alarm"', '"type": "explorer"'),
        swapped("${ShowReportsFunction.Arn}", "${ManageSiteFunction.Arn}"),
        swapped('"view": "overview"', '"view": "console"'),
        swapped('"refresh": true', '"refresh": false'),
        swapped("${AWS::Region}", "us-east-1"),
        swapped('"stat": "p99"', '"stat": "Maximum"'),
    ],
    the_dashboard_shows_every_alarm: [
        swapped('"${Alarm}-page",', ""),
        swapped("${Alarm}-uploads-wait", "${Alarm}-uploads-late"),
        swapped("| nobody-told |", "| nobody-heard |"),
        swapped("**Allow always**", "**OK**"),
        within("NobodyToldAlarm", "AlarmName", becomes="sample-held"),
    ],
    metrics_are_those_that_the_code_tells: [
        swapped('"Warnings", { "label": "warnings"', '"Errors", { "label": "warnings"'),
        swapped('"ServersBehind"', '"ServersLate"'),
        swapped('${AWS::StackName}", "Sites",', '${AWS::StackName}", "Sites", "site", "hogwarts",'),
        within("NobodyToldAlarm", "MetricName", becomes="NotTold"),
        swapped('["AWS/SQS", "ApproximateAgeOfOldestMessage"', '["AWS/SQS", "NumberOfMessagesSent"'),
    ],
    metrics_of_aws_are_of_our_resources: [
        swapped('"QueueName", "${ImportQueue.QueueName}"', '"QueueName", "imports"'),
        swapped('"FunctionName", "${WatchFleetFunction}"', '"FunctionName", "${WatchFleetLogs}"'),
        swapped('"AWS/Lambda", "Errors"', '"AWS/Lambda", "Error"'),
        within("DurationAlarm", "Dimensions", 0, "Name", becomes="Function"),
    ],
    the_site_box_chooses_a_site: [
        swapped("ALL_SITES", "all-sites"),
        swapped('"site": "ALL_SITES"', '"site": ""'),
        swapped("or asked like /_|==/)", ")"),
        swapped('"type": "pattern"', '"type": "property"'),
        swapped('"defaultValue": "ALL_SITES"', '"defaultValue": "hogwarts"'),
    ],
}

QUERY_SPOILS: list[Spoil] = [
    swapped("SOURCE '${ReportsLogs}'", "SOURCE '${ImportPairLogs}'"),
    swapped("message = 'import_report'", "message = 'import_reports'"),
    swapped("rows_read, rows_rejected", "read, rejected"),
    swapped("sort @timestamp desc, file asc", "sort at desc, file asc"),
    within("SlowestImportsQuery", "QueryString", becomes='filter message = "import_report" | sort milliseconds.guess'),
    within("CommonFindingsQuery", "QueryString", becomes='filter message = "notice" | stats count(*) as n by advice'),
    within("StaleSitesQuery", "QueryString", becomes="display @timestamp"),
    within("IgnoredUploadsQuery", "LogGroupNames", becomes=[{"Ref": "ImportPairLogs"}]),
]


def test_ours_should_break_no_rule(template: Template, subtests: pytest.Subtests) -> None:
    for rule in RULES:
        with subtests.test(rule.__name__):
            assert rule(template) == []


@pytest.mark.parametrize(("rule", "spoil"), each_spoil(RULES))
def test_should_notice_what_is_spoiled(rule: Rule, spoil: Spoil, template: Template) -> None:
    assert rule(spoiled(template, spoil)) != []


def test_should_know_every_event_with_metrics(told: dict[str, set[str]]) -> None:
    assert METRICS.keys() <= told.keys()
    assert all(metrics.keys() <= told[message] for message, metrics in METRICS.items())


def test_queries_should_ask_for_what_events_have(template: Template, told: dict[str, set[str]]) -> None:
    assert len(queries(template)) >= 9
    assert queries_ask_for_what_events_have(template, told) == []


@pytest.mark.parametrize("spoil", QUERY_SPOILS)
def test_should_notice_a_query_for_what_no_event_has(
    spoil: Spoil, template: Template, told: dict[str, set[str]]
) -> None:
    assert queries_ask_for_what_events_have(spoiled(template, spoil), told) != []


def test_the_page_on_watching_should_explain_every_alarm_and_query(template: Template) -> None:
    page = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip().strip("`") for line in page.splitlines() if line.startswith("| ")}
    saved = of_type(template, "AWS::Logs::QueryDefinition").values()
    names = [resolve(template, each["Properties"]["Name"]).removeprefix("sample/") for each in saved]
    assert {*names, *(name.removeprefix("sample-") for name in alarm_names(template))} <= rows
