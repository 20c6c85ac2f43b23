"""Is there a pair to import? Decided from what the inbox holds, never from the order in which events arrive.

In: the newest upload of each file, what was dealt with before, and which uploads are in force. Out: one of `ImportNow`,
`Wait`, `Settle`, `NothingNew`, `Rejected`. Events come at least once and in any order, so the same question may be
asked many times: it has the same answer until the inbox or the clock says something new.

A lone file goes with the upload of the other that took effect last. What was refused or held is no partner, and what a
person rejected or undid is not read again at all: only a new upload brings it back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypedDict

from roster.notices import FILES, SOURCES, PartnerIsOld

PARTNER_OLD = timedelta(days=7)

# Uploads that come faster than this, one after the other, are imported once, when they have ended.
QUIET = timedelta(seconds=2)

# Whoever uploads again and again is waited for this many windows, and no less than a minute.
_MOST_WINDOWS = 3
_LEAST_PATIENCE = timedelta(minutes=1)

_MOST_BARRED = 20

_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_IMPORT = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6,16}")


def is_whole(files: Collection[str]) -> bool:
    """Whether these files make a roster: both of a pair, or a bundle."""
    return any(set(files) == set(source) for source in SOURCES.values())


def is_site(name: str) -> bool:
    """Whether a name can be a site's id, and so the first folder of an upload's key."""
    return _SITE.fullmatch(name) is not None


def is_server(name: str) -> bool:
    """Whether a name can be a server's id, which has the form of a site's."""
    return is_site(name)


@dataclass(frozen=True)
class Upload:
    """One version of one file in the inbox; `uploaded_at` is the inbox's own time, `size` in bytes."""

    file: str
    version_id: str
    uploaded_at: datetime
    size: int


Uploads = Mapping[str, Upload]


@dataclass(frozen=True)
class Past:
    """What became of a site's uploads, by file name.

    `seen` is the newest upload of each file that was dealt with, `effective` the one that took effect last. `undecided`
    is the pair of an import that is held. `unread` are those of a pair that was refused for the other file alone.
    `barred` holds the version ids of what a person rejected or undid.
    """

    seen: Uploads = field(default_factory=dict)
    effective: Uploads = field(default_factory=dict)
    undecided: Uploads = field(default_factory=dict)
    unread: Uploads = field(default_factory=dict)
    barred: frozenset[str] = frozenset()

    def of_files(self, files: Collection[str]) -> Past:
        """The same, where only these files count: what is in force or undecided of another source is no partner."""

        def counting(uploads: Uploads) -> Uploads:
            return {file: upload for file, upload in uploads.items() if file in files}

        effective, undecided = counting(self.effective), counting(self.undecided)
        return replace(self, effective=effective, undecided=undecided, unread=counting(self.unread))

    def is_news(self, upload: Upload) -> bool:
        """Whether an upload that stands in the inbox was not dealt with yet.

        Where a newer upload was deleted for good, S3 shows the one before it again: that is no new one.
        """
        seen = self.seen.get(upload.file)
        if upload.version_id in self.barred:
            return False
        return seen is None or (upload.version_id != seen.version_id and upload.uploaded_at >= seen.uploaded_at)


@dataclass(frozen=True)
class ImportNow:
    """Import these two uploads, by file name. `seen` is what is dealt with then: as `Past.seen`."""

    pair: dict[str, Upload]
    seen: dict[str, Upload]


@dataclass(frozen=True)
class Wait:
    """`arrived` waits for its partner `missing`, or where that is the same file, for its content.

    At `until` it goes with the partner in force, or as empty as it is. None: it waits on.
    """

    arrived: Upload
    missing: str
    until: datetime | None


class Waiting(TypedDict, total=False):
    """What waits: a lone `file` for the one that is `missing` (the same: its content), the uploads of a paused site, or
    a site whose roster is being fetched, of which so many `records` have come.

    `since` and `until` are time stamps, `asked` the id of a person's request.
    """

    file: str
    missing: str
    paused: bool
    fetching: bool
    records: int
    since: str
    until: str | None
    asked: str


@dataclass(frozen=True)
class Settle:
    """Something came a moment ago, and more may follow: ask again at `until`."""

    until: datetime


@dataclass(frozen=True)
class NothingNew:
    """Every upload was seen, or there is none."""


@dataclass(frozen=True)
class Rejected:
    """Somebody asked, and all that stands in the inbox was rejected or undone."""


Decision = ImportNow | Wait | Settle | NothingNew | Rejected


