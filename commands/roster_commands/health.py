"""What a deployed stack needs: each check with its code, the checks that it needs, and what to do when it is not ok.

In: a `Deployed` stack. Out: for each check a judgement. Nothing is changed, and no check names a user or a class. What
these credentials may not look at is skipped, and so is every check that needs a failed one: `roster.checks` says how.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from roster.checks import Check, Judged, failed, ok, skipped, warning
from roster_commands.deployed import Deployed
from roster_commands.stack import FORBIDDEN, Failed, in_words

Judge = Callable[[Deployed], Judged]

_CLOCK_SECONDS = 300  # AWS refuses what a clock signs that is wrong by more
_WATCHED_WITHIN = timedelta(hours=2)
# Of the account's limit: the feed and whatever else runs need some beside the imports.
_LEAST_EXECUTIONS = 50
# The same as in the alarm `uploads-wait`.
_WAITS_SECONDS = 3600
# The outputs that the checks read.
_OUTPUTS = {"ManageSiteFunctionName", "AlarmTopicArn", "TableName", "InboxBucketName", "ResultsBucketName"}
# The region's own host in every region, us-east-1 too: the host that a link leads to.
_REGIONAL = Config(
    signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
)


def explain(stack: str, error: Exception) -> Judged | None:
    """What an error of a judge means; None for one that is a fault of this program."""
    if isinstance(error, Failed):
        found, _, advice = str(error).partition(". ")
        return failed(found, advice)
    return _of_aws(stack, error) if isinstance(error, BotoCoreError | ClientError) else None


def _of_aws(stack: str, error: BotoCoreError | ClientError) -> Judged:
    found, _, advice = in_words(error, stack).partition(". ")
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return skipped(found, advice) if code in FORBIDDEN else failed(found, advice)


def _all_need(judge: Judge) -> Judge:
    """A judge of what all other checks need. If these credentials may not look, it fails and is not skipped.

    Otherwise every check would be skipped, as if nothing were wrong.
    """

    def judged(stack: Deployed) -> Judged:
        try:
            return judge(stack)
        except ClientError as error:
            return _of_aws(stack.name, error)._replace(verdict="failed")

    return judged


def _credentials(stack: Deployed) -> Judged:
    """Whose they are; and this machine's clock, compared with the date of the answer."""
    said = stack.client("sts").get_caller_identity()
    date = said["ResponseMetadata"]["HTTPHeaders"].get("date")
    wrong = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()) if date else 0
    if wrong > _CLOCK_SECONDS:
        return failed(f"this machine's clock is {wrong:.0f} s wrong", "Set it: AWS refuses what it signs.")
    return ok(f"{said['Arn']}, and the clock is right to {wrong:.0f} s")


def _stack(stack: Deployed) -> Judged:
    status = stack.described["StackStatus"]
    events = f"aws cloudformation describe-stack-events --stack-name {stack.name} says why."
    if not status.endswith("_COMPLETE") or status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        return failed(f"it is in the state {status}", events)
    number = len(stack.outputs)  # raises Failed for a stack that is not ours
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return warning("the last update was rolled back, so an older template is in force", events)
    return ok(f"{status}, with {number} outputs")


def _outputs(stack: Deployed) -> Judged:
    missing = sorted(_OUTPUTS - stack.outputs.keys())
    return failed(f"the stack has no output {', '.join(missing)}") if missing else ok("all that this command needs")


def _table(stack: Deployed) -> Judged:
    name, dynamodb = stack.outputs["TableName"], stack.client("dynamodb")
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    missing = []
    if backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") != "ENABLED":
        missing.append("point-in-time recovery")
    if expiry.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        missing.append("expiry by expires_at")
    if missing:
        return failed(
            f"{name} has no {' and no '.join(missing)}", "A restored table has neither: see docs/deploying.md."
        )
    return ok(f"{name} can be restored to any second of the last 35 days")


def _buckets(stack: Deployed) -> Judged:
    """At the regional host, which links lead to."""
    s3 = stack.client("s3", config=_REGIONAL)
    for name in ("InboxBucketName", "ResultsBucketName"):
        s3.list_objects_v2(Bucket=stack.outputs[name], MaxKeys=1)
    return ok("inbox and results answer at the host of their region")


def _keys(stack: Deployed) -> Judged:
    kms = stack.client("kms")
    taken_over = filter(None, map(stack.parameters.get, ("ExistingKeyA", "ExistingKeyB")))
    described = [kms.describe_key(KeyId=key)["KeyMetadata"] for key in (*stack.ids("AWS::KMS::Key"), *taken_over)]
    off = [each["KeyId"] for each in described if each["KeyState"] != "Enabled"]
    if off:
        return failed(f"a key is not enabled: {', '.join(off)}", "Enable it in KMS: versions are signed with it.")
    movable = sum(bool(each.get("MultiRegion")) for each in described)
    if movable < max(2, len(described)):
        return warning(
            f"only {movable} of {len(described)} keys can have a replica in another region",
            "The stack cannot move to another region without a visit to every server: see docs/deploying.md.",
        )
    return ok(f"{len(described)} keys, all enabled, and each can have a replica in another region")


