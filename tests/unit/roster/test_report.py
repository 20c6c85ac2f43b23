"""What people are told about an import: without names in the report, with the rows in the notices file."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.notices import STUDENTS, TEACHERS
from roster.notices_file import notices_csv
from roster.pair import Upload
from roster.plan import Plan, plan_import
from roster.report import Report, import_report
from roster.settings import Settings
from roster_pages.wording import reason_text

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
PAIR = {file: Upload(file, f"v-{file}", AT, 10) for file in (TEACHERS, STUDENTS)}


def plan(teachers: str, students: str) -> Plan:
    files = {TEACHERS: teachers, STUDENTS: students}
    return plan_import(
        {file: f"version,1\nusername,class\n{rows}".encode() for file, rows in files.items()}, Settings()
    )


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_should_count_and_name_nobody() -> None:
    others = "".join(f"pupil.{number},Potions\n" for number in range(40))
    done = plan("Snape,Potions\n", f"Harry,Potions\n*,Potions\nRon Weasley\n{others}")
    report = import_report("hogwarts", "id", PAIR, done, base_version=4)
    assert (report.status, report.version, report.base_version) == ("ok_with_warnings", 5, 4)
    assert report.counts["rows_read"] == 44
    assert report.counts["rows_rejected"] == 2
    assert report.notices == {
        "field_count": {"severity": "error", "total": 1},
        "username_wildcard": {"severity": "error", "total": 1},
    }
    told = json.dumps(report.as_dict())
    assert not [name for name in ("Snape", "Harry", "Weasley", "Potions") if name in told]


def test_should_say_why_an_import_failed_and_keep_the_version() -> None:
    broken = plan_import({TEACHERS: b"", STUDENTS: b"version,1\nusername,class\n"}, Settings())
    report = import_report("hogwarts", "id", PAIR, broken, base_version=4)
    assert (report.status, report.reason, report.version) == ("failed", "file_empty", 4)
    assert report.place == TEACHERS
    good = import_report("hogwarts", "id", PAIR, plan("Snape,Potions\n", "Harry,Potions\n"), base_version=4)
    assert good.as_dict().keys() == report.as_dict().keys() - {"place"}


@pytest.mark.parametrize(
    ("students", "reason", "place", "shown"),
    [
        (b"version,1\nusername,class\nZo\xeb,A\n", "not_utf8", "row 3, offset 27, byte 0xEB", "offset 27, byte 0xEB"),
        (b"%PDF-1.7", "not_csv", "looks like a PDF document", "looks like a PDF document"),
        (b"version,2\nusername,class\n", "version_unsupported", "row 1", ""),
    ],
)
def test_should_name_a_refused_file_with_what_was_found_in_it(
    students: bytes, reason: str, place: str, shown: str
) -> None:
    refused = plan_import({TEACHERS: b"version,1\nusername,class\n", STUDENTS: students}, Settings())
    report = import_report("hogwarts", "id", PAIR, refused, base_version=4)
    assert (report.reason, report.place) == (reason, f"students.csv, {place}")
    assert reason_text(report).startswith(f"{reason} (students.csv, {place}): ")
    (listed,) = rows_of(notices_csv(refused))
    assert (listed["code"], listed["what stands there"]) == (reason, shown)


def test_should_show_in_the_notices_file_what_stands_in_each_row() -> None:
    listed = rows_of(notices_csv(plan("Snape,Potions\n", 'Harry,Potions\n"Ron,Potions\n')))
    assert [(row["code"], row["file"], row["row"], row["what stands there"]) for row in listed] == [
        ("quote_unbalanced", STUDENTS, "4", '"Ron,Potions')
    ]
    assert "close the quote" in listed[0]["what to do"]


def test_should_let_a_spreadsheet_run_nothing_that_the_notices_file_shows() -> None:
    formulas = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"]
    listed = rows_of(notices_csv(plan("Snape,Potions\n", "".join(f"{formula},a,b\n" for formula in formulas))))
    shown = [row["what stands there"] for row in listed if row["code"] == "field_count"]
    assert shown == [f"'{formula},a,b" for formula in formulas]


@given(
    st.fixed_dictionaries(
        {
            "site": st.just("hogwarts"),
            "import": st.text(max_size=9),
            "status": st.sampled_from(["ok", "held", "failed"]),
        },
        optional={
            "reason": st.none() | st.text(max_size=9),
            "kept": st.integers(0, 9),
            "kept_until": st.none() | st.text(max_size=9),
            "counts": st.dictionaries(st.text(max_size=9), st.integers(), min_size=1, max_size=3),
            "pair": st.just({TEACHERS: {"version_id": "v", "uploaded_at": "2026-09-01T12:00:00+00:00", "bytes": 3}}),
            "plan": st.just({"manifest_sha256": "e" * 64, "expires_at": "2026-09-01T12:00:00+00:00"}),
            "held": st.just([{"code": "site_new", "number": 1, "of": 1}]),
            "asked": st.text(max_size=9),
            "said_by_a_newer_product": st.integers(),
        },
    )
)
def test_should_keep_a_report_through_its_data(stored: dict[str, Any]) -> None:
    report = Report.from_dict(stored)
    assert Report.from_dict(json.loads(json.dumps(report.as_dict()))) == report
    said = {name: value for name, value in report.as_dict().items() if value is not None}
    assert said == {name: value for name, value in stored.items() if value is not None and "newer" not in name}


def test_should_say_what_a_plan_always_says_also_when_it_is_nothing() -> None:
    report = import_report("hogwarts", "id", PAIR, plan("Snape,Potions\n", "Harry,Potions\n"), base_version=4)
    assert {"reason": None, "kept_until": None}.items() <= report.as_dict().items()
    assert "reason" not in Report("hogwarts", "id", "fetching").as_dict()
