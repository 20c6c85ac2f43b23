"""One CSV file of a bundle to its records: columns by name, each record with the row where it begins.

In: a member of an archive, and which columns are wanted. Out: (row, values), streamed. Refused, with `BadBundle`: a
file without a column that is needed, one that is no text or ends within quotes. Such a file is RFC 4180, so that a
record may span lines; its row is its first line's number. A record that has not as many values as the header row is
handed back as damaged, and the others go on.
"""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from operator import itemgetter
from typing import IO, NamedTuple, TypeVar

from roster.notices import (
    BundleColumnMissing,
    BundleDamaged,
    DelimiterNotComma,
    FieldCount,
    FileEmpty,
    Notice,
    QuoteNeverClosed,
    QuoteUnbalanced,
)
from roster.sources.archive import Archive, BadBundle, damaged

_MOST_COLUMNS = 500

# Read at a time: few enough that most have nothing odd among them, which makes all of them slower.
_LINES = 256
_PIECE = 1 << 17

# Of a line: more is no record, and a value of more is for the csv module to refuse.
_LONGEST = 1 << 16
_ENDLESS = 1 << 22

Damaged = Callable[[int, str], None]
Tell = Callable[[Notice], None]
Read = TypeVar("Read")


class Batch(NamedTuple):
    """Some records: the number of each one's first line, and for each column the values of all."""

    rows: Sequence[int]
    columns: list[list[str]]


