"""A bundle opened: one zip whose members are CSV files, each read as a stream and within limits.

In: the bytes of a zip. Out: an `Archive`, which opens its members by name, in any case. Refused, with `BadBundle`: what
is no zip, or a damaged, encrypted or too large one, a member with a path that leads out of it, two of one name. All in
one folder is fine, for that is what a zip of a folder is. Nothing is ever written under a member's name.
"""

from __future__ import annotations

import codecs
import io
import zipfile
import zlib
from collections.abc import Callable
from typing import IO

from roster.first_look import look_at_bytes, look_at_text
from roster.limits import too_large
from roster.notices import (
    BundleDamaged,
    BundleTooLarge,
    BundleUnsafe,
    FileEmpty,
    FileError,
    JsonDocument,
    NotCsv,
    NotUtf8,
    PowershellTypeLine,
    Utf16Decoded,
    WebPage,
    XmlDocument,
)

# All members together, unpacked: ten million enrolments as OneRoster writes them, with ids of 36 characters.
_UNPACKED_LIMIT = 2 * 1024 * 1024 * 1024
_MOST_MEMBERS = 200
# CSV shrinks to a twentieth. What shrinks to less than this was made to do harm.
_MOST_RATIO = 300
_SMALL = 10 * 1024 * 1024  # is read whatever its ratio

_ENCRYPTED = 0x1
_HEAD = 8192
_PIECE = 1 << 20

# What file managers put beside the files when they pack a folder.
_LEFT_BY_A_MAC = "__macosx/"


class BadBundle(Exception):
    """The bundle, or a file in it, cannot be read; the notice says what is wrong."""

    def __init__(self, notice: FileError) -> None:
        self.notice = notice


class Archive:
    """The members of a bundle `file`, which are found by their names in any case."""

    def __init__(self, file: str, data: bytes) -> None:
        """Look at the list of members; raises BadBundle."""
        self.file = file
        if large := too_large(file, len(data)):
            raise BadBundle(large)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            found = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
            raise BadBundle(_no_zip(file, data)) from None
        members = [each for each in found if not each.is_dir() and not _is_left(each.filename)]
        self._check(members)
        self._members = {each.filename.rpartition("/")[2].lower(): each for each in members}
        if len(self._members) < len(members):
            raise BadBundle(BundleUnsafe(file, why="two files in it have the same name"))

    def _check(self, members: list[zipfile.ZipInfo]) -> None:
        """Refuse what no product makes."""
        unpacked = sum(each.file_size for each in members)
        packed = sum(each.compress_size for each in members)
        if unpacked > _UNPACKED_LIMIT:
            raise BadBundle(BundleTooLarge(self.file, bytes=unpacked, limit=_UNPACKED_LIMIT))
        if len(members) > _MOST_MEMBERS:
            raise BadBundle(BundleUnsafe(self.file, why=f"more than {_MOST_MEMBERS} files are in it"))
        if unpacked > _SMALL and unpacked > _MOST_RATIO * max(packed, 1):
            raise BadBundle(BundleUnsafe(self.file, why="it unpacks to hundreds of times its size"))
        if any(each.flag_bits & _ENCRYPTED for each in members):
            raise BadBundle(BundleDamaged(self.file, why="it is encrypted: export it without a password"))
        folders = {each.filename.rpartition("/")[0] for each in members}
        if any(_leads_out(each.filename) for each in members):
            raise BadBundle(BundleUnsafe(self.file, why="a file in it has a path that leads out of the zip"))
        if len(folders) > 1:
            raise BadBundle(BundleUnsafe(self.file, why="its files are in several folders"))

    @property
    def names(self) -> frozenset[str]:
        """The names of its members, in small letters, without a folder."""
        return frozenset(self._members)

    def name_of(self, name: str) -> str:
        """A member's name as it is written, for notices."""
        return self._members[name].filename.rpartition("/")[2]

    def open(self, name: str, tell: Callable[[Utf16Decoded], None]) -> IO[str]:
        """A member as text, in which each line ends with LF; raises BadBundle for what is no text."""
        head = self.guarded(name, lambda: self._zip.open(self._members[name]).read(_HEAD))
        file = self.name_of(name)
        if found := _otherwise(file, head):
            raise BadBundle(found)
        encoding = "utf-8-sig"
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding = "utf-16"
            tell(Utf16Decoded(file))
        stream = self._zip.open(self._members[name])
        return io.TextIOWrapper(stream, encoding=encoding)

    def first_bad_byte(self, name: str) -> NotUtf8:
        """Where a member that is not UTF-8 stops being it; raises BadBundle where it cannot be unpacked."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        offset, lines, after_cr = 0, 1, False
        with self._zip.open(self._members[name]) as stream:
            while piece := self.guarded(name, lambda: stream.read(_PIECE)):
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError as error:
                    # Of a character that began in the piece before, that piece's end stands before this one.
                    at = error.start - (len(error.object) - len(piece))
                    byte = f"0x{error.object[error.start]:02X}"
                    lines += _line_ends(piece[: max(at, 0)], after_cr=after_cr)
                    return NotUtf8(self.name_of(name), lines, offset=offset + at, byte=byte)
                lines += _line_ends(piece, after_cr=after_cr)
                offset, after_cr = offset + len(piece), piece.endswith(b"\r")
        return NotUtf8(self.name_of(name), lines, offset=offset)  # its last character is not complete

    def guarded(self, name: str, read: Callable[[], bytes]) -> bytes:
        """What `read` reads of a member; raises BadBundle where the zip is damaged there."""
        try:
            return read()
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
            raise BadBundle(damaged(self.file, self.name_of(name))) from None


def damaged(file: str, member: str) -> BundleDamaged:
    """The notice for a member that cannot be unpacked."""
    return BundleDamaged(file, why=f"{member} in it cannot be unpacked: export and upload it again")


def _line_ends(piece: bytes, *, after_cr: bool) -> int:
    """How many lines end in a piece of a file; CR and LF together are one end, also where pieces meet."""
    ends = piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
    return ends - 1 if after_cr and piece.startswith(b"\n") else ends


def _no_zip(file: str, data: bytes) -> FileError:
    if data[:2] == b"PK":
        return BundleDamaged(file, why="its end is missing, so the upload may have broken off: upload it again")
    return _otherwise(file, data[:_HEAD]) or BundleDamaged(file, why="it is no zip file")


def _otherwise(file: str, head: bytes) -> FileError | None:
    """What a file is that should be another, by its first bytes."""
    found = look_at_bytes(file, head) or look_at_text(file, head)
    known = (FileEmpty, NotCsv, WebPage, XmlDocument, JsonDocument, PowershellTypeLine)
    return found if isinstance(found, known) else None


def _is_left(path: str) -> bool:
    return path.lower().startswith(_LEFT_BY_A_MAC) or path.rpartition("/")[2].startswith(".")


def _leads_out(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return "\\" in path or path.startswith("/") or ".." in parts or ":" in path or "\0" in path
