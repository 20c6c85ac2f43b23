"""The first rows of each file as an import understands them, so that a wrong column is seen at a glance.

In: a plan, and how many rows. Out: for each row its number, and either its username and class or what is wrong with it.
The code that reads whole files reads each row alone; only the beginning of a file is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from roster.csv_file import lines_at
from roster.notices import STUDENTS, TEACHERS
from roster.plan import Plan, plan_import
from roster.settings import Settings

# How much of a file is looked at for each row. No row of a real pair is longer.
_BYTES_A_ROW = 4096

_PARTNER = b"version,1\nusername,class\n"


class FirstRow(NamedTuple):
    """A row of a file: its username and class as they are understood, or the code of what is wrong with it."""

    row: int
    username: str = ""
    class_: str = ""
    error: str = ""

    def as_dict(self) -> dict[str, int | str]:
        """The row as JSON has it."""
        if self.error:
            return {"row": self.row, "error": self.error}
        return {"row": self.row, "username": self.username, "class": self.class_}


def first_rows(plan: Plan, settings: Settings, many: int) -> dict[str, list[FirstRow]]:
    """The first rows of each file that could be read, by file."""
    return {
        file: list(_of_file(file, plan.texts[file], settings, many))
        for file in (TEACHERS, STUDENTS)
        if file in plan.texts and many
    }


def _of_file(file: str, text: bytes, settings: Settings, many: int) -> Iterator[FirstRow]:
    head = text[: _BYTES_A_ROW * (many + 3)]
    if len(head) < len(text):  # the last line is cut off in the middle
        head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    lines = lines_at(head, range(1, many + 4))
    reserved = 3 if lines.get(1, "").lstrip('\ufeff"').lower().startswith("sep=") else 2
    top = "".join(f"{lines.get(row, '')}\n" for row in range(1, reserved + 1))
    for row in range(reserved + 1, reserved + many + 1):
        if row in lines:
            yield _row(file, row, f"{top}{lines[row]}\n".encode(), settings)


def _row(file: str, row: int, data: bytes, settings: Settings) -> FirstRow:
    partner = STUDENTS if file == TEACHERS else TEACHERS
    plan = plan_import({file: data, partner: _PARTNER}, settings)
    if plan.roster and plan.roster.groups:
        group = plan.roster.groups[0]
        return FirstRow(row, group.members[0], group.name)
    if plan.roster and plan.roster.rights:
        right = plan.roster.rights[0]
        return FirstRow(row, right.username, (*right.groups, *right.pending)[0])
    wrong = [notice for notice in plan.notices.listed() if notice.file == file and notice.row]
    wrong.sort(key=lambda notice: notice.severity != "error")
    return FirstRow(row, error=wrong[0].code if wrong else "blank_rows")
