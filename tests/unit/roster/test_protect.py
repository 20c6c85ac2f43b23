"""A bad row never deletes, and never keeps in secret: what it protects, how long, and what nobody can tell about."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.delta import apply_delta
from roster.encode import unpack
from roster.memory import NOTHING, Memory
from roster.model import Roster
from roster.names import fold
from roster.notices import STUDENTS, TEACHERS, FieldCount
from roster.plan import Known, Plan, plan_rollback
from roster.protect import Claim, Lost, Terms, weigh
from roster.rows import BadRow
from roster.settings import KeepDays, Settings
from roster.settings_file import from_dict
from tests.unit.roster.samples import EMAIL, NOVEMBER, base_of, groups, only, plan, rights, roster_of, snapshot_lines
from tests.unit.roster.strategies import some_rosters, some_rows, some_settings

BAD = [
    *("harry", ",a", "harry,", "*,b", "!ron,a", '"luna,a', '"luna,a"', "harry,a,b", "snape,sound muted"),
    *('"', "\x01", "*", "ron,x\x01", "hooch\x01,b", ',"', "_" * 300 + ",a", "_" * 300 + ",\x01", "vacant,a", "#N/A,b"),
]
bad_rows = st.lists(st.sampled_from(BAD), max_size=3)

Fact = tuple[str, str, str]


def facts(roster: Roster) -> set[Fact]:
    """Every membership and every class of a right, by file and keys."""
    memberships = {(STUDENTS, fold(name), group.key) for group in roster.groups for name in group.members}
    return memberships | {
        (TEACHERS, right.key, fold(name)) for right in roster.rights for name in (*right.groups, *right.pending)
    }


def night(
    before: Plan,
    students: Iterable[str],
    teachers: Iterable[str] = (),
    *,
    days: float = 1,
    settings: Settings = Settings(),  # noqa: B008
) -> Plan:
    """The plan of the next upload, so many days after NOVEMBER, when what was planned before has taken effect."""
    known = Known(f"import-{days}", NOVEMBER + timedelta(days=days), before.memory)
    return plan(students, teachers, settings, base=before, known=known)


def codes(made: Plan) -> list[str]:
    """Why it is held, but for the share of bad rows: of pairs as small as these, one row is a large one."""
    return [reason.code for reason in made.held if reason.code != "rows_rejected"]


STAFF = ["snape,A"]
LAX = from_dict({"hold": {"rows_rejected": {"percent": 25}}})
FIRST = plan(["harry,A", "harry,B", "ron,A", "luna,C"], STAFF)


# What a new bad row protects


@given(some_rosters, some_rows, some_rows, bad_rows, bad_rows, some_settings)
def test_should_lose_no_fact_whose_user_a_rejected_row_names(
    published: Roster, students: list[str], teachers: list[str], bad_s: list[str], bad_t: list[str], settings: Settings
) -> None:
    """Read off the row's text alone: where its first cell is a username, that user's facts of that file stay."""
    made = plan([*students, *bad_s], [*teachers, *bad_t], settings, base=published)
    lost = facts(published) - facts(roster_of(made))
    named = {
        (file, fold(row.split(",")[0].strip('"')))
        for file, bad in ((STUDENTS, bad_s), (TEACHERS, bad_t))
        for row in bad
        if not set(row.split(",")[0]) & set("*!\x01") and not row.endswith("muted")
    }
    assert not [fact for fact in lost if fact[:2] in named]


@given(some_rosters, some_rows, some_rows, bad_rows, bad_rows)
def test_should_lose_nothing_unseen_that_a_row_without_a_username_can_stand_for(
    published: Roster, students: list[str], teachers: list[str], bad_s: list[str], bad_t: list[str]
) -> None:
    """Either every loss is covered, or fewer rows than losses are there and the import is held."""
    unreadable = [row for row in bad_s if row in ('"', "\x01", ',"', "_" * 300 + ",\x01")]
    made = plan([*students, *bad_s], [*teachers, *bad_t], base=published)
    lost = [fact for fact in facts(published) - facts(roster_of(made)) if fact[0] == STUDENTS]
    if unreadable and lost:
        assert "removals_unclear" in codes(made)


@given(some_rosters, some_rows, some_rows, bad_rows, some_settings)
def test_should_add_nothing_but_what_was_published_and_count_it_as_kept(
    published: Roster, students: list[str], teachers: list[str], bad: list[str], settings: Settings
) -> None:
    stated = facts(roster_of(plan([*students, *bad], teachers, settings)))
    made = plan([*students, *bad], teachers, settings, base=published)
    kept = facts(roster_of(made)) - stated
    assert kept <= facts(published)
    assert kept == {(fact.file, fold(fact.username), fold(fact.class_)) for fact in made.kept}


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ("harry,", {"A": ["harry", "ron"], "B": ["harry"], "C": ["luna"]}),
        ('harry,"B', {"A": ["harry", "ron"], "B": ["harry"], "C": ["luna"]}),
        ("harry,B,x", {"A": ["harry", "ron"], "B": ["harry"], "C": ["luna"]}),
        ("harry", {"A": ["harry", "ron"], "B": ["harry"], "C": ["luna"]}),
        ("harryB", {"A": ["harry", "ron"], "B": ["harry"], "C": ["luna"]}),  # the separator was lost
        ("harry,#N/A", {"A": ["harry", "ron"], "B": ["harry"], "C": ["luna"]}),
        (",B", {"A": ["ron"], "B": ["harry"], "C": ["luna"]}),
        ("vacant,B", {"A": ["ron"], "B": ["harry"], "C": ["luna"]}),
        ("#N/A,B", {"A": ["ron"], "B": ["harry"], "C": ["luna"]}),
        ("har\x01ry,B", {"A": ["ron"], "B": ["harry"], "C": ["luna"]}),
        # What these say is plain, so they are about nobody.
        ("*,B", {"A": ["ron"], "C": ["luna"]}),
        ("!harry,B", {"A": ["ron"], "C": ["luna"]}),
        ("harry,Sound Muted", {"A": ["ron"], "C": ["luna"]}),
        ("username,class", {"A": ["ron"], "C": ["luna"]}),
        (",,", {"A": ["ron"], "C": ["luna"]}),
        ("neville,", {"A": ["ron"], "C": ["luna"]}),  # a newcomer, whose class is missing
        ("neville,B,x", {"A": ["ron"], "C": ["luna"]}),
    ],
)
def test_should_protect_what_a_row_can_be_about_and_no_more(row: str, left: dict[str, list[str]]) -> None:
    made = plan(["ron,A", "luna,C", row], STAFF, base=FIRST)
    assert groups(made) == left
    assert "removals_unclear" not in codes(made)


@pytest.mark.parametrize("rows", [["harry@a.org,B", "harry@b.org,B"], ["harry@a.org,C", "harry@b.org,A", "ron,B"]])
def test_should_protect_the_user_whom_two_addresses_collide_in(rows: list[str]) -> None:
    """Neither is taken, since nobody knows which of the two he is; and nobody is gone for it."""
    made = plan(["ron,A", "luna,C", *rows], STAFF, base=FIRST)
    assert {"harry", "ron"} <= set(groups(made)["A"])
    assert "harry" in groups(made)["B"]
    assert "removals_unclear" not in codes(made)


def test_should_read_two_names_as_long_as_they_may_be_in_a_line_that_is_not_two_cells() -> None:
    long, its_class = "u" * 254, "c" * 200
    first = plan([f"{long},{its_class}", f"{long},B", "ron,A"])
    made = night(first, ["ron,A", f"x{' ' * 500},{long},{its_class}"])
    assert groups(made) == {"A": ["ron"], "B": [long], its_class: [long]}
    assert "removals_unclear" not in codes(made)


def test_should_find_the_class_of_a_broken_line_behind_its_first_separator() -> None:
    made = night(FIRST, ["ron,A", '"nobody,B,x'], STAFF)
    assert groups(made) == {"A": ["ron"], "B": ["harry"]}
    assert "removals_unclear" not in codes(made)


def test_should_find_a_class_with_a_separator_in_the_middle_of_a_line() -> None:
    first = plan(['harry,"Class, One"', "ron,A", *(f"gone.{number},B" for number in range(9))], STAFF)
    made = night(first, ["ron,A", ',"Class, One",x'], STAFF)
    assert groups(made) == {"A": ["ron"], "Class, One": ["harry"]}
    assert "removals_unclear" not in codes(made)


def test_should_take_a_line_of_two_parts_for_one_fact() -> None:
    made = night(FIRST, ["luna,C", ',"A'], STAFF)
    (unclear,) = (reason for reason in made.held if reason.code == "removals_unclear")
    assert (unclear.number, unclear.of, unclear.rows) == (2, 1, (4,))


def test_should_find_a_class_with_separators_at_the_end_of_a_line() -> None:
    first = plan(['harry,"One, Two, Three"', "ron,A", *(f"gone.{number},B" for number in range(9))], STAFF)
    made = night(first, ["ron,A", ",One, Two, Three"], STAFF)
    assert groups(made) == {"A": ["ron"], "One, Two, Three": ["harry"]}
    assert "removals_unclear" not in codes(made)


def test_should_find_a_user_with_a_separator_behind_much_white_space() -> None:
    first = plan(['"Lovegood, Luna",A', '"Lovegood, Luna",B', "ron,A"], STAFF)
    made = night(first, ["ron,A", f"{' ' * 300}Lovegood, Luna,A,x"], STAFF)
    assert groups(made) == {"A": ["Lovegood, Luna", "ron"], "B": ["Lovegood, Luna"]}


def test_should_find_the_class_of_a_line_that_is_nothing_else() -> None:
    assert groups(night(FIRST, ["ron,A", "luna,C", "b"], STAFF)) == {"A": ["ron"], "B": ["harry"], "C": ["luna"]}
    made = night(FIRST, ["harry,B", "luna,C", "a"], STAFF)
    (unclear,) = (reason for reason in made.held if reason.code == "removals_unclear")
    assert (unclear.number, unclear.of) == (2, 1)


@pytest.mark.parametrize("row", ["zzz", '"zzz"', "\x01,\x01", "_" * 300 + ",\x01", '"B,\x01'])
def test_should_take_a_row_that_says_nothing_for_one_fact_of_any_class(row: str) -> None:
    made = night(FIRST, ["ron,A", "luna,C", row], STAFF)
    (unclear,) = (reason for reason in made.held if reason.code == "removals_unclear")
    assert (unclear.number, unclear.of, unclear.rows) == (2, 1, (5,))


def test_should_not_have_the_rows_of_one_class_stand_for_another() -> None:
    """Two rows for the one fact of B leave none for the two of A, for which there is a single row."""
    made = night(FIRST, ["luna,C", ",B", "n/a,B", "\x01,\x01"], STAFF)
    (unclear,) = (reason for reason in made.held if reason.code == "removals_unclear")
    assert (unclear.number, unclear.rows) == (2, (6,))
    assert groups(made) == {"B": ["harry"], "C": ["luna"]}


def test_should_keep_a_fact_that_more_rows_than_one_can_stand_for() -> None:
    made = night(FIRST, ["harry,A", "harry,B", "ron,A", "\x01,\x01", "\x03,\x03"], STAFF)
    assert groups(made) == {"A": ["harry", "ron"], "B": ["harry"], "C": ["luna"]}
    assert "removals_unclear" not in codes(made)


def test_should_keep_what_is_clear_beside_what_is_not() -> None:
    made = night(FIRST, ["luna,C", ",B", "\x01,\x01"], STAFF)
    (unclear,) = (reason for reason in made.held if reason.code == "removals_unclear")
    assert (unclear.number, unclear.of, unclear.rows) == (2, 1, (5,))
    assert groups(made) == {"B": ["harry"], "C": ["luna"]}


def test_should_not_go_on_keeping_two_facts_by_one_row_that_reads_otherwise() -> None:
    first = night(FIRST, ["harry,A", "harry,B", "\x01,\x01", "\x03,\x03"], STAFF)
    assert [fact.username for fact in first.kept] == ["ron", "luna"]
    assert groups(night(first, ["harry,A", "harry,B", "\x02,\x02"], STAFF, days=2)) == {"A": ["harry"], "B": ["harry"]}


def test_should_go_on_keeping_for_a_row_that_reads_otherwise_beside_one_that_names_its_user() -> None:
    first = night(FIRST, ["harry,A", "harry,B", "luna,C", "\x01,\x01"], STAFF)
    assert [fact.username for fact in first.kept] == ["ron"]
    second = night(first, ["luna,C", "\x02,\x02", "harry,"], STAFF, days=2)
    assert groups(second) == {"A": ["harry", "ron"], "B": ["harry"], "C": ["luna"]}
    assert [fact.until for fact in second.kept if fact.username == "ron"] == [fact.until for fact in first.kept]


def test_should_not_go_on_keeping_by_a_row_that_stands_for_another_fact_now() -> None:
    first = night(FIRST, ["harry,A", "harry,B", "luna,C", "\x01,\x01"], STAFF)
    second = night(first, ["harry,A", "harry,B", "\x02,\x02"], STAFF, days=2)
    assert groups(second) == {"A": ["harry"], "B": ["harry"], "C": ["luna"]}
    assert [fact.username for fact in second.kept] == ["luna"]


def test_should_list_what_is_kept_by_class_and_then_by_user() -> None:
    row = BadRow(3, "a line", FieldCount, ())
    lost = [Lost("b", "B"), Lost("b", "A"), Lost("a", "B"), Lost("a", "A")]
    claims = [Claim(row, frozenset("b")), Claim(row, frozenset("a"))]
    made = weigh(STUDENTS, lost, [row], [row], [], Terms("1", "3", "2"), lambda *_: claims)
    assert [(fact.class_, fact.username) for fact in made.kept] == [("A", "a"), ("A", "b"), ("B", "a"), ("B", "b")]


@pytest.mark.parametrize("row", [",A", "vacant,A", "n/a,A", "--,A", "*,A"])
def test_should_see_a_vacancy_in_a_row_of_teachers_without_a_username(row: str) -> None:
    """The ordinary leaver: his classes are exported without him."""
    first = plan(["harry,A"], ["snape,A", "hooch,A"])
    made = night(first, ["harry,A"], ["hooch,A", row])
    assert rights(made) == {"hooch": ["A"]}
    assert (codes(made), made.kept) == ([], [])


def test_should_protect_in_its_own_file_alone() -> None:
    first = plan(["harry,A", "ron,A"], ["snape,A", "hooch,A"])
    made = night(first, ["harry,A", "ron,A", "snape,", ",A", "\x01"], ["hooch,A"])
    assert rights(made) == {"hooch": ["A"]}
    made = night(first, ["ron,A"], ["snape,A", "hooch,A", "harry,", "\x01"])
    assert groups(made) == {"A": ["ron"]}


@pytest.mark.parametrize(
    "row",
    [
        '"Potter, Harry","Potions, Advanced',  # the user could be read
        '"Potter, Harry","Potions, Advanced","x',
        '"Potter, Harry","Potions, Advanced",x',
        '"Potter, Harry,x',
        "Potter, Harry,Potions, Advanced",
        '"Potter, ""Harry"""x,Potions, Advanced',
        ',"Potions, Advanced',  # there is only the class
        ",Potions, Advanced",
    ],
)
def test_should_protect_names_that_have_the_separator_in_them(row: str) -> None:
    published = plan(['"Potter, Harry","Potions, Advanced"', "Ron,B"])
    made = plan([row, "Ron,B"], base=published)
    assert groups(made) == {"B": ["Ron"], "Potions, Advanced": ["Potter, Harry"]}


