"""What no linter knows of the watching in template.yaml: who tells, and who is told.

In: a translated template. Out of each rule: what is wrong with it, one sentence per finding, nothing when all is well.
`tests/unit/test_watching.py` applies them, and proves of each that it notices a spoiled template. The dashboard's are
in `tests/dashboard_rules.py`.
"""

import itertools
import re
from typing import Any

from roster.log_events import METRICS
from roster.log_events import NAMESPACE as ALL_STACKS
from tests.translated import PSEUDO, Template, allowed, listed, of_type, properties, resolve, role_of, statements

#: What the stack's own metrics are under.
NAMESPACE = f"{ALL_STACKS}/{PSEUDO['AWS::StackName']}"
#: Told once an hour, and as a state; all other metrics of ours are told when something happened.
HOURLY = METRICS["fleet_report"].keys()
#: An alarm of it is about whether it is told at all.
HEARTBEAT = "Sites"

Metric = tuple[str, str, tuple[str, ...]]


# Reports


def reports_are_kept_and_make_metrics(template: Template) -> list[str]:
    has = properties(template, "ReportsLogs")
    wrong = [] if has["RetentionInDays"] == 400 else ["last year's import of September cannot be looked up"]
    return wrong if has.get("LogGroupClass") == "STANDARD" else [*wrong, "this class of logs makes no metrics"]


def only_what_imports_or_watches_writes_reports(template: Template) -> list[str]:
    writers = {
        name
        for name in of_type(template, "AWS::Lambda::Function")
        for statement in allowed(template, role_of(template, name))
        if "logs:PutLogEvents" in listed(statement["Action"])
        and {"Fn::GetAtt": ["ReportsLogs", "Arn"]} in listed(statement["Resource"])
    }
    return [
        f"{name}: may it write reports?"
        for name in writers ^ {"ImportPairFunction", "WatchFleetFunction", "FetchSourceFunction"}
    ]


def the_widget_can_only_read(template: Template) -> list[str]:
    wrong = []
    for statement in allowed(template, role_of(template, "ShowReportsFunction")):
        own_log = statement["Resource"] == {"Fn::GetAtt": ["ShowReportsLogs", "Arn"]}
        reads = {"dynamodb:GetItem", "dynamodb:Query", "s3:GetObject", "s3:ListBucket"}
        logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
        more = set(listed(statement["Action"])) - (logs if own_log else reads)
        wrong += [f"{action} is more than reading" for action in more]
    return wrong


def widget_and_buttons_name_each_other(template: Template) -> list[str]:
    wrong = []
    for name, variable, other in (
        ("ShowReportsFunction", "MANAGE_SITE_ARN", "ManageSiteFunction"),
        ("ManageSiteFunction", "SHOW_REPORTS_ARN", "ShowReportsFunction"),
    ):
        said = resolve(template, properties(template, name)["Environment"]["Variables"][variable])
        if said != resolve(template, {"Fn::GetAtt": [other, "Arn"]}):
            wrong.append(f"{name}: {variable} is not the ARN of {other}")
    return wrong


