"""The two files of a pair to rows, and a notice for every row that is not quite right.

In: the bytes of teachers.csv and students.csv. Out: a `Pair`: for each file three columns (row number, username,
class) of plain numbers, the names behind the numbers shared by both files. Refused: rows, one by one, with a row
error, and whole files, with a file error; a row's fault never costs another row.

One physical line is one row. Blocks of lines are split by whole-block operations, because almost every line is
two cells and nothing else; a line that is not goes through `split_fields` by itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress

from roster.csv_file import Opened, blocks, lines_at, open_file
from roster.names import (
    BLANK,
    ERROR,
    REREAD,
    Names,
    class_names,
    clean,
    fold,
    judge_class,
    judge_username,
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
from roster.protect import Protected
from roster.quoting import quote, split_fields
from roster.settings import Settings

# More than two values at their longest, quoted; what comes behind in a longer line is no roster.
_READ_FOR_PROTECTION = 4096


def _column() -> array[int]:
    return array("I")


@dataclass
class Rows:
    """The accepted rows of one file: row numbers, and the numbers of their cells in the pair's `Names`.

    `read` counts the rows that hold anything, `rejected` those of them that a row error skipped.
    """

    file: str
    separator: str = ","
    numbers: array[int] = field(default_factory=_column)
    usernames: array[int] = field(default_factory=_column)
    classes: array[int] = field(default_factory=_column)
    read: int = 0
    rejected: int = 0


@dataclass
class Pair:
    """Both files as rows, over one table of usernames and one of classes."""

    usernames: Names
    classes: Names
    students: Rows
    teachers: Rows
    settings: Settings
    texts: dict[str, bytes] = field(default_factory=dict)  # each file as UTF-8, for showing what stands in a row
    protected: Protected = field(default_factory=Protected)  # what the rejected rows could have been about

    @property
    def refused(self) -> bool:
        """Whether a file error makes the pair worthless; it is among the notices."""
        return len(self.texts) < len(FILES)

    @property
    def files(self) -> tuple[Rows, Rows]:
        """Both files' rows in the order in which a first spelling is looked for: students.csv names the groups."""
        return self.students, self.teachers


def read_pair(files: Mapping[str, bytes], settings: Settings, notices: Notices) -> Pair:
    """Read both files, by name; both even when one is refused, so that one upload tells all that is wrong."""
    pair = Pair(username_names(settings), class_names(settings), Rows(STUDENTS), Rows(TEACHERS), settings)
    for rows in pair.files:
        opened = open_file(rows.file, files[rows.file], notices)
        if opened:
            pair.texts[rows.file] = opened.data
            rows.separator = opened.separator.decode()
            _Reader(pair, rows, opened, notices).read()
    pair.usernames.judge()
    pair.classes.judge()
    for rows in pair.files:
        _judge_rows(pair, rows, notices)
    return pair


class _Reader:
    """Splits one file's lines into cells and numbers them."""

    def __init__(self, pair: Pair, rows: Rows, opened: Opened, notices: Notices) -> None:
        self._pair = pair
        self._rows = rows
        self._opened = opened
        self._notices = notices
        # Everything but separators and line ends: what is left of a line says whether it is two cells.
        self._ordinary = bytes(set(range(256)) - set(opened.separator + b"\n"))

    def read(self) -> None:
        number = 3
        for block in blocks(self._opened.data, self._opened.start):
            skeleton = block.translate(None, self._ordinary)
            count = skeleton.count(b"\n")
            if skeleton == (self._opened.separator + b"\n") * count:
                self._plain_lines(block[:-1], number, count)
            else:
                self._mixed_lines(block, skeleton, number)
            number += count

    def _plain_lines(self, text: bytes, number: int, count: int) -> None:
        """Take `count` lines, joined by LF, of which each is two cells around one separator."""
        separator = self._opened.separator
        cells = text.replace(b"\n", separator).split(separator)
        self._rows.numbers.extend(range(number, number + count))
        self._rows.usernames.extend(map(self._pair.usernames.ids.__getitem__, cells[0::2]))
        self._rows.classes.extend(map(self._pair.classes.ids.__getitem__, cells[1::2]))
        self._rows.read += count

    def _mixed_lines(self, block: bytes, skeleton: bytes, number: int) -> None:
        """Take a block in which some lines are not two cells: runs of those that are, and the odd ones singly."""
        lines = block[:-1].split(b"\n")
        separator = self._opened.separator
        odd_ones = [place for place, shape in enumerate(skeleton[:-1].split(b"\n")) if shape != separator]
        first = 0
        for odd in [*odd_ones, len(lines)]:
            if odd > first:
                self._plain_lines(b"\n".join(lines[first:odd]), number + first, odd - first)
            if odd < len(lines):
                self._odd_line(lines[odd].decode(), number + odd)
            first = odd + 1

    def _odd_line(self, line: str, number: int) -> None:
        file = self._rows.file
        cells, balanced = split_fields(line, self._rows.separator)
        if not balanced:
            self._reject(_unbalanced(file, number, cells), line)
        elif len(cells) >= 2 and not any(clean(cell)[0] for cell in cells[2:]):
            self._rows.numbers.append(number)
            username, class_ = (quote(cell) if cell.startswith('"') else cell for cell in cells[:2])
            self._rows.usernames.append(self._pair.usernames.ids[username.encode()])
            self._rows.classes.append(self._pair.classes.ids[class_.encode()])
            self._rows.read += 1
        elif any(clean(cell)[0] for cell in cells):
            self._reject(FieldCount(file, number), line)
        else:
            self._notices.add(BlankRows(file, number))

    def _reject(self, notice: Notice, line: str) -> None:
        self._rows.read += 1
        self._rows.rejected += 1
        self._notices.add(notice)
        _protect_line(self._pair, line, self._rows.separator)


