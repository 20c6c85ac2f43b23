"""Writes docs/notices.md, the catalogue of everything that can be told about an upload, from `roster.notices`.

`python docs/build.py` writes the page; with --check nothing is written, and the exit status is 1 when it is stale.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from roster.notices import FileError, Info, RowError, Warn, catalogue

PAGE = Path(__file__).parent / "notices.md"

_INTRODUCTION = """\
# Findings

What an import, and `roster check`, can tell about teachers.csv and students.csv. Each finding has a code that stays the
same, a severity, the file, the row (the first line is row 1) and the column, as far as there is one. No finding holds a
username or a class; `roster check` shows the row beside it, and an import's `notices.csv` has it.

An error of a file refuses the pair, and nothing changes. An error of a row skips that row, and
[what it may be about stays for a while](files.md#what-happens-to-a-bad-row). A warning or an information skips nothing.

This page is made by `python docs/build.py` from the code."""

_SECTIONS = {
    FileError: "Errors of a file",
    RowError: "Errors of a row",
    Warn: "Warnings",
    Info: "Information",
}


def page() -> str:
    """The whole page."""
    return "\n\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield _INTRODUCTION
    for kind, title in _SECTIONS.items():
        yield f"## {title}"
        yield f"Severity `{kind.severity}`. {kind().advice}"
        for notice in catalogue():
            if issubclass(notice, kind):
                yield f"### `{notice.code}`"
                yield notice().advice
                details = notice().details
                if details:
                    yield f"Says also: {', '.join(f'`{name}`' for name in details)}."


def main(arguments: list[str] | None = None, target: Path = PAGE) -> int:
    """Write the page to `target`, or check that it is there as it would be written; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 when the page is stale")
    if not parser.parse_args(arguments).check:
        target.write_text(page(), encoding="utf-8", newline="\n")
        return 0
    if target.exists() and target.read_text(encoding="utf-8") == page():
        return 0
    print(f"{target} is stale: the notices changed. Run python docs/build.py and commit the page.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
