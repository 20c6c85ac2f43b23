"""What a message of the import queue is taken for."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from roster_aws.queue import Request, Stray, read_message


def uploaded(key: str) -> str:
    entity = {"key": key, "size": 12, "versionId": "v1", "sequencer": "0A"}
    record = {"eventName": "ObjectCreated:Put", "eventTime": "2026-09-01T12:00:00.000Z", "s3": {"object": entity}}
    return json.dumps({"Records": [record]})


def only(body: str) -> Request | Stray:
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
        ("students.csv", None),
        ("Hogwarts/students.csv", None),
        ("/students.csv", None),
        ("a b/students.csv", None),
    ],
)
def test_any_other_upload_is_a_stray(key: str, site: str | None) -> None:
    stray = only(uploaded(key))
    assert isinstance(stray, Stray)
    assert (stray.key, stray.site, stray.version_id) == (key, site, "v1")


def test_keys_are_decoded_as_s3_encodes_them() -> None:
    stray = only(uploaded("hogwarts/r%C3%A9sum%C3%A9+of+students.csv"))
    assert isinstance(stray, Stray)
    assert stray.key == "hogwarts/résumé of students.csv"


def test_s3s_test_message_is_nothing() -> None:
    assert read_message(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "inbox"})) == []


def test_our_own_requests_come_back_as_they_were_sent() -> None:
    at = datetime(2026, 9, 1, 12, tzinfo=UTC)
    asked: dict[str, Any] = {"site": "hogwarts", "asked": "r1", "asked_at": at.isoformat()}
    assert only(json.dumps(asked)) == Request("hogwarts", "r1", at)
    assert only('{"site": "hogwarts"}') == Request("hogwarts")


@pytest.mark.parametrize("body", ["", "hello", "{}", '{"site": "../x"}', '{"Records": [{}]}'])
def test_what_is_none_of_ours_is_an_error(body: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        read_message(body)
