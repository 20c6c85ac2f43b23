"""`roster-admin doctor`: each check is seen to find what it looks for, in answers as AWS gives them."""

import copy
import io
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)

from roster.checks import Result
from roster_commands import admin, doctor
from roster_commands.deployed import Deployed
from roster_commands.health import CHECKS
from roster_commands.stack import in_words

OUTPUTS = {
    "ManageSiteFunctionName": "sis-manage-site",
    "AlarmTopicArn": "arn:aws:sns:eu-west-2:1:sis-alarms",
    "TableName": "sis-table",
    "InboxBucketName": "sis-inbox",
    "ResultsBucketName": "sis-results",
}
RESOURCES = {
    "ImportQueue": ("AWS::SQS::Queue", "https://queue"),
    "ImportDeadLetterQueue": ("AWS::SQS::Queue", "https://dead"),
    "SigningKeyA": ("AWS::KMS::Key", "key-a"),
    "SigningKeyB": ("AWS::KMS::Key", "key-b"),
}
PARAMETERS = {"AuditTrail": "on", "ImportConcurrency": "20", "ExistingKeyA": "", "ExistingKeyB": ""}
NONE = {"applied": 0, "behind": 0, "silent": 0}


def overview(**servers: int) -> dict[str, Any]:
    """What manage_site says of two sites, of which one publishes and has these servers."""
    sites = [{"site": "hogwarts", "version": 3, "servers": NONE | servers}]
    sites.append({"site": "new", "version": 0, "servers": NONE})
    return {"Payload": {"ok": True, "page": {"sites": sites, "pages": 1}}}


