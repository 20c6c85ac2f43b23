"""Every guard: what it holds, and what it just does not. And that nothing switches them off."""

from datetime import UTC, datetime
from typing import Any

import pytest

from roster.guard import CODES, OF_A_SCHOOL_YEAR, Case, FileStated, Reason, Stated, Step, reasons
from roster.notices import STUDENTS, TEACHERS
from roster.plan import Known, Plan
from roster.settings import Limits, Settings, Threshold
from roster.settings_file import _LIMITS, from_dict
from tests.unit.roster.samples import base_of, plan, roster_of

USUAL = {"memberships": 1000, "teachers": 100, "groups": 50, "pairs": 200}


def case(
    *,
    first_import: bool = False,
    published: dict[str, int] | None = None,
    removed: dict[str, int] | None = None,
    file: dict[str, Any] | None = None,
    stated: dict[str, Any] | None = None,
    earlier: dict[str, Any] | None = None,
    site_new: str | None = None,
    review: bool = False,
    **before: Any,
) -> Case:
    """A case of an ordinary night, but for what is said."""
    usual = {
        "teachers": 100,
        "members": 500,
        "classes": 100,
        "unmatched": 0,
        "published_classes": 100,
        "published_unmatched": 0,
    }
    files = {name: FileStated(1000, 0, 0, published=True) for name in (STUDENTS, TEACHERS)}
    files[STUDENTS] = files[STUDENTS]._replace(**(file or {}))
    step = Step(published or USUAL, dict.fromkeys(USUAL, 0) | (removed or {}), stay=100)._replace(**before)
    usual_step: dict[str, Any] = {"since": 7, "removed": dict.fromkeys(USUAL, 0)}
    steps = step._replace(**usual_step | earlier) if earlier else None
    return Case(first_import, Stated(files=files, **usual | (stated or {})), step, steps, site_new, review)


def held(about: Case, limits: Limits | None = None) -> list[str]:
    return [reason.code for reason in reasons(about, limits or Limits())]


FEW = {"memberships": 60, "teachers": 9, "groups": 9, "pairs": 20}
ASKED = Limits(group_shrank=True)

