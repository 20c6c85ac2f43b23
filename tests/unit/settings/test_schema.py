"""docs/settings.schema.json and docs/settings.md say what the reader of settings.json does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from roster.names import clean
from roster.settings import Settings
from roster.settings_file import as_dict, read_settings
from tests.unit.settings.samples import BAD, GOOD
from tests.unit.settings.strategies import any_documents

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = json.loads((DOCS / "settings.schema.json").read_text(encoding="utf-8"))
PAGE = (DOCS / "settings.md").read_text(encoding="utf-8")
VALIDATOR = Draft202012Validator(SCHEMA)

Schema = dict[str, Any]


def properties(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every property at any depth, with its JSON pointer."""
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}/{name}", inner
        yield from properties(inner, f"{path}/{name}")


PROPERTIES = dict(properties(SCHEMA))
NUMBERS = {path: each for path, each in PROPERTIES.items() if each.get("type") == "integer"}


def document_with(path: str, value: object) -> Any:
    """The document that has nothing but this value, at its place."""
    for name in reversed(path.split("/")[1:]):
        value = {name: value}
    return value


def value_at(path: str, document: Any) -> Any:
    for name in path.split("/")[1:]:
        document = document[name]
    return document


def places_told_by_the_schema(document: object) -> set[str]:
    return {"".join(f"/{part}" for part in error.absolute_path) for error in VALIDATOR.iter_errors(document)}


def places_told_by_the_reader(document: object) -> set[str]:
    return {problem.path for problem in read_settings(json.dumps(document).encode())[1]}


# The schema and the reader.


def test_the_schema_should_be_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert NUMBERS


def test_the_schema_should_have_the_settings_and_their_defaults() -> None:
    defaults = as_dict(Settings())
    assert set(SCHEMA["properties"]) - {"$schema"} == set(defaults)
    stated = {path: each["default"] for path, each in PROPERTIES.items() if "default" in each}
    assert stated == {path: value_at(path, defaults) for path in stated}
    leaves = {path for path, each in PROPERTIES.items() if each.get("type") != "object"}
    assert leaves - set(stated) == {"/$schema"}


def test_every_part_of_the_schema_should_explain_itself_to_an_editor() -> None:
    assert [path for path, each in PROPERTIES.items() if not each.get("title") or not each.get("description")] == []


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_both_should_accept(name: str, value: object) -> None:
    assert places_told_by_the_schema({name: value}) == places_told_by_the_reader({name: value}) == set()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_both_should_refuse_at_the_same_place(name: str, value: object) -> None:
    places = places_told_by_the_schema({name: value})
    assert places
    assert places == places_told_by_the_reader({name: value})


@pytest.mark.parametrize("path", NUMBERS)
def test_both_should_have_the_same_bounds(path: str) -> None:
    for bound, beyond in ((NUMBERS[path]["minimum"], -1), (NUMBERS[path]["maximum"], 1)):
        assert places_told_by_the_reader(document_with(path, bound)) == set()
        assert places_told_by_the_reader(document_with(path, bound + beyond)) == {path}
        assert places_told_by_the_schema(document_with(path, bound + beyond)) == {path}


@given(any_documents)
def test_both_should_refuse_any_document_at_the_same_places(document: object) -> None:
    assert places_told_by_the_schema(document) == places_told_by_the_reader(document)


def test_both_should_see_the_same_characters() -> None:
    """Which characters count as nothing: all of them are in the first planes or among the tags.

    One thing only the reader sees: that a name of just so many characters has more when put in NFC.
    """
    for items in (SCHEMA["properties"][name]["items"] for name in ("all_groups_users", "reserved_classes")):
        seen = re.compile(items["pattern"]).search
        characters = map(chr, [*range(0x20000), *range(0xE0000, 0xE1001)])
        assert [hex(ord(each)) for each in characters if bool(seen(each)) != bool(clean(each)[0])] == []


# The page.


def test_the_page_should_have_a_row_for_every_setting() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted([*as_dict(Settings()), *as_dict(Settings())["hold"]])


@pytest.mark.parametrize("path", NUMBERS)
def test_the_page_should_give_the_bounds_and_defaults(path: str) -> None:
    *_, owner, part = path.split("/")
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{owner or part}` |"))
    prefix = f"{part} " if owner else ""
    each = NUMBERS[path]
    assert f"{prefix}{each['minimum']} to {each['maximum']}" in row
    assert f"{prefix or 'default '}{each['default']}" in row


def test_the_page_should_give_the_words_and_the_default_list() -> None:
    for path, each in PROPERTIES.items():
        row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{path[1:]}` |")), "")
        assert all(f'"{word}"' in row for word in each.get("enum", ())), path
    assert all(name in PAGE for name in Settings().reserved_classes)


def test_the_pages_example_should_be_good() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    settings, problems = read_settings(example.encode())
    assert problems == []
    assert settings != Settings()


def test_the_page_should_show_what_is_really_told() -> None:
    bad = {"hold": {"teachers_removed": {"percent": 60}}, "paused": "yes", "remvals": "keep"}
    _, problems = read_settings(json.dumps(bad).encode())
    assert "\n".join(map(str, problems)) in PAGE