def test_should_protect_a_name_with_quotes_in_it() -> None:
    published = plan(['luna,"The ""Big"", One"', "Ron,B"])
    assert groups(plan([',"The ""Big"", One', "Ron,B"], base=published)) == {"B": ["Ron"], 'The "Big", One': ["luna"]}


@pytest.mark.parametrize("row", ['luna","B', '"luna""",B,x', 'luna",B,x'])
def test_should_protect_a_username_that_ends_in_a_quote(row: str) -> None:
    published = plan(['luna",A', "Ron,C"])
    assert groups(plan([row, "Ron,C"], base=published)) == {"A": ['luna"'], "C": ["Ron"]}


@pytest.mark.parametrize("row", ["luna,B", "luna,B,x", 'luna,"B'])
def test_should_protect_a_username_from_before_the_site_took_addresses(row: str) -> None:
    """The row is refused for its username, which can be read all the same."""
    published = plan(["luna,A", "hooch,C"])
    made = plan([row, "ron@a.org,D"], settings=EMAIL, base=published)
    assert groups(made) == {"A": ["luna"], "D": ["ron@a.org"]}


@pytest.mark.parametrize("row", ["luna,A", "NULL,A"])
def test_should_protect_the_class_of_a_row_whose_username_is_nobodys_address(row: str) -> None:
    published = plan(["luna@a.org,A", "ron@a.org,D"], settings=EMAIL)
    made = plan([row, "ron@a.org,D"], settings=EMAIL, base=published)
    assert groups(made) == {"A": ["luna@a.org"], "D": ["ron@a.org"]}


