"""The upload page's words: what files would do and what became of them, in numbers and places, and nobody's name."""

from dataclasses import replace
from typing import Any

import pytest

from roster.notices import FileEmpty
from roster.plan import Known, plan_import, refuse
from roster.report import Report
from roster.settings import Settings
from roster.uploads import Fate
from roster_pages.office_words import Said, of_fate, of_plan
from tests.unit.roster.samples import SEED, base_of, csv, pair, roster_of

BIG = [f"pupil{number},Class {number % 4}" for number in range(40)]
NAMES = ("Harry_Potter", "Potions", "Severus", "pupil1", "Class 1")


def planned(files: dict[str, bytes], before: dict[str, bytes] | None = None, **known: Any) -> Said:
    base = base_of(roster_of(plan_import(before, Settings()))) if before else None
    return of_plan(plan_import(files, Settings(), base, known=Known(**known)))


def whole(said: Said) -> str:
    mend = [f"{each['code']} {each['advice']} {each['where']}" for each in said["mend"]]
    return "\n".join((said["heading"], *said["lines"], *mend))


@pytest.mark.parametrize(
    ("files", "before", "heading", "may_upload", "says"),
    [
        (SEED, None, "These files can be uploaded", True, "10 rows read: 2 pupils in 4 classes, 4 teachers."),
        (SEED, SEED, "Nothing would change", True, "The files say what is published already."),
        (pair(csv(), csv("a,b")), SEED, "This would be held", True, "approves it. Are these the right files?"),
        (pair(b"", csv("a,b")), SEED, "These files would be refused", False, "Nothing was uploaded. Mend"),
        (
            pair(csv(*BIG, ",Class 1"), csv("Severus,Class 1")),
            None,
            "These files can be uploaded",
            True,
            "1 row cannot be used and would be left out.",
        ),
    ],
    ids=["new", "the same", "held", "refused", "a bad row"],
)
def test_should_say_what_an_upload_would_do(
    files: dict[str, bytes], before: dict[str, bytes] | None, heading: str, may_upload: bool, says: str
) -> None:
    said = planned(files, before)
    assert (said["heading"], said["may_upload"], said["is_final"]) == (heading, may_upload, False)
    assert says in whole(said)
    assert [name for name in NAMES if name in whole(said)] == []


def test_should_say_where_to_mend_what_with_the_worst_first() -> None:
    said = planned(pair(csv(*BIG, ",Class 1", "*,Class 1"), csv("Severus,Class 1", " Severus,Class 2")))
    first, second, *others = said["mend"]
    assert {first["code"], second["code"]} == {"username_empty", "username_wildcard"}
    assert first["where"] == ["students.csv, row 43, username"]
    assert [each["severity"] for each in others] == ["warning"] * len(others)
    assert others
    assert all(each["advice"] for each in said["mend"])


def test_should_not_tell_a_school_which_other_school_there_is() -> None:
    said = planned(SEED, site_new="durmstrang")
    assert said["heading"] == "This would be held"
    assert "durmstrang" not in whole(said)


def test_should_say_that_a_file_is_too_large_to_be_read() -> None:
    assert of_plan(refuse([FileEmpty("students.csv")]))["may_upload"] is False


REPORT = Report("hogwarts", "20260901T020500Z-000001", "ok", counts={"rows_read": 3, "members": 1}, changes={})
ERROR: Any = {"row_duplicate": {"severity": "warning", "total": 1}, "username_empty": {"severity": "error", "total": 2}}


@pytest.mark.parametrize(
    ("fate", "heading", "is_final", "says"),
    [
        (Fate("waiting", "not_uploaded"), "Uploading", False, "on their way"),
        (Fate("waiting", "queued"), "Uploaded", False, "begins in a moment"),
        (Fate("waiting", "importing", report=REPORT), "Being imported", False, "seconds"),
        (Fate("waiting", "site_paused"), "Uploaded; the site is paused", False, "once somebody"),
        (Fate("imported", report=REPORT), "Imported", True, "3 rows read: 1 pupil"),
        (Fate("imported", report=REPORT), "Imported", True, "what was published already"),
        (
            Fate("imported", report=replace(REPORT, changes={"members_created": 2}, kept=1)),
            "Imported",
            True,
            "1 removal put off",
        ),
        (
            Fate("held", "rows_rejected", report=replace(REPORT, held=[{"code": "review", "number": 1, "of": 1}])),
            "Held: a person has to look",
            True,
            "The settings ask for a person to look",
        ),
        (Fate("ignored", "newer_upload"), "A newer upload took its place", True, "later counts"),
        (Fate("ignored", "superseded", report=REPORT), "A newer upload took its place", True, "later counts"),
        (Fate("failed", "never_uploaded"), "The files did not arrive", True, "Choose them again"),
        (Fate("failed", "rejected", report=REPORT), "Rejected", True, "A person has rejected it"),
        (
            Fate("failed", "web_page", report=replace(REPORT, place="teachers.csv")),
            "Refused",
            True,
            "teachers.csv: The file is a web page",
        ),
    ],
)
def test_should_say_what_became_of_an_upload(fate: Fate, heading: str, is_final: bool, says: str) -> None:
    said = of_fate(fate)
    assert (said["heading"], said["is_final"]) == (heading, is_final)
    assert says in whole(said)
    assert not said["may_upload"]


def test_should_say_which_rows_an_import_could_not_use() -> None:
    report = replace(REPORT, notices=ERROR, counts={"rows_rejected": 2})
    rows: Any = [{"code": "username_empty", "file": "students.csv", "row": row, "column": "username"} for row in (7, 9)]
    said = of_fate(Fate("imported", report=report), rows)
    assert said["tone"] == "warn"
    assert [(each["code"], each["where"]) for each in said["mend"]] == [
        ("username_empty", ["students.csv, row 7", "students.csv, row 9"]),
        ("row_duplicate", []),
    ]
