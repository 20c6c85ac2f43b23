"""A request's bearer token to the server it belongs to. What a server may read is decided by the feed."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws.enrolment import Enrolment

enrolment = Enrolment.from_environment()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `authorize_server`: a request authorizer with simple responses."""
    scheme, _, token = event["headers"].get("authorization", "").partition(" ")
    known = enrolment.recognise(token.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": known.to_context()}
