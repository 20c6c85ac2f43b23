"""The pair and the settings in a folder of this machine, read as an upload of them would be.

In: a folder, or one of its files. Out: a plan, and which settings it was made with. Refused, with `Unreadable`: a
folder without a pair, a file that cannot be read, settings with errors.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from roster.csv_file import too_large
from roster.encode import lines
from roster.notices import FILES
from roster.notices import SETTINGS as SETTINGS_FILE
from roster.plan import Base, Known, Plan, plan_import, refuse
from roster.settings import Settings
from roster.settings_file import read_settings


class Unreadable(Exception):
    """There is no pair to read; the text says what to do. `missing` names the files that are not there."""

    def __init__(self, text: str, missing: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.missing = list(missing)


class Chosen(NamedTuple):
    """The settings that a pair is read with, and the file that they come from (None: the defaults)."""

    settings: Settings
    file: Path | None


def folder(name: str) -> Path:
    """The folder that an argument names. If it names one of the two files, the folder of that file."""
    path = Path(name)
    if path.is_dir():
        return path
    if path.is_file() and path.name in FILES:
        return path.parent
    if path.is_file():
        raise argparse.ArgumentTypeError(f"{name} is a file. Name the folder that has {' and '.join(FILES)} in it")
    raise argparse.ArgumentTypeError(f"there is no folder {name}")


def read_pair_of(folder: Path, settings: Settings, base: Base | None = None, known: Known | None = None) -> Plan:
    """What an import of the folder's files would do, compared with the published version if there is one."""
    try:
        there = sorted(path.name for path in folder.iterdir())
        missing = [file for file in FILES if file not in there]
        if missing:
            raise Unreadable("\n".join(_missing(folder, file, there) for file in missing), missing)
        sizes = {file: (folder / file).stat().st_size for file in FILES}
        large = [notice for file, size in sizes.items() if (notice := too_large(file, size))]
        if large:
            return refuse(large)
        files = {file: (folder / file).read_bytes() for file in FILES}
        return plan_import(files, settings, base, known=known or Known(now=datetime.now(UTC)))
    except OSError as error:
        raise Unreadable(f"cannot read {error.filename}: {error.strerror}") from None


def read_after(folder: Path, before: Path, settings: Settings) -> tuple[Plan, Base]:
    """What an import of the folder's files would do on the night after those of another folder were published."""
    now = datetime.now(UTC)
    first = read_pair_of(before, settings, known=Known(now=now))
    if first.snapshot is None:
        raise Unreadable(
            f"the pair in {before} would be refused, so nothing can be compared with it: see roster check {before}"
        )
    packed = first.snapshot
    base = Base(packed.blob.content_sha256, first.counts, lambda: lines(packed.data, packed.blob), version=1)
    known = Known(now=now, memory=first.memory, school_year=first.school_year)
    return read_pair_of(folder, settings, base, known), base


def settings_of(folder: Path, file: Path | None, *, default: bool = False) -> Chosen:
    """The settings in `file`; without it those beside the pair, unless there are none or `default` is true."""
    beside = folder / SETTINGS_FILE
    file = file or (beside if not default and beside.exists() else None)
    if file is None:
        return Chosen(Settings(), None)
    try:
        settings, problems = read_settings(file.read_bytes())
    except OSError as error:
        raise Unreadable(f"cannot read {error.filename}: {error.strerror}") from None
    if settings is None:
        raise Unreadable("\n".join([f"{file} has errors:", *(f"  {problem}" for problem in problems)]))
    return Chosen(settings, file)


def _missing(folder: Path, file: str, there: list[str]) -> str:
    """Says that a file is missing, and which other file may be meant."""
    names = {name.lower(): name for name in there if name not in FILES}
    alike = difflib.get_close_matches(file, names, n=1, cutoff=0.75)
    hint = f" There is {names[alike[0]]}: is that the one? Its name must be exactly {file}." if alike else ""
    return f"there is no {file} in {folder.resolve()}.{hint}"
