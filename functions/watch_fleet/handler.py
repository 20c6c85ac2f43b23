"""Every hour: a look at all sites and servers, told in numbers."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws import process
from roster_aws.telemetry import logger

watch = process.watch()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, float]:
    """Entry point of `watch_fleet`; the event, a schedule's, says nothing. Returns the numbers that were told."""
    return watch.look()
