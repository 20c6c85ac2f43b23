"""The two files of a pair to rows, and a notice for every row that is not quite right.

In: the bytes of teachers.csv and students.csv. Out: a `Pair`: for each file three columns (row number, username,
class) of plain numbers, the names behind the numbers shared by both files. Refused: rows, one by one, with a row
error, and whole files, with a file error; a row's fault never costs another row, for one physical line is one row.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial

from roster.csv_file import lines_at, open_file
from roster.names import (
    BLANK,
    ERROR,
    REREAD,
    RESPELLED,
    TOLD,
    class_names,
    clean,
    username_names,
)
from roster.notices import (
    CLASS,
    FILES,
    ROW_ERROR_ORDER,
    STUDENTS,
    TEACHERS,
    USERNAME,
    BlankRows,
    FieldCount,
    Notice,
    Notices,
    QuoteUnbalanced,
    UsernameCollision,
)
from roster.protect import Protected, can_be_stored
from roster.quoting import split_fields
from roster.settings import Settings
from roster.split import FIRST_ROW, split

# Rows that are looked through at once: few enough that most have nothing that is looked for.
_STRETCH = 64


class Rows:
    """The accepted rows of one file, as the numbers of their cells in the pair's `Names`.

    `gaps` has an item for each row that was left out: how many accepted ones stand before it.
    `respelled` are the places, in these columns, of the rows of which a name has several spellings in the pair.
    `read` counts the rows that are not `blank`, `rejected` those of them that a row error skipped.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.separator = ","
        self.usernames = array("I")
        self.classes = array("I")
        self.gaps = array("I")
        self.respelled = array("I")
        self.blank = self.read = self.rejected = 0

    def row(self, place: int) -> int:
        """The row number of the accepted row at a place of the columns."""
        return FIRST_ROW + place + bisect_right(self.gaps, place)


class Pair:
    """Both files as rows, over one table of usernames and one of classes.

    `texts` has each readable file as UTF-8, to show what stands in a row; `protected` is what rejected rows could have
    been about.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.usernames = username_names(settings)
        self.classes = class_names(settings)
        self.students = Rows(STUDENTS)
        self.teachers = Rows(TEACHERS)
        self.texts: dict[str, bytes] = {}
        self.protected = Protected()

    @property
    def refused(self) -> bool:
        """Whether a file error makes the pair worthless; it is among the notices."""
        return len(self.texts) < len(FILES)

    @cached_property
    def is_student(self) -> bytearray:
        """A mark for each rank of a username that stands in students.csv; for use once both files are read."""
        marks = bytearray(len(self.usernames.spelled))
        for cell in set(self.students.usernames):
            marks[self.usernames.rank[cell]] = 1
        return marks

    @property
    def files(self) -> tuple[Rows, Rows]:
        """Both files' rows in the order in which a first spelling is looked for: students.csv names the groups."""
        return self.students, self.teachers


def read_pair(files: Mapping[str, bytes], settings: Settings, notices: Notices, *, first: bool = False) -> Pair:
    """Read both files, by name; both even when one is refused, so that one upload tells all that is wrong.

    Of a site's first pair nothing is gathered of what rejected rows protect: there is nothing to lose yet.
    """
    pair = Pair(settings)
    pair.protected.everything = first
    for rows in pair.files:
        opened = open_file(rows.file, files[rows.file], notices)
        if opened:
            pair.texts[rows.file] = opened.data
            rows.separator = opened.separator.decode()
            refuse = partial(_refuse_line, pair, rows, notices)
            rows.usernames, rows.classes = split(opened, pair.usernames.numbers, pair.classes.numbers, refuse)
    pair.usernames.judge()
    pair.classes.judge()
    for rows in pair.files:
        _judge_rows(pair, rows, notices)
    return pair


