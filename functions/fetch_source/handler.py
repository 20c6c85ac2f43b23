"""Rosters fetched from the APIs of other products: each night, when somebody asks, or only tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster.pair import is_site
from roster.request import Request
from roster_aws import process
from roster_aws.telemetry import logger

fetcher = process.fetcher()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `fetch_source`: {"site"}, "asked" and "asked_at" of a person; or {"site", "action": "test"}."""
    site, seconds = event["site"], context.get_remaining_time_in_millis() / 1000
    if not is_site(site):
        raise ValueError("a request for something that is no site")
    if event.get("action") == "test":
        return fetcher.test(site, seconds)
    at = event.get("asked_at")
    return fetcher.fetch(Request(site, event.get("asked", ""), datetime.fromisoformat(at) if at else None), seconds)