# name, what just passes, what is just held
EDGES = [
    ("site_new", case(), case(site_new="lakeside")),
    (
        "students_as_teachers, users",
        case(stated={"teachers": 200}, students_given_console=4),
        case(stated={"teachers": 200}, students_given_console=5),
    ),
    (
        "students_as_teachers, more users than the limit",
        case(stated={"teachers": 500}),
        case(stated={"teachers": 500}, students_given_console=6),
    ),
    (
        "students_as_teachers, share",
        case(stated={"teachers": 61}, students_given_console=3),
        case(stated={"teachers": 60}, students_given_console=3),
    ),
    (
        "students_as_teachers, one helper of twelve",
        case(stated={"teachers": 12}, students_given_console=1),
        case(stated={"teachers": 12}, students_given_console=2),
    ),
    (
        "teachers_outnumber_students, twenty",
        case(stated={"teachers": 19, "members": 2}),
        case(stated={"teachers": 20, "members": 2}),
    ),
    (
        "teachers_outnumber_students, more",
        case(stated={"teachers": 60, "members": 60}),
        case(stated={"teachers": 61, "members": 60}),
    ),
    ("file_has_no_rows", case(file={"valid": 1}), case(file={"valid": 0})),
    ("rows_rejected", case(file={"valid": 950, "new_bad": 50}), case(file={"valid": 949, "new_bad": 51})),
    ("rows_repeated, twenty", case(file={"valid": 19, "repeated": 18}), case(file={"valid": 20, "repeated": 18})),
    ("rows_repeated, half", case(file={"valid": 40, "repeated": 20}), case(file={"valid": 40, "repeated": 21})),
    ("file_may_be_cut", case(file={"cut": True}), case(file={"cut": True}, removed={"memberships": 1})),
    ("removals_unclear", case(), case(file={"unclear": (3, 1, (7,))})),
    ("memberships_removed, share", case(removed={"memberships": 100}), case(removed={"memberships": 101})),
    (
        "memberships_removed, count",
        case(published=FEW, removed={"memberships": 25}),
        case(published=FEW, removed={"memberships": 26}),
    ),
    ("teachers_removed", case(removed={"teachers": 10}), case(removed={"teachers": 11})),
    ("groups_removed", case(removed={"groups": 10}), case(removed={"groups": 11})),
    (
        "half_removed",
        case(published={"memberships": 6, "teachers": 2, "groups": 3, "pairs": 2}, removed={"memberships": 3}),
        case(published={"memberships": 6, "teachers": 2, "groups": 3, "pairs": 2}, removed={"memberships": 4}),
    ),
    (
        "half_removed, five",
        case(published={"memberships": 4, "teachers": 2, "groups": 3, "pairs": 2}, removed={"memberships": 4}),
        case(published={"memberships": 5, "teachers": 2, "groups": 3, "pairs": 2}, removed={"memberships": 3}),
    ),
    ("teachers_added", case(teachers_added=25), case(teachers_added=26)),
    ("rights_changed", case(turned=15), case(turned=16)),
    ("rights_changed, count", case(turned=5, stay=20), case(turned=6, stay=20)),
    ("access_added", case(pairs_added=100), case(pairs_added=101)),
    ("access_added, count", case(published=FEW, pairs_added=50), case(published=FEW, pairs_added=51)),
    ("access_added, all groups", case(newly_all_groups=5), case(newly_all_groups=6)),
    (
        "access_added, all groups of few",
        case(stated={"teachers": 9}, newly_all_groups=2),
        case(stated={"teachers": 9}, newly_all_groups=3),
    ),
    ("memberships_added", case(memberships_added=500), case(memberships_added=501)),
    (
        "memberships_added, count",
        case(published=FEW, memberships_added=100),
        case(published=FEW, memberships_added=101),
    ),
    ("classes_unmatched", case(stated={"unmatched": 20}), case(stated={"unmatched": 21})),
    (
        "classes_unmatched, of a site that has them always",
        case(stated={"unmatched": 49, "published_unmatched": 40}),
        case(stated={"unmatched": 50, "published_unmatched": 40}),
    ),
    ("review", case(), case(review=True)),
]


@pytest.mark.parametrize(("name", "passes", "is_held"), EDGES, ids=[name for name, _, _ in EDGES])
def test_should_hold_beyond_the_limit_and_not_at_it(name: str, passes: Case, is_held: Case) -> None:
    assert held(passes) == []
    assert held(is_held) == [name.partition(",")[0]]


# What is told of those of EDGES that are held.
SAID = {
    "site_new": Reason("site_new", 0, 0, like="lakeside"),
    "students_as_teachers, users": Reason("students_as_teachers", 5, 200),
    "teachers_outnumber_students, more": Reason("teachers_outnumber_students", 61, 60),
    "file_has_no_rows": Reason("file_has_no_rows", 0, 0, STUDENTS),
    "rows_rejected": Reason("rows_rejected", 51, 1000, STUDENTS),
    "rows_repeated, half": Reason("rows_repeated", 21, 40, STUDENTS),
    "file_may_be_cut": Reason("file_may_be_cut", 0, 1000, STUDENTS),
    "removals_unclear": Reason("removals_unclear", 3, 1, STUDENTS, rows=(7,)),
    "memberships_removed, share": Reason("memberships_removed", 101, 1000),
    "teachers_removed": Reason("teachers_removed", 11, 100),
    "groups_removed": Reason("groups_removed", 11, 50),
    "half_removed": Reason("half_removed", 4, 6, what="memberships"),
    "teachers_added": Reason("teachers_added", 26, 100),
    "rights_changed": Reason("rights_changed", 16, 100),
    "access_added": Reason("access_added", 101, 200, what="pairs"),
    "access_added, all groups": Reason("access_added", 6, 100, what="all groups"),
    "memberships_added": Reason("memberships_added", 501, 1000),
    "classes_unmatched": Reason("classes_unmatched", 21, 100),
    "review": Reason("review", 0, 0),
}


