"""The functions under AWS's own runtime client: how they start, answer and fail, which the emulator only imitates."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import Site, client, event, function, reports_logged
from tests.functions.lambda_runtime import LambdaRuntime

pytest.importorskip("awslambdaric", reason="AWS publishes its runtime client for Linux only")

NAMES = (
    "accept_uploads",
    "authorize_server",
    "check_uploads",
    "erase_site",
    "import_pair",
    "manage_site",
    "post_to_teams",
    "serve_feed",
    "show_reports",
    "watch_fleet",
)
# Longer than this, and Lambda starts the function again.
INIT_SECONDS = 10

Start = Callable[..., LambdaRuntime]

_FROM_THE_STACK = (
    *("SIGNING_KEYS", "SIGNING_KEY_IN_USE", "KEYRING_SERIAL", "METRICS_NAMESPACE"),
    *("ALERT_TOPIC", "DASHBOARD_URL"),
)


@pytest.fixture
def nowhere() -> dict[str, str]:
    """An environment that leads to no AWS at all."""
    names = ["TABLE_NAME", "INBOX_BUCKET", "RESULTS_BUCKET", "QUEUE_URL", "REPORTS_LOG_GROUP", "METRICS_NAMESPACE"]
    names += [
        "MANAGE_SITE_ARN",
        "SHOW_REPORTS_ARN",
        "SIGNING_KEYS",
        "SIGNING_KEY_IN_USE",
        "ALERT_TOPIC",
        "DASHBOARD_URL",
    ]
    numbers = {"KEYRING_SERIAL": "1", "FEED_POLL_SECONDS": "300"}
    return {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", **dict.fromkeys(names, "none"), **numbers}


@pytest.fixture
def here(cloud: Cloud) -> dict[str, str]:
    """The environment that template.yaml gives the functions, in the local cloud."""
    deployed = client(cloud, "lambda").get_function_configuration(FunctionName=function(cloud, "ImportPairFunction"))
    given = deployed["Environment"]["Variables"]
    return {
        **cloud.aws_environment,
        "TABLE_NAME": cloud.table_name,
        "INBOX_BUCKET": cloud.inbox_bucket,
        "RESULTS_BUCKET": cloud.results_bucket,
        "QUEUE_URL": function(cloud, "ImportQueue"),
        "REPORTS_LOG_GROUP": function(cloud, "ReportsLogs"),
        "MANAGE_SITE_ARN": "arn:of:manage-site",
        "SHOW_REPORTS_ARN": "arn:of:show-reports",
        "FEED_POLL_SECONDS": "300",
        **{name: given[name] for name in _FROM_THE_STACK},
    }


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a function; it ends with the test."""
    with ExitStack() as running:

        def run(name: str, environment: dict[str, str]) -> LambdaRuntime:
            return running.enter_context(LambdaRuntime(name, environment, tmp_path / f"{name}.log"))

        yield run


def json_lines(runtime: LambdaRuntime) -> list[dict[str, Any]]:
    return [json.loads(line) for line in runtime.told().splitlines()]


@pytest.mark.parametrize("name", NAMES)
def test_should_start_without_asking_anything_of_aws(name: str, start: Start, nowhere: dict[str, str]) -> None:
    runtime = start(name, nowhere)
    assert runtime.start() < INIT_SECONDS
    assert runtime.told() == "", "a start that warns of something"


@pytest.mark.parametrize("name", NAMES)
def test_should_not_start_without_a_variable_and_name_it(name: str, start: Start, nowhere: dict[str, str]) -> None:
    del nowhere["TABLE_NAME"]
    posted = start(name, nowhere).posted()
    assert posted.to == "init/error"
    assert (posted.body["errorType"], posted.body["errorMessage"]) == ("KeyError", "'TABLE_NAME'")


def test_the_authorizer_should_answer_what_an_http_api_takes(start: Start, nowhere: dict[str, str]) -> None:
    request = event("authorize_server/request")
    request["headers"]["authorization"] = "Bearer of bad tidings"
    posted = start("authorize_server", nowhere).invoke(request, "a-request")
    assert (posted.to, posted.body) == ("response", {"isAuthorized": False})
    assert posted.headers["content-type"] == "application/json"


def test_should_answer_a_failing_request_with_the_place_of_its_error_and_serve_the_next_one(
    start: Start, nowhere: dict[str, str]
) -> None:
    runtime = start("serve_feed", nowhere)
    failed = runtime.invoke({"version": "2.0"}, "the-first")
    assert failed.to == "error"
    assert (failed.body["errorType"], failed.body["errorMessage"]) == ("KeyError", "'routeKey'")
    assert "handler.py" in failed.body["stackTrace"][-1]
    served = runtime.invoke(event("serve_feed/enrol") | {"body": "{"}, "the-second")
    assert (served.to, served.body["statusCode"]) == ("response", 400)


def test_should_answer_a_poison_message_with_a_response_and_not_an_error(
    start: Start, here: dict[str, str], cloud: Cloud
) -> None:
    """An error would bring the whole batch back."""
    message = event("import_pair/asked")
    message["Records"][0]["body"] = "{"
    posted = start("import_pair", here).invoke(message, "a-request")
    failures = [{"itemIdentifier": message["Records"][0]["messageId"]}]
    assert (posted.to, posted.body) == ("response", {"batchItemFailures": failures})


def test_should_import_nothing_and_log_nothing_for_the_test_message_of_s3(start: Start, here: dict[str, str]) -> None:
    runtime = start("import_pair", here)
    posted = runtime.invoke(event("import_pair/s3_test"), "a-request")
    assert (posted.to, posted.body) == ("response", {"batchItemFailures": []})
    assert runtime.told() == ""


def test_should_report_an_import_once(start: Start, here: dict[str, str], running: Site) -> None:
    """The runtime has a log handler of its own, which would tell everything a second time."""
    runtime = start("import_pair", here)
    now = datetime.now(UTC).isoformat()  # what was asked for before its import ended was answered by that
    message = event("import_pair/asked", {"hogwarts": running.name, "2026-09-01T06:45:00.250000+00:00": now})
    posted = runtime.invoke(message, "a-request")
    assert (posted.to, posted.body) == ("response", {"batchItemFailures": []})
    (told,) = [line for line in json_lines(runtime) if line.get("message") == "import_ended"]
    assert (told["status"], told["function_request_id"]) == ("no_change", "a-request")
    (report,) = [
        report for report in reports_logged(running.cloud, "import_report") if report["import"] == told["import"]
    ]
    assert (report["site"], report["ImportsUnchanged"], report["RowsRead"]) == (running.name, 1, 10)


def test_the_feed_should_answer_everything_in_json(start: Start, here: dict[str, str], published: Site) -> None:
    """A number as the table's client gives it, a Decimal, would be none."""
    runtime = start("serve_feed", here)
    for name in ("head", "manifest"):
        request = event(f"serve_feed/{name}", {"hogwarts": published.name})
        request["queryStringParameters"] = {}
        posted = runtime.invoke(request, name)
        assert (posted.to, posted.body["statusCode"]) == ("response", 200)


def test_should_answer_people_in_json(start: Start, here: dict[str, str], published: Site) -> None:
    runtime = start("manage_site", here)
    posted = runtime.invoke(event("manage_site/imports", {"hogwarts": published.name}), "a-request")
    assert (posted.to, posted.body["ok"]) == ("response", True)
    assert posted.body["imports"][0]["counts"]["memberships"] == 5
