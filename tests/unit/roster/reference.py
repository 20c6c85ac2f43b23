"""The rules of the two files once more: character by character, row by row, with sets, in no hurry.

Written from the format's description and not from the code under test, of which it uses the settings alone.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from roster.settings import Settings

TEACHERS, STUDENTS = "teachers.csv", "students.csv"
RESERVED_LINES = 2
ZERO_WIDTH = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff" + "".join(
    map(chr, range(0x2060, 0x2070))
)
ORDER = ["username_empty", "class_empty", "username_invalid_characters", "class_invalid_characters"]
ORDER += ["username_too_long", "class_too_long", "username_wildcard", "class_reserved"]
ORDER += ["username_not_email", "username_collision"]

Found = tuple[str, str, int, str | None]  # code, file, row, column
Accepted = tuple[str, int, str, str]  # file, row, username, class


@dataclass
class Reading:
    accepted: list[Accepted] = field(default_factory=list)
    found: Counter[Found] = field(default_factory=Counter)
    rows_read: int = 0
    rows_rejected: int = 0


@dataclass
class Reconciled:
    groups: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rights: dict[str, tuple[set[str], set[str]]] = field(default_factory=dict)  # groups, pending
    found: Counter[Found] = field(default_factory=Counter)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def identity(value: str) -> str:
    return nfc(nfc(value).casefold())


def lines_of(text: str) -> list[str]:
    lines, line = [], ""
    for place, character in enumerate(text):
        if character == "\n" and text[place - 1 : place] == "\r":
            continue  # the line ended at the CR
        if character in "\r\n":
            lines.append(line)
            line = ""
        else:
            line += character
    return [*lines, line] if line else lines


def fields_of(line: str, separator: str) -> tuple[list[str], bool]:
    """The fields, and whether every quoted one ends before a separator or the line's end."""
    fields, state = [""], "start"
    for character in line:
        if state == "closed" and character == '"':
            fields[-1] += character
            state = "quoted"
        elif state != "quoted" and character == separator:
            fields.append("")
            state = "start"
        elif state == "closed":
            return fields, False
        elif character == '"' and state in ("start", "quoted"):
            state = "quoted" if state == "start" else "closed"
        else:
            fields[-1] += character
            state = "plain" if state == "start" else state
    return fields, state != "quoted"


def cleaned(text: str) -> tuple[str, list[str]]:
    visible = "".join(character for character in nfc(text) if character not in ZERO_WIDTH)
    value = visible
    while value and is_white(value[0]):
        value = value[1:]
    while value and is_white(value[-1]):
        value = value[:-1]
    notes = ["whitespace_trimmed"] * (value != visible) + ["invisible_characters_removed"] * (visible != nfc(text))
    return nfc(value), notes


def is_white(character: str) -> bool:
    return character.isspace() and character not in "\x1c\x1d\x1e\x1f"  # separators to Python, controls to Unicode


def username_of(text: str, settings: Settings) -> tuple[str, list[str], str]:
    """The username, what was done to it, and the address that it was cut from."""
    value, notes = cleaned(text)
    if settings.username == "district" and "@" in value:
        return cleaned(value.split("@")[0])[0], [*notes, "email_shortened"], identity(value)
    if settings.username == "email" and value and "@" not in value and settings.email_domain:
        value += "@" + settings.email_domain
    return value, notes, ""


def errors_of(username: str, class_: str, settings: Settings) -> Iterator[str]:
    for column, value, limit in (("username", username, 254), ("class", class_, 200)):
        if not value:
            yield f"{column}_empty"
        if any(unicodedata.category(character) == "Cc" for character in value):
            yield f"{column}_invalid_characters"
        if len(value) > limit:
            yield f"{column}_too_long"
    if "*" in username or username[:1] == "!":
        yield "username_wildcard"
    if identity(class_) in map(identity, settings.reserved_classes):
        yield "class_reserved"
    local, *domain = username.split("@")
    spaced = any(character.isspace() for character in username)
    if settings.username == "email" and (not local or len(domain) != 1 or not domain[0] or spaced):
        yield "username_not_email"


