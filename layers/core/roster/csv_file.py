"""One uploaded file: is it the CSV file it should be, and where are its lines.

In: a file's bytes. Out: an `Opened` file whose two reserved rows are right, and its data as blocks of whole lines.
Refused, with a file error: what is not text, not UTF-8 (UTF-16 with a BOM is decoded), too large, or lacks the
reserved rows. A forgotten reserved row would silently swallow two users, so nothing is guessed.
"""

from __future__ import annotations

import codecs
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from roster.first_look import look_at_bytes, look_at_text, look_at_zero_bytes, name_of, separator_line
from roster.limits import too_large
from roster.names import clean
from roster.notices import (
    DelimiterNotComma,
    DelimiterUnknown,
    HeaderRowUnexpected,
    Notice,
    Notices,
    NotUtf8,
    SeparatorLineSkipped,
    Utf16Decoded,
    VersionRowMissing,
    VersionUnsupported,
)
from roster.quoting import split_fields

# Small enough to stay in the processor's cache, and for most blocks to hold no odd line.
_BLOCK = 1 << 14
_PIECE = 1 << 15

# More than a reserved row at its longest, padded.
_RESERVED_LINE = 4096

# Programs of DOS and before pad a file with its end mark.
_END = 1 << 16
_END_MARK = re.compile(rb"\x1a+\Z|(?:(?<=[\r\n])|\A)\x1a[\x1a \t\r\n]*\Z")

# Of a last line without an end: more than two values at their longest.
_LAST_LINE = 4096

# One search for both: two searches would each run to the file's end where the other mark is all there is.
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LONE_CR = re.compile(rb"\r(?!\n)")


class Opened(NamedTuple):
    """A file with its reserved rows read: UTF-8 bytes, the separator, and where the data begins, in which row."""

    data: bytes
    separator: bytes
    start: int
    first_row: int = 3


class Cut(NamedTuple):
    """What a last line without a line end says: its cells, cleaned, as far as they can be read."""

    cells: tuple[str, ...]


class _Refused(Exception):
    def __init__(self, notice: Notice) -> None:
        self.notice = notice


def open_file(file: str, data: bytes, notices: Notices) -> Opened | None:
    """Check a file as a whole; None, and a file error among the notices, when it is refused."""
    try:
        return _open(file, data, notices)
    except _Refused as refused:
        notices.add(refused.notice)
        return None


def _open(file: str, data: bytes, notices: Notices) -> Opened:
    if large := too_large(file, len(data)):
        raise _Refused(large)
    if found := look_at_bytes(file, data):
        raise _Refused(found)
    text = _without_end_mark(_as_utf8(file, data, notices))
    start, row = 3 if text.startswith(codecs.BOM_UTF8) else 0, 1
    version, place = _line(text, start)
    separators = [b",", b";", b"\t"]
    named = separator_line(clean(version[:_RESERVED_LINE].decode(errors="replace"))[0])
    if named is not None:
        if named not in ("", ",", ";", "\t"):
            raise _Refused(DelimiterUnknown(file, 1, separator=name_of(named)))
        notices.add(SeparatorLineSkipped(file, 1))
        separators.sort(key=lambda mark: mark != named.encode())  # it is asked first
        row = 2
        version, place = _line(text, place)
    header, start = _line(text, place)
    separator = next((mark for mark in separators if len(_reserved_cells(version, mark)) > 1), b",")
    cells = _reserved_cells(version, separator)
    if cells[0] != "version":
        raise _Refused(VersionRowMissing(file, row))
    if cells[1:] != ["1"]:
        raise _Refused(VersionUnsupported(file, row))
    columns = _reserved_cells(header, separator)
    if columns != ["username", "class"]:
        raise _Refused(HeaderRowUnexpected(file, row + 1, seems=_seems(columns, header, separator)))
    if separator != b",":
        notices.add(DelimiterNotComma(file, row))
    return Opened(text, separator, start, row + 2)


def _seems(columns: list[str], header: bytes, separator: bytes) -> str:
    """What a header row seems to be that is none, in words; empty where that cannot be told."""
    if columns == ["class", "username"]:
        return "the columns swapped"
    if set(columns) >= {"username", "class"}:
        return "more columns than two"
    others = [mark for mark in (b",", b";", b"\t") if mark != separator]
    if any(_reserved_cells(header, mark) == ["username", "class"] for mark in others):
        return "separated otherwise than row 1"
    return "" if any(columns) else "empty"


def _without_end_mark(text: bytes) -> bytes:
    """The text up to the end mark of DOS: the last byte, or a last line of its own. The line before it is whole."""
    if b"\x1a" not in text[-_END:] or not (mark := _END_MARK.search(text, max(len(text) - _END, 0))):
        return text
    text = text[: mark.start()]
    return text if text.endswith((b"\n", b"\r")) else text + b"\n"


def _as_utf8(file: str, data: bytes, notices: Notices) -> bytes:
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = _decode_utf16(file, data) if is_utf16 else data
    # Both before any bad byte, as they say more of what the file is.
    nul = text.find(b"\0")
    if nul >= 0:
        raise _Refused(look_at_zero_bytes(file, text, _row_at(text, nul)))
    if found := look_at_text(file, text):
        raise _Refused(found)
    if is_utf16:
        notices.add(Utf16Decoded(file))
    elif (bad := _first_bad_byte(data)) is not None:
        raise _Refused(NotUtf8(file, _row_at(data, bad), offset=bad, byte=f"0x{data[bad]:02X}"))
    return text


