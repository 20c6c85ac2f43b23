"""`roster-admin doctor`: one look at everything that a deployed stack needs, and for each finding what to do.

In: the name of a stack. Out: one line for each check, in the order in which to put things right. Nothing is changed,
and no check names a user or a class. What these credentials may not look at is said so, and fails nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from roster_commands.stack import FORBIDDEN, Failed, in_words, outputs_of

Verdict = Literal["ok", "warning", "failed", "skipped"]

_CLOCK_SECONDS = 300  # AWS refuses what is signed by a clock that is wrong by more
_WATCHED_WITHIN = timedelta(hours=2)
# Of the account's limit: imports, and whatever else runs, need some beside the feed's.
_LEAST_EXECUTIONS = 50
# As the alarm `uploads-wait` has it.
_WAITS_SECONDS = 3600
# What the checks go by.
_OUTPUTS = {"ManageSiteFunctionName", "AlarmTopicArn", "TableName", "InboxBucketName", "ResultsBucketName"}
# The host of the region in every region, us-east-1 too: what a link leads to.
_REGIONAL = Config(
    signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
)


@dataclass(frozen=True)
class Check:
    """What was looked at, what was found, and what to do about it."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""


class Trouble(Exception):
    """A check's finding: what was found, and what to do."""

    def __init__(self, verdict: Verdict, found: str, advice: str) -> None:
        super().__init__(found)
        self.verdict, self.found, self.advice = verdict, found, advice


class Stack:
    """What AWS says of a stack."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def described(self) -> dict[str, Any]:
        """The stack, as CloudFormation describes it."""
        return dict(boto3.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0])

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Its outputs, by name."""
        return outputs_of(self.name)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Its parameters, by name."""
        return {each["ParameterKey"]: each["ParameterValue"] for each in self.described.get("Parameters", [])}

    def ids(self, kind: str) -> dict[str, str]:
        """The resources of a kind: their names in AWS, by their names in template.yaml."""
        pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = (each for page in pages for each in page["StackResourceSummaries"] if each["ResourceType"] == kind)
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def sites(self) -> Iterator[dict[str, Any]]:
        """Every site as the overview has it, by name: all of it may be asked with the right to do what people do."""
        function, number, pages = boto3.client("lambda"), 0, 1
        while number < pages:
            number += 1
            # A site has to be named, and the overview is of all.
            asked = {"action": "page", "site": "all", "view": "overview", "sort": "site", "page": number}
            answer = function.invoke(FunctionName=self.outputs["ManageSiteFunctionName"], Payload=json.dumps(asked))
            said = json.loads(answer["Payload"].read())
            if "FunctionError" in answer or not said["ok"]:
                raise Trouble("failed", "manage_site broke off", "Its log, output AuditLogGroupName, says why.")
            pages = said["page"]["pages"]
            yield from said["page"]["sites"]


def doctor(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """Every check; the status is 1 when one failed."""
    checks = []
    for check in examine(arguments.stack):
        checks.append(check)
        if not arguments.json:
            out.print(f"{check.verdict:<8} {check.name}: {check.found}", markup=False, soft_wrap=True)
            if check.advice:
                out.print(f"{'':<9}{check.advice}", markup=False, soft_wrap=True)
    if arguments.json:
        print(json.dumps([asdict(check) for check in checks]))
    return int(any(check.verdict == "failed" for check in checks))


def examine(name: str) -> Iterator[Check]:
    """All the checks; without credentials, or without the stack, the others are skipped."""
    stack = Stack(name)
    for first in (("credentials", _credentials), ("stack", _stack)):
        check = _check(stack, *first)
        if check.verdict == "skipped":  # nothing was looked at, which must not look as if all were well
            check = replace(check, verdict="failed")
        yield check
        if check.verdict == "failed":
            yield from (Check(each, "skipped", f"needs {check.name}") for each in CHECKS)
            return
    for each, look in CHECKS.items():
        yield _check(stack, each, look)


def _check(stack: Stack, name: str, look: Callable[[Stack], str]) -> Check:
    try:
        return Check(name, "ok", look(stack))
    except Trouble as trouble:
        return Check(name, trouble.verdict, trouble.found, trouble.advice)
    except Failed as failed:
        return Check(name, "failed", str(failed), "Name another one with --stack or STACK_NAME.")
    except (BotoCoreError, ClientError) as error:
        found, _, advice = in_words(error, stack.name).partition(". ")
        code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
        return Check(name, "skipped" if code in FORBIDDEN else "failed", found, advice)


def _credentials(_stack: Stack) -> str:
    """Whose they are; and the clock, by the answer's date."""
    said = boto3.client("sts").get_caller_identity()
    date = said["ResponseMetadata"]["HTTPHeaders"].get("date")
    wrong = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()) if date else 0
    if wrong > _CLOCK_SECONDS:
        raise Trouble("failed", f"this machine's clock is {wrong:.0f} s wrong", "Set it: AWS refuses what it signs.")
    return f"{said['Arn']}, clock right to {wrong:.0f} s"


