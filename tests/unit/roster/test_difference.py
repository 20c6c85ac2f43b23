"""What changes between two versions is told in one order, counted in full and listed up to a limit."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster import delta
from roster.difference import PARTS, Difference, Names, Part, of_changes, of_versions
from roster.encode import Corrupt
from roster.listing import lines
from roster.model import Group, Right, Roster
from roster.names import fold
from tests.unit.roster.samples import snapshot_lines
from tests.unit.roster.strategies import some_rosters


def group(name: str, *members: str) -> Group:
    return Group(fold(name), name, members)


def right(name: str, *groups: str, pending: tuple[str, ...] = (), **more: Any) -> Right:
    return Right(fold(name), name, groups, pending, **{"all_groups": False, "basic_console_only": False} | more)


OLD = Roster(
    (
        group("Art", "ann", "bob"),
        group("Flying", "ann", "bob", "cho"),
        group("Potions", "ann", "bob"),
        group("Stay", "ann"),
    ),
    (
        right("gone", "Art", "Flying"),
        right("head", "Art", all_groups=True),
        right("moved", "Art", "Potions", pending=("Runes",)),
        right("stays", "Stay"),
    ),
)
NEW = Roster(
    (
        group("Flying", "ann", "dee", "Bob"),
        group("potions", "ann", "bob"),
        group("Runes", "ann"),
        group("Stay", "ann"),
        group("Xylophone", "cho"),
    ),
    (
        right("head", "Flying", basic_console_only=True),
        right("moved", "Flying", "Runes", pending=("potions",)),
        right("new", "Flying", pending=("Zoology",)),
        right("stays", "Stay"),
    ),
)


def between(old: Roster, new: Roster, *limits: int | None) -> Difference:
    return of_versions(snapshot_lines(old), snapshot_lines(new), *limits)


def test_should_tell_rights_before_groups_and_losses_before_gains() -> None:
    assert list(lines(between(OLD, NEW))) == [
        "Console access that goes: 1",
        "  gone: loses 2 classes: Art, Flying",
        "New console access: 1",
        "  new: gains 2 classes: Flying, Zoology",
        "Console access that changes: 2",
        "  head: no longer sees all groups; Basic Console Only now; loses 1 class: Art; gains 1 class: Flying",
        (
            "  moved: loses 1 class: Art; gains 1 class: Flying; sees 1 class with students at last: Runes; "
            "waits for students in 1 class: potions"
        ),
        "Groups that go: 1",
        "  Art: 2 members: ann, bob",
        "New groups: 2",
        "  Runes: 1 member: ann",
        "  Xylophone: 1 member: cho",
        "Groups that change: 2",
        "  Flying: 3 members; 1 comes: dee; 1 goes: cho; 1 spelled anew: Bob",
        "  potions: spelled Potions before; 2 members",
    ]


def test_should_tell_a_setting_that_travels_with_the_roster() -> None:
    assert list(lines(between(OLD, OLD._replace(restrict_customisation=True)))) == [
        "Groups can no longer be customised (restrict_customisation)."
    ]
    assert list(lines(between(OLD, OLD))) == []


def test_should_tell_a_first_version_as_all_new_and_an_empty_one_as_all_gone() -> None:
    first = of_versions([], snapshot_lines(NEW))
    assert [part.total for part in first.parts] == [0, 4, 0, 0, 5, 0]
    assert first.restricts is None
    last = between(NEW, Roster((), ()))
    assert [part.total for part in last.parts] == [4, 0, 0, 5, 0, 0]


def test_should_count_all_and_list_the_first_of_the_order_that_people_read() -> None:
    many = Roster(
        tuple(group(f"g{number:03}", *(f"p{pupil:03}" for pupil in range(50))) for number in range(300)),
        tuple(right(f"t{number:03}", "g000") for number in range(80)),
    )
    told = between(Roster((), (right("zz", "g000"),)), many, 100, 3)
    assert [(part.total, len(part.listed)) for part in told.parts] == [
        (1, 1),
        (80, 80),
        (0, 0),
        (0, 0),
        (300, 19),
        (0, 0),
    ]
    assert told.groups_new.listed[0].come == Names(50, ("p000", "p001", "p002"))
    said = list(lines(told))
    assert "  g000: 50 members: p000, p001, p002 and 47 more" in said
    assert said[-1] == "  and 281 more"
    every = between(Roster((), ()), many, None, None)
    assert len(every.groups_new.listed) == 300
    assert len(every.groups_new.listed[299].come.first) == 50


def test_should_hold_no_more_of_a_large_version_than_is_listed() -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        for number in range(3000):
            taken += 1
            yield delta.Change(None, group(f"g{number:04}", "ann"))

    told = of_changes(endless(), 5, 1)
    assert (taken, told.groups_new.total, len(told.groups_new.listed)) == (3000, 3000, 5)


@given(some_rosters, some_rosters)
def test_should_agree_with_the_changes_that_a_report_counts(old: Roster, new: Roster) -> None:
    told = between(old, new, None, None)
    tally = dict.fromkeys(delta.CHANGES, 0)
    tally |= {
        "rights_removed": told.rights_lost.total,
        "rights_created": told.rights_gained.total,
        "rights_changed": told.rights_changed.total,
        "groups_removed": told.groups_gone.total,
        "groups_created": told.groups_new.total,
        "groups_changed": told.groups_changed.total,
    }
    of_groups = [each for part in told.groups for each in part.listed]
    tally["members_removed"] = sum(each.gone.total for each in of_groups)
    tally["members_created"] = sum(each.come.total for each in of_groups)
    tally["members_changed"] = sum(each.respelled.total for each in of_groups)
    assert told.changes == tally


@given(some_rosters, some_rosters)
def test_should_name_who_comes_and_goes_and_what_each_teacher_loses_and_gains(old: Roster, new: Roster) -> None:
    told = between(old, new, None, None)
    for attribute, ours, theirs in (("gone", old, new), ("come", new, old)):
        there = {group.key: set(map(fold, group.members)) for group in theirs.groups}
        expected = {
            (each.key, fold(member))
            for each in ours.groups
            for member in each.members
            if fold(member) not in there.get(each.key, set())
        }
        found = {
            (fold(each.name), fold(member))
            for part in told.groups
            for each in part.listed
            for member in getattr(each, attribute).first
        }
        assert found == expected
    for attribute, ours, theirs in (("lost", old, new), ("gained", new, old)):
        seen = {each.key: {*map(fold, each.groups), *map(fold, each.pending)} for each in theirs.rights}
        expected = {
            (each.key, fold(name))
            for each in ours.rights
            for name in (*each.groups, *each.pending)
            if fold(name) not in seen.get(each.key, set())
        }
        found = {
            (fold(each.username), fold(name))
            for part in told.rights
            for each in part.listed
            for name in getattr(each, attribute).first
        }
        assert found == expected


@given(some_rosters, some_rosters)
def test_should_list_each_part_by_key(old: Roster, new: Roster) -> None:
    for part in between(old, new, None, None).parts:
        keys = [fold(str(each[0])) for each in part.listed]
        assert all(one < other for one, other in pairwise(keys))


@given(some_rosters, some_rosters, st.sampled_from([None, 0, 1, 3]), st.sampled_from([None, 0, 1]))
def test_should_read_json_as_the_difference_that_was_written(
    old: Roster, new: Roster, limit: int | None, names: int | None
) -> None:
    told = between(old, new, limit, names)
    assert Difference.from_dict(json.loads(json.dumps(told.as_dict()))) == told


@pytest.mark.parametrize(
    "spoiled",
    [None, [], {}, {"changes": 1}, {"changes": {}}, {"changes": {}, **{name: [] for name in PARTS}}],
)
def test_should_refuse_what_is_no_difference(spoiled: Any) -> None:
    with pytest.raises(Corrupt):
        Difference.from_dict(spoiled)


def test_should_have_nothing_in_a_difference_of_equal_versions() -> None:
    assert between(OLD, OLD) == Difference(dict.fromkeys(delta.CHANGES, 0))
    assert Part() == (0, ())
