"""Two stacks beside each other in one account and region: a test stack's troubles are never production's."""

import json
import re
from typing import Any

import pytest

from local import deployment
from local.cloud import Cloud
from local.deployment import STACK_NAME
from local.emulator import clean_environment
from tests.deployed import SEED, Site, client

OTHER = "trial"


class Stack:
    """What one of the two consists of."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.name = name
        self._cloud = cloud
        formation = client(cloud, "cloudformation")
        pages = formation.get_paginator("list_stack_resources").paginate(StackName=name)
        self.resources = [each for page in pages for each in page["StackResourceSummaries"]]
        described = formation.describe_stacks(StackName=name)["Stacks"][0]
        self.status = described["StackStatus"]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}

    def ids(self, *kinds: str) -> set[str]:
        return {each["PhysicalResourceId"] for each in self.resources if each["ResourceType"] in kinds}

    def alarms(self) -> list[dict[str, Any]]:
        return list(client(self._cloud, "cloudwatch").describe_alarms(AlarmNamePrefix=f"{self.name}-")["MetricAlarms"])

    def namespaces(self) -> set[str]:
        """What the stack's functions tell their metrics under."""
        lambdas = client(self._cloud, "lambda")
        functions = self.ids("AWS::Lambda::Function", "AWS::Serverless::Function")
        found = [lambdas.get_function_configuration(FunctionName=name) for name in functions]
        return {each["Environment"]["Variables"]["METRICS_NAMESPACE"] for each in found}


@pytest.fixture(scope="module")
def stacks(cloud: Cloud) -> tuple[Stack, Stack]:
    environment = clean_environment() | cloud.aws_environment
    deployment.deploy(deployment.build(environment), environment, {"LocalCloud": "true"}, OTHER)
    return Stack(cloud, STACK_NAME), Stack(cloud, OTHER)


def test_should_deploy_both_without_a_shared_resource(stacks: tuple[Stack, Stack]) -> None:
    first, second = stacks
    assert {first.status, second.status} == {"CREATE_COMPLETE"}
    assert {each["LogicalResourceId"] for each in first.resources} == {
        each["LogicalResourceId"] for each in second.resources
    }
    # A stage is named within its own API.
    ids = [
        {each["PhysicalResourceId"] for each in stack.resources if each["ResourceType"] != "AWS::ApiGatewayV2::Stage"}
        for stack in stacks
    ]
    assert ids[0] & ids[1] == set()
    shared = set(first.outputs.values()) & set(second.outputs.values())
    assert shared == set()


def test_should_name_no_other_stack_in_metrics_schedules_or_alarms(stacks: tuple[Stack, Stack], cloud: Cloud) -> None:
    first, second = stacks
    for stack, other in ((first, second), (second, first)):
        assert stack.namespaces() == {f"SisImport/{stack.name}"}
        alarms = json.dumps(stack.alarms(), default=str)
        assert len(stack.alarms()) >= 5
        foreign = {other.name, *(each["PhysicalResourceId"] for each in other.resources)}
        named = {name for name in foreign if re.search(rf'["/]{re.escape(name)}["/-]', alarms)}
        assert named == set()
    schedules = client(cloud, "scheduler").list_schedules()["Schedules"]
    targets = {each["Target"]["Arn"].rpartition(":")[2] for each in schedules}
    assert targets == {stack.outputs["WatchFleetFunctionName"] for stack in stacks}


def test_should_import_an_upload_to_one_there_alone(stacks: tuple[Stack, Stack], cloud: Cloud, school: Site) -> None:
    _, other = stacks
    report = school.publish(SEED)
    assert report["version"] == 1
    s3 = client(cloud, "s3")
    assert s3.list_objects_v2(Bucket=other.outputs["ResultsBucketName"]).get("KeyCount", 0) == 0
    items = client(cloud, "dynamodb").scan(TableName=other.outputs["TableName"])["Items"]
    assert {item["pk"]["S"] for item in items} <= {"KEYRING"}
    logs = client(cloud, "logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/{OTHER}/")["logGroups"]
    assert groups
    told = [
        event["message"]
        for group in groups
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    assert [text for text in told if school.name in text] == []


# The last one here: it ends what the others look at.
def test_should_keep_the_other_and_what_was_done_when_one_is_removed(stacks: tuple[Stack, Stack], cloud: Cloud) -> None:
    first, second = stacks
    formation = client(cloud, "cloudformation")
    formation.delete_stack(StackName=OTHER)
    formation.get_waiter("stack_delete_complete").wait(StackName=OTHER, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})
    assert Stack(cloud, STACK_NAME).resources == first.resources
    left = client(cloud, "logs").describe_log_groups()["logGroups"]
    kept = {second.outputs["ReportsLogGroupName"], second.outputs["AuditLogGroupName"]}
    # What was erased stays to be proven.
    kept |= {name for name in second.ids("AWS::Logs::LogGroup") if name.endswith("EraseSiteLogs")}
    assert len(kept) == 3
    assert second.ids("AWS::Logs::LogGroup") & {each["logGroupName"] for each in left} == kept
    assert second.outputs["TableName"] in client(cloud, "dynamodb").list_tables()["TableNames"]
    schedules = client(cloud, "scheduler").list_schedules()["Schedules"]
    assert len(schedules) == 1
    assert client(cloud, "cloudwatch").describe_alarms(AlarmNamePrefix=f"{OTHER}-")["MetricAlarms"] == []
