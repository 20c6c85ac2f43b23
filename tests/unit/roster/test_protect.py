"""A bad row never deletes: whatever mix of bad rows, no stored fact goes that one of them could have been about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster import protect
from roster.delta import apply_delta
from roster.encode import unpack
from roster.model import Roster
from roster.names import fold
from roster.plan import plan_rollback
from roster.settings import Settings
from tests.unit.roster.samples import EMAIL, base_of, groups, plan, rights, roster_of, snapshot_lines
from tests.unit.roster.strategies import some_rosters, some_rows, some_settings

bad_rows = st.lists(
    st.sampled_from(
        [
            *("harry", ",a", "harry,", "*,b", "!ron,a", '"luna,a', '"luna,a"', "harry,a,b", "snape,sound muted"),
            *('"', "\x01", "*", "ron,x\x01", "hooch\x01,b", ',"', "_" * 300 + ",a", "_" * 300 + ",\x01"),
        ]
    ),
    max_size=3,
)


def facts(roster: Roster) -> set[tuple[str, str, str]]:
    """Every membership and every class of a right, by key."""
    memberships = {("member", fold(name), group.key) for group in roster.groups for name in group.members}
    return memberships | {
        ("right", right.key, fold(name)) for right in roster.rights for name in (*right.groups, *right.pending)
    }


def could_be_about(row: str, fact: tuple[str, str, str]) -> bool:
    """Whether a row could have been about a fact, told by the row's text alone: it names the user, or else the class.

    A row of which nothing can be read could have been about anything.
    """
    cells = [fold(cell.strip('"')) for cell in row.split(",")]
    readable = [cell for cell in cells if cell and not set(cell) & set("*!\x01") and len(cell) <= 254]
    return fact[1] in readable[:1] or fact[2] in readable[1:] or not readable or (not cells[0] and fact[2] in cells)


@given(some_rosters, some_rows, some_rows, bad_rows, bad_rows, some_settings)
def test_should_lose_no_fact_that_a_rejected_row_could_have_been_about(
    published: Roster, students: list[str], teachers: list[str], bad_s: list[str], bad_t: list[str], settings: Settings
) -> None:
    made = plan([*students, *bad_s], [*teachers, *bad_t], settings, base=published)
    lost = facts(published) - facts(roster_of(made))
    assert not [(row, fact) for row in (*bad_s, *bad_t) for fact in lost if could_be_about(row, fact)]


@given(some_rosters, some_rows, some_rows, bad_rows, some_settings)
def test_should_add_nothing_but_what_was_published_and_count_it_as_kept(
    published: Roster, students: list[str], teachers: list[str], bad: list[str], settings: Settings
) -> None:
    stated = facts(roster_of(plan([*students, *bad], teachers, settings)))
    made = plan([*students, *bad], teachers, settings, base=published)
    kept = facts(roster_of(made)) - stated
    assert kept <= facts(published)
    assert len(kept) == len(made.kept)


@given(some_rosters, some_rows, some_rows)
def test_should_remove_nothing_where_the_setting_keeps(
    published: Roster, students: list[str], teachers: list[str]
) -> None:
    made = plan(students, teachers, Settings(removals="keep"), base=published)
    assert facts(published) <= facts(roster_of(made))


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
        "*,Potions, Advanced ",
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
    """The row is refused for its username, which can be read all the same; and so could be its class."""
    published = plan(["luna,A", "ron,B", "hooch,C"])
    made = plan([row, "ron@a.org,D"], settings=EMAIL, base=published)
    assert groups(made) == {"A": ["luna"], "B": ["ron"], "D": ["ron@a.org"]}


def test_should_remove_nothing_where_rejected_rows_name_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    published = plan(["luna,A", "ron,B"])
    bad = [f"u{number},x,y" for number in range(5)]
    assert groups(plan([*bad, "ron,B"], base=published)) == {"B": ["ron"]}
    monkeypatch.setattr(protect, "_MOST_NAMES", 10)
    assert groups(plan([*bad, "ron,B"], base=published)) == {"A": ["luna"], "B": ["ron"]}


def test_should_protect_no_more_than_what_a_row_names() -> None:
    published = plan(["luna,A", "harry,B", "ron,C", "hooch,D"])
    assert groups(plan(["luna,E,F", "luna,E", ",B,", "hooch,D"], base=published)) == {
        "A": ["luna"],
        "B": ["harry"],
        "D": ["hooch"],
        "E": ["luna"],
    }


def test_should_keep_a_user_in_the_spelling_that_the_pair_has() -> None:
    published = plan(["harry,A", "harry,B"], ["snape,A"])
    made = plan(["Harry,C", "Harry"], ["Snape,C", ",A"], base=published)
    assert groups(made) == {"A": ["Harry"], "B": ["Harry"], "C": ["Harry"]}
    assert rights(made) == {"Snape": ["A", "C"]}


def test_should_show_a_kept_class_to_its_teachers() -> None:
    published = plan(["harry,A"], ["snape,A"])
    made = plan(["ron,B", "*,A"], ["snape,A", "hooch,A"], base=published)
    assert rights(made) == {"hooch": ["A"], "snape": ["A"]}


def test_should_keep_nothing_without_a_rejected_row() -> None:
    made = plan(["ron,B"], ["snape,B"], base=plan(["harry,A"], ["snape,A"]))
    assert made.kept == []
    assert groups(made) == {"B": ["ron"]}


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
