"""HTTP requests of enrolled servers, and of servers that enrol, to answers of the feed."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from roster_aws.enrolment import Enrolment
from roster_aws.feed import Answer, Feed, enrol, refuse, whole_number
from roster_aws.fleet import Fleet, Server
from roster_aws.results import Results
from roster_aws.store import Store
from roster_aws.telemetry import logger

enrolment = Enrolment.from_environment()
store = Store.from_environment()
results = Results.from_environment()
fleet = Fleet.from_environment()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Entry point of `serve_feed`."""
    return _answer(event).to_gateway()


def _answer(event: dict[str, Any]) -> Answer:
    if event["routeKey"] == "POST /v1/enrol":
        return enrol(enrolment, event.get("body") or "", is_base64=event.get("isBase64Encoded", False))
    path, query = event["pathParameters"], event.get("queryStringParameters") or {}
    server = Server.from_context(event["requestContext"]["authorizer"]["lambda"])
    if path["site"] != server.site:
        return refuse(403, "site_forbidden", "this token is for another site")
    feed = Feed(store, results, server.site)
    match event["routeKey"]:
        case "GET /v1/sites/{site}/head":
            have = whole_number(query.get("have"))
            fleet.saw(server, have)
            return feed.head(have)
        case "GET /v1/sites/{site}/versions/{version}/manifest":
            return feed.manifest(whole_number(path["version"]) or 0)
        case _:
            return feed.object(path["sha256"])
