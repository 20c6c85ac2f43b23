"""Exports of other products, small ones with each quirk: what is read, what is told and where, what is left out."""

from datetime import date
from typing import Any

import pytest

from roster.encode import lines
from roster.notices import STUDENTS, TEACHERS
from roster.plan import Base, Plan
from roster.settings import ClassChoices, ExtraTeacher, Settings
from roster_pages.wording import held_text
from tests.unit.sources.bundles import clever, codes, groups, oneroster, plan, rights, sample, table

SEED_GROUPS = {"Transfiguration": {"harry", "ron"}, "Charms": {"harry"}}
SEED_RIGHTS = {"minerva": {"Transfiguration"}}


def places(made: Plan, code: str) -> list[tuple[str | None, int | None]]:
    return [(notice.file, notice.row) for notice in made.notices.listed() if notice.code == code]


def after(first: Plan, files: dict[str, str], **options: Any) -> Plan:
    """The plan of a night after a first bundle was published."""
    packed = first.snapshot
    assert packed
    base = Base(packed.blob.content_sha256, first.counts, lambda: lines(packed.data, packed.blob), version=1)
    return plan(files, base=base, memory=first.memory, **options)


@pytest.mark.parametrize("files", [oneroster(), clever()], ids=["oneroster", "clever"])
def test_should_make_the_same_roster_of_every_product(files: dict[str, str]) -> None:
    made = plan(files)
    assert (groups(made), rights(made)) == (SEED_GROUPS, SEED_RIGHTS)
    assert made.outcome == "ok"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_should_read_any_line_end_and_a_byte_order_mark(end: str, mark: str) -> None:
    files = {name: mark + text.replace("\r\n", end) for name, text in oneroster().items()}
    assert groups(plan(files)) == SEED_GROUPS


def test_should_read_utf16_and_semicolons_and_say_so() -> None:
    files: dict[str, str | bytes] = dict(oneroster())
    files["users.csv"] = oneroster()["users.csv"].replace(",", ";").encode("utf-16")
    made = plan(files)
    assert groups(made) == SEED_GROUPS
    assert codes(made) == {"bundle_read": 1, "utf16_decoded": 1, "delimiter_not_comma": 1, "class_without_teacher": 1}


def test_should_read_columns_by_name_in_any_order_and_case_and_ignore_others() -> None:
    files = oneroster()
    files["users.csv"] = table(
        "Password,USER_NAME,sourcedid,middle Name,Role", *("x,minerva,t1,,teacher", "x,harry,s1,,", "x,ron,s2,,Student")
    ).replace("USER_NAME", "userName")
    assert groups(plan(files)) == SEED_GROUPS


def test_should_read_roles_that_stand_in_a_file_of_their_own_by_their_dates() -> None:
    files = oneroster(users=("t1,,minerva", "s1,,harry", "s2,,ron"))
    files["roles.csv"] = table(
        "sourcedId,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId",
        *("1,t1,primary,student,2010-09-01,2016-07-31,north", "2,t1,primary,teacher,2024-09-01,,north"),
        *("3,s1,primary,student,2024-09-01,,north", "4,s2,primary,student,2024-09-01,,north"),
    )
    files["enrollments.csv"] += "c2,s2,teacher,,\r\n"
    made = plan(files)
    assert rights(made) == SEED_RIGHTS
    assert places(made, "student_teaches") == [("enrollments.csv", 6)]
    assert not codes(plan(files, on=date(2015, 9, 14), all_dates=True)).get("user_unknown")
    # Whose teacher's role had not begun is a student.
    assert rights(plan(oneroster() | {"roles.csv": files["roles.csv"]}, on=date(2026, 9, 14))) == SEED_RIGHTS


def test_should_leave_out_whose_roles_are_all_over() -> None:
    files = oneroster(users=("t1,,minerva", "s1,,harry", "s2,,ron"))
    files["roles.csv"] = table(
        "userSourcedId,role,beginDate,endDate",
        "t1,teacher,2024-09-01,2026-08-31",
        "s1,student,2024-09-01,",
        "s2,student,,",
    )
    made = plan(files)
    assert (groups(made), rights(made)) == (SEED_GROUPS, {})
    assert made.look_again_at
    assert rights(plan(files, all_dates=True)) == SEED_RIGHTS