def _unbalanced(file: str, row: int, cells: list[str]) -> QuoteUnbalanced:
    """The notice for a line of which `cells` could be read before the quote that does not end."""
    return QuoteUnbalanced(file, row, (USERNAME, CLASS, None)[min(len(cells), 2)])


def _judge_rows(pair: Pair, rows: Rows, notices: Notices) -> None:
    """Drop the rows whose cells are refused or blank, and tell of the cells that were changed."""
    dropped = []
    reread = []
    for place in flagged(rows, pair.usernames.flags, pair.classes.flags):
        username, class_, row = rows.usernames[place], rows.classes[place], rows.numbers[place]
        flags = pair.usernames.flags[username], pair.classes.flags[class_]
        if not (flags[0] | flags[1]) & ERROR:
            for kind in pair.usernames.notes.get(username, ()):
                notices.add(kind(rows.file, row, USERNAME))
            for kind in pair.classes.notes.get(class_, ()):
                notices.add(kind(rows.file, row, CLASS))
            continue
        dropped.append(place)
        if flags[0] & flags[1] & BLANK:
            rows.read -= 1
            rows.rejected -= 1
            notices.add(BlankRows(rows.file, row))
        elif (flags[0] | flags[1]) & REREAD:
            reread.append(row)
        else:
            notices.add(_first_error(pair, rows.file, row, username, class_))
            _protect_cells(pair, username, class_)
    rows.rejected += len(dropped)
    for row, line in lines_at(pair.texts[rows.file], reread).items() if reread else ():
        cells, balanced = split_fields(line, rows.separator)
        # One separator, and yet no two cells: it stands between the quotes.
        notices.add(FieldCount(rows.file, row) if balanced else _unbalanced(rows.file, row, cells))
        _protect_line(pair, line, rows.separator)
    for column in (rows.numbers, rows.usernames, rows.classes):
        _drop(column, dropped)


def _protect_cells(pair: Pair, username: int, class_: int) -> None:
    """Protect what a rejected row of two cells could have been about: its user if that can be read, else its class."""
    if pair.usernames.errors.get(username, UsernameCollision) is UsernameCollision:
        pair.protected.usernames.add(pair.usernames.keys[pair.usernames.rank[username]])
    elif class_ not in pair.classes.errors:
        pair.protected.classes.add(pair.classes.keys[pair.classes.rank[class_]])
    else:
        pair.protected.everything = True


def _protect_line(pair: Pair, line: str, separator: str) -> None:
    """Protect what a line that is not two cells could have been about: any of its parts, as a user and as a class."""
    parts = [part.replace('"', "") for part in line[:_READ_FOR_PROTECTION].split(separator)]
    usernames = [judge_username(part, pair.settings) for part in parts]
    classes = [judge_class(part, pair.settings) for part in parts]
    pair.protected.usernames.update(fold(verdict.value) for verdict in usernames if not verdict.error)
    pair.protected.classes.update(fold(verdict.value) for verdict in classes if not verdict.error)
    if all(verdict.error for verdict in (*usernames, *classes)):
        pair.protected.everything = True


def flagged(rows: Rows, usernames: Sequence[int], classes: Sequence[int]) -> list[int]:
    """The places of the rows, in order, of which either cell is marked; a table holds a mark for each cell's number."""
    places = range(len(rows.numbers))
    found: set[int] = set()
    for table, column in ((usernames, rows.usernames), (classes, rows.classes)):
        if any(table):
            found.update(compress(places, map(table.__getitem__, column)))
    return sorted(found)


def _first_error(pair: Pair, file: str, row: int, username: int, class_: int) -> Notice:
    errors = [
        (kind, column)
        for kind, column in ((pair.usernames.errors.get(username), USERNAME), (pair.classes.errors.get(class_), CLASS))
        if kind
    ]
    kind, column = min(errors, key=lambda error: ROW_ERROR_ORDER[error[0]])
    return kind(file, row, column)


def _drop(column: array[int], places: Iterable[int]) -> None:
    """Remove the items at `places` (ascending) from a column, in one pass."""
    kept = array("I")
    first = 0
    for place in places:
        kept.extend(column[first:place])
        first = place + 1
    if first:
        kept.extend(column[first:])
        column[:] = kept
