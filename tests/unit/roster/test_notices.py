"""Every notice: a pair that earns it, and one that only just does not."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.limits import BUNDLE_LIMIT, FILE_LIMIT, too_large
from roster.notices import (
    ONEROSTER,
    STUDENTS,
    TEACHERS,
    FieldCount,
    KeptEnded,
    Notice,
    Notices,
    RowDuplicate,
    TeacherIsStudent,
    UsernameEmpty,
    catalogue,
)
from roster.pair import Upload, old_partner
from roster.plan import Known, Plan, plan_import
from roster.settings import Settings
from tests.unit.roster.samples import DISTRICT, DOMAIN, EMAIL, csv, pair, plan
from tests.unit.sources.bundles import oneroster, zipped

TEN = tuple(f"s{number},A" for number in range(10))
MONDAY = datetime(2026, 9, 7, 3, tzinfo=UTC)


class Case(NamedTuple):
    """What is told, and where, by one pair, and not at all by the other."""

    code: str
    severity: str
    place: tuple[str | None, int | None, str | None]
    told: Callable[[], Plan | list[Notice]]
    not_told: Callable[[], Plan | list[Notice]]


def students(*rows: str, settings: Settings = DISTRICT) -> Callable[[], Plan]:
    return lambda: plan(rows, (), settings)


def both(students: tuple[str, ...], teachers: tuple[str, ...], settings: Settings = DISTRICT) -> Callable[[], Plan]:
    return lambda: plan(students, teachers, settings)


def file(data: bytes) -> Callable[[], Plan]:
    return lambda: plan(data)


def after(before: tuple[str, ...], now: tuple[str, ...], settings: Settings = DISTRICT) -> Callable[[], Plan]:
    """A pair over a published one."""
    return lambda: plan(now, (), settings, base=plan(before))


def ended(row: str) -> Callable[[], Plan]:
    """A pair after one whose bad row kept R in A."""
    return lambda: plan([row], base=plan(["R,"], base=plan(["R,A"])))


def sized(size: int) -> Callable[[], list[Notice]]:
    """A file that is not fetched, as it is known to be too large."""
    return lambda: [notice for notice in [too_large(STUDENTS, size)] if notice]


def many_bad_rows(number: int) -> Callable[[], Plan]:
    return lambda: plan(csv() + b"x\n" * number)


def apart(distance: timedelta) -> Callable[[], list[Notice]]:
    """teachers.csv uploaded some time before students.csv."""
    early, late = Upload(TEACHERS, "1", MONDAY, 9), Upload(STUDENTS, "2", MONDAY + distance, 9)
    return lambda: list(old_partner({TEACHERS: early, STUDENTS: late}))


def bundle(files: Mapping[str, str] | bytes) -> Callable[[], Plan]:
    """The export of another product, on a Monday."""
    data = files if isinstance(files, bytes) else zipped(files)
    return lambda: plan_import({ONEROSTER: data}, Settings(), known=Known(now=MONDAY))


def a_day_later(ends: str) -> Callable[[], Plan]:
    """An export looked at on the 14th and again on the 15th, with a term that ends on a day."""
    files = {ONEROSTER: zipped(oneroster(terms=(f"term,Autumn,,{ends}",)))}

    def look() -> Plan:
        first = plan_import(files, Settings(), known=Known(now=MONDAY, day=date(2026, 9, 14)))
        again = Known(now=MONDAY, memory=first.memory, day=date(2026, 9, 15))
        return plan_import(files, Settings(), known=again)

    return look


def barred(key: str) -> Callable[[], Plan]:
    """A pair whose teacher is S, with somebody on the list of those without the console."""
    files = {STUDENTS: b"version,1\nusername,class\nR,A\n", TEACHERS: b"version,1\nusername,class\nS,A\n"}
    return lambda: plan_import(files, Settings(), known=Known(no_console=frozenset({key})))


BOTH_NAMES = ("Harry@a.org,A", "Harry@b.org,A")
LONG_USERNAME, LONG_CLASS = "u" * 254, "c" * 200

CASES = [
    # Errors of a file
    Case("not_utf8", "error", (STUDENTS, 3, None), file(csv() + b"Zo\xeb,A"), file(csv("Zoë,A"))),
    Case("not_csv", "error", (STUDENTS, 3, None), file(csv("R\0n,A")), file(csv("R\x01n,A"))),
    Case("file_empty", "error", (STUDENTS, None, None), file(b" \n"), file(csv())),
    Case("web_page", "error", (STUDENTS, None, None), file(b"<html>"), file(csv("<html>,A"))),
    Case(
        "xml_document",
        "error",
        (STUDENTS, None, None),
        file(b"<a><b/></a>".replace(b"a", b"roster")),
        file(csv("<a/>,A")),
    ),
    Case("json_document", "error", (STUDENTS, None, None), file(b'{"a": 1}'), file(csv("{},A"))),
    Case("file_not_written_whole", "error", (STUDENTS, 3, None), file(csv() + bytes(9)), file(csv())),
    Case("lines_quoted_whole", "error", (STUDENTS, 1, None), file(b'"version,1"\n'), file(b'"version","1"\n')),
    Case("delimiter_unknown", "error", (STUDENTS, 1, None), file(b"version|1\n"), file(b"version;1\n")),
    Case("powershell_type_line", "error", (STUDENTS, 1, None), file(b"#TYPE x\n"), file(csv("#TYPE x,A"))),
    Case("other_export", "error", (STUDENTS, 1, None), file(b"School_id,Student_id\n"), file(csv("School_id,A"))),
    Case("version_row_missing", "error", (STUDENTS, 1, None), file(csv()[10:]), file(csv())),
    Case("version_unsupported", "error", (STUDENTS, 1, None), file(csv().replace(b"1", b"2")), file(csv())),
    Case("header_row_unexpected", "error", (STUDENTS, 2, None), file(b"version,1\nclass,username"), file(csv())),
    Case("file_too_large", "error", (STUDENTS, None, None), sized(FILE_LIMIT + 1), sized(FILE_LIMIT)),
    Case("too_many_rows", "error", (STUDENTS, None, None), file(csv() + b"\n" * 10_000_001), file(csv() + b"\n")),
    Case("too_many_bad_rows", "error", (STUDENTS, None, None), many_bad_rows(200_001), many_bad_rows(200_000)),
    # Errors of a bundle
    Case("bundle_damaged", "error", (ONEROSTER, None, None), bundle(b"PK"), bundle(oneroster())),
    Case(
        "bundle_unsafe",
        "error",
        (ONEROSTER, None, None),
        bundle({"/a.csv": "", **oneroster()}),
        bundle({"a.csv": "", **oneroster()}),
    ),
    Case("bundle_too_large", "error", (ONEROSTER, None, None), bundle(bytes(BUNDLE_LIMIT + 1)), bundle(oneroster())),
    Case("bundle_unknown", "error", (ONEROSTER, None, None), bundle({"a.csv": ""}), bundle(oneroster())),
    Case(
        "bundle_file_missing",
        "error",
        ("users.csv", None, None),
        bundle({name: text for name, text in oneroster().items() if name != "users.csv"}),
        bundle(oneroster()),
    ),
    Case(
        "bundle_column_missing",
        "error",
        ("users.csv", 1, "sourcedId"),
        bundle({**oneroster(), "users.csv": "id,role,username\n"}),
        bundle({**oneroster(), "users.csv": "Sourced ID,role,username\n"}),
    ),
    Case(
        "bundle_is_delta",
        "error",
        ("users.csv", None, None),
        bundle({**oneroster(), "manifest.csv": "propertyName,value\nfile.users,delta\n"}),
        bundle({**oneroster(), "manifest.csv": "propertyName,value\nfile.users,bulk\n"}),
    ),
    Case(
        "quote_never_closed",
        "error",
        ("users.csv", 2, None),
        bundle(oneroster(users=('s1,student,"harry', "s2,student,ron"))),
        bundle(oneroster(users=('s1,student,"har', 'ry"'))),
    ),
    # Errors of a row
    Case("quote_unbalanced", "error", (STUDENTS, 3, "username"), students('"Ron,A'), students('R"on,A"')),
    Case("field_count", "error", (STUDENTS, 3, None), students("Ron,A,B"), students("Ron,A,,")),
    Case("username_empty", "error", (STUDENTS, 3, "username"), students("@a.org,A"), students("R@a.org,A")),
    Case("class_empty", "error", (STUDENTS, 3, "class"), students('Ron,"" '.strip()), students("Ron,0")),
    Case(
        "username_invalid_characters",
        "error",
        (STUDENTS, 3, "username"),
        students("R\x7fn,A"),
        students("\tRon\x85,A"),
    ),
    Case(
        "class_invalid_characters", "error", (STUDENTS, 3, "class"), students("Ron,A\u2028B"), students("Ron,A\u2003B")
    ),
    Case(
        "username_too_long",
        "error",
        (STUDENTS, 3, "username"),
        students(f"{LONG_USERNAME}u,A"),
        students(f"{LONG_USERNAME},A"),
    ),
    Case("class_too_long", "error", (STUDENTS, 3, "class"), students(f"R,{LONG_CLASS}c"), students(f"R,{LONG_CLASS}")),
    Case("username_wildcard", "error", (STUDENTS, 3, "username"), students("!Ron,A"), students("Ron!,A*")),
    Case("class_reserved", "error", (STUDENTS, 3, "class"), students("R,SOUND  muted"), students("R,SoundMuted")),
    Case(
        "username_not_email",
        "error",
        (STUDENTS, 3, "username"),
        students("Ron,A", settings=EMAIL),
        students("Ron,A", settings=DOMAIN),
    ),
    Case("reserved_row_repeated", "error", (STUDENTS, 3, None), students("version,1"), students("version,2")),
    Case("value_destroyed", "error", (STUDENTS, 3, "class"), students("R,#N/A"), students("R,7E2")),
    Case("username_placeholder", "error", (STUDENTS, 3, "username"), students("(null),A"), students("nullen,A")),
    Case("username_collision", "error", (STUDENTS, 3, "username"), students(*BOTH_NAMES), students("H,A", "H@a.org,A")),
    Case(
        "user_unknown",
        "error",
        ("enrollments.csv", 2, None),
        bundle(oneroster(enrollments=("c1,s9,student,,",))),
        bundle(oneroster()),
    ),
    Case(
        "section_unknown",
        "error",
        ("enrollments.csv", 2, None),
        bundle(oneroster(enrollments=("c9,s1,student,,",))),
        bundle(oneroster()),
    ),
    Case(
        "student_teaches",
        "error",
        ("enrollments.csv", 2, None),
        bundle(oneroster(enrollments=("c1,s1,teacher,,",))),
        bundle(oneroster(enrollments=("c1,s1,aide,,",))),
    ),
    # Warnings
    Case(
        "utf16_decoded",
        "warning",
        (STUDENTS, None, None),
        file(csv("Ron,A").decode().encode("utf-16")),
        file(csv("Ron,A").decode().encode("utf-8-sig")),
    ),
    Case("delimiter_not_comma", "warning", (STUDENTS, 1, None), file(csv().replace(b",", b";")), file(csv("R,A;B"))),
    Case("separator_line_skipped", "warning", (STUDENTS, 1, None), file(b"sep=,\n" + csv()), file(csv("sep=,A"))),
    Case("row_duplicate", "warning", (STUDENTS, 4, None), students("R,A", '"r",a'), both(("R,A",), ("R,A",))),
    Case(
        "username_spelling_differs",
        "warning",
        (STUDENTS, 3, "username"),
        both(("Ron,A",), ("RON,A",)),
        both(("Ron,A",), ("Rön,A",)),
    ),
    Case("class_spelling_differs", "warning", (STUDENTS, 4, "class"), students("R,A", "S,a"), students("R,A", 'S,"A"')),
    Case("whitespace_trimmed", "warning", (STUDENTS, 3, "class"), students("Ron,A "), students("Ron,A B")),
    Case(
        "invisible_characters_removed",
        "warning",
        (STUDENTS, 3, "username"),
        students("R\u200bon,A"),
        students("R\u0301on,A"),
    ),
    Case("text_mark_removed", "warning", (STUDENTS, 3, "username"), students("'007,A"), students("'007',A")),
    Case("class_without_students", "warning", (TEACHERS, 3, "class"), both((), ("S,A",)), both(("R,a",), ("S,A",))),
    Case(
        "teacher_is_student", "warning", (TEACHERS, 4, "username"), both(("R,A",), ("S,A", "r,A")), both((), ("S,A",))
    ),
    Case(
        "all_groups_user_unknown",
        "warning",
        ("settings.json", None, None),
        both(("Minerva,A",), (), Settings(all_groups_users=("Minerva",))),
        both((), ("Minerva,A",), Settings(all_groups_users=("MINERVA",))),
    ),
    Case("group_shrank", "warning", (STUDENTS, None, None), after(TEN, TEN[:4]), after(TEN, TEN[:5])),
    Case(
        "partner_is_old",
        "warning",
        (TEACHERS, None, None),
        apart(timedelta(days=7, seconds=1)),
        apart(timedelta(days=7)),
    ),
    Case("removals_kept", "warning", (STUDENTS, 3, None), after(("R,A",), ("R,",)), after(("R,A",), ("*,A",))),
    Case("kept_ended", "warning", (None, None, None), ended("S,B"), ended("R,A")),
    Case(
        "removals_off",
        "warning",
        ("settings.json", None, None),
        after(("R,A",), ("S,A",), Settings(removals="keep")),
        after(("R,A",), ("S,A", "R,A"), Settings(removals="keep")),
    ),
    Case(
        "date_unreadable",
        "warning",
        ("enrollments.csv", 2, None),
        bundle(oneroster(enrollments=("c1,s1,student,soon,",))),
        bundle(oneroster(enrollments=("c1,s1,student,9/1/2026,",))),
    ),
    Case(
        "record_repeated",
        "warning",
        ("users.csv", 3, None),
        bundle(oneroster(users=("s1,student,harry", "s1,student,ron"))),
        bundle(oneroster(users=("s1,student,harry", "S1,student,ron"))),
    ),
    Case("term_ended", "warning", (ONEROSTER, None, None), a_day_later("2026-09-14"), a_day_later("2026-09-15")),
    # Warnings about values that are hardly meant
    Case("looks_like_date", "warning", (STUDENTS, 3, "class"), students("R,10-Jan"), students("R,10-1")),
    Case("looks_garbled", "warning", (STUDENTS, 3, "username"), students("Zo\u00c3\u00ab,A"), students("Zo\u00eb,A")),
    Case("stray_quotes", "warning", (STUDENTS, 3, "class"), students("R,“A”"), students("R,A’s")),
    Case("several_values", "warning", (STUDENTS, 3, "class"), students("R,A;B", "S,A"), students("R,A;B", "S,C")),
    Case("looks_alike", "warning", (STUDENTS, 4, "username"), students("R1,A", "RI,A"), students("R1,A", "R2,A")),
    Case(
        "domain_prefix", "warning", (STUDENTS, 3, "username"), students("D\\r,A", "s,A"), students("D\\r,A", "D\\s,A")
    ),
    Case("comment_line", "warning", (STUDENTS, 3, "username"), students("# R,A"), students("R #,A")),
    Case("placeholder_class", "warning", (STUDENTS, 3, "class"), students("R,NULL"), students("R,Nullen")),
    # Information
    Case("bundle_read", "info", (ONEROSTER, None, None), bundle(oneroster()), students("R,A")),
    Case(
        "records_left_out",
        "info",
        ("enrollments.csv", None, None),
        bundle(oneroster(enrollments=("c1,s1,parent,,",))),
        bundle(oneroster()),
    ),
    Case(
        "class_name_shared",
        "info",
        ("classes.csv", 2, "class"),
        bundle(oneroster(classes=("c1,Art,,,", "c2,art,,,"))),
        bundle(oneroster(classes=("c1,Art,,,", "c2,Art 2,,,"))),
    ),
    Case("email_shortened", "info", (STUDENTS, 3, "username"), students("R@a,A"), students("R@a,A", settings=EMAIL)),
    Case("blank_rows", "info", (STUDENTS, 3, None), students('"",\u200b,'), students("0,0")),
    Case("class_without_teacher", "info", (STUDENTS, 3, "class"), students("R,A"), both(("R,A",), ("S,a",))),
    Case("console_taken_away", "info", (TEACHERS, None, None), barred("s"), barred("r")),
    Case("no_change", "info", (None, None, None), after(("R,A",), ('"R", A',)), after(("R,A",), ("r,A",))),
]


def notices(made: Plan | list[Notice]) -> list[Notice]:
    return made if isinstance(made, list) else made.notices.listed()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_should_tell_it_where_it_is_so_and_not_where_it_is_not(case: Case) -> None:
    first = next(notice for notice in notices(case.told()) if notice.code == case.code)
    assert (first.severity, first.file, first.row, first.column) == (case.severity, *case.place)
    assert case.code not in {notice.code for notice in notices(case.not_told())}


def test_should_have_a_case_for_every_notice_there_is() -> None:
    assert [case.code for case in CASES] == [notice.code for notice in catalogue()]


@pytest.mark.parametrize("file", [STUDENTS, TEACHERS])
@pytest.mark.parametrize(
    "row",
    ['"Ron,A', "Ron", ",A", "Ron,", "R\x01,A", "Ron,\x01", "u" * 255 + ",A", "R," + "c" * 201, "*,A", "R,sound muted"],
)
def test_should_refuse_a_row_alike_in_both_files(file: str, row: str) -> None:
    sound = {STUDENTS: [f"pupil.{n},Potions" for n in range(30)], TEACHERS: [f"teacher.{n},Potions" for n in range(19)]}
    sound[file].insert(0, row)
    files = pair(sound[STUDENTS], sound[TEACHERS])
    made = plan(files[STUDENTS], files[TEACHERS])
    (notice,) = (notice for notice in made.notices.listed() if notice.severity == "error")
    assert (notice.file, notice.row) == (file, 3)
    assert made.counts["rows_rejected"] == 1
    assert made.outcome == "ok_with_warnings"


@pytest.mark.parametrize("notice", catalogue(), ids=lambda notice: notice.code)
def test_should_say_what_happened_and_what_to_do_in_a_sentence(notice: type[Notice]) -> None:
    advice = notice().advice
    assert re.fullmatch(r"[A-Z][^\n]{30,160}\.", advice)
    # What is mere information asks nothing of anybody.
    assert ":" in advice or notice.severity == "info"


def test_should_have_codes_that_can_be_searched_for() -> None:
    codes = [notice.code for notice in catalogue()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", code) for code in codes)


def test_should_carry_places_and_never_values() -> None:
    made = plan(csv("Zaphod@x,Zaphod", "Zaphod@y,Zaphod", '"Zaphod,', "Zaphod", "ford , Ford"), csv("Zaphod,Zaphod "))
    assert len(made.notices.listed()) > 6
    assert not re.search("zaphod|ford", str([notice.as_dict() for notice in made.notices.listed()]), re.IGNORECASE)


@pytest.mark.parametrize("wrong", [{"fact": 3}, {"facts": 3, "rows": 4}, {"severity": "info"}, {"code": "x"}])
def test_should_refuse_a_field_that_it_does_not_have(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        KeptEnded(STUDENTS, **wrong)


@pytest.mark.parametrize("notice", catalogue(), ids=lambda notice: notice.code)
def test_should_take_each_field_that_it_declares_by_name(notice: type[Notice]) -> None:
    declared = {
        name: "so" if kind == "str" else 7
        for base in notice.__mro__[:-1]
        for name, kind in base.__annotations__.items()
        if base is not Notice and not kind.startswith("ClassVar")
    }
    made = notice(STUDENTS, 3, "class", **declared)
    assert made.details == declared
    assert made.as_dict() == {
        "code": notice.code,
        "severity": notice.severity,
        "file": STUDENTS,
        "row": 3,
        "column": "class",
        **declared,
    }


def test_should_be_equal_when_of_one_kind_and_alike_and_never_change() -> None:
    assert FieldCount(STUDENTS, 3) == FieldCount(STUDENTS, 3)
    assert FieldCount(STUDENTS, 3) != FieldCount(STUDENTS, 3, seems_separated_by="tab")
    made: set[Notice] = {RowDuplicate(STUDENTS, 3), RowDuplicate(STUDENTS, 3), RowDuplicate(STUDENTS, 4)}
    assert len(made | {UsernameEmpty(STUDENTS, 3)}) == 3
    with pytest.raises(AttributeError):
        RowDuplicate(STUDENTS, 3).row = 4  # type: ignore[misc]


# The list of findings


def test_should_count_everything_and_list_every_finding_that_is_rare() -> None:
    collected = Notices()
    for row in range(Notices.LISTED):
        collected.add(RowDuplicate(STUDENTS, row + 3))
    assert not collected.truncated
    collected.add(UsernameEmpty(TEACHERS, 3))
    collected.add(UsernameEmpty(STUDENTS, 9))
    collected.add(TeacherIsStudent(TEACHERS, 4))
    assert collected.truncated
    assert collected.totals == {"row_duplicate": Notices.LISTED, "username_empty": 2, "teacher_is_student": 1}
    assert collected.severities == {"error": 2, "warning": Notices.LISTED + 1}
    listed = collected.listed()
    assert len(listed) == Notices.LISTED
    assert [notice.file for notice in listed if notice.code == "username_empty"] == [STUDENTS, TEACHERS]
    assert [notice.row for notice in listed if notice.code == "teacher_is_student"] == [4]


KINDS = catalogue()[:8]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 50)), max_size=30))
def test_should_share_the_list_fairly_between_the_codes(added: list[tuple[type[Notice], int]]) -> None:
    with patch.object(Notices, "LISTED", 60):
        collected = Notices()
        for kind, number in added:
            for row in range(number):
                collected.add(kind(STUDENTS, row))
        listed = Counter(notice.code for notice in collected.listed())
        everything = collected.totals.total()
        assert everything == sum(number for _, number in added)
        assert listed.total() == min(everything, 60)
        assert collected.truncated == (everything > 60)
        assert sum(map(len, collected._kept.values())) <= 2 * 60 + 1
    # A code that has not all of its own has as many as any other, but for the one that is left over.
    most = max(listed.values(), default=0)
    assert all(listed[code] >= most - 1 for code, total in collected.totals.items() if listed[code] < total)


def test_should_list_by_file_and_row_and_the_worst_of_a_row_first() -> None:
    made = plan(csv(" R,", " R,A", "R,a"), csv(",", "@x.org,B", "S,A"))
    assert [(notice.file, notice.row, notice.code) for notice in made.notices.listed()] == [
        (STUDENTS, 3, "class_empty"),
        (STUDENTS, 4, "whitespace_trimmed"),
        (STUDENTS, 5, "class_spelling_differs"),
        (STUDENTS, 5, "row_duplicate"),
        (TEACHERS, 3, "blank_rows"),
        (TEACHERS, 4, "username_empty"),
    ]
