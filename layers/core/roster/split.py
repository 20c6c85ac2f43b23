"""A file's lines to numbered cells, a row for each line.

In: an opened file, and the numbers that cells have so far. Out: two columns of numbers. Refused: a line that is not
two cells, which is handed back as text, while its row gets the cell `REFUSED` twice.

Almost every line is two cells and nothing else, so blocks of lines are split by whole-block operations; a line that
is otherwise is set aside and looked at by itself.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from roster.csv_file import Index, Opened, blocks
from roster.names import REFUSED, Numbers, clean
from roster.quoting import quote, split_fields

# Of more bytes, a line that is not two cells is never split into all of its cells: they would be a list of eight bytes
# or more for each byte of the line.
_LONG_LINE = 1 << 16

_EMPTY_LINE = re.compile(rb"^[ \t]*(?=\n)", re.MULTILINE)


# Rows that are looked through at once: few enough that most have nothing that is looked for.
_STRETCH = 64


class Columns(NamedTuple):
    """The numbers of each row's two cells, and where its line is."""

    usernames: array[int]
    classes: array[int]
    lines: Index


def split(
    opened: Opened,
    usernames: Numbers,
    classes: Numbers,
    refuse: Callable[[int, str], None],
    grown: Callable[[int, int], None],
) -> Columns:
    """Split and number a file's cells; `refuse` is called with the row and text of a line that is not two of them.

    `grown` is called again and again with the number of rows so far, and of different names in a column.
    """
    separator = opened.separator
    columns = Columns(array("I"), array("I"), Index())
    # Everything but separators and line ends: what is left of a line says whether it is two cells.
    ordinary = bytes(set(range(256)) - set(separator + b"\n"))
    two_cells = separator + b"\n"
    quoted: set[bytes] = set()
    for block in blocks(opened.data, opened.start, columns.lines.offsets):
        first = len(columns.usernames)
        columns.lines.rows.append(opened.first_row + first)
        skeleton = block.translate(None, ordinary)
        odd_lines: list[tuple[int, bytes]] = []
        if skeleton == two_cells * (len(skeleton) // 2):
            cells = _cells(block, separator)
        elif len(block) > _LONG_LINE and block.count(b"\n") == 1:
            cells, odd_lines = [b"", b""], [(0, block[:-1])]
        else:
            if skeleton.startswith(b"\n") or b"\n\n" in skeleton:
                # An empty line is two blank cells at once: as an odd line each would take a while.
                block = _EMPTY_LINE.sub(separator, block)
                skeleton = block.translate(None, ordinary)
            cells = _cells(block, separator)
            odd_lines = _take_out_odd_lines(cells, skeleton, separator, quoted)
        columns.usernames.extend(map(usernames.__getitem__, cells[0::2]))
        columns.classes.extend(map(classes.__getitem__, cells[1::2]))
        for place, line in odd_lines:
            cell = _two_cells(line, separator)
            if not cell:
                refuse(opened.first_row + first + place, line.decode())
            elif separator in cell[1]:
                quoted.add(cell[1])
            columns.usernames[first + place] = usernames[cell[0]] if cell else REFUSED
            columns.classes[first + place] = classes[cell[1]] if cell else REFUSED
        grown(len(columns.usernames), max(len(usernames), len(classes)))
    return columns


def _cells(block: bytes, separator: bytes) -> list[bytes]:
    return block[:-1].replace(b"\n", separator).split(separator)


def _take_out_odd_lines(
    cells: list[bytes], skeleton: bytes, separator: bytes, quoted: Container[bytes]
) -> list[tuple[int, bytes]]:
    """Take the lines that are not two cells around one separator out of a block's cells, leaving two empty ones.

    A line whose class is among those `quoted` before in this file stays, as its two cells. A class that only the other
    file has is no sign: with another separator there, it needed no quotes.
    """
    # Every line of two cells shrinks to one NUL, so that one search finds the others.
    shapes = skeleton.replace(separator + b"\n", b"\0")
    odd_lines = []
    surplus = 0  # bytes of the odd lines so far beyond one a line
    for shape in re.finditer(re.escape(separator) + b"+\0|\n", shapes):
        place = shape.start() - surplus
        length = shape.end() - shape.start()
        separators = length if shape[0] != b"\n" else 0
        # Every line before this one is two cells by now.
        its_cells = slice(2 * place, 2 * place + separators + 1)
        username, *others = cells[its_cells]
        class_ = separator.join(others)
        if class_ in quoted and b'"' not in username:
            cells[its_cells] = username, class_
        else:
            odd_lines.append((place, separator.join(cells[its_cells])))
            cells[its_cells] = b"", b""
        surplus += length - 1
    return odd_lines


def _two_cells(line: bytes, separator: bytes) -> tuple[bytes, bytes] | None:
    """The two raw cells of a line with quoted separators, or with empty cells at its end; None when it is not two."""
    cells, balanced = split_fields(line.decode(), separator.decode())
    if not balanced or len(cells) < 2 or any(clean(cell)[0] for cell in cells[2:]):
        return None
    return _raw(cells[0], separator), _raw(cells[1], separator)


def _raw(cell: str, separator: bytes) -> bytes:
    """A cell as it can stand in a line."""
    return (quote(cell) if '"' in cell or separator.decode() in cell else cell).encode()


def find(wanted: set[int], column: array[int]) -> Iterator[int]:
    """The places of a column that hold one of the cells wanted."""
    for start in range(0, len(column), _STRETCH):
        stretch = column[start : start + _STRETCH]
        if not wanted.isdisjoint(stretch):
            yield from [place for place, cell in enumerate(stretch, start) if cell in wanted]
