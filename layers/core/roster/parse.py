"""The two files of a pair to rows, and a notice for every row that is not quite right.

In: the bytes of teachers.csv and students.csv. Out: a `Pair`: for each file three columns (row number, username,
class) of plain numbers, the names behind the numbers shared by both files. Refused: rows, one by one, with a row
error, and whole files, with a file error; a row's fault never costs another row, for one physical line is one row.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from operator import itemgetter

from roster.csv_file import cut_of, open_file
from roster.names import (
    BLANK,
    ERROR,
    REPEATS,
    REREAD,
    RESPELLED,
    TOLD,
    clean,
    fold,
)
from roster.notices import (
    CLASS,
    ROW_ERROR_ORDER,
    USERNAME,
    BlankRows,
    FieldCount,
    Notice,
    Notices,
    QuoteUnbalanced,
    ReservedRowRepeated,
)
from roster.quoting import split_fields
from roster.rows import Pair, Rows, TooMany
from roster.settings import Settings
from roster.split import find, split
from roster.suspicious import tell_suspicious

# By which rows are separated that are not as the first row says.
_SEPARATORS = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "vertical bar",
    ":": "colon",
    "^": "caret",
    "~": "tilde",
    "，": "full-width comma",
    "；": "full-width semicolon",
    "،": "Arabic comma",
    "、": "ideographic comma",
}
_LONG = 4096


def read_pair(files: Mapping[str, bytes], settings: Settings, notices: Notices) -> Pair:
    """Read both files, by name; both even when one is refused, so that one upload tells all that is wrong."""
    pair = Pair(settings)
    for rows in pair.files:
        opened = open_file(rows.file, files[rows.file], notices)
        if opened:
            pair.opened.add(rows.file)
            pair.texts[rows.file] = opened.data
            rows.separator = opened.separator.decode()
            rows.first_row = opened.first_row
            rows.cut = cut_of(opened)
            refuse = partial(_refuse_line, rows, notices)
            with giving_up(rows, notices):
                columns = split(opened, pair.usernames.numbers, pair.classes.numbers, refuse, rows.check_size)
                rows.usernames, rows.classes, rows.lines = columns
    judge(pair, notices)
    return pair


def judge(pair: Pair, notices: Notices) -> None:
    """Judge the names of a pair that is read, and drop the rows that have none or must not have theirs."""
    pair.usernames.judge()
    pair.classes.judge()
    for rows in pair.files:
        with giving_up(rows, notices):
            _judge_rows(pair, rows, notices)
    tell_suspicious(pair, notices)


@contextmanager
def giving_up(rows: Rows, notices: Notices) -> Iterator[None]:
    """Tell of a file that has too many rows, and have nothing more to do with it."""
    try:
        yield
    except TooMany as too_many:
        notices.add(too_many.notice)
        rows.given_up = True
        rows.read = rows.rejected
        rows.usernames, rows.classes, rows.respelled = array("I"), array("I"), array("I")


def _refuse_line(rows: Rows, notices: Notices, row: int, line: str) -> None:
    """Tell of a line that is not two cells."""
    cells, balanced = split_fields(line, rows.separator)
    if not balanced:
        # The cells before the quote that does not end could be read.
        notices.add(QuoteUnbalanced(rows.file, row, (USERNAME, CLASS, None)[min(len(cells), 2)]))
        rows.refuse(row, line, QuoteUnbalanced, cells)
    elif any(clean(cell)[0] for cell in cells):
        notices.add(FieldCount(rows.file, row, seems_separated_by=_other_separator(line, rows.separator)))
        rows.refuse(row, line, FieldCount, cells)
    else:
        rows.blank += 1
        notices.add(BlankRows(rows.file, row))


def _other_separator(line: str, separator: str) -> str:
    """The name of the separator with which a line would be two cells; empty where there is none."""
    for mark, name in _SEPARATORS.items():
        if mark != separator and mark in line:
            cells, balanced = split_fields(line[:_LONG], mark)
            values = [clean(cell)[0] for cell in cells]
            if balanced and len(values) > 1 and all(values[:2]) and not any(values[2:]):
                return name
    return ""


def _judge_rows(pair: Pair, rows: Rows, notices: Notices) -> None:
    """Drop the rows whose cells are refused or blank, and tell of the cells that were changed."""
    usernames, classes = pair.usernames, pair.classes
    dropped: list[int] = []
    refused: dict[int, Told | None] = {}
    for place in sorted({*find(usernames.marked(), rows.usernames), *find(classes.marked(), rows.classes)}):
        username, class_, row = rows.usernames[place], rows.classes[place], rows.first_row + place
        flags = usernames.flags[username] | classes.flags[class_]
        is_repeated = flags & REPEATS and _repeats(pair, username, class_)
        if not flags & ERROR and not is_repeated:
            for kind, column in _notes(pair, username, class_):
                notices.add(kind(rows.file, row, column))
            if flags & RESPELLED:
                rows.respelled.append(place - len(dropped))
            continue
        dropped.append(place)
        if usernames.flags[username] & classes.flags[class_] & BLANK:
            rows.blank += 1
            notices.add(BlankRows(rows.file, row))
        elif not flags & TOLD:
            # What looks like two cells, one of them badly quoted, may be a single one with a separator in it.
            refused[row] = None if flags & REREAD else _first_error(pair, username, class_)
            rows.check_bad(len(refused))
    if refused:
        _refuse_rows(pair, rows, notices, refused)
    rows.read = len(rows.usernames) - rows.blank
    if dropped:
        rows.gaps = array("I", (place - before for before, place in enumerate(dropped)))
        rows.usernames = _without(rows.usernames, dropped)
        rows.classes = _without(rows.classes, dropped)


def _refuse_rows(pair: Pair, rows: Rows, notices: Notices, refused: Mapping[int, Told | None]) -> None:
    """Tell of rows of two cells and remember them; one without an error of its own is read once more, as a line."""
    lines = pair.lines(rows, refused)
    for row, told in refused.items():
        line = lines[row]
        if told is None:
            _refuse_line(rows, notices, row, line)
        else:
            kind, column = told
            notices.add(kind(rows.file, row, column))
            rows.refuse(row, line, kind, split_fields(line, rows.separator)[0])
    rows.bad.sort(key=itemgetter(0))  # the lines that were no two cells came first


Told = tuple[type[Notice], str | None]  # a finding and its column, if it is about one


def _notes(pair: Pair, username: int, class_: int) -> Iterator[Told]:
    for kind in pair.usernames.notes.get(username, ()):
        yield kind, USERNAME
    for kind in pair.classes.notes.get(class_, ()):
        yield kind, CLASS


def _first_error(pair: Pair, username: int, class_: int) -> Told:
    errors: list[tuple[type[Notice] | None, str | None]] = [
        (pair.usernames.errors.get(username), USERNAME),
        (pair.classes.errors.get(class_), CLASS),
        (ReservedRowRepeated if _repeats(pair, username, class_) else None, None),
    ]
    return min(((kind, column) for kind, column in errors if kind), key=lambda error: ROW_ERROR_ORDER[error[0]])


def _repeats(pair: Pair, username: int, class_: int) -> bool:
    """Whether a row is one of the two reserved ones once more."""
    beside = pair.usernames.repeats_beside.get(username)
    return beside is not None and fold(pair.classes.values[class_]) == beside


def _without(column: array[int], places: Iterable[int]) -> array[int]:
    """A column without the items at `places`, which ascend."""
    kept = array("I")
    first = 0
    for place in places:
        kept.extend(column[first:place])
        first = place + 1
    kept.extend(column[first:])
    return kept
