"""Rows to a roster: the example, spellings, what hangs in the air between the two files, and the site's settings."""

import pytest

from roster.model import Group, Right, Roster
from roster.notices import TEACHERS
from roster.settings import Settings
from tests.unit.roster.samples import (
    DOMAIN,
    SEED_STUDENTS,
    SEED_TEACHERS,
    csv,
    found,
    groups,
    pending,
    plan,
    rights,
    roster_of,
    rows,
)


def right(username: str, *groups: str) -> Right:
    return Right(username.lower(), username, groups, (), all_groups=False, basic_console_only=False)


def group(name: str, *members: str) -> Group:
    return Group(name.lower(), name, members)


def test_should_make_the_example_exactly() -> None:
    made = plan(SEED_STUDENTS, SEED_TEACHERS)
    assert made.roster == Roster(
        groups=(
            group("Dark Arts", "Harry_Potter"),
            group("Flying", "Harry_Potter"),
            group("Muggle Studies", "Ron_Weasley"),
            group("Potions", "Harry_Potter", "Ron_Weasley"),
        ),
        rights=(
            right("Amycus_Carrow", "Dark Arts"),
            right("Charity_Burbage", "Muggle Studies"),
            right("Rolanda_Hooch", "Flying"),
            right("Severus_Snape", "Dark Arts", "Potions"),
        ),
    )
    assert made.notices.listed() == []
    assert made.outcome == "ok"
    assert made.counts == {
        "rows_read": 10,
        "rows_rejected": 0,
        "groups": 4,
        "members": 2,
        "memberships": 5,
        "teachers": 4,
    }


def test_should_make_a_group_only_through_its_members() -> None:
    made = plan((), SEED_TEACHERS)
    assert groups(made) == {}
    assert pending(made) == {
        "Amycus_Carrow": ["Dark Arts"],
        "Charity_Burbage": ["Muggle Studies"],
        "Rolanda_Hooch": ["Flying"],
        "Severus_Snape": ["Dark Arts", "Potions"],
    }


def test_should_keep_console_access_while_a_class_has_no_students() -> None:
    made = plan(["Ron,A"], ["Snape,B", "Snape,A", "Snape,b", "Hooch,B", "Snape,C"])
    assert rights(made) == {"Hooch": [], "Snape": ["A"]}
    assert pending(made) == {"Hooch": ["B"], "Snape": ["B", "C"]}
    # Once for each teacher and class, where it is first said.
    assert rows("class_without_students", made) == [3, 6, 7]


def test_should_not_make_a_group_of_rejected_rows() -> None:
    made = plan(["*,A", "Ron,A,x"], ["Snape,A"])
    assert groups(made) == {}
    assert pending(made) == {"Snape": ["A"]}


def test_should_tell_once_of_a_class_without_a_teacher() -> None:
    made = plan(["Ron,A", "Ron,B", "Harry,a", "Harry,C"], ["Snape,b"])
    assert rows("class_without_teacher", made) == [3, 6]


def test_should_tell_once_of_a_teacher_who_is_a_student() -> None:
    made = plan(["Ron,A", "Percy,A", "Percy,B"], ["Snape,A", "PERCY,A", "Percy,B"])
    assert rows("teacher_is_student", made) == [4]
    assert rights(made)["PERCY"] == ["A", "B"]


def test_should_not_take_a_rejected_row_for_a_student() -> None:
    assert rows("teacher_is_student", plan(["Percy,Sound Muted"], ["Percy,A"])) == []


# Duplicates


def test_should_tell_every_row_that_says_the_same_again() -> None:
    made = plan(["Ron,A", "Harry,A", "ron,A", "Ron,a", '"Ron"," A"', "Ron,B"], ["Ron,A", "Snape,A", "Snape,A"])
    assert groups(made) == {"A": ["Harry", "Ron"], "B": ["Ron"]}
    assert [(notice.file, notice.row) for notice in made.notices.listed() if notice.code == "row_duplicate"] == [
        ("students.csv", 5),
        ("students.csv", 6),
        ("students.csv", 7),
        ("teachers.csv", 5),
    ]
    assert made.counts["memberships"] == 3


def test_should_not_take_a_row_for_the_duplicate_of_a_rejected_one() -> None:
    assert rows("row_duplicate", plan(["Ron,A,x", "Ron,A", '"Ron,A'])) == []


# Spellings


def test_should_use_the_first_spelling_of_classes_that_of_students_and_of_teachers_that_of_teachers() -> None:
    made = plan(["ron,a", "Ron,A", "harry,b", "luna,b", "LUNA,a"], ["HARRY,A", "RON,c", "Snape,C"])
    assert groups(made) == {"a": ["luna", "RON"], "b": ["HARRY", "luna"]}
    assert rights(made) == {"HARRY": ["a"], "RON": [], "Snape": []}
    assert pending(made) == {"RON": ["c"], "Snape": ["c"]}
    assert rows("username_spelling_differs", made) == [3, 4, 5, 7]
    assert rows("class_spelling_differs", made) == [4, 3, 5]


def test_should_not_count_a_rejected_row_as_the_first_spelling() -> None:
    made = plan(["RON,Sound Muted", "*,BROOMS", "Ron,Brooms"])
    assert groups(made) == {"Brooms": ["Ron"]}
    assert found(made) == [("class_reserved", 3, "class"), ("username_wildcard", 4, "username")]


