"""Alerts of the topic to the channels of Microsoft Teams that want them."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws import process
from roster_aws.telemetry import logger

teams = process.teams()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Entry point of `post_to_teams`: an event of SNS, one alert in each record. What it raises is tried again."""
    for record in event["Records"]:
        teams.post(json.loads(record["Sns"]["Message"]))
