"""Files as people really make them: each case of the shared folder is refused, told or read as it must be."""

import os
from pathlib import Path

import pytest

from roster.notices import STUDENTS, TEACHERS
from roster.plan import Plan, plan_import
from tests.unit.roster.samples import DISTRICT, Found, found, groups, rights

CASES = Path(os.environ.get("ROSTER_CASES", Path(__file__).parents[4] / "shared" / "cases"))
NOISE = "class_without_teacher class_without_students"

REFUSED: dict[str, tuple[str, int | None, str]] = {
    "delimiter-pipe": ("delimiter_unknown", 1, "separator vertical bar"),
    "empty-zero-bytes": ("file_empty", None, ""),
    "html-login-page": ("web_page", None, ""),
    "nul-padding": ("file_not_written_whole", 7, "bytes lost 64"),
    "powershell-type-line": ("powershell_type_line", 1, ""),
    "version-decimal": ("version_unsupported", 1, ""),
    "whole-line-quoted": ("lines_quoted_whole", 1, ""),
}
# What is told of teachers.csv and of students.csv.
TOLD: dict[str, tuple[list[Found], list[Found]]] = {
    "bom-inside-before-quote": ([], []),
    "comment-lines": ([], [("comment_line", 3, "username")]),
    "concatenated-files": (
        [("reserved_row_repeated", 5, None), ("reserved_row_repeated", 6, None)],
        [("reserved_row_repeated", 7, None), ("reserved_row_repeated", 8, None)],
    ),
    "console-without-class": ([("class_empty", 5, "class"), ("field_count", 6, None)], []),
    "delimiter-mixed-data": ([], [("field_count", 3, None), ("field_count", 4, None)]),
    "display-names": ([], [("field_count", 4, None)]),
    "domain-backslash": ([("domain_prefix", 3, "username")], [("domain_prefix", 3, "username")]),
    "dos-ctrl-z": ([], []),
    "emoji": (
        [("invisible_characters_removed", 3, "class")],
        [("invisible_characters_removed", 3, "class")],
    ),
    "excel-class-dates": (
        [("looks_like_date", 3, "class"), ("looks_like_date", 4, "class")],
        [("looks_like_date", row, "class") for row in (3, 5, 6)],
    ),
    "excel-error-values": (
        [("value_destroyed", 4, "username"), ("value_destroyed", 5, "class")],
        [("value_destroyed", 4, "username"), ("value_destroyed", 5, "class"), ("value_destroyed", 6, "class")],
    ),
    "excel-formula-wrapped": ([], [("text_mark_removed", row, "username") for row in (3, 4, 5)]),
    "excel-scientific": ([], [("value_destroyed", row, "username") for row in (3, 4, 5)]),
    "excel-sep-line": ([], [("separator_line_skipped", 1, None)]),
    "homoglyph": ([], [("looks_alike", 3, "class")]),
    "mojibake": (
        [],
        [("looks_garbled", 3, "username"), ("looks_garbled", 3, "class"), ("looks_garbled", 4, "username")],
    ),
    "null-words": (
        [("username_placeholder", 3, "username"), ("placeholder_class", 4, "class")],
        [
            ("placeholder_class", 4, "class"),
            ("username_placeholder", 5, "username"),
            ("placeholder_class", 6, "class"),
            ("placeholder_class", 7, "class"),
        ],
    ),
    "several-classes-one-cell": ([], [("several_values", row, "class") for row in (3, 4, 5)]),
    "sixth-form-helper": ([("teacher_is_student", 14, "username")], []),
    "smart-quotes": ([], [("stray_quotes", 3, "class")]),
    "space-after-quotes": ([], []),
    "space-before-quotes": ([], []),
    "swapped-files": ([], []),
}
# Where it is the value that was wrong, and not what is said of it.
READ = {
    "bom-inside-before-quote": {"9a/Ma1": ["s.one", "s.two"]},
    "concatenated-files": {
        "9a/En2": ["r.one", "r.three", "s.one", "s.three"],
        "9a/Ma1": ["r.one", "r.two", "s.one", "s.two"],
    },
    "display-names": {"9a/Ma1": ["Brown, Ann", "O'Brien"]},
    "dos-ctrl-z": {"9a/En2": ["s.one", "s.three"], "9a/Ma1": ["s.one", "s.two"]},
    "excel-error-values": {"9a/Ma1": ["s.one"]},
    "excel-formula-wrapped": {"9a/Ma1": ["0012345", "0012346", "0012347"]},
    "excel-scientific": {"9a/Ma1": ["123456789099"]},
    "excel-sep-line": {"9a/En2": ["s.one", "s.three"], "9a/Ma1": ["s.one", "s.two"]},
    "space-after-quotes": {"9a/Ma1": ["s.one", "s.two"]},
    "space-before-quotes": {"9a/En2": ["s.three"], "9a/Ma1": ["s.one", "s.two"]},
}


def read(case: str) -> Plan:
    return plan_import({file: (CASES / case / file).read_bytes() for file in (TEACHERS, STUDENTS)}, DISTRICT)


def test_should_have_a_right_value_for_every_case() -> None:
    folders = {path.name for path in CASES.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == REFUSED.keys() | TOLD.keys()


@pytest.mark.parametrize("case", REFUSED)
def test_should_refuse_the_file_by_a_name_of_its_own(case: str) -> None:
    made = read(case)
    assert made.outcome == "failed"
    (notice,) = (notice for notice in made.notices.listed() if notice.file == STUDENTS)
    assert (notice.code, notice.row, notice.details_text) == REFUSED[case]


@pytest.mark.parametrize("case", TOLD)
def test_should_tell_what_is_hardly_meant_and_nothing_else(case: str) -> None:
    made = read(case)
    assert made.roster
    assert (found(made, TEACHERS, NOISE), found(made, STUDENTS, NOISE)) == TOLD[case]


@pytest.mark.parametrize("case", READ)
def test_should_read_the_values_that_are_meant(case: str) -> None:
    assert groups(read(case)) == READ[case]


def test_should_name_the_separator_that_the_rows_have() -> None:
    notices = [notice for notice in read("delimiter-mixed-data").notices.listed() if notice.code == "field_count"]
    assert {notice.details["seems_separated_by"] for notice in notices} == {"semicolon"}


def test_should_give_the_console_to_nobody_whom_a_spreadsheet_made_up() -> None:
    assert list(rights(read("null-words"))) == ["t.north"]
    assert list(rights(read("excel-error-values"))) == ["t.north"]
    assert list(rights(read("concatenated-files"))) == ["t.north", "t.south", "u.north", "u.south"]
    assert "SCHOOL\\t.north" in rights(read("domain-backslash"))
