"""HTTP requests of upload pages: the page, what its files would do, their upload, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster.feed_answer import Answer, refuse
from roster.uploaders import Uploader
from roster_aws import process
from roster_aws.intake.upload_page import upload_page
from roster_aws.server_calls import body_of
from roster_aws.telemetry import logger

calls = process.page_calls()
page = upload_page(Path(__file__).parent, process.results_origin())


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `check_uploads`."""
    return (page if event["routeKey"] == "GET /upload" else _answer(event)).to_gateway()


def _answer(event: dict[str, Any]) -> Answer:
    path, query = event["pathParameters"], event.get("queryStringParameters") or {}
    uploader = Uploader.from_context(event["requestContext"]["authorizer"]["lambda"])
    if uploader is None:
        return refuse(403, "page_only", "this token is a server's: it reads, and cannot upload")
    refused = calls.refusal(uploader, path["site"])
    if refused:
        return refused
    match event["routeKey"]:
        case "GET /v1/sites/{site}/page":
            return calls.about(uploader)
        case "POST /v1/sites/{site}/staged":
            return calls.stage(uploader, body_of(event))
        case "POST /v1/sites/{site}/staged/{upload}/check":
            return calls.check(uploader, path["upload"])
        case "POST /v1/sites/{site}/staged/{upload}/upload":
            return calls.upload(uploader, path["upload"])
        case "GET /v1/sites/{site}/staged/{upload}":
            return calls.follow(uploader, path["upload"], query)
        case _:  # a route of the template that nobody wrote an answer for
            return refuse(404, "route_unknown", "there is no such call")
