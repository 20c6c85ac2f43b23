"""What every product's export comes to: people, sections and who is in which, each with its place.

In and out: values. `roster.sources.oneroster` and its like make them; `roster.sources.bundle` makes rows of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from roster.sources.dates import Span

# What an enrolment is; every product's words for it are read as one of these.
STUDENT = "student"
TEACHER = "teacher"
AIDE = "aide"
ADMINISTRATOR = "administrator"
PROCTOR = "proctor"

ROLES: Mapping[str, str] = {
    **dict.fromkeys(("student", "pupil", "learner"), STUDENT),
    **dict.fromkeys(("teacher", "professor", "faculty", "adjunct", "lecturer", "instructor"), TEACHER),
    **dict.fromkeys(("aide", "paraprofessional", "teacherassistant", "assistant"), AIDE),
    **dict.fromkeys(
        ("administrator", "principal", "sysadmin", "systemadministrator", "districtadministrator"), ADMINISTRATOR
    ),
    **dict.fromkeys(("siteadministrator", "schooladministrator", "staff"), ADMINISTRATOR),
    PROCTOR: PROCTOR,
}

# Why a record is left out, in words that follow a number of records.
INACTIVE = "inactive or to be deleted"
NOT_ENABLED = "not enabled"
OTHER_SCHOOL = "of another school"
EXCLUDED = "left out by the settings"
OUT_OF_DATE = "outside their dates"
OTHER_ROLE = "of another role"
OF_WHO_IS_LEFT_OUT = "of people or classes that are left out"
REPEATED = "said before"


class Person(NamedTuple):
    """Somebody with a record. `username` is as the settings choose it, "" where there is none.

    `roles` are those of the record that are in force, of the words above; `out` says why it is left out, or is "".
    """

    file: str
    row: int
    id: str
    username: str
    roles: frozenset[str] = frozenset()
    out: str = ""


class Section(NamedTuple):
    """One class with its own people. `span` is when it takes place; `out` says why it is left out, or is ""."""

    file: str
    row: int
    id: str
    title: str
    course: str = ""
    code: str = ""
    number: str = ""
    period: str = ""
    school: str = ""
    term: str = ""
    span: Span = Span()
    out: str = ""


class Enrolled(NamedTuple):
    """Some lines that put people into sections, by columns: each row's number, section, user, role and dates.

    `roles` are in the product's words. `spans` None: none of them has dates. `outs` says why a row is left out, or "";
    None: none is.
    """

    rows: Sequence[int]
    sections: list[str]
    users: list[str]
    roles: list[str]
    spans: list[Span] | None = None
    outs: list[str] | None = None


class Enrolments(NamedTuple):
    """The enrolments of one file, in its order. What they ask to be told is the row and text of a damaged record."""

    file: str
    batches: Callable[[Callable[[int, str], None]], Iterator[Enrolled]]


class Export(NamedTuple):
    """One whole export. `format` is what it is, for people; `terms` are (title, end) of those that have an end."""

    format: str
    people: Mapping[str, Person]
    sections: Mapping[str, Section]
    enrolments: Sequence[Enrolments]
    terms: Sequence[tuple[str, str]] = ()