def test_should_read_a_school_without_any_teacher_or_student() -> None:
    nobody_teaches = plan(clever(sections=("n,c1,,,Transfiguration,A1", "n,c2,,,Charms,B1")))
    assert (groups(nobody_teaches), rights(nobody_teaches)) == (SEED_GROUPS, {})
    assert plan(oneroster(enrollments=())).counts["rows_read"] == 0


def test_should_call_each_file_by_what_it_would_have_had() -> None:
    files = sample("ms-sds-v1-100")
    assert {reason.file for reason in plan(files, on=date(2026, 9, 14)).held} == {
        "StudentEnrollment.csv (students)",
        "TeacherRoster.csv (teachers)",
    }
    nobody = plan(files | {"StudentEnrollment.csv": "Section SIS ID,SIS ID\n"}, all_dates=True)
    assert {reason.file for reason in nobody.held if reason.file} == {"StudentEnrollment.csv (students)"}


def test_should_give_nobody_the_console_who_is_a_student_by_role() -> None:
    made = plan(oneroster(enrollments=("c1,s1,teacher,,", "c1,s2,student,,")))
    assert rights(made) == {}
    assert places(made, "student_teaches") == [("enrollments.csv", 2)]


def test_should_count_what_it_leaves_out() -> None:
    files = oneroster(enrollments=("c1,t1,teacher,,", "c1,s1,student,,", "c1,s1,student,,", "c1,s2,guardian,,"))
    made = plan(files)
    assert groups(made) == {"Transfiguration": {"harry"}}
    left = {n.details["why"]: n.details["records"] for n in made.notices.listed() if n.code == "records_left_out"}
    assert left == {"said before": 1, "of another role": 1}


def test_should_read_one_section_a_hundred_times() -> None:
    files = oneroster(enrollments=[f"c1,s1,student,{year}-08-01,{year + 1}-07-31" for year in range(1950, 2050)])
    assert groups(plan(files)) == {"Transfiguration": {"harry"}}


@pytest.mark.parametrize(
    "id_", ['"a,b"', '"a ""b"" c"', "ünïcode", "{c-1}", "=1+1", "'1", '"two\r\nlines"', "a\u2028b"]
)
def test_should_join_by_ids_of_any_character(id_: str) -> None:
    files = oneroster(
        users=(f"{id_},student,harry",), classes=(f"{id_},Potions,,,",), enrollments=(f"{id_},{id_},student,,",)
    )
    assert groups(plan(files)) == {"Potions": {"harry"}}


def test_should_number_a_record_by_its_first_line() -> None:
    files = oneroster(
        users=('s1,student,"har\r\nry"', "s2,student,", "s3,student,luna"),
        enrollments=("c1,s1,student,,", '"c1",s2,student,,', "c1,s3,student,,"),
    )
    made = plan(files)
    assert groups(made) == {"Transfiguration": {"luna"}}
    assert places(made, "username_invalid_characters") == [("users.csv", 2)]
    assert places(made, "username_empty") == [("users.csv", 4)]


def test_should_tell_once_of_a_record_that_many_rows_are_about() -> None:
    files = oneroster(users=("s1,student,a*",), enrollments=("c1,s1,student,,", "c2,s1,student,,", "c1,s1,teacher,,"))
    made = plan(files)
    assert codes(made)["username_wildcard"] == 1
    assert made.shown["users.csv", 2] == "s1"


@pytest.mark.parametrize(
    ("row", "code", "place"),
    [
        ("c1,nobody,student,,", "user_unknown", ("enrollments.csv", 2)),
        ("nowhere,s1,student,,", "section_unknown", ("enrollments.csv", 2)),
        ("c1,s1", "field_count", ("enrollments.csv", 2)),
        ('c1,"s1"x,student,,', "quote_unbalanced", ("enrollments.csv", 2)),
        ("c1,s1,student,soon,", "date_unreadable", ("enrollments.csv", 2)),
    ],
)
def test_should_tell_of_a_bad_row_and_read_the_others(row: str, code: str, place: tuple[str, int]) -> None:
    made = plan(oneroster(enrollments=(row, "c1,s2,student,,")))
    assert "ron" in groups(made)["Transfiguration"]
    assert places(made, code) == [place]