def test_should_protect_a_user_of_whom_two_addresses_became_one() -> None:
    published = plan(["harry,A", "ron,B"])
    made = plan(["harry@a.org,C", "harry@b.org,D", "ron,B"], base=published)
    assert groups(made) == {"A": ["harry"], "B": ["ron"]}


def test_should_keep_a_user_in_the_spelling_that_the_pair_has() -> None:
    published = plan(["harry,A", "harry,B"], ["snape,A"])
    made = plan(["Harry,C", "Harry"], ["Snape,C", 'Snape,"'], base=published)
    assert groups(made) == {"A": ["Harry"], "B": ["Harry"], "C": ["Harry"]}
    assert rights(made) == {"Snape": ["A", "C"]}


def test_should_show_a_kept_class_to_its_teachers() -> None:
    published = plan(["harry,A"], ["snape,A"])
    made = plan(["ron,B", ",A"], ["snape,A", "hooch,A"], base=published)
    assert rights(made) == {"hooch": ["A"], "snape": ["A"]}


def test_should_keep_nothing_without_a_rejected_row() -> None:
    made = plan(["ron,B"], ["snape,B"], base=plan(["harry,A"], ["snape,A"]))
    assert made.kept == []
    assert groups(made) == {"B": ["ron"]}


# As many facts as the rows can stand for


