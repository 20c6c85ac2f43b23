"""What one value of a settings.json may be: a flag, a number in its bounds, one of some words, a domain, names.

In: a value as JSON gives it and its place. Out: the value as `Settings` has it. A bad one adds a `Problem`, and what is
returned then is not used. No sentence quotes anything from the file, since anything in it may be somebody's name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from roster.names import CLASS_LIMIT, USERNAME_LIMIT, clean
from roster.settings import TEMPLATE_NAMES

LIST_LIMIT = 1000

_DOMAIN = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")
_DOMAIN_LENGTH = 253
_NAMED = f"{{(?:{'|'.join(TEMPLATE_NAMES)})}}"
_TEMPLATE = re.compile(f"(?:[^{{}}]|{_NAMED})*{_NAMED}(?:[^{{}}]|{_NAMED})*")
_ZONE_LENGTH = 100
_ZONE = re.compile("UTC|[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+")
_DATE = re.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Problem:
    """What is wrong and what to write instead. `path` is a JSON pointer to the place, "" for the whole file."""

    path: str
    message: str

    def __str__(self) -> str:
        """Both in a line."""
        return f"{self.path}: {self.message}" if self.path else self.message


def wrong_type(value: object, path: str, wanted: str) -> Problem:
    """The problem of a value that is, say, text where a number should be."""
    kinds = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    found = "null" if value is None else kinds.get(type(value), "an object")
    return Problem(path, f"This is {found}; write {wanted}.")


def flag(value: object, path: str, problems: list[Problem]) -> object:
    """True or false."""
    if not isinstance(value, bool):
        problems.append(wrong_type(value, path, "true or false, without quotes"))
    return value


def whole(least: int, most: int, value: object, path: str, problems: list[Problem]) -> int:
    """A whole number within its bounds; 5.0 is one."""
    wanted = f"a whole number from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        problems.append(wrong_type(value, path, f"{wanted}, without quotes"))
    elif value % 1 or not least <= value <= most:  # infinity and NaN leave a remainder that is not zero
        problems.append(Problem(path, f"This number cannot be used here; write {wanted}."))
    else:
        return int(value)
    return least


def hour(value: object, path: str, problems: list[Problem]) -> int | None:
    """An hour of the day, or None."""
    return None if value is None else whole(0, 23, value, path, problems)


def choice(choices: tuple[str, ...], value: object, path: str, problems: list[Problem]) -> object:
    """One of a few words."""
    wanted = " or ".join(f'"{each}"' for each in choices)
    if not isinstance(value, str):
        problems.append(wrong_type(value, path, wanted))
    elif value not in choices:
        problems.append(Problem(path, f"This is none of the words it may be; write {wanted}."))
    return value


def day(value: object, path: str, problems: list[Problem]) -> object:
    """A date of this century as ISO 8601 has it, or None."""
    wanted = 'a date such as "2026-09-01", or null for none'
    if value is None:
        return None
    if not isinstance(value, str):
        problems.append(wrong_type(value, path, wanted))
        return None
    try:
        if not _DATE.fullmatch(value):  # Python reads other forms of ISO 8601 too
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        problems.append(Problem(path, f"This is no date; write {wanted}."))
        return None


def domain(value: object, path: str, problems: list[Problem]) -> object:
    """What an e-mail address has after its @, or None."""
    wanted = 'a domain such as "school.org", without an @, or null for none'
    if value is not None and not isinstance(value, str):
        problems.append(wrong_type(value, path, wanted))
    elif value is not None and not (len(value) <= _DOMAIN_LENGTH and _DOMAIN.fullmatch(value)):
        problems.append(Problem(path, f"This is no domain name; write {wanted}."))
    return value


def schema_address(value: object, path: str, problems: list[Problem]) -> None:
    """Where an editor finds the schema; of no meaning here."""
    if not isinstance(value, str):
        problems.append(wrong_type(value, path, "where settings.schema.json is, or remove this"))


def usernames(value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """A list of usernames, cleaned as those of the pair are; which user each is depends on the username mode."""
    kept = _names("username", USERNAME_LIMIT, value, path, problems)
    for index, name in enumerate(kept):
        _check_one_user(name, f"{path}/{index}", problems)
    return kept


def username(value: object, path: str, problems: list[Problem]) -> str:
    """One username, cleaned as those of the pair are."""
    name = _name("username", USERNAME_LIMIT, value, path, problems)
    _check_one_user(name, path, problems)
    return name


def _check_one_user(name: str, path: str, problems: list[Problem]) -> None:
    if "*" in name or name.startswith("!"):
        said = "In Impero a * means everyone and a leading ! means except; write the name of one user."
        problems.append(Problem(path, said))


def words(value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """A list of values that stand for nobody."""
    return _names("value", USERNAME_LIMIT, value, path, problems)


def class_list(value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """A list of class names, cleaned as those of the pair are."""
    return _names("class", CLASS_LIMIT, value, path, problems)


def titles(value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """A list of class titles, in which * stands for anything."""
    return _names("title", CLASS_LIMIT, value, path, problems)


def schools(value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """A list of schools, by name or by id."""
    return _names("school", CLASS_LIMIT, value, path, problems)


def roles(value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """Which roles of an export get the console."""
    choices = ("teacher", "aide", "administrator", "proctor")
    if not isinstance(value, list):
        problems.append(wrong_type(value, path, f"a list of {', '.join(choices)}"))
    elif not 0 < len(value) <= LIST_LIMIT:
        problems.append(Problem(path, f"Write at least one of {', '.join(choices)}."))
    else:
        return tuple(str(choice(choices, each, f"{path}/{index}", problems)) for index, each in enumerate(value))
    return choices[:1]


def title(value: object, path: str, problems: list[Problem]) -> str:
    """The title of a class, in which * stands for anything."""
    return _name("title", CLASS_LIMIT, value, path, problems)


def template(value: object, path: str, problems: list[Problem]) -> object:
    """A class name with the names of what an export says in braces."""
    wanted = f"text with at least one of {', '.join(f'{{{name}}}' for name in TEMPLATE_NAMES)} in it"
    if not isinstance(value, str):
        problems.append(wrong_type(value, path, wanted))
    elif len(value) > CLASS_LIMIT or not _TEMPLATE.fullmatch(value):
        problems.append(Problem(path, f"This makes no class name; write {wanted}."))
    return value


def time_zone(value: object, path: str, problems: list[Problem]) -> object:
    """A time zone of the tz database."""
    from zoneinfo import ZoneInfo  # here, since hardly any settings.json needs it

    wanted = 'the name of a time zone, such as "Europe/London" or "America/New_York"'
    if not isinstance(value, str):
        problems.append(wrong_type(value, path, wanted))
        return value
    try:
        if len(value) > _ZONE_LENGTH or not _ZONE.fullmatch(value):
            raise ValueError
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        problems.append(Problem(path, f"There is no such time zone; write {wanted}."))
    return value


def _names(what: str, limit: int, value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    if not isinstance(value, list):
        problems.append(wrong_type(value, path, f'a list such as ["one {what}", "another"]'))
        return ()
    if len(value) > LIST_LIMIT:
        problems.append(Problem(path, f"This list has more than {LIST_LIMIT} entries; shorten it."))
        return ()
    return tuple(_name(what, limit, each, f"{path}/{index}", problems) for index, each in enumerate(value))


def _name(what: str, limit: int, value: object, path: str, problems: list[Problem]) -> str:
    if not isinstance(value, str):
        problems.append(wrong_type(value, path, f"a {what} in double quotes"))
        return ""
    kept, _ = clean(value)
    if not kept:
        problems.append(Problem(path, f"Nothing can be seen here; write a {what}, or remove this entry."))
    elif any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        problems.append(Problem(path, f"This holds a control character or half a character; write the {what} anew."))
    elif max(len(value), len(kept)) > limit:
        problems.append(Problem(path, f"This is longer than {limit} characters; write a shorter {what}."))
    return kept
