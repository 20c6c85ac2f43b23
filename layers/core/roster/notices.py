"""Every finding about the data of a pair: one class each, whose docstring says what happened and what to do.

A data problem is a notice, collected; a problem of our own is an exception, raised. The code people search for is
the class's name in snake case. A notice carries file, row and column, never a value: the values are pupils.
docs/notices.md is generated from this module.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Literal

TEACHERS = "teachers.csv"
STUDENTS = "students.csv"
FILES = (TEACHERS, STUDENTS)
SETTINGS = "settings.json"
ONEROSTER = "oneroster.zip"
CLEVER = "clever.zip"
BUNDLES = (ONEROSTER, CLEVER)

#: What a site's roster is made from, by its setting `import_from`: these files of its inbox, all of them together.
SOURCES = {"csv": FILES, "oneroster": (ONEROSTER,), "clever": (CLEVER,)}

USERNAME = "username"
CLASS = "class"

Severity = Literal["error", "warning", "info"]

_PLACE = ("file", "row", "column")


@dataclass(frozen=True)
class Notice:
    """Where a finding is: the file, its row (the first line is row 1) and its column, as far as there is one."""

    file: str | None = None
    row: int | None = None
    column: str | None = None

    severity: ClassVar[Severity]
    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Give each finding its code: ClassEmpty is class_empty."""
        cls.code = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).lstrip("_")

    @property
    def advice(self) -> str:
        """What happened and what to do, as one line."""
        return " ".join((type(self).__doc__ or "").partition("\n\n")[0].split())

    @property
    def details(self) -> dict[str, str | int]:
        """What this kind of finding knows besides its place; empty for most."""
        return {name: value for name, value in vars(self).items() if name not in _PLACE}

    @property
    def details_text(self) -> str:
        """Its details in words: of bytes and kinds of files, never of what stands in a row."""
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.details.items() if value != "")

    @property
    def place(self) -> str:
        """Where it is and its details in words; empty for what is about the pair as a whole."""
        row = f"row {self.row}" if self.row else ""
        return ", ".join(part for part in (self.file, row, self.column, self.details_text) if part)

    def as_dict(self) -> dict[str, str | int | None]:
        """The notice as reports and `--json` show it."""
        place = {"file": self.file, "row": self.row, "column": self.column}
        return {"code": self.code, "severity": self.severity, **place, **self.details}


class FileError(Notice):
    """The whole file is refused and the import fails; nothing changes."""

    severity = "error"


class RowError(Notice):
    """The row is skipped; the rest of the file goes on. A row gets the first error that applies, in this order."""

    severity = "error"


class Warn(Notice):
    """The row counts; somebody should look at it."""

    severity = "warning"


@dataclass(frozen=True)
class Suspicious(Warn):
    """The value is well formed and hardly meant; it is told once for each file, with the number of its `rows`."""

    rows: int = 0

    @property
    def details_text(self) -> str:
        """In how many rows it stands, where that is more than one."""
        return f"in {self.rows} rows" if self.rows > 1 else ""


class Info(Notice):
    """Worth knowing, nothing to do."""

    severity = "info"


# Errors of a file: nothing of the pair is imported.


@dataclass(frozen=True)
class NotUtf8(FileError):
    """The file is not UTF-8 text from this byte on: save it as "CSV UTF-8" and upload it again."""

    offset: int = 0
    byte: str = ""


@dataclass(frozen=True)
class NotCsv(FileError):
    """The file is not a CSV text file but something else: export or save it as "CSV UTF-8" and upload that."""

    looks_like: str = ""


class FileEmpty(FileError):
    """The file is empty: look why the export wrote nothing, or whether the upload broke off, and upload it again."""


class WebPage(FileError):
    """The file is a web page and no CSV file, often a sign-in page: sign in, download the export and upload that."""


class XmlDocument(FileError):
    """The file is an XML document and no CSV file: choose CSV where the export is made, and upload that."""


class JsonDocument(FileError):
    """The file is a JSON document and no CSV file: choose CSV where the export is made, and upload that."""


@dataclass(frozen=True)
class FileNotWrittenWhole(FileError):
    """Zero bytes stand in place of text, so a copy or a disk broke off while writing: export it again."""

    bytes_lost: int = 0


class LinesQuotedWhole(FileError):
    """Each line is one value in quotes: export with quotes around each value, or without any."""


@dataclass(frozen=True)
class DelimiterUnknown(FileError):
    """Row 1 separates its values by something the format does not know: export with commas."""

    separator: str = ""