def _decode_utf16(file: str, data: bytes) -> bytes:
    try:
        return data.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        readable = data[: error.start].decode("utf-16").encode()
        row = _row_at(readable, len(readable))
        raise _Refused(NotUtf8(file, row, offset=error.start, byte=f"0x{data[error.start]:02X}")) from None


def _first_bad_byte(data: bytes) -> int | None:
    """Offset of the first byte that is not UTF-8, decoding piece by piece: a copy of it all takes thrice the time."""
    start = 0
    while start < len(data):
        end = min(start + _PIECE, len(data))
        if end < len(data):
            end -= next((back for back in range(4) if data[end - back] & 0xC0 != 0x80), 0)  # not inside a character
        try:
            data[start:end].decode()
        except UnicodeDecodeError as error:
            return start + error.start
        start = end
    return None


def _row_at(data: bytes, offset: int) -> int:
    """The row that the byte at `offset` stands in."""
    return 1 + data.count(b"\n", 0, offset) + data.count(b"\r", 0, offset) - data.count(b"\r\n", 0, offset)


def _line(data: bytes, start: int) -> tuple[bytes, int]:
    """The line that begins at `start`, and where the next one begins."""
    end = _LINE_END.search(data, start)
    return (data[start : end.start()], end.end()) if end else (data[start:], len(data))


def _reserved_cells(line: bytes, separator: bytes) -> list[str]:
    """The cells of a reserved row, lower case and without empty padding; one empty cell if it is badly quoted."""
    cells, balanced = split_fields(line[:_RESERVED_LINE].decode(errors="replace"), separator.decode())
    values = [clean(cell)[0].lower() for cell in cells] if balanced else [""]
    while len(values) > 1 and not values[-1]:
        values.pop()
    return values


def cut_of(opened: Opened) -> Cut | None:
    """What the last line of data says where it has no line end; None where the file ends as it should."""
    data = opened.data
    if data.endswith((b"\n", b"\r")):
        return None
    start = max(opened.start, data.rfind(b"\n") + 1, data.rfind(b"\r") + 1)
    line = data[start : start + _LAST_LINE].decode(errors="ignore")
    cells, balanced = split_fields(line, opened.separator.decode())
    if not balanced:  # what stands behind the quote that does not end is text of a cell all the same
        behind = line
        for _ in cells:
            behind = behind.partition(opened.separator.decode())[2]
        cells.append(behind.strip().removeprefix('"'))
    cleaned = tuple(clean(cell)[0] for cell in cells)
    return Cut(cleaned) if any(cleaned) else None


def blocks(data: bytes, start: int = 0, offsets: array[int] | None = None) -> Iterator[bytes]:
    """The lines from `start` on, in blocks of whole lines that each end in LF; `offsets` gets where each begins.

    Lines end in LF, CRLF or CR and in nothing else; a block is about 16 KiB, or one line where that is longer.
    """
    while start < len(data):
        if offsets is not None:
            offsets.append(start)
        end = _block_end(data, start)
        block = data[start:end]
        if b"\r" in block:
            block = _with_lf(block)
        yield block if block.endswith(b"\n") else block + b"\n"
        start = end


def _with_lf(block: bytes) -> bytes:
    if _LONE_CR.search(block):
        return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # Taking out one byte takes a third of the time of putting one for two.
    return block.replace(b"\r", b"")


def _block_end(data: bytes, start: int) -> int:
    end = start + _BLOCK
    if end >= len(data):
        return len(data)
    cut = data.rfind(b"\n", start, end)
    if cut < 0:
        # Never the last byte: the LF of a CRLF could stand behind it.
        cut = data.rfind(b"\r", start, end - 1)
    return cut + 1 if cut >= 0 else _line(data, end - 1)[1]


class Index:
    """Where the blocks of a file's data begin, so that a row is found without reading all that stands before it."""

    def __init__(self) -> None:
        self.rows = array("I")
        self.offsets = array("Q")

    def lines_at(self, data: bytes, rows: Iterable[int]) -> dict[int, str]:
        """The text of some rows of data, by row number."""
        found: dict[int, str] = {}
        for place, wanted in groupby(sorted(rows), lambda row: bisect_right(self.rows, row) - 1):
            first, start = self.rows[place], self.offsets[place]
            end = self.offsets[place + 1] if place + 1 < len(self.offsets) else len(data)
            lines = data[start:end].splitlines()  # of bytes, that is at LF, CRLF and CR alone
            found |= {row: lines[row - first].decode() for row in wanted}
        return found


def lines_at(data: bytes, rows: Iterable[int]) -> dict[int, str]:
    """The text of some rows of a readable file, by row number."""
    wanted = sorted(set(rows))
    found: dict[int, str] = {}
    first, place = 1, 0
    for block in blocks(data):
        end = bisect_left(wanted, first + block.count(b"\n"), place)
        if end > place:
            lines = block.split(b"\n")
            found |= {row: lines[row - first].decode() for row in wanted[place:end]}
        first, place = first + block.count(b"\n"), end
    return found
