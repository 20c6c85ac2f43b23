"""Uploads that are not what they should be.

Each ends in a report that says why; nothing is published, nothing is lost, what was published stands, and no message
goes round in circles.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from roster.limits import FILE_LIMIT
from tests.deployed import (
    SEED,
    RunningSites,
    Site,
    client,
    eventually,
    eventually_logged,
    queue_is_quiet,
    reports_logged,
)
from tests.flow.conftest import Command

STUDENTS = SEED["students.csv"]
# What a person sees of a group in a German export: every second letter is beyond ASCII.
UMLAUTS = "version,1\nusername,class\nJürgen_Müller,Kräuterkunde\n"


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            book.writestr(name, '<?xml version="1.0" encoding="UTF-8"?><x/>')
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("students.csv", STUDENTS)
    return file.getvalue()


NOT_A_FILE_OF_A_PAIR = {
    "an Excel workbook": (workbook(), "not_csv"),
    "a zip archive": (archive(), "not_csv"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "not_csv"),
    "UTF-16 without a mark": (UMLAUTS.encode("utf-16-le"), "not_csv"),
    "windows-1252": (UMLAUTS.encode("windows-1252"), "not_utf8"),
    "no reserved rows": (STUDENTS.split(b"\n", 2)[2], "version_row_missing"),
    "no version row": (STUDENTS.split(b"\n", 1)[1], "version_row_missing"),
    "no header row": (STUDENTS.replace(b"username,class\n", b""), "header_row_unexpected"),
    "swapped columns": (STUDENTS.replace(b"username,class", b"class,username"), "header_row_unexpected"),
    "another version": (STUDENTS.replace(b"version,1", b"version,2"), "version_unsupported"),
    "nothing at all": (b"\r\n", "file_empty"),  # one without a byte waits for its content first
    "a login page": (b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n", "web_page"),
}


MISNAMED = ("Students.csv", "students.CSV", "students.csv.gz", "2026/students.csv", "data.xlsx")


@pytest.fixture(scope="module", autouse=True)
def quiet(cloud: Cloud) -> Iterator[None]:
    """After all of these no message is left over, none was given up, and no import broke off."""
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    yield
    eventually(cloud, lambda: queue_is_quiet(cloud), "the queue to be empty")
    assert [told for told in reports_logged(cloud, "import_broke_off") if told["timestamp"] > since] == []


def stored(site: Site, key: str, version_id: str) -> bytes:
    """What is in the inbox under a key."""
    got = client(site.cloud, "s3").get_object(Bucket=site.cloud.inbox_bucket, Key=key)
    assert got["VersionId"] == version_id
    with got["Body"] as body:
        return bytes(body.read())


def notices(site: Site, report: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of the import's notices.csv."""
    got = client(site.cloud, "s3").get_object(Bucket=site.cloud.results_bucket, Key=report["notices_key"])
    with got["Body"] as body:
        return list(csv.DictReader(io.StringIO(body.read().decode("utf-8-sig"))))


@dataclass(frozen=True)
class Misnamed:
    """A site with a version, to which files of other names were uploaded: those of MISNAMED."""

    site: Site
    items_before: dict[str, dict[str, Any]]
    uploaded: dict[str, str]


@pytest.fixture(scope="module", autouse=True)
def misnamed(running_sites: RunningSites, quiet: None) -> Misnamed:
    """Uploaded before anything else here, as the product looks at such a file again after a minute."""
    site = running_sites.take()
    items = site.items()
    return Misnamed(site, items, {name: site.upload(name, STUDENTS) for name in MISNAMED})


@dataclass(frozen=True)
class Refusal:
    """A site with a version, to which a pair with a bad students.csv was uploaded."""

    site: Site
    items_before: dict[str, dict[str, Any]]
    uploaded: dict[str, str]


