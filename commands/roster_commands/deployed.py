"""What AWS says about a deployed stack, asked once each: the questions behind `roster_commands.health`.

In: the name of a stack. Out: its description, outputs, parameters and resources, its queues, metrics and sites. Nothing
is changed. Refused, with `Failed`: a stack that is not an Impero SIS Import, or lacks what this command knows. Whatever
else AWS refuses comes as botocore's own errors.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, cast

import boto3

from roster_commands.sites import OF_ALL, overviews
from roster_commands.stack import Failed, outputs_of


class Deployed:
    """A stack by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def client(self, service: str, **more: Any) -> Any:
        """A client of an AWS service. Credentials and region are found as every AWS program finds them."""
        return boto3.client(service, **more)  # type: ignore[call-overload]

    @cached_property
    def described(self) -> dict[str, Any]:
        """The stack, as CloudFormation describes it."""
        return dict(self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0])

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Its outputs, by name. Raises Failed for a stack that is not an Impero SIS Import."""
        return outputs_of(self.name)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Its parameters, by name."""
        return {each["ParameterKey"]: each["ParameterValue"] for each in self.described.get("Parameters", [])}

    @cached_property
    def _resources(self) -> list[dict[str, Any]]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return [each for page in pages for each in page["StackResourceSummaries"]]

    def ids(self, kind: str) -> list[str]:
        """The names in AWS of all resources of a kind, such as "AWS::KMS::Key"."""
        return [each["PhysicalResourceId"] for each in self._resources if each["ResourceType"] == kind]

    def id_of(self, name: str) -> str:
        """The name in AWS of the resource with this name in template.yaml. Raises Failed if the stack has none."""
        for each in self._resources:
            if each["LogicalResourceId"] == name:
                return str(each["PhysicalResourceId"])
        raise Failed(f"the stack has no {name}. It is older than this command: deploy again.")

    def messages(self, queue_url: str) -> int:
        """About how many messages a queue holds."""
        asked = {"QueueUrl": queue_url, "AttributeNames": ["ApproximateNumberOfMessages"]}
        return int(self.client("sqs").get_queue_attributes(**asked)["Attributes"]["ApproximateNumberOfMessages"])

    def highest(self, namespace: str, metric: str, within: timedelta, **dimensions: str) -> float | None:
        """The highest value of a metric within the time until now; None if AWS has no value."""
        now = datetime.now(UTC)
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - within,
            EndTime=now,
            Period=900,
            Statistics=["Maximum"],
        )
        return max((each["Maximum"] for each in found["Datapoints"]), default=None)

    @cached_property
    def published_sites(self) -> dict[str, dict[str, int]]:
        """The servers of each site that publishes, counted by state, by the name of the site.

        Raises Failed if manage_site does not answer.
        """
        sites = (site for page in overviews(self._ask) for site in page["sites"] if site["version"])
        return {site["site"]: cast("dict[str, int]", site["servers"]) for site in sites}

    def _ask(self, action: str, **details: Any) -> dict[str, Any]:
        """The answer of manage_site, which whoever may do what people do may ask."""
        payload = json.dumps({"action": action, "site": OF_ALL, **details})
        answer = self.client("lambda").invoke(FunctionName=self.outputs["ManageSiteFunctionName"], Payload=payload)
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer or not said["ok"]:
            raise Failed("manage_site failed. Its log, in the output AuditLogGroupName, says why.")
        return said
