"""Which groups have shrunk, as an import's notices.csv tells them: for a page, which links to each.

In: the bytes of a notices.csv, whose lines of `group_shrank` say "CLASS: from 30 to 4, 3 of them stayed". Out: the
classes in the order of those lines. They are names, so they are for whoever may see them and never for a log.
"""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

_CODE = "group_shrank"
_SHOWN = "what stands there"


class Shrunk(NamedTuple):
    """A class, and in words how much of its group is left; both "" for a line that names none."""

    class_: str
    said: str


def shrunk_classes(data: bytes) -> list[Shrunk]:
    """What each line of `group_shrank` says, in order."""
    read = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return [_read(line.get(_SHOWN) or "") for line in read if line["code"] == _CODE]


def _read(text: str) -> Shrunk:
    named, from_, rest = text.rpartition(": from ")
    if not from_:
        return Shrunk("", "")
    # A cell that a spreadsheet would run as a formula was written behind an apostrophe.
    return Shrunk(named[1:] if named.startswith(("'=", "'+", "'-", "'@")) else named, f"from {rest}")
