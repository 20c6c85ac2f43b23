"""Every guard: what it holds, and what it just does not. And that nothing switches them off."""

from typing import Any

import pytest

from roster.guard import Effect, Reason, reasons
from roster.notices import STUDENTS, TEACHERS
from roster.settings import Limits, Settings
from roster.settings_file import _LIMITS, from_dict
from roster_pages.wording import held_text
from tests.unit.roster.samples import plan

USUAL = {"memberships": 1000, "teachers": 100, "groups": 50}


def effect(
    *,
    first_import: bool = False,
    published: dict[str, int] | None = None,
    removed: dict[str, int] | None = None,
    teachers: int = 100,
    teachers_added: int = 0,
    teachers_are_students: int = 0,
    unmatched_classes: int = 0,
    rows: tuple[int, int] = (1000, 0),
) -> Effect:
    return Effect(
        first_import=first_import,
        published=USUAL if published is None else published,
        removed=dict.fromkeys(USUAL, 0) | (removed or {}),
        teachers=teachers,
        teachers_added=teachers_added,
        teachers_are_students=teachers_are_students,
        classes=100,
        unmatched_classes=unmatched_classes,
        rows={STUDENTS: rows, TEACHERS: (200, 0)},
    )


def held(about: Effect) -> list[str]:
    return [reason.code for reason in reasons(about, Limits())]


# name, what just passes, what is just held, why
EDGES = [
    (
        "students_as_teachers, users",
        effect(teachers=200, teachers_are_students=4),
        effect(teachers=200, teachers_are_students=5),
    ),
    (
        "students_as_teachers, share",
        effect(teachers=61, teachers_are_students=3),
        effect(teachers=60, teachers_are_students=3),
    ),
    ("rows_rejected", effect(rows=(1000, 50)), effect(rows=(1000, 51))),
    ("file_has_no_rows", effect(rows=(20, 1)), effect(rows=(0, 0))),
    ("memberships_removed, share", effect(removed={"memberships": 100}), effect(removed={"memberships": 101})),
    (
        "memberships_removed, count",
        effect(published={"memberships": 60, "teachers": 9, "groups": 9}, removed={"memberships": 25}),
        effect(published={"memberships": 60, "teachers": 9, "groups": 9}, removed={"memberships": 26}),
    ),
    ("teachers_removed", effect(removed={"teachers": 10}), effect(removed={"teachers": 11})),
    ("groups_removed", effect(removed={"groups": 10}), effect(removed={"groups": 11})),
    (
        "half_removed",
        effect(published={"memberships": 6, "teachers": 2, "groups": 3}, removed={"memberships": 3}),
        effect(published={"memberships": 6, "teachers": 2, "groups": 3}, removed={"memberships": 4}),
    ),
    (
        "half_removed, five",
        effect(published={"memberships": 4, "teachers": 2, "groups": 3}, removed={"memberships": 4}),
        effect(published={"memberships": 5, "teachers": 2, "groups": 3}, removed={"memberships": 3}),
    ),
    ("teachers_added", effect(teachers_added=25), effect(teachers_added=26)),
    ("classes_unmatched", effect(unmatched_classes=20), effect(unmatched_classes=21)),
]


@pytest.mark.parametrize(("name", "passes", "is_held"), EDGES, ids=[name for name, _, _ in EDGES])
def test_should_hold_beyond_the_limit_and_not_at_it(name: str, passes: Effect, is_held: Effect) -> None:
    assert held(passes) == []
    assert held(is_held) == [name.partition(",")[0]]


def test_should_have_an_edge_for_every_guard() -> None:
    guards = {name.partition(",")[0] for name, _, _ in EDGES}
    assert guards == {
        *("students_as_teachers", "file_has_no_rows", "rows_rejected", "memberships_removed", "teachers_removed"),
        *("groups_removed", "half_removed", "teachers_added", "classes_unmatched"),
    }


# limit, what a site sets it to, what just passes then, what is just held then
SET = [
    ("students_as_teachers", {"count": 8, "percent": 50}, {"teachers_are_students": 7}, {"teachers_are_students": 8}),
    ("students_as_teachers", {"count": 50, "percent": 9}, {"teachers_are_students": 8}, {"teachers_are_students": 9}),
    ("rows_rejected", {"percent": 2}, {"rows": (1000, 20)}, {"rows": (1000, 21)}),
    ("memberships_removed", {"percent": 0}, {"removed": {"memberships": 25}}, {"removed": {"memberships": 26}}),
    ("memberships_removed", {"count": 300}, {"removed": {"memberships": 300}}, {"removed": {"memberships": 301}}),
    ("teachers_removed", {"percent": 20}, {"removed": {"teachers": 20}}, {"removed": {"teachers": 21}}),
    ("groups_removed", {"count": 0, "percent": 0}, {}, {"removed": {"groups": 1}}),
    ("teachers_added", {"count": 40}, {"teachers_added": 40}, {"teachers_added": 41}),
    ("classes_unmatched", {"percent": 50}, {"unmatched_classes": 50}, {"unmatched_classes": 51}),
]