@pytest.mark.parametrize("name", SAID)
def test_should_say_how_many_of_how_many_and_where(name: str) -> None:
    (about,) = (is_held for edge, _, is_held in EDGES if edge == name)
    assert reasons(about, Limits()) == [SAID[name]]


def test_should_have_said_it_for_every_guard() -> None:
    assert {name.partition(",")[0] for name in SAID} == set(CODES) - {"group_shrank"}


def test_should_tell_of_twenty_rows_at_the_most() -> None:
    many = Reason("removals_unclear", 90, 1, STUDENTS, rows=tuple(range(3, 93))).as_dict()
    assert many["rows"] == list(range(3, 23))


def test_should_take_what_a_case_does_not_say_for_nothing() -> None:
    assert held(Case(False, Stated(0, 1, 0, 0, {}), Step(USUAL, dict.fromkeys(USUAL, 0)))) == []
    assert set(Step(USUAL, USUAL)[2:-1]) == {0}
    assert Stated(0, 0, 0, 0, {})[5:] == (0, 0, False)
    assert FileStated(1, 0, 0, published=True)[4:] == (False, None)


def test_should_compare_the_share_of_unmatched_classes_and_not_their_number() -> None:
    """Ten points, exactly, where the version before had other classes."""
    grown = {"classes": 200, "published_classes": 50, "published_unmatched": 40}
    assert held(case(stated=grown | {"unmatched": 179})) == []
    assert held(case(stated=grown | {"unmatched": 180})) == ["classes_unmatched"]
    assert held(case(stated={"unmatched": 21, "published_classes": 0})) == ["classes_unmatched"]


@pytest.mark.parametrize(
    ("unmatched", "of", "is_held"), [(0, 0, False), (1, 1, True), (1, 2, False), (2, 2, True), (2, 3, True)]
)
def test_should_hold_a_first_import_where_more_than_half_of_few_classes_are_unmatched(
    unmatched: int, of: int, is_held: bool
) -> None:
    stated = {"classes": of, "unmatched": unmatched, "published_classes": 0}
    found = held(case(first_import=True, published=dict.fromkeys(USUAL, 0), stated=stated))
    assert found == (["classes_unmatched"] if is_held else [])


def test_should_count_the_share_of_pupils_among_teachers_to_the_last_one() -> None:
    limits = Limits(students_as_teachers=Threshold(9, 1))
    assert held(case(stated={"teachers": 401}, students_given_console=4), limits) == []
    assert held(case(stated={"teachers": 400}, students_given_console=4), limits) == ["students_as_teachers"]


def test_should_hold_a_group_that_shrank_only_where_the_site_asks_for_it() -> None:
    assert held(case(shrunk=1)) == []
    assert held(case(shrunk=1), ASKED) == ["group_shrank"]
    assert held(case(), ASKED) == []


def test_should_have_an_edge_for_every_guard() -> None:
    assert {name.partition(",")[0] for name, _, _ in EDGES} | {"group_shrank"} == set(CODES)


# limit, what a site sets it to, what just passes then, what is just held then
SET = [
    ("students_as_teachers", {"count": 8, "percent": 50}, {"students_given_console": 7}, {"students_given_console": 8}),
    ("students_as_teachers", {"count": 50, "percent": 9}, {"students_given_console": 8}, {"students_given_console": 9}),
    ("rows_rejected", {"percent": 2}, {"file": {"valid": 980, "new_bad": 20}}, {"file": {"valid": 979, "new_bad": 21}}),
    ("memberships_removed", {"percent": 0}, {"removed": {"memberships": 25}}, {"removed": {"memberships": 26}}),
    ("memberships_removed", {"count": 300}, {"removed": {"memberships": 300}}, {"removed": {"memberships": 301}}),
    ("teachers_removed", {"percent": 20}, {"removed": {"teachers": 20}}, {"removed": {"teachers": 21}}),
    ("groups_removed", {"count": 0, "percent": 0}, {}, {"removed": {"groups": 1}}),
    ("teachers_added", {"count": 40}, {"teachers_added": 40}, {"teachers_added": 41}),
    ("rights_changed", {"percent": 40}, {"turned": 40}, {"turned": 41}),
    ("access_added", {"count": 150}, {"pairs_added": 150}, {"pairs_added": 151}),
    ("memberships_added", {"percent": 80}, {"memberships_added": 800}, {"memberships_added": 801}),
    ("classes_unmatched", {"percent": 50}, {"stated": {"unmatched": 50}}, {"stated": {"unmatched": 51}}),
]


