"""The erasure of a site that leaves: counted, erased as far as one run gets, or its receipts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws import process
from roster_aws.telemetry import logger

leaving = process.leaving()


@logger.inject_lambda_context(clear_state=True)
def handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    """Entry point of `erase_site`: {"action", "site", …} to {"ok": true, …} or {"ok": false, "error", "message"}."""
    alive_until = datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis())
    return leaving.answer(event, context.aws_request_id, alive_until)
