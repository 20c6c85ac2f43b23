"""School Data Sync's first format, six CSV files with names such as `Section SIS ID`, to an `Export`.

In: an archive with Student.csv, Teacher.csv, Section.csv, StudentEnrollment.csv and TeacherRoster.csv. Out: an
`Export`. Refused, with `BadBundle`: one without these.
"""

from __future__ import annotations

from collections.abc import Iterator

from roster.notices import BundleFileMissing, RecordRepeated
from roster.sources.archive import Archive, BadBundle
from roster.sources.export import (
    INACTIVE,
    OTHER_SCHOOL,
    STUDENT,
    TEACHER,
    Enrolled,
    Enrolments,
    Export,
    Person,
    Section,
)
from roster.sources.reading import Reading, is_wanted_school, means_no, person_key, username_of
from roster.sources.tables import Damaged, Table, table_of

NEEDED = ("student.csv", "teacher.csv", "section.csv", "studentenrollment.csv", "teacherroster.csv")
_NAME = "School Data Sync 1"


def read(archive: Archive, reading: Reading) -> Export:
    """The export that an archive holds; raises BadBundle."""
    for wanted in NEEDED:
        if wanted not in archive.names:
            raise BadBundle(BundleFileMissing(wanted, format=_NAME))
    students, teachers, sections, enrolled, teach = (Table(archive, wanted, reading.tell) for wanted in NEEDED)
    schools = _schools(table_of(archive, "school.csv", reading.tell))
    people: dict[str, Person] = {}
    for table, role, number in ((students, STUDENT, "Student Number"), (teachers, TEACHER, "Teacher Number")):
        _read_people(people, table, role, number, reading)
    known = _sections(sections, schools, reading)
    lines = [_enrolments(enrolled, STUDENT), _enrolments(teach, TEACHER)]
    ended = {(section.term, section.span.ends) for section in known.values() if section.span.ends}
    return Export(_NAME, people, known, lines, sorted(ended))


def _schools(table: Table | None) -> dict[str, str]:
    if table is None:
        return {}
    return {id_.strip(): name.strip() for _, (id_, name) in table.records(("SIS ID",), ("Name",))}


def _read_people(people: dict[str, Person], table: Table, role: str, number: str, reading: Reading) -> None:
    wanted = reading.settings.username_from
    column = {"username": "Username", "number": number, "id": "SIS ID"}.get(wanted, "Secondary Email|Email")
    for row, (id_, login, status) in table.records(("SIS ID",), (column, "Status")):
        id_ = id_.strip()
        key = person_key(role, id_)
        if key in people:
            reading.tell(RecordRepeated(table.file, row))
            continue
        out = INACTIVE if means_no(status) else ""
        people[key] = Person(table.file, row, id_, username_of(wanted, login), frozenset((role,)), out)


def _sections(table: Table, schools: dict[str, str], reading: Reading) -> dict[str, Section]:
    sections: dict[str, Section] = {}
    columns: tuple[str, ...] = (
        "School SIS ID",
        "Section Number",
        "Term Name",
        "Term StartDate",
        "Term EndDate",
        "Course Name",
    )
    columns = (*columns, "Course Number", "Periods", "Status")
    for row, values in table.records(("SIS ID", "Section Name"), columns):
        id_, title, school, number, term, starts, ends, course, code, period, status = map(str.strip, values)
        if id_ in sections:
            reading.tell(RecordRepeated(table.file, row))
            continue
        out = INACTIVE if means_no(status) else ""
        if not out and not is_wanted_school(reading.settings.schools, school, schools.get(school, "")):
            out = OTHER_SCHOOL
        sections[id_] = Section(
            table.file,
            row,
            id_,
            title,
            course,
            code,
            number,
            period,
            schools.get(school, school),
            term,
            reading.span(table.file, row, starts, ends),
            out,
        )
    return sections


def _enrolments(table: Table, role: str) -> Enrolments:
    def batches(damaged: Damaged) -> Iterator[Enrolled]:
        for rows, (sections, users, status) in table.batches(("Section SIS ID", "SIS ID"), ("Status",), damaged):
            outs = [INACTIVE if means_no(each) else "" for each in status] if any(status) else None
            keys = [person_key(role, user) for user in users]
            yield Enrolled(rows, sections, keys, [role] * len(keys), outs=outs)

    return Enrolments(table.file, batches)
