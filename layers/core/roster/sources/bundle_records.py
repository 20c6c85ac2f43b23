"""The records that a bundle's rows come from, so that every finding names them and not rows that nobody wrote.

In: a row of the pair that is made of a bundle, by file and number. Out: the place of the record that is meant. A
finding about a username is one about the person's record, one about a class about the section's, and it is told once.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from roster.notices import (
    CLASS,
    STUDENTS,
    TEACHERS,
    USERNAME,
    LooksAlike,
    Notice,
    Notices,
    RecordsLeftOut,
    RowDuplicate,
)
from roster.quoting import quote
from roster.sources.export import REPEATED, Person, Section

Place = tuple[str, int]


class Records:
    """Where each row of a pair comes from. `files` are the names of the files with enrolments, by those of the pair."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.sections: list[Section] = []
        self.class_names: list[str] = []
        self.files: dict[str, str] = {}
        self._rows = {STUDENTS: array("I"), TEACHERS: array("I")}
        self._people = {STUDENTS: array("I"), TEACHERS: array("I")}
        self._sections = {STUDENTS: array("I"), TEACHERS: array("I")}
        self._first = 3
        self.shown: dict[Place, str] = {}

    def columns(self, file: str) -> tuple[array[int], array[int], array[int]]:
        """To be filled: for each row of a file of the pair its row in its own file, its person and its section."""
        return self._rows[file], self._people[file], self._sections[file]

    def place(self, file: str | None, row: int | None, column: str | None = None) -> tuple[str | None, int | None]:
        """The place that a finding about a row of the pair is about."""
        if file not in self._rows:
            return file, row
        if not row:
            return self.files.get(file, file), row
        at = row - self._first
        if column in (USERNAME, CLASS):
            about = self._about(file, at, column)
            self.shown[about.file, about.row] = about.id
            return about.file, about.row
        return self.place_of_row(file, row)

    def place_of_row(self, file: str, row: int) -> Place:
        """The place of the enrolment that a row of the pair is made of."""
        at = row - self._first
        place = self.files[file], self._rows[file][at]
        self.shown[place] = ", ".join(
            each.id for each in (self._about(file, at, CLASS), self._about(file, at, USERNAME))
        )
        return place

    def label(self, file: str) -> str:
        """What a file of the pair is called: the file with the enrolments, and which of them are meant."""
        return f"{self.files.get(file, file)} ({file.removesuffix('.csv')})"

    def lines(self, file: str, rows: Iterable[int]) -> dict[int, str]:
        """Rows of the pair as lines that say the same."""
        return {row: self._line(file, row - self._first) for row in rows}

    def _line(self, file: str, at: int) -> str:
        section = self._sections[file][at]
        return line(self.people[self._people[file][at]].username, self.class_names[section])

    def _about(self, file: str, at: int, column: str) -> Person | Section:
        return self.people[self._people[file][at]] if column == USERNAME else self.sections[self._sections[file][at]]


def line(username: str, class_: str) -> str:
    """Two values as a line of a pair."""
    return ",".join(quote(value) if set(value) & {",", '"'} else value for value in (username, class_))


class BundleNotices(Notices):
    """The findings of a bundle: each is told of the record that it is about, and once."""

    def __init__(self, records: Records) -> None:
        """`records` are those that the rows of the pair are made of."""
        super().__init__()
        self.records = records
        self._told: set[tuple[str, str | None, int | None, str | None]] = set()
        self._repeated: Counter[str] = Counter()

    def add(self, notice: Notice) -> None:
        """Count a finding at its own place."""
        if isinstance(notice, RowDuplicate):  # as where each enrolment is written once a term
            self._repeated[self.records.files[notice.file or ""]] += 1
            return
        file, row = self.records.place(notice.file, notice.row, notice.column)
        if notice.file in (STUDENTS, TEACHERS) and notice.row and notice.column:
            about = notice.code, file, row, notice.column
            if about in self._told:
                return
            self._told.add(about)
        if isinstance(notice, LooksAlike) and notice.like_row:
            like_file, like_row = self.records.place(notice.like_file, notice.like_row, notice.column)
            notice = replace(notice, like_file=like_file or "", like_row=like_row or 0)
        super().add(replace(notice, file=file, row=row) if (file, row) != (notice.file, notice.row) else notice)

    def tell_repeated(self) -> None:
        """Tell how many enrolments say what an earlier one says, once all of them are known."""
        for file, records in sorted(self._repeated.items()):
            self.add(RecordsLeftOut(file, records=records, why=REPEATED))

    def add_of(self, notice: Notice, id_: str) -> None:
        """Count a finding about the record of an id."""
        if notice.file and notice.row:
            self.records.shown[notice.file, notice.row] = id_
        super().add(notice)
