"""The cells of one line, quoted as in RFC 4180 where they start with a quote.

In: a line without its end. Out: its cells. Refused: a cell that starts with a quote and does not end before a
separator or the line's end; a quote inside any other cell is kept as it is. White space and invisible characters
before an opening or behind a closing quote do not count.
"""

from __future__ import annotations

import re

from roster.characters import PADDING, PADDING_BUT_TAB

# Two are right; of more than this no padding is made.
_MOST_CELLS = 1000


def split_fields(line: str, separator: str) -> tuple[list[str], bool]:
    """The cells of one line, up to a quoted one that does not end before a separator or the line's end.

    The second value is False when there is such a cell. The last of many cells may be given as one: a line of nothing
    but separators, or of empty quotes, can be as long as a file, and is not worth a list.
    """
    cells: list[str] = []
    place = 0
    last_quote = line.rfind('"')
    padding = PADDING_BUT_TAB if separator == "\t" else PADDING
    while place <= last_quote:
        if len(cells) == _MOST_CELLS:
            return [*cells, line[place:]], True
        start = _behind(padding, line, place)
        if line[start : start + 1] == '"':
            quote_end = _closing_quote(line, start + 1)
            end = _behind(padding, line, quote_end + 1)
            if quote_end < 0 or line[end : end + 1] not in ("", separator):
                return cells, False
            cells.append(line[start + 1 : quote_end].replace('""', '"'))
        else:
            found = line.find(separator, place)
            end = found if found >= 0 else len(line)
            cells.append(line[place:end])
        if end == len(line):
            return cells, True
        place = end + 1
    *more, rest = line[place:].split(separator, 3)
    return [*cells, *more, rest.replace(separator, "")], True


def _closing_quote(line: str, place: int) -> int:
    while True:
        place = line.find('"', place)
        if place < 0 or line[place + 1 : place + 2] != '"':
            return place
        place += 2


# What mostly stands where padding might: the end of a line, a quote, a separator.
_NO_PADDING = ("", '"', ",", ";")


def _behind(padding: re.Pattern[str], line: str, place: int) -> int:
    """Where the padding that begins at a place ends; nearly always there is none."""
    if line[place : place + 1] in _NO_PADDING:
        return place
    found = padding.match(line, place)
    return found.end() if found else place


def quote(value: str) -> str:
    """A value as a quoted cell."""
    return '"' + value.replace('"', '""') + '"'


def unquote(cell: str) -> str | None:
    """The value of a cell; None when it starts with a quote that does not end where the cell ends.

    A tab that separates stands in no cell but between quotes.
    """
    if '"' not in cell:
        return cell
    start = _behind(PADDING, cell, 0)
    if cell[start : start + 1] != '"':
        return cell
    end = _closing_quote(cell, start + 1)
    if end < 0 or _behind(PADDING, cell, end + 1) < len(cell):
        return None
    return cell[start + 1 : end].replace('""', '"')