def _stack(stack: Stack) -> str:
    status = stack.described["StackStatus"]
    if not status.endswith("_COMPLETE") or status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        raise Trouble(
            "failed", f"its state is {status}", f"aws cloudformation describe-stack-events --stack-name {stack.name}"
        )
    if status == "UPDATE_ROLLBACK_COMPLETE":
        raise Trouble(
            "warning",
            "the last update was rolled back, so an older template is in force",
            f"aws cloudformation describe-stack-events --stack-name {stack.name} says why.",
        )
    lacks = sorted(_OUTPUTS - stack.outputs.keys())
    if lacks:
        raise Trouble("failed", f"it has no output {', '.join(lacks)}", "It is older than this command: deploy again.")
    return f"{status}, with {len(stack.outputs)} outputs"


def _recipients(stack: Stack) -> str:
    topic = stack.outputs["AlarmTopicArn"]
    found = boto3.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = [each for each in found if each["SubscriptionArn"].startswith("arn:")]
    if not confirmed:
        waiting = f", {len(found)} not confirmed yet" if found else ""
        raise Trouble(
            "failed",
            f"alarms are told to nobody{waiting}",
            "Confirm AWS's mail, or deploy with AlarmEmail, or: "
            f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint ADDRESS",
        )
    return f"{len(confirmed)} told of alarms"


def _alarms(stack: Stack) -> str:
    found = boto3.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack.name}-", StateValue="ALARM")
    ringing = sorted(each["AlarmName"] for each in (*found["MetricAlarms"], *found.get("CompositeAlarms", [])))
    if ringing:
        raise Trouble("warning", f"on: {', '.join(ringing)}", "docs/watching.md says of each what to do.")
    return "none is on"


def _watch(stack: Stack) -> str:
    """The alarm of a watch that stopped is silent about one that never began."""
    now = datetime.now(UTC)
    found = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=f"SisImport/{stack.name}",
        MetricName="Sites",
        StartTime=now - _WATCHED_WITHIN,
        EndTime=now,
        Period=3600,
        Statistics=["Maximum"],
    )
    if not found["Datapoints"]:
        raise Trouble(
            "warning",
            "nobody has looked at the sites and servers in the last two hours",
            f"Right in a new stack's first hour; else see the log group /{stack.name}/watch-fleet and its schedule.",
        )
    return "sites and servers are looked at each hour"


def _keys(stack: Stack) -> str:
    kms = boto3.client("kms")
    keys = [
        *stack.ids("AWS::KMS::Key").values(),
        *filter(None, map(stack.parameters.get, ("ExistingKeyA", "ExistingKeyB"))),
    ]
    described = [kms.describe_key(KeyId=key)["KeyMetadata"] for key in keys]
    off = [each["KeyId"] for each in described if each["KeyState"] != "Enabled"]
    if off:
        raise Trouble("failed", f"a key is not enabled: {', '.join(off)}", "Enable it: versions are signed with it.")
    if len(described) < 2 or not all(each.get("MultiRegion") for each in described):
        raise Trouble(
            "warning",
            f"of {len(described)} keys not each can have a replica in another region",
            "The stack can never move without a visit to every server (docs/deploying.md).",
        )
    return f"{len(described)}, enabled, replicable to other regions"