def decide(
    standing: Uploads,
    past: Past,
    *,
    now: datetime,
    window: timedelta,
    first_at: Mapping[str, datetime] | None = None,
    files: Sequence[str] = FILES,
    asked: bool = False,
    again: bool = False,
) -> Decision:
    """What to do about a site's inbox.

    `standing` is the newest upload of each file that is there, of the `files` that count: both of a pair, or a bundle.
    Two new files are a pair, when no further one has come for a moment. One new file waits for `window`, counted from
    `first_at`, when the first upload of it came that was not dealt with (default: this one); so does one without any
    content. `asked`: a person wants what stands imported now, new or not; `again`: the pair in force, or the one that
    is held, is to be read again, unless a new file decides otherwise.
    """
    past = past.of_files(files)
    fresh = {file: upload for file, upload in standing.items() if past.is_news(upload)}
    if not fresh:
        return _without_news(standing, past, files, asked=asked, again=again)
    first = first_at or {}
    since = {file: min(first.get(file, upload.uploaded_at), upload.uploaded_at) for file, upload in fresh.items()}
    latest = min(since.values()) + max(_MOST_WINDOWS * window, _LEAST_PATIENCE)
    quiet = min(latest, max(upload.uploaded_at for upload in fresh.values()) + QUIET)
    if now < quiet and not asked:
        return Settle(quiet)
    for upload in fresh.values():
        until = min(latest, upload.uploaded_at + window)
        if not upload.size and now < until and not asked:
            return Wait(upload, upload.file, until)
    seen = {**past.seen, **fresh}
    pair = fresh | {file: upload for file, upload in past.unread.items() if standing.get(file) == upload}
    if len(pair) == len(files):
        return ImportNow(pair, seen)
    (arrived,) = fresh.values()
    missing = next(file for file in files if file != arrived.file)
    partner = _partner(missing, standing, past, asked=asked)
    if partner is None:
        return Wait(arrived, missing, None)
    until = since[arrived.file] + window
    if asked or now >= until:
        return ImportNow({arrived.file: arrived, missing: partner}, seen)
    return Wait(arrived, missing, until)


def _partner(missing: str, standing: Uploads, past: Past, *, asked: bool) -> Upload | None:
    """What a lone file goes with: what is in force; where nothing ever was, a person may want what stands."""
    if partner := past.effective.get(missing):
        return partner
    stands = standing.get(missing)
    held = missing in past.undecided
    return stands if asked and stands and not held and stands.version_id not in past.barred else None


def _without_news(standing: Uploads, past: Past, files: Sequence[str], *, asked: bool, again: bool) -> Decision:
    """What to read again, where no upload is new."""
    seen = dict(past.seen)
    if (asked or again) and past.undecided:
        return ImportNow(dict(past.undecided), seen)
    if asked:
        allowed = {file: upload for file, upload in standing.items() if upload.version_id not in past.barred}
        if standing and not allowed:
            return Rejected()
        pair = {**past.effective, **allowed}
        if allowed and len(pair) == len(files):
            return ImportNow(pair, seen)
        if allowed:
            (arrived,) = allowed.values()
            return Wait(arrived, next(file for file in files if file != arrived.file), None)
    elif again and len(past.effective) == len(files):
        return ImportNow(dict(past.effective), seen)
    return NothingNew()


def barred(known: Iterable[str], undone: Iterable[Upload], effective: Uploads) -> list[str]:
    """The version ids that are not read again once these uploads are undone, the newest last; what is in force may be.

    S3 never shows what is much older again, so a few are enough.
    """
    stay = {upload.version_id for upload in effective.values()}
    gone = [upload.version_id for upload in undone if upload.version_id not in stay]
    return [*(each for each in known if each not in stay and each not in gone), *gone][-_MOST_BARRED:]


def import_id(pair: Uploads, number: int, asked_at: datetime | None) -> str:
    """The id of a site's `number`-th import: sorts by time, and is the same however often the import is tried.

    The time is that of the newer upload, or of a person's request.
    """
    at = asked_at or max(upload.uploaded_at for upload in pair.values())
    return f"{at:%Y%m%dT%H%M%SZ}-{number:06}"


def refusal_id(at: datetime, about: str) -> str:
    """The id of a refusal that is no import, listed among them: the same for the same time and subject."""
    return f"{at:%Y%m%dT%H%M%SZ}-{_digest(about)}"


def is_refusal_of(import_id: str, about: str) -> bool:
    """Whether an id is that of a refusal of this subject, whenever it was."""
    return import_id.rpartition("-")[2] == _digest(about)


def _digest(about: str) -> str:
    return hashlib.sha256(about.encode()).hexdigest()[:8]


def is_import(text: str) -> bool:
    """Whether a text can be an import's id, as `import_id` and `refusal_id` make it."""
    return _IMPORT.fullmatch(text) is not None


def old_partner(pair: Mapping[str, Upload]) -> list[PartnerIsOld]:
    """The notice for a file of the pair that was uploaded more than seven days before the other."""
    if len(pair) < len(FILES):  # a bundle has no partner
        return []
    older, newer = sorted(pair.values(), key=lambda upload: upload.uploaded_at)
    return [PartnerIsOld(older.file)] if newer.uploaded_at - older.uploaded_at > PARTNER_OLD else []
