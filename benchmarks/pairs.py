"""Pairs to measure with: made up, the same ones every time, and shaped like those of a school district.

A school has a thousand students, a student seven classes, a class about thirty students and one teacher. One row in
a thousand is bad. Left out is what the obvious program reads wrongly, so that all programs must make the same roster:
quotes that do not end (csv takes the rest of the file for one value) and invisible characters.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from random import Random
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile

from roster.model import Roster
from roster.notices import ONEROSTER

Order = Literal["student", "class", "shuffled"]

CLASSES_OF_A_STUDENT = 7
STUDENTS_IN_A_CLASS = 30

_SCHOOL = 1000
_CLASSES_OF_A_TEACHER = 5
_ROWS_PER_BAD_ONE = 1000

_FIRST = [
    "Harry",
    "Ron",
    "Hermione",
    "Luna",
    "Neville",
    "Ginny",
    "Cho",
    "Cedric",
    "Fleur",
    "Viktor",
    "Padma",
    "Lavender",
    "Seamus",
    "Dean",
    "Susan",
    "Hannah",
    "Ernie",
    "Justin",
    "Terry",
    "Michael",
    "Anthony",
    "Penelope",
    "Oliver",
    "Angelina",
    "Alicia",
    "Katie",
    "Lee",
    "Fred",
    "George",
    "Percy",
    "Draco",
    "Vincent",
    "Gregory",
    "Zoë",
    "Łucja",
]
_LAST = [
    "Potter",
    "Weasley",
    "Granger",
    "Lovegood",
    "Longbottom",
    "Chang",
    "Diggory",
    "Brown",
    "Finnigan",
    "Thomas",
    "Abbott",
    "Bones",
    "Patil",
    "Macmillan",
    "Boot",
    "Corner",
    "Goldstein",
    "Clearwater",
    "Wood",
    "Johnson",
    "Spinnet",
    "Bell",
    "Jordan",
    "Malfoy",
    "Crabbe",
    "Goyle",
    "Zabini",
    "Nott",
    "Parkinson",
    "Şahin",
]
_SUBJECTS = """
    Potions; Dark Arts; Flying; Muggle Studies; Transfiguration; Herbology; Astronomy; Charms; Divination; Alchemy;
    History of Magic; Ancient Runes; Apparition; Art; Music; Arithmancy; Ghoul Studies; Magical Theory; Xylomancy;
    Drama; Earth Magic; Frog Choir; Orchestra; Duelling; Broom Care; Latin; Greek; Physics; Français; Chemistry;
    "Biology"; "Maths, further"