@pytest.mark.parametrize(("guard", "limit", "passes", "is_held"), SET)
def test_should_hold_beyond_the_limit_that_a_site_sets(
    guard: str, limit: dict[str, int], passes: dict[str, Any], is_held: dict[str, Any]
) -> None:
    limits = from_dict({"hold": {guard: limit}}).hold
    assert held(case(**passes), limits) == []
    assert held(case(**is_held), limits) == [guard]


def test_should_have_a_case_for_every_limit_there_is() -> None:
    assert {guard for guard, *_ in SET} == set(_LIMITS)


def test_should_hold_an_import_by_the_limits_of_its_site() -> None:
    rows = [f"pupil.{number},Class" for number in range(40)]
    staff = ["snape,Class"]
    strict = from_dict({"hold": {"memberships_removed": {"count": 2, "percent": 0}}})
    published = plan(rows, staff)
    assert plan(rows[3:], staff, base=published).held == ()
    assert plan(rows[2:], staff, strict, base=published).held == ()
    assert [reason.code for reason in plan(rows[3:], staff, strict, base=published).held] == ["memberships_removed"]


# A first import


NOTHING_PUBLISHED = dict.fromkeys(USUAL, 0)


@pytest.mark.parametrize(
    ("is_held", "code"),
    [
        ({"file": {"valid": 0, "new_bad": 9, "published": False}}, "file_has_no_rows"),
        ({"file": {"valid": 90, "new_bad": 10}}, "rows_rejected"),
        ({"file": {"valid": 90, "repeated": 60}}, "rows_repeated"),
        ({"students_given_console": 5}, "students_as_teachers"),
        ({"stated": {"teachers": 750, "members": 60}}, "teachers_outnumber_students"),
        ({"stated": {"unmatched": 51, "published_classes": 0}}, "classes_unmatched"),
        ({"site_new": ""}, "site_new"),
        ({"review": True}, "review"),
    ],
)
def test_should_look_at_a_sites_first_import_too(is_held: dict[str, Any], code: str) -> None:
    assert held(case(first_import=True, published=NOTHING_PUBLISHED, **is_held)) == [code]


def test_should_let_a_first_import_add_whom_it_likes() -> None:
    everything: dict[str, Any] = {
        "teachers_added": 900,
        "memberships_added": 10_000,
        "pairs_added": 9000,
        "newly_all_groups": 90,
    }
    stated = {"unmatched": 50, "published_classes": 0}
    first = case(first_import=True, published=NOTHING_PUBLISHED, stated=stated, **everything)
    assert held(first) == []


def test_should_take_an_empty_version_for_none() -> None:
    """Who approved an empty first import has nothing to lose by the real one."""
    pupils, staff = [f"pupil.{n},C{n % 9}" for n in range(300)], [f"teacher.{n},C{n % 9}" for n in range(30)]
    empty = plan([], [])
    assert [reason.code for reason in empty.held] == ["file_has_no_rows", "file_has_no_rows"]
    assert plan(pupils, staff, base=empty).held == ()


# Steps that are added up


def test_should_add_up_the_steps_since_an_earlier_version() -> None:
    small = case(removed={"memberships": 60}, earlier={"removed": dict.fromkeys(USUAL, 0) | {"memberships": 101}})
    assert reasons(small, Limits()) == [Reason("memberships_removed", 101, 1000, since=7)]


def test_should_tell_of_a_limit_once_where_one_step_alone_passes_it() -> None:
    large = case(teachers_added=26, earlier={"teachers_added": 40})
    assert reasons(large, Limits()) == [Reason("teachers_added", 26, 100)]