@pytest.mark.parametrize(("guard", "limit", "passes", "is_held"), SET)
def test_should_hold_beyond_the_limit_that_a_site_sets(
    guard: str, limit: dict[str, int], passes: dict[str, Any], is_held: dict[str, Any]
) -> None:
    limits = from_dict({"hold": {guard: limit}}).hold
    assert reasons(effect(**passes), limits) == []
    assert [reason.code for reason in reasons(effect(**is_held), limits)] == [guard]


def test_should_have_a_case_for_every_limit_there_is() -> None:
    assert {guard for guard, *_ in SET} == set(_LIMITS)


def test_should_hold_an_import_by_the_limits_of_its_site() -> None:
    rows = [f"pupil.{number},Class" for number in range(40)]
    staff = ["snape,Class"]
    strict = from_dict({"hold": {"memberships_removed": {"count": 2, "percent": 0}}})
    published = plan(rows, staff)
    assert plan(rows[3:], staff, base=published).held == []
    assert plan(rows[2:], staff, strict, base=published).held == []
    assert [reason.code for reason in plan(rows[3:], staff, strict, base=published).held] == ["memberships_removed"]


def test_should_look_only_for_swapped_files_on_a_sites_first_import() -> None:
    bad = effect(first_import=True, rows=(10, 10), unmatched_classes=100, teachers_added=100, published={})
    assert held(bad) == []
    assert held(bad._replace(teachers_are_students=5)) == ["students_as_teachers"]


def test_should_say_what_was_counted_and_of_how_many() -> None:
    assert reasons(effect(rows=(1000, 60)), Limits()) == [Reason("rows_rejected", 60, 1000, STUDENTS)]


def test_should_say_what_more_than_half_of_would_go() -> None:
    few = {"memberships": 40, "teachers": 5, "groups": 9}
    half = effect(published=few, removed={"teachers": 3})
    assert reasons(half, Limits()) == [Reason("half_removed", 3, 5, what="teachers")]
    assert held_text(reasons(half, Limits())[0]._asdict()) == "3 of 5 teachers, more than half, would go"


def test_should_hold_swapped_files_also_as_a_first_import() -> None:
    rows = [f"user.{number},Class" for number in range(8)]
    made = plan(rows, [*rows, "Snape,Class"])
    assert made.outcome == "held"
    assert [reason.code for reason in made.held] == ["students_as_teachers"]


def test_should_let_teachers_who_have_the_console_already_stay_in_a_students_class() -> None:
    staff = [f"teacher.{number},Choir" for number in range(8)]
    published = plan([*staff, "Ron,Choir"], staff)
    assert published.outcome == "held"
    assert plan([*staff, "Ron,Choir", "Luna,Choir"], staff, base=published).held == []


def test_should_hold_students_who_get_the_console_also_where_only_what_is_kept_names_them_as_students() -> None:
    pupils = [f"pupil.{number},Class" for number in range(5)]
    staff = [f"teacher.{number},Class" for number in range(200)]
    others = [f"other.{number},Others" for number in range(200)]
    published = plan([*pupils, *others], staff)
    kept_by_a_setting = plan(others, [*staff, *pupils], Settings(removals="keep"), base=published)
    assert [reason.code for reason in kept_by_a_setting.held] == ["students_as_teachers"]
    kept_by_bad_rows = plan([*(f"{row},x" for row in pupils), *others], [*staff, *pupils], base=published)
    assert [reason.code for reason in kept_by_bad_rows.held] == ["students_as_teachers"]


def test_should_hold_the_loss_of_everything_whatever_the_settings_allow() -> None:
    widest = {guard: {part: bounds[1] for part, bounds in parts.items()} for guard, parts in _LIMITS.items()}
    limits = from_dict({"hold": widest}).hold
    for size in (5, 1000, 100_000):
        everything = dict.fromkeys(USUAL, size)
        emptied = effect(published=everything, removed=everything, unmatched_classes=100, rows=(0, 0))
        assert {"file_has_no_rows", "half_removed"} <= {reason.code for reason in reasons(emptied, limits)}
    swapped = effect(first_import=True, teachers=1000, teachers_are_students=1000)
    assert [reason.code for reason in reasons(swapped, limits)] == ["students_as_teachers"]