def test_should_keep_what_is_published_of_somebody_who_cannot_be_named_any_more() -> None:
    first = plan(oneroster())
    nameless = after(first, oneroster(users=("t1,teacher,minerva", "s1,student,", "s2,student,ron")))
    assert groups(nameless) == SEED_GROUPS
    assert {(fact.file, fact.username) for fact in nameless.kept} == {(STUDENTS, "harry")}
    gone = after(first, oneroster(users=("s1,student,harry", "s2,student,ron")))
    assert rights(gone) == SEED_RIGHTS
    assert {(fact.file, fact.username) for fact in gone.kept} == {(TEACHERS, "minerva")}
    assert [(row.file, row.row) for row in gone.kept_rows] == [("enrollments.csv", 2)]


def test_should_remove_who_is_no_longer_enrolled_and_keep_nothing() -> None:
    first = plan(oneroster())
    made = after(first, oneroster(enrollments=("c1,t1,teacher,,", "c1,s1,student,,", "c2,s1,student,,")))
    assert groups(made) == {"Transfiguration": {"harry"}, "Charms": {"harry"}}
    assert made.kept == []


@pytest.mark.parametrize(
    ("username_from", "expected"),
    [
        ("username", "harry"),
        ("email", "h.potter"),
        ("email_local", "h.potter"),
        ("number", "0042"),
        ("id", "s1"),
    ],
)
def test_should_take_the_username_from_where_the_settings_say(username_from: Any, expected: str) -> None:
    files = oneroster(enrollments=("c1,s1,student,,",))
    files["users.csv"] = table("sourcedId,username,email,identifier,role", "s1,harry,h.potter@x.org,0042,student")
    assert groups(plan(files, Settings(username_from=username_from))) == {"Transfiguration": {expected}}


@pytest.mark.parametrize("wanted", ["north", "North School", "NORTH SCHOOL"])
def test_should_read_only_the_schools_that_the_settings_name(wanted: str) -> None:
    files = oneroster(classes=("c1,Transfiguration,A1,north,term", "c2,Charms,B1,south,term"))
    assert groups(plan(files, Settings(schools=(wanted,)))) == {"Transfiguration": {"harry", "ron"}}


def test_should_read_somebody_with_two_schools_as_one_user() -> None:
    files = clever(
        students=("n,s1,harry", "s,s1,harry"),
        sections=("n,c1,t1,,Potions,1", "s,c2,t1,,Flying,2"),
        enrollments=("n,c1,s1", "s,c2,s1"),
    )
    made = plan(files, Settings(import_from="clever"))
    assert groups(made) == {"Potions": {"harry"}, "Flying": {"harry"}}
    assert not places(made, "record_repeated")


def test_should_not_take_a_teacher_for_the_student_of_the_same_id() -> None:
    files = clever(
        students=("n,1,harry",), teachers=("n,1,minerva",), sections=("n,c1,1,,Potions,1",), enrollments=("n,c1,1",)
    )
    made = plan(files)
    assert (groups(made), rights(made)) == ({"Potions": {"harry"}}, {"minerva": {"Potions"}})


def test_should_read_up_to_ten_teachers_of_a_section() -> None:
    files = clever(teachers=[f"n,t{n},teacher{n}" for n in range(1, 11)])
    columns = ",".join(["Teacher_id", *(f"Teacher_{n}_id" for n in range(2, 11))])
    files["sections.csv"] = table(
        f"Section_id,Name,{columns}", "c1,Potions," + ",".join(f"t{n}" for n in range(1, 11)), "c2,Charms,,,,,,,,,,"
    )
    assert set(rights(plan(files))) == {f"teacher{n}" for n in range(1, 11)}


def test_should_give_the_console_to_the_roles_that_the_settings_name() -> None:
    files = oneroster(
        users=("a1,aide,filch", "p1,administrator,albus", "s1,student,harry"),
        enrollments=("c1,a1,aide,,", "c1,p1,administrator,,", "c1,s1,student,,"),
    )
    assert rights(plan(files)) == {}
    assert set(rights(plan(files, Settings(roles=("teacher", "aide"))))) == {"filch"}
    assert set(rights(plan(files, Settings(roles=("teacher", "aide", "administrator"))))) == {"filch", "albus"}


