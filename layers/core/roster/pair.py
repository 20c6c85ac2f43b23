"""Is there a pair to import? Decided from what the inbox holds, never from the order in which events arrive.

In: the newest upload of each file, which uploads were seen before, and the last readable upload of each. Out: one of
`ImportNow`, `Wait`, `Settle`, `NothingNew`. Events come at least once and in any order, so the same question may be
asked many times: it has the same answer until the inbox or the clock says something new.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from roster.notices import FILES, PartnerIsOld

PARTNER_OLD = timedelta(days=7)

# Uploads that come faster than this, one after the other, are imported once, when they have ended.
QUIET = timedelta(seconds=2)

_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_IMPORT = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6,16}")


def is_site(name: str) -> bool:
    """Whether a name can be a site's id, and so the first folder of an upload's key."""
    return _SITE.fullmatch(name) is not None


@dataclass(frozen=True)
class Upload:
    """One version of one file in the inbox; `uploaded_at` is the inbox's own time, `size` in bytes."""

    file: str
    version_id: str
    uploaded_at: datetime
    size: int


@dataclass(frozen=True)
class ImportNow:
    """Import these two uploads, by file name."""

    pair: dict[str, Upload]


@dataclass(frozen=True)
class Wait:
    """`arrived` waits for its partner `missing`; at `until` it goes with the last readable one. None: it waits on."""

    arrived: Upload
    missing: str
    until: datetime | None


@dataclass(frozen=True)
class Settle:
    """Something came a moment ago, and more may follow: ask again at `until`."""

    until: datetime


@dataclass(frozen=True)
class NothingNew:
    """Every upload was seen, or there is none."""


Decision = ImportNow | Wait | Settle | NothingNew


def decide(
    standing: Mapping[str, Upload],
    seen: Mapping[str, str],
    readable: Mapping[str, Upload],
    *,
    now: datetime,
    window: timedelta,
    asked: bool = False,
    again: bool = False,
) -> Decision:
    """What to do about a site's inbox.

    `standing` is the newest upload of each file that is there, `seen` the version id of each file that an import has
    dealt with, `readable` the newest upload of each file that an import could read. Two new files are a pair, when no
    further one has come for a moment. One new file waits for `window` and then goes with the last readable upload of
    the other. `asked`: a person wants the standing pair imported now, new or not; `again`: it is to be read again,
    unless a new file decides otherwise.

    Where a newer upload was deleted for good, S3 shows the one before it again: that is no new one, and unless a person
    asks for it, it is as if the file were not there.
    """
    if not asked:
        standing = {file: upload for file, upload in standing.items() if not _is_older(upload, readable.get(file))}
    fresh = [upload for file, upload in standing.items() if upload.version_id != seen.get(file)]
    if fresh and not asked and now < (quiet := max(upload.uploaded_at for upload in fresh) + QUIET):
        return Settle(quiet)
    if len(standing) == len(FILES) and (asked or len(fresh) == len(FILES) or (again and not fresh)):
        return ImportNow(dict(standing))
    alone = fresh or (list(standing.values()) if asked else [])
    if not alone:
        return NothingNew()
    arrived = alone[0]
    missing = next(file for file in FILES if file != arrived.file)
    partner = readable.get(missing)
    if partner is None:
        return Wait(arrived, missing, None)
    until = arrived.uploaded_at + window
    if asked or now >= until:
        return ImportNow({arrived.file: arrived, missing: partner})
    return Wait(arrived, missing, until)


def _is_older(upload: Upload, imported: Upload | None) -> bool:
    return imported is not None and upload.uploaded_at < imported.uploaded_at


def import_id(pair: Mapping[str, Upload], number: int, asked_at: datetime | None) -> str:
    """The id of a site's `number`-th import: sorts by time, and is the same however often the import is tried.

    The time is that of the newer upload, or of a person's request.
    """
    at = asked_at or max(upload.uploaded_at for upload in pair.values())
    return f"{at:%Y%m%dT%H%M%SZ}-{number:06}"


def refusal_id(at: datetime, about: str) -> str:
    """The id of a refusal that is no import, listed among them: the same for the same time and subject."""
    return f"{at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(about.encode()).hexdigest()[:8]}"


def is_import(text: str) -> bool:
    """Whether a text can be an import's id, as `import_id` and `refusal_id` make it."""
    return _IMPORT.fullmatch(text) is not None


def old_partner(pair: Mapping[str, Upload]) -> list[PartnerIsOld]:
    """The notice for a file of the pair that was uploaded more than seven days before the other."""
    older, newer = sorted(pair.values(), key=lambda upload: upload.uploaded_at)
    return [PartnerIsOld(older.file)] if newer.uploaded_at - older.uploaded_at > PARTNER_OLD else []
