"""What a message of the import queue is taken for."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from roster.request import Approval, EndKept, NewEpoch, Order, Request, Rollback, Stray, Unnamed, read_message
from roster_aws.queue import Queue

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def uploaded(key: str) -> str:
    entity = {"key": key, "size": 12, "versionId": "v1", "sequencer": "0A"}
    record = {"eventName": "ObjectCreated:Put", "eventTime": "2026-09-01T12:00:00.000Z", "s3": {"object": entity}}
    return json.dumps({"Records": [record]})


def only(body: str) -> Request | Stray | Unnamed:
    (read,) = read_message(body)
    return read


@pytest.mark.parametrize("file", ["teachers.csv", "students.csv"])
def test_an_upload_of_a_pairs_file_is_a_reason_to_look_at_its_site(file: str) -> None:
    assert only(uploaded(f"hogwarts/{file}")) == Request("hogwarts")


@pytest.mark.parametrize(
    ("key", "site"),
    [
        ("hogwarts/Students.csv", "hogwarts"),
        ("hogwarts/students.xlsx", "hogwarts"),
        ("hogwarts/2026/students.csv", "hogwarts"),
        ("hogwarts/", "hogwarts"),
        ("students.csv", ""),
        ("hogwarts", ""),
        ("Hogwarts/students.csv", ""),
        ("/students.csv", ""),
        ("a b/students.csv", ""),
    ],
)
def test_any_other_upload_is_a_stray(key: str, site: str) -> None:
    stray = only(uploaded(key))
    assert isinstance(stray, Stray)
    assert stray.key == key
    assert stray.unnamed == Unnamed(site, "v1", NOON, 12)


def test_keys_are_decoded_as_s3_encodes_them() -> None:
    stray = only(uploaded("hogwarts/r%C3%A9sum%C3%A9+of+students.csv"))
    assert isinstance(stray, Stray)
    assert stray.key == "hogwarts/résumé of students.csv"


def test_s3s_test_message_is_nothing() -> None:
    assert read_message(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "inbox"})) == []


ORDERS = [
    Approval("20260901T120000Z-000001", "e" * 64, "arn:somebody"),
    Rollback(3, "arn:somebody"),
    NewEpoch(12, "arn:somebody"),
    EndKept("arn:somebody"),
]


class Sqs:
    """Keeps what the queue is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.told: list[dict[str, Any]] = []
        self._error = error

    def send_message(self, **told: Any) -> None:
        self.told.append(told)

    def change_message_visibility(self, **told: Any) -> None:
        self.told.append(told)
        if self._error:
            raise self._error


def queue(sqs: Sqs) -> Queue:
    return Queue(sqs, "the queue")  # type: ignore[arg-type]


def test_a_site_without_more_is_a_request_of_nobody() -> None:
    assert only('{"site": "hogwarts"}') == Request("hogwarts")


@pytest.mark.parametrize("order", [None, *ORDERS])
def test_our_own_requests_come_back_as_they_were_sent(order: Order | None) -> None:
    sqs = Sqs()
    for request in (Request("hogwarts", "r1", NOON, order), Request("hogwarts")):
        queue(sqs).ask(request)
        assert only(sqs.told[-1]["MessageBody"]) == request


def test_a_stray_comes_back_without_its_key() -> None:
    sqs = Sqs()
    stray = only(uploaded("hogwarts/Padma Patil.csv"))
    assert isinstance(stray, Stray)
    queue(sqs).look_again(stray.unnamed, 60)
    assert only(sqs.told[0]["MessageBody"]) == stray.unnamed
    assert "Patil" not in str(sqs.told)


def test_the_wish_for_a_keyring_asks_for_nothing_else() -> None:
    sqs = Sqs()
    queue(sqs).ask_for_keyring()
    assert read_message(sqs.told[0]["MessageBody"]) == []


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(-5, 0), (0, 0), (0.01, 1), (1, 1), (1.5, 2), (899.5, 900), (900, 900), (900.5, 900), (1e6, 900)],
)
def test_a_message_for_later_is_never_early_and_never_refused_as_too_late(delay: float, seconds: int) -> None:
    sqs = Sqs()
    queue(sqs).ask(Request("hogwarts"), delay)
    queue(sqs).look_again(Unnamed("hogwarts", "v1", NOON, 12), delay)
    assert [told["DelaySeconds"] for told in sqs.told] == [seconds, seconds]


def test_a_message_that_failed_comes_back_later_each_time() -> None:
    sqs = Sqs()
    for attempts in (1, 2, 3, 4):
        queue(sqs).retry_soon("its receipt", attempts)
    assert [told["VisibilityTimeout"] for told in sqs.told] == [15, 30, 60, 120]
    assert {told["ReceiptHandle"] for told in sqs.told} == {"its receipt"}


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="sqs"), ClientError({"Error": {"Code": "InvalidParameterValue"}}, "x")],
)
def test_a_queue_that_does_not_take_that_fails_nothing_more(error: Exception) -> None:
    sqs = Sqs(error)
    queue(sqs).retry_soon("too old a receipt", 1)
    assert len(sqs.told) == 1


@pytest.mark.parametrize("body", ["", "hello", "{}", '{"site": "../x"}', '{"Records": [{}]}', '{"stray": {}}'])
def test_what_is_none_of_ours_is_an_error(body: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        read_message(body)
