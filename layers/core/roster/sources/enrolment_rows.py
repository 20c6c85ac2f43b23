"""Enrolments to rows: of students.csv for a student, of teachers.csv for a teacher, as of one day.

In: an export, the names of its sections, the day. Out: the rows of a pair, filled in, and the record of each. Refused,
with a row error: an enrolment of somebody, or of a section, that cannot be named. What does not count is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import compress
from operator import not_
from typing import NamedTuple

from roster.memory import Named
from roster.names import REFUSED
from roster.notices import (
    FILES,
    STUDENTS,
    TEACHERS,
    USERNAME,
    ClassEmpty,
    FieldCount,
    Notice,
    RecordsLeftOut,
    SectionUnknown,
    StudentTeaches,
    UsernameEmpty,
    UserUnknown,
)
from roster.quoting import quote
from roster.rows import Pair, Rows
from roster.sources.bundle_records import BundleNotices, line
from roster.sources.class_names import Naming
from roster.sources.dates import Calendar, Span
from roster.sources.export import (
    EXCLUDED,
    OF_WHO_IS_LEFT_OUT,
    OTHER_ROLE,
    OUT_OF_DATE,
    ROLES,
    STUDENT,
    Enrolled,
    Enrolments,
    Export,
    Person,
    Section,
)
from roster.sources.tables import column_key

_ALWAYS = Span()
_STAFF = frozenset(ROLES.values()) - {STUDENT}
_FORBIDDEN = dict.fromkeys(map(ord, "\r\n\0"), "\u2028")


class _Known(NamedTuple):
    """A person or section that enrolments name: its place among the records, and the number of its cell.

    `out` says why it is left out; `error` is what is wrong with it, so that its number is `REFUSED`.
    """

    at: int
    number: int
    out: str = ""
    error: type[Notice] | None = None


class _Found(dict[str, _Known]):
    """Each person, or section, by the key that enrolments name it by; it is looked for once."""

    def __init__(self, find: Callable[[str], _Known]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: str) -> _Known:
        found = self[key] = self._find(key)
        return found


class _Line(NamedTuple):
    """One enrolment, as it stands there."""

    row: int
    section: str
    user: str
    role: str
    span: Span
    out: str


def _line(batch: Enrolled, at: int) -> _Line:
    span = batch.spans[at] if batch.spans else _ALWAYS
    out = batch.outs[at] if batch.outs else ""
    return _Line(batch.rows[at], batch.sections[at], batch.users[at], batch.roles[at], span, out)


class EnrolmentRows:
    """Makes rows of the enrolments of an export. `usernames` are those that were used, by the person's key."""

    def __init__(
        self,
        pair: Pair,
        export: Export,
        naming: Naming,
        calendar: Calendar,
        notices: BundleNotices,
        before: Named,
    ) -> None:
        self._pair = pair
        self._records = notices.records
        self._export = export
        self._naming = naming
        self._calendar = calendar
        self._notices = notices
        self._before = before
        self._people = _Found(self._person)
        self._sections = _Found(self._section)
        self._roles: dict[str, str] = {}
        self._staff = frozenset(pair.settings.roles)
        self.usernames: dict[str, str] = {}

    def run(self) -> None:
        """Fill the pair."""
        for each in self._export.enrolments:
            left_out: Counter[str] = Counter()
            self._read(each, left_out)
            for why, records in sorted(left_out.items()):
                self._notices.add(RecordsLeftOut(each.file, records=records, why=why))
        # Where there is no row of a kind: products with two files have that of teachers last.
        self._records.files.setdefault(STUDENTS, self._export.enrolments[0].file)
        self._records.files.setdefault(TEACHERS, self._export.enrolments[-1].file)
        self._pair.opened.update(FILES)

    def _read(self, enrolments: Enrolments, left_out: Counter[str]) -> None:
        waiting: dict[tuple[bool, str, str], list[_Line | None]] = {}
        students = self._pair.students
        for batch in enrolments.batches(partial(self._damaged, students, enrolments.file)):
            for place in self._add_plain(enrolments.file, batch):
                self._add(enrolments.file, _line(batch, place), left_out, waiting)
            for rows in self._pair.files:
                rows.check_size(len(rows.usernames), max(len(self._people), len(self._sections)))
        for to_come, over in waiting.values():
            if over and to_come:
                left_out[OUT_OF_DATE] -= 1
                self._add_of(enrolments.file, over)

    def _add_plain(self, file: str, batch: Enrolled) -> Iterable[int]:
        """Add the students of whom there is nothing to say; the places of all others in the batch.

        Whole-column operations: nearly every enrolment is such a one, and there are hundreds of thousands.
        """
        everybody = range(len(batch.rows))
        if not everybody or batch.outs or (batch.spans and not all(map(self._counts, set(batch.spans)))):
            return everybody
        people, users, _, _ = zip(*map(self._people.__getitem__, batch.users), strict=True)
        classes, sections, _, _ = zip(*map(self._sections.__getitem__, batch.sections), strict=True)
        rows: Iterable[int] = batch.rows
        others: Iterable[int] = ()
        student_words = {role for role in set(batch.roles) if self._role(role) == STUDENT}
        if not student_words.issuperset(batch.roles):
            is_student = list(map(student_words.__contains__, batch.roles))
            others = compress(everybody, map(not_, is_student))
            columns = (rows, people, users, classes, sections)
            rows, people, users, classes, sections = (tuple(compress(column, is_student)) for column in columns)
        if REFUSED in users or REFUSED in sections:
            return everybody
        if not users:
            return others
        students = self._pair.students
        self._records.files.setdefault(students.file, file)
        for column, more in zip(self._records.columns(students.file), (rows, people, classes), strict=True):
            column.extend(more)
        students.usernames.extend(users)
        students.classes.extend(sections)
        return others

    def _counts(self, span: Span) -> bool:
        return span == _ALWAYS or self._calendar.has(span)

    def _add(
        self,
        file: str,
        each: _Line,
        left_out: Counter[str],
        waiting: dict[tuple[bool, str, str], list[_Line | None]],
    ) -> None:
        """Add an enrolment, refuse it, count it among what is left out, or put it off to the end."""
        role = self._role(each.role)
        if each.out or role == OTHER_ROLE:
            left_out[each.out or OTHER_ROLE] += 1
            return
        user, section = self._people[each.user], self._sections[each.section]
        if user.out or section.out:
            left_out[section.out if section.out in (EXCLUDED, OUT_OF_DATE) else OF_WHO_IS_LEFT_OUT] += 1
        elif not self._counts(each.span):
            # Who has an enrolment before today and one after it, as at Christmas, stays.
            found = waiting.setdefault((role == STUDENT, each.user, each.section), [None, None])
            found[self._calendar.is_over(each.span)] = each
            left_out[OUT_OF_DATE] += 1
        else:
            self._add_of(file, each)

    def _role(self, written: str) -> str:
        """What an enrolment's role makes of somebody: a student, one of the settings' staff, or nothing here."""
        if known := self._roles.get(written):
            return known
        role = ROLES.get(column_key(written), "")
        self._roles[written] = role if role == STUDENT or role in self._staff else OTHER_ROLE
        return self._roles[written]

    def _person(self, key: str) -> _Known:
        id_ = key.strip()
        person = self._export.people.get(id_)
        if person is None:
            stand_in = Person("", 0, id_, self._before.users.get(id_, ""))
            return _Known(self._person_at(stand_in), REFUSED, error=UserUnknown)
        if person.out:
            return _Known(0, REFUSED, person.out)
        if not person.username or person.username.isspace():
            self._notices.add_of(UsernameEmpty(person.file, person.row, USERNAME), person.id)
            remembered = self._before.users.get(id_, "")
            return _Known(self._person_at(person._replace(username=remembered)), REFUSED, error=UsernameEmpty)
        self.usernames[id_] = person.username
        return _Known(self._person_at(person), self._pair.usernames.numbers[_cell(person.username)])

    def _person_at(self, person: Person) -> int:
        self._records.people.append(person)
        return len(self._records.people) - 1

    def _section(self, key: str) -> _Known:
        id_ = key.strip()
        section, called = self._export.sections.get(id_), self._naming.called.get(id_)
        if section is None:
            _, remembered = self._before.classes.get(id_, ("", ""))
            return _Known(self._section_at(Section("", 0, id_, ""), remembered), REFUSED, error=SectionUnknown)
        if section.out or id_ in self._naming.left_out:
            return _Known(0, REFUSED, section.out or EXCLUDED)
        if section.span != _ALWAYS and not self._calendar.has(section.span):
            return _Known(0, REFUSED, OUT_OF_DATE)
        if called is None:  # which was told when the sections were named
            return _Known(self._section_at(section, ""), REFUSED, error=ClassEmpty)
        return _Known(self._section_at(section, called.name), self._pair.classes.numbers[_cell(called.name)])

    def _section_at(self, section: Section, name: str) -> int:
        self._records.sections.append(section)
        self._records.class_names.append(name)
        return len(self._records.sections) - 1

    def _add_of(self, file: str, each: _Line) -> None:
        """Add a row, or a bad one where its person or section cannot be named, or must not be what it says."""
        user, section = self._people[each.user], self._sections[each.section]
        teaches = self._role(each.role) != STUDENT
        rows = self._pair.teachers if teaches else self._pair.students
        error = user.error or section.error
        if teaches and not error and self._is_pupil(user):
            error = StudentTeaches
        if error is None:
            self._append(rows, file, each.row, user, section)
            rows.usernames.append(user.number)
            rows.classes.append(section.number)
            return
        if error in (UserUnknown, SectionUnknown, StudentTeaches):
            self._notices.add_of(error(file, each.row), f"{each.section.strip()}, {each.user.strip()}")
        username, class_ = self._records.people[user.at].username, self._records.class_names[section.at]
        self._refuse(rows, file, each.row, user, section, error, line(username, class_), (username, class_))

    def _is_pupil(self, user: _Known) -> bool:
        roles = self._records.people[user.at].roles
        return STUDENT in roles and not roles & _STAFF

    def _append(self, rows: Rows, file: str, row: int, user: _Known, section: _Known) -> None:
        self._records.files.setdefault(rows.file, file)
        places, people, sections = self._records.columns(rows.file)
        places.append(row)
        people.append(user.at)
        sections.append(section.at)

    def _damaged(self, rows: Rows, file: str, row: int, text: str) -> None:
        """Refuse a record that cannot be read, which is told already: it may be about anybody."""
        nobody, nothing = self._people[""], self._sections[""]
        self._refuse(rows, file, row, nobody, nothing, FieldCount, text, (text,))

    def _refuse(
        self,
        rows: Rows,
        file: str,
        row: int,
        user: _Known,
        section: _Known,
        error: type[Notice],
        text: str,
        cells: Sequence[str],
    ) -> None:
        place = rows.first_row + len(rows.usernames)
        self._append(rows, file, row, user, section)
        rows.usernames.append(REFUSED)
        rows.classes.append(REFUSED)
        rows.refuse(place, text, error, cells)


def _cell(value: str) -> bytes:
    """A value as a cell of a line. What ends a line in it, or a NUL, which no cell may hold, becomes another sign that
    no name may hold either.
    """
    if not value.isprintable():
        value = value.translate(_FORBIDDEN)
    return (quote(value) if '"' in value else value).encode()
