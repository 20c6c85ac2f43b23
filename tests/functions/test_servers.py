"""What a server does about itself through the feed's functions: it reports, it replaces its token. And the audit."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.deployed import Site, event, invoke, log_events
from tests.functions.feed import EXAMPLE_SHA256, Answer, enrol, enrolled, serve

NO = {"isAuthorized": False}


def authorize(site: Site, token: str) -> Any:
    """What the authorizer says of a token."""
    request = event("authorize_server/request")
    request["headers"]["authorization"] = f"Bearer {token}"
    return invoke(site.cloud, "AuthorizeServerFunction", request)


def call(its_site: Site, name: str, token: str, **path: str) -> Answer:
    """One of events/serve_feed as a server with this token sends it: authorized first, then served."""
    request = event(f"serve_feed/{name}", {"hogwarts": its_site.name})
    request["headers"]["authorization"] = f"Bearer {token}"
    request["pathParameters"] |= path
    known = authorize(its_site, token)
    assert known["isAuthorized"]
    request["requestContext"]["authorizer"]["lambda"] = known["context"]
    return serve(its_site, request)


def report(site: Site, token: str, **changed: Any) -> Answer:
    request = event("serve_feed/report", {"hogwarts": site.name})
    request["requestContext"]["authorizer"]["lambda"] = authorize(site, token)["context"]
    request["body"] = json.dumps(json.loads(request["body"]) | {"clock": now()} | changed)
    return serve(site, request)


def now(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def known(site: Site, server: str = "srv-01") -> dict[str, Any]:
    """What the cloud knows of a server."""
    (found,) = [each for each in site.ask("servers")["servers"] if each["server"] == server]
    return dict(found)


# Reports


def test_should_show_a_report_with_its_server(running: Site) -> None:
    token = enrolled(running, "srv-01")
    manifest = running.ask("servers")["manifest_sha256"]
    answer = report(running, token, manifest_sha256=manifest, outcome="applied", agent="1.4.0", held=True)
    assert (answer.status, answer.body) == (204, b"")
    shown = known(running)
    assert (shown["state"], shown["applied_version"], shown["applied_manifest"]) == ("applied", 1, manifest)
    said = shown["report"]
    assert (said["outcome"], said["agent"], said["held"]) == ("applied", "1.4.0", True)
    assert said["files"] == {"students.csv": EXAMPLE_SHA256, "teachers.csv": EXAMPLE_SHA256}
    assert abs(said["clock_offset"]) <= 5
    assert datetime.fromisoformat(shown["reported_at"]).utcoffset() == timedelta(0)


@pytest.mark.parametrize("hours", [1, -24 * 3653])
def test_should_know_by_how_much_a_clock_is_wrong(hours: int, school: Site) -> None:
    report(school, enrolled(school, "srv-01"), clock=now(hours=hours))
    assert abs(known(school)["report"]["clock_offset"] - hours * 3600) <= 5


def test_should_not_show_a_version_as_applied_by_a_server_with_other_bytes_under_its_number(running: Site) -> None:
    report(running, enrolled(running, "srv-01"), manifest_sha256="0" * 64)
    shown = known(running)
    assert (shown["state"], shown["differs"]) == ("behind", True)


def test_should_take_the_report_of_a_server_that_has_nothing(school: Site) -> None:
    nothing: dict[str, Any] = {"version": None, "epoch": None, "manifest_sha256": None, "files": {}}
    assert report(school, enrolled(school, "srv-01"), **nothing).status == 204
    assert known(school)["applied_version"] is None


@pytest.mark.parametrize(
    "changed",
    [{"version": 0}, {"version": "1"}, {"version": True}, {"version": None}, {"epoch": None}, {"epoch": 10**20},
     {"manifest_sha256": "x"}, {"manifest_sha256": None}, {"files": []}, {"files": {"Harry.csv": EXAMPLE_SHA256}},
     {"files": {"teachers.csv": "Severus_Snape"}}, {"outcome": "Harry Potter"}, {"outcome": 7}, {"agent": ""},
     {"agent": "a b"}, {"agent": None}, {"clock": "now"}, {"clock": "2026-09-01T07:00:01"}, {"clock": 5},
     {"held": "no"}],
    ids=str,
)  # fmt: skip
def test_should_answer_a_report_of_another_form_as_a_bad_request(changed: dict[str, Any], published: Site) -> None:
    answer = report(published, enrolled(published, "srv-01"), **changed)
    assert (answer.status, answer.error) == (400, "bad_request")
    assert "Harry" not in answer.json()["message"]


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"version":1}', "[" * 8000], ids=lambda body: body[:20])
def test_should_answer_a_body_that_is_not_a_report_as_a_bad_request(body: str, published: Site) -> None:
    request = event("serve_feed/report", {"hogwarts": published.name}) | {"body": body}
    assert serve(published, request).status == 400


def test_should_refuse_a_report_that_is_too_large(published: Site) -> None:
    answer = report(published, enrolled(published, "srv-01"), more="x" * 8192)
    assert (answer.status, answer.error) == (413, "too_large")


def test_should_let_a_server_report_as_itself_alone(school: Site) -> None:
    token = enrolled(school, "srv-01")
    enrolled(school, "srv-02")
    for name in ("report", "token"):
        answer = call(school, name, token, server="srv-02")
        assert (answer.status, answer.error) == (403, "server_forbidden")
    assert known(school, "srv-02")["reported_at"] is None


# Tokens


def test_should_take_a_second_token_beside_the_first_and_end_the_first_when_it_is_used(running: Site) -> None:
    first = enrolled(running, "srv-01")
    second = call(running, "token", first).json()["token"]
    assert second != first
    for token in (first, second):
        assert authorize(running, token)["isAuthorized"]
    assert call(running, "head", first).status == 304
    assert authorize(running, first)["isAuthorized"], "the second one may never have arrived"
    assert call(running, "head", second).status == 304
    assert authorize(running, first) == NO
    assert authorize(running, second)["isAuthorized"]


def test_should_give_another_token_where_the_answer_was_lost(running: Site) -> None:
    first = enrolled(running, "srv-01")
    lost = call(running, "token", first).json()["token"]
    second = call(running, "token", first).json()["token"]
    assert authorize(running, lost) == NO
    assert call(running, "head", second).status == 304
    third = call(running, "token", second).json()["token"]
    assert call(running, "head", third).status == 304
    assert [authorize(running, token)["isAuthorized"] for token in (first, second, third)] == [False, False, True]


def test_should_refuse_every_token_of_a_revoked_server_until_it_enrols_again(running: Site) -> None:
    first = enrolled(running, "srv-01")
    second = call(running, "token", first).json()["token"]
    running.ask("revoke", server="srv-01")
    assert [authorize(running, token) for token in (first, second)] == [NO, NO]
    assert known(running)["state"] == "revoked"
    assert authorize(running, enrolled(running, "srv-01"))["isAuthorized"]
    assert known(running)["state"] == "silent"


def test_should_not_revoke_a_server_that_does_not_exist(school: Site) -> None:
    asked = {"action": "revoke", "site": school.name, "server": "srv-09"}
    said = invoke(school.cloud, "ManageSiteFunction", asked)
    assert (said["ok"], said["error"]) == (False, "bad_request")
    assert school.ask("servers")["servers"] == []


def test_should_give_nobody_a_token_on_an_unknown_route(running: Site) -> None:
    token = enrolled(running, "srv-01")
    request = event("serve_feed/token", {"hogwarts": running.name})
    request["requestContext"]["authorizer"]["lambda"] = authorize(running, token)["context"]
    request["headers"]["authorization"] = f"Bearer {token}"
    request["routeKey"] = "DELETE /v1/sites/{site}/servers/{server}"
    answer = serve(running, request)
    assert (answer.status, answer.error) == (404, "route_unknown")


# What a server says that it has


def test_should_not_note_a_version_above_the_newest_as_what_a_server_has(running: Site) -> None:
    request = event("serve_feed/head", {"hogwarts": running.name})
    token = enrolled(running, "srv-01")
    request["requestContext"]["authorizer"]["lambda"] = authorize(running, token)["context"]
    request["queryStringParameters"] = {"have": "999999999999999"}
    assert serve(running, request).status == 410
    shown = known(running)
    assert shown["applied_version"] is None
    assert shown["last_seen"], "it did ask"
    request["queryStringParameters"] = {"have": "1"}
    assert serve(running, request).status == 304
    assert known(running)["applied_version"] == 1


# The audit


def audited(site: Site, action: str) -> list[dict[str, Any]]:
    lines = (text for _, text in log_events(site.cloud) if '"audit"' in text)
    return [told for told in map(json.loads, lines) if told.get("action") == action]


def test_should_audit_every_refusal_and_name_no_secret(school: Site, published: Site) -> None:
    code = school.ask("enrol", server="srv-01")["code"]
    token = enrol(school, code).json()["token"]
    before = {action: len(audited(school, action)) for action in ACTIONS}
    enrol(school, code)
    enrol(school, school.ask("enrol", server="srv-01")["code"], "beauxbatons")
    authorize(school, f"{token}x")
    call(school, "head", token, site=published.name)
    call(school, "report", token, server="srv-02")
    call(school, "token", token)
    school.ask("revoke", server="srv-01")
    authorize(school, token)
    told = {action: audited(school, action)[before[action] :] for action in ACTIONS}
    assert [each["reason"] for each in told["enrol_refused"]] == ["code_invalid", "site_differs"]
    assert all(each["source"] == "203.0.113.80" for each in told["enrol_refused"])
    assert len(told["token_refused"]) >= 2
    for action in ("site_refused", "server_refused", "token_rotated", "revoke"):
        (one,) = [each for each in told[action] if each["site"] == school.name]
        assert action == "revoke" or one["server"] == "srv-01"
    logged = "\n".join(text for _, text in log_events(school.cloud))
    for secret in (code, code.replace("-", ""), token, token.rpartition(".")[2]):
        assert secret not in logged


ACTIONS = ("enrol_refused", "token_refused", "site_refused", "server_refused", "token_rotated", "revoke")
