"""AWS as it is on a bad day: every call is refused or its answer lost, and an import ends like an undisturbed one.

The clients are the functions' own, and the answers in the words of the real services, so botocore decides what to do.
"""

import json
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from roster.request import Request

from .conftest import LIFE, MakeWorld, World
from .test_kill import FIRST, LOOK, SECOND, SITE, THIRD, approve, end_what_is_kept, prepare, roll_back, state
from .test_kill import run as undisturbed_run

# Fewer than botocore makes tries.
_MOST_IN_A_ROW = 3

_THROTTLED = {
    "dynamodb": "ThrottlingException",
    "s3": "SlowDown",
    "sqs": "RequestThrottled",
    "logs": "ThrottlingException",
    "kms": "ThrottlingException",
    "sns": "Throttling",
}
_TRANSACTED = "TransactWriteItems"


class BadDay:
    """Answers a client's calls with errors: those of `kind`, where `strikes` says so of a call's next try."""

    def __init__(self, kind: str, strikes: Callable[[int], bool]) -> None:
        self.struck: Counter[str] = Counter()
        self._kind = kind
        self._strikes = strikes
        self._in_a_row = threading.local()

    def spoil(self, client: Any) -> None:
        service = client.meta.service_model.service_name

        def answer(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
            operation = event_name.rpartition(".")[2]
            before = getattr(self._in_a_row, "times", 0)
            if before >= _MOST_IN_A_ROW or not self._strikes(before):
                self._in_a_row.times = 0
                return None
            spoiled = self._answer(service, operation)
            if spoiled is None:
                return None
            self._in_a_row.times = before + 1
            self.struck[operation] += 1
            if self._kind == "the answer is lost":
                client._endpoint.http_session.send(request)
            return spoiled

        client.meta.events.register("before-send", answer)

    def _answer(self, service: str, operation: str) -> AWSResponse | None:
        match self._kind:
            case "throttled":
                return _refusal(service, 503 if service == "s3" else 400, _THROTTLED[service])
            case "conflict" if operation == _TRANSACTED:
                reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
                return _refusal(service, 400, "TransactionCanceledException", CancellationReasons=reasons)
            case "conflict" if service == "dynamodb" and operation in ("PutItem", "UpdateItem", "DeleteItem"):
                return _refusal(service, 400, "TransactionConflictException")
            case "out of order" | "the answer is lost":
                return _refusal(service, 500, "InternalError" if service in ("s3", "sns") else "InternalServerError")
        return None


def _refusal(service: str, status: int, code: str, **more: Any) -> AWSResponse:
    error = f"<Error><Code>{code}</Code><Message>No</Message></Error>"
    if service == "s3":
        body, kind = error.encode(), "application/xml"
    elif service == "sns":
        body, kind = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode(), "text/xml"
    else:
        body, kind = json.dumps({"__type": code, "message": "No", **more}).encode(), "application/x-amz-json-1.1"
    return AWSResponse("https://aws", status, HTTPHeaders.from_dict({"content-type": kind}), _Raw(body))


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: Any) -> bytes:
        body, self._body = self._body, b""
        return body


def every_first_try(before: int) -> bool:
    return not before


def at_random(seed: int) -> Callable[[int], bool]:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    return lambda _before: chance.random() < 0.4


KINDS = ("throttled", "conflict", "out of order", "the answer is lost")
SCENARIOS: dict[str, tuple[list[dict[str, bytes]], dict[str, bytes] | Callable[[World], Request]]] = {
    "first import": ([], FIRST),
    "next import": ([FIRST], SECOND),
    "held import": ([FIRST], THIRD),
    "renewed hold": ([FIRST, THIRD], THIRD),
    "approval": ([FIRST, THIRD], approve),
    "what is kept ends": ([FIRST, SECOND], end_what_is_kept),
    "rollback": ([FIRST, SECOND], roll_back),
}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two tries; each is a second or less, and there are many."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    monkeypatch.setattr("roster_aws.projection.time.sleep", lambda _seconds: None)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_should_end_an_import_on_a_bad_day_like_an_undisturbed_one(
    scenario: str, make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    uploads, last = SCENARIOS[scenario]
    days = [BadDay(kind, strikes) for kind in KINDS for strikes in (every_first_try, at_random(7))]
    prepared = make_world()
    request = prepare(prepared, uploads, last)
    undisturbed = prepared.copy()
    undisturbed_run(undisturbed, request=request)
    expected = state(undisturbed)
    for day in days:
        world = prepared.copy()
        world.store().add_site(SITE, "arn:somebody")
        with caplog.at_level(logging.WARNING):
            world.importer(prepare=day.spoil).run(request, "run", world.clock() + LIFE)
        assert day.struck
        assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
        assert world.messages() == 0
        assert state(world) == expected, day.struck


@pytest.mark.parametrize("kind", ["throttled", "out of order"])
def test_should_strike_each_kind_of_call_on_a_bad_day(kind: str, make_world: MakeWorld) -> None:
    """Else the test above would prove nothing."""
    world = make_world()
    world.upload(SITE, **FIRST)
    world.settle()
    seen: set[str] = set()
    undisturbed = make_world(world.inbox)
    undisturbed.clock.now = world.clock.now
    undisturbed_run(undisturbed, seen.add)
    day = BadDay(kind, every_first_try)
    world.importer(prepare=day.spoil).run(LOOK, "run", world.clock() + LIFE)
    assert set(day.struck) >= seen
