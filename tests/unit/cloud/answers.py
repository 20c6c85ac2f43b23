"""A DynamoDB that answers what it is told to, in the words of the real one: the same bytes, read by botocore itself.

In: the answers, in turn. Out: the very client that the functions have, and the calls that it made. Nothing is sent.
"""

import json
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from roster_aws import process

Answer = tuple[int, dict[str, Any]]

FINE: Answer = (200, {})


def refused(code: str, **more: Any) -> Answer:
    """What DynamoDB refuses a call with."""
    return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **more}


def cancelled(*reasons: str) -> Answer:
    """A transaction that was cancelled, with the reason of each of its parts: "None" for one that was fine."""
    listed = [{"Code": reason} for reason in reasons]
    return refused("TransactionCanceledException", CancellationReasons=listed)


CONFLICT = refused("TransactionConflictException")
CONDITION = refused("ConditionalCheckFailedException")


class Answers:
    """`client` gets the answers given, the last of them for ever; `calls` are the names of what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.calls: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self._answers = list(answers)
        # Made anew, so that these answers are nobody else's.
        self.client = process.client.__wrapped__("dynamodb")  # type: ignore[attr-defined]
        self.client.meta.events.register("before-send.dynamodb", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        self.calls.append(request.headers["X-Amz-Target"].decode().partition(".")[2])
        self.sent.append(json.loads(request.body))
        status, body = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
        return AWSResponse("https://dynamodb", status, headers, _Raw(json.dumps(body).encode()))


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body
