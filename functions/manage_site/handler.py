"""What people ask of a site, one action an invocation, through roster-admin or the AWS console."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws.management import Management
from roster_aws.telemetry import logger

management = Management.from_environment()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `manage_site`: {"action", "site", …} to {"ok": true, …} or {"ok": false, "error", "message"}."""
    return management.answer(event, request_id=context.aws_request_id)
