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
def test_should_look_at_the_site_of_an_uploaded_file_of_a_pair(file: str) -> None:
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
def test_should_take_any_other_upload_for_a_stray(key: str, site: str) -> None:
    stray = only(uploaded(key))
    assert isinstance(stray, Stray)
    assert stray.key == key
    assert stray.unnamed == Unnamed(site, "v1", NOON, 12)


def test_should_decode_keys_as_s3_encodes_them() -> None:
    stray = only(uploaded("hogwarts/r%C3%A9sum%C3%A9+of+students.csv"))
    assert isinstance(stray, Stray)
    assert stray.key == "hogwarts/résumé of students.csv"


def test_should_read_nothing_from_the_test_message_of_s3() -> None:
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


def test_should_take_a_site_without_more_for_a_request_of_nobody() -> None:
    assert only('{"site": "hogwarts"}') == Request("hogwarts")


@pytest.mark.parametrize("order", [None, *ORDERS])
def test_should_read_our_own_requests_as_they_were_sent(order: Order | None) -> None:
    sqs = Sqs()
    for request in (Request("hogwarts", "r1", NOON, order), Request("hogwarts")):
        queue(sqs).ask(request)
        assert only(sqs.told[-1]["MessageBody"]) == request


def test_should_send_a_stray_without_its_key() -> None:
    sqs = Sqs()
    stray = only(uploaded("hogwarts/Padma Patil.csv"))
    assert isinstance(stray, Stray)
    queue(sqs).look_again(stray.unnamed, 60)
    assert only(sqs.told[0]["MessageBody"]) == stray.unnamed
    assert "Patil" not in str(sqs.told)


def test_should_look_at_no_site_for_the_wish_for_a_keyring() -> None:
    sqs = Sqs()
    queue(sqs).ask_for_keyring()
    assert read_message(sqs.told[0]["MessageBody"]) == []


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [(-5, 0), (0, 0), (0.01, 1), (1, 1), (1.5, 2), (899.5, 900), (900, 900), (900.5, 900), (1e6, 900)],
)
def test_should_never_send_a_message_for_later_early_or_with_a_delay_that_is_refused(
    delay: float, seconds: int
) -> None:
    sqs = Sqs()
    queue(sqs).ask(Request("hogwarts"), delay)
    queue(sqs).look_again(Unnamed("hogwarts", "v1", NOON, 12), delay)
    assert [told["DelaySeconds"] for told in sqs.told] == [seconds, seconds]


def test_should_bring_a_message_that_failed_back_later_each_time() -> None:
    sqs = Sqs()
    for attempts in (1, 2, 3, 4):
        queue(sqs).retry_soon("its receipt", attempts)
    assert [told["VisibilityTimeout"] for told in sqs.told] == [15, 30, 60, 120]
    assert {told["ReceiptHandle"] for told in sqs.told} == {"its receipt"}


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="sqs"), ClientError({"Error": {"Code": "InvalidParameterValue"}}, "x")],
)
def test_should_not_fail_when_the_queue_refuses_to_bring_a_message_back_sooner(error: Exception) -> None:
    sqs = Sqs(error)
    queue(sqs).retry_soon("too old a receipt", 1)
    assert len(sqs.told) == 1


@pytest.mark.parametrize("body", ["", "hello", "{}", '{"site": "../x"}', '{"Records": [{}]}', '{"stray": {}}'])
def test_should_raise_an_error_for_what_is_not_ours(body: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        read_message(body)
