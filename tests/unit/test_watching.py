"""Reports and alarms in template.yaml keep every rule of `tests/watching_rules.py`, and every rule notices when it is
broken.
"""

from typing import Any

import pytest

from tests.translated import Resources, Rule, Spoil, Template, each_spoil, role_statement, spoiled, translated, within
from tests.watching_rules import (
    PAGED,
    alarms_are_those_that_were_promised,
    alarms_know_what_silence_means,
    alarms_look_as_often_as_there_is_something_to_see,
    alarms_reach_people,
    alarms_tell_somebody_what_to_do,
    no_alarm_is_on_for_good_where_there_are_many,
    only_what_imports_or_watches_writes_reports,
    reports_are_kept_and_make_metrics,
    shares_count_everything_once,
    somebody_watches_every_hour,
    the_pager_rings_for_our_own_faults,
    the_widget_can_only_read,
    widget_and_buttons_name_each_other,
)


@pytest.fixture(scope="module")
def template() -> Template:
    return translated()


def policy(resources: Resources, role: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def renamed(role: str, number: int, **changed: Any) -> Spoil:
    return lambda resources: role_statement(resources, role, number).update(changed)


REPORTS_LOGS = {"Fn::GetAtt": ["ReportsLogs", "Arn"]}
SCHEDULE = "WatchFleetFunctionHourly"

RULES: dict[Rule, list[Spoil]] = {
    reports_are_kept_and_make_metrics: [
        within("ReportsLogs", "RetentionInDays", becomes=180),
        within("ReportsLogs", "LogGroupClass", becomes="INFREQUENT_ACCESS"),
    ],
    only_what_imports_or_watches_writes_reports: [
        renamed("ShowReportsRole", 3, Resource=REPORTS_LOGS),
        renamed("WatchFleetRole", 3, Resource={"Fn::GetAtt": ["WatchFleetLogs", "Arn"]}),
        lambda resources: policy(resources, "ImportPairRole").pop(),
    ],
    the_widget_can_only_read: [
        renamed("ShowReportsRole", 0, Action=["dynamodb:GetItem", "dynamodb:PutItem"]),
        renamed("ShowReportsRole", 1, Action="s3:PutObject"),
        renamed("ShowReportsRole", 3, Resource=REPORTS_LOGS),
        lambda resources: policy(resources, "ShowReportsRole").append(
            {"Sid": "Press", "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
        ),
    ],
    widget_and_buttons_name_each_other: [
        within("ShowReportsFunction", "FunctionName"),
        within("ManageSiteFunction", "FunctionName", becomes={"Fn::Sub": "${AWS::StackName}-manage"}),
        within("ManageSiteFunction", "Environment", "Variables", "SHOW_REPORTS_ARN", becomes={"Ref": "ImportQueue"}),
    ],
    somebody_watches_every_hour: [
        lambda resources: resources.pop(SCHEDULE),
        within(SCHEDULE, "ScheduleExpression", becomes="rate(1 hour)"),
        within(SCHEDULE, "FlexibleTimeWindow", becomes={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30}),
        within(SCHEDULE, "Target", "Arn", becomes={"Fn::GetAtt": ["ImportPairFunction", "Arn"]}),
        within(SCHEDULE, "Target", "RetryPolicy", "MaximumRetryAttempts", becomes=0),
        within(SCHEDULE, "Target", "RetryPolicy", "MaximumEventAgeInSeconds", becomes=86400),
        renamed("WatchFleetScheduleRole", 0, Resource="*"),
        within("WatchFleetScheduleRole", "AssumeRolePolicyDocument", "Statement", 0, "Condition"),
    ],
    alarms_tell_somebody_what_to_do: [
        within("NobodyToldAlarm", "AlarmDescription"),
        within("NobodyToldAlarm", "AlarmDescription", becomes="An import is held." * 10),
        within("DeadLetterAlarm", "AlarmDescription", becomes="See the dashboard." * 100),
        within("QueueAgeAlarm", "AlarmName"),
        within("NobodyToldAlarm", "AlarmActions", becomes=[]),
        within("ThrottlesAlarm", "OKActions", becomes=[{"Ref": "AlarmEmail"}]),
        within("PageAlarm", "AlarmActions"),
        within("PageAlarm", "ActionsEnabled", becomes=False),
    ],
    alarms_know_what_silence_means: [
        within("NobodyToldAlarm", "TreatMissingData"),
        within("ThrottlesAlarm", "TreatMissingData"),
        within("NobodyToldAlarm", "TreatMissingData", becomes="breaching"),
        within("WatchAlarm", "TreatMissingData", becomes="breaching"),
        within("WatchAlarm", "InsufficientDataActions"),
        within("NobodyToldAlarm", "InsufficientDataActions", becomes=[{"Ref": "AlarmTopic"}]),
        within("DeadLetterAlarm", "TreatMissingData", becomes="breaching"),
    ],
    no_alarm_is_on_for_good_where_there_are_many: [
        within("NobodyToldAlarm", "MetricName", becomes="SitesStale"),
        within("SilentServersAlarm", "Metrics", 0, "Expression", becomes="silent"),
        within("SilentServersAlarm", "Threshold", becomes=0),
    ],
    alarms_look_as_often_as_there_is_something_to_see: [
        within("NobodyToldAlarm", "Period", becomes=3600),
        within("WatchAlarm", "EvaluationPeriods", becomes=1),
        within("WatchAlarm", "ComparisonOperator", becomes="GreaterThanThreshold"),
        within("SilentServersAlarm", "EvaluationPeriods", becomes=1),
        within("FeedFaultsAlarm", "Metrics", 3, "MetricStat", "Metric", "Dimensions", becomes=[]),
        within("NobodyToldAlarm", "Statistic", becomes="Maximum"),
        within("NobodyToldAlarm", "Period", becomes=86400),
        within("NobodyToldAlarm", "Statistic", becomes="Average"),
        within("NobodyToldAlarm", "Dimensions", becomes=[{"Name": "site", "Value": "hogwarts"}]),
        within("DurationAlarm", "Dimensions"),
        within("ThrottlesAlarm", "Metrics", 1, "MetricStat", "Period", becomes=3600),
        within("QueueAgeAlarm", "ComparisonOperator", becomes="LessThanThreshold"),
    ],
    shares_count_everything_once: [
        within("FeedFaultsAlarm", "Metrics", 0, "Expression", becomes="100 * (answered + failed) / requests"),
        within("FeedFaultsAlarm", "Metrics", 2, "Expression", becomes="FILL(feed, 0)"),
        within("FeedFaultsAlarm", "Metrics", 1, "Expression", becomes="0"),
        within("SilentServersAlarm", "Metrics", 0, "Expression", becomes="silent"),
    ],
    alarms_are_those_that_were_promised: [
        *(
            lambda resources, name=name: resources.pop(name)
            for name in (
                *("NobodyToldAlarm", "DeadLetterAlarm", "QueueAgeAlarm"),
                *("ThrottlesAlarm", "DurationAlarm", "WatchAlarm", "SilentServersAlarm", "FeedFaultsAlarm"),
            )
        ),
        within("FeedFaultsAlarm", "Threshold", becomes=50),
        within("DeadLetterAlarm", "MetricName", becomes="NumberOfMessagesSent"),
        within("DeadLetterAlarm", "Dimensions", 0, "Value", becomes={"Fn::GetAtt": ["ImportQueue", "QueueName"]}),
        within("DurationAlarm", "Threshold", becomes=300000),
        within("QueueAgeAlarm", "Threshold", becomes=60),
        within("NobodyToldAlarm", "Threshold", becomes=1),
    ],
    the_pager_rings_for_our_own_faults: [
        within("PageAlarm", "AlarmRule", becomes='ALARM("sample-import-given-up")'),
        within("PageAlarm", "AlarmRule", becomes={"Fn::Sub": 'ALARM("${DeadLetterAlarm}") OR ALARM("nobody")'}),
        within(
            *("PageAlarm", "AlarmRule"),
            becomes={"Fn::Sub": " AND ".join(f'ALARM("${{{name}}}")' for name in PAGED)},
        ),
    ],
    alarms_reach_people: [
        within("AlarmTopic", "KmsMasterKeyId", becomes="alias/aws/sns"),
        within("AlarmTopicPolicy", "PolicyDocument", "Statement", becomes=[]),
        within("AlarmTopicPolicy", "PolicyDocument", "Statement", 0, "Condition", becomes={}),
        within("AlarmTopicPolicy", "Topics", becomes=[]),
        within("AlarmSubscription", "Endpoint", becomes="somebody@example.com"),
    ],
}


def test_ours_should_break_no_rule(template: Template, subtests: pytest.Subtests) -> None:
    for rule in RULES:
        with subtests.test(rule.__name__):
            assert rule(template) == []


@pytest.mark.parametrize(("rule", "spoil"), each_spoil(RULES))
def test_should_notice_what_is_spoiled(rule: Rule, spoil: Spoil, template: Template) -> None:
    assert rule(spoiled(template, spoil)) != []