def somebody_watches_every_hour(template: Template) -> list[str]:
    schedules = list(of_type(template, "AWS::Scheduler::Schedule").values())
    if len(schedules) != 1:
        return ["not one schedule"]
    has = schedules[0]["Properties"]
    role = has["Target"]["RoleArn"]["Fn::GetAtt"][0]
    trusted = properties(template, role)["AssumeRolePolicyDocument"]["Statement"]
    function = {"Fn::GetAtt": ["WatchFleetFunction", "Arn"]}
    may = [(statement["Action"], statement["Resource"]) for statement in allowed(template, role)]
    checks = {
        "at a fixed minute of each hour": re.fullmatch(r"cron\(\d+ \* \* \* \? \*\)", has["ScheduleExpression"]),
        "on time": has["FlexibleTimeWindow"] == {"Mode": "OFF"},
        "of the fleet": has["Target"]["Arn"] == function,
        "once more when it could not start": has["Target"]["RetryPolicy"]["MaximumRetryAttempts"] > 0,
        "over before the next": has["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] < 3600,
        "allowed to start it, and nothing else": may == [("lambda:InvokeFunction", function)],
        "for this account": trusted[0].get("Condition")
        == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    return [f"the watch is not {what}" for what, fulfilled in checks.items() if not fulfilled]


# Alarms


def metric_alarms(template: Template) -> dict[str, dict[str, Any]]:
    return {name: alarm["Properties"] for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items()}


def alarm_names(template: Template) -> set[str]:
    alarms = of_type(template, "AWS::CloudWatch::Alarm") | of_type(template, "AWS::CloudWatch::CompositeAlarm")
    return {resolve(template, {"Ref": name}) for name in alarms}


def measured_by(template: Template, alarm: dict[str, Any]) -> list[tuple[Metric, str, int]]:
    """What an alarm looks at: metrics, each with its statistic and period."""
    if "Metrics" not in alarm:
        return [(_metric(template, alarm), alarm["Statistic"], alarm["Period"])]
    parts = [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]
    return [(_metric(template, part["Metric"]), part["Stat"], part["Period"]) for part in parts]


def _metric(template: Template, has: dict[str, Any]) -> Metric:
    dimensions = [(each["Name"], resolve(template, each["Value"])) for each in has.get("Dimensions", [])]
    return resolve(template, has["Namespace"]), has["MetricName"], tuple(itertools.chain(*dimensions))


def alarmed(template: Template) -> dict[Metric, dict[str, Any]]:
    """The metrics that alarms look at, each with its alarm."""
    alarms = metric_alarms(template).values()
    return {metric: alarm for alarm in alarms for metric, _, _ in measured_by(template, alarm)}


def alarms_tell_somebody_what_to_do(template: Template) -> list[str]:
    wrong = []
    composite = of_type(template, "AWS::CloudWatch::CompositeAlarm")
    for name, alarm in (
        metric_alarms(template) | {name: each["Properties"] for name, each in composite.items()}
    ).items():
        said = resolve(template, alarm.get("AlarmDescription", ""))
        checks = {
            "name does not begin with the stack's": resolve(template, alarm.get("AlarmName", "")).startswith("sample-"),
            "text does not say what to do": len(said) > 100 and re.search(r"dashboard|log group|query|Ask AWS", said),
            "text does not fit": len(said) <= 1024,
            "action is not to tell": alarm.get("AlarmActions") == [{"Ref": "AlarmTopic"}],
            "lack of data is told to somebody else": alarm.get("InsufficientDataActions", [{"Ref": "AlarmTopic"}])
            == [{"Ref": "AlarmTopic"}],
            "end is told to somebody else": alarm.get("OKActions", [{"Ref": "AlarmTopic"}]) == [{"Ref": "AlarmTopic"}],
            "actions are off": alarm.get("ActionsEnabled", True) is True,
        }
        wrong += [f"{name}: its {what}" for what, fulfilled in checks.items() if not fulfilled]
    return wrong


def alarms_know_what_silence_means(template: Template) -> list[str]:
    wrong = []
    for name, alarm in metric_alarms(template).items():
        heartbeat = any(metric == HEARTBEAT for (_, metric, _), _, _ in measured_by(template, alarm))
        # Silence taken for the worst would alarm after each first deployment, before there was anything to tell. An
        # alarm that goes from having data to having none is told of then, and not where it begins with none.
        if alarm.get("TreatMissingData") != ("missing" if heartbeat else "notBreaching"):
            wrong.append(f"{name}: silence is taken for {alarm.get('TreatMissingData', 'whatever AWS thinks')}")
        if heartbeat != ("InsufficientDataActions" in alarm):
            wrong.append(f"{name}: is silence told?")
    return wrong


def no_alarm_is_on_for_good_where_there_are_many(template: Template) -> list[str]:
    """Of a thousand sites one is always stale, and one server always off: what is alarmed is news, or a share."""
    levels = {"SitesStale", "ServersSilent", "ServersBehind", "HeldNow", "HoursSinceOldestSuccess"}
    return [
        f"{name} is about {' '.join(sorted(found))}, of which there are always some"
        for name, alarm in metric_alarms(template).items()
        if (found := levels & {metric for (_, metric, _), _, _ in measured_by(template, alarm)})
        and not ("/ servers" in str(alarm.get("Metrics")) and alarm["Threshold"] >= 1)
    ]


def alarms_look_as_often_as_there_is_something_to_see(template: Template) -> list[str]:
    wrong = []
    for name, alarm in metric_alarms(template).items():
        for (namespace, metric, dimensions), statistic, period in measured_by(template, alarm):
            hourly = metric in HOURLY
            level = hourly or metric.startswith("Approximate") or metric == "Duration"
            checks = {
                "period": period == (3600 if hourly else 300),
                "statistic": statistic == ("Maximum" if level else "Sum"),
                "one late value": not hourly or alarm["EvaluationPeriods"] >= 2,
                "comparison": alarm["ComparisonOperator"]
                == ("LessThanThreshold" if metric == HEARTBEAT else "GreaterThanThreshold"),
                # Ours have none; AWS's without one would be those of the whole account.
                "dimensions": bool(dimensions) == (namespace != NAMESPACE),
            }
            wrong += [f"{name}: its {what}" for what, fulfilled in checks.items() if not fulfilled]
    return wrong


#: What the shares that alarms compute have to be, with these numbers and no others.
SHARES = [
    ("FeedFaultsAlarm", {"requests": 200, "faults": 6, "feed": 4, "authorizer": 2}, 3),  # the very same six
    ("FeedFaultsAlarm", {"requests": 200, "feed": 4, "authorizer": 2}, 3),
    ("FeedFaultsAlarm", {"requests": 200, "faults": 20, "feed": 4}, 10),
    ("SilentServersAlarm", {"servers": 200, "silent": 42}, 21),
]


def shares_count_everything_once(template: Template) -> list[str]:
    return [
        f"{name} makes {found} of {numbers}"
        for name, numbers, wanted in SHARES
        if (found := _computed(properties(template, name)["Metrics"], numbers)) != wanted
    ]


def _computed(queries: list[dict[str, Any]], numbers: dict[str, int]) -> float:
    """What an alarm's arithmetic comes to; a metric without a number has no data."""
    functions = {
        "IF": lambda is_so, then, other: then if is_so else other,
        "FILL": lambda it, by: by if it is None else it,
    }
    texts = {query["Id"]: query["Expression"] for query in queries if "Expression" in query}
    names = {query["Id"]: numbers.get(query["Id"]) for query in queries if "MetricStat" in query}

    class Terms(dict[str, Any]):
        def __missing__(self, name: str) -> Any:
            return eval(texts[name], {}, self)  # noqa: S307 - arithmetic of our own template

    (result,) = (query["Id"] for query in queries if query["ReturnData"])
    return float(Terms(functions | names)[result])


def alarms_are_those_that_were_promised(template: Template) -> list[str]:
    queue, dead, function, feed = (
        resolve(template, {"Ref": name})
        for name in ("ImportQueue", "ImportDeadLetterQueue", "ImportPairFunction", "FeedApi")
    )
    watched = alarmed(template)
    timeout = properties(template, "ImportPairFunction")["Timeout"] * 1000
    promised: dict[Metric, range] = {
        (NAMESPACE, "AlertsNotTold", ()): range(1),
        (NAMESPACE, HEARTBEAT, ()): range(1),
        # Percent of the servers, and of what they asked.
        **{(NAMESPACE, metric, ()): range(10, 51) for metric in ("ServersSilent", "Servers")},
        **{("AWS/ApiGateway", metric, ("ApiId", feed)): range(1, 20) for metric in ("5xx", "Count")},
        **{
            ("AWS/Lambda", "Errors", ("FunctionName", resolve(template, {"Ref": name}))): range(1, 20)
            for name in ("ServeFeedFunction", "AuthorizeServerFunction")
        },
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ("QueueName", dead)): range(1),
        # Longer than a file waits for its partner, and far below the four days after which an upload is forgotten.
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", ("QueueName", queue)): range(1800, 24 * 3600),
        ("AWS/Lambda", "Duration", ("FunctionName", function)): range(timeout // 2, timeout),
        **{
            ("AWS/Lambda", "Throttles", ("FunctionName", resolve(template, {"Ref": name}))): range(1)
            for name in ("ImportPairFunction", "ServeFeedFunction", "AuthorizeServerFunction")
        },
    }
    wrong = [f"nobody is told of {' '.join(metric[:2])}" for metric in promised.keys() - watched.keys()]
    wrong += [f"who asked for {' '.join(metric[:2])}?" for metric in watched.keys() - promised.keys()]
    return wrong + [
        f"{' '.join(metric[:2])} alarms above {watched[metric]['Threshold']}"
        for metric in promised.keys() & watched.keys()
        if watched[metric]["Threshold"] not in promised[metric]
    ]


PAGED = ("DeadLetterAlarm", "QueueAgeAlarm", "ThrottlesAlarm", "FeedFaultsAlarm")


def the_pager_rings_for_our_own_faults(template: Template) -> list[str]:
    (pager,) = of_type(template, "AWS::CloudWatch::CompositeAlarm").values()
    rule = resolve(template, pager["Properties"]["AlarmRule"])
    named = set(re.findall(r'ALARM\("([^"]+)"\)', rule))
    wrong = [f"there is no alarm {name}" for name in named - alarm_names(template)]
    if re.sub(r'ALARM\("[^"]+"\)', "x", rule).strip().replace(" OR ", "") != "x" * len(named):
        wrong.append("the pager does not ring for any one of them")
    ours = {resolve(template, {"Ref": name}) for name in PAGED}
    return wrong + [f"should the pager ring for {name}?" for name in named ^ ours]


def alarms_reach_people(template: Template) -> list[str]:
    topic, mail = properties(template, "AlarmTopic"), template["Resources"]["AlarmSubscription"]
    checks = {
        # CloudWatch may not use AWS's own key: alarms would go off and nobody would ever know.
        "CloudWatch may not use the topic's key": "KmsMasterKeyId" not in topic,
        "CloudWatch may not publish to the topic": any(
            (statement["Effect"], statement["Principal"], statement["Action"], statement["Resource"])
            == ("Allow", {"Service": "cloudwatch.amazonaws.com"}, "sns:Publish", {"Ref": "AlarmTopic"})
            and statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
            for statement in statements(template["Resources"]["AlarmTopicPolicy"])
        ),
        "the policy is of another topic": properties(template, "AlarmTopicPolicy")["Topics"] == [{"Ref": "AlarmTopic"}],
        "the address gets no mail": mail["Condition"] == "TellSomebody"
        and mail["Properties"]
        == {"TopicArn": {"Ref": "AlarmTopic"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}},
    }
    return [what for what, fulfilled in checks.items() if not fulfilled]
