"""What a page is asked with, and which part of a list it shows: whatever was asked, there is an answer."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster_pages.asked import MOST_IMPORTS, SORTS, Asked, page_of, portion, size_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda some: st.lists(some, max_size=2) | st.dictionaries(st.text(max_size=3), some, max_size=2),
    max_leaves=4,
)
FIELDS = ("view", "site", "import", "name", "search", "sort", "page", "limit", "whole", "start")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_should_understand_whatever_is_asked(said: dict[str, Any]) -> None:
    asked = Asked.read(said)
    for text in (asked.view, asked.site, asked.import_id, asked.name, asked.search, asked.start):
        assert text.encode().decode() == text
        assert len(text) <= 1000
    assert asked.view
    assert asked.sort in SORTS
    assert asked.page >= 1
    assert 1 <= asked.imports <= MOST_IMPORTS


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, Asked("overview")),
        ({"view": "site", "site": "hogwarts", "limit": 7}, Asked("site", "hogwarts", imports=7)),
        ({"search": " North ", "sort": "groups", "page": 3}, Asked("overview", search="North", sort="groups", page=3)),
        ({"sort": "nonsense", "page": "3", "whole": 1}, Asked("overview")),
        ({"view": "console", "whole": True, "start": "snape"}, Asked("console", whole=True, start="snape")),
        ({"name": "Harry\ud83d", "import": "x"}, Asked("overview", import_id="x", name="Harry?")),
    ],
)
def test_should_take_what_is_said_and_pass_over_what_is_not_what_it_should_be(
    said: dict[str, Any], expected: Asked
) -> None:
    assert Asked.read(said) == expected


@given(st.integers(0, 40), st.integers(1, 50), st.integers(1, 7))
def test_pages_should_have_every_item_once(many: int, page: int, size: int) -> None:
    items = list(range(many))
    number, pages, shown = page_of(items, page, size)
    assert number == min(page, pages)
    assert [item for each in range(1, pages + 1) for item in page_of(items, each, size)[2]] == items
    assert shown == page_of(items, number, size)[2]


@given(st.sets(st.text(min_size=1, max_size=4)), st.integers(-5, 60))
def test_portions_should_have_every_item_once_and_no_more_than_there_is_room_for(names: set[str], room: int) -> None:
    items, found, start = sorted(names), list[str](), ""
    while True:
        taken, further = portion(items, start, room, key=str, data=str)
        assert len(taken) <= 1 or sum(map(size_of, taken)) <= room
        found += taken
        if not further:
            break
        assert further > max(taken)
        start = further
    assert found == items


def test_the_size_of_data_should_be_that_of_its_json() -> None:
    data = {"name": "Zoë", "groups": ["Kräuter"]}
    assert size_of(data) == len(json.dumps([data, data])) - len(json.dumps([data]))