class PowershellTypeLine(FileError):
    """Row 1 is PowerShell's #TYPE line: write the file with `Export-Csv -NoTypeInformation`, or remove that line."""


@dataclass(frozen=True)
class OtherExport(FileError):
    """The file is an export of another product: make a file of usernames and classes of it, as the guide says."""

    product: str = ""


class VersionRowMissing(FileError):
    """Row 1 is reserved and must be `version,1`: put that row above the others, so that data starts in row 3."""


class VersionUnsupported(FileError):
    """Row 1 must say exactly `version,1`, and 1.0 is another version: write 1 there, for a file of that format."""


@dataclass(frozen=True)
class HeaderRowUnexpected(FileError):
    """Row 2 is reserved and must be `username,class` in this order: put the row, or the columns, right."""

    seems: str = ""


@dataclass(frozen=True)
class FileTooLarge(FileError):
    """The file is larger than an import reads: check that it is the right export, or split the site in two."""

    bytes: int = 0
    limit: int = 0


@dataclass(frozen=True)
class TooManyRows(FileError):
    """The file has more rows or names than an import reads: check that it is the right export, or split the site."""

    rows: int = 0
    names: int = 0
    limit: int = 0


@dataclass(frozen=True)
class TooManyBadRows(FileError):
    """More rows of the file are wrong than an import remembers: export it again, and look at the rows listed here."""

    limit: int = 0


# Errors of a bundle: nothing of it is imported.


@dataclass(frozen=True)
class BundleDamaged(FileError):
    """The bundle cannot be opened: it must be one zip file with the export's CSV files in it."""

    why: str = ""


@dataclass(frozen=True)
class BundleUnsafe(FileError):
    """The zip is not made as any product makes its export, so it is not unpacked: export it again."""

    why: str = ""


@dataclass(frozen=True)
class BundleTooLarge(FileError):
    """The bundle is larger than an import reads: check that it is the right export, or split the site in two."""

    bytes: int = 0
    limit: int = 0


@dataclass(frozen=True)
class BundleUnknown(FileError):
    """The zip holds no export that can be read: upload one of OneRoster CSV, School Data Sync or Clever."""

    holds: str = ""


@dataclass(frozen=True)
class BundleFileMissing(FileError):
    """This file is missing in the bundle, and an export is nothing without it: choose all files when you export."""

    format: str = ""


@dataclass(frozen=True)
class BundleColumnMissing(FileError):
    """This column is missing in the file's first row: export it again with all columns, and do not rename any."""


class BundleIsDelta(FileError):
    """The bundle holds only what changed (a delta), and the whole is needed: choose a bulk export."""


class QuoteNeverClosed(FileError):
    """A quote opens in this row and does not close where it should, so the rows after it cannot be read: mend it."""


# Errors of a row, in the order in which a row earns them: it gets the first that applies.


class QuoteUnbalanced(RowError):
    """A quoted value does not end before the separator or the end of its line: close the quote, or remove it."""


@dataclass(frozen=True)
class FieldCount(RowError):
    """The row has fewer than two values, or something in a third: keep one username and one class in a row."""

    seems_separated_by: str = ""


class UsernameEmpty(RowError):
    """The row has no username, or nothing before the @ of an address: fill it in, or remove the row."""


class ClassEmpty(RowError):
    """The row has no class: fill it in. Staff who only need the console get it by any class that has no students."""


class UsernameInvalidCharacters(RowError):
    """The username holds a control character such as a tab: type it again."""


class ClassInvalidCharacters(RowError):
    """The class holds a control character such as a tab: type it again."""


class UsernameTooLong(RowError):
    """The username is longer than 254 characters: check that the columns are the right ones."""


class ClassTooLong(RowError):
    """The class is longer than 200 characters: check that the columns are the right ones."""


class UsernameWildcard(RowError):
    """A * in a username means "everyone" to Impero and a leading ! means "except": write the login name itself."""


class ClassReserved(RowError):
    """The class has the name of a group that Impero keeps for itself: rename the class."""


class UsernameNotEmail(RowError):
    """The site takes e-mail addresses and this username is none: write the address, or set `email_domain`."""


class ReservedRowRepeated(RowError):
    """Row 1 or 2 stands here again, among the data: files were put together, so leave its first two rows out."""


class ValueDestroyed(RowError):
    """A spreadsheet or a conversion destroyed the value, and what it was cannot be known: export it again as text."""


class UsernamePlaceholder(RowError):
    """The username is a word for nobody, such as NULL, n/a or vacant: write the login name, or leave the row out."""