CLASS = [f"pupil.{n},A" for n in range(9)]


@pytest.mark.parametrize(
    ("rows", "gone", "unclear"),
    [
        (["\x01"], 1, False),
        (["\x01"], 2, True),
        (["\x01", '"'], 2, False),
        (["PHP Warning: something went wrong"], 2, True),
        ([",A"], 1, False),
        ([",A"], 2, True),
        ([",A", "tbc,A"], 2, False),
        ([",A", "\x01,"], 2, False),
        ([",B"], 2, False),  # of another class, so nobody's of these
        (['\x01,A,"'], 2, False),  # a line with two separators
        (['\x01,A,"'], 3, True),
    ],
)
def test_should_hold_where_more_would_go_than_the_rows_can_stand_for(rows: list[str], gone: int, unclear: bool) -> None:
    first = plan(CLASS, ["snape,A"])
    made = night(first, [*CLASS[gone:], *rows], ["snape,A"])
    assert codes(made) == (["removals_unclear"] if unclear else [])
    kept = 0 if unclear or rows == [",B"] else gone
    assert len(made.kept) == kept
    assert len(groups(made)["A"]) == len(CLASS) - gone + kept


def test_should_say_how_many_are_unclear_and_which_rows_they_may_be_in() -> None:
    made = night(plan(CLASS, ["snape,A"]), [*CLASS[3:], "\x01", ",A"], ["snape,A"])
    (reason,) = (reason for reason in made.held if reason.code == "removals_unclear")
    assert (reason.number, reason.of, reason.file, reason.rows) == (3, 2, STUDENTS, (9, 10))


