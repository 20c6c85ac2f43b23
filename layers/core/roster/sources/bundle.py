"""A bundle to the rows that a pair of it would have, so that from there on all is the same.

In: the bytes of a zip, the settings, the day, and what the import before left: names of sections, usernames by id.
Out: a `Pair` with its `Records`. Refused, with `BadBundle`: a bundle that is no export, or not a whole one.

1. Which product's export it is shows in the names of its files.
2. Its people and sections are read, and sections are named so that no two are alike.
3. Each enrolment that counts on the day becomes a row: of students.csv for a student, of teachers.csv for a teacher.

What is left out is counted and said. Who cannot be named any more keeps, as a bad row does, what is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from roster.memory import Named
from roster.notices import (
    FILES,
    BundleRead,
    BundleUnknown,
    Notice,
    TermEnded,
)
from roster.parse import judge
from roster.rows import Pair, TooMany
from roster.settings import Settings
from roster.sources import clever, oneroster, school_data_sync
from roster.sources.archive import Archive, BadBundle
from roster.sources.bundle_records import BundleNotices, Records
from roster.sources.class_names import Called, name_sections
from roster.sources.dates import Calendar, Span
from roster.sources.enrolment_rows import EnrolmentRows
from roster.sources.export import (
    Export,
)
from roster.sources.reading import Reading


class _Product(NamedTuple):
    """A product: the files without which there is no export of it, in small letters, and what reads one."""

    needed: Sequence[str]
    read: Callable[[Archive, Reading], Export]


_PRODUCTS = [_Product(product.NEEDED, product.read) for product in (school_data_sync, clever, oneroster)]

# Of the files of an export: with one alone, nobody can say whose it is.
_LEAST_FILES = 2


class Source(NamedTuple):
    """A bundle read: its rows, what was found, and what is remembered of it.

    `ended` are the titles of the terms that ended since the import before; `next_day` is the first day, as an ISO date,
    on which the bundle says something else than today, or "".
    """

    pair: Pair
    notices: BundleNotices
    named: Named
    ended: tuple[str, ...] = ()
    next_day: str = ""


def read_bundle(
    file: str, data: bytes, settings: Settings, found: Iterable[Notice], before: Named, on: date | None
) -> Source:
    """Read a bundle as of a day (None: whatever its dates); what is wrong with it is among the notices.

    `found` are findings about the upload itself, `before` is what the import that took effect last remembered.
    """
    records = Records()
    pair, notices = Pair(settings, records), BundleNotices(records)
    for notice in found:
        notices.add(notice)
    source = Source(pair, notices, before)
    try:
        source = _read(file, data, source, on)
    except BadBundle as bad:
        notices.add(bad.notice)
    except TooMany as too_many:
        notices.add(too_many.notice)
    judge(pair, notices)
    return source


def _read(file: str, data: bytes, source: Source, on: date | None) -> Source:
    pair, notices, before = source.pair, source.notices, source.named
    settings = pair.settings
    calendar = Calendar(on, settings.days_before, settings.days_after)
    archive = Archive(file, data)
    export = _product(archive).read(archive, Reading(settings, calendar, notices.add))
    day = on.isoformat() if on else ""
    notices.add(BundleRead(file, format=export.format, day=day))
    called = {id_: Called(*each) for id_, each in before.classes.items()}
    naming = name_sections(export.sections, settings.class_name, settings.classes, called, notices.add_of)
    making = EnrolmentRows(pair, export, naming, calendar, notices, before)
    making.run()
    ended = _ended(export, before.on, on, settings)
    if ended:
        notices.add(TermEnded(file, ended=", ".join(ended), terms=len(ended)))
    named = Named({id_: (each.title, each.name) for id_, each in naming.called.items()}, making.usernames, day)
    return source._replace(named=named, ended=ended, next_day=calendar.next_change)


def _product(archive: Archive) -> _Product:
    """The product whose files these are: the one of which the greatest part of the files is there."""
    there = {len(archive.names.intersection(each.needed)) / len(each.needed): each for each in reversed(_PRODUCTS)}
    best = there[max(there)]
    if len(archive.names.intersection(best.needed)) < _LEAST_FILES or archive.names == set(FILES):
        raise BadBundle(BundleUnknown(archive.file, holds=_holds(archive)))
    return best


def _holds(archive: Archive) -> str:
    endings = {name.rpartition(".")[2] for name in archive.names}
    if not archive.names:
        return "nothing"
    if "zip" in endings:
        return "another zip: upload that one"
    if archive.names == set(FILES):
        return "a pair: upload its two files as they are"
    return "CSV files, but none of these products'" if "csv" in endings else "no CSV file"


def _ended(export: Export, since: str, on: date | None, settings: Settings) -> tuple[str, ...]:
    """The titles of the terms that counted when the import before looked, and have ended by now."""
    if not on or not since:
        return ()
    before, now = (Calendar(day, 0, settings.days_after) for day in (date.fromisoformat(since), on))
    spans = {title: Span("", ends) for title, ends in export.terms}
    return tuple(sorted(title for title, span in spans.items() if now.is_over(span) and not before.is_over(span)))
