"""`accept_uploads`: an uploader gets links for exactly its files, and hears what became of them. And nothing else."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from local.cloud import Cloud
from roster_aws.inbox import Inbox
from roster_aws.intake.upload_items import Uploaders
from tests.deployed import SEED, RunningSites, Site, client, event, eventually, invoke, log_events
from tests.functions.feed import enrol, enrolled, serve
from tests.functions.uploads import (
    authorized,
    call,
    code_for,
    described,
    digest,
    enrol_uploader,
    follow,
    put,
    upload,
    uploader_token,
)

STUDENTS = {"students.csv": SEED["students.csv"]}


@pytest.fixture(scope="module")
def shared(running_sites: RunningSites) -> Site:
    """A site with a version, for tests that change nothing of it."""
    return running_sites.take()


@pytest.fixture(scope="module")
def token(shared: Site) -> str:
    return uploader_token(shared)


def link_for(site: Site, token: str, data: bytes = SEED["students.csv"]) -> Any:
    return call(site, "ask", token, described({"students.csv": data})).json()["files"]["students.csv"]


def stands(site: Site) -> dict[str, str]:
    """Every version of every file in the site's folder."""
    found = client(site.cloud, "s3").list_object_versions(Bucket=site.cloud.inbox_bucket, Prefix=f"{site.name}/")
    return {version["VersionId"]: version["Key"] for version in found.get("Versions", [])}


# Codes and tokens


def test_should_give_an_uploader_its_token_and_no_keys(school: Site) -> None:
    said = enrol_uploader(school, code_for(school)).json()
    assert set(said) == {"site", "uploader", "token"}
    assert (said["site"], said["uploader"]) == (school.name, "office")
    context = {"site": school.name, "uploader": "office"}
    assert authorized(school, said["token"]) == {"isAuthorized": True, "context": context}


def test_should_store_neither_code_nor_token_of_an_uploader(school: Site) -> None:
    code = code_for(school)
    token = enrol_uploader(school, code).json()["token"]
    stored = json.dumps(client(school.cloud, "dynamodb").scan(TableName=school.cloud.table_name)["Items"])
    for secret in (code, code.replace("-", ""), token.rpartition(".")[2]):
        assert secret not in stored


def test_should_take_an_uploaders_code_once(school: Site) -> None:
    code = code_for(school)
    assert enrol_uploader(school, code).status == 200
    again = enrol_uploader(school, code)
    assert (again.status, again.error) == (403, "code_invalid")


def test_should_end_the_other_codes_of_an_uploader_once_one_is_used(school: Site) -> None:
    codes = [code_for(school), code_for(school), code_for(school, "mis-vendor")]
    assert enrol_uploader(school, codes[0]).status == 200
    assert enrol_uploader(school, codes[1]).error == "code_invalid"
    assert enrol_uploader(school, codes[2]).status == 200, "it is another uploader's"


def test_should_take_a_code_for_as_long_as_was_asked_for_and_no_longer(school: Site) -> None:
    def given(ago: timedelta) -> str:
        table = client(school.cloud, "dynamodb"), school.cloud.table_name
        return Uploaders(*table, lambda: datetime.now(UTC) - ago).give_code(school.name, "office", timedelta(days=7))[0]

    school.add()
    assert enrol_uploader(school, given(timedelta(days=7, seconds=5))).error == "code_invalid"
    assert enrol_uploader(school, given(timedelta(days=6, hours=23))).status == 200


@pytest.mark.parametrize("seconds", [0, 59, 604801, "7d", None, True, 3600.0])
def test_should_make_no_code_that_lives_longer_than_seven_days(seconds: Any, shared: Site) -> None:
    asked = {"action": "uploader-add", "site": shared.name, "uploader": "office", "valid_seconds": seconds}
    said = invoke(shared.cloud, "ManageSiteFunction", asked)
    assert (said["ok"], said["message"][:13]) == (False, "valid_seconds")


def test_should_use_neither_kind_of_code_for_the_other_and_use_none_up(school: Site) -> None:
    code, servers = code_for(school), school.ask("enrol", server="srv-01")["code"]
    as_server = enrol(school, code)
    as_uploader = enrol_uploader(school, servers)
    assert (as_server.status, as_server.error) == (as_uploader.status, as_uploader.error) == (409, "kind_differs")
    assert enrol_uploader(school, code).status == enrol(school, servers).status == 200