def test_should_let_go_what_was_unclear_once_a_person_has_approved() -> None:
    made = night(plan(CLASS, ["snape,A"]), [*CLASS[3:], "\x01"], ["snape,A"])
    after = night(made, [*CLASS[3:], "\x01"], ["snape,A"], days=2)
    assert (after.outcome, len(groups(after)["A"])) == ("no_change", 6)


# Only a new bad row protects


def test_should_not_protect_by_a_row_that_stood_there_before() -> None:
    noisy = night(FIRST, ["harry,A", "harry,B", "ron,A", "luna,C", "\x01"], STAFF)
    assert noisy.outcome == "no_change"
    made = night(noisy, ["ron,A", "luna,C", "\x01"], STAFF, days=2)
    assert groups(made) == {"A": ["ron"], "C": ["luna"]}
    assert (made.held, made.kept) == ((), [])


def test_should_count_how_often_a_bad_row_stands_there() -> None:
    noisy = night(FIRST, ["harry,A", "harry,B", "ron,A", "luna,C", ",C"], STAFF)
    made = night(noisy, ["harry,A", "harry,B", "ron,A", ",C", ",C"], STAFF, days=2)
    assert groups(made)["C"] == ["luna"]


def test_should_give_its_protection_anew_to_a_row_that_was_away() -> None:
    away = night(night(FIRST, ["harry,A", "harry,B", "ron,A", "luna,C", ",C"], STAFF), ["harry,A", "luna,C"], STAFF)
    made = night(away, ["harry,A", ",C"], STAFF, days=2)
    assert groups(made)["C"] == ["luna"]


