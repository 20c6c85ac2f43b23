"""Groups and rights as items: what is put is what is read, within DynamoDB's limits, in sixteen partitions."""

import json

from hypothesis import given
from hypothesis import strategies as st

from roster.model import Entry, Group, Right
from roster.names import CLASS_LIMIT, USERNAME_LIMIT, fold
from roster_aws.items import SURELY_ONE_PART, address, entries_of, items
from roster_aws.table import from_wire, to_wire

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
def test_what_is_put_is_what_is_read(entry: Entry) -> None:
    assert stored(entry) == [entry]


def test_a_group_and_a_right_of_one_name_are_two_items() -> None:
    group, right = Group("potions", "Potions", ("a",)), Right("potions", "Potions", (), (), False, False)
    assert stored(group, right) == [group, right]


def test_a_very_large_group_is_spilled_into_parts_below_the_items_limit() -> None:
    group = Group("school", "School", tuple(f"student.{number:07}@district.example.org" for number in range(30_000)))
    parts = list(items("hogwarts", group, 1))
    assert len(parts) == parts[0]["parts"] > 2
    assert all(len(json.dumps(part["members"]).encode()) < 400_000 for part in parts)
    assert [part["sk"] for part in parts] == sorted(part["sk"] for part in parts)
    assert stored(group) == [group]


def test_a_group_that_surely_fits_one_item_does_whatever_its_names() -> None:
    group = Group("g", "G", ("\U0001f600" * USERNAME_LIMIT,) * SURELY_ONE_PART)
    assert len(list(items("hogwarts", group, 1))) == 1


def test_the_longest_names_have_sort_keys_that_the_table_takes() -> None:
    for kind, limit in (("group", CLASS_LIMIT), ("right", USERNAME_LIMIT)):
        for letter in "aé\U0001f600\u1fb7\u0390":
            key = fold(letter * limit)
            where = address("hogwarts", "group" if kind == "group" else "right", key)
            assert len(where.sk.encode()) + len("#PART#0002") <= 1024
            assert address("hogwarts", "group", key + "x") != address("hogwarts", "group", key + "y")


def test_entries_are_spread_over_sixteen_partitions() -> None:
    partitions = {address("hogwarts", "group", f"class {number}").pk for number in range(500)}
    assert partitions == {f"SITE#hogwarts#{digit:x}" for digit in range(16)}
