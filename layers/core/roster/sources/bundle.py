"""A bundle to the rows that a pair of it would have, so that from there on all is the same.

In: the bytes of a zip, the settings, the day, and what the import before left: names of sections, usernames by id.
Out: a `Pair` with its `Records`. Refused, with `BadBundle`: a bundle that is no export, or not a whole one.

1. Which product's export it is shows in the names of its files.
2. Its people and sections are read, and sections are named so that no two are alike.
3. Each enrolment that counts on the day becomes a row: of students.csv for a student, of teachers.csv for a teacher.

What is left out is counted and said. Who cannot be named any more keeps, as a bad row does, what is published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from roster.memory import Named
from roster.names import REFUSED
from roster.notices import (
    FILES,
    STUDENTS,
    TEACHERS,
    USERNAME,
    BundleRead,
    BundleUnknown,
    ClassEmpty,
    FieldCount,
    Notice,
    RecordsLeftOut,
    SectionUnknown,
    StudentTeaches,
    TermEnded,
    UsernameEmpty,
    UserUnknown,
)
from roster.parse import judge
from roster.quoting import quote
from roster.rows import Pair, Rows, TooMany
from roster.settings import Settings
from roster.sources import clever, oneroster, school_data_sync
from roster.sources.archive import Archive, BadBundle
from roster.sources.bundle_records import BundleNotices, Records, line
from roster.sources.class_names import Called, Naming, name_sections
from roster.sources.dates import Calendar, Span
from roster.sources.export import (
    EXCLUDED,
    OF_WHO_IS_LEFT_OUT,
    OTHER_ROLE,
    OUT_OF_DATE,
    REPEATED,
    ROLES,
    STUDENT,
    Enrolment,
    Enrolments,
    Export,
    Person,
    Section,
)
from roster.sources.reading import Reading
from roster.sources.tables import column_key


class _Product(NamedTuple):
    """A product: the files without which there is no export of it, in small letters, and what reads one."""

    needed: Sequence[str]
    read: Callable[[Archive, Reading], Export]


_PRODUCTS = [_Product(product.NEEDED, product.read) for product in (school_data_sync, clever, oneroster)]

# Of the files of an export: with one alone, nobody can say whose it is.
_LEAST_FILES = 2

# Of enrolments: as often as that it is looked whether there are too many.
_CHECKED = 1 << 14

_ALWAYS = Span()
_STAFF = frozenset(ROLES.values()) - {STUDENT}
_FORBIDDEN = dict.fromkeys(map(ord, "\r\n\0"), "\u2028")


class Source(NamedTuple):
    """A bundle read: its rows, what was found, and what is remembered of it.

    `ended` are the titles of the terms that ended since the import before; `next_day` is the first day, as an ISO date,
    on which the bundle says something else than today, or "".
    """

    pair: Pair
    notices: BundleNotices
    named: Named
    ended: tuple[str, ...] = ()
    next_day: str = ""


def read_bundle(
    file: str, data: bytes, settings: Settings, found: Iterable[Notice], before: Named, on: date | None
) -> Source:
    """Read a bundle as of a day (None: whatever its dates); what is wrong with it is among the notices.

    `found` are findings about the upload itself, `before` is what the import that took effect last remembered.
    """
    records = Records()
    pair, notices = Pair(settings, records), BundleNotices(records)
    for notice in found:
        notices.add(notice)
    source = Source(pair, notices, before)
    try:
        source = _read(file, data, source, on)
    except BadBundle as bad:
        notices.add(bad.notice)
    except TooMany as too_many:
        notices.add(too_many.notice)
    judge(pair, notices)
    return source


def _read(file: str, data: bytes, source: Source, on: date | None) -> Source:
    pair, notices, before = source.pair, source.notices, source.named
    settings = pair.settings
    calendar = Calendar(on, settings.days_before, settings.days_after)
    archive = Archive(file, data)
    export = _product(archive).read(archive, Reading(settings, calendar, notices.add))
    day = on.isoformat() if on else ""
    notices.add(BundleRead(file, format=export.format, day=day))
    called = {id_: Called(*each) for id_, each in before.classes.items()}
    naming = name_sections(export.sections, settings.class_name, settings.classes, called, notices.add_of)
    making = _Making(pair, export, naming, calendar, notices, before)
    making.run()
    ended = _ended(export, before.on, on, settings)
    if ended:
        notices.add(TermEnded(file, ended=", ".join(ended), terms=len(ended)))
    named = Named({id_: (each.title, each.name) for id_, each in naming.called.items()}, making.usernames, day)
    return source._replace(named=named, ended=ended, next_day=calendar.next_change)


def _product(archive: Archive) -> _Product:
    """The product whose files these are: the one of which the greatest part of the files is there."""
    there = {len(archive.names.intersection(each.needed)) / len(each.needed): each for each in reversed(_PRODUCTS)}
    best = there[max(there)]
    if len(archive.names.intersection(best.needed)) < _LEAST_FILES or archive.names == set(FILES):
        raise BadBundle(BundleUnknown(archive.file, holds=_holds(archive)))
    return best


def _holds(archive: Archive) -> str:
    endings = {name.rpartition(".")[2] for name in archive.names}
    if not archive.names:
        return "nothing"
    if "zip" in endings:
        return "another zip: upload that one"
    if archive.names == set(FILES):
        return "a pair: upload its two files as they are"
    return "CSV files, but none of these products'" if "csv" in endings else "no CSV file"


def _ended(export: Export, since: str, on: date | None, settings: Settings) -> tuple[str, ...]:
    """The titles of the terms that counted when the import before looked, and have ended by now."""
    if not on or not since:
        return ()
    before, now = (Calendar(day, 0, settings.days_after) for day in (date.fromisoformat(since), on))
    spans = {title: Span("", ends) for title, ends in export.terms}
    return tuple(sorted(title for title, span in spans.items() if now.is_over(span) and not before.is_over(span)))


class _Known(NamedTuple):
    """A person or section that enrolments name: its place among the records, and the number of its cell.

    `out` says why it is left out; `error` is what is wrong with it, so that its number is `REFUSED`.
    """

    at: int
    number: int
    out: str = ""
    error: type[Notice] | None = None


class _Making:
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
        self._people: dict[str, _Known] = {}
        self._sections: dict[str, _Known] = {}
        self._seen: set[tuple[bool, int, int]] = set()
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
        students, teachers = self._pair.files
        waiting: dict[tuple[bool, str, str], list[Enrolment | None]] = {}
        people, sections, has = self._people, self._sections, self._calendar.has
        add = partial(self._add, enrolments.file, left_out)
        for count, each in enumerate(enrolments.lines(partial(self._damaged, students, enrolments.file)), 1):
            role = self._roles.get(each.role) or self._role(each.role)
            if each.out or role == OTHER_ROLE:
                left_out[each.out or OTHER_ROLE] += 1
                continue
            user = people.get(each.user) or self._user(each.user)
            section = sections.get(each.section) or self._section(each.section)
            if user.out or section.out:
                left_out[section.out if section.out in (EXCLUDED, OUT_OF_DATE) else OF_WHO_IS_LEFT_OUT] += 1
            elif each.span != _ALWAYS and not has(each.span):
                # Who has an enrolment before today and one after it, as at Christmas, stays.
                found = waiting.setdefault((role == STUDENT, each.user, each.section), [None, None])
                found[self._calendar.is_over(each.span)] = each
                left_out[OUT_OF_DATE] += 1
            else:
                add(students if role == STUDENT else teachers, each, user, section)
            if not count % _CHECKED:
                for rows in self._pair.files:
                    rows.check_size(len(rows.usernames), max(len(people), len(sections)))
        for (is_student, user_key, class_key), (to_come, over) in waiting.items():
            if over and to_come:
                left_out[OUT_OF_DATE] -= 1
                add(students if is_student else teachers, over, people[user_key], sections[class_key])

    def _role(self, written: str) -> str:
        """What an enrolment's role makes of somebody: a student, one of the settings' staff, or nothing here."""
        role = ROLES.get(column_key(written), "")
        self._roles[written] = role if role == STUDENT or role in self._staff else OTHER_ROLE
        return self._roles[written]

    def _user(self, key: str) -> _Known:
        person = self._export.people.get(key.strip())
        if person is None:
            stand_in = Person("", 0, key.strip(), self._before.users.get(key.strip(), ""))
            known = _Known(self._person(stand_in), REFUSED, error=UserUnknown)
        elif person.out:
            known = _Known(0, REFUSED, person.out)
        elif not person.username.strip():
            self._notices.add_of(UsernameEmpty(person.file, person.row, USERNAME), person.id)
            remembered = self._before.users.get(key.strip(), "")
            known = _Known(self._person(person._replace(username=remembered)), REFUSED, error=UsernameEmpty)
        else:
            self.usernames[key.strip()] = person.username
            known = _Known(self._person(person), self._pair.usernames.numbers[_cell(person.username)])
        self._people[key] = known
        return known

    def _person(self, person: Person) -> int:
        self._records.people.append(person)
        return len(self._records.people) - 1

    def _section(self, key: str) -> _Known:
        id_ = key.strip()
        section, called = self._export.sections.get(id_), self._naming.called.get(id_)
        if section is None:
            _, remembered = self._before.classes.get(id_, ("", ""))
            known = _Known(self._class(Section("", 0, id_, ""), remembered), REFUSED, error=SectionUnknown)
        elif section.out or id_ in self._naming.left_out:
            known = _Known(0, REFUSED, section.out or EXCLUDED)
        elif section.span != _ALWAYS and not self._calendar.has(section.span):
            known = _Known(0, REFUSED, OUT_OF_DATE)
        elif called is None:  # which was told when the sections were named
            known = _Known(self._class(section, ""), REFUSED, error=ClassEmpty)
        else:
            known = _Known(self._class(section, called.name), self._pair.classes.numbers[_cell(called.name)])
        self._sections[key] = known
        return known

    def _class(self, section: Section, name: str) -> int:
        self._records.sections.append(section)
        self._records.class_names.append(name)
        return len(self._records.sections) - 1

    def _add(
        self, file: str, left_out: Counter[str], rows: Rows, each: Enrolment, user: _Known, section: _Known
    ) -> None:
        """Add a row, or a bad one where its person or section cannot be named, or must not be what it says."""
        error = user.error or section.error
        teaches = rows.file == TEACHERS
        if teaches and not error and self._is_pupil(user):
            error = StudentTeaches
        if error is None:
            key = (teaches, user.number, section.number)
            if key in self._seen:
                left_out[REPEATED] += 1
                return
            self._seen.add(key)
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
        nobody, nothing = self._user(""), self._section("")
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