# For how long


def test_should_keep_a_membership_fourteen_days_and_tell_until_when() -> None:
    rows = ["harry,A", "harry,B", "ron,A", ",C"]
    kept = night(FIRST, rows, STAFF, days=0, settings=LAX)
    assert (kept.outcome, kept.snapshot, kept.delta) == ("ok_with_warnings", None, None)
    assert "no_change" not in kept.notices.totals
    told = only(kept, "removals_kept")
    assert (told.file, told.row) == (STUDENTS, 6)
    assert told.details == {"facts": 1, "until": "2026-12-09T03:00:00+00:00"}
    last = night(kept, rows, STAFF, days=13.9, settings=LAX)
    assert (last.outcome, groups(last)["C"], last.ended) == ("ok_with_warnings", ["luna"], 0)
    assert last.kept == kept.kept
    over = night(last, rows, STAFF, days=14, settings=LAX)
    assert (over.outcome, over.ended, over.kept) == ("ok_with_warnings", 1, [])
    assert "C" not in groups(over)
    assert only(over, "kept_ended").details == {"facts": 1}


def test_should_keep_a_right_three_days() -> None:
    first = plan(["harry,A"], ["snape,A", "hooch,A"])
    kept = night(first, ["harry,A"], ["snape,A", 'hooch,"'], days=0)
    assert rights(kept) == {"hooch": ["A"], "snape": ["A"]}
    assert kept.memory.until == "2026-11-28T03:00:00+00:00"
    assert rights(night(kept, ["harry,A"], ["snape,A", 'hooch,"'], days=3)) == {"snape": ["A"]}


def test_should_keep_as_long_as_the_site_says() -> None:
    week, none = (Settings(keep_days=KeepDays(memberships=days, rights=days)) for days in (7, 0))
    rows = ["harry,A", "harry,B", "ron,A", ",C"]
    assert night(FIRST, rows, STAFF, days=0, settings=week).memory.until == "2026-12-02T03:00:00+00:00"
    made = night(FIRST, rows, STAFF, days=0, settings=none)
    assert (made.kept, codes(made), "C" in groups(made)) == ([], [], False)


def test_should_end_when_the_bad_row_is_gone() -> None:
    kept = night(FIRST, ["harry,A", "harry,B", "ron,A", ",C"], STAFF)
    made = night(kept, ["harry,A", "harry,B", "ron,A"], STAFF, days=2)
    assert ("C" in groups(made), made.ended, made.outcome) == (False, 1, "ok_with_warnings")