def test_should_use_the_published_spelling_where_it_is_among_several() -> None:
    published = plan(["RON,POTIONS"], ["SNAPE,DUELS"])
    made = plan(["Ron,Potions", "RON,POTIONS"], ["Snape,Duels", "SNAPE,DUELS"], base=published)
    assert groups(made) == {"POTIONS": ["RON"]}
    assert pending(made) == {"SNAPE": ["DUELS"]}
    assert rows("username_spelling_differs", made) == [3, 3]
    assert rows("class_spelling_differs", made) == [3, 3]


@pytest.mark.parametrize(
    ("students", "teachers"), [(["Ron,Potions"], ["RON,POTIONS"]), (["RON,POTIONS"], ["Ron,Potions"])]
)
def test_should_know_a_published_spelling_whatever_it_was_published_as(
    students: list[str], teachers: list[str]
) -> None:
    """A member becomes a teacher, a group becomes a pending class, and the other way round."""
    for published in (plan(["Ron,Potions"]), plan((), ["Ron,Potions"])):
        made = plan(students, teachers, base=published)
        assert groups(made) == {"Potions": ["Ron"]}
        assert rights(made) == {"Ron": ["Potions"]}


def test_should_use_the_first_spelling_where_the_published_one_is_not_among_them() -> None:
    made = plan(["Ron,Potions", "RON,POTIONS"], base=plan(["ron,potions"]))
    assert groups(made) == {"Potions": ["Ron"]}


def test_should_correct_a_spelling_that_the_pair_spells_in_one_way_only() -> None:
    published = plan(["ron,potions", "harry,potions"], ["SNAPE,potions"])
    made = plan(["Ron,Potions", "harry,Potions"], ["Snape,Potions"], base=published)
    assert groups(made) == {"Potions": ["harry", "Ron"]}
    assert rights(made) == {"Snape": ["Potions"]}
    assert not any("spelling" in code for code in made.notices.totals)
    assert made.outcome == "ok"
    assert {name: count for name, count in made.changes.items() if count} == {
        "groups_changed": 1,
        "members_changed": 1,
        "rights_changed": 1,
    }


def test_should_not_count_another_way_of_writing_a_cell_as_another_spelling() -> None:
    made = plan(["Ron,A", ' "Ron",A'.strip(), "Ron@x.org,A ", "R\u200bon,A"])
    assert not any("spelling" in code for code in made.notices.totals)


def test_should_sort_by_folded_key() -> None:
    made = plan(["b,Z", "A,a", "C,a", "ä,a", "B,a", "_,a"], ["z,A", "Y,Z", "y,a"])
    assert list(groups(made).items()) == [("a", ["_", "A", "b", "C", "ä"]), ("Z", ["b"])]
    assert list(rights(made).items()) == [("Y", ["a", "Z"]), ("z", ["a"])]


# Settings


def test_should_let_users_of_the_setting_see_every_group() -> None:
    made = plan(SEED_STUDENTS, SEED_TEACHERS, Settings(all_groups_users=("severus_snape", "Rolanda_Hooch", "Nobody")))
    sees_all = {right.username for right in roster_of(made).rights if right.all_groups}
    assert sees_all == {"Severus_Snape", "Rolanda_Hooch"}
    assert [notice.as_dict() for notice in made.notices.listed()] == [
        {
            "code": "all_groups_user_unknown",
            "severity": "warning",
            "file": "settings.json",
            "row": None,
            "column": None,
        }
    ]


def test_should_know_users_of_the_setting_as_it_knows_them_in_the_files() -> None:
    made = plan(SEED_STUDENTS, SEED_TEACHERS, Settings(all_groups_users=(" SEVERUS_SNAPE@hogwarts.org",)))
    assert {right.username for right in roster_of(made).rights if right.all_groups} == {"Severus_Snape"}
    users = ("Snape", "hooch@HOGWARTS.org")
    made = plan([], ["Snape,A", "Hooch,A", "Carrow,A"], Settings("email", DOMAIN.email_domain, all_groups_users=users))
    assert [right.all_groups for right in roster_of(made).rights] == [False, True, True]
    assert made.notices.totals["all_groups_user_unknown"] == 0


def test_should_give_nobody_console_access_who_is_not_in_teachers_csv() -> None:
    made = plan(SEED_STUDENTS, (), Settings(all_groups_users=("Harry_Potter", "Severus_Snape")))
    assert rights(made) == {}
    assert made.notices.totals["all_groups_user_unknown"] == 2


def test_should_carry_the_settings_of_console_and_groups() -> None:
    roster = roster_of(plan(["Ron,A"], ["Snape,A"]))
    assert (roster.restrict_customisation, roster.rights[0].basic_console_only) == (False, False)
    roster = roster_of(plan(["Ron,A"], ["Snape,A"], Settings(restrict_customisation=True, basic_console_only=True)))
    assert (roster.restrict_customisation, roster.rights[0].basic_console_only) == (True, True)


def test_should_see_a_teacher_of_either_file_alike() -> None:
    made = plan(csv("ron@x.org,A"), csv("RON,A"))
    assert found(made, TEACHERS) == [("teacher_is_student", 3, "username")]
    assert ("username_spelling_differs", 3, "username") in found(made)