def test_should_refuse_an_uploaders_code_at_another_site_without_using_it_up(school: Site) -> None:
    code = code_for(school)
    assert enrol_uploader(school, code, named="durmstrang").error == "site_differs"
    assert enrol_uploader(school, code).status == 200


@pytest.mark.parametrize("kind", ["admin", "", None, 7, ["uploader"], {}])
def test_should_enrol_nothing_but_servers_and_uploaders(kind: Any, school: Site) -> None:
    answer = enrol_uploader(school, "K7QM-2WXP-9RTB", kind)
    assert (answer.status, answer.error) == (400, "bad_request")


def test_should_refuse_a_revoked_uploader_and_every_code_of_it(school: Site) -> None:
    token, unused = uploader_token(school), code_for(school)
    school.ask("uploader-revoke", uploader="office")
    assert authorized(school, token) == {"isAuthorized": False}
    assert enrol_uploader(school, unused).error == "code_invalid"
    assert authorized(school, uploader_token(school))["isAuthorized"], "with a new code it may come back"


def test_should_refuse_forged_tokens(school: Site) -> None:
    token = uploader_token(school)
    name, secret = token.rpartition(".")[::2]
    forged = [f"{token}x", token[:-1], f"{name}.", token.removeprefix("uploader~"), token.replace("uploader", "server")]
    forged += [token.replace(school.name, "durmstrang"), f"uploader~{school.name}.mis-vendor.{secret}"]
    assert [authorized(school, each) for each in forged] == [{"isAuthorized": False}] * len(forged)


def test_should_keep_an_uploader_and_a_server_of_one_name_apart(school: Site) -> None:
    server, uploader = enrolled(school, "office"), uploader_token(school)
    assert "server" in authorized(school, server)["context"]
    assert "server" not in authorized(school, uploader)["context"]
    school.ask("uploader-revoke", uploader="office")
    assert authorized(school, server)["isAuthorized"]


def test_should_list_uploaders_without_their_tokens(school: Site) -> None:
    token = uploader_token(school)
    code_for(school, "mis-vendor")
    upload(school, token)
    mis_vendor, office = school.ask("uploaders")["uploaders"]
    assert set(office) == {"uploader", "added_at", "enrolled_at", "revoked_at", "link_until", "asked_at"}
    assert (office["uploader"], mis_vendor["enrolled_at"], mis_vendor["asked_at"]) == ("office", "", "")
    assert office["asked_at"] >= office["enrolled_at"] > ""


def test_should_refuse_an_uploader_of_a_site_that_nobody_has_added(cloud: Cloud, site: str) -> None:
    asked = {"action": "uploader-add", "site": site, "uploader": "office", "valid_seconds": 60}
    said = invoke(cloud, "ManageSiteFunction", asked)
    assert not said["ok"]
    assert f"There is no site {site}" in said["message"]
    assert f"roster-admin site add {site}" in said["message"]


# Who may ask what


@pytest.mark.parametrize("name", ["head", "manifest", "object", "report", "token"])
def test_should_read_nothing_and_be_no_server(name: str, shared: Site, token: str) -> None:
    request = event(f"serve_feed/{name}", {"hogwarts": shared.name})
    request["requestContext"]["authorizer"]["lambda"] = authorized(shared, token)["context"]
    answer = serve(shared, request)
    assert (answer.status, answer.error) == (403, "servers_only")


def test_should_let_no_server_upload(shared: Site) -> None:
    server = enrolled(shared, "srv-09")
    for name, body in (("ask", described(SEED)), ("follow", None)):
        answer = call(shared, name, server, body)
        assert (answer.status, answer.error) == (403, "uploaders_only")


def test_should_reach_no_other_site(shared: Site, token: str) -> None:
    for name in ("ask", "follow"):
        answer = call(shared, name, token, path={"site": "durmstrang"})
        assert (answer.status, answer.error) == (403, "site_forbidden")