def test_should_say_nothing_when_a_good_row_states_it_again() -> None:
    kept = night(FIRST, ["harry,A", "harry,B", "ron,A", ",C"], STAFF)
    made = night(kept, ["harry,A", "harry,B", "ron,A", "luna,C"], STAFF, days=2)
    assert (made.outcome, made.ended, made.kept, made.memory) == ("no_change", 0, [], NOTHING)


def test_should_not_begin_anew_where_the_row_reads_otherwise_every_night() -> None:
    """Noise with the time in it is a new bad row every night, and keeps nothing longer than the first one told."""
    stands = FIRST
    for day in range(20):
        stands = night(stands, ["harry,A", "harry,B", "ron,A", f"noise at {day}"], STAFF, days=day)
        assert ("C" in groups(stands)) == (day < 14), day


def test_should_end_at_once_where_a_person_wants_that() -> None:
    rows = ["harry,A", "harry,B", "ron,A", ",C"]
    kept = night(FIRST, rows, STAFF)
    settled = kept._replace(memory=kept.memory.ending("2026-11-26T00:00:00+00:00"))
    made = night(settled, rows, STAFF, days=1)
    assert ("C" in groups(made), made.held, made.ended) == (False, (), 1)


def test_should_read_what_is_remembered_back() -> None:
    memory = night(FIRST, ["harry,A", "harry,B", "zoë,A", ",C", ",C"], STAFF).memory
    assert memory.kept
    assert Memory.from_bytes(memory.to_bytes()) == memory


# What is kept disarms no guard


def test_should_look_at_what_the_pair_states_and_not_at_what_is_kept() -> None:
    pupils, staff = [f"pupil.{n},C{n % 9}" for n in range(300)], [f"teacher.{n},C{n % 9}" for n in range(20)]
    first = plan(pupils, staff)
    others = [f"other.{n},C{n % 9}" for n in range(300)]
    for noise in ([], ["\x01"], [f'{row.split(",")[0]},"' for row in pupils[:10]]):
        assert {"memberships_removed", "half_removed"} <= set(codes(night(first, [*others, *noise], staff)))


def test_should_not_hold_every_night_for_what_is_kept() -> None:
    """Forty lines were damaged and somebody approved that: what they keep was counted then."""
    pupils, staff = [f"pupil.{n},C{n % 9}" for n in range(300)], [f"teacher.{n},C{n % 9}" for n in range(20)]
    damaged = [f'{row.split(",")[0]},"' if n < 40 else row for n, row in enumerate(pupils)]
    first = night(plan(pupils, staff), damaged, staff)
    assert "memberships_removed" in codes(first)
    assert len(first.kept) == 40
    again = night(first, damaged, staff, days=2)
    assert (codes(again), again.outcome, len(again.kept)) == ([], "ok_with_warnings", 40)
    over = night(again, damaged, staff, days=20)
    assert (codes(over), over.ended, over.counts["memberships"]) == ([], 40, 260)


# The setting that keeps everything


@given(some_rosters, some_rows, some_rows)
def test_should_remove_nothing_where_the_setting_keeps(
    published: Roster, students: list[str], teachers: list[str]
) -> None:
    made = plan(students, teachers, Settings(removals="keep"), base=published)
    assert facts(published) <= facts(roster_of(made))
    assert (made.kept, made.memory.kept) == ([], ())


def test_should_say_what_the_setting_keeps() -> None:
    made = plan(["harry,A"], STAFF, Settings(removals="keep"), base=FIRST)
    assert (made.outcome, made.snapshot, made.not_removed) == ("ok_with_warnings", None, 3)
    assert only(made, "removals_off").details == {"facts": 3}


@given(some_rosters, some_rosters)
def test_should_roll_back_to_the_old_bytes(old: Roster, new: Roster) -> None:
    base = base_of(new)
    delta, changes = plan_rollback(base, snapshot_lines(old))
    if delta is None:
        assert snapshot_lines(old) == snapshot_lines(new)
        assert not any(changes.values())
    else:
        steps = unpack(delta.data, delta.blob).splitlines(keepends=True)
        assert list(apply_delta(snapshot_lines(new), base.content_sha256, steps)) == snapshot_lines(old)