class UsernameCollision(RowError):
    """Two different addresses become this one username, so none is taken: give one of them another login name."""


class UserUnknown(RowError):
    """The row names a user who has no record in the export: export all files at the same time."""


class SectionUnknown(RowError):
    """The row names a class that has no record in the export: export all files at the same time."""


class StudentTeaches(RowError):
    """A student by role is enrolled as a teacher, and gets no console: correct the role where the roster is kept."""


# Warnings: the data counts.


class Utf16Decoded(Warn):
    """The file was UTF-16 and was read as that: save it as "CSV UTF-8" to be safe."""


class DelimiterNotComma(Warn):
    """The values are separated by semicolons or tabs and were read so: export with commas to be safe."""


class SeparatorLineSkipped(Warn):
    """A spreadsheet's first line `sep=` was skipped: leave it out, as the format has no such line."""


class RowDuplicate(Warn):
    """The same username and class stand in an earlier row of this file: remove one of them."""


class UsernameSpellingDiffers(Warn):
    """This user is spelled differently elsewhere, and that spelling is used: write the login name alike everywhere."""


class ClassSpellingDiffers(Warn):
    """This class is spelled differently elsewhere, and that spelling is used: write the class alike everywhere."""


class WhitespaceTrimmed(Warn):
    """White space around the value was removed: remove it at the source."""


class InvisibleCharactersRemoved(Warn):
    """Characters that cannot be seen were removed from the value: type it again at the source."""


class TextMarkRemoved(Warn):
    """A spreadsheet's sign for text, ="…" or a leading ', was taken off the value: export the plain value."""


class ClassWithoutStudents(Warn):
    """No student is listed with this teacher's class, so there is no group yet: the teacher keeps console access."""


class TeacherIsStudent(Warn):
    """This teacher is listed in students.csv too: check that a pupil is not given the console."""


class AllGroupsUserUnknown(Warn):
    """A user set to see all groups has no console access: list the user in teachers.csv, or correct the setting."""


@dataclass(frozen=True)
class GroupShrank(Warn):
    """A class of ten or more lost more than half of its members, by who they are: check that the export is complete."""

    before: int = 0
    after: int = 0
    stayed: int = 0


class PartnerIsOld(Warn):
    """The other file of the pair was uploaded more than seven days before: upload both files together."""


# Warnings about values that are well formed and hardly meant: each once for each distinct value of a file's column.


class LooksLikeDate(Suspicious):
    """A spreadsheet seems to have made a date of this value, such as 10-Jan of 10-1: format the column as text."""


class LooksGarbled(Suspicious):
    """UTF-8 seems to have been read in another encoding, such as Ã© for é: export the file again as UTF-8."""


class StrayQuotes(Suspicious):
    """Typographic or single quotes are no quotes of CSV and are kept in the name: remove them at the source."""


class SeveralValues(Suspicious):
    """Several values seem to stand in one cell: write a row for each of them."""


@dataclass(frozen=True)
class LooksAlike(Suspicious):
    """The name looks like another one, or mixes alphabets, and is a name of its own: write it as the other is written.

    `like_row` is the first row of the other one, in `like_file`; 0 where it mixes alphabets and there is no other.
    """

    like_file: str = ""
    like_row: int = 0

    @property
    def details_text(self) -> str:
        """In how many rows it stands, and where the other one does."""
        other = f"like row {self.like_row} of {self.like_file}" if self.like_row else ""
        return ", ".join(part for part in (super().details_text, other) if part)


class DomainPrefix(Suspicious):
    r"""DOMAIN\user is another user than the same name without a domain: write usernames alike everywhere."""


class CommentLine(Suspicious):
    """A row that begins like a comment is read as a user: remove the row, as the format has no comments."""


class PlaceholderClass(Suspicious):
    """The class is a word for none, such as NULL or n/a, and makes a group of that name: correct or remove the rows."""


@dataclass(frozen=True)
class RemovalsKept(Warn):
    """No row states these facts any more, but this rejected one may be about them: correct it, or they go on that day.

    `facts` memberships, or classes of rights, stay `until` then; `roster-admin settle` ends it at once.
    """

    facts: int = 0
    until: str = ""


@dataclass(frozen=True)
class KeptEnded(Warn):
    """Facts that a rejected row had kept go now: their time is over, or the row is gone and no row states them."""

    facts: int = 0


@dataclass(frozen=True)
class RemovalsOff(Warn):
    """The setting `removals` keeps what the files do not state any more: set it to `apply` when the time is over."""

    facts: int = 0