def _queue(stack: Deployed) -> Judged:
    queue, given_up = stack.id_of("ImportQueue"), stack.messages(stack.id_of("ImportDeadLetterQueue"))
    if given_up:
        return failed(
            f"{given_up} uploads were given up",
            "Find import_broke_off in the log of import_pair. Once the cause is gone, redrive the dead-letter queue.",
        )
    waiting = stack.messages(queue)
    name = queue.rpartition("/")[2]
    within = timedelta(minutes=15)
    age = stack.highest("AWS/SQS", "ApproximateAgeOfOldestMessage", within, QueueName=name) if waiting else None
    if age and age > _WAITS_SECONDS:
        return failed(
            f"{waiting} uploads wait, the oldest for {age / 3600:.1f} hours",
            f"See the log group /{stack.name}/import-pair. If it has no error, deploy with a higher ImportConcurrency. "
            "After a restore, check that the event source mapping of the function is enabled.",
        )
    return ok(f"{waiting} uploads wait, none was given up")


def _concurrency(stack: Deployed) -> Judged:
    limits = stack.client("lambda").get_account_settings()["AccountLimit"]
    total, left = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    imports = int(stack.parameters.get("ImportConcurrency", 0))
    if left < max(_LEAST_EXECUTIONS, imports + 10):
        return warning(
            f"{left} of the account's {total} concurrent executions are left, and {imports} imports may run at once",
            "Imports could leave no room for the feed. Ask for more (Service Quotas, Lambda, Concurrent executions) "
            "and then deploy with FeedConcurrency. Until then deploy with a lower ImportConcurrency.",
        )
    return ok(f"{left} of {total} concurrent executions are left")


def _alarms(stack: Deployed) -> Judged:
    found = stack.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack.name}-", StateValue="ALARM")
    names = sorted(each["AlarmName"] for each in (*found["MetricAlarms"], *found.get("CompositeAlarms", [])))
    if names:
        return warning(f"these alarms are on: {', '.join(names)}", "docs/watching.md says what to do about each.")
    return ok("no alarm is on")


def _watch(stack: Deployed) -> Judged:
    """The alarm of a watch that stopped is silent about one that never began."""
    if stack.highest(f"SisImport/{stack.name}", "Sites", _WATCHED_WITHIN) is not None:
        return ok("the hourly watch looks at the sites and servers")
    created = stack.described.get("CreationTime")
    if created and datetime.now(UTC) - created < _WATCHED_WITHIN:
        return skipped("the stack is younger than two hours, so the hourly watch may not have begun yet")
    return warning(
        "the hourly watch has looked at no site or server in the last two hours",
        f"See the log group /{stack.name}/watch-fleet, and whether the schedule of that function is on.",
    )


def _recipients(stack: Deployed) -> Judged:
    topic = stack.outputs["AlarmTopicArn"]
    found = stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    confirmed = [each for each in found if each["SubscriptionArn"].startswith("arn:")]
    if confirmed:
        return ok(f"{len(confirmed)} confirmed recipients of the alarms")
    waiting = f", {len(found)} not confirmed yet" if found else ""
    return failed(
        f"nobody gets the alarms{waiting}",
        "Confirm AWS's mail, or deploy with AlarmEmail, or run: "
        f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint ADDRESS",
    )


def _trail(stack: Deployed) -> Judged:
    if stack.parameters.get("AuditTrail") == "on":
        return ok("CloudTrail records who invokes manage_site")
    return warning("AWS does not record who invokes manage_site, unless another trail of the account does")


def _sites(stack: Deployed) -> Judged:
    sites = stack.published_sites
    alone = [name for name, servers in sites.items() if not sum(servers.values())]
    if alone:
        return warning(
            f"{len(alone)} of {len(sites)} sites that publish have no server: {_some(alone)}",
            f"roster-admin enrol {alone[0]} SERVER prints a code for one.",
        )
    return ok(f"{len(sites)} sites publish, and each has a server" if sites else "no site publishes yet")


def _silent_servers(stack: Deployed) -> Judged:
    sites = stack.published_sites
    if not any(sum(servers.values()) for servers in sites.values()):
        return skipped("there is no server yet")
    silent = [name for name, servers in sites.items() if servers["silent"]]
    if silent:
        return warning(f"these sites have one: {_some(silent)}", f"roster-admin servers {silent[0]} says which.")
    return ok("every server has asked within a day")


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


#: In the order in which to put things right.
CHECKS: tuple[Check[Deployed], ...] = (
    Check("credentials", "credentials", _all_need(_credentials)),
    Check("stack", "stack", _all_need(_stack), ("credentials",)),
    Check("outputs", "outputs", _outputs, ("stack",), "It is older than this command: deploy again."),
    Check("table", "table", _table, ("outputs",)),
    Check(
        "buckets", "buckets", _buckets, ("outputs",), "Is AWS_REGION the stack's region, and are both buckets there?"
    ),
    Check("signing_keys", "signing keys", _keys, ("stack",)),
    Check("queue", "queue", _queue, ("stack",)),
    Check("concurrency", "concurrency", _concurrency, ("stack",)),
    Check("alarms", "alarms", _alarms, ("stack",)),
    Check("watch", "watch", _watch, ("stack",)),
    Check("recipients", "who is told", _recipients, ("outputs",)),
    Check("trail", "trail", _trail, ("stack",), "Deploy with AuditTrail=on if you have to prove who approved what."),
    Check("sites", "sites", _sites, ("outputs",)),
    Check("silent_servers", "silent servers", _silent_servers, ("sites",)),
)