def test_should_hold_small_steps_that_come_to_much() -> None:
    pupils, staff = [f"pupil.{n},C{n % 9}" for n in range(900)], [f"teacher.{n},C{n % 9}" for n in range(30)]
    first = plan(pupils, staff)
    stands, left, steps = first, len(pupils), 0
    while left > 100:
        smaller = plan(pupils[: left - 60], staff, base=stands, known=Known(earlier=base_of(roster_of(first))))
        if smaller.held:
            break
        stands, left, steps = smaller, left - 60, steps + 1
    assert left == 840
    assert [(reason.code, reason.since) for reason in smaller.held] == [("memberships_removed", 1)]


def test_should_hold_pupils_who_get_the_console_four_at_a_time() -> None:
    pupils, staff = [f"pupil.{n},C{n % 9}" for n in range(900)], [f"teacher.{n},C{n % 9}" for n in range(150)]
    first = plan(pupils, staff)
    four = plan(pupils, staff + pupils[:4], base=first)
    assert four.held == ()
    eight = plan(pupils, staff + pupils[:8], base=four, known=Known(earlier=base_of(roster_of(first))))
    assert [reason.code for reason in eight.held] == ["students_as_teachers"]


# Who sees whom


SCHOOL = [f"pupil.{n},C{n % 60}" for n in range(600)]


def of_teachers(classes: list[str], users: list[str] | None = None) -> list[str]:
    users = users or [f"teacher.{n % 20:02}" for n in range(60)]
    return [f"{user},{class_}" for user, class_ in zip(users, classes, strict=True)]


CLASSES = [f"C{n}" for n in range(60)]
SEEN = of_teachers(CLASSES)


def codes(made: Plan) -> list[str]:
    return [reason.code for reason in made.held]


@pytest.mark.parametrize(
    "classes",
    [CLASSES[1:] + CLASSES[:1], sorted(CLASSES), CLASSES[::-1]],
    ids=["shifted by a row", "sorted alone", "turned around"],
)
def test_should_hold_a_column_of_classes_that_moved(classes: list[str]) -> None:
    made = plan(SCHOOL, of_teachers(classes), base=plan(SCHOOL, SEEN))
    assert "rights_changed" in codes(made)


def test_should_hold_where_everybody_would_see_everything() -> None:
    published = plan(SCHOOL, SEEN)
    everything = [f"teacher.{n:02},{class_}" for n in range(20) for class_ in CLASSES]
    assert "access_added" in codes(plan(SCHOOL, everything, base=published))
    everyone = Settings(all_groups_users=tuple(f"teacher.{n:02}" for n in range(20)))
    made = plan(SCHOOL, SEEN, everyone, base=published)
    assert [(reason.code, reason.number, reason.what) for reason in made.held] == [("access_added", 20, "all groups")]


def test_should_let_a_timetable_change_a_little() -> None:
    swapped = [*CLASSES[1::-1], *CLASSES[2:]]
    assert plan(SCHOOL, of_teachers(swapped), base=plan(SCHOOL, SEEN)).held == ()


def test_should_not_hold_a_site_that_was_let_through_with_more_teachers_than_students() -> None:
    pupils, staff = ["pupil,C"], [f"teacher.{n:02},C" for n in range(30)]
    first = plan(pupils, staff)
    assert codes(first) == ["teachers_outnumber_students"]
    assert plan([*pupils, "another,C"], staff, base=first).held == ()


# Swapped files


def test_should_say_what_was_counted_and_of_how_many() -> None:
    rejected = case(file={"valid": 940, "new_bad": 60})
    assert reasons(rejected, Limits()) == [Reason("rows_rejected", 60, 1000, STUDENTS)]


def test_should_say_what_more_than_half_of_would_go() -> None:
    few = {"memberships": 40, "teachers": 5, "groups": 9, "pairs": 9}
    assert reasons(case(published=few, removed={"teachers": 3}), Limits()) == [
        Reason("half_removed", 3, 5, what="teachers")
    ]


def test_should_hold_swapped_files_also_as_a_first_import() -> None:
    rows = [f"user.{number},Class" for number in range(8)]
    assert codes(plan(rows, [*rows, "Snape,Class"])) == ["students_as_teachers"]


