"""The two files that an Impero server's CSVImport folder receives, from a roster.

Out: the format that an upload has, rows sorted, UTF-8 without a BOM, CRLF. Reading the written pair again gives the
same roster. Pending classes are written too, or the teacher would lose console access; a user who sees all groups
gets a row for each. What the two files cannot say (basic console only) stays in the mirror.
"""

from __future__ import annotations

from collections.abc import Iterable

from roster.model import Group, Right
from roster.quoting import quote

_RESERVED = ("version,1", "username,class")


def students_csv(groups: Iterable[Group]) -> bytes:
    """students.csv: a row for every membership."""
    return _file((member, group.name) for group in groups for member in group.members)


def teachers_csv(rights: Iterable[Right], groups: Iterable[str]) -> bytes:
    """teachers.csv: a row for every class of every right; `groups` are the names of all groups there are."""
    every = frozenset(groups)
    return _file(
        (right.username, name)
        for right in rights
        for name in {*right.groups, *right.pending, *(every if right.all_groups else ())}
    )


def _file(rows: Iterable[tuple[str, str]]) -> bytes:
    lines = (f"{_cell(username)},{_cell(name)}" for username, name in sorted(rows))
    return "".join(f"{line}\r\n" for line in (*_RESERVED, *lines)).encode()


def _cell(value: str) -> str:
    return quote(value) if "," in value or '"' in value else value