def _queue(stack: Stack) -> str:
    queues = stack.ids("AWS::SQS::Queue")
    waiting, given_up = (_messages(queues[name]) for name in ("ImportQueue", "ImportDeadLetterQueue"))
    if given_up:
        raise Trouble(
            "failed",
            f"{given_up} uploads were given up",
            "Find import_broke_off in the log of import_pair; once the cause is gone, redrive the dead-letter queue.",
        )
    age = _oldest(queues["ImportQueue"].rpartition("/")[2]) if waiting else 0
    if age > _WAITS_SECONDS:
        raise Trouble(
            "failed",
            f"{waiting} uploads wait, the oldest for {age / 3600:.1f} hours",
            f"See the log group /{stack.name}/import-pair; without an error in it, deploy with a higher "
            "ImportConcurrency. After a restore: is the function's event source mapping enabled?",
        )
    return f"{waiting} uploads wait, none was given up"


def _oldest(queue: str) -> float:
    """How many seconds the oldest message of a queue has waited of late; 0 where AWS has not said so."""
    now = datetime.now(UTC)
    found = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        StartTime=now - timedelta(minutes=15),
        EndTime=now,
        Period=900,
        Statistics=["Maximum"],
    )
    return max((each["Maximum"] for each in found["Datapoints"]), default=0)


def _messages(url: str) -> int:
    names: Any = ["ApproximateNumberOfMessages"]
    got = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return int(got["Attributes"]["ApproximateNumberOfMessages"])


def _concurrency(stack: Stack) -> str:
    limits = boto3.client("lambda").get_account_settings()["AccountLimit"]
    total, left = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    imports = int(stack.parameters.get("ImportConcurrency", 0))
    if left < max(_LEAST_EXECUTIONS, imports + 10):
        raise Trouble(
            "warning",
            f"{left} of the account's {total} concurrent executions are left, and {imports} imports may run at once",
            "Imports could starve the feed: ask AWS for more (Service Quotas, Lambda, Concurrent executions), then "
            "deploy with FeedConcurrency; until then with a lower ImportConcurrency.",
        )
    return f"{left} of {total} concurrent executions left"


def _buckets(stack: Stack) -> str:
    """By the regional host, which links lead to."""
    s3 = boto3.client("s3", config=_REGIONAL)
    for name in ("InboxBucketName", "ResultsBucketName"):
        s3.list_objects_v2(Bucket=stack.outputs[name], MaxKeys=1)
    return "inbox and results answer under their region's host"


def _table(stack: Stack) -> str:
    name = stack.outputs["TableName"]
    dynamodb = boto3.client("dynamodb")
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    restore = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    lacks = [
        what
        for what, is_on in (
            ("point-in-time recovery", restore == "ENABLED"),
            ("expiry by expires_at", expiry.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")),
        )
        if not is_on
    ]
    if lacks:
        raise Trouble(
            "failed", f"{name} lacks {' and '.join(lacks)}", "A restored table has neither: docs/deploying.md."
        )
    return f"{name} can be restored to any second of the last 35 days"


def _trail(stack: Stack) -> str:
    if stack.parameters.get("AuditTrail") != "on":
        raise Trouble(
            "warning",
            "AWS records nobody who invokes manage_site, unless another trail of the account does",
            "Deploy with AuditTrail=on where it has to be proven who approved what.",
        )
    return "CloudTrail records who invokes manage_site"


def _sites(stack: Stack) -> str:
    published = {each["site"]: each["servers"] for each in stack.sites() if each["version"]}
    alone = [name for name, servers in published.items() if not sum(servers.values())]
    silent = [name for name, servers in published.items() if servers["silent"]]
    if alone:
        raise Trouble(
            "warning",
            f"{len(alone)} of {len(published)} sites that publish have no server: {_some(alone)}",
            f"roster-admin enrol {alone[0]} SERVER prints a code for one.",
        )
    if silent:
        raise Trouble(
            "warning", f"a server is silent at {_some(silent)}", f"roster-admin servers {silent[0]} says which."
        )
    return f"{len(published)} publish, each has a server that asks" if published else "none publishes yet"


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


CHECKS: dict[str, Callable[[Stack], str]] = {
    "table": _table,
    "buckets": _buckets,
    "signing keys": _keys,
    "queue": _queue,
    "concurrency": _concurrency,
    "alarms": _alarms,
    "watch": _watch,
    "who is told": _recipients,
    "trail": _trail,
    "sites": _sites,
}
