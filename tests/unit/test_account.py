"""template.yaml can be deployed twice, and keeps every rule of `tests/account_rules.py`; every rule notices when it is
broken.
"""

import pytest

from tests.account_rules import (
    fixed_names_hold_the_stack_s,
    metrics_are_the_stack_s_own,
    what_outlives_the_stack_is_not_named,
)
from tests.translated import Rule, Spoil, Template, each_spoil, spoiled, swapped, translated, within


@pytest.fixture(scope="module")
def template() -> Template:
    return translated()


RULES: dict[Rule, list[Spoil]] = {
    fixed_names_hold_the_stack_s: [
        within("WatchFleetFunctionHourly", "Name", becomes="WatchFleetFunctionHourly"),
        within("ImportPairLogs", "LogGroupName", becomes="/impero/import-pair"),
        within("ManageSiteFunction", "FunctionName", becomes={"Fn::Sub": "manage-site-${AWS::Region}"}),
        within("FeedApi", "Name", becomes="feed"),
        within("Table", "TableName", becomes="roster"),
        within("AlarmTopic", "TopicName", becomes={"Ref": "AlarmEmail"}),
    ],
    what_outlives_the_stack_is_not_named: [
        within("ReportsLogs", "LogGroupName", becomes={"Fn::Sub": "/${AWS::StackName}/reports"}),
        within("Table", "TableName", becomes={"Ref": "AWS::StackName"}),
        lambda resources: resources["ImportPairLogs"].update(DeletionPolicy="Retain"),
    ],
    metrics_are_the_stack_s_own: [
        within("WatchFleetFunction", "Environment", "Variables", "METRICS_NAMESPACE", becomes="SisImport"),
        within("ImportPairFunction", "Environment", "Variables", "METRICS_NAMESPACE"),
        within("NobodyToldAlarm", "Namespace", becomes="SisImport"),
        within("DurationAlarm", "Dimensions", 0, "Value", becomes="import-pair"),
        swapped('["SisImport/${AWS::StackName}", "Errors"', '["SisImport", "Errors"'),
    ],
}


def test_ours_should_break_no_rule(template: Template, subtests: pytest.Subtests) -> None:
    for rule in RULES:
        with subtests.test(rule.__name__):
            assert rule(template) == []


@pytest.mark.parametrize(("rule", "spoil"), each_spoil(RULES))
def test_should_notice_what_is_spoiled(rule: Rule, spoil: Spoil, template: Template) -> None:
    assert rule(spoiled(template, spoil)) != []