def test_should_say_that_either_pair_may_be_the_swapped_one() -> None:
    pupils, staff = [f"pupil.{n},C{n % 3}" for n in range(90)], [f"teacher.{n},C{n % 3}" for n in range(9)]
    found = plan(staff, pupils, base=plan(pupils, staff)).held
    assert [reason.what for reason in found if reason.code == "students_as_teachers"] == ["either"]
    more = plan(pupils, staff + pupils[:5], base=plan(pupils, staff)).held
    assert [reason.what for reason in more if reason.code == "students_as_teachers"] == [None]


def test_should_let_teachers_who_have_the_console_already_stay_in_a_students_class() -> None:
    staff = [f"teacher.{number},Choir" for number in range(8)]
    published = plan([*staff, "Ron,Choir"], staff)
    assert published.outcome == "held"
    assert plan([*staff, "Ron,Choir", "Luna,Choir"], staff, base=published).held == ()


def test_should_hold_students_who_get_the_console_also_where_only_what_is_kept_names_them_as_students() -> None:
    pupils = [f"pupil.{number},Class" for number in range(5)]
    staff = [f"teacher.{number},Others" for number in range(200)]
    others = [f"other.{number},Others" for number in range(300)]
    published = plan([*pupils, *others], staff)
    given = [f"pupil.{number},Others" for number in range(5)]
    kept_by_a_setting = plan(others, [*staff, *given], Settings(removals="keep"), base=published)
    assert codes(kept_by_a_setting) == ["students_as_teachers"]
    kept_by_bad_rows = plan([*(f"{row},x" for row in pupils), *others], [*staff, *given], base=published)
    assert codes(kept_by_bad_rows) == ["students_as_teachers"]


# What nobody can switch off


def test_should_hold_the_loss_of_everything_whatever_the_settings_allow() -> None:
    widest = {guard: {part: bounds[1] for part, bounds in parts.items()} for guard, parts in _LIMITS.items()}
    limits = from_dict({"hold": widest}).hold
    for size in (5, 1000, 100_000):
        everything = dict.fromkeys(USUAL, size)
        emptied = case(published=everything, removed=everything, file={"valid": 0})
        assert {"file_has_no_rows", "half_removed"} <= set(held(emptied, limits))
    swapped = case(first_import=True, stated={"teachers": 1000, "members": 1000}, students_given_console=1000)
    assert held(swapped, limits) == ["students_as_teachers"]


# A new school year

SEPTEMBER = datetime(2026, 9, 1, 4, tzinfo=UTC)
STARTS = Settings(school_year_starts="2026-09-01")


def year(of: int) -> tuple[list[str], list[str]]:
    """Pupils who move up into the classes of those before them; every teacher has other classes than last year."""
    pupils = [f"{of - group:02}.{n},{group}{'ab'[n % 2]}" for group in range(7, 12) for n in range(40)]
    return pupils, [f"t{(n * 3 + of) % 10},{group}{half}" for n, (group, half) in enumerate(_forms())]


def _forms() -> list[tuple[int, str]]:
    return [(group, half) for group in range(7, 12) for half in "ab"]


def test_should_know_a_new_school_year_by_who_moves_up() -> None:
    made = plan(*year(26), base=plan(*year(25)))
    assert made.people is not None
    assert made.people[:3] == (160, 40, 40)
    assert made.people.new_school_year
    assert {"memberships_removed", "half_removed", "memberships_added"} <= set(codes(made))
    assert set(codes(made)) <= OF_A_SCHOOL_YEAR


def test_should_know_it_by_new_names_of_classes_too() -> None:
    pupils, staff = year(25)
    made = plan([f"{row}-26" for row in pupils], [f"{row}-26" for row in staff], base=plan(pupils, staff))
    assert made.people is not None
    assert made.people.new_school_year


def test_should_not_take_other_pupils_or_half_a_file_or_another_school_for_one() -> None:
    pupils, staff = year(25)
    for others in ([f"x{row}" for row in pupils], pupils[:90], [*pupils, *(f"x{row}-new" for row in pupils * 2)]):
        made = plan(others, staff, base=plan(pupils, staff))
        assert made.people is not None
        assert not made.people.new_school_year


