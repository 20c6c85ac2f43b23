"""`roster-admin doctor`: each check is seen to find what it looks for, in answers as AWS gives them."""

import copy
import io
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)

from roster_commands import admin, doctor
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
SERVERS = {"servers": [{"state": "revoked"}, {"state": "current"}]}


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
        "lambda.invoke": {"Payload": SERVERS},
        "s3.list_objects_v2": {},
        "dynamodb.describe_continuous_backups": {
            "ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}
        },
        "dynamodb.describe_time_to_live": {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}},
        "dynamodb.query": {"Items": [{"site": "hogwarts", "version": 3}, {"site": "new"}]},
    }


class Aws:
    """boto3, answering what it was told to."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def client(self, service: str, **_: Any) -> Any:
        return _Service(self, service)

    def resource(self, service: str) -> Any:
        return _Service(self, service)

    def answer(self, operation: str) -> Any:
        found = self.answers[operation]
        if isinstance(found, Exception):
            raise found
        said = copy.deepcopy(found)
        if operation == "lambda.invoke":
            said["Payload"] = io.BytesIO(json.dumps(said["Payload"]).encode())
        return said


class _Service:
    global_secondary_indexes = [{"IndexName": "heads-2"}]  # noqa: RUF012 (as of a table)

    def __init__(self, aws: Aws, service: str) -> None:
        self._aws, self._service = aws, service

    def __getattr__(self, operation: str) -> Any:
        return lambda **_: self._aws.answer(f"{self._service}.{operation}")

    def Table(self, _name: str) -> Any:  # noqa: N802 (as boto3 calls it)
        return self

    def get_paginator(self, operation: str) -> Any:
        return _Pages(lambda: self._aws.answer(f"{self._service}.{operation}"))


class _Pages:
    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def paginate(self, **_: Any) -> list[Any]:
        return [self._answer()]


def refused(code: str, text: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, "DescribeStacks")


def look(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> dict[str, doctor.Check]:
    """The checks, where AWS answers otherwise: `service__operation` = what it says."""
    answers = healthy() | {name.replace("__", "."): said for name, said in changed.items()}
    monkeypatch.setattr("roster_commands.doctor.boto3", Aws(answers))
    monkeypatch.setattr("roster_commands.stack.boto3", Aws(answers))
    return {check.name: check for check in doctor.examine("sis")}


def test_should_find_nothing_where_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    found = look(monkeypatch)
    assert list(found) == ["credentials", "stack", *doctor.CHECKS]
    assert [check for check in found.values() if check.verdict != "ok"] == []


def stack(**changed: Any) -> dict[str, Any]:
    described = healthy()["cloudformation.describe_stacks"]["Stacks"][0]
    return {"Stacks": [described | changed]}


def parameters(**changed: str) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in (PARAMETERS | changed).items()]


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
        ("alarms", "warning", {"cloudwatch__describe_alarms": {"MetricAlarms": [{"AlarmName": "sis-import-failed"}]}}),
        ("watch", "warning", {"cloudwatch__get_metric_statistics": {"Datapoints": []}}),
        ("who is told", "failed", {"sns__list_subscriptions_by_topic": {"Subscriptions": []}}),
        (
            *("who is told", "failed"),
            {"sns__list_subscriptions_by_topic": {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}},
        ),
        ("trail", "warning", {"cloudformation__describe_stacks": stack(Parameters=parameters(AuditTrail="off"))}),
        ("sites", "warning", {"lambda__invoke": {"Payload": {"servers": [{"state": "revoked"}]}}}),
        ("sites", "warning", {"lambda__invoke": {"Payload": {"servers": [{"state": "silent"}, {"state": "current"}]}}}),
        ("sites", "failed", {"dynamodb__query": refused("ResourceNotFoundException")}),
    ],
)
def test_should_find_what_is_wrong_and_say_what_to_do(
    check: str, verdict: str, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = look(monkeypatch, **changed)
    assert found[check].verdict == verdict
    assert found[check].advice or verdict != "warning"
    others = [each for each in found.values() if each.name != check and each.verdict not in ("ok", "skipped")]
    assert others == []


def test_should_skip_what_needs_a_stack_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = refused("ValidationError", "Stack with id sis does not exist")
    found = look(monkeypatch, cloudformation__describe_stacks=gone)
    assert "no stack sis in this account and region" in found["stack"].found
    assert "aws cloudformation list-stacks" in found["stack"].advice
    assert {found[name].verdict for name in doctor.CHECKS} == {"skipped"}


@pytest.mark.parametrize(
    ("status", "changed"), [(0, {}), (1, {"sns.list_subscriptions_by_topic": {"Subscriptions": []}})]
)
def test_should_end_with_a_status_that_a_script_can_read(
    status: int, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = Aws(healthy() | changed)
    monkeypatch.setattr("roster_commands.doctor.boto3", aws)
    monkeypatch.setattr("roster_commands.stack.boto3", aws)
    assert admin.main(["doctor", "--stack", "sis", "--json"]) == status
    said = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert (said["who is told"]["verdict"] == "failed") == bool(status)
    assert admin.main(["doctor", "--stack", "sis"]) == status
    assert "ok       table: sis-table can be restored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "words", "next_command"),
    [
        (NoCredentialsError(), "No AWS credentials", "aws configure"),
        (NoRegionError(), "No AWS region", "export AWS_REGION"),
        (ProfileNotFound(profile="gone"), "gone", "aws configure list-profiles"),
        (UnauthorizedSSOTokenError(), "sign-in to AWS has ended", "aws sso login"),
        (EndpointConnectionError(endpoint_url="https://aws"), "cannot be reached", "AWS_REGION"),
        (refused("ExpiredToken"), "have expired", "aws sso login"),
        (refused("InvalidClientTokenId"), "does not recognise", "aws sts get-caller-identity"),
        (refused("AccessDeniedException"), "may not do this (DescribeStacks)", "Ask who runs"),
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
