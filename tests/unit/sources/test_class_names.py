"""Class names: told apart where several sections share a title, and kept whatever comes and goes beside them."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.names import CLASS_LIMIT, fold
from roster.settings import ClassChoices
from roster.sources.class_names import Called, name_sections
from roster.sources.export import Section


def section(id_: str, title: str, **more: str) -> Section:
    return Section("classes.csv", 2, id_, title, **more)  # type: ignore[arg-type]


def named(
    *sections: Section, before: Mapping[str, Called] | None = None, template: str = "{title}"
) -> dict[str, Called]:
    found = {each.id: each for each in sections}
    return name_sections(found, template, ClassChoices(), before or {}, lambda *_: None).called


def names(*sections: Section, before: Mapping[str, Called] | None = None) -> list[str]:
    called = named(*sections, before=before)
    return [called[each.id].name for each in sections]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({}, {}, ["Art (1)", "Art (2)"]),
        ({"code": "7a"}, {"code": "7b"}, ["Art (7a)", "Art (7b)"]),
        ({"code": "7a"}, {"code": ""}, ["Art (1)", "Art (2)"]),
        ({"code": "7", "number": "a"}, {"code": "7", "number": "b"}, ["Art (a)", "Art (b)"]),
        ({"code": "x", "period": "1"}, {"code": "X", "period": "2"}, ["Art (1)", "Art (2)"]),
        ({"school": "North"}, {"school": "South"}, ["Art (North)", "Art (South)"]),
        (
            {"period": "1", "school": "N", "term": "a"},
            {"period": "1", "school": "N", "term": "b"},
            ["Art (a)", "Art (b)"],
        ),
    ],
)
def test_should_tell_twins_apart_by_what_means_something(one: Any, other: Any, expected: list[str]) -> None:
    assert names(section("1", "Art", **one), section("2", "Art", **other)) == expected


def test_should_tell_apart_titles_that_differ_in_case_alone() -> None:
    assert names(section("1", "Art", code="a"), section("2", "ART", code="b")) == ["Art (a)", "ART (b)"]


def test_should_leave_a_title_alone_that_looks_like_another_told_apart() -> None:
    found = names(section("1", "Art", code="a"), section("2", "Art", code="b"), section("3", "Art (a)"))
    assert found[2] == "Art (a)"
    assert len(set(found)) == 3


def test_should_cut_a_long_title_and_never_what_tells_it_apart() -> None:
    found = names(section("1", "A" * CLASS_LIMIT, code="x1"), section("2", "A" * CLASS_LIMIT, code="x2"))
    assert [len(name) for name in found] == [CLASS_LIMIT, CLASS_LIMIT]
    assert [name[-5:] for name in found] == [" (x1)", " (x2)"]


def test_should_rename_nobody_when_a_twin_comes_and_goes() -> None:
    first = named(section("1", "Art", code="a"))
    assert first["1"].name == "Art"
    second = named(section("1", "Art", code="a"), section("2", "Art", code="b"), before=first)
    assert [second[id_].name for id_ in ("1", "2")] == ["Art", "Art (b)"]
    third = named(section("2", "Art", code="b"), before=second)
    assert third["2"].name == "Art (b)"


def test_should_rename_a_section_whose_title_changed() -> None:
    first = named(section("1", "Art", code="a"), section("2", "Art", code="b"))
    second = named(section("1", "Drawing", code="a"), section("2", "Art", code="b"), before=first)
    assert [second[id_].name for id_ in ("1", "2")] == ["Drawing", "Art (b)"]


def test_should_tell_once_for_each_section_and_say_how() -> None:
    told = []
    found = {id_: section(id_, "Art", period=id_) for id_ in ("1", "2", "3")} | {"4": section("4", "")}
    name_sections(
        found, "{title}", ClassChoices(), {}, lambda notice, id_: told.append((id_, notice.code, notice.details))
    )
    shared = {"sections": 3, "by": "period"}
    assert sorted(told, key=lambda each: each[0]) == [
        *((id_, "class_name_shared", shared) for id_ in ("1", "2", "3")),
        ("4", "class_empty", {}),
    ]


def test_should_put_nothing_in_braces_into_a_template_twice() -> None:
    called = named(section("1", "{id}", course="c"), template="{course}: {title}")
    assert called["1"].name == "c: {id}"


few = st.sampled_from(["", "a", "A", "b", "1"])
sections = st.dictionaries(
    st.sampled_from([str(number) for number in range(6)]),
    st.fixed_dictionaries(
        {"title": st.sampled_from(["Art", "art", "Art (a)", "Maths", "Art (1)"])},
        optional={"code": few, "number": few, "period": few, "school": few, "term": few},
    ),
    max_size=6,
)


@given(st.lists(sections, min_size=1, max_size=5))
def test_should_keep_names_apart_and_sticky_over_any_history(history: list[dict[str, dict[str, str]]]) -> None:
    before: dict[str, Called] = {}
    for night in history:
        called = named(*(section(id_, **about) for id_, about in night.items()), before=before)
        assert called.keys() == night.keys()
        assert len({fold(each.name) for each in called.values()}) == len(called)
        for id_, each in called.items():
            if id_ in before and before[id_].title == each.title:
                assert each.name == before[id_].name
        before = called
