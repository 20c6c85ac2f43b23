"""settings.json: what is read from it, what is refused, and what nobody can switch off."""

import json
from typing import Any

import pytest
from hypothesis import given

from roster.settings import (
    PLACEHOLDER_USERNAMES,
    RESERVED_CLASSES,
    ClassChoices,
    ExtraTeacher,
    Limits,
    Settings,
    Threshold,
)
from roster.settings_file import PROBLEM_LIMIT, SIZE_LIMIT, as_dict, from_dict, read_settings
from roster.settings_values import Problem
from tests.unit.settings.samples import BAD, GOOD
from tests.unit.settings.strategies import any_documents, good_documents

MARK = "Zzyzx"


def read(document: object) -> Settings:
    settings, problems = read_settings(json.dumps(document).encode())
    assert settings is not None, problems
    assert problems == []
    return settings


def problems_of(data: object) -> list[Problem]:
    settings, problems = read_settings(data if isinstance(data, bytes) else json.dumps(data).encode())
    assert settings is None
    assert problems
    return problems


def one_problem(data: object) -> Problem:
    (problem,) = problems_of(data)
    return problem


# What is read.


def test_should_have_the_defaults_where_nothing_is_said() -> None:
    assert read({}) == Settings()
    assert read({"hold": {}}) == Settings()
    assert as_dict(Settings()) == {
        "import_from": "csv",
        "username": "district",
        "email_domain": None,
        "all_groups_users": [],
        "restrict_customisation": False,
        "basic_console_only": False,
        "removals": "apply",
        "paused": False,
        "pair_window_minutes": 5,
        "hold": {
            "students_as_teachers": {"count": 5, "percent": 5},
            "rows_rejected": {"percent": 5},
            "memberships_removed": {"count": 25, "percent": 10},
            "teachers_removed": {"count": 5, "percent": 10},
            "groups_removed": {"count": 3, "percent": 20},
            "teachers_added": {"count": 10, "percent": 25},
            "rights_changed": {"count": 5, "percent": 15},
            "access_added": {"count": 50, "percent": 50},
            "memberships_added": {"count": 100, "percent": 50},
            "classes_unmatched": {"percent": 20},
            "group_shrank": False,
        },
        "reserved_classes": list(RESERVED_CLASSES),
        "placeholder_usernames": list(PLACEHOLDER_USERNAMES),
        "keep_days": {"memberships": 14, "rights": 3},
        "review": "guards",
        "school_year_starts": None,
        "username_from": "username",
        "schools": [],
        "roles": ["teacher"],
        "class_name": "{title}",
        "classes": {"include": [], "exclude": [], "rename": []},
        "extra_teachers": [],
        "exclude_users": [],
        "time_zone": "UTC",
        "fetch_at": None,
        "days_before": 0,
        "days_after": 0,
    }


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("import_from", "oneroster", "oneroster"),
        ("roles", ["aide"], ("aide",)),
        ("classes", {"rename": [{"from": "A*", "to": " B*"}]}, ClassChoices(rename=(("A*", "B*"),))),
        ("extra_teachers", [{"username": "snape", "all_groups": True}], (ExtraTeacher("snape", all_groups=True),)),
        ("time_zone", "Europe/London", "Europe/London"),
        ("username", "email", "email"),
        ("email_domain", "school.org", "school.org"),
        ("all_groups_users", ["snape", " Hooch\u200b "], ("snape", "Hooch")),
        ("restrict_customisation", True, True),
        ("basic_console_only", True, True),
        ("removals", "keep", "keep"),
        ("paused", True, True),
        ("pair_window_minutes", 7.0, 7),
        ("hold", {"groups_removed": {"count": 9}}, Limits(groups_removed=Threshold(9, 20))),
        ("hold", {"rows_rejected": {"percent": 9}}, Limits(rows_rejected=Threshold(0, 9))),
        ("reserved_classes", ["\u00a0Potions", "e\u0301"], ("Potions", "é")),
    ],
)
def test_should_read_each_setting(name: str, value: object, expected: Any) -> None:
    settings = read({name: value})
    assert settings == Settings()._replace(**{name: expected})
    assert type(getattr(settings, name)) is type(expected)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_should_accept_what_is_just_good(name: str, value: object) -> None:
    read({name: value})


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_should_refuse_what_is_just_not_good(name: str, value: object) -> None:
    problem = one_problem({name: value})
    assert problem.path.startswith(f"/{name}")
    assert len(problem.message) > 20
    assert problem.message.endswith((".", "?"))


def test_should_accept_a_byte_order_mark() -> None:
    assert read_settings(b"\xef\xbb\xbf" + b'{"paused": true}') == (Settings(paused=True), [])


