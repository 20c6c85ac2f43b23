"""A site's settings.json: read, and every problem in it told at once.

In: the file's bytes. Out: `Settings`, or each `Problem` with its place. Refused: what is not UTF-8 or not JSON, a
setting given twice, one there is none of, a value that is not one of those allowed; never half a file. What is left
out has its default. docs/settings.schema.json says the same to editors, and a test compares the two.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from roster.settings import ClassChoices, ExtraTeacher, KeepDays, Limits, Settings
from roster.settings_values import (
    LIST_LIMIT,
    Problem,
    choice,
    class_list,
    day,
    domain,
    flag,
    hour,
    roles,
    schema_address,
    schools,
    template,
    time_zone,
    title,
    titles,
    username,
    usernames,
    whole,
    words,
    wrong_type,
)

SIZE_LIMIT = 64 * 1024

# More than a person corrects at a time; a report has to stay small whatever was uploaded.
PROBLEM_LIMIT = 100

# The least and the most that each limit can be set to, so that nothing switches a guard off. Half of what is published
# is the most that may go unseen: `half_removed`, which cannot be set, stands there anyway; and what is added may at the
# most double it. Swapped files make
# every teacher a student, so half holds there too, and leaves room for a small school whose technicians are in both.
# A file with a quarter of its rows unreadable is broken. The counts are for small sites, where one person is many
# percent: a hundred teachers or groups, or a thousand memberships, are about a year group. The least is 1 where 0
# would hold imports that have nothing of the kind.
_LIMITS: dict[str, dict[str, tuple[int, int]]] = {
    "students_as_teachers": {"count": (1, 50), "percent": (1, 50)},
    "rows_rejected": {"percent": (0, 25)},
    "memberships_removed": {"count": (0, 1000), "percent": (0, 50)},
    "teachers_removed": {"count": (0, 100), "percent": (0, 50)},
    "groups_removed": {"count": (0, 100), "percent": (0, 50)},
    "teachers_added": {"count": (0, 100), "percent": (0, 50)},
    "rights_changed": {"count": (0, 100), "percent": (0, 50)},
    "access_added": {"count": (0, 1000), "percent": (0, 100)},
    "memberships_added": {"count": (0, 1000), "percent": (0, 100)},
    "classes_unmatched": {"percent": (0, 50)},
}


def read_settings(data: bytes) -> tuple[Settings | None, list[Problem]]:
    """The settings of a settings.json; or None, and every problem in it (from the 101st on only how many)."""
    if len(data) > SIZE_LIMIT:
        return None, [Problem("", f"The file is larger than {SIZE_LIMIT // 1024} KB; shorten it.")]
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        document = json.loads(data.decode(), object_pairs_hook=_Object, parse_int=_number)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [Problem("", f"The file is not UTF-8 text in line {line}; save it as UTF-8.")]
    except RecursionError:
        return None, [Problem("", "The file has brackets in brackets without end; write one object with the settings.")]
    except json.JSONDecodeError as error:
        return None, [_not_json(error, empty=not data.strip())]
    return _check(document)


def as_dict(settings: Settings) -> dict[str, Any]:
    """The settings as a settings.json that says them all: text, whole numbers, booleans, lists, None.

    It has usernames and classes in it, so it is nothing for a log.
    """
    said = {name: list(value) if isinstance(value, tuple) else value for name, value in settings._asdict().items()}
    limits = [(guard, getattr(settings.hold, guard), parts) for guard, parts in _LIMITS.items()]
    hold: dict[str, Any] = {guard: {part: getattr(limit, part) for part in parts} for guard, limit, parts in limits}
    hold["group_shrank"] = settings.hold.group_shrank
    classes = settings.classes._asdict()
    chosen: dict[str, Any] = {name: list(classes[name]) for name in ("include", "exclude")}
    chosen["rename"] = [{"from": old, "to": new} for old, new in settings.classes.rename]
    extra = [each._asdict() | {"classes": list(each.classes)} for each in settings.extra_teachers]
    said |= {"classes": chosen, "extra_teachers": extra}
    return said | {"hold": hold, "keep_days": settings.keep_days._asdict()}


def from_dict(document: Mapping[str, Any]) -> Settings:
    """The inverse of `as_dict`; ValueError for what no settings.json may say."""
    settings, problems = _check(dict(document))
    if settings is None:
        raise ValueError("; ".join(map(str, problems)))
    return settings


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its names were given more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = {name for name, times in Counter(name for name, _ in pairs).items() if times > 1}


def _number(digits: str) -> float:
    # Python refuses to make an int of thousands of digits; as a float it is only too large.
    return int(digits) if len(digits) < 20 else float(digits)


def _not_json(error: json.JSONDecodeError, *, empty: bool) -> Problem:
    if empty:
        return Problem("", "The file is empty; write {} for a site without settings of its own.")
    where = f"line {error.lineno}, column {error.colno}: {error.msg}"
    rules = "double quotes around names and texts, a comma between two values, none after the last, no comments"
    return Problem("", f"The file is not JSON ({where}). Write it with {rules}.")


def _check(document: object) -> tuple[Settings | None, list[Problem]]:
    problems: list[Problem] = []
    values = _members(_SETTINGS, document, "", problems)
    if not problems:
        values.pop("$schema", None)
        return Settings(**values), []
    more = len(problems) - PROBLEM_LIMIT
    if more > 0:
        problems[PROBLEM_LIMIT:] = [Problem("", f"More problems than these: {more}. Correct these first.")]
    return None, problems


_Reader = Callable[[Any, str, list[Problem]], Any]


def _members(readers: Mapping[str, _Reader], value: object, path: str, problems: list[Problem]) -> dict[str, Any]:
    """Read an object, each of its members by the reader of that name; any may be left out."""
    if not isinstance(value, dict):
        problems.append(wrong_type(value, path, "an object: names and values between { and }"))
        return {}
    read = {}
    for place, (name, member) in enumerate(value.items(), 1):
        if name not in readers:
            hint = _hint(name, readers) if len(problems) < PROBLEM_LIMIT else "remove it."
            problems.append(Problem(path, f"The name in place {place} here is no setting; {hint}"))
            continue
        if isinstance(value, _Object) and name in value.repeated:
            problems.append(Problem(f"{path}/{name}", "This is given more than once; keep one of them."))
        read[name] = readers[name](member, f"{path}/{name}", problems)
    return read


def _hint(name: str, known: Mapping[str, _Reader]) -> str:
    import difflib  # here, since hardly any settings.json needs it

    close = difflib.get_close_matches(name.lower(), known, 1)
    return f'did you mean "{close[0]}"?' if close else f"remove it, or write one of: {', '.join(known)}."


def _hold(value: object, path: str, problems: list[Problem]) -> Limits:
    readers: dict[str, _Reader] = {
        guard: partial(_members, {part: partial(whole, *bounds) for part, bounds in parts.items()})
        for guard, parts in _LIMITS.items()
    }
    limits = Limits()
    for guard, read in _members(readers | {"group_shrank": flag}, value, path, problems).items():
        limit = read if guard == "group_shrank" else getattr(limits, guard)._replace(**read)
        limits = limits._replace(**{guard: limit})
    return limits


def _keep_days(value: object, path: str, problems: list[Problem]) -> KeepDays:
    days = partial(whole, 0, 30)
    return KeepDays(**_members({"memberships": days, "rights": days}, value, path, problems))


def _choices(value: object, path: str, problems: list[Problem]) -> ClassChoices:
    readers: dict[str, _Reader] = {"include": titles, "exclude": titles, "rename": _renames}
    return ClassChoices(**_members(readers, value, path, problems))


def _renames(value: object, path: str, problems: list[Problem]) -> tuple[tuple[str, str], ...]:
    example = '[{"from": "Maths *", "to": "Mathematics *"}]'
    renames = []
    for place, each in _listed(value, path, problems, example):
        read = _members({"from": title, "to": title}, each, place, problems)
        if isinstance(each, dict) and not {"from", "to"} <= each.keys():
            problems.append(Problem(place, 'Write both, "from" and "to".'))
        renames.append((read.get("from", ""), read.get("to", "")))
    return tuple(renames)


def _extra_teachers(value: object, path: str, problems: list[Problem]) -> tuple[ExtraTeacher, ...]:
    example = '[{"username": "j.doe", "classes": ["Maths"]}]'
    readers: dict[str, _Reader] = {"username": username, "classes": class_list, "all_groups": flag, "until": day}
    teachers = []
    for place, each in _listed(value, path, problems, example):
        read = _members(readers, each, place, problems)
        if isinstance(each, dict) and "username" not in each:
            problems.append(Problem(place, "This names nobody; write a username."))
        if isinstance(each, dict) and each.get("classes", []) == [] and each.get("all_groups", False) is False:
            problems.append(
                Problem(place, 'This says no class; write "classes" with at least one, or "all_groups": true.')
            )
        teachers.append(ExtraTeacher(**{"username": ""} | read))
    return tuple(teachers)


def _listed(value: object, path: str, problems: list[Problem], example: str) -> list[tuple[str, object]]:
    """The entries of a list, each with its place."""
    if not isinstance(value, list):
        problems.append(wrong_type(value, path, f"a list such as {example}"))
        return []
    if len(value) > LIST_LIMIT:
        problems.append(Problem(path, f"This list has more than {LIST_LIMIT} entries; shorten it."))
        return []
    return [(f"{path}/{index}", each) for index, each in enumerate(value)]


_SETTINGS: dict[str, _Reader] = {
    "$schema": schema_address,
    "import_from": partial(choice, ("csv", "oneroster", "clever")),
    "username_from": partial(choice, ("username", "email", "email_local", "number", "id")),
    "schools": schools,
    "roles": roles,
    "class_name": template,
    "classes": _choices,
    "extra_teachers": _extra_teachers,
    "exclude_users": usernames,
    "time_zone": time_zone,
    "fetch_at": hour,
    "days_before": partial(whole, 0, 60),
    "days_after": partial(whole, 0, 60),
    "username": partial(choice, ("district", "email")),
    "email_domain": domain,
    "all_groups_users": usernames,
    "restrict_customisation": flag,
    "basic_console_only": flag,
    "removals": partial(choice, ("apply", "keep")),
    "paused": flag,
    "pair_window_minutes": partial(whole, 0, 15),
    "hold": _hold,
    "reserved_classes": class_list,
    "placeholder_usernames": words,
    "keep_days": _keep_days,
    "review": partial(choice, ("guards", "always")),
    "school_year_starts": day,
}