def healthy() -> dict[str, Any]:
    """What AWS answers of a stack that lacks nothing, by service and operation."""
    return {
        "sts.get_caller_identity": {
            "Arn": "arn:aws:iam::1:user/admin",
            "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(datetime.now(UTC), usegmt=True)}},
        },
        "cloudformation.describe_stacks": {
            "Stacks": [
                {
                    "StackStatus": "UPDATE_COMPLETE",
                    "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()],
                    "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in PARAMETERS.items()],
                }
            ]
        },
        "cloudformation.list_stack_resources": {
            "StackResourceSummaries": [
                {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": known}
                for name, (kind, known) in RESOURCES.items()
            ]
        },
        "sns.list_subscriptions_by_topic": {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:eu-west-2:1:sis:1"}]},
        "cloudwatch.describe_alarms": {"MetricAlarms": [], "CompositeAlarms": []},
        "cloudwatch.get_metric_statistics": {"Datapoints": [{"Maximum": 1.0}]},
        "kms.describe_key": {"KeyMetadata": {"KeyId": "key", "KeyState": "Enabled", "MultiRegion": True}},
        "sqs.get_queue_attributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
        "lambda.get_account_settings": {
            "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
        },
        "lambda.invoke": overview(applied=1),
        "s3.list_objects_v2": {},
        "dynamodb.describe_continuous_backups": {
            "ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}
        },
        "dynamodb.describe_time_to_live": {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}},
    }


class Aws:
    """boto3, answering what it was told to."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def client(self, service: str, **_: Any) -> Any:
        return _Service(self, service)

    def answer(self, operation: str, asked: dict[str, Any] | None = None) -> Any:
        found = self.answers[operation]
        if callable(found):
            found = found(asked)
        if isinstance(found, Exception):
            raise found
        said = copy.deepcopy(found)
        if operation == "lambda.invoke":
            said["Payload"] = io.BytesIO(json.dumps(said["Payload"]).encode())
        return said


class _Service:
    def __init__(self, aws: Aws, service: str) -> None:
        self._aws, self._service = aws, service

    def __getattr__(self, operation: str) -> Any:
        return lambda **asked: self._aws.answer(f"{self._service}.{operation}", asked)

    def get_paginator(self, operation: str) -> Any:
        return _Pages(lambda: self._aws.answer(f"{self._service}.{operation}"))


class _Pages:
    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def paginate(self, **_: Any) -> list[Any]:
        return [self._answer()]


def refused(code: str, text: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, "DescribeStacks")


def answer_with(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("deployed", "stack"):
        monkeypatch.setattr(f"roster_commands.{module}.boto3", aws)


def look(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> dict[str, Result]:
    """The results by name, if AWS answers otherwise: `service__operation` = what it says."""
    answers = healthy() | {name.replace("__", "."): said for name, said in changed.items()}
    answer_with(Aws(answers), monkeypatch)
    return {result.name: result for result in doctor.examine("sis")}


def test_should_find_nothing_where_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch)
    assert list(found) == [check.name for check in CHECKS]
    assert [check for check in found.values() if check.verdict != "ok"] == []


def stack(**changed: Any) -> dict[str, Any]:
    described = healthy()["cloudformation.describe_stacks"]["Stacks"][0]
    return {"Stacks": [described | changed]}


def outputs(without: str) -> list[dict[str, str]]:
    return [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items() if key != without]


def parameters(**changed: str) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in (PARAMETERS | changed).items()]


def waiting_in(queue: str) -> Any:
    """Two uploads wait in this queue, and in no other."""
    return lambda asked: {"Attributes": {"ApproximateNumberOfMessages": "2" if asked["QueueUrl"] == queue else "0"}}


LATE = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)


@pytest.mark.parametrize(
    ("check", "verdict", "changed"),
    [
        (
            *("credentials", "failed"),
            {"sts__get_caller_identity": {"Arn": "a", "ResponseMetadata": {"HTTPHeaders": {"date": LATE}}}},
        ),
        ("stack", "failed", {"cloudformation__describe_stacks": stack(StackStatus="ROLLBACK_COMPLETE")}),
        ("stack", "failed", {"cloudformation__describe_stacks": stack(StackStatus="UPDATE_IN_PROGRESS")}),
        ("stack", "failed", {"cloudformation__describe_stacks": stack(Outputs=[])}),
        ("outputs", "failed", {"cloudformation__describe_stacks": stack(Outputs=outputs("TableName"))}),
        ("stack", "failed", {"cloudformation__describe_stacks": refused("AccessDenied")}),
        ("stack", "warning", {"cloudformation__describe_stacks": stack(StackStatus="UPDATE_ROLLBACK_COMPLETE")}),
        (
            *("table", "failed"),
            {
                "dynamodb__describe_continuous_backups": {
                    "ContinuousBackupsDescription": {
                        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}
                    }
                }
            },
        ),
        ("table", "failed", {"dynamodb__describe_time_to_live": {"TimeToLiveDescription": {}}}),
        ("buckets", "failed", {"s3__list_objects_v2": refused("PermanentRedirect")}),
        ("buckets", "skipped", {"s3__list_objects_v2": refused("AccessDenied")}),
        (
            *("signing keys", "failed"),
            {
                "kms__describe_key": {
                    "KeyMetadata": {"KeyId": "key", "KeyState": "PendingDeletion", "MultiRegion": True}
                }
            },
        ),
        (
            *("signing keys", "warning"),
            {"kms__describe_key": {"KeyMetadata": {"KeyId": "key", "KeyState": "Enabled", "MultiRegion": False}}},
        ),
        ("queue", "failed", {"sqs__get_queue_attributes": {"Attributes": {"ApproximateNumberOfMessages": "2"}}}),
        (
            *("concurrency", "warning"),
            {
                "lambda__get_account_settings": {
                    "AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
                }
            },
        ),
        (
            *("concurrency", "warning"),
            {"cloudformation__describe_stacks": stack(Parameters=parameters(ImportConcurrency="895"))},
        ),
        ("alarms", "warning", {"cloudwatch__describe_alarms": {"MetricAlarms": [{"AlarmName": "sis-import-slow"}]}}),
        ("watch", "warning", {"cloudwatch__get_metric_statistics": {"Datapoints": []}}),
        ("who is told", "failed", {"sns__list_subscriptions_by_topic": {"Subscriptions": []}}),
        (
            *("who is told", "failed"),
            {"sns__list_subscriptions_by_topic": {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}},
        ),
        ("trail", "warning", {"cloudformation__describe_stacks": stack(Parameters=parameters(AuditTrail="off"))}),
        (
            *("queue", "failed"),
            {
                "sqs__get_queue_attributes": waiting_in("https://queue"),
                "cloudwatch__get_metric_statistics": {"Datapoints": [{"Maximum": 7200.0}]},
            },
        ),
        ("sites", "warning", {"lambda__invoke": overview()}),
        ("silent servers", "warning", {"lambda__invoke": overview(applied=1, silent=1)}),
        ("sites", "failed", {"lambda__invoke": overview() | {"FunctionError": "Unhandled"}}),
        ("sites", "failed", {"lambda__invoke": {"Payload": {"ok": False, "message": "no"}}}),
    ],
)
def test_should_find_what_is_wrong_and_say_what_to_do(
    check: str, verdict: str, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = look(monkeypatch, **changed)
    assert found[check].verdict == verdict
    assert found[check].advice
    others = [each for each in found.values() if each.name != check and each.verdict not in ("ok", "skipped")]
    assert others == []


def test_should_skip_what_needs_a_stack_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = refused("ValidationError", "Stack with id sis does not exist")
    found = look(monkeypatch, cloudformation__describe_stacks=gone)
    assert "no stack sis in this account and region" in found["stack"].found
    assert "aws cloudformation list-stacks" in found["stack"].advice
    assert {result.verdict for result in found.values() if result.name not in ("credentials", "stack")} == {"skipped"}


def names_of(found: dict[str, Result], verdict: str) -> set[str]:
    return {name for name, result in found.items() if result.verdict == verdict}


@pytest.mark.parametrize("answer", [stack(Outputs=[]), refused("AccessDenied"), stack(StackStatus="CREATE_FAILED")])
def test_should_look_at_nothing_of_a_stack_that_is_not_there_or_may_not_be_seen(
    answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = look(monkeypatch, cloudformation__describe_stacks=answer)
    assert found["stack"].advice
    rest = {name: result for name, result in found.items() if name not in ("credentials", "stack")}
    assert {(result.verdict, result.because) for result in rest.values()} == {("skipped", ("stack",))}


def test_should_skip_only_what_needs_an_output_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, cloudformation__describe_stacks=stack(Outputs=outputs("TableName")))
    assert found["outputs"].found == "the stack has no output TableName"
    assert names_of(found, "skipped") == {"table", "buckets", "who is told", "sites", "silent servers"}
    assert names_of(found, "failed") == {"outputs"}


def test_should_not_guess_about_servers_where_the_sites_could_not_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, lambda__invoke=overview() | {"FunctionError": "Unhandled"})
    assert found["sites"].found == "manage_site failed"
    assert "AuditLogGroupName" in found["sites"].advice
    assert found["silent servers"][2:] == ("skipped", "not looked at, because sites failed", "", ("sites",))


def test_should_not_guess_whether_the_watch_runs_while_the_stack_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: dict[str, Any] = {"cloudwatch__get_metric_statistics": {"Datapoints": []}}
    ages = {"skipped": timedelta(hours=1), "warning": timedelta(hours=3)}
    for verdict, age in ages.items():
        described = stack(CreationTime=datetime.now(UTC) - age)
        found = look(monkeypatch, **nothing, cloudformation__describe_stacks=described)
        assert found["watch"].verdict == verdict


def test_should_say_that_a_stack_without_a_queue_is_an_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, cloudformation__list_stack_resources={"StackResourceSummaries": []})["queue"]
    assert (found.verdict, found.found) == ("failed", "the stack has no ImportQueue")
    assert "deploy again" in found.advice


def test_should_not_say_that_every_server_asks_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch, lambda__invoke=overview())
    assert found["silent servers"][2:4] == ("skipped", "there is no server yet")


def test_should_tell_of_both_a_site_without_a_server_and_a_silent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sites = [{"site": "alone", "version": 1, "servers": NONE}]
    sites.append({"site": "quiet", "version": 1, "servers": NONE | {"silent": 1}})
    found = look(monkeypatch, lambda__invoke={"Payload": {"ok": True, "page": {"sites": sites, "pages": 1}}})
    assert "alone" in found["sites"].found
    assert "quiet" in found["silent servers"].found


@pytest.mark.parametrize(
    ("status", "changed"), [(0, {}), (1, {"sns.list_subscriptions_by_topic": {"Subscriptions": []}})]
)
def test_should_end_with_a_status_that_a_script_can_read(
    status: int, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = Aws(healthy() | changed)
    answer_with(aws, monkeypatch)
    assert admin.main(["doctor", "--stack", "sis", "--json"]) == status
    said = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert set(said["stack"]) == {"code", "name", "verdict", "found", "advice", "because"}
    assert (said["who is told"]["verdict"] == "failed") == bool(status)
    assert admin.main(["doctor", "--stack", "sis"]) == status
    assert "ok       table: sis-table can be restored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "words", "next_command"),
    [
        (NoCredentialsError(), "No AWS credentials", "aws configure"),
        (NoRegionError(), "No AWS region", "export AWS_REGION"),
        (ProfileNotFound(profile="gone"), "gone", "aws configure list-profiles"),
        (UnauthorizedSSOTokenError(), "signed in", "aws sso login"),
        (SSOTokenLoadError(error_msg="no token"), "signed in", "aws sso login"),
        (ConnectTimeoutError(endpoint_url="https://aws"), "cannot be reached", "AWS_REGION"),
        (CredentialRetrievalError(provider="process", error_msg="no"), "not be fetched", "aws sts get-caller-identity"),
        (
            refused("SignatureDoesNotMatch", "Signature expired: 20261126T0300Z is now earlier than 20261126T0340Z"),
            *("clock is wrong", "timedatectl"),
        ),
        (
            refused("InvalidSignatureException", "Signature not yet current: 20261126T0440Z is still later"),
            *("clock is wrong", "timedatectl"),
        ),
        (refused("RequestTimeTooSkewed", "The difference is too large"), "clock is wrong", "timedatectl"),
        (refused("SignatureDoesNotMatch", "Check your AWS Secret Access Key"), "does not recognise", "aws sts"),
        (refused("InvalidAccessKeyId"), "does not recognise", "switched on"),
        (EndpointConnectionError(endpoint_url="https://aws"), "cannot be reached", "AWS_REGION"),
        (refused("ExpiredToken"), "have expired", "aws sso login"),
        (refused("InvalidClientTokenId"), "does not recognise", "aws sts get-caller-identity"),
        (refused("AccessDeniedException"), "may not do this (DescribeStacks)", "Ask whoever runs"),
        (refused("ValidationError", "Stack with id sis does not exist"), "no stack sis", "aws cloudformation"),
        (refused("SomethingElse", "odd"), "AWS says", "odd"),
    ],
)
def test_should_say_in_words_what_stands_in_the_way(
    error: BotoCoreError | ClientError, words: str, next_command: str
) -> None:
    said = in_words(error, "sis")
    assert words in said
    assert next_command in said


def test_should_look_through_every_page_of_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def answer(invoked: dict[str, Any]) -> dict[str, Any]:
        asked.append(json.loads(invoked["Payload"]))
        servers = NONE | ({"applied": 1} if len(asked) < 3 else {})
        sites = [{"site": f"school-{len(asked)}", "version": 1, "servers": servers}]
        return {"Payload": {"ok": True, "page": {"sites": sites, "pages": 3}}}

    found = look(monkeypatch, lambda__invoke=answer)["sites"]
    assert [(each["view"], each["page"]) for each in asked] == [("overview", number) for number in (1, 2, 3)]
    assert found.found == "1 of 3 sites that publish have no server: school-3"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-2", "ap-east-1"])
def test_should_look_at_the_buckets_under_the_host_of_the_region(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new bucket answers 307 elsewhere, and an opted-in region knows no other host."""
    hosts: list[str] = []

    def made(service: str, **more: Any) -> Any:
        client = boto3.Session(region_name=region).client(service, **more)  # type: ignore[call-overload]

        def send(request: Any, **_: Any) -> AWSResponse:
            hosts.append(urlsplit(request.url).hostname or "")
            answer = AWSResponse(request.url, 200, HTTPHeaders(), None)
            answer._content = b"<ListBucketResult/>"  # type: ignore[attr-defined]
            return answer

        client.meta.events.register("before-send", send)
        return client

    monkeypatch.setattr("roster_commands.deployed.boto3.client", made)
    monkeypatch.setattr(Deployed, "outputs", OUTPUTS)
    (buckets,) = (check for check in CHECKS if check.code == "buckets")
    assert buckets.judge(Deployed("sis")).verdict == "ok"
    assert hosts == [f"{name}.s3.{region}.amazonaws.com" for name in ("sis-inbox", "sis-results")]
