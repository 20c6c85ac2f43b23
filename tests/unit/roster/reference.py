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
# Default_Ignorable_Code_Point.
UNSEEN = {0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0, *range(0x180B, 0x1810)}
UNSEEN |= {*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)}
UNSEEN |= {*range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)}

ORDER = ["username_empty", "class_empty", "username_invalid_characters", "class_invalid_characters"]
ORDER += ["username_too_long", "class_too_long", "username_wildcard", "class_reserved"]
ORDER += ["username_not_email", "reserved_row_repeated", "username_value_destroyed", "class_value_destroyed"]
ORDER += ["username_placeholder", "username_collision"]

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
    return nfc(nfc(value).lower())


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


def without_end_mark(text: str) -> str:
    """Up to the end mark of DOS, the last character or a last line of its own."""
    for place, character in enumerate(text):
        behind = text[place:]
        is_last = not behind.strip("\x1a") or (text[place - 1] in "\r\n" and not behind.strip("\x1a \t\r\n"))
        if character == "\x1a" and is_last:
            return text[:place]
    return text


def is_padding(character: str, separator: str) -> bool:
    return character != separator and (is_white(character) or ord(character) in UNSEEN)


def fields_of(line: str, separator: str) -> tuple[list[str], bool]:
    """The fields, and whether every quoted one ends before a separator or the line's end, but for what is not seen."""
    fields, state = [""], "start"
    for character in line:
        if state == "closing" and character == '"':
            fields[-1] += character
            state = "quoted"
        elif state != "quoted" and character == separator:
            fields.append("")
            state = "start"
        elif state in ("closing", "closed"):
            if not is_padding(character, separator):
                return fields, False
            state = "closed"
        elif state == "quoted":
            fields[-1] += "" if character == '"' else character
            state = "closing" if character == '"' else state
        elif state == "start" and character == '"':
            fields[-1] = ""  # what stood before the quote does not count
            state = "quoted"
        else:
            fields[-1] += character
            state = "start" if state == "start" and is_padding(character, separator) else "plain"
    return fields, state != "quoted"


def cleaned(text: str) -> tuple[str, list[str]]:
    value, notes = visible(text)
    while True:
        if value[:2] == '="' and value[-1:] == '"' and len(value) > 2 and is_doubled(value[2:-1]):
            inner = value[2:-1].replace('""', '"')
        elif value[:1] == "'" and value[-1] != "'" and (value[1].isdigit() or value[1] in "=+-@"):
            inner = value[1:]
        else:
            return value, notes
        value, more = visible(inner)
        notes = sorted({*notes, "text_mark_removed", *more})


def is_doubled(text: str) -> bool:
    """Whether quotes stand in it in twos only."""
    return '"' not in text.replace('""', "")


def visible(text: str) -> tuple[str, list[str]]:
    seen = "".join(character for character in nfc(text) if ord(character) not in UNSEEN)
    value = seen
    while value and is_white(value[0]):
        value = value[1:]
    while value and is_white(value[-1]):
        value = value[:-1]
    notes = ["whitespace_trimmed"] * (value != seen) + ["invisible_characters_removed"] * (seen != nfc(text))
    return nfc(value), notes


def is_white(character: str) -> bool:
    return character.isspace() and character not in "\x1c\x1d\x1e\x1f"  # separators to Python, controls to Unicode


def plain(value: str) -> str:
    """As reserved names and placeholders are compared."""
    words, word = [], ""
    for character in identity(value) + " ":
        if not is_white(character):
            word += character
        elif word:
            words.append(word)
            word = ""
    return " ".join(words)


def is_destroyed(value: str) -> bool:
    if "\ufffd" in value:
        return True
    if value[:1] == "#" and len(value) > 2 and value[-1] in "!?":
        middle = value[1:-1].removeprefix("¡").removeprefix("¿") if value[1] in "¡¿" else value[1:-1]
        return middle[:1].isalnum() and all(each.isalnum() or each in "_/." for each in middle)
    if len(value) > 2 and not value.strip("#"):
        return True
    if value.upper() in ("#N/A", "#NV", "#N/D"):
        return True
    return is_scientific(value)


def is_scientific(value: str) -> bool:
    """One number with an exponent that has a sign, or behind a decimal mark."""
    number, e, exponent = value.upper().partition("E")
    number = number[1:] if number[:1] in ("+", "-") else number
    whole, mark, rest = number.replace(",", ".").partition(".")
    digits = exponent[1:] if exponent[:1] in ("+", "-") else exponent
    is_number = whole.isdecimal() and (rest.isdecimal() if mark else True)
    return bool(e) and is_number and digits.isdecimal() and (bool(mark) or digits != exponent)


def is_placeholder(value: str, settings: Settings) -> bool:
    value = plain(value)
    while len(value) > 1 and value[0] + value[-1] in ("()", "[]", "{}", "<>"):
        value = value[1:-1].strip()
    is_dashes = value != "" and all(unicodedata.category(each) == "Pd" or each == "\u2212" for each in value)
    return ("-" if is_dashes else value) in map(plain, settings.placeholder_usernames)


def username_of(text: str, settings: Settings) -> tuple[str, list[str], str]:
    """The username, what was done to it, and the address that it was cut from."""
    value, notes = cleaned(text)
    if settings.username == "district" and "@" in value:
        cut = visible(value.split("@")[0])[0]
        return cut, [*notes, "email_shortened"], identity(value)
    if settings.username == "email" and value and "@" not in value and settings.email_domain:
        value += "@" + settings.email_domain
    return value, notes, ""


def errors_of(text: str, class_: str, settings: Settings) -> Iterator[str]:
    username, written = username_of(text, settings)[0], cleaned(text)[0]
    for column, value, limit in (("username", username, 254), ("class", class_, 200)):
        if not value:
            yield f"{column}_empty"
        if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
            yield f"{column}_invalid_characters"
        if len(value) > limit:
            yield f"{column}_too_long"
    if "*" in username or username[:1] == "!":
        yield "username_wildcard"
    if plain(class_) in map(plain, settings.reserved_classes):
        yield "class_reserved"
    local, *domain = username.split("@")
    spaced = any(character.isspace() for character in username)
    if settings.username == "email" and (not local or len(domain) != 1 or not domain[0] or spaced):
        yield "username_not_email"
    if (identity(written), identity(class_)) in (("version", "1"), ("username", "class")):
        yield "reserved_row_repeated"
    name = visible(written.split("@")[0])[0]
    if is_destroyed(name) or is_destroyed(written):
        yield "username_value_destroyed"
    if is_destroyed(class_):
        yield "class_value_destroyed"
    if is_placeholder(name, settings):
        yield "username_placeholder"


def read(texts: dict[str, str], settings: Settings, separator: str = ",") -> Reading:
    """Both files, whose reserved rows are right."""
    reading = Reading()
    readable: list[tuple[str, int, list[str], list[str], str]] = []
    addresses: defaultdict[str, set[str]] = defaultdict(set)
    for file in (STUDENTS, TEACHERS):
        for row, line in zip(count(3), lines_of(without_end_mark(texts[file]))[RESERVED_LINES:], strict=False):
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
                errors = list(errors_of(fields[0], cleaned(fields[1])[0], settings))
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
            column = None if code == "reserved_row_repeated" else code.split("_")[0]
            reading.found[code.partition("_")[2] if code.endswith("destroyed") else code, file, row, column] += 1
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
    teachers_first = sorted(accepted, key=lambda row: row[0] != TEACHERS)
    user = spell([username for _, _, username, _ in teachers_first], users)
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
