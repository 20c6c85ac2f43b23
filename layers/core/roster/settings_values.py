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

LIST_LIMIT = 1000

_DOMAIN = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")
_DOMAIN_LENGTH = 253
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


def import_from(value: object, path: str, problems: list[Problem]) -> object:
    """The Import from menu; CSV is all there is in it so far."""
    for later in ("clever", "oneroster"):
        if value == later:
            problems.append(Problem(path, f'Importing from "{later}" is not possible yet; write "csv".'))
            return value
    return choice(("csv",), value, path, problems)


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
        if "*" in name or name.startswith("!"):
            said = "In Impero a * means everyone and a leading ! means except; write the name of one user."
            problems.append(Problem(f"{path}/{index}", said))
    return kept


def words(value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """A list of values that stand for nobody."""
    return _names("value", USERNAME_LIMIT, value, path, problems)


def classes(value: object, path: str, problems: list[Problem]) -> tuple[str, ...]:
    """A list of class names, cleaned as those of the pair are."""
    return _names("class", CLASS_LIMIT, value, path, problems)


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
