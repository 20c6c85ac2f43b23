"""A whole import as it would be: its outcome, its counts, what changes, and what it does not depend on."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.encode import Blob, as_dict, entries, lines, unpack
from roster.model import Entry, Roster
from roster.names import fold
from roster.notices import STUDENTS, FileTooLarge, PartnerIsOld
from roster.plan import Plan, plan_import, refuse
from roster.settings import Settings
from tests.unit.roster.samples import DISTRICT, SEED, base_of, pair, plan, roster_of, rows, snapshot_lines
from tests.unit.roster.strategies import some_rows, some_settings

KINDS = ("groups", "members", "rights")
Keyed = dict[tuple[str, ...], object]


def is_group(entry: Entry) -> bool:
    return "group" in as_dict(entry)


def keyed(roster: Roster) -> dict[str, Keyed]:
    """What a roster says of each group, membership and right, by its identity."""
    return {
        "groups": {(entry.key,): as_dict(entry) for entry in entries(roster) if is_group(entry)},
        "members": {(group.key, fold(member)): member for group in roster.groups for member in group.members},
        "rights": {(entry.key,): as_dict(entry) for entry in entries(roster) if not is_group(entry)},
    }


def difference(old: Keyed, new: Keyed) -> dict[str, int]:
    return {
        "created": len(new.keys() - old.keys()),
        "removed": len(old.keys() - new.keys()),
        "changed": sum(old[key] != new[key] for key in old.keys() & new.keys()),
    }


# Outcomes


def test_should_be_ok_without_a_notice_or_with_information_only() -> None:
    assert plan(["Ron,A"], ["Snape,A"]).outcome == "ok"
    made = plan(["Ron@x,A", ""], ["Snape,A"])
    assert made.outcome == "ok"
    assert made.notices.severities == {"info": 2}


@pytest.mark.parametrize("row", ["Ron,A ", "Ron,"])
def test_should_be_ok_with_warnings_where_somebody_should_look(row: str) -> None:
    rows = [f"pupil.{number},A" for number in range(20)]
    assert plan(["Ron,A", row, *rows], ["Snape,A"]).outcome == "ok_with_warnings"


def test_should_change_nothing_where_the_pair_says_what_is_published() -> None:
    published = plan(["Ron,A", "Harry,A"], ["Snape,A"])
    made = plan(["Harry,A", "Ron,a", "Ron,A", "*,B"], ['"Snape",A'], base=published)
    assert made.outcome == "no_change"
    assert (made.snapshot, made.delta, set(made.changes.values())) == (None, None, {0})
    assert made.notices.totals["no_change"] == 1
    assert made.roster == published.roster


def test_should_publish_where_only_a_setting_changed() -> None:
    published = plan(["Ron,A"], ["Snape,A"])
    made = plan(["Ron,A"], ["Snape,A"], Settings(restrict_customisation=True), base=published)
    assert made.outcome == "ok"
    assert made.snapshot is not None
    made = plan(["Ron,A"], ["Snape,A"], Settings(basic_console_only=True), base=published)
    assert {name: count for name, count in made.changes.items() if count} == {"rights_changed": 1}


def test_should_fail_and_offer_nothing_where_a_file_is_refused() -> None:
    made = plan(b"nonsense", ["Snape,A", "Hooch,"], base=plan(["Ron,A"], ["Snape,A"]))
    assert made.outcome == "failed"
    assert (made.roster, made.snapshot, made.delta, made.changes) == (None, None, None, {})
    counts = {"rows_read": 2, "rows_rejected": 1, "groups": 0, "members": 0, "memberships": 0, "teachers": 0}
    assert made.counts == counts


def test_should_fail_where_an_upload_is_refused_before_it_is_read() -> None:
    made = refuse([FileTooLarge(STUDENTS, bytes=2, limit=1)])
    assert (made.outcome, made.roster, made.snapshot, made.changes) == ("failed", None, None, {})
    assert made.counts == dict.fromkeys(plan([], []).counts, 0)
    assert made.notices.totals == {"file_too_large": 1}


def test_should_pass_on_what_was_found_about_the_uploads() -> None:
    made = plan_import(SEED, DISTRICT, found=[PartnerIsOld(STUDENTS)])
    assert made.outcome == "ok_with_warnings"
    assert [notice.code for notice in made.notices.listed()] == ["partner_is_old"]


def test_should_have_no_delta_of_a_first_version() -> None:
    made = plan_import(SEED, DISTRICT)
    assert made.snapshot is not None
    assert made.delta is None
    assert {name: count for name, count in made.changes.items() if count} == {
        "groups_created": 4,
        "members_created": 5,
        "rights_created": 4,
    }


def test_should_give_no_roster_to_an_empty_pair() -> None:
    made = plan([], [])
    assert made.roster == Roster((), ())
    assert set(made.counts.values()) == {0}


# Groups that shrank


@pytest.mark.parametrize(
    ("before", "now", "told"), [(10, 5, 0), (10, 4, 1), (11, 6, 0), (11, 5, 1), (10, 0, 1), (9, 0, 0)]
)
def test_should_tell_of_a_class_of_ten_that_lost_more_than_half(before: int, now: int, told: int) -> None:
    published = plan([f"s{number},A" for number in range(before)] + ["Ron,B"])
    made = plan([f"S{number},A" for number in range(now)] + ["Ron,B"], base=published)
    assert made.notices.totals["group_shrank"] == told


# What is packed


def content(made: Plan) -> bytes:
    assert made.snapshot is not None
    return unpack(made.snapshot.data, made.snapshot.blob)


@given(some_rows, some_rows, some_settings)
def test_should_pack_the_roster_that_it_names(students: list[str], teachers: list[str], settings: Settings) -> None:
    made = plan(students, teachers, settings)
    assert made.snapshot is not None
    assert content(made) == b"".join(snapshot_lines(roster_of(made)))
    assert list(lines(made.snapshot.data, made.snapshot.blob)) == snapshot_lines(roster_of(made))
    assert isinstance(made.snapshot.blob, Blob)


def test_should_know_the_same_roster_by_the_same_bytes() -> None:
    one, other = plan_import(SEED, DISTRICT), plan(["Harry_Potter,Flying"], base=plan_import(SEED, DISTRICT))
    again = plan_import(SEED, DISTRICT, base_of(roster_of(other)))
    assert one.snapshot is not None
    assert one.snapshot == again.snapshot


# Changes


@given(some_rows, some_rows, some_settings, some_rows, some_rows, some_settings)
def test_should_count_changes_as_set_arithmetic_does(
    old_students: list[str],
    old_teachers: list[str],
    old_settings: Settings,
    students: list[str],
    teachers: list[str],
    settings: Settings,
) -> None:
    published = plan(old_students, old_teachers, old_settings)
    made = plan(students, teachers, settings, base=published)
    old, new = keyed(roster_of(published)), keyed(roster_of(made))
    expected = {f"{kind}_{verb}": n for kind in KINDS for verb, n in difference(old[kind], new[kind]).items()}
    assert made.changes == expected
    assert (made.outcome == "no_change") == (roster_of(published) == roster_of(made))


# What it does not depend on


def shuffled(rows: Iterable[str], seed: int) -> list[str]:
    mixed = list(rows)
    random.Random(seed).shuffle(mixed)  # noqa: S311 - nothing secret about it
    return mixed


@given(some_rows, some_rows, st.integers(0, 99))
def test_should_not_depend_on_the_order_of_rows(students: list[str], teachers: list[str], seed: int) -> None:
    # One spelling each: of several the first would win, and an order is what makes it the first.
    students, teachers = [row.casefold() for row in students], [row.casefold() for row in teachers]
    made = plan(students, teachers)
    other = plan(shuffled(students, seed), shuffled(teachers, seed))
    assert other.snapshot == made.snapshot
    assert other.counts == made.counts
    assert other.notices.totals == made.notices.totals


@given(some_rows, some_rows, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_should_not_depend_on_how_a_file_is_written(
    students: list[str], teachers: list[str], end: str, separator: str, utf16: bool
) -> None:
    made = plan(students, teachers)

    def written(data: bytes) -> bytes:
        text = data.decode().replace(",", separator).replace("\n", end)
        return text.encode("utf-16" if utf16 else "utf-8-sig")

    files = {file: written(data) for file, data in pair(students, teachers).items()}
    assert plan_import(files, DISTRICT).snapshot == made.snapshot


@given(some_rows, some_rows)
def test_should_say_the_same_twice(students: list[str], teachers: list[str]) -> None:
    one, other = plan(students, teachers), plan(students, teachers)
    assert (one.snapshot, one.notices.listed()) == (other.snapshot, other.notices.listed())


def test_should_survive_a_pair_of_rejected_rows_only() -> None:
    made = plan(["*,A"] * 50, ["x"] * 50)
    assert (made.outcome, {reason.code for reason in made.held}) == ("held", {"file_has_no_rows"})
    assert rows("field_count", made) == list(range(3, 53))
    assert made.counts["rows_rejected"] == made.counts["rows_read"] == 100
