"""The obvious program: csv.DictReader over both files, a dictionary of sets, a gzip file of JSON lines.

As one would write it, row by row, and no slower than need be. It does what an import does: the same rules for a row,
the same findings at the same rows, the same snapshot byte for byte. What it leaves out is what csv cannot do (a stray
quote, an exact row number after a value with a line break) and the errors of a whole file.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

INVISIBLE = re.compile("[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
RESERVED = {
    "entire network",
    "internet banned",
    "screens locked",
    "printing disabled",
    "removable media disabled",
    "sound muted",
}

Row = tuple[int, str, str, str, str]  # row number, folded username and class, username and class


class Import:
    def __init__(self) -> None:
        self.notices: list[tuple[str, int, str]] = []
        self.students: list[Row] = []
        self.teachers: list[Row] = []
        self.members: defaultdict[str, set[str]] = defaultdict(set)
        self.seen_by: defaultdict[str, set[str]] = defaultdict(set)
        self.usernames: dict[str, str] = {}
        self.classes: dict[str, str] = {}


def run(folder: Path, out: Path) -> Counter[str]:
    """Import a pair, write its snapshot, and count the findings by code."""
    this = Import()
    this.students = read(folder / "students.csv", this)
    this.teachers = read(folder / "teachers.csv", this)
    reconcile("students.csv", this.students, this)
    reconcile("teachers.csv", this.teachers, this)
    compare(this)
    with gzip.open(out, "wt", compresslevel=1, encoding="utf-8", newline="\n") as snapshot:
        snapshot.writelines(lines(this))
    return Counter(code for _, _, code in this.notices)


def read(file: Path, this: Import) -> list[Row]:
    rows = []
    with file.open(encoding="utf-8-sig", newline="") as text:
        assert next(text).strip() == "version,1"
        reader = csv.DictReader(text)
        assert reader.fieldnames == ["username", "class"]
        for row in reader:
            number = reader.line_num + 1
            username, username_notes = clean(row["username"])
            class_, class_notes = clean(row["class"] or "")
            if "@" in username:
                username = username.partition("@")[0].strip()
                username_notes = [*username_notes, "email_shortened"]
            class_key = fold(class_)
            error = "field_count" if row["class"] is None or None in row else fault(username, class_, class_key)
            if error:
                this.notices.append((file.name, number, error))
                continue
            for code in (*username_notes, *class_notes):
                this.notices.append((file.name, number, code))
            rows.append((number, fold(username), class_key, username, class_))
    return rows


def clean(text: str) -> tuple[str, list[str]]:
    notes = []
    normal = normalize("NFC", text)
    visible = INVISIBLE.sub("", normal)
    if visible != normal:
        notes.append("invisible_characters_removed")
    value = visible.strip()
    if value != visible:
        notes.append("whitespace_trimmed")
    return value, notes


def fold(value: str) -> str:
    return normalize("NFC", value.casefold())


def fault(username: str, class_: str, class_key: str) -> str | None:
    if not username:
        return "username_empty"
    if not class_:
        return "class_empty"
    if CONTROL.search(username):
        return "username_invalid_characters"
    if CONTROL.search(class_):
        return "class_invalid_characters"
    if len(username) > 254:
        return "username_too_long"
    if len(class_) > 200:
        return "class_too_long"
    if "*" in username or username.startswith("!"):
        return "username_wildcard"
    if class_key in RESERVED:
        return "class_reserved"
    return None


def reconcile(file: str, rows: list[Row], this: Import) -> None:
    for number, user, group, username, class_ in rows:
        known, new = (this.members[group], user) if file == "students.csv" else (this.seen_by[user], group)
        if new in known:
            this.notices.append((file, number, "row_duplicate"))
        known.add(new)
        if this.usernames.setdefault(user, username) != username:
            this.notices.append((file, number, "username_spelling_differs"))
        if this.classes.setdefault(group, class_) != class_:
            this.notices.append((file, number, "class_spelling_differs"))


def compare(this: Import) -> None:
    """The findings that take both files, each at its first row."""
    taught = {group for groups in this.seen_by.values() for group in groups}
    students = {user for users in this.members.values() for user in users}
    told: set[tuple[str, ...]] = set()

    def tell(file: str, number: int, code: str, *about: str) -> None:
        if (code, *about) not in told:
            told.add((code, *about))
            this.notices.append((file, number, code))

    for number, _, group, _, _ in this.students:
        if group not in taught:
            tell("students.csv", number, "class_without_teacher", group)
    for number, user, group, _, _ in this.teachers:
        if group not in this.members:
            tell("teachers.csv", number, "class_without_students", user, group)
        if user in students:
            tell("teachers.csv", number, "teacher_is_student", user)


def lines(this: Import) -> Iterator[str]:
    yield line({"format": 1, "settings": {"restrict_customisation": False}})
    for group in sorted(this.members):
        members = [this.usernames[user] for user in sorted(this.members[group])]
        yield line({"group": this.classes[group], "key": group, "members": members})
    for user in sorted(this.seen_by):
        groups = sorted(this.seen_by[user])
        yield line(
            {
                "right": this.usernames[user],
                "key": user,
                "groups": [this.classes[group] for group in groups if group in this.members],
                "pending": [this.classes[group] for group in groups if group not in this.members],
                "all_groups": False,
                "basic_console_only": False,
            }
        )


def line(entry: dict[str, object]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"