@pytest.fixture(scope="module")
def refusals(running_sites: RunningSites, quiet: None) -> dict[str, Refusal]:
    """Every bad file at once, each at a site of its own."""
    refusals = {}
    for what, (data, _) in NOT_A_FILE_OF_A_PAIR.items():
        site = running_sites.take()
        items = site.items()
        refusals[what] = Refusal(site, items, site.upload_pair(SEED | {"students.csv": data}))
    return refusals


@pytest.mark.parametrize("what", NOT_A_FILE_OF_A_PAIR)
def test_should_report_a_file_that_is_refused_and_leave_what_was_published(
    what: str, refusals: dict[str, Refusal]
) -> None:
    (data, code), site, uploaded = NOT_A_FILE_OF_A_PAIR[what], refusals[what].site, refusals[what].uploaded
    report = site.import_of(uploaded)
    assert (report["status"], report["reason"], report["version"]) == ("failed", code, 1)
    assert report["notices"][code] == {"severity": "error", "total": 1}
    (notice,) = (row for row in notices(site, report) if row["code"] == code)
    assert (notice["severity"], notice["file"]) == ("error", "students.csv")
    assert len(notice["what to do"]) > 40
    said = site.ask("imports")
    assert (said["version"], said["waiting"], site.items()) == (1, None, refusals[what].items_before)
    assert stored(site, f"{site.name}/students.csv", uploaded["students.csv"]) == data


def test_should_show_an_admin_what_was_refused_and_what_to_do(running: Site, command: Command) -> None:
    running.import_of(running.upload_pair({**SEED, "students.csv": workbook()}))
    said = json.loads(command("roster-admin", "imports", running.name, "--json").stdout)
    assert [(report["status"], report["reason"]) for report in said["imports"]] == [("failed", "not_csv"), ("ok", None)]
    shown = command("roster-admin", "imports", running.name).stdout
    assert "not_csv (students.csv, looks like an Excel workbook (.xlsx)): The file is not a CSV" in shown
    asked = command("roster-admin", "import", running.name, check=False)
    assert asked.returncode == 1
    assert "not_csv" in asked.stdout


def test_should_publish_nothing_of_a_first_pair_that_is_refused(school: Site) -> None:
    report = school.import_of(school.upload_pair({**SEED, "teachers.csv": b"\n"}))
    assert (report["status"], report["version"]) == ("failed", 0)
    assert (school.version(), school.items()) == (0, {})


def test_should_report_both_files_when_both_are_refused(school: Site) -> None:
    report = school.import_of(school.upload_pair({"students.csv": workbook(), "teachers.csv": b"\xff"}))
    assert set(report["notices"]) == {"not_csv", "not_utf8"}
    assert {row["file"] for row in notices(school, report)} == {"students.csv", "teachers.csv"}


def test_should_import_the_right_upload_after_a_refused_one(running: Site) -> None:
    bad = running.import_of(running.upload_pair({**SEED, "students.csv": workbook()}))
    assert bad["status"] == "failed"
    good = STUDENTS.replace(b"Ron_Weasley", b"Hermione_Granger")
    report = running.import_of(running.upload_pair({**SEED, "students.csv": good}))
    assert (report["status"], report["version"]) == ("ok", 2)
    assert running.items()["GROUP#potions"]["members"] == ["Harry_Potter", "Hermione_Granger"]


def test_should_read_utf16_with_a_mark_and_warn(running: Site) -> None:
    more = STUDENTS.decode() + "Jürgen_Müller,Kräuterkunde\n"
    pair = {"students.csv": more.encode("utf-16"), "teachers.csv": SEED["teachers.csv"].decode().encode("utf-8-sig")}
    report = running.import_of(running.upload_pair(pair))
    assert (report["status"], report["version"]) == ("ok_with_warnings", 2)
    assert report["notices"]["utf16_decoded"] == {"severity": "warning", "total": 1}
    assert running.items()["GROUP#kräuterkunde"]["members"] == ["Jürgen_Müller"]


