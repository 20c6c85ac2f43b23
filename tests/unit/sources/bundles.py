"""Bundles made for tests: zips of small files, and one school as three products write it."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from roster.memory import NOTHING, Memory
from roster.notices import CLEVER, ONEROSTER
from roster.plan import Base, Known, Plan, plan_import
from roster.settings import Settings

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
DEFAULTS = Settings()
NOW = datetime(2026, 9, 14, 6, tzinfo=UTC)


def zipped(files: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as bundle:
        for name, text in files.items():
            bundle.writestr(name, text)
    return packed.getvalue()


def sample(name: str) -> dict[str, str]:
    """The files of one of the sample rosters."""
    return {path.name: path.read_text() for path in sorted((SAMPLES / name).glob("*.csv"))}


def table(header: str, *rows: str) -> str:
    """The text of a CSV file."""
    return "".join(f"{row}\r\n" for row in (header, *rows))


def oneroster(
    users: Iterable[str] = ("t1,teacher,minerva", "s1,student,harry", "s2,student,ron"),
    classes: Iterable[str] = ("c1,Transfiguration,A1,north,term", "c2,Charms,B1,north,term"),
    enrollments: Iterable[str] = ("c1,t1,teacher,,", "c1,s1,student,,", "c1,s2,student,,", "c2,s1,student,,"),
    terms: Iterable[str] = ("term,Autumn,2026-09-01,2026-12-18",),
) -> dict[str, str]:
    """The files of a small OneRoster 1.1 export."""
    return {
        "manifest.csv": table("propertyName,value", "oneroster.version,1.1", "file.users,bulk"),
        "users.csv": table("sourcedId,role,username", *users),
        "classes.csv": table("sourcedId,title,classCode,schoolSourcedId,termSourcedIds", *classes),
        "enrollments.csv": table("classSourcedId,userSourcedId,role,beginDate,endDate", *enrollments),
        "academicSessions.csv": table("sourcedId,title,startDate,endDate", *terms),
        "orgs.csv": table("sourcedId,name", "north,North School", "south,South School"),
    }


def clever(
    students: Iterable[str] = ("n,s1,harry", "n,s2,ron"),
    teachers: Iterable[str] = ("n,t1,minerva",),
    sections: Iterable[str] = ("n,c1,t1,,Transfiguration,A1", "n,c2,,,Charms,B1"),
    enrollments: Iterable[str] = ("n,c1,s1", "n,c1,s2", "n,c2,s1"),
) -> dict[str, str]:
    """The files of a small export in Clever's SFTP format."""
    return {
        "schools.csv": table("School_id,School_name", "n,North School", "s,South School"),
        "students.csv": table("School_id,Student_id,Username", *students),
        "teachers.csv": table("School_id,Teacher_id,Username", *teachers),
        "sections.csv": table("School_id,Section_id,Teacher_id,Teacher_2_id,Name,Section_number", *sections),
        "enrollments.csv": table("School_id,Section_id,Student_id", *enrollments),
    }


def plan(
    files: Mapping[str, str | bytes] | bytes,
    settings: Settings = DEFAULTS,
    *,
    on: date | None = None,
    all_dates: bool = False,
    base: Base | None = None,
    memory: Memory = NOTHING,
    now: datetime = NOW,
) -> Plan:
    """What an import of a bundle would do, on a day (default: that of `now`)."""
    data = files if isinstance(files, bytes) else zipped(files)
    name = CLEVER if settings.import_from == "clever" else ONEROSTER
    return plan_import({name: data}, settings, base, known=Known("i", now, memory, day=on, all_dates=all_dates))


def groups(made: Plan) -> dict[str, set[str]]:
    """The members of each group."""
    assert made.roster, made.notices.listed()
    return {group.name: set(group.members) for group in made.roster.groups}


def rights(made: Plan) -> dict[str, set[str]]:
    """The classes of each teacher, with a group or not."""
    assert made.roster, made.notices.listed()
    return {right.username: {*right.groups, *right.pending} for right in made.roster.rights}


def codes(made: Plan) -> dict[str, int]:
    """How often each finding was told."""
    return dict(made.notices.totals)