def column_key(name: str) -> str:
    """A column's name as it is compared: without blanks and marks, in small letters."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


class Table:
    """A file of a bundle, opened: which of its columns are there is known."""

    def __init__(self, archive: Archive, name: str, tell: Tell) -> None:
        """Read the header row of a member; raises BadBundle."""
        self.file = archive.name_of(name)
        self._name = name
        self._ahead: list[str] = []  # lines that are read, the next one at the end
        self._begun = ""
        self._archive = archive
        self._tell = tell
        self._stream: IO[str] = archive.open(name, tell)
        head = self._guarded(lambda: self._stream.readline(_PIECE))
        if not head.strip():
            raise BadBundle(FileEmpty(self.file))
        if len(head) == _PIECE:
            raise BadBundle(self._endless())
        self._separator = next((mark for mark in ",;\t" if mark in head), ",")
        if self._separator != ",":
            tell(DelimiterNotComma(self.file, 1))
        header = next(csv.reader([head], delimiter=self._separator))
        while header and not header[-1].strip():  # a separator at the end of each line, or Excel's padding
            header.pop()
        self._width = len(header)
        self.places = {column_key(name): place for place, name in reversed(list(enumerate(header[:_MOST_COLUMNS])))}

    def has(self, *columns: str) -> bool:
        """Whether all these columns are there."""
        return all(column_key(column) in self.places for column in columns)

    def records(self, needed: Sequence[str], other: Sequence[str] = ()) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The row and the values of each record, as `batches` has them."""
        for batch in self.batches(needed, other, lambda *_: None):
            yield from zip(batch.rows, zip(*batch.columns, strict=True), strict=True)

    def batches(self, needed: Sequence[str], other: Sequence[str], broken: Damaged) -> Iterator[Batch]:
        """Some records at a time, of the `needed` columns and then the `other` ones ("" where one is not there).

        A column may have names with `|` between them, of which the first that is there counts. `broken` is told the row
        and the text of a damaged record besides.
        """
        places = [self._place(column, is_needed=True) for column in needed]
        places += [self._place(column, is_needed=False) for column in other]
        row = 2
        for lines in self._blocks():
            cells = self._plain(lines)
            if cells is not None:
                width, nothing = self._width, [""] * len(lines)
                yield Batch(
                    range(row, row + len(lines)), [nothing if at is None else cells[at::width] for at in places]
                )
                row += len(lines)
                continue
            found, row = self._one_by_one(lines, row, broken)
            if found:
                nothing, records = [""] * len(found), list(found.values())
                columns = [nothing if at is None else list(map(itemgetter(at), records)) for at in places]
                yield Batch(list(found), columns)

    def _blocks(self) -> Iterator[list[str]]:
        """The lines of the file, without their ends, some at a time."""
        while self._ahead or self._refill():
            lines = self._ahead[-_LINES:]
            del self._ahead[-_LINES:]
            yield lines[::-1]

    def _refill(self) -> bool:
        """Read on, into lines that are taken from the end; whether there was more."""
        while text := self._guarded(lambda: self._stream.read(_PIECE)):
            *lines, self._begun = f"{self._begun}{text}".split("\n")
            if len(self._begun) > _ENDLESS:
                raise BadBundle(self._endless())
            if lines:
                self._ahead = lines[::-1]
                return True
        if self._begun:
            self._ahead, self._begun = [self._begun], ""
            return True
        return False

    def _endless(self) -> BundleDamaged:
        return BundleDamaged(self._archive.file, why=f"a line of {self.file} in it does not end")

    def _more(self) -> Iterator[str]:
        """The lines after a block, one by one."""
        while self._ahead or self._refill():
            yield self._ahead.pop()

    def _plain(self, lines: list[str]) -> list[str] | None:
        """All cells of lines of which each is one whole record; None where any is something else."""
        text = self._separator.join(lines)
        counts = set(map(str.count, lines, repeat(self._separator)))
        if counts == {self._width - 1} and '"' not in text and "" not in lines:
            cells = text.split(self._separator)
        else:
            try:
                records = list(csv.reader(lines, delimiter=self._separator, strict=True))
            except csv.Error:
                return None
            if len(records) != len(lines) or set(map(len, records)) != {self._width}:
                return None
            cells = list(chain.from_iterable(records))
        # A blank record is none; and what is too long for the csv module is for us.
        blank = [""] * self._width
        if max(map(len, lines)) > _LONGEST or any(
            cells[at : at + self._width] == blank for at in self._empty_firsts(cells)
        ):
            return None
        return cells

    def _empty_firsts(self, cells: list[str]) -> Iterator[int]:
        """Where a record begins with an empty cell."""
        firsts = cells[0 :: self._width]
        if "" in firsts:
            yield from (self._width * place for place, cell in enumerate(firsts) if not cell)

    def _one_by_one(self, lines: list[str], row: int, broken: Damaged) -> tuple[dict[int, list[str]], int]:
        """The cells of each sound record that begins in these lines, by the number of its first line; and the line
        after the last one, which may go on behind them.
        """
        reader = csv.reader(
            (f"{line}\n" for line in chain(lines, self._more())), delimiter=self._separator, strict=True
        )
        found = {}
        first = row
        while reader.line_num < len(lines):
            begins = row
            try:
                cells = next(reader, None)
            except csv.Error as error:
                row = first + reader.line_num
                if "expected after" not in str(error) or row > begins + 1:
                    raise BadBundle(QuoteNeverClosed(self.file, begins)) from None
                self._tell(QuoteUnbalanced(self.file, begins))
                continue
            row = first + reader.line_num
            if not cells or not any(cells):
                continue
            while len(cells) > self._width and not cells[-1].strip():
                cells.pop()
            if len(cells) == self._width:
                found[begins] = cells
            elif row > begins + 1:  # what lies between two stray quotes is no record
                raise BadBundle(QuoteNeverClosed(self.file, begins))
            else:
                self._tell(FieldCount(self.file, begins))
                broken(begins, self._separator.join(cells))
        return found, row

    def _place(self, column: str, *, is_needed: bool) -> int | None:
        for name in column.split("|"):
            if (place := self.places.get(column_key(name))) is not None:
                return place
        if is_needed:
            raise BadBundle(BundleColumnMissing(self.file, 1, column.replace("|", " or ")))
        return None

    def _guarded(self, read: Callable[[], Read]) -> Read:
        """What is read of the stream; raises BadBundle where it is no text, or cannot be unpacked."""
        try:
            return read()
        except UnicodeDecodeError:
            raise BadBundle(self._archive.first_bad_byte(self._name)) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise BadBundle(damaged(self._archive.file, self.file)) from None


def table_of(archive: Archive, name: str, tell: Tell) -> Table | None:
    """A member of an archive by its name in small letters; None where there is none."""
    return Table(archive, name, tell) if name in archive.names else None