def test_should_give_no_link_for_the_settings(shared: Site, token: str) -> None:
    answer = call(shared, "ask", token, described({"settings.json": b"{}"}))
    assert (answer.status, answer.error) == (400, "bad_request")
    both = call(shared, "ask", token, described({"settings.json": b"{}", **SEED}))
    assert both.status == 400


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "{}", '{"files": {}}'])
def test_should_answer_a_question_of_another_form_as_a_bad_request(body: str, shared: Site, token: str) -> None:
    answer = call(shared, "ask", token, body)
    assert (answer.status, answer.error) == (400, "bad_request")


def test_should_read_no_question_that_is_too_long(shared: Site, token: str) -> None:
    answer = call(shared, "ask", token, json.dumps(described(SEED)) + " " * 8192)
    assert (answer.status, answer.error) == (413, "too_large")


def test_should_refuse_in_words_once_there_is_no_such_site(school: Site) -> None:
    token = uploader_token(school)
    head = {"pk": {"S": f"SITE#{school.name}"}, "sk": {"S": "HEAD"}}
    client(school.cloud, "dynamodb").delete_item(TableName=school.cloud.table_name, Key=head)
    answer = call(school, "ask", token, described(SEED))
    assert (answer.status, answer.error) == (409, "site_not_added")
    assert "roster-admin site add" in answer.json()["message"]


# The links


def test_a_link_should_take_the_very_bytes_that_were_named(school: Site) -> None:
    upload_id, versions = upload(school, uploader_token(school))
    assert stands(school) == {versions[name]: f"{school.name}/{name}" for name in SEED}
    stored = client(school.cloud, "s3").get_object(Bucket=school.cloud.inbox_bucket, Key=f"{school.name}/students.csv")
    assert stored["Body"].read() == SEED["students.csv"]
    assert upload_id


def test_a_link_should_sign_length_and_digest_and_live_a_quarter_of_an_hour(shared: Site, token: str) -> None:
    link = link_for(shared, token)
    signed = parse_qs(urlsplit(link["url"]).query)
    assert signed["X-Amz-SignedHeaders"] == ["content-length;host;x-amz-checksum-sha256"]
    assert signed["X-Amz-Expires"] == ["900"]
    assert link["headers"]["content-length"] == str(len(SEED["students.csv"]))


def test_a_link_should_take_no_other_bytes(school: Site) -> None:
    token, data = uploader_token(school), SEED["students.csv"]
    link, other = link_for(school, token), data[:-1] + b"!"
    other_digest = base64.b64encode(bytes.fromhex(digest(other))).decode()
    refused = {
        "another digest": put(link, other, x_amz_checksum_sha256=other_digest),
        "bytes of another digest": put(link, other),
        "no digest": put(link, other, x_amz_checksum_sha256=""),
        "a longer file": put(link, data + b"x", content_length=str(len(data) + 1)),
        "a shorter file": put(link, data[:-1], content_length=str(len(data) - 1)),
        "nothing": put(link, b"", content_length="0"),
    }
    assert {what: answer.status_code for what, answer in refused.items() if answer.status_code not in (400, 403)} == {}
    assert stands(school) == {}
    assert put(link, data).status_code == 200, "with its own it works"


def test_a_link_should_reach_no_other_key_and_do_nothing_else(school: Site) -> None:
    token, data = uploader_token(school), SEED["students.csv"]
    link = link_for(school, token)

    def at(path: str) -> Any:
        return link | {"url": link["url"].replace(f"/{school.name}/students.csv", path)}

    for path in (f"/{school.name}/teachers.csv", f"/{school.name}/settings.json", "/durmstrang/students.csv"):
        assert put(at(path), data).status_code == 403, path
    for change in ("X-Amz-Expires=90000", "X-Amz-Date=20200101T000000Z"):
        name = change.partition("=")[0]
        value = parse_qs(urlsplit(link["url"]).query)[name][0]
        assert put(link | {"url": link["url"].replace(f"{name}={value}", change)}, data).status_code == 403, name
    for method in ("GET", "DELETE", "HEAD"):
        assert httpx2.request(method, link["url"], headers=link["headers"], content=data).status_code == 403, method
    assert stands(school) == {}


def test_a_link_should_end(school: Site) -> None:
    s3, data = client(school.cloud, "s3"), SEED["students.csv"]
    inbox = Inbox(s3, school.cloud.inbox_bucket)
    link = inbox.put_link(school.name, "students.csv", len(data), digest(data), timedelta(seconds=1))
    time.sleep(2.1)
    assert put(link, data).status_code == 403
    assert stands(school) == {}