def read(texts: dict[str, str], settings: Settings, separator: str = ",") -> Reading:
    """Both files, whose reserved rows are right."""
    reading = Reading()
    readable: list[tuple[str, int, list[str], list[str], str]] = []
    addresses: defaultdict[str, set[str]] = defaultdict(set)
    for file in (STUDENTS, TEACHERS):
        for row, line in zip(count(3), lines_of(texts[file])[RESERVED_LINES:], strict=False):
            fields, balanced = fields_of(line, separator)
            if balanced and not any(cleaned(each)[0] for each in fields):
                reading.found["blank_rows", file, row, None] += 1
                continue
            reading.rows_read += 1
            if not balanced:
                column = (["username", "class", None])[min(len(fields), 3) - 1]
                reading.found["quote_unbalanced", file, row, column] += 1
            elif len(fields) < 2 or any(cleaned(each)[0] for each in fields[2:]):
                reading.found["field_count", file, row, None] += 1
            else:
                username, _, address = username_of(fields[0], settings)
                errors = list(errors_of(username, cleaned(fields[1])[0], settings))
                readable.append((file, row, fields, errors, address))
                if address and not any(error.startswith("username") for error in errors):
                    addresses[identity(username)].add(address)
    for file, row, fields, errors, address in readable:
        username, notes, _ = username_of(fields[0], settings)
        class_, class_notes = cleaned(fields[1])
        if address and len(addresses[identity(username)]) > 1:
            errors.append("username_collision")
        if errors:
            code = min(errors, key=ORDER.index)
            reading.found[code, file, row, code.split("_")[0]] += 1
        else:
            reading.accepted.append((file, row, username, class_))
            for column, told in (("username", notes), ("class", class_notes)):
                reading.found.update((code, file, row, column) for code in told)
    reading.rows_rejected = reading.rows_read - len(reading.accepted)
    return reading


def spell(values: list[str], published: set[str]) -> dict[str, str]:
    """For each identity its one spelling: the published one if it is among them, else the first."""
    spelled: dict[str, str] = {}
    for value in [*(value for value in values if value in published), *values]:
        spelled.setdefault(identity(value), value)
    return spelled


def reconcile(accepted: list[Accepted], users: set[str], classes: set[str]) -> Reconciled:
    """The roster of accepted rows (students first), over published spellings of users and of classes."""
    made = Reconciled()
    user = spell([username for _, _, username, _ in accepted], users)
    name = spell([class_ for *_, class_ in accepted], classes)
    keys = [(file, row, identity(username), identity(class_)) for file, row, username, class_ in accepted]
    taught = {class_ for file, _, _, class_ in keys if file == TEACHERS}
    attended = {class_ for file, _, _, class_ in keys if file == STUDENTS}
    students = {username for file, _, username, _ in keys if file == STUDENTS}
    told: set[tuple[str, ...]] = set()

    def tell_once(code: str, file: str, row: int, column: str | None, *about: str) -> None:
        if (code, *about) not in told:
            told.add((code, *about))
            made.found[code, file, row, column] += 1

    for (file, row, username, class_), (_, _, as_username, as_class) in zip(keys, accepted, strict=True):
        if (file, username, class_) in told:
            made.found["row_duplicate", file, row, None] += 1
        told.add((file, username, class_))
        if as_username != user[username]:
            made.found["username_spelling_differs", file, row, "username"] += 1
        if as_class != name[class_]:
            made.found["class_spelling_differs", file, row, "class"] += 1
        if file == STUDENTS:
            made.groups[name[class_]].add(user[username])
            if class_ not in taught:
                tell_once("class_without_teacher", file, row, "class", class_)
            continue
        sees, waits_for = made.rights.setdefault(user[username], (set(), set()))
        (sees if class_ in attended else waits_for).add(name[class_])
        if class_ not in attended:
            tell_once("class_without_students", file, row, "class", username, class_)
        if username in students:
            tell_once("teacher_is_student", file, row, "username", username)
    return made