def test_should_say_the_same_settings_again_after_storing_them() -> None:
    said = {"username": "email", "email_domain": "a.org", "all_groups_users": ["é"], "hold": {"rows_rejected": {}}}
    settings = read(said)
    stored = json.loads(json.dumps(as_dict(settings)))
    assert from_dict(stored) == settings
    assert read(as_dict(settings)) == settings


@given(good_documents)
def test_any_settings_should_survive_being_stored(document: dict[str, Any]) -> None:
    settings = read(document)
    assert from_dict(as_dict(settings)) == settings
    assert json.loads(json.dumps(as_dict(settings))) == as_dict(settings)


@given(good_documents)
def test_stored_settings_should_be_what_the_table_takes(document: dict[str, Any]) -> None:
    """Strings, whole numbers, booleans, lists, maps and None: no float, which DynamoDB's client refuses."""

    def kinds(value: object) -> set[type]:
        within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return {type(value)}.union(*map(kinds, within))

    assert kinds(as_dict(read(document))) <= {str, int, bool, list, dict, type(None)}


def test_should_not_bring_back_what_no_file_may_say() -> None:
    with pytest.raises(ValueError, match="/paused"):
        from_dict({"paused": "yes", "all_groups_users": [MARK]})


# What is refused, and how it is told.


def test_should_tell_every_problem_at_once_each_with_its_place() -> None:
    found = problems_of(
        b"""{
            "import_from": "Clever",
            "email_domain": "@school.org",
            "all_groups_users": ["ok", "", 3, "*"],
            "removls": "keep",
            "paused": "true",
            "paused": true,
            "pair_window_minutes": 16,
            "hold": {"teachers_removed": {"count": 101, "percent": true}, "half_removed": {}, "groups_removed": 5},
            "reserved_classes": null
        }"""
    )
    assert [problem.path for problem in found] == [
        "/import_from",
        "/email_domain",
        "/all_groups_users/1",
        "/all_groups_users/2",
        "/all_groups_users/3",
        "",
        "/paused",
        "/pair_window_minutes",
        "/hold/teachers_removed/count",
        "/hold/teachers_removed/percent",
        "/hold",
        "/hold/groups_removed",
        "/reserved_classes",
    ]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            {"time_zone": "Europe/Lundon"},
            'There is no such time zone; write the name of a time zone, such as "Europe/London" or "America/New_York".',
        ),
        (
            {"extra_teachers": [{"username": "a"}]},
            'This says no class; write "classes" with at least one, or "all_groups": true.',
        ),
        ({"paused": 1}, "This is a number; write true or false, without quotes."),
        ({"pair_window_minutes": True}, "This is true or false; write a whole number from 0 to 15, without quotes."),
        ({"pair_window_minutes": 15.5}, "This number cannot be used here; write a whole number from 0 to 15."),
        ({"removals": None}, 'This is null; write "apply" or "keep".'),
        ({"hold": [1]}, "This is a list; write an object: names and values between { and }."),
        ({"REMVALS": 1}, 'The name in place 1 here is no setting; did you mean "removals"?'),
        (
            {"paused": True, "AllGroupsUsers": 1},
            'The name in place 2 here is no setting; did you mean "all_groups_users"?',
        ),
        (
            {"hold": {"rows_rejected": {"xyz": 1}}},
            "The name in place 1 here is no setting; remove it, or write one of: percent.",
        ),
    ],
)
def test_should_say_what_is_wrong_and_what_to_write(document: dict[str, Any], told: str) -> None:
    assert one_problem(document).message == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty; write {}"),
        (b"\xef\xbb\xbf \n", "empty; write {}"),
        (b'{\n  "paused": true,\n}', "not JSON (line "),
        (b'{\n  "paused" true}', "not JSON (line 2, column 12"),
        (b"{'paused': true}", "double quotes"),
        (b'{"paused": true} // no', "no comments"),
        (b'{"removals": "ke\nep"}', "not JSON (line 1, column 17"),
        (b'{\n"email_domain": "\xfc.org"}', "not UTF-8 text in line 2"),
        ('{"paused": true}'.encode("utf-16"), "not UTF-8 text in line 1"),
        (b"[" * 60_000, "brackets in brackets"),
        (b"[]", "This is a list; write an object"),
        (b"null", "This is null; write an object"),
        (b"NaN", "This is a number; write an object"),
    ],
)
def test_should_refuse_what_is_no_json_text(data: bytes, told: str) -> None:
    problem = one_problem(data)
    assert problem.path == ""
    assert told in problem.message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 5000, "-" + "1" * 5000, "1e-999999"])
