"""HTTP requests of enrolled servers, and of whoever enrols, to answers of the feed."""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster.chain import Cursor
from roster.feed_answer import Answer, refuse
from roster.servers import Server
from roster.uploaders import Uploader
from roster_aws import process
from roster_aws.server_calls import body_of, token_of
from roster_aws.serving import BadCursor, cursor, whole_number
from roster_aws.telemetry import logger

feed = process.feed()
servers = process.server_calls()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `serve_feed`."""
    return _answer(event).to_gateway()


def _answer(event: dict[str, Any]) -> Answer:
    if event["routeKey"] == "POST /v1/enrol":
        return servers.enrol(body_of(event), event["requestContext"]["http"]["sourceIp"])
    path, query = event["pathParameters"], event.get("queryStringParameters") or {}
    known = event["requestContext"]["authorizer"]["lambda"]
    if Uploader.from_context(known):
        return refuse(403, "servers_only", "this token is an uploader's: it uploads, and reads nothing")
    server, token = Server.from_context(known), token_of(event["headers"])
    refused = servers.refusal(server, token, path)
    if refused:
        return refused
    match event["routeKey"]:
        case "GET /v1/sites/{site}/head":
            return _head(server, query)
        case "GET /v1/sites/{site}/versions/{version}/manifest":
            return feed.manifest(server.site, whole_number(path["version"]))
        case "GET /v1/sites/{site}/objects/{sha256}":
            return feed.object(server.site, path["sha256"])
        case "POST /v1/sites/{site}/servers/{server}/report":
            return servers.report(server, body_of(event))
        case "POST /v1/sites/{site}/servers/{server}/token":
            return servers.rotate(server, token)
        case _:  # a route of the template that nobody wrote an answer for
            return refuse(404, "route_unknown", "there is no such call")


def _head(server: Server, query: dict[str, str]) -> Answer:
    try:
        has = cursor(query)
    except BadCursor:
        return refuse(400, "bad_request", "have, epoch and keyring are numbers from 1, manifest is a SHA-256")
    return feed.head(server.site, has, partial(_saw, server))


def _saw(server: Server, has: Cursor | None) -> None:
    servers.fleet.saw(server, has.have if has else None, has.manifest if has else None)
