"""What an Impero server's folder receives: the format of an upload, and the same roster when it is read again."""

from collections.abc import Mapping

from hypothesis import given

from roster.csvimport import students_csv, teachers_csv
from roster.model import Roster
from roster.notices import STUDENTS, TEACHERS, Suspicious
from roster.plan import plan_import
from roster.settings import Settings
from tests.unit.roster.samples import DISTRICT, SEED, plan, roster_of
from tests.unit.roster.strategies import some_rows, some_settings
from tests.unit.roster.test_against_reference import bodies, settings_used, whole

SETTINGS_OF_ALL = Settings(all_groups_users=("snape",))

# What reading a written pair may tell: what is true of the roster, never how it is written.
OF_THE_ROSTER = {"class_without_students", "class_without_teacher", "teacher_is_student", "all_groups_user_unknown"}
OF_THE_ROSTER |= {kind.code for kind in Suspicious.__subclasses__()}


def written(roster: Roster) -> Mapping[str, bytes]:
    names = [group.name for group in roster.groups]
    return {TEACHERS: teachers_csv(roster.rights, names), STUDENTS: students_csv(roster.groups)}


def test_should_write_the_example_sorted_with_crlf_and_without_a_byte_order_mark() -> None:
    assert written(roster_of(plan_import(SEED, DISTRICT))) == {
        TEACHERS: (
            b"version,1\r\nusername,class\r\nAmycus_Carrow,Dark Arts\r\nCharity_Burbage,Muggle Studies\r\n"
            b"Rolanda_Hooch,Flying\r\nSeverus_Snape,Dark Arts\r\nSeverus_Snape,Potions\r\n"
        ),
        STUDENTS: (
            b"version,1\r\nusername,class\r\nHarry_Potter,Dark Arts\r\nHarry_Potter,Flying\r\n"
            b"Harry_Potter,Potions\r\nRon_Weasley,Muggle Studies\r\nRon_Weasley,Potions\r\n"
        ),
    }


def test_should_write_an_empty_roster_as_its_reserved_rows() -> None:
    assert set(written(Roster((), ())).values()) == {b"version,1\r\nusername,class\r\n"}


def test_should_write_classes_without_students_or_the_teacher_would_lose_the_console() -> None:
    assert written(roster_of(plan(["Ron,B"], ["Snape,B", "Snape,A", "Hooch,C"])))[TEACHERS].split(b"\r\n")[2:] == [
        b"Hooch,C",
        b"Snape,A",
        b"Snape,B",
        b"",
    ]


def test_should_write_a_row_for_every_group_of_a_user_who_sees_all() -> None:
    roster = roster_of(plan(["Ron,A", "Ron,B", "Ron,C"], ["Snape,B", "Snape,D", "Hooch,A"], SETTINGS_OF_ALL))
    assert written(roster)[TEACHERS].split(b"\r\n")[2:] == [
        b"Hooch,A",
        b"Snape,A",
        b"Snape,B",
        b"Snape,C",
        b"Snape,D",
        b"",
    ]


def test_should_quote_what_needs_it_and_nothing_else() -> None:
    roster = roster_of(plan(['Ron,"A, B"', 'Ron,"say ""x"""', "Zoë,C;D", "O'Hara,E F"]))
    assert written(roster)[STUDENTS].decode().split("\r\n")[2:] == [
        "O'Hara,E F",
        'Ron,"A, B"',
        'Ron,"say ""x"""',
        "Zoë,C;D",
        "",
    ]


def assert_reads_again(roster: Roster, settings: Settings) -> None:
    again = plan_import(written(roster), settings)
    every = tuple(group.name for group in roster.groups)
    # Two files cannot tell the groups a user was given from those the user sees anyway.
    seen = tuple(right._replace(groups=every) if right.all_groups else right for right in roster.rights)
    assert again.roster == roster._replace(rights=seen)
    assert again.notices.totals.keys() <= OF_THE_ROSTER
    assert written(again.roster) == written(roster)


@given(some_rows, some_rows, some_settings)
def test_should_read_the_written_pair_as_the_same_roster(
    students: list[str], teachers: list[str], settings: Settings
) -> None:
    assert_reads_again(roster_of(plan(students, teachers, settings)), settings)


@given(bodies, bodies, settings_used)
def test_should_read_it_again_whatever_the_values_are(students: str, teachers: str, settings: Settings) -> None:
    assert_reads_again(roster_of(plan(whole(students).encode(), whole(teachers).encode(), settings)), settings)