def test_should_refuse_a_huge_file_of_one_line_without_reading_it(running: Site) -> None:
    s3, key = client(running.cloud, "s3"), f"{running.name}/students.csv"
    where = {"Bucket": running.cloud.inbox_bucket, "Key": key}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    part = b"x" * (FILE_LIMIT // 4)
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=data)["ETag"]}
        for number, data in enumerate((part, part, part, part, b"y"), 1)
    ]
    done = s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    try:
        uploaded = {
            "students.csv": done["VersionId"],
            "teachers.csv": running.upload("teachers.csv", SEED["teachers.csv"]),
        }
        report = running.import_of(uploaded)
        assert (report["status"], report["reason"], report["version"]) == ("failed", "file_too_large", 1)
        assert report["pair"]["students.csv"]["bytes"] == FILE_LIMIT + 1
        assert "fetch" not in report["milliseconds"]
        assert s3.head_object(**where)["VersionId"] == done["VersionId"]
        assert running.version() == 1
    finally:  # a quarter of a gigabyte of the emulator's memory
        s3.delete_object(**where, VersionId=done["VersionId"])


@pytest.mark.parametrize("name", MISNAMED)
def test_should_report_a_file_of_another_name_to_its_site(name: str, misnamed: Misnamed) -> None:
    site = misnamed.site
    report = site.report(lambda report: report.get("file") == name, "the report of the upload")
    assert (report["status"], report["reason"]) == ("failed", "file_name_unexpected")
    said = site.ask("imports")
    assert (said["version"], said["waiting"], site.items()) == (1, None, misnamed.items_before)
    assert [report["status"] for report in said["imports"]].count("ok") == 1
    assert stored(site, f"{site.name}/{name}", misnamed.uploaded[name]) == STUDENTS


def test_should_show_an_admin_under_which_name_a_file_came(misnamed: Misnamed, command: Command) -> None:
    site = misnamed.site
    told = site.report(lambda report: report.get("file") == "Students.csv", "the report of the upload")
    shown = command("roster-admin", "report", site.name, told["import"]).stdout
    assert "file_name_unexpected (Students.csv): " in shown
    assert "spelled exactly so" in shown


@pytest.mark.parametrize("key", ["students.csv", "Upper/students.csv", "under_score/students.csv", "/students.csv"])
def test_should_report_a_file_outside_any_site_in_the_log(key: str, cloud: Cloud) -> None:
    s3 = client(cloud, "s3")
    put = s3.put_object(Bucket=cloud.inbox_bucket, Key=key, Body=STUDENTS)

    told = eventually_logged(
        cloud, "upload_ignored", lambda told: bool(told["version_id"] == put["VersionId"]), "the upload"
    )
    assert [(about["reason"], about["UploadsIgnored"]) for about in told] == [("outside_any_site", 1)]
    assert s3.head_object(Bucket=cloud.inbox_bucket, Key=key)["VersionId"] == put["VersionId"]


def test_should_not_take_a_folder_made_in_the_s3_console_for_an_upload(school: Site) -> None:
    s3 = client(school.cloud, "s3")
    s3.put_object(Bucket=school.cloud.inbox_bucket, Key=f"{school.name}/", Body=b"")
    report = school.publish(SEED)
    assert (report["version"], len(school.imports())) == (1, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    """Write a pair into a folder."""

    def write(pair: dict[str, bytes]) -> Path:
        for file, data in pair.items():
            (tmp_path / file).write_bytes(data)
        return tmp_path

    return write


@pytest.mark.parametrize("what", NOT_A_FILE_OF_A_PAIR)
def test_roster_check_should_say_the_same_before_the_upload(
    what: str, folder: Callable[[dict[str, bytes]], Path], command: Command
) -> None:
    data, code = NOT_A_FILE_OF_A_PAIR[what]
    done = command("roster", "check", folder({**SEED, "students.csv": data}), "--json", check=False)
    said = json.loads(done.stdout)
    assert (done.returncode, said["status"]) == (1, "failed")
    assert said["notice_totals"][code] == 1
