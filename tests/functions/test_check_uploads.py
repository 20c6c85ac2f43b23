"""`check_uploads`: the upload page and what it asks. Who has its address can upload the two files of one site."""

import re
import time
from typing import Any

import httpx2
import pytest

from local.cloud import Cloud
from tests.deployed import SEED, Site, client, eventually
from tests.functions.uploads import described, put, uploader_token

WRONG = {"teachers.csv": b"<html>log in</html>", "students.csv": SEED["students.csv"]}


class Office:
    """Whoever has the address of a site's page."""

    def __init__(self, site: Site, token: str = "") -> None:
        self.site = site
        self.token = token or site.ask("uploader-link", uploader="office-page", valid_seconds=600)["token"]

    def ask(self, method: str, path: str, body: Any = None, site: str = "", **query: str) -> httpx2.Response:
        url = f"{self.site.cloud.feed_url}/v1/sites/{site or self.site.name}/{path}"
        bearer = {"authorization": f"Bearer {self.token}"}
        return httpx2.request(method, url, json=body, headers=bearer, params=query, timeout=60)

    def stage(self, files: dict[str, bytes]) -> str:
        """Put files where they are checked; the upload's id."""
        asked = self.ask("POST", "staged", described(files)).json()
        for name, data in files.items():
            link = asked["files"][name] | {"headers": asked["files"][name]["headers"]}
            assert put(link, data).status_code == 200
        return str(asked["upload"])

    def check(self, upload: str) -> httpx2.Response:
        return self.ask("POST", f"staged/{upload}/check")

    def outcome(self, upload: str, versions: dict[str, str]) -> dict[str, Any]:
        """What became of an upload, once it is final."""
        said: dict[str, Any] = {}

        def is_final() -> bool:
            said.update(self.ask("GET", f"staged/{upload}", **versions).json())
            return bool(said["is_final"])

        eventually(self.site.cloud, is_final, "the import of what was uploaded")
        return said


def error(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", "")


def test_should_serve_a_page_that_may_load_nothing_from_elsewhere(cloud: Cloud) -> None:
    answer = httpx2.get(f"{cloud.feed_url}/upload")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert policy["connect-src"].split() == ["'self'", cloud.endpoint_url]
    assert all(re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", policy[f"{what}-src"]) for what in ("script", "style"))
    assert (answer.headers["referrer-policy"], answer.headers["cache-control"]) == ("no-referrer", "no-store")
    assert re.findall(r"(?:src|href)=", answer.text) == []


def test_should_check_without_importing_and_import_what_was_checked(school: Site) -> None:
    office = Office(school)
    about = office.ask("GET", "page").json()
    assert (about["site"], about["files"]) == (school.name, ["teachers.csv", "students.csv"])
    wrong = office.check(office.stage(WRONG)).json()
    assert (wrong["heading"], wrong["may_upload"]) == ("These files would be refused", False)
    assert [each["code"] for each in wrong["mend"]] == ["web_page"]
    upload = office.stage(SEED)
    said = office.check(upload)
    assert said.json()["heading"] == "These files can be uploaded"
    assert not [name for name in ("Harry", "Potions", "Snape") if name in said.text]
    assert (school.version(), school.imports()) == (0, [])
    versions = office.ask("POST", f"staged/{upload}/upload").json()["versions"]
    outcome = office.outcome(upload, versions)
    assert (outcome["heading"], outcome["rows"]) == ("Imported", None)
    assert school.version() == 1
    again = office.stage(SEED)
    assert office.check(again).json()["heading"] == "Nothing would change"


def test_should_lead_to_the_rows_of_what_was_not_imported(running: Site) -> None:
    office = Office(running)
    students = SEED["students.csv"] + b"Harry_Potter,\n"
    upload = office.stage({**SEED, "students.csv": students})
    said = office.check(upload).json()
    assert [(each["code"], each["where"]) for each in said["mend"]] == [("class_empty", ["students.csv, row 8, class"])]
    outcome = office.outcome(upload, office.ask("POST", f"staged/{upload}/upload").json()["versions"])
    assert (outcome["heading"], outcome["tone"]) == ("Imported", "warn")
    rows = httpx2.get(outcome["rows"])
    assert "Harry_Potter" in rows.text
    assert "Harry_Potter" not in str({**outcome, "rows": None})


def test_what_was_not_put_there_should_be_neither_checked_nor_uploaded(school: Site) -> None:
    office = Office(school)
    upload = office.ask("POST", "staged", described(SEED)).json()["upload"]
    for path in ("check", "upload"):
        assert error(office.ask("POST", f"staged/{upload}/{path}")) == (404, "upload_unknown")
        assert error(office.ask("POST", f"staged/20260901T020500Z-0123456789abcdef/{path}")) == (404, "upload_unknown")
    assert error(office.ask("GET", "staged/nonsense")) == (404, "upload_unknown")
    inbox = client(school.cloud, "s3").list_objects_v2(Bucket=school.cloud.inbox_bucket, Prefix=school.name)
    assert inbox["KeyCount"] == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "bad_request")),
        (described({"students.csv": b"x"}), (400, "bad_request")),
        (described({**SEED, "settings.json": b"{}"}), (400, "bad_request")),
        ({"files": {name: {"bytes": 30 << 20, "sha256": "0" * 64} for name in SEED}}, (413, "too_large")),
        ({"files": "x" * 9000}, (413, "too_large")),
    ],
)
def test_should_take_both_files_and_no_others(body: Any, expected: tuple[int, str], running: Site) -> None:
    assert error(Office(running).ask("POST", "staged", body)) == expected


def test_a_link_should_take_the_bytes_that_were_named_and_no_others(running: Site) -> None:
    links = Office(running).ask("POST", "staged", described(SEED)).json()["files"]
    data = SEED["students.csv"]
    assert put(links["students.csv"], data[:-1] + b"x").status_code >= 400
    assert put(links["students.csv"], data + b"x").status_code >= 400


def test_should_answer_nobody_without_an_address_and_at_no_other_site(running: Site, school: Site) -> None:
    program = Office(running, uploader_token(running, "mis"))
    office = Office(running)
    for method, path in (("GET", "page"), ("POST", "staged"), ("GET", "staged/x"), ("POST", "staged/x/check")):
        assert error(program.ask(method, path)) == (403, "page_only")
        assert error(office.ask(method, path, site=school.name)) == (403, "site_forbidden")
        assert Office(running, "nonsense").ask(method, path).status_code == 403
    upload = office.stage(SEED)
    other = Office(running, running.ask("uploader-link", uploader="another", valid_seconds=600)["token"])
    assert error(other.check(upload)) == (404, "upload_unknown")


def test_an_address_should_end_by_itself_by_hand_and_by_a_newer_one(school: Site) -> None:
    first = Office(school)
    assert first.ask("GET", "page").status_code == 200
    second = Office(school)
    assert first.ask("GET", "page").status_code == 403
    listed = {each["uploader"]: each for each in school.ask("uploaders")["uploaders"]}
    assert listed["office-page"]["link_until"] > time.strftime("%Y")
    school.ask("uploader-revoke", uploader="office-page")
    assert second.ask("GET", "page").status_code == 403
    key = {"pk": {"S": f"UPLOADERS#{school.name}"}, "sk": {"S": "office-page"}}
    third = Office(school)
    client(school.cloud, "dynamodb").update_item(
        TableName=school.cloud.table_name,
        Key=key,
        UpdateExpression="SET link_until = :past",
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00+00:00"}},
    )
    assert third.ask("GET", "page").status_code == 403
