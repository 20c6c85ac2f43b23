"""A request's bearer token to the server or uploader that it belongs to. What these may ask is decided by the feed."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws import process
from roster_aws.server_calls import token_of
from roster_aws.telemetry import audit

enrolment = process.enrolment()
uploaders = process.uploaders()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `authorize_server`: a request authorizer with simple responses."""
    token = token_of(event["headers"])
    known = (enrolment.recognise(token) or uploaders.recognise(token)) if token else None
    if known is None:
        # Not whose it says that it is: who knows no token may write anything there.
        audit("token_refused", source=event["requestContext"]["http"]["sourceIp"])
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": known.to_context()}
