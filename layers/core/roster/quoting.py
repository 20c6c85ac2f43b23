"""The cells of one line, quoted as in RFC 4180 where they start with a quote.

In: a line without its end. Out: its cells. Refused: a cell that starts with a quote and does not end before a
separator or the line's end; a quote inside any other cell is kept as it is.
"""

from __future__ import annotations

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
    while place <= last_quote:
        if len(cells) == _MOST_CELLS:
            return [*cells, line[place:]], True
        if line[place] == '"':
            end = _closing_quote(line, place + 1)
            if end < 0 or line[end + 1 : end + 2] not in ("", separator):
                return cells, False
            cells.append(line[place + 1 : end].replace('""', '"'))
            end += 1
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


def quote(value: str) -> str:
    """A value as a quoted cell."""
    return '"' + value.replace('"', '""') + '"'


def unquote(cell: str) -> str | None:
    """The value of a cell; None when it starts with a quote that does not end where the cell ends."""
    if not cell.startswith('"'):
        return cell
    value = cell[1:-1].replace('""', "\0")  # no file that is read holds a NUL
    return None if len(cell) < 2 or not cell.endswith('"') or '"' in value else value.replace("\0", '"')
