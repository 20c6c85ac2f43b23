"""One uploaded file: is it the CSV file it should be, and where are its lines.

In: a file's bytes. Out: an `Opened` file whose two reserved rows are right, and its data as blocks of whole lines.
Refused, with a file error: what is not text, not UTF-8 (UTF-16 with a BOM is decoded), too large, or lacks the
reserved rows. A forgotten reserved row would silently swallow two users, so nothing is guessed.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from roster.names import clean
from roster.notices import (
    DelimiterNotComma,
    FileTooLarge,
    HeaderRowUnexpected,
    NotCsv,
    Notice,
    Notices,
    NotUtf8,
    Utf16Decoded,
    VersionRowMissing,
    VersionUnsupported,
)
from roster.quoting import split_fields

# About nine million rows; the memory of the import function is chosen for it.
FILE_LIMIT = 256 * 1024 * 1024

# Small enough to stay in the processor's cache, and for most blocks to hold no odd line.
_BLOCK = 1 << 14
_PIECE = 1 << 15

# Beginnings of files that people upload by mistake. An .xlsx is a zip file, told apart by what is in it.
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "a Rich Text document"),
)


# One search for both: two searches would each run to the file's end where the other mark is all there is.
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LONE_CR = re.compile(rb"\r(?!\n)")


class Opened(NamedTuple):
    """A file with its reserved rows read: UTF-8 bytes, the separator, and where row 3 begins."""

    data: bytes
    separator: bytes
    start: int


class _Refused(Exception):
    def __init__(self, notice: Notice) -> None:
        self.notice = notice


def too_large(file: str, size: int) -> FileTooLarge | None:
    """The notice for a file of `size` bytes that is over the limit; asked before it is fetched."""
    return FileTooLarge(file, bytes=size, limit=FILE_LIMIT) if size > FILE_LIMIT else None


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
    _refuse_foreign(file, data)
    text = _as_utf8(file, data, notices)
    start = 3 if text.startswith(codecs.BOM_UTF8) else 0
    version, start = _line(text, start)
    header, start = _line(text, start)
    separator = next((mark for mark in (b",", b";", b"\t") if len(_reserved_cells(version, mark)) > 1), b",")
    cells = _reserved_cells(version, separator)
    if cells[0] != "version":
        raise _Refused(VersionRowMissing(file, 1))
    if cells[1:] != ["1"]:
        raise _Refused(VersionUnsupported(file, 1))
    if _reserved_cells(header, separator) != ["username", "class"]:
        raise _Refused(HeaderRowUnexpected(file, 2))
    if separator != b",":
        notices.add(DelimiterNotComma(file, 1))
    return Opened(text, separator, start)


def _refuse_foreign(file: str, data: bytes) -> None:
    looks_like = next((name for magic, name in _FOREIGN if data.startswith(magic)), None)
    if data.startswith(b"PK\x03\x04"):
        looks_like = "an Excel workbook (.xlsx)" if b"xl/workbook" in data else "a zip archive"
    if looks_like:
        raise _Refused(NotCsv(file, looks_like=looks_like))


def _as_utf8(file: str, data: bytes, notices: Notices) -> bytes:
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = _decode_utf16(file, data) if is_utf16 else data
    nul = text.find(b"\0")
    if nul >= 0:  # before any bad byte, as it says more of what the file is
        looks_like = "binary data, or UTF-16 text without a byte order mark"
        raise _Refused(NotCsv(file, _row_at(text, nul), looks_like=looks_like))
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
    cells, balanced = split_fields(line[:4096].decode(errors="replace"), separator.decode())
    values = [clean(cell)[0].lower() for cell in cells] if balanced else [""]
    while len(values) > 1 and not values[-1]:
        values.pop()
    return values


def blocks(data: bytes, start: int = 0) -> Iterator[bytes]:
    """The lines from `start` on, in blocks of whole lines that each end in LF.

    Lines end in LF, CRLF or CR and in nothing else; a block is about 16 KiB, or one line where that is longer.
    """
    while start < len(data):
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
