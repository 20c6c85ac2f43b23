"""What is read of a pair: the accepted rows of each file, its bad rows, and the limits at which a file is given up.

`roster.parse` fills them in. Refused, with `TooMany`: more than a file may have.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from roster.csv_file import Cut, Index
from roster.names import class_names, username_names
from roster.notices import FILES, STUDENTS, TEACHERS, FileError, Notice, TooManyBadRows, TooManyRows
from roster.settings import Settings

if TYPE_CHECKING:  # which most imports never need
    from roster.sources.bundle_records import Records

# Of one file, whose reading ends there. More rows, blank ones too, or more different names would not fit the function
# that an import runs in; with more bad rows a file is damaged as a whole, and each is memory here and in the version.
MOST_ROWS = 10_000_000
MOST_NAMES = 2_000_000
MOST_BAD_ROWS = 200_000

# Two are right; what a line has beyond these says nothing about its user or its class.
_CELLS_KEPT = 8


class BadRow(NamedTuple):
    """A row that a row error skipped; blank rows are none.

    `line` is all of it, without its end, and `kind` the error. `cells` are unquoted and not cleaned, as far as they
    could be read: two of a well-formed row.
    """

    row: int
    line: str
    kind: type[Notice]
    cells: tuple[str, ...]


class TooMany(Exception):
    """A file has too many rows, names or bad rows to be read on; the notice says which."""

    def __init__(self, notice: FileError) -> None:
        self.notice = notice


class Rows:
    """The accepted rows of one file, as the numbers of their cells in the pair's `Names`.

    `gaps` has an item for each row that was left out: how many accepted ones stand before it.
    `respelled` are the places, in these columns, of the rows of which a name has several spellings in the pair.
    `read` counts the rows that are not `blank`, `rejected` those of them that a row error skipped: they are `bad`, in
    the order of their rows; of a file that was `given_up` they are those before that. `first_row` is the number of the
    first row of data. `cut` is what the last line says where
    the file ends without a line end.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.separator = ","
        self.usernames = array("I")
        self.classes = array("I")
        self.gaps = array("I")
        self.respelled = array("I")
        self.blank = self.read = self.rejected = 0
        self.bad: list[BadRow] = []
        self.first_row = 3
        self.given_up = False
        self.cut: Cut | None = None
        self.lines = Index()

    def row(self, place: int) -> int:
        """The row number of the accepted row at a place of the columns."""
        return self.first_row + place + bisect_right(self.gaps, place)

    def refuse(self, row: int, line: str, kind: type[Notice], cells: Sequence[str]) -> None:
        """Remember a bad row."""
        self.rejected += 1
        self.check_bad()
        self.bad.append(BadRow(row, line, kind, tuple(cells[:_CELLS_KEPT])))

    def check_bad(self, more: int = 0) -> None:
        """Give the file up when it has too many bad rows, with so many more that are known of."""
        if self.rejected + more > MOST_BAD_ROWS:
            raise TooMany(TooManyBadRows(self.file, limit=MOST_BAD_ROWS))

    def check_size(self, rows: int, names: int) -> None:
        """Give the file up when it has too many rows, or too many different names in a column."""
        if rows > MOST_ROWS:
            raise TooMany(TooManyRows(self.file, rows=rows, limit=MOST_ROWS))
        if names > MOST_NAMES:
            raise TooMany(TooManyRows(self.file, names=names, limit=MOST_NAMES))


class Pair:
    """Both files as rows, over one table of usernames and one of classes.

    `opened` are the files that could be read, `texts` has each as UTF-8, to show what stands in a row. `records` is
    where the rows of a bundle come from, which has no such texts.
    """

    def __init__(self, settings: Settings, records: Records | None = None) -> None:
        self.settings = settings
        self.records = records
        self.opened: set[str] = set()
        self.usernames = username_names(settings)
        self.classes = class_names(settings)
        self.students = Rows(STUDENTS)
        self.teachers = Rows(TEACHERS)
        self.texts: dict[str, bytes] = {}

    @property
    def refused(self) -> bool:
        """Whether a file error makes the pair worthless; it is among the notices."""
        return len(self.opened) < len(FILES) or any(rows.given_up for rows in self.files)

    def lines(self, rows: Rows, wanted: Iterable[int]) -> dict[int, str]:
        """What stands in these rows of a file."""
        if self.records:
            return self.records.lines(rows.file, wanted)
        return rows.lines.lines_at(self.texts[rows.file], wanted)

    def place(self, file: str, row: int) -> tuple[str, int]:
        """The file and row that people know a row by."""
        return self.records.place_of_row(file, row) if self.records else (file, row)

    @cached_property
    def is_student(self) -> bytearray:
        """A mark for each rank of a username that stands in students.csv; for use once both files are read."""
        marks = bytearray(len(self.usernames.spelled))
        ranks = map(list(self.usernames.rank).__getitem__, set(self.students.usernames))
        deque(map(marks.__setitem__, ranks, repeat(1)), maxlen=0)
        return marks

    @property
    def files(self) -> tuple[Rows, Rows]:
        """Both files' rows in the order in which a first spelling is looked for: students.csv names the groups."""
        return self.students, self.teachers
