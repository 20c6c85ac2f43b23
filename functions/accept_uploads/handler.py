"""HTTP requests of uploaders to links for their files, and to what became of these."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster.feed_answer import Answer, refuse
from roster.uploaders import Uploader
from roster_aws import process
from roster_aws.server_calls import body_of
from roster_aws.telemetry import logger

uploads = process.upload_calls()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `accept_uploads`."""
    return _answer(event).to_gateway()


def _answer(event: dict[str, Any]) -> Answer:
    path, query = event["pathParameters"], event.get("queryStringParameters") or {}
    uploader = Uploader.from_context(event["requestContext"]["authorizer"]["lambda"])
    if uploader is None:
        return refuse(403, "uploaders_only", "this token is a server's: it reads, and cannot upload")
    refused = uploads.refusal(uploader, path["site"])
    if refused:
        return refused
    match event["routeKey"]:
        case "POST /v1/sites/{site}/uploads":
            return uploads.ask(uploader, body_of(event))
        case "GET /v1/sites/{site}/uploads/{upload}":
            return uploads.follow(uploader, path["upload"], query)
        case _:  # a route of the template that nobody wrote an answer for
            return refuse(404, "route_unknown", "there is no such call")
