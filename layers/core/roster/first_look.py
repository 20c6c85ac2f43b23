"""What a file is, by its first bytes, where it is no CSV file of the format: each kind is refused by a name of its own.

In: a file's bytes, and then its text. Out: the file error that refuses it, or None for what may be the format. No
value of the file is repeated, as its values are pupils.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from roster.characters import PADDING
from roster.notices import (
    DelimiterUnknown,
    FileEmpty,
    FileNotWrittenWhole,
    JsonDocument,
    LinesQuotedWhole,
    NotCsv,
    Notice,
    OtherExport,
    PowershellTypeLine,
    WebPage,
    XmlDocument,
)
from roster.quoting import split_fields

# Of the beginning of a file; the header line of a product's export may be long.
_HEAD = 8192

_BEGINNINGS = (
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"PK\x07\x08", "a zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "a Rich Text document"),
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"II*\0", "an image (TIFF)"),
    (b"MM\0*", "an image (TIFF)"),
    (b"%!PS", "a PostScript document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\0\1\0\0Standard ", "an Access database"),
    (b"PAR1", "a Parquet file"),
    (b"MZ\x90\0", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x09\x08\x10\0", "an old Excel workbook (.xls)"),
)
# What a zip file is, by what is in it; of several that are there the first counts.
_ZIPS = (
    (b"xl/workbook.bin", "an Excel workbook (.xlsb)"),
    (b"xl/", "an Excel workbook (.xlsx)"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "a LibreOffice workbook (.ods)"),
    (b"application/vnd.oasis.opendocument", "a LibreOffice document"),
    (b"Index/Document.iwa", "a Numbers workbook (.numbers)"),
    (b"Index/Tables/", "a Numbers workbook (.numbers)"),
    (b"word/", "a Word document (.docx)"),
    (b"ppt/", "a PowerPoint presentation (.pptx)"),
)
# Of so many zero bytes in a row in the middle of text, the disk or the copy is the reason.
_HOLE = 8
_NULS = re.compile(rb"\0+")

_COMMENTS = r"(?:\s|<!--.*?-->)*"
_WEB_PAGE = re.compile(
    rf"{_COMMENTS}(?:<\?xml[^>]*>{_COMMENTS}(?:<!doctype\s+html|<html)\b|HTTP/\d|<!doctype\s+html|"
    r"</?(?:html|head|body|script|meta|title|link|style|div|span|table|form|iframe|center|font|p|h\d|br|a|img|noscript)(?![\w:.-]))",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(rf"{_COMMENTS}<(?:[?!]\w|[^\W\d][\w:.-]*[\s/>])", re.DOTALL)
_JSON = re.compile(r"""\s*(?:\{\s*(?:["'}]|$)|\[\s*(?:[\[{"'\]\d-]|$|true|false|null))""")
_TYPE_LINE = re.compile(r"\s*[\"']?#TYPE\b", re.IGNORECASE)
_SEPARATOR_LINE = re.compile(r"(\"?)sep=(.?|\\t)\1[\s,;]*", re.IGNORECASE)
_BLANK = re.compile(f"{PADDING.pattern[:-2]}\x1a]*")
_LINE_END = re.compile(r"\r\n|\r|\n")

_QUOTE = r"[\"'\s\ufeff]*"
_VERSION = re.compile(rf"{_QUOTE}version[\"']*([^\w\"']+)[\"']*1{_QUOTE}(?:\1)*\s*", re.IGNORECASE)
_QUOTED_LINE = re.compile(
    rf"{_QUOTE}(?:version{_QUOTE}[,;\t|]{_QUOTE}1|username{_QUOTE}[,;\t|]{_QUOTE}class){_QUOTE}", re.IGNORECASE
)

_MARKS = {
    "|": "vertical bar",
    ":": "colon",
    " ": "blank",
    "\xa0": "no-break space",
    ";": "semicolon",
    ",": "comma",
    "\t": "tab",
}

# Columns, in lower case without blanks and marks, that only one product's export has together.
_EXPORTS = (
    ("OneRoster", ({"sourcedid", "status"}, {"sourcedid", "datelastmodified"}, {"propertyname", "value"})),
    (
        "School Data Sync",
        (
            {"sourcedid"},
            {"classsourcedid", "usersourcedid"},
            {"sisid", "schoolsisid"},
            {"sectionsisid", "sisid"},
            {"sisid", "username"},
            {"sisid", "name"},
        ),
    ),
    (
        "Clever",
        tuple({"schoolid", other} for other in ("studentid", "teacherid", "sectionid", "staffid", "schoolname")),
    ),
    (
        "Canvas",
        (
            {"userid", "loginid"},
            {"courseid", "userid"},
            {"sectionid", "userid"},
            {"courseid", "shortname"},
            {"sectionid", "courseid"},
            {"sisuserid"},
            {"sisloginid"},
        ),
    ),
)


def look_at_bytes(file: str, data: bytes) -> Notice | None:
    """The error of a file that is empty or begins as something else than text."""
    if not data[:_HEAD].strip() and not data.strip():
        return FileEmpty(file)
    if looks_like := next((name for beginning, name in _BEGINNINGS if data.startswith(beginning)), None):
        return NotCsv(file, looks_like=looks_like)
    if data.startswith(b"PK\x03\x04"):
        return NotCsv(file, looks_like=next((name for part, name in _ZIPS if part in data), "a zip archive"))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return NotCsv(file, looks_like="an image (WebP)")
    if data[4:8] == b"ftyp":
        return NotCsv(file, looks_like="an image or a film")
    if data[:2] == b"BM" and b"\0\0\0\0" in data[:16]:
        return NotCsv(file, looks_like="an image (BMP)")
    return None


def look_at_zero_bytes(file: str, text: bytes, row: int) -> Notice:
    """The error of a file with zero bytes, the first of which stands in a row: where they are says why they are."""
    inside = text.strip(b"\0")
    holes = [len(hole) for hole in _NULS.findall(inside)]
    if all(length >= _HOLE for length in holes) and _is_text(inside):
        return FileNotWrittenWhole(file, row, bytes_lost=len(text) - len(inside) + sum(holes))
    return NotCsv(file, row, looks_like="binary data, or UTF-16 text without a byte order mark")


def _is_text(data: bytes) -> bool:
    """Whether the beginning reads as text; what a copy lost in the middle may have cut a character in two."""
    head = data[:_HEAD].decode(errors="ignore").replace("\0", "")
    return not any(unicodedata.category(each) == "Cc" and each not in "\t\n\r\x1a" for each in head)


def look_at_text(file: str, data: bytes) -> Notice | None:
    """The error of a file whose first lines say that it is something else; `data` is its text, in whatever encoding."""
    head = data[:_HEAD].decode(errors="replace").lstrip("\ufeff")
    if _BLANK.fullmatch(head) and _BLANK.fullmatch(data.decode(errors="replace")):
        return FileEmpty(file)
    if _WEB_PAGE.match(head):
        return WebPage(file)
    if _XML.match(head):
        return XmlDocument(file)
    if _JSON.match(head):
        return JsonDocument(file)
    if _TYPE_LINE.match(head):
        return PowershellTypeLine(file, 1)
    return _look_at_lines(file, _LINE_END.split(head, maxsplit=4))


def _look_at_lines(file: str, lines: list[str]) -> Notice | None:
    skipped = 1 if lines and _SEPARATOR_LINE.fullmatch(lines[0]) else 0
    for row, line in enumerate(lines[skipped : skipped + 2], skipped + 1):
        cells, balanced = split_fields(line, ",")
        filled = [cell for cell in cells if cell.strip()]
        if balanced and line.lstrip().startswith('"') and len(filled) == 1 and _QUOTED_LINE.fullmatch(filled[0]):
            return LinesQuotedWhole(file, row)
        if product := next((product for columns in _columns(line) if (product := _product(columns))), None):
            return OtherExport(file, row, product=product)
    first = lines[skipped] if len(lines) > skipped else ""
    if (version := _VERSION.fullmatch(first)) and (mark := _mark(version[1])):
        return DelimiterUnknown(file, skipped + 1, separator=mark)
    return None


def _columns(line: str) -> Iterator[set[str]]:
    """The columns that a header line may have, by any separator."""
    for mark in ",;\t|":
        if mark in line:
            yield {re.sub(r"[\W_]", "", cell.lower()) for cell in split_fields(line, mark)[0]}


def _product(columns: set[str]) -> str | None:
    return next((product for product, needed in _EXPORTS if any(each <= columns for each in needed)), None)


def _mark(between: str) -> str:
    """The name of what stands between two values; empty for a separator that the format knows."""
    mark = between.strip() or between[0]
    if mark in (",", ";", "\t") or any(each in between for each in ",;\t"):
        return ""
    return name_of(mark[0])


def name_of(mark: str) -> str:
    """What people call a mark."""
    return _MARKS.get(mark) or unicodedata.name(mark, "").lower() or f"U+{ord(mark):04X}"


def separator_line(line: str) -> str | None:
    """The separator that a spreadsheet's first line `sep=` names; None of any other line."""
    found = _SEPARATOR_LINE.fullmatch(line)
    return None if found is None else "\t" if found[2] == "\\t" else found[2]
