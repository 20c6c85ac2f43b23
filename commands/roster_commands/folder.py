"""The pair or the bundle in a place of this machine, and the settings, read as an upload of them would be.

In: a folder, one of its files, or a zip. Out: a plan, and which settings it was made with. Refused, with `Unreadable`:
a folder without anything to import, a file that cannot be read, settings with errors. A folder with the files of an
export, unpacked, is read as the bundle that they make.
"""

from __future__ import annotations

import argparse
import difflib
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from roster.encode import lines
from roster.limits import too_large
from roster.notices import CLEVER, FILES, ONEROSTER, SOURCES
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


def add_days(command: argparse.ArgumentParser) -> None:
    """Add the options that say as of which day an export is looked at."""
    days = command.add_mutually_exclusive_group()
    days.add_argument(
        "--on", type=_day, metavar="DATE", help="look at an export as of a day, such as 2026-09-01 (default: today)"
    )
    days.add_argument("--all-dates", action="store_true", help="look at an export whatever the dates in it")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a date such as 2026-09-01") from None


def folder(name: str) -> Path:
    """The folder that an argument names. If it names one of the two files, the folder of that file; a zip is itself."""
    path = Path(name)
    if path.is_dir() or (path.is_file() and path.suffix.lower() == ".zip"):
        return path
    if path.is_file() and path.name in FILES:
        return path.parent
    if path.is_file():
        raise argparse.ArgumentTypeError(
            f"{name} is a file. Name the folder that has {' and '.join(FILES)} in it, or the zip of an export"
        )
    raise argparse.ArgumentTypeError(f"there is no folder {name}")


def read_pair_of(place: Path, settings: Settings, base: Base | None = None, known: Known | None = None) -> Plan:
    """What an import of the files there would do, compared with the published version if there is one."""
    try:
        large = [found for file in FILES if (found := too_large(file, _size(place / file)))]
    except OSError as error:
        raise Unreadable(f"cannot read {error.filename}: {error.strerror}") from None
    if large:  # of which no byte is read, however large it is
        return refuse(large)
    return plan_import(files_of(place, settings), settings, base, known=known or Known(now=datetime.now(UTC)))


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def files_of(place: Path, settings: Settings) -> dict[str, bytes]:
    """What there is to import: both files of a pair, or one bundle, by the name that it is uploaded under.

    `settings` decide where a folder has both; raises Unreadable.
    """
    try:
        if place.is_file():
            return {_bundle_name(place.name, settings): place.read_bytes()}
        there = sorted(path.name for path in place.iterdir())
        if is_export(there):
            return {_bundle_name("", settings): _packed(place, there)}
        wanted = next((files for files in _in_order(settings) if set(files) <= set(there)), None)
        if wanted is None:
            missing = [file for file in FILES if file not in there]
            lines = [_missing(place, file, there) for file in missing]
            lines += [f"{name} may be an export: name it" for name in there if name.lower().endswith(".zip")][:1]
            raise Unreadable("\n".join(lines), missing)
        return {file: (place / file).read_bytes() for file in wanted}
    except OSError as error:
        raise Unreadable(f"cannot read {error.filename}: {error.strerror}") from None


def files_to_upload(place: Path, settings: Settings) -> dict[str, bytes]:
    """The files there, where a site with these settings reads them; raises Unreadable where it reads others."""
    files = files_of(place, settings)
    wanted = SOURCES[settings.import_from]
    if set(files) != set(wanted):
        raise Unreadable(
            f"the site imports from {' and '.join(wanted)}, and {place} has {' and '.join(files)}: "
            "give what the site reads, or change import_from in its settings.json first"
        )
    return files


def is_export(names: Sequence[str]) -> bool:
    """Whether files are an unpacked export of another product. Two of Clever's have the names of a pair's."""
    found = {name.lower() for name in names}
    return bool(found & {"enrollments.csv", "studentenrollment.csv"})


def _in_order(settings: Settings) -> list[Sequence[str]]:
    """The files of each source, those first that the settings import from."""
    first = SOURCES[settings.import_from]
    return [first, *(files for files in SOURCES.values() if files != first)]


def _bundle_name(name: str, settings: Settings) -> str:
    """The name under which a bundle is uploaded: by the settings, else by its own."""
    if settings.import_from != "csv":
        return SOURCES[settings.import_from][0]
    return CLEVER if name.lower() == CLEVER else ONEROSTER


def _packed(place: Path, names: Sequence[str]) -> bytes:
    """The CSV files of a folder as one zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        for name in names:
            if name.lower().endswith(".csv"):
                bundle.write(place / name, name)
    return packed.getvalue()


def read_after(folder: Path, before: Path, settings: Settings, day: Known) -> tuple[Plan, Base]:
    """What an import of the folder's files would do on the night after those of another folder were published.

    `day` says when that is, and as of which day both are read.
    """
    first = read_pair_of(before, settings, known=day)
    if first.snapshot is None:
        raise Unreadable(
            f"the pair in {before} would be refused, so nothing can be compared with it: see roster check {before}"
        )
    packed = first.snapshot
    base = Base(packed.blob.content_sha256, first.counts, lambda: lines(packed.data, packed.blob), version=1)
    known = day._replace(memory=first.memory, school_year=first.school_year)
    return read_pair_of(folder, settings, base, known), base


def settings_of(folder: Path, file: Path | None, *, default: bool = False) -> Chosen:
    """The settings in `file`; without it those beside the pair, unless there are none or `default` is true."""
    beside = (folder.parent if folder.is_file() else folder) / SETTINGS_FILE
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