"""
_SUBJECT_NAMES = [" ".join(subject.split()) for subject in _SUBJECTS.split(";")]

# Each earns a row error, or none and a warning, in every program that is measured.
_BAD_ROWS = (
    ",Potions",
    "Nobody,",
    "*,Potions",
    "!Harry.Potter,Potions",
    "Harry.Potter,Sound Muted",
    "Harry.Potter",
    "Harry.Potter,Potions,Flying",
    "Harry\x07Potter,Potions",
    f"{'x' * 300},Potions",
    f"Harry.Potter,{'x' * 201}",
    "Nobody,ENTIRE NETWORK",
)


def write_pair(folder: Path, rows: int, order: Order = "student", seed: int = 1) -> None:
    """Write teachers.csv and students.csv, the latter with about `rows` rows in the given order."""
    rosters = Random(seed)
    memberships = list(islice(_memberships(rows, rosters), rows))
    teachers = _teachers(dict.fromkeys(row.split(",", 1)[1] for row in memberships))
    if order == "class":
        memberships.sort(key=lambda row: row.split(",", 1)[1])
    elif order == "shuffled":
        rosters.shuffle(memberships)
    _write(folder / "students.csv", _with_bad_rows(memberships, rosters))
    _write(folder / "teachers.csv", _with_bad_rows(list(teachers), rosters))


def write_bundle(folder: Path, roster: Roster) -> dict[str, int]:
    """Write oneroster.zip of the same roster, as an export has it: ids of 36 characters, in the order of students.

    How many records it has, and how many rows the pair has that says the same.
    """
    students = list(dict.fromkeys(member for group in roster.groups for member in group.members))
    people = {name: _id(number) for number, name in enumerate(students)}
    teachers = {right.username: _id(len(people) + number) for number, right in enumerate(roster.rights)}
    names = dict.fromkeys([group.name for group in roster.groups])
    names |= dict.fromkeys(name for right in roster.rights for name in right.pending)
    classes = {name: _id(number) for number, name in enumerate(names)}
    enrolled = sorted((people[member], classes[group.name]) for group in roster.groups for member in group.members)
    teaching = [
        (teachers[right.username], classes[name]) for right in roster.rights for name in (*right.groups, *right.pending)
    ]
    with ZipFile(folder / ONEROSTER, "w", ZIP_DEFLATED, compresslevel=1) as bundle:
        for file, header, rows in (
            ("users.csv", ("sourcedId", "status", "enabledUser", "role", "username"), _users(people, teachers)),
            ("classes.csv", ("sourcedId", "status", "title"), ((id_, "active", name) for name, id_ in classes.items())),
            (
                "enrollments.csv",
                ("sourcedId", "status", "classSourcedId", "userSourcedId", "role"),
                _lines(enrolled, teaching),
            ),
        ):
            with bundle.open(file, "w") as packed, io.TextIOWrapper(packed, "utf-8", newline="") as out:
                csv.writer(out).writerows([header, *rows])
    pair = len(enrolled) + len(teaching)
    return {"OneRoster": pair + len(people) + len(teachers) + len(classes), "pair": pair}


def _id(number: int) -> str:
    return f"{number:08x}-7d1e-4c0b-9a55-{number:012x}"


def _users(people: Mapping[str, str], teachers: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for role, ids in (("student", people), ("teacher", teachers)):
        yield from ((id_, "active", "true", role, name) for name, id_ in ids.items())


def _lines(enrolled: list[tuple[str, str]], teaching: list[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    for role, pairs in (("student", enrolled), ("teacher", teaching)):
        yield from ((_id(number), "active", class_, user, role) for number, (user, class_) in enumerate(pairs))


def _write(file: Path, rows: Iterator[str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write("version,1\r\nusername,class\r\n")
        out.writelines(f"{row}\r\n" for row in rows)


def _memberships(rows: int, random: Random) -> Iterator[str]:
    """Rows in the order of students, school after school."""
    for school, start in enumerate(range(0, rows, _SCHOOL * CLASSES_OF_A_STUDENT)):
        left = -(-(rows - start) // CLASSES_OF_A_STUDENT)
        size = min(_SCHOOL, left)
        students = [
            f"{random.choice(_FIRST)}.{random.choice(_LAST)}{school * _SCHOOL + number}" for number in range(size)
        ]
        lessons = [list(_lessons(school, period, size, random)) for period in range(CLASSES_OF_A_STUDENT)]
        for student, classes in zip(students, zip(*lessons, strict=True), strict=True):
            yield from (f"{student},{lesson}" for lesson in classes)


def _lessons(school: int, period: int, size: int, random: Random) -> list[str]:
    """The class of each of a school's students in one of the periods of a week."""
    names = []
    for number in range(-(-size // STUDENTS_IN_A_CLASS)):
        subject = _SUBJECT_NAMES[(number + 5 * period) % len(_SUBJECT_NAMES)]
        name = f"S{school:03} {7 + number % 7}{'ABCDEF'[number % 6]} {period + 1}-{number:02} "
        names.append(f'"{name}{subject[1:]}' if subject.startswith('"') else name + subject)
    lessons = [names[place // STUDENTS_IN_A_CLASS] for place in range(size)]
    random.shuffle(lessons)
    return lessons


def _teachers(classes: dict[str, None]) -> Iterator[str]:
    for number, name in enumerate(classes):
        yield f"Prof.{number // _CLASSES_OF_A_TEACHER:05},{name}"


def _with_bad_rows(rows: list[str], random: Random) -> Iterator[str]:
    """The rows, with a bad one, a doubled one, one in capitals and one amid spaces put in here and there."""
    bad = 0
    for number, row in enumerate(rows):
        yield row
        if random.random() * _ROWS_PER_BAD_ONE < 1:
            yield _BAD_ROWS[bad % len(_BAD_ROWS)]
            bad += 1
        elif number % 20_000 == 19_000:
            username, _, lesson = row.partition(",")
            yield from (row, f"{username.upper()},{lesson}", f" {username} ,{lesson}")
