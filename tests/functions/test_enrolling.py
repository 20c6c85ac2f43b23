"""Enrolling through `serve_feed`: a single-use code becomes a server's token, once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from roster_aws.enrolment import Enrolment
from roster_aws.fleet import Fleet
from roster_aws.intake.upload_items import Uploaders
from roster_aws.server_calls import ServerCalls
from roster_aws.signing import Keyrings
from roster_aws.store import Store
from tests.deployed import Site, client, event, log_events
from tests.functions.feed import enrol, enrolled, serve


def clock() -> datetime:
    return datetime.now(UTC)


def test_should_give_a_server_its_token_for_a_code(school: Site) -> None:
    code = school.ask("enrol", server="srv-01")["code"]
    answer = enrol(school, code)
    said = answer.json()
    assert answer.status == 200
    assert (said["site"], said["server"]) == (school.name, "srv-01")
    assert set(said) == {"site", "server", "token", "keyring"}
    assert len(said["token"].rpartition(".")[2]) >= 43, "256 random bits"


def test_should_store_neither_code_nor_token(school: Site) -> None:
    code = school.ask("enrol", server="srv-01")["code"]
    token = enrol(school, code).json()["token"]
    other = school.ask("enrol", server="srv-02")["code"]
    stored = json.dumps(client(school.cloud, "dynamodb").scan(TableName=school.cloud.table_name)["Items"])
    for secret in (code, code.replace("-", ""), token, token.rpartition(".")[2], other, other.replace("-", "")):
        assert secret not in stored


def test_should_take_a_code_in_small_letters_and_without_its_hyphens(school: Site) -> None:
    code = school.ask("enrol", server="srv-01")["code"]
    assert enrol(school, f" {code.lower().replace('-', ' ')} ").status == 200


def test_should_take_a_code_once(school: Site) -> None:
    code = school.ask("enrol", server="srv-01")["code"]
    assert enrol(school, code).status == 200
    again = enrol(school, code)
    assert (again.status, again.error) == (403, "code_invalid")


def test_should_take_a_code_once_also_when_it_is_used_twice_at_the_same_moment(school: Site) -> None:
    body = json.dumps({"code": school.ask("enrol", server="srv-01")["code"]}).encode()
    # Neither writes before both have read that the code is unused.
    both_have_read = Barrier(2, timeout=30)

    def wait_for_the_other(**_: object) -> None:
        both_have_read.wait()

    def use(_: int) -> int:
        dynamodb = school.cloud.client("dynamodb")
        dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", wait_for_the_other)
        table = dynamodb, school.cloud.table_name
        stores = Enrolment(*table, clock), Uploaders(*table, clock), Fleet(*table, clock), Store(*table, clock)
        servers = ServerCalls(*stores, Keyrings(*table), clock)
        return servers.enrol(body, "203.0.113.80").status

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(use, range(2))) == [200, 403]


def test_should_take_a_code_for_fifteen_minutes(school: Site) -> None:
    def code_given(ago: timedelta) -> str:
        given = Enrolment(
            client(school.cloud, "dynamodb"), school.cloud.table_name, lambda: datetime.now(UTC) - ago
        ).give_code(school.name, "srv-01")
        return given[0]

    late = enrol(school, code_given(timedelta(minutes=15, seconds=5)))
    assert (late.status, late.error) == (403, "code_invalid")
    assert enrol(school, code_given(timedelta(minutes=14, seconds=30))).status == 200


def test_should_refuse_a_code_at_another_site_without_using_it_up(school: Site) -> None:
    code = school.ask("enrol", server="srv-01")["code"]
    answer = enrol(school, code, "beauxbatons")
    assert (answer.status, answer.error) == (409, "site_differs")
    assert enrol(school, code).status == 200


@pytest.mark.parametrize("code", ["", "AAAA-AAAA-AAAA", "x" * 5000, r"\\ud83d", r"\\u0000", "%s", "İ"], ids=ascii)
def test_should_refuse_a_code_that_was_never_given(code: str, school: Site) -> None:
    answer = enrol(school, code)
    assert (answer.status, answer.error) == (403, "code_invalid")


@pytest.mark.parametrize(
    "body",
    [None, "", "{", "[]", "null", '"K7QM-2WXP-9RTB"', "{}", '{"code":null}', '{"code":7}', '{"code":["x"]}',
     '{"code":"K7QM-2WXP-9RTB","site":7}', "[" * 100_000],
    ids=lambda body: str(body)[:20],
)  # fmt: skip
def test_should_answer_a_body_that_holds_no_code_as_a_bad_request(body: str | None, school: Site) -> None:
    asked = event("serve_feed/enrol")
    if body is None:
        del asked["body"]
    else:
        asked["body"] = body
    answer = serve(school, asked)
    assert (answer.status, answer.error) == (400, "bad_request")


@pytest.mark.parametrize("body", ["eyJjb2RlIjogIng", "not base64", "/////w==", "é"])
def test_should_answer_a_binary_body_that_cannot_be_read_as_a_bad_request(body: str, school: Site) -> None:
    answer = serve(school, event("serve_feed/enrol") | {"body": body, "isBase64Encoded": True})
    assert (answer.status, answer.error) == (400, "bad_request")


def test_should_never_log_a_token(school: Site) -> None:
    token = enrolled(school, "srv-01")
    secret = token.rpartition(".")[2]
    assert all(secret not in logged for _, logged in log_events(school.cloud))
