"""What becomes of teachers and classes as files change over a year."""

from roster.plan import Plan
from roster.settings import Settings
from tests.unit.roster.samples import plan, rights, roster_of


def pending(made: Plan, username: str) -> tuple[str, ...]:
    (right,) = [right for right in roster_of(made).rights if right.username == username]
    return right.pending


def test_should_take_a_right_from_a_teacher_who_loses_the_class() -> None:
    before = plan(["Harry,Potions", "Harry,Flying"], ["Snape,Potions", "Snape,Flying"])
    after = plan(["Harry,Potions", "Harry,Flying"], ["Snape,Potions", "Hooch,Flying"], base=before)
    assert rights(after) == {"Hooch": ["Flying"], "Snape": ["Potions"]}


def test_should_leave_console_access_to_a_teacher_whose_class_has_no_students() -> None:
    before = plan(["Harry,Potions", "Harry,Flying"], ["Snape,Potions", "Hooch,Flying"])
    after = plan(["Harry,Potions"], ["Snape,Potions", "Hooch,Flying"], base=before)
    assert rights(after) == {"Hooch": [], "Snape": ["Potions"]}
    assert pending(after, "Hooch") == ("Flying",)


def test_should_show_a_class_to_its_teachers_once_it_has_its_first_student() -> None:
    before = plan(["Harry,Potions"], ["Snape,Potions", "Hooch,Flying"])
    after = plan(["Harry,Potions", "Luna,Flying"], ["Snape,Potions", "Hooch,Flying"], base=before)
    assert rights(after)["Hooch"] == ["Flying"]
    assert pending(after, "Hooch") == ()


def test_should_let_all_groups_users_see_groups_of_later_imports() -> None:
    settings = Settings(all_groups_users=("snape",))
    before = plan(["Harry,Potions"], ["Snape,Potions"], settings)
    after = plan(["Harry,Potions", "Luna,Flying"], ["Snape,Potions", "Hooch,Flying"], settings, base=before)
    assert {right.username: right.all_groups for right in roster_of(after).rights} == {"Hooch": False, "Snape": True}
