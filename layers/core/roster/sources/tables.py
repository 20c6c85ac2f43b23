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
from operator import itemgetter
from typing import IO

from roster.notices import (
    BundleColumnMissing,
    DelimiterNotComma,
    FieldCount,
    FileEmpty,
    Notice,
    QuoteNeverClosed,
    QuoteUnbalanced,
)
from roster.sources.archive import Archive, BadBundle, damaged

_MOST_COLUMNS = 500

Damaged = Callable[[int, str], None]
Tell = Callable[[Notice], None]


def column_key(name: str) -> str:
    """A column's name as it is compared: without blanks and marks, in small letters."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


class Table:
    """A file of a bundle, opened: which of its columns are there is known."""

    def __init__(self, archive: Archive, name: str, tell: Tell) -> None:
        """Read the header row of a member; raises BadBundle."""
        self.file = archive.name_of(name)
        self._name = name
        self._archive = archive
        self._tell = tell
        self._stream: IO[str] = archive.open(name, tell)
        head = self._guarded(name, self._stream.readline)
        if not head.strip():
            raise BadBundle(FileEmpty(self.file))
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

    def records(
        self, needed: Sequence[str], other: Sequence[str] = (), broken: Damaged | None = None
    ) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The row and the values of each record, of the `needed` columns and then the `other` ones ("": not there).

        A column may have names with `|` between them, of which the first that is there counts. `broken` is told the row
        and the text of a damaged record besides.
        """
        places = [self._place(column, is_needed=True) for column in needed]
        places += [self._place(column, is_needed=False) for column in other]
        width = self._width
        # A column that is not there is read from behind the last one, where each record gets an empty value.
        pick = itemgetter(*(width if place is None else place for place in places), width)
        for row, cells in self._rows():
            if len(cells) != width:
                while len(cells) > width and not cells[-1].strip():
                    cells.pop()
                if len(cells) != width:
                    self._tell(FieldCount(self.file, row))
                    if broken:
                        broken(row, self._separator.join(cells))
                    continue
            cells.append("")
            yield row, pick(cells)[:-1]

    def _place(self, column: str, *, is_needed: bool) -> int | None:
        for name in column.split("|"):
            if (place := self.places.get(column_key(name))) is not None:
                return place
        if is_needed:
            raise BadBundle(BundleColumnMissing(self.file, 1, column.replace("|", " or ")))
        return None

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """The cells of each record that is not blank, and the number of its first line."""
        reader = csv.reader(self._stream, delimiter=self._separator, strict=True)
        row = 2
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                last = 1 + reader.line_num
                if "expected after" not in str(error) or last > row:
                    raise BadBundle(QuoteNeverClosed(self.file, row)) from None
                self._tell(QuoteUnbalanced(self.file, row))
                row = last + 1
                continue
            except UnicodeDecodeError:
                raise BadBundle(self._archive.first_bad_byte(self._name)) from None
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
                raise BadBundle(damaged(self._archive.file, self.file)) from None
            last = 1 + reader.line_num
            if len(cells) != self._width and last > row:  # what lies between two stray quotes is no record
                raise BadBundle(QuoteNeverClosed(self.file, row))
            if cells and any(cells):
                yield row, cells
            row = last + 1

    def _guarded(self, name: str, read: Callable[[], str]) -> str:
        try:
            return read()
        except UnicodeDecodeError:
            raise BadBundle(self._archive.first_bad_byte(name)) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
            raise BadBundle(damaged(self._archive.file, self.file)) from None


def table_of(archive: Archive, name: str, tell: Tell) -> Table | None:
    """A member of an archive by its name in small letters; None where there is none."""
    return Table(archive, name, tell) if name in archive.names else None