def test_should_let_the_school_year_start_once_from_the_day_that_the_settings_say() -> None:
    published = plan(*year(25))
    before = plan(*year(26), STARTS, base=published, known=Known(now=datetime(2026, 8, 31, 23, tzinfo=UTC)))
    assert before.outcome == "held"
    started = plan(*year(26), STARTS, base=published, known=Known(now=SEPTEMBER))
    assert started.held == ()
    assert started.school_year == "2026-09-01"
    again = plan(*year(27), STARTS, base=started, known=Known(now=SEPTEMBER, school_year=started.school_year))
    assert again.outcome == "held"


def test_should_not_use_the_start_up_on_an_ordinary_night() -> None:
    pupils, staff = year(25)
    made = plan(pupils[1:], staff, STARTS, base=plan(pupils, staff), known=Known(now=SEPTEMBER))
    assert (made.held, made.school_year) == ((), "")


def test_should_hold_swapped_and_empty_files_on_that_day_too() -> None:
    published = plan(*year(25))
    pupils, staff = year(26)
    for files in ((staff, pupils), (pupils, []), ([], staff)):
        assert plan(*files, STARTS, base=published, known=Known(now=SEPTEMBER)).outcome == "held"


# Files whose end is missing


SCHOOL_OF_TEN = [f"pupil.{n},{n % 3 + 7}x/Ma{n % 12 + 1}" for n in range(144)]
STAFF_OF_TEN = [f"t{n},{n % 3 + 7}x/Ma{n % 12 + 1}" for n in range(12)]


def ending(rows: list[str], end: str) -> bytes:
    return "\r\n".join(["version,1", "username,class", *rows, end]).encode()


@pytest.mark.parametrize(
    ("end", "is_held"),
    [
        ("pupil.99", True),
        ("pupil.9", True),
        ("pupil.99,", True),
        ("pupil.99,7", True),
        ("pupil.99,7x/Ma", True),
        ('"pupil.99","7x/M', True),
        ("newcomer,7x/Ma1", True),  # as far as anybody can tell: there is a 7x/Ma10
        ("pupil.99,7x/Ma4", False),  # this is all of it, and published so
        ("pupil.99,7x/Ma4\r\n", False),
        ("pupil.99,7x/Ma\r\n", False),  # a new class, in a file that ends well
        ("newcomer,Chess", False),
    ],
)
def test_should_hold_a_file_that_ends_in_a_piece_of_a_row(end: str, is_held: bool) -> None:
    published = plan(SCHOOL_OF_TEN, STAFF_OF_TEN)
    made = plan(ending(SCHOOL_OF_TEN[:99], end), STAFF_OF_TEN, LAX, base=published)
    assert ("file_may_be_cut" in codes(made)) == is_held


def test_should_let_a_file_without_a_last_line_end_grow() -> None:
    published = plan(SCHOOL_OF_TEN, STAFF_OF_TEN)
    assert codes(plan(ending(SCHOOL_OF_TEN, "newcomer,7x/Ma1"), STAFF_OF_TEN, base=published)) == []


def test_should_hold_a_file_that_ends_within_its_last_class() -> None:
    by_class = [f"pupil.{n},C{n // 30}" for n in range(300)]
    published = plan(by_class, STAFF_OF_TEN)
    assert "file_may_be_cut" in codes(plan(by_class[:-20], STAFF_OF_TEN, base=published))
    assert "file_may_be_cut" not in codes(plan(by_class[:-10], STAFF_OF_TEN, base=published))
    assert "file_may_be_cut" not in codes(plan([*by_class[20:]], STAFF_OF_TEN, base=published))
    others = [*by_class[:-20], *(f"newcomer.{n},C9" for n in range(20))]
    assert "file_may_be_cut" not in codes(plan(others, STAFF_OF_TEN, base=published))


LAX = from_dict({"hold": {"memberships_removed": {"count": 1000}}})
