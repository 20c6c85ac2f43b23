"""Every finding about the data of a pair: one class each, whose docstring says what happened and what to do.

A data problem is a notice, collected; a problem of our own is an exception, raised. The code people search for is
the class's name in snake case. A notice carries file, row and column, never a value: the values are pupils.
docs/notices.md is generated from this module.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Literal, dataclass_transform

TEACHERS = "teachers.csv"
STUDENTS = "students.csv"
FILES = (TEACHERS, STUDENTS)
SETTINGS = "settings.json"

USERNAME = "username"
CLASS = "class"

Severity = Literal["error", "warning", "info"]


@dataclass_transform(frozen_default=True)
class _Frozen:
    """A frozen data class: fields by place or by name, equal when of one class and alike, never changed.

    Not one of the `dataclasses` module: importing that takes as long as importing all of the core.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = cls.__annotations__  # of this class alone
        cls.fields += tuple(name for name, kind in own.items() if not kind.startswith("ClassVar"))

    def __init__(self, *values: object, **named: object) -> None:
        vars(self).update(zip(self.fields, values, strict=False), **named)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a notice does not change")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.fields)})"


class Notice(_Frozen):
    """Where a finding is: the file, its row (the first line is row 1) and its column, as far as there is one."""

    file: str | None = None
    row: int | None = None
    column: str | None = None

    severity: ClassVar[Severity]
    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Give each finding its code: ClassEmpty is class_empty."""
        super().__init_subclass__()
        cls.code = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__).lstrip("_")

    @property
    def advice(self) -> str:
        """What happened and what to do, as one line."""
        return " ".join((type(self).__doc__ or "").split())

    @property
    def details(self) -> dict[str, str | int]:
        """What this kind of finding knows besides its place; empty for most."""
        return {name: getattr(self, name) for name in self.fields[len(Notice.fields) :]}

    @property
    def details_text(self) -> str:
        """Its details in words: of bytes and kinds of files, never of what stands in a row."""
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.details.items())

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


class Info(Notice):
    """Worth knowing, nothing to do."""

    severity = "info"


# Errors of a file: nothing of the pair is imported.


class NotUtf8(FileError):
    """The file is not UTF-8 text from this byte on: save it as "CSV UTF-8" and upload it again."""

    offset: int = 0
    byte: str = ""


class NotCsv(FileError):
    """The file is not a CSV text file but something else: export or save it as "CSV UTF-8" and upload that."""

    looks_like: str = ""


class VersionRowMissing(FileError):
    """Row 1 is reserved and must be `version,1`: put that row above the others, so that data starts in row 3."""


class VersionUnsupported(FileError):
    """Row 1 names a version of the format other than 1: write `version,1` there and upload a file of that format."""


class HeaderRowUnexpected(FileError):
    """Row 2 is reserved and must be `username,class` in this order: put the row, or the columns, right."""


class FileTooLarge(FileError):
    """The file is larger than an import reads: check that it is the right export, or split the site in two."""

    bytes: int = 0
    limit: int = 0


# Errors of a row, in the order in which a row earns them: it gets the first that applies.


class QuoteUnbalanced(RowError):
    """A quoted value does not end before the separator or the end of its line: close the quote, or remove it."""


class FieldCount(RowError):
    """The row has fewer than two values, or something in a third: keep one username and one class in a row."""


class UsernameEmpty(RowError):
    """The row has no username, or nothing before the @ of an address: fill it in, or remove the row."""


class ClassEmpty(RowError):
    """The row has no class: fill it in, or remove the row."""


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


class UsernameCollision(RowError):
    """Two different addresses become this one username, so none is taken: give one of them another login name."""


# Warnings: the data counts.


class Utf16Decoded(Warn):
    """The file was UTF-16 and was read as that: save it as "CSV UTF-8" to be safe."""


class DelimiterNotComma(Warn):
    """The values are separated by semicolons or tabs and were read so: export with commas to be safe."""


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


class ClassWithoutStudents(Warn):
    """No student is listed with this teacher's class, so there is no group yet: the teacher keeps console access."""


class TeacherIsStudent(Warn):
    """This teacher is listed in students.csv too: check that a pupil is not given the console."""


class AllGroupsUserUnknown(Warn):
    """A user set to see all groups has no console access: list the user in teachers.csv, or correct the setting."""


class GroupShrank(Warn):
    """A class of ten or more lost more than half of its members: check that the export is complete."""


class PartnerIsOld(Warn):
    """The other file of the pair was uploaded more than seven days before: upload both files together."""


# Information.


class EmailShortened(Info):
    """An address lost everything from the @ on, as the site takes district usernames."""


class BlankRows(Info):
    """A line without any value was skipped."""


class ClassWithoutTeacher(Info):
    """No teacher is listed with this class: only users who see all groups see it."""


class NoChange(Info):
    """The pair says what is published already, so no new version was made."""


def catalogue() -> list[type[Notice]]:
    """Every notice there is, in the order of this module."""
    kinds = (FileError, RowError, Warn, Info)
    return [notice for kind in kinds for notice in kind.__subclasses__()]


ROW_ERROR_ORDER: dict[type[Notice], int] = {notice: place for place, notice in enumerate(RowError.__subclasses__())}
_SEVERITY_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


class Notices:
    """The findings of one import: `totals` counts every one, by code; at most `LISTED` are kept one by one.

    Where there are more, errors stay before warnings and warnings before information.
    """

    LISTED = 10_000

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.severities: Counter[Severity] = Counter()
        self._kept: dict[Severity, list[Notice]] = {severity: [] for severity in _SEVERITY_ORDER}

    def add(self, notice: Notice) -> None:
        """Count a finding, and keep it where the list has room."""
        self.totals[notice.code] += 1
        self.severities[notice.severity] += 1
        kept = self._kept[notice.severity]
        if len(kept) < self.LISTED:
            kept.append(notice)

    def listed(self) -> list[Notice]:
        """The kept findings, at most `LISTED`, in the order of file and row."""
        kept = [notice for severity in _SEVERITY_ORDER for notice in self._kept[severity]]
        return sorted(kept[: self.LISTED], key=_place)

    @property
    def truncated(self) -> bool:
        """Whether there are more findings than are listed."""
        return self.totals.total() > self.LISTED


def _place(notice: Notice) -> tuple[str, int, int, str]:
    return notice.file or "", notice.row or 0, _SEVERITY_ORDER[notice.severity], notice.code
