"""The data of the views of console access, groups and users: from groups and rights, page by page or whole."""

from typing import Any

import pytest

from roster.model import Entry, Group, Right
from roster_pages.access_data import AccessData, console_data, group_data, groups_data, joined, user_data
from roster_pages.asked import Asked

AT = "2026-11-26T12:00:00+00:00"
ROOM = 5_000_000
ART = Group("art", "Art", ("Ann", "bob", "Carl"))
RIGHTS = [
    Right("snape", "Snape", ("Art",), ("Dark Arts",), all_groups=False, basic_console_only=False),
    Right("hooch", "Hooch", (), (), all_groups=True, basic_console_only=False),
    Right("albus", "Albus", ("Latin",), (), all_groups=False, basic_console_only=True),
]
ENTRIES: list[Entry] = [ART, *RIGHTS, Group("latin", "Latin", ("bob",))]


def test_should_list_console_access_by_username_and_find_one_in_any_case() -> None:
    data = console_data(AT, Asked("console", "hogwarts"), ENTRIES, ROOM)
    assert [right["username"] for right in data["rights"]] == ["Albus", "Hooch", "Snape"]
    assert (data["total"], data["matching"], data["page"], data["pages"]) == (3, 3, 1, 1)
    found = console_data(AT, Asked("console", "hogwarts", search="NAP"), ENTRIES, ROOM)
    assert [right["username"] for right in found["rights"]] == ["Snape"]
    assert (found["total"], found["matching"], found["search"]) == (3, 1, "NAP")
    assert "next" not in data


def test_should_list_groups_with_their_sizes_and_who_sees_them_by_name() -> None:
    data = groups_data(AT, Asked("groups", "hogwarts"), ENTRIES)
    assert [tuple(group.values()) for group in data["groups"]] == [("Art", 3, ["Snape"]), ("Latin", 1, ["Albus"])]
    assert (data["total"], data["matching"], data["see_all"]) == (2, 2, 1)
    found = groups_data(AT, Asked("groups", "hogwarts", search="LAT"), ENTRIES)
    assert [group["name"] for group in found["groups"]] == ["Latin"]
    many = [Group(f"g{number:03}", f"G{number:03}", ("ann",)) for number in range(120)]
    last = groups_data(AT, Asked("groups", "hogwarts", page=3), many)
    assert (len(last["groups"]), last["page"], last["pages"]) == (20, 3, 3)


def test_a_group_should_name_who_sees_it() -> None:
    data = group_data(AT, Asked("group", "hogwarts", name="ART"), ART, ENTRIES, ROOM)
    assert data["group"] == {"name": "Art", "members": ["Ann", "bob", "Carl"], "total": 3}
    assert data["teachers"] == ["Hooch", "Snape"], "also who sees all groups"
    nothing = group_data(AT, Asked("group", "hogwarts", name="x"), None, ENTRIES, ROOM)
    assert (nothing["group"], nothing["teachers"]) == (None, [])


def test_a_user_should_have_console_access_and_the_groups_that_they_are_in() -> None:
    data = user_data(AT, Asked("user", "hogwarts", name="BOB"), None, ENTRIES, ROOM)
    assert (data["console"], data["member_of"]) == (None, ["Art", "Latin"])
    teacher = user_data(AT, Asked("user", "hogwarts", name="snape"), RIGHTS[0], ENTRIES, ROOM)
    assert teacher["console"]
    assert (teacher["console"]["pending"], teacher["member_of"]) == (["Dark Arts"], [])
    assert user_data(AT, Asked("user", "hogwarts"), None, ENTRIES, ROOM)["member_of"] == []


def whole(view: str, room: int) -> tuple[Any, int]:
    """All of a list, and in how many parts it came."""

    def part(start: str) -> AccessData:
        asked = Asked(view, "hogwarts", name="bob" if view == "user" else "art", whole=True, start=start)
        if view == "console":
            return console_data(AT, asked, ENTRIES, room)
        return (
            group_data(AT, asked, ART, ENTRIES, room) if view == "group" else user_data(AT, asked, None, ENTRIES, room)
        )

    data, parts = part(""), 1
    while start := data.get("next"):
        data, parts = joined(data, part(start)), parts + 1
    return data, parts


@pytest.mark.parametrize(("view", "most"), [("console", 3), ("group", 3), ("user", 2)])
def test_parts_of_a_whole_list_should_come_to_the_same_however_little_room_there_is(view: str, most: int) -> None:
    once, one = whole(view, ROOM)
    again, many = whole(view, 1)
    assert again == once
    assert (one, many) == (1, most)


def test_should_not_join_parts_of_different_views_and_know_of_a_group_that_has_gone() -> None:
    console, group = whole("console", ROOM)[0], whole("group", ROOM)[0]
    with pytest.raises(ValueError, match="group does not go on with console"):
        joined(console, group)
    gone = group_data(AT, Asked("group", "hogwarts", name="art", whole=True), None, (), ROOM)
    assert joined(group, gone) == gone
