"""A school's bad nights, each after an ordinary year's import: who keeps the console, what is held, what is told.

The school is `../shared/cases/school.py`; its EXPECT.md says in a sentence what must happen in each night.
"""

from datetime import timedelta

import pytest

from roster.memory import NOTHING
from roster.plan import Base, Known, Plan, plan_import
from roster.settings import Settings
from tests.school import files
from tests.unit.roster.samples import NOVEMBER, base_of, groups, only, rights, roster_of


def upload(night: str, before: Plan | None = None, base: Base | None = None, day: int = 0) -> Plan:
    """What the upload of a night comes to; `before` is what took effect last, `base` it as a published version."""
    known = Known(f"import-{day}", NOVEMBER + timedelta(days=day), before.memory if before else NOTHING)
    return plan_import(files(night), Settings(), base or (base_of(roster_of(before)) if before else None), known=known)


FIRST = upload("year-2025")
BASE = base_of(roster_of(FIRST))


def codes(made: Plan) -> set[str]:
    return {reason.code for reason in made.held}


def of_pupil(made: Plan, pupil: str) -> set[str]:
    return {name for name, members in groups(made).items() if pupil in members}


def test_should_import_the_year_without_a_notice() -> None:
    assert (FIRST.outcome, FIRST.notices.totals, FIRST.counts["teachers"]) == ("ok", {}, 60)


@pytest.mark.parametrize("night", ["leaver", "leaver-end-mark"])
def test_should_let_a_leaver_go_the_same_night(night: str) -> None:
    made = upload(night, FIRST, BASE)
    assert (made.held, made.kept, made.outcome) == ((), [], "ok")
    assert "t05" not in rights(made)
    assert of_pupil(made, "25.001") == of_pupil(made, "24.002") == set()
    assert set(made.notices.totals) == {"class_without_teacher"}


def test_should_take_an_empty_username_for_a_vacancy() -> None:
    made = upload("leaver-vacancy", FIRST, BASE)
    assert (made.held, made.kept, made.outcome) == ((), [], "ok_with_warnings")
    assert "t05" not in rights(made)


@pytest.mark.parametrize("night", ["leaver-broken-cell", "leaver-noise"])
def test_should_hold_what_a_line_that_cannot_be_read_makes_unclear(night: str) -> None:
    made = upload(night, FIRST, BASE)
    assert codes(made) == {"removals_unclear"}
    assert "t05" not in rights(made)
    assert made.people is not None
    assert (made.people.teachers_go, made.people.pupils_go) == (1, 2)


def test_should_let_a_leaver_go_beside_noise_that_stood_there_before() -> None:
    held = upload("leaver-noise", FIRST, BASE)
    again = upload("leaver-noise", held, day=1)
    assert again.outcome == "no_change"
    assert of_pupil(again, "25.001") == set()


def test_should_keep_who_is_missing_where_a_seat_is_empty() -> None:
    made = upload("empty-seat", FIRST, BASE)
    assert (made.outcome, made.held, made.snapshot) == ("ok_with_warnings", (), None)
    assert [(fact.username, fact.class_, fact.until[:10]) for fact in made.kept] == [("25.001", "7x/Ma1", "2026-12-09")]
    assert only(made, "removals_kept").row == 4
    assert "25.001" in groups(made)["7x/Ma1"]


@pytest.mark.parametrize("night", ["year-2026", "year-2026-end-mark", "year-2026-noise"])
def test_should_hold_a_new_school_year_and_double_nothing(night: str) -> None:
    made = upload(night, FIRST, BASE)
    assert {"memberships_removed", "half_removed", "rights_changed"} <= codes(made)
    assert made.people is not None
    assert made.people.new_school_year
    assert (made.people.teachers_go, made.people.teachers_come, made.people.teachers_stay) == (6, 8, 54)
    assert (made.people.pupils_go, made.people.pupils_come, made.people.pupils_stay) == (150, 150, 600)
    assert (made.counts["memberships"], made.counts["teachers"]) == (7500, 62)


def test_should_hold_a_file_that_was_cut_late() -> None:
    made = upload("cut-late", FIRST, BASE)
    assert "file_may_be_cut" in codes(made)


def test_should_give_the_console_to_no_user_called_username_or_version() -> None:
    made = upload("concatenated", FIRST, BASE)
    assert {"username", "version"}.isdisjoint(rights(made))
    assert made.notices.totals["reserved_row_repeated"] == 2
    assert "access_added" in codes(made)


@pytest.mark.parametrize(
    ("night", "why"),
    [
        ("first-rejected", "file_has_no_rows"),
        ("first-scientific", "file_has_no_rows"),
        ("first-swapped", "teachers_outnumber_students"),
        ("first-empty", "file_has_no_rows"),
    ],
)
def test_should_hold_a_first_import_that_a_person_has_to_see(night: str, why: str) -> None:
    made = upload(night)
    assert why in codes(made)
    assert made.outcome == "held"


def test_should_not_be_surprised_by_the_real_pair_after_an_empty_one() -> None:
    assert upload("year-2025", upload("first-empty"), day=1).held == ()
