"""What an uploader may ask for, and what becomes of an upload: tables for people, histories by Hypothesis."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.limits import FILE_LIMIT
from roster.notices_file import Finding
from roster.pair import Upload
from roster.report import Report
from roster.site_head import Head
from roster.uploaders import Uploader, read_token, token_of_uploader
from roster.uploads import (
    LINK_LIFE,
    UPLOADABLE,
    Asked,
    BadUpload,
    Content,
    Site,
    fate,
    is_upload,
    new_upload_id,
    read_question,
    read_versions,
)

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
AT = datetime(2026, 9, 1, 2, 5, tzinfo=UTC)
PUT = {"teachers.csv": "T1", "students.csv": "S1"}
ASKED = Asked("20260901T020500Z-0123456789abcdef", "office", AT, dict.fromkeys(PUT, Content(9, SHA256)))


def question(**files: Any) -> bytes:
    return json.dumps({"files": {name.replace("_", "."): said for name, said in files.items()}}).encode()


def content(**changed: Any) -> dict[str, Any]:
    return {"bytes": 9, "sha256": SHA256} | changed


def report(status: Any, pair: dict[str, str] | None = None, **more: Any) -> Report:
    read: Any = {file: {"version_id": version} for file, version in (PUT if pair is None else pair).items()}
    return Report("hogwarts", "20260901T020510Z-000001", status, pair=read, **more)


def site(*reports: Report, waiting: dict[str, Any] | None = None, **head: Any) -> Site:
    return Site(Head("hogwarts", **head), waiting, reports)


def seen(file: str, version: str, at: datetime) -> dict[str, Upload]:
    return {file: Upload(file, version, at, 9)}


def told(known: Site, put: dict[str, str] = PUT, after: timedelta = timedelta(seconds=20)) -> tuple[str, str]:
    found = fate(ASKED, put, known, AT + after)
    return found.status, found.reason


# What may be asked for


def test_should_take_each_file_of_the_pair_alone_or_both() -> None:
    wanted = {"teachers.csv": Content(9, SHA256), "students.csv": Content(9, SHA256)}
    assert read_question(question(teachers_csv=content(), students_csv=content())) == wanted
    for name in wanted:
        assert read_question(json.dumps({"files": {name: content()}}).encode()) == {name: Content(9, SHA256)}


@pytest.mark.parametrize(
    "name",
    ["settings.json", "Teachers.csv", "teachers.csv ", "../durmstrang/teachers.csv", "teachers.csv/", "", "x", "a/b"],
)
def test_should_take_no_other_file_above_all_not_the_settings(name: str) -> None:
    with pytest.raises(BadUpload, match=r"only teachers\.csv and students\.csv"):
        read_question(json.dumps({"files": {name: content()}}).encode())


@pytest.mark.parametrize(
    "said",
    [
        None, [], "x", {}, {"bytes": 9}, content(more=1), content(bytes=0), content(bytes=-1), content(bytes=True),
        content(bytes=9.0), content(bytes="9"), content(bytes=FILE_LIMIT + 1), content(sha256=SHA256.upper()),
        content(sha256=SHA256[1:]), content(sha256=SHA256 + "0"), content(sha256=None), content(sha256="x" * 64),
    ],
    ids=str,
)  # fmt: skip
def test_should_take_a_length_and_a_digest_and_nothing_else(said: Any) -> None:
    with pytest.raises(BadUpload, match=r"students\.csv"):
        read_question(question(students_csv=said))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"7", b'"files"', b"{}", b'{"files": {}}', b'{"files": []}', b'{"files": null}',
     b'{"files": {"teachers.csv": {}}, "site": "durmstrang"}', b"[" * 5000, b"\xff\xfe"],
    ids=lambda body: repr(body)[:30],
)  # fmt: skip
def test_should_refuse_a_question_of_another_form(body: bytes) -> None:
    with pytest.raises(BadUpload):
        read_question(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(list(PUT)), inner),
    max_leaves=8,
)


@given(st.binary() | JSON.map(lambda said: json.dumps({"files": said}).encode()))
def test_whatever_is_asked_should_be_refused_or_stay_within_the_table(body: bytes) -> None:
    try:
        files = read_question(body)
    except BadUpload:
        return
    assert files
    assert all(name in UPLOADABLE and 0 < each.bytes <= UPLOADABLE[name] for name, each in files.items())


@pytest.mark.parametrize("query", [{"settings.json": "V"}, {"teachers.csv": ""}, {"teachers.csv": "a b"}, {"x": "V"}])
def test_should_refuse_what_can_be_no_version_of_the_pair(query: dict[str, str]) -> None:
    with pytest.raises(BadUpload):
        read_versions(query)


def test_should_make_ids_that_sort_by_time_and_differ() -> None:
    made = [new_upload_id(AT + timedelta(seconds=number)) for number in range(5)]
    assert made == sorted(made)
    assert len({new_upload_id(AT) for _ in range(50)}) == 50
    assert all(map(is_upload, made))
    assert not is_upload("20260901T020500Z-0123456789abcdeF")


# Whose token it is


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True), st.from_regex(r"[a-z0-9]{1,63}", fullmatch=True))
def test_an_uploaders_token_should_say_whose_it_is(site: str, uploader: str) -> None:
    assert read_token(token_of_uploader(site, uploader, "secret")) == (site, uploader)


@pytest.mark.parametrize(
    "token",
    ["", "uploader~", "hogwarts.office.x", "uploader~hogwarts", "uploader~hogwarts.office", "uploader~hogwarts.office.",
     "uploader~HOGWARTS.office.x", "uploader~hogwarts/.office.x", "server~hogwarts.office.x", "uploader~.office.x"],
)  # fmt: skip
def test_should_take_nothing_else_for_an_uploaders_token(token: str) -> None:
    assert read_token(token) is None


def test_should_hand_an_uploader_on_and_take_a_server_for_none() -> None:
    assert Uploader.from_context(Uploader("hogwarts", "office").to_context()) == Uploader("hogwarts", "office")
    assert Uploader.from_context({"site": "hogwarts", "server": "srv-01"}) is None


# What became of it


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("fetching", ("waiting", "importing")),
        ("ok", ("imported", "")),
        ("ok_with_warnings", ("imported", "")),
        ("no_change", ("imported", "")),
        ("held", ("held", "memberships_removed")),
        ("failed", ("failed", "file_empty")),
        ("rejected", ("failed", "rejected")),
        ("superseded", ("ignored", "superseded")),
    ],
)
def test_should_tell_the_fate_by_the_report_that_read_it(status: str, expected: tuple[str, str]) -> None:
    reason = {"held": "memberships_removed", "failed": "file_empty"}.get(status)
    assert told(site(report(status, reason=reason))) == expected


def test_should_tell_by_the_newest_report_that_read_all_of_it() -> None:
    other = report("ok", {"teachers.csv": "T1", "students.csv": "S0"})
    assert told(site(other, report("failed", reason="x"))) == ("failed", "x")
    assert told(site(report("ok"), report("held", reason="x"))) == ("imported", "")
    assert told(site(other)) == ("waiting", "queued"), "of half an upload nobody knows yet"


def test_should_wait_while_a_file_is_not_uploaded_and_fail_long_after_its_link() -> None:
    half = {"teachers.csv": "T1"}
    assert told(site(), half) == told(site(report("ok")), {}) == ("waiting", "not_uploaded")
    assert told(site(), half, timedelta(hours=1)) == ("failed", "never_uploaded")


def test_should_say_what_a_lone_file_waits_for() -> None:
    alone = Asked(ASKED.upload, "office", AT, {"students.csv": Content(9, SHA256)})
    lone = site(waiting={"file": "students.csv", "missing": "teachers.csv"})
    found = fate(alone, {"students.csv": "S1"}, lone, AT)
    assert (found.status, found.reason, found.missing) == ("waiting", "partner_missing", "teachers.csv")
    assert told(lone) == ("waiting", "queued"), "the other file is on its way as well"


def test_should_say_that_a_site_is_paused() -> None:
    assert told(site(waiting={"paused": True})) == ("waiting", "site_paused")


def test_should_say_that_a_newer_upload_took_its_place_once_that_is_certain() -> None:
    certain = AT + LINK_LIFE + timedelta(seconds=1)
    assert told(site(seen=seen("students.csv", "S2", certain))) == ("ignored", "newer_upload")
    while_both = site(seen=seen("students.csv", "S2", AT + timedelta(minutes=1)))
    assert told(while_both) == ("waiting", "queued"), "which of them came last, nobody knows"
    assert told(while_both, after=timedelta(hours=1)) == ("ignored", "newer_upload")


def test_should_go_on_waiting_behind_an_upload_that_came_before_it() -> None:
    older = site(seen=seen("students.csv", "S0", AT - timedelta(seconds=1)))
    assert told(older, after=timedelta(hours=1)) == ("waiting", "queued")
    assert told(site(seen=seen("students.csv", "S1", AT))) == ("waiting", "queued"), "it is this one"


NAMES = {"like": "durmstrang", "since": 3}


def test_should_tell_findings_by_code_and_row_and_name_nobody() -> None:
    held = [
        {"code": "rows_rejected", "number": 3, "of": 10, "file": "students.csv", "what": None, "rows": [3], **NAMES}
    ]
    notices: Any = {"username_missing": {"severity": "error", "total": 30}}
    finding = Finding(severity="error", code="username_missing", file="students.csv", row=7, column="username")
    about = report("held", reason="rows_rejected", held=held, notices=notices, counts={"rows_read": 10})
    said = fate(ASKED, PUT, site(about), AT).as_dict(ASKED.upload, [finding] * 30)
    assert said["held"] == [{"code": "rows_rejected", "number": 3, "of": 10, "file": "students.csv"}]
    (noticed,) = said["notices"]
    assert noticed["rows"] == [{"file": "students.csv", "row": 7}] * 20
    assert (noticed["total"], said["import_status"], said["counts"]) == (30, "held", {"rows_read": 10})
    assert "durmstrang" not in json.dumps(said)


VERSIONS = st.sampled_from(["V0", "V1", "V2"])
PAIRS = st.fixed_dictionaries({"teachers.csv": VERSIONS, "students.csv": VERSIONS})
STATUSES = st.sampled_from(
    ["fetching", "ok", "ok_with_warnings", "no_change", "held", "rejected", "superseded", "failed"]
)
MOMENTS = st.integers(-3600, 3600).map(lambda seconds: AT + timedelta(seconds=seconds))


@given(
    st.dictionaries(st.sampled_from(list(PUT)), VERSIONS),
    st.lists(st.builds(report, STATUSES, PAIRS), max_size=4),
    st.dictionaries(st.sampled_from(list(PUT)), st.tuples(VERSIONS, MOMENTS)),
    st.integers(0, 7200),
)
def test_should_never_tell_of_an_import_that_did_not_read_all_of_the_upload(
    put: dict[str, str], reports: list[Report], dealt_with: dict[str, tuple[str, datetime]], after: int
) -> None:
    head = {file: Upload(file, version, at, 9) for file, (version, at) in dealt_with.items()}
    found = fate(ASKED, put, site(*reports, seen=head), AT + timedelta(seconds=after))
    if found.report:
        assert {file: read["version_id"] for file, read in found.report.pair.items()} == put
    if found.status in ("imported", "held"):
        assert found.report is not None
    if put.keys() == PUT.keys() and not reports and not head:
        assert (found.status, found.reason) == ("waiting", "queued")