def _refuse_line(pair: Pair, rows: Rows, notices: Notices, row: int, line: str) -> None:
    """Tell of a line that is not two cells, and protect what it could have been about."""
    cells, balanced = split_fields(line, rows.separator)
    if not balanced:
        # The cells before the quote that does not end could be read.
        notices.add(QuoteUnbalanced(rows.file, row, (USERNAME, CLASS, None)[min(len(cells), 2)]))
    elif any(clean(cell)[0] for cell in cells):
        notices.add(FieldCount(rows.file, row))
    else:
        rows.blank += 1
        notices.add(BlankRows(rows.file, row))
        return
    pair.protected.add_line(line, cells, rows.separator, pair.settings)


def _judge_rows(pair: Pair, rows: Rows, notices: Notices) -> None:
    """Drop the rows whose cells are refused or blank, and tell of the cells that were changed."""
    usernames, classes = pair.usernames, pair.classes
    dropped: list[int] = []
    reread: list[int] = []
    for place in sorted({*find(usernames.marked(), rows.usernames), *find(classes.marked(), rows.classes)}):
        username, class_, row = rows.usernames[place], rows.classes[place], FIRST_ROW + place
        flags = usernames.flags[username] | classes.flags[class_]
        if not flags & ERROR:
            for kind, column in _notes(pair, username, class_):
                notices.add(kind(rows.file, row, column))
            if flags & RESPELLED:
                rows.respelled.append(place - len(dropped))
            continue
        dropped.append(place)
        if usernames.flags[username] & classes.flags[class_] & BLANK:
            rows.blank += 1
            notices.add(BlankRows(rows.file, row))
        elif flags & REREAD:
            reread.append(row)
        elif not flags & TOLD:
            kind, column = _first_error(pair, username, class_)
            notices.add(kind(rows.file, row, column))
            _protect_cells(pair, username, class_)
    # What looks like two cells, one of them badly quoted, may be a single one with a separator in it.
    for row, line in lines_at(pair.texts[rows.file], reread).items() if reread else ():
        _refuse_line(pair, rows, notices, row, line)
    rows.read = len(rows.usernames) - rows.blank
    rows.rejected = len(dropped) - rows.blank
    if dropped:
        rows.gaps = array("I", (place - before for before, place in enumerate(dropped)))
        rows.usernames = _without(rows.usernames, dropped)
        rows.classes = _without(rows.classes, dropped)


def find(wanted: set[int], column: array[int]) -> Iterator[int]:
    """The places of a column that hold one of the cells wanted."""
    for start in range(0, len(column), _STRETCH):
        stretch = column[start : start + _STRETCH]
        if not wanted.isdisjoint(stretch):
            yield from [place for place, cell in enumerate(stretch, start) if cell in wanted]


Told = tuple[type[Notice], str]  # a finding and its column


def _notes(pair: Pair, username: int, class_: int) -> Iterator[Told]:
    for kind in pair.usernames.notes.get(username, ()):
        yield kind, USERNAME
    for kind in pair.classes.notes.get(class_, ()):
        yield kind, CLASS


def _first_error(pair: Pair, username: int, class_: int) -> Told:
    errors = ((pair.usernames.errors.get(username), USERNAME), (pair.classes.errors.get(class_), CLASS))
    return min(((kind, column) for kind, column in errors if kind), key=lambda error: ROW_ERROR_ORDER[error[0]])


def _protect_cells(pair: Pair, username: int, class_: int) -> None:
    """Protect what a rejected row of two cells could have been about: its user if that can be read, else its class."""
    error = pair.usernames.errors.get(username)
    is_read = error in (None, UsernameCollision)
    if is_read or can_be_stored(error):
        pair.protected.usernames.add(pair.usernames.key(pair.usernames.rank[username]))
    if is_read:
        return
    if class_ not in pair.classes.errors:
        pair.protected.classes.add(pair.classes.key(pair.classes.rank[class_]))
    else:
        pair.protected.everything = True


def _without(column: array[int], places: Iterable[int]) -> array[int]:
    """A column without the items at `places`, which ascend."""
    kept = array("I")
    first = 0
    for place in places:
        kept.extend(column[first:place])
        first = place + 1
    kept.extend(column[first:])
    return kept