def test_should_include_exclude_and_rename_classes() -> None:
    titles = ("Maths 7a", "Maths 7b", "Tutor 7a", "Assembly")
    files = oneroster(
        classes=[f"c{n},{title},,," for n, title in enumerate(titles)],
        enrollments=[f"c{n},s1,student,," for n in range(len(titles))],
    )
    choices = ClassChoices(("maths *", "Tutor*"), ("* 7b",), (("Maths *", "Mathematics *"), ("Tutor 7a", "7a")))
    assert set(groups(plan(files, Settings(classes=choices)))) == {"Mathematics 7a", "7a"}
    assert set(groups(plan(files, Settings(classes=ClassChoices(exclude=("Assembly",)))))) == set(titles) - {"Assembly"}


def test_should_name_classes_by_the_template() -> None:
    assert set(groups(plan(oneroster(), Settings(class_name="{school}: {title} {code}")))) == {
        "North School: Transfiguration A1",
        "North School: Charms B1",
    }


def test_should_add_and_leave_out_the_people_whom_the_settings_name() -> None:
    extra = (
        ExtraTeacher("pomona", ("Charms", "Herbology")),
        ExtraTeacher("argus", all_groups=True, until="2026-09-14"),
    )
    settings = Settings(extra_teachers=extra, exclude_users=("Ron", "minerva"))
    made = plan(oneroster(), settings)
    assert groups(made) == {"Transfiguration": {"harry"}, "Charms": {"harry"}}
    assert rights(made) == {"pomona": {"Charms", "Herbology"}, "argus": set()}
    assert made.roster
    assert [right.all_groups for right in made.roster.rights] == [True, False]
    assert set(rights(plan(oneroster(), settings, on=date(2026, 9, 15)))) == {"pomona"}
    assert made.look_again_at == "2026-09-15T00:00:00+00:00"


# Days


def test_should_read_only_what_counts_on_the_day() -> None:
    spans = ("c1,s1,student,2026-09-14,2026-09-20", "c1,s2,student,2026-09-01,2026-09-13", "c2,s2,student,2026-09-15,")
    files = oneroster(enrollments=spans)
    assert groups(plan(files)) == {"Transfiguration": {"harry"}}
    assert groups(plan(files, Settings(days_before=1))) == {"Transfiguration": {"harry"}, "Charms": {"ron"}}
    assert groups(plan(files, Settings(days_after=1))) == {"Transfiguration": {"harry", "ron"}}
    assert groups(plan(files, all_dates=True)) == {"Transfiguration": {"harry", "ron"}, "Charms": {"ron"}}


def test_should_know_the_day_at_the_site() -> None:
    files = oneroster(enrollments=("c1,s1,student,2026-09-14,2026-09-20",))
    assert groups(plan(files, Settings(time_zone="Europe/London")))
    evening = plan(files, Settings(time_zone="America/Los_Angeles"))  # it is the 13th there, eleven at night
    assert groups(evening) == {}
    assert evening.look_again_at == "2026-09-14T07:00:00+00:00"


def test_should_say_when_the_same_bundle_says_something_else() -> None:
    assert plan(oneroster()).look_again_at == "2026-12-19T00:00:00+00:00"
    assert plan(oneroster(terms=())).look_again_at == ""
    assert plan(oneroster(), all_dates=True).look_again_at == ""


def test_should_say_that_a_term_ended_where_what_was_in_it_goes() -> None:
    classes = [f"c{n},Class {n},,,term" for n in range(10)]
    rows = [f"c{n},s1,student,," for n in range(10)]
    first = plan(oneroster(classes=classes, enrollments=rows))
    made = after(first, oneroster(classes=classes, enrollments=rows), on=date(2026, 12, 19))
    reasons = {reason.code: reason.ended for reason in made.held}
    assert reasons["groups_removed"] == ("Autumn",)
    words = [held_text(reason.as_dict()) for reason in made.held]
    assert any(text.endswith("The term Autumn ended since the import before") for text in words)
    assert any(text.startswith("enrollments.csv (students): none of its rows") for text in words)
    assert places(made, "term_ended") == [("oneroster.zip", None)]