def test_should_refuse_numbers_beyond_all_numbers(number: str) -> None:
    settings, problems = read_settings(f'{{"hold": {{"groups_removed": {{"count": {number}}}}}}}'.encode())
    if number == "1e-999999":  # which is zero
        assert settings
    else:
        assert [problem.path for problem in problems] == ["/hold/groups_removed/count"]


def test_should_refuse_a_file_that_is_too_large() -> None:
    assert read_settings(b"{}".ljust(SIZE_LIMIT)) == (Settings(), [])
    assert "larger than 64 KB" in one_problem(b"{}".ljust(SIZE_LIMIT + 1)).message


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"paused": true, "paused": true}', "/paused"),
        ('{"hold": {}, "hold": {}}', "/hold"),
        ('{"hold": {"rows_rejected": {"percent": 1, "percent": 1}}}', "/hold/rows_rejected/percent"),
    ],
)
def test_should_refuse_a_setting_given_twice(text: str, path: str) -> None:
    assert one_problem(text.encode()) == Problem(path, "This is given more than once; keep one of them.")


def test_should_list_a_hundred_problems_and_count_the_others() -> None:
    def many(number: int) -> list[Problem]:
        return problems_of({f"key{each}": 1 for each in range(number)})

    assert len(many(PROBLEM_LIMIT)) == PROBLEM_LIMIT
    assert "More problems" not in many(PROBLEM_LIMIT)[-1].message
    assert len(many(PROBLEM_LIMIT + 1)) == PROBLEM_LIMIT + 1
    assert many(PROBLEM_LIMIT + 1)[-1] == Problem("", "More problems than these: 1. Correct these first.")
    assert many(PROBLEM_LIMIT + 7)[-1] == Problem("", "More problems than these: 7. Correct these first.")


# What nobody can switch off.


@pytest.mark.parametrize("guard", Limits._fields)
@pytest.mark.parametrize("part", ["count", "percent"])
def test_no_limit_should_be_unbounded(guard: str, part: str) -> None:
    for value in (-1, 1001, 10**9):
        assert one_problem({"hold": {guard: {part: value}}}).path.startswith(f"/hold/{guard}")


@given(good_documents)
def test_no_settings_file_should_switch_a_guard_off(document: dict[str, Any]) -> None:
    hold = read(document).hold
    assert hold.students_as_teachers.count <= 50
    assert hold.students_as_teachers.percent <= 50
    for guard, limit in hold._asdict().items():
        # What is added may double what there is; what goes may be half of it.
        of = 2000 if guard in ("access_added", "memberships_added") else 4000
        if guard not in ("students_as_teachers", "group_shrank"):
            assert not limit.allows(2001, of), guard


@pytest.mark.parametrize(
    ("number", "of", "allowed"),
    [(5, 10, True), (6, 10, False), (10, 100, True), (11, 100, False), (10, 99, False), (0, 0, True), (6, 0, False)],
)
def test_a_threshold_should_allow_the_larger_of_count_and_percent(number: int, of: int, allowed: bool) -> None:
    assert Threshold(5, 10).allows(number, of) is allowed


# No name leaves the file.


def marked(value: Any) -> Any:
    """The document with a mark in each of its texts, and in each name that is no setting."""
    if isinstance(value, dict):
        return {name if name in as_dict(Settings()) else MARK + name: marked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [marked(each) for each in value]
    return MARK + value if isinstance(value, str) else value


@given(any_documents)
def test_no_problem_should_repeat_what_the_file_says(document: Any) -> None:
    _, problems = read_settings(json.dumps(marked(document)).encode())
    assert MARK not in str(problems)
    _, problems = read_settings(json.dumps(marked(document)).encode()[:-1])
    assert MARK not in str(problems)


@pytest.mark.parametrize("name", sorted(BAD))
@pytest.mark.parametrize("bad", [f"{MARK}*", f"!{MARK}", MARK * 60, f"{MARK}\n", f"{MARK}@{MARK}"])
def test_no_problem_should_name_a_user(name: str, bad: str) -> None:
    for value in (bad, [bad], {bad: bad}, {"rows_rejected": {bad: 1}}):
        _, problems = read_settings(json.dumps({name: value, bad: 1}).encode())
        assert problems
        assert MARK not in str(problems)
    _, problems = read_settings(f'{{"{name}": "\\{bad}"'.encode())
    assert problems
    assert MARK not in str(problems)


def test_settings_should_not_show_names_when_printed() -> None:
    assert MARK not in repr(read({"all_groups_users": [MARK], "reserved_classes": [MARK]}))