def test_a_link_that_is_used_twice_should_change_nothing_more(school: Site) -> None:
    token = uploader_token(school)
    asked = call(school, "ask", token, described(SEED)).json()
    for _ in range(2):
        versions = {name: put(asked["files"][name], data).headers["x-amz-version-id"] for name, data in SEED.items()}
        eventually(school.cloud, lambda: ended(school, token, asked["upload"], versions), "the upload's fate")  # noqa: B023
    assert school.version() == 1


# What became of it


def ended(site: Site, token: str, upload_id: str, versions: dict[str, str]) -> Any:
    said = follow(site, token, upload_id, versions).json()
    return said if said["status"] != "waiting" else None


def fate(site: Site, token: str, files: dict[str, bytes]) -> Any:
    upload_id, versions = upload(site, token, files)
    eventually(site.cloud, lambda: ended(site, token, upload_id, versions), "the upload's fate")
    return ended(site, token, upload_id, versions)


def test_should_tell_of_an_import_by_numbers_codes_and_rows(school: Site) -> None:
    token = uploader_token(school)
    said = fate(school, token, SEED | {"students.csv": SEED["students.csv"] + b",Potions\n"})
    assert (said["status"], said["import_status"]) in (("imported", "ok_with_warnings"), ("held", "held"))
    assert said["import"] == school.imports()[0]["import"]
    assert said["counts"]["rows_rejected"] == 1
    (found,) = [each for each in said["notices"] if each["severity"] == "error"]
    row = SEED["students.csv"].count(b"\n") + 1
    assert (found["total"], found["rows"]) == (1, [{"file": "students.csv", "row": row}])
    for name in ("Potions", "Harry_Potter", "Severus_Snape"):
        assert name not in json.dumps(said)


def test_should_tell_of_a_refused_file(school: Site) -> None:
    said = fate(school, uploader_token(school), SEED | {"students.csv": b"PK\x03\x04 a workbook"})
    assert said["status"] == "failed"
    assert said["reason"] == school.imports()[0]["reason"]
    assert said["place"].startswith("students.csv")


def test_should_tell_what_a_held_import_is_held_for(running: Site) -> None:
    said = fate(running, uploader_token(running), SEED | {"students.csv": b"version,1\nusername,class\nRon,Potions\n"})
    assert (said["status"], said["import_status"]) == ("held", "held")
    assert said["reason"] == said["held"][0]["code"]


def test_should_wait_for_the_partner_and_say_which(school: Site) -> None:
    token = uploader_token(school)
    upload_id, versions = upload(school, token, STUDENTS)

    def waits_for_it() -> bool:
        said = follow(school, token, upload_id, versions).json()
        return bool((said["status"], said.get("missing")) == ("waiting", "teachers.csv"))

    eventually(school.cloud, waits_for_it, "the file that waits")


def test_should_tell_an_upload_to_nobody_but_who_asked_for_it(school: Site) -> None:
    token, other = uploader_token(school), uploader_token(school, "mis-vendor")
    upload_id, versions = upload(school, token, STUDENTS)
    assert follow(school, token, upload_id, versions).status == 200
    unknown = follow(school, other, upload_id, versions)
    assert (unknown.status, unknown.error) == (404, "upload_unknown")
    for upload_id in ("", "x", "20260901T020500Z-0123456789abcdef", "#", "\ud83d"):
        assert follow(school, token, upload_id, {}).error == "upload_unknown"


@pytest.mark.parametrize("query", [{"settings.json": "V"}, {"teachers.csv": "a b"}, {"have": "1"}])
def test_should_refuse_a_query_that_names_no_versions(query: dict[str, str], shared: Site, token: str) -> None:
    answer = follow(shared, token, "20260901T020500Z-0123456789abcdef", query)
    assert (answer.status, answer.error) == (400, "bad_request")


def test_should_never_log_what_lets_somebody_upload(school: Site) -> None:
    token, code = uploader_token(school), code_for(school, "mis-vendor")
    signature = parse_qs(urlsplit(link_for(school, token)["url"]).query)["X-Amz-Signature"][0]
    secrets = (token.rpartition(".")[2], code, signature)
    assert not [secret for _, logged in log_events(school.cloud) for secret in secrets if secret in logged]