class DateUnreadable(Warn):
    """A date cannot be read and is taken for none, so the record counts: write it as 2026-09-01."""


class RecordRepeated(Warn):
    """The same id stands in an earlier record of this file, which counts: remove one of them."""


@dataclass(frozen=True)
class TermEnded(Warn):
    """A term has ended since the last import, and the classes in it are gone: look whether the next one is there."""

    ended: str = ""
    terms: int = 0

    @property
    def details_text(self) -> str:
        """Which terms."""
        return f"ended: {self.ended}"


# Information.


@dataclass(frozen=True)
class BundleRead(Info):
    """What the bundle is, as its files show, and the day as of which it was read."""

    format: str = ""
    day: str = ""

    @property
    def details_text(self) -> str:
        """What it is, and the day."""
        return f"{self.format}, as of {self.day}" if self.day else f"{self.format}, whatever its dates"


@dataclass(frozen=True)
class RecordsLeftOut(Info):
    """These records are left out, as they do not count on this day or under these settings."""

    records: int = 0
    why: str = ""

    @property
    def details_text(self) -> str:
        """How many, and why."""
        return f"{self.records:,} {self.why}"


@dataclass(frozen=True)
class ClassNameShared(Info):
    """Several sections have this title, so each is told apart, and no two of them become one group."""

    sections: int = 0
    by: str = ""

    @property
    def details_text(self) -> str:
        """How many there are, and what tells them apart."""
        return f"one of {self.sections}, told apart by {self.by}"


class EmailShortened(Info):
    """An address lost everything from the @ on, as the site takes district usernames."""


class BlankRows(Info):
    """A line without any value was skipped."""


class ClassWithoutTeacher(Info):
    """No teacher is listed with this class: only users who see all groups see it."""


@dataclass(frozen=True)
class ConsoleTakenAway(Info):
    """Somebody whom the file names has no console, since `roster-admin revoke-console` took it away."""

    teachers: int = 0


class NoChange(Info):
    """The pair says what is published already, so no new version was made."""


def catalogue() -> list[type[Notice]]:
    """Every notice there is, in the order of this module."""
    kinds = (FileError, RowError, Warn, Suspicious, Info)
    return [notice for kind in kinds for notice in kind.__subclasses__() if notice is not Suspicious]


ROW_ERROR_ORDER: dict[type[Notice], int] = {notice: place for place, notice in enumerate(RowError.__subclasses__())}
_SEVERITY_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


class Notices:
    """The findings of one import: `totals` counts every one, by code; at most `LISTED` are kept one by one.

    Where there are more, the codes share the room: each has an equal part, and what it does not need goes to the
    others. So a flood of one finding pushes no other off the list.
    """

    LISTED = 10_000

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.severities: Counter[Severity] = Counter()
        self._kept: dict[str, list[Notice]] = {}
        self._room = self.LISTED  # of each code; the more codes there are, the less
        self._number_kept = 0

    def add(self, notice: Notice) -> None:
        """Count a finding, and keep it where the list has room."""
        self.totals[notice.code] += 1
        self.severities[notice.severity] += 1
        kept = self._kept.setdefault(notice.code, [])
        if len(kept) < self._room:
            kept.append(notice)
            self._number_kept += 1
            if self._number_kept > 2 * self.LISTED:
                self._make_room()

    def listed(self) -> list[Notice]:
        """The kept findings, at most `LISTED`, in the order of file and row."""
        share, left = self._share()
        listed: list[Notice] = []
        for kept in self._kept.values():
            more = min(left, 1) if len(kept) > share else 0
            left -= more
            listed += kept[: share + more]
        return sorted(listed, key=_place)

    def _share(self) -> tuple[int, int]:
        """How many findings each code may have at most, and how many of those with more may have one more."""
        room = self.LISTED
        sizes = sorted(map(len, self._kept.values()))
        for place, size in enumerate(sizes):
            share, left = divmod(room, len(sizes) - place)
            if size > share:
                return share, left
            room -= size
        return self.LISTED, 0

    def _make_room(self) -> None:
        """Drop what can never be listed: a share only shrinks."""
        self._room = self._share()[0] + 1
        for kept in self._kept.values():
            del kept[self._room :]
        self._number_kept = sum(map(len, self._kept.values()))

    @property
    def truncated(self) -> bool:
        """Whether there are more findings than are listed."""
        return self.totals.total() > self.LISTED


def _place(notice: Notice) -> tuple[str, int, int, str]:
    return notice.file or "", notice.row or 0, _SEVERITY_ORDER[notice.severity], notice.code
