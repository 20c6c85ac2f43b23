"""Pairs and rosters for tests, and the questions that tests ask about them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

from roster import csv_file
from roster.encode import Packer, entries, entry, line, lines, settings_line
from roster.memory import NOTHING
from roster.model import Entry, Roster
from roster.names import fold
from roster.notices import STUDENTS, TEACHERS, Notice
from roster.plan import Base, Known, Packed, Plan, plan_import
from roster.settings import Settings

NOVEMBER = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)

DISTRICT = Settings()
EMAIL = Settings(username="email")
DOMAIN = Settings(username="email", email_domain="hogwarts.org")

# The example of the product's own manual.
SEED_TEACHERS = (
    "Charity_Burbage,Muggle Studies",
    "Amycus_Carrow,Dark Arts",
    "Rolanda_Hooch,Flying",
    "Severus_Snape,Potions",
    "Severus_Snape,Dark Arts",
)
SEED_STUDENTS = (
    "Harry_Potter,Potions",
    "Harry_Potter,Dark Arts",
    "Harry_Potter,Flying",
    "Ron_Weasley,Potions",
    "Ron_Weasley,Muggle Studies",
)

Found = tuple[str, int | None, str | None]


def csv(*rows: str, end: str = "\n") -> bytes:
    """A file with its reserved rows and these rows, the first of which is row 3."""
    return "".join(f"{row}{end}" for row in ("version,1", "username,class", *rows)).encode()


def pair(students: bytes | Iterable[str] = (), teachers: bytes | Iterable[str] = ()) -> dict[str, bytes]:
    return {
        TEACHERS: teachers if isinstance(teachers, bytes) else csv(*teachers),
        STUDENTS: students if isinstance(students, bytes) else csv(*students),
    }


SEED = pair(SEED_STUDENTS, SEED_TEACHERS)


def plan(
    students: bytes | Iterable[str] = (),
    teachers: bytes | Iterable[str] = (),
    settings: Settings = DISTRICT,
    base: Plan | Roster | None = None,
    known: Known | None = None,
) -> Plan:
    """The plan of a pair, over the version that another plan or a roster would have made.

    What is not said to be known is the memory of that other plan, and a day in November.
    """
    published = base.roster if isinstance(base, Plan) else base
    known = known or Known("an-import", NOVEMBER, base.memory if isinstance(base, Plan) else NOTHING)
    return plan_import(pair(students, teachers), settings, base_of(published) if published else None, known=known)


def packed(roster: Roster) -> Packed:
    """A roster's snapshot."""
    packer = Packer()
    for text in snapshot_lines(roster):
        packer.write(text)
    return Packed(*packer.finish())


def snapshot_lines(roster: Roster) -> list[bytes]:
    return [settings_line(roster), *map(line, entries(roster))]


def base_of(roster: Roster) -> Base:
    """A roster as a published version: read back from the bytes it was packed into."""
    snapshot = packed(roster)
    content_sha256 = hashlib.sha256(b"".join(snapshot_lines(roster))).hexdigest()
    counts = {
        "groups": len(roster.groups),
        "members": len({fold(member) for group in roster.groups for member in group.members}),
        "memberships": sum(len(group.members) for group in roster.groups),
        "teachers": len(roster.rights),
    }
    return Base(content_sha256, counts, lambda: lines(snapshot.data, snapshot.blob), version=1)


def roster_of(made: Plan) -> Roster:
    assert made.roster is not None, made.notices.listed()
    return made.roster


def groups(made: Plan) -> dict[str, list[str]]:
    return {group.name: list(group.members) for group in roster_of(made).groups}


def rights(made: Plan) -> dict[str, list[str]]:
    """Usernames with console access, and the groups each sees."""
    return {right.username: list(right.groups) for right in roster_of(made).rights}


def pending(made: Plan) -> dict[str, list[str]]:
    return {right.username: list(right.pending) for right in roster_of(made).rights if right.pending}


def found(made: Plan, file: str = STUDENTS, besides: str = "class_without_teacher") -> list[Found]:
    """The notices about a file as (code, row, column), without those of one code that would only be noise."""
    return [
        (notice.code, notice.row, notice.column)
        for notice in made.notices.listed()
        if notice.file == file and notice.code not in besides.split()
    ]


def rows(code: str, made: Plan) -> list[int | None]:
    return [notice.row for notice in made.notices.listed() if notice.code == code]


def only(made: Plan, code: str) -> Notice:
    (notice,) = (notice for notice in made.notices.listed() if notice.code == code)
    return notice


def refused(data: bytes, file: str = STUDENTS) -> Notice:
    """The error that refuses a file as a whole."""
    files = SEED | {file: data}
    made = plan(files[STUDENTS], files[TEACHERS])
    assert made.outcome == "failed"
    (notice,) = made.notices.listed()
    return notice


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    """Files cut into blocks of `size` bytes, so that a short file has many."""
    with patch.object(csv_file, "_BLOCK", size):
        yield


def entries_of(content: Iterable[bytes]) -> list[Entry]:
    """The entries of a snapshot's lines."""
    return [entry(text) for text in list(content)[1:]]


Check = Callable[[Plan], bool]
