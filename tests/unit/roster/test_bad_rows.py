"""What is remembered of the rows that were refused, and of a last line that may be cut off."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster import csv_file
from roster import rows as rows_of_a_file
from roster.csv_file import Cut, lines_at
from roster.notices import STUDENTS, TEACHERS, Notices
from roster.parse import read_pair
from roster.rows import BadRow, Pair
from tests.unit.roster.samples import DISTRICT, blocks_of, csv, pair

BAD = [
    ('"Ron,A', "quote_unbalanced", ()),
    ('Ron,"A', "quote_unbalanced", ("Ron",)),
    ("Ron", "field_count", ("Ron",)),
    (",A", "username_empty", ("", "A")),
    (" ron ,", "class_empty", (" ron ", "")),
    ('"Weasley, Ron","A","', "quote_unbalanced", ("Weasley, Ron", "A")),
    ('"*",A,,', "username_wildcard", ("*", "A")),
]
lines = st.lists(st.sampled_from([*(line for line, *_ in BAD), "Ron,A", "", ",", "Harry,B"]), max_size=20)


def read(students: bytes, notices: Notices | None = None) -> Pair:
    return read_pair(pair(students), DISTRICT, notices or Notices())


@pytest.mark.parametrize(("line", "code", "cells"), BAD)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_should_remember_the_line_of_a_bad_row_and_what_could_be_read(
    line: str, code: str, cells: tuple[str, ...], end: str
) -> None:
    (bad,) = read(csv("Harry,B", line, "", "Luna,C", end=end)).students.bad
    assert (bad.row, bad.line, bad.kind.code, bad.cells[:2]) == (4, line, code, cells[:2])


@given(lines, lines, st.sampled_from([3, 40, 1 << 14]))
def test_should_remember_every_bad_row_once_in_their_order(
    students: list[str], teachers: list[str], block: int
) -> None:
    notices = Notices()
    with blocks_of(block):
        read = read_pair(pair(students, teachers), DISTRICT, notices)
    for rows, texts in ((read.students, students), (read.teachers, teachers)):
        told = [
            (each.row, each.code) for each in notices.listed() if each.file == rows.file if each.severity == "error"
        ]
        assert [(bad.row, bad.kind.code) for bad in rows.bad] == told
        assert [bad.line for bad in rows.bad] == [texts[bad.row - 3] for bad in rows.bad]
        assert len(rows.bad) == rows.rejected


def test_should_keep_no_more_cells_of_a_line_than_can_matter() -> None:
    (bad,) = read(csv('"a",' * 500)).students.bad
    assert isinstance(bad, BadRow)
    assert len(bad.cells) < 10


@pytest.mark.parametrize("line", ["Ron", "*,A", '"a"b,c', '"a,b"'])
def test_should_read_a_file_no_further_once_it_has_too_many_bad_rows(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_of_a_file, "MOST_BAD_ROWS", 5)
    assert not read(csv(*[line] * 5)).refused
    notices = Notices()
    made = read(csv(*[line] * 7, "Harry,A"), notices)
    assert made.refused
    assert len(made.students.bad) <= 5
    (notice,) = (notice for notice in notices.listed() if notice.code == "too_many_bad_rows")
    assert (notice.file, notice.details) == (STUDENTS, {"limit": 5})
    assert set(made.texts) == {STUDENTS, TEACHERS}


@pytest.mark.parametrize("line", ["", " \t", ",", "Ron,A"])
def test_should_read_a_file_no_further_once_it_has_too_many_rows_blank_or_not(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_of_a_file, "MOST_ROWS", 40)
    assert not read(csv(*[line] * 40)).refused
    assert_too_many(csv(*[line] * 41), "rows", 40)


def test_should_read_a_file_no_further_once_it_has_too_many_names(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"user{number},A" for number in range(5000)]
    monkeypatch.setattr(rows_of_a_file, "MOST_NAMES", 6000)
    assert not read(csv(*rows)).refused
    monkeypatch.setattr(rows_of_a_file, "MOST_NAMES", 100)
    assert_too_many(csv(*rows), "names", 100)
    assert_too_many(csv(*(f"A,class{number}" for number in range(5000))), "names", 100)


def assert_too_many(students: bytes, what: str, limit: int) -> None:
    notices = Notices()
    made = read(students, notices)
    assert made.refused
    assert not made.students.usernames
    (notice,) = (notice for notice in notices.listed() if notice.code == "too_many_rows")
    assert notice.details["limit"] == limit
    assert int(notice.details[what]) > limit


@pytest.mark.parametrize(
    ("last", "cells"),
    [
        ("Ron,A\n", None),
        ("Ron,A\r", None),
        ("", None),
        (" ", None),
        (",", None),
        ("Ron,A", ("Ron", "A")),
        (" Ron\u200b, A", ("Ron", "A")),
        ("Ro", ("Ro",)),
        ("Ron,", ("Ron", "")),
        ('"Ron","A', ("Ron", "A")),
        ('"Weasley, Ro', ("Weasley, Ro",)),
    ],
)
def test_should_say_what_stands_in_a_last_line_without_an_end(last: str, cells: tuple[str, ...] | None) -> None:
    data = csv("Harry,B", end="\r\n") + last.encode()
    assert read(data).students.cut == (Cut(cells) if cells else None)


def test_should_not_take_the_reserved_rows_for_a_line_that_is_cut() -> None:
    assert read(b"version,1\nusername,class").students.cut is None


@given(
    st.lists(st.tuples(st.text('ab,"é', max_size=6), st.sampled_from(["\n", "\r\n", "\r"])), max_size=40),
    st.sampled_from(["", "last"]),
    st.lists(st.integers(1, 45), max_size=12),
    st.sampled_from([1, 2, 7, 1 << 14]),
)
def test_should_find_the_text_of_any_row(lines: list[tuple[str, str]], last: str, rows: list[int], piece: int) -> None:
    data = "".join(text + end for text, end in lines) + last
    texts = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    texts = texts if texts[-1] else texts[:-1]
    with patch.object(csv_file, "_BLOCK", piece):
        found = lines_at(data.encode(), rows)
    assert found == {row: texts[row - 1] for row in rows if row <= len(texts)}
