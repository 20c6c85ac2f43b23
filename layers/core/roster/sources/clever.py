"""Clever's SFTP format, five CSV files with columns such as `Section_id` and `Teacher_2_id`, to an `Export`.

In: an archive with students.csv, teachers.csv, sections.csv and enrollments.csv, and schools.csv where it is there.
Out: an `Export`. Refused, with `BadBundle`: one without these. Teachers stand in the sections: up to ten beside each.
"""

from __future__ import annotations

from collections.abc import Iterator

from roster.notices import BundleFileMissing, RecordRepeated
from roster.sources.archive import Archive, BadBundle
from roster.sources.export import OTHER_SCHOOL, STUDENT, TEACHER, Enrolled, Enrolments, Export, Person, Section
from roster.sources.reading import Reading, is_wanted_school, person_key, username_of
from roster.sources.tables import Damaged, Table, table_of

NEEDED = ("students.csv", "teachers.csv", "sections.csv", "enrollments.csv")
_NAME = "Clever"
_TEACHERS = ("Teacher_id|Teacher_1_id", *(f"Teacher_{number}_id" for number in range(2, 11)))


def read(archive: Archive, reading: Reading) -> Export:
    """The export that an archive holds; raises BadBundle."""
    for wanted in NEEDED:
        if wanted not in archive.names:
            raise BadBundle(BundleFileMissing(wanted, format=_NAME))
    students, teachers, sections, enrolled = (Table(archive, wanted, reading.tell) for wanted in NEEDED)
    schools = _schools(table_of(archive, "schools.csv", reading.tell))
    people: dict[str, Person] = {}
    _read_people(people, students, STUDENT, "Student", reading)
    _read_people(people, teachers, TEACHER, "Teacher", reading)
    known, teach = _sections(sections, schools, reading)
    ended = {(section.term, section.span.ends) for section in known.values() if section.span.ends}
    teaching = Enrolments(sections.file, lambda _: iter([teach]))
    return Export(_NAME, people, known, [_enrolments(enrolled), teaching], sorted(ended))


def _schools(table: Table | None) -> dict[str, str]:
    if table is None:
        return {}
    return {id_.strip(): name.strip() for _, (id_, name) in table.records(("School_id",), ("School_name",))}


def _read_people(people: dict[str, Person], table: Table, role: str, kind: str, reading: Reading) -> None:
    """Read students or teachers. One with two schools has two records with one id."""
    wanted = reading.settings.username_from
    column = {"username": "Username", "number": f"{kind}_number", "id": f"{kind}_id"}.get(wanted, f"{kind}_email|Email")
    seen: set[tuple[str, str]] = set()
    for row, values in table.records((f"{kind}_id",), (column, "School_id")):
        id_, login, school = map(str.strip, values)
        if (id_, school) in seen:
            reading.tell(RecordRepeated(table.file, row))
        seen.add((id_, school))
        people.setdefault(
            person_key(role, id_), Person(table.file, row, id_, username_of(wanted, login), frozenset((role,)))
        )


def _sections(table: Table, schools: dict[str, str], reading: Reading) -> tuple[dict[str, Section], Enrolled]:
    """The sections, and who teaches them."""
    sections: dict[str, Section] = {}
    rows: list[int] = []
    taught: list[str] = []
    teachers_of: list[str] = []
    columns: tuple[str, ...] = (
        "School_id",
        "Name",
        "Section_number",
        "Term_name",
        "Term_start",
        "Term_end",
        "Course_name",
    )
    columns += ("Course_number", "Period", *_TEACHERS)
    for row, values in table.records(("Section_id",), columns):
        id_, school, title, number, term, starts, ends, course, code, period, *teachers = map(str.strip, values)
        if id_ in sections:
            reading.tell(RecordRepeated(table.file, row))
            continue
        is_wanted = is_wanted_school(reading.settings.schools, school, schools.get(school, ""))
        sections[id_] = Section(
            table.file,
            row,
            id_,
            title or course,
            course,
            code,
            number,
            period,
            schools.get(school, school),
            term,
            reading.span(table.file, row, starts, ends),
            "" if is_wanted else OTHER_SCHOOL,
        )
        keys = [person_key(TEACHER, teacher) for teacher in dict.fromkeys(teachers) if teacher]
        rows += [row] * len(keys)
        taught += [id_] * len(keys)
        teachers_of += keys
    return sections, Enrolled(rows, taught, teachers_of, [TEACHER] * len(rows))


def _enrolments(table: Table) -> Enrolments:
    def batches(damaged: Damaged) -> Iterator[Enrolled]:
        for rows, (sections, users) in table.batches(("Section_id", "Student_id"), (), damaged):
            yield Enrolled(rows, sections, [person_key(STUDENT, user) for user in users], [STUDENT] * len(users))

    return Enrolments(table.file, batches)
