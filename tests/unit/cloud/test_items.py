"""Groups and rights as items: what is put is what is read, within DynamoDB's limits, in sixteen partitions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.model import Entry, Group, Right
from roster.names import CLASS_LIMIT, USERNAME_LIMIT, fold
from roster_aws.dynamo.items import SURELY_ONE_PART, Unstorable, address, entries_of, items, prove
from roster_aws.dynamo.table import from_wire, to_wire

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
GROUPS = st.builds(lambda name, members: Group(fold(name), name, tuple(members)), NAMES, st.lists(NAMES, max_size=5))
RIGHTS = st.builds(
    lambda name, groups, pending, every, basic: Right(fold(name), name, tuple(groups), tuple(pending), every, basic),
    NAMES,
    st.lists(NAMES, max_size=3),
    st.lists(NAMES, max_size=3),
    st.booleans(),
    st.booleans(),
)


def stored(*entries: Entry) -> list[Entry]:
    wire = [to_wire(item) for entry in entries for item in items("hogwarts", entry, 1)]
    return list(entries_of(from_wire(json.loads(json.dumps(item))) for item in wire))


@given(st.one_of(GROUPS, RIGHTS))
def test_should_read_what_was_put(entry: Entry) -> None:
    assert stored(entry) == [entry]


def test_should_keep_a_group_and_a_right_of_one_name_as_two_items() -> None:
    group, right = Group("potions", "Potions", ("a",)), Right("potions", "Potions", (), (), False, False)
    assert stored(group, right) == [group, right]


def test_should_spill_a_very_large_group_into_parts_below_the_items_limit() -> None:
    group = Group("school", "School", tuple(f"student.{number:07}@district.example.org" for number in range(30_000)))
    parts = list(items("hogwarts", group, 1))
    assert len(parts) == parts[0]["parts"] > 2
    assert all(len(json.dumps(part["members"]).encode()) < 400_000 for part in parts)
    assert [part["sk"] for part in parts] == sorted(part["sk"] for part in parts)
    assert stored(group) == [group]


def size_of(item: dict[str, Any]) -> int:
    """An item's size as DynamoDB counts it: names and values, three bytes a list and one for each of what it holds."""

    def size(value: Any) -> int:
        if isinstance(value, list):
            return 3 + sum(1 + size(each) for each in value)
        return len(value.encode()) if isinstance(value, str) else 21

    return sum(len(name) + size(value) for name, value in item.items())


def test_should_spill_a_right_of_very_many_classes_into_parts_too() -> None:
    classes = tuple(f"{number:05}{'c' * 56}" for number in range(7000))
    right = Right("snape", "Snape", classes[:6000], classes[6000:], False, True)
    parts = list(items("hogwarts", right, 1))
    assert len(parts) == parts[0]["parts"] == 2
    assert all(size_of(part) < 400 * 1024 for part in parts)
    assert stored(right) == [right]


many_names = st.builds(
    lambda letters, lengths: tuple(letter * length for letter, length in zip(letters, lengths, strict=False)),
    st.lists(st.sampled_from("aé\U0001f600日"), min_size=1, max_size=40),
    st.lists(st.integers(1, USERNAME_LIMIT), min_size=1, max_size=40),
).flatmap(lambda names: st.integers(1, 60).map(lambda times: names * times))


@given(many_names, many_names, st.sampled_from("aé\U0001f600\u1fb7\u0390"))
def test_should_make_no_item_larger_than_the_table_takes(
    names: tuple[str, ...], others: tuple[str, ...], letter: str
) -> None:
    group = Group(fold(letter * CLASS_LIMIT), letter * CLASS_LIMIT, names * 20)
    right = Right(fold(letter * USERNAME_LIMIT), letter * USERNAME_LIMIT, names, others, False, False)
    for entry in (group, right):
        parts = list(items("hogwarts", entry, 1))
        assert all(size_of(part) <= 400 * 1024 for part in parts)
        assert stored(entry) == [entry]


@given(st.text("aé\U0001f600", max_size=1001), st.integers(1, 1001), st.sampled_from("aé\U0001f600"))
def test_should_prove_only_what_fits_the_items_of_the_table(name: str, length: int, letter: str) -> None:
    long = letter * length
    for entry in (Group(long, name, (name,) * 700), Right(name, long, (long,) * 300, (name,), False, False)):
        try:
            prove([entry])
        except Unstorable:
            assert max(len(name), length) > 1000
        else:
            assert max(len(name), length) <= 1000
            assert all(size_of(part) <= 400 * 1024 for part in items("hogwarts", entry, 1))


@pytest.mark.parametrize("letter", "aé\U0001f600\u1fb7\u0390")
def test_should_prove_the_longest_names_that_an_import_reads(letter: str) -> None:
    user, class_ = letter * USERNAME_LIMIT, letter * CLASS_LIMIT
    prove([Group(fold(class_), class_, (user,)), Right(fold(user), user, (class_,), (class_,), False, False)])


def test_should_read_entries_between_the_parts_of_a_large_one_as_they_are() -> None:
    """A blank sorts before the mark of a part."""
    members = tuple(f"student.{number:07}@district.example.org" for number in range(30_000))
    large, small = Group("art", "Art", members), Group("art 2", "Art 2", ("a",))
    wire = [item for entry in (large, small) for item in items("hogwarts", entry, 1)]
    read = list(entries_of(sorted(wire, key=lambda item: str(item["sk"]))))
    assert sorted(read, key=lambda entry: entry.key) == [large, small]


def test_should_not_read_a_part_that_is_left_over() -> None:
    group = Group("school", "School", tuple(f"student.{number:07}@district.example.org" for number in range(30_000)))
    smaller = group._replace(members=group.members[:10])
    left = list(items("hogwarts", group, 1))[1:]
    assert list(entries_of([*items("hogwarts", smaller, 2), *left])) == [smaller]


def test_should_make_one_item_of_a_group_that_surely_fits_whatever_its_names() -> None:
    group = Group("g", "G", ("\U0001f600" * USERNAME_LIMIT,) * SURELY_ONE_PART)
    assert len(list(items("hogwarts", group, 1))) == 1


def test_the_longest_names_should_have_sort_keys_that_the_table_takes() -> None:
    for kind, limit in (("group", CLASS_LIMIT), ("right", USERNAME_LIMIT)):
        for letter in "aé\U0001f600\u1fb7\u0390":
            key = fold(letter * limit)
            where = address("hogwarts", "group" if kind == "group" else "right", key)
            assert len(where.sk.encode()) + len("#PART#0002") <= 1024
            assert address("hogwarts", "group", key + "x") != address("hogwarts", "group", key + "y")


def test_should_spread_entries_over_sixteen_partitions() -> None:
    partitions = {address("hogwarts", "group", f"class {number}").pk for number in range(500)}
    assert partitions == {f"SITE#hogwarts#{digit:x}" for digit in range(16)}
