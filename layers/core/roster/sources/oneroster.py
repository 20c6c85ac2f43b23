"""OneRoster's CSV files, of 1.0, 1.1 and 1.2, and School Data Sync 2.1, which is nearly that, to an `Export`.

In: an archive with users.csv, classes.csv and enrollments.csv, and whatever else is there. Out: an `Export`. Refused,
with `BadBundle`: one without these, or one that holds only what changed.

Versions differ in where a role is: in users.csv, or in roles.csv with its dates. Both are read. Exporters leave out
what the standard asks for, so only what a roster needs is needed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from roster.notices import BundleFileMissing, BundleIsDelta, RecordRepeated
from roster.sources.archive import Archive, BadBundle
from roster.sources.dates import Span, around
from roster.sources.export import (
    INACTIVE,
    NOT_ENABLED,
    OTHER_SCHOOL,
    OUT_OF_DATE,
    ROLES,
    Enrolled,
    Enrolments,
    Export,
    Person,
    Section,
)
from roster.sources.reading import Reading, is_wanted_school, username_of
from roster.sources.tables import Damaged, Table, column_key, table_of

NEEDED = ("users.csv", "classes.csv", "enrollments.csv")

_GONE = ("tobedeleted", "inactive")
_IN_FORCE = frozenset(("active", ""))
_ENABLED = frozenset(("true", ""))
_DISABLED = ("false", "0", "no")

# Where the username is, by the setting `username_from`.
_USERNAMES = {
    "username": "username",
    "email": "email",
    "email_local": "email",
    "number": "identifier",
    "id": "sourcedId",
}


def read(archive: Archive, reading: Reading) -> Export:
    """The export that an archive holds; raises BadBundle."""
    manifest = _manifest(table_of(archive, "manifest.csv", reading.tell))
    name = f"OneRoster {manifest.get('onerosterversion', '')}".strip()
    for wanted in NEEDED:
        if manifest.get(column_key(f"file.{wanted.removesuffix('.csv')}"), "").lower() == "delta":
            raise BadBundle(BundleIsDelta(wanted))
        if wanted not in archive.names:
            raise BadBundle(BundleFileMissing(wanted, format=name))
    users, classes, enrollments = (Table(archive, wanted, reading.tell) for wanted in NEEDED)
    if not manifest and not classes.has("schoolSourcedId"):
        name = "School Data Sync 2.1"
    terms = _terms(table_of(archive, "academicsessions.csv", reading.tell), reading)
    schools = _titles(table_of(archive, "orgs.csv", reading.tell), "name")
    courses = _titles(table_of(archive, "courses.csv", reading.tell), "title")
    roles = _roles(table_of(archive, "roles.csv", reading.tell), reading)
    people = _people(users, roles, reading)
    sections = _sections(classes, terms, schools, courses, reading)
    ended = [(title, span.ends) for title, span in terms.values() if span.ends]
    return Export(name, people, sections, [_enrolments(enrollments, reading)], ended)


def _manifest(table: Table | None) -> dict[str, str]:
    """What manifest.csv says, by the names of its properties without marks."""
    if table is None or not table.has("propertyName", "value"):
        return {}
    said = table.records(("propertyName", "value"))
    return {column_key(name): value.strip() for _, (name, value) in said}


def _terms(table: Table | None, reading: Reading) -> dict[str, tuple[str, Span]]:
    """The title and the time of each academic session, by its id."""
    if table is None:
        return {}
    terms = {}
    for row, (id_, title, starts, ends, status) in table.records(
        ("sourcedId",), ("title", "startDate", "endDate", "status")
    ):
        if status.strip().lower() not in _GONE:
            terms[id_.strip()] = title.strip(), reading.span(table.file, row, starts, ends)
    return terms


def _titles(table: Table | None, column: str) -> dict[str, str]:
    if table is None:
        return {}
    return {id_.strip(): title.strip() for _, (id_, title) in table.records(("sourcedId",), (column,))}


def _roles(table: Table | None, reading: Reading) -> dict[str, set[str]]:
    """The roles of each user that are in force, from roles.csv; those that are over or to come are none."""
    roles: defaultdict[str, set[str]] = defaultdict(set)
    if table is None:
        return roles
    columns = ("beginDate|roleStartDate", "endDate|roleEndDate", "status")
    for row, (user, role, starts, ends, status) in table.records(("userSourcedId", "role"), columns):
        known = roles[user.strip()]
        span = reading.span(table.file, row, starts, ends)
        if status.strip().lower() not in _GONE and reading.calendar.has(span):
            known.add(ROLES.get(column_key(role), role.strip().lower()))
    return roles


def _people(table: Table, in_force: dict[str, set[str]], reading: Reading) -> dict[str, Person]:
    """The people by their ids; `in_force` are the roles that a file of their own gives them."""
    people: dict[str, Person] = {}
    of_a_record: dict[str, frozenset[str]] = {"": frozenset()}
    columns = ("role", "enabledUser", "status", _USERNAMES[reading.settings.username_from])
    for row, (id_, role, enabled, status, login) in table.records(("sourcedId",), columns):
        id_ = id_.strip()
        if id_ in people:
            reading.tell(RecordRepeated(table.file, row))
            continue
        out = ""
        if status not in _IN_FORCE and status.strip().lower() in _GONE:
            out = INACTIVE
        elif enabled not in _ENABLED and enabled.strip().lower() in _DISABLED:
            out = NOT_ENABLED
        roles = of_a_record.get(role)
        if roles is None:
            roles = of_a_record[role] = frozenset((ROLES.get(column_key(role), role.strip().lower()),))
        if id_ in in_force:
            roles |= in_force[id_]
            # Who has roles, and none of them today, is nobody here today.
            out = out or ("" if roles else OUT_OF_DATE)
        people[id_] = Person(table.file, row, id_, username_of(reading.settings.username_from, login), roles, out)
    return people


def _sections(
    table: Table,
    terms: dict[str, tuple[str, Span]],
    schools: dict[str, str],
    courses: dict[str, str],
    reading: Reading,
) -> dict[str, Section]:
    sections: dict[str, Section] = {}
    needed = ("sourcedId", "title")
    others: tuple[str, ...] = (
        "schoolSourcedId|orgSourcedId",
        "termSourcedIds|sessionSourcedIds|termSourcedId",
        "courseSourcedId",
    )
    others += ("classCode", "periods|period", "status")
    for row, (id_, title, school, term, course, code, period, status) in table.records(needed, others):
        id_, school = id_.strip(), school.strip()
        if id_ in sections:
            reading.tell(RecordRepeated(table.file, row))
            continue
        its_terms = [terms[each] for each in map(str.strip, term.split(",")) if each in terms]
        out = ""
        if status and status.strip().lower() in _GONE:
            out = INACTIVE
        elif not is_wanted_school(reading.settings.schools, school, schools.get(school, "")):
            out = OTHER_SCHOOL
        sections[id_] = Section(
            table.file,
            row,
            id_,
            title.strip(),
            courses.get(course.strip(), ""),
            code.strip(),
            "",
            period.strip(),
            schools.get(school, school),
            ", ".join(title for title, _ in its_terms),
            around([span for _, span in its_terms]),
            out,
        )
    return sections


def _enrolments(table: Table, reading: Reading) -> Enrolments:
    needed = ("classSourcedId", "userSourcedId", "role")
    other = ("beginDate", "endDate", "status")

    def batches(damaged: Damaged) -> Iterator[Enrolled]:
        for rows, (sections, users, roles, starts, ends, status) in table.batches(needed, other, damaged):
            spans = outs = None
            if any(starts) or any(ends):
                spans = [reading.span(table.file, *each) for each in zip(rows, starts, ends, strict=True)]
            if not _IN_FORCE.issuperset(status):
                outs = [INACTIVE if each.strip().lower() in _GONE else "" for each in status]
            yield Enrolled(rows, sections, users, roles, spans, outs)

    return Enrolments(table.file, batches)
