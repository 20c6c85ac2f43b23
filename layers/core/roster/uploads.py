"""What an uploader may put into its site's inbox, and what became of it.

In: the body of a question; later, which version of each file the inbox has of it, and what the site's head, what waits
there and its reports say. Out: the files that are wanted, and a `Fate`. Refused, with `BadUpload`: any other file, a
file without content or over the limit, anything that is no length and no SHA-256. A fate names no person and no class.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from roster.limits import limit_of
from roster.notices import BUNDLES, FILES
from roster.notices_file import Finding
from roster.pair import is_refusal_of
from roster.report import SUCCEEDED, Report
from roster.site_head import Head

#: The files that an uploader may put there, and the most bytes of each. Never the settings: they say who sees whom.
UPLOADABLE: Mapping[str, int] = {file: limit_of(file) for file in (*FILES, *BUNDLES)}

#: The most bytes of a question.
QUESTION_LIMIT = 8192

#: For how long an upload may begin once it was asked for.
LINK_LIFE = timedelta(minutes=15)

#: For how long it is remembered who asked for it.
KEPT = timedelta(days=30)

# An import that was begun meanwhile has looked at the inbox by then.
_SETTLED = timedelta(minutes=10)

_ROWS_TOLD = 20

_SHA256 = re.compile(r"[0-9a-f]{64}")
_UPLOAD = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}")
_VERSION = re.compile(r"[A-Za-z0-9._~+/=-]{1,1024}")

Status = Literal["waiting", "imported", "held", "failed", "ignored"]


class BadUpload(ValueError):
    """An uploader asks for what it may not have; the text says what is wrong."""


class Content(NamedTuple):
    """What a file has to be, to the byte."""

    bytes: int
    sha256: str


def read_question(body: bytes) -> dict[str, Content]:
    """The files that an uploader wants to put there, from {"files": {name: {"bytes": …, "sha256": …}}}."""
    try:
        asked = json.loads(body)
        files = asked["files"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadUpload('the body is JSON: {"files": {name: {"bytes": …, "sha256": …}}}') from None
    if not isinstance(files, dict) or not files or asked.keys() != {"files"}:
        raise BadUpload('the body is {"files": {…}} with at least one file, and nothing else')
    return {name: _content(name, said) for name, said in files.items()}


def _content(name: str, said: Any) -> Content:
    if name not in UPLOADABLE:
        raise BadUpload(f"only {' and '.join(UPLOADABLE)} can be uploaded, under exactly these names")
    if not isinstance(said, dict) or said.keys() != set(Content._fields):
        raise BadUpload(f"{name}: say bytes and sha256, and nothing else")
    size, sha256 = said["bytes"], said["sha256"]
    if type(size) is not int or not 0 < size <= UPLOADABLE[name]:
        raise BadUpload(f"{name}: bytes is a whole number from 1 to {UPLOADABLE[name]}")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise BadUpload(f"{name}: sha256 is the SHA-256 of the file, as 64 hexadecimal digits in small letters")
    return Content(size, sha256)


def read_versions(query: Mapping[str, str]) -> dict[str, str]:
    """Which version of each file the inbox has, as an uploader says it; BadUpload for what can be no version."""
    for name, version in query.items():
        if name not in UPLOADABLE or not _VERSION.fullmatch(version):
            raise BadUpload("the query names files by the version that the inbox answered: teachers.csv=VERSION")
    return dict(query)


def new_upload_id(at: datetime) -> str:
    """The id of an upload that is asked for now: sorts by time, and cannot be guessed."""
    return f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(8)}"


def is_upload(text: str) -> bool:
    """Whether a text can be an upload's id."""
    return _UPLOAD.fullmatch(text) is not None


@dataclass(frozen=True)
class Asked:
    """An upload that was asked for: by which uploader, when, and which files."""

    upload: str
    uploader: str
    at: datetime
    files: Mapping[str, Content] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """What is known of a site when somebody asks for an upload's fate.

    `waiting` is the lone file or the pause that the site waits for, `reports` the newest first.
    """

    head: Head
    waiting: Mapping[str, Any] | None
    reports: Sequence[Report]


@dataclass(frozen=True)
class Fate:
    """What became of an upload.

    `reason` is a code: of a waiting one `not_uploaded`, `queued`, `importing`, `partner_missing` (then `missing` is the
    file that it waits for), `site_paused`; of an ignored one `newer_upload`, `superseded`; of a failed one
    `never_uploaded`, `rejected`, or what the import failed for; of a held one the first guard. `report` is an import's.
    """

    status: Status
    reason: str = ""
    missing: str = ""
    report: Report | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come of it without a person."""
        return self.status != "waiting"

    def as_dict(self, upload: str, findings: Iterable[Finding] = ()) -> dict[str, Any]:
        """The fate as the feed tells it. `findings` are those of its import, of which rows are told by number."""
        told: dict[str, Any] = {"upload": upload, "status": self.status}
        told |= {"reason": self.reason} if self.reason else {}
        told |= {"missing": self.missing} if self.missing else {}
        if self.report is None:
            return told
        report = self.report
        told |= {"import": report.import_id, "import_status": report.status, "counts": dict(report.counts)}
        told |= {"changes": dict(report.changes)} if report.changes else {}
        told |= {"place": report.place} if report.place else {}
        told["notices"] = _notices(report, findings)
        told["held"] = [_guard(reason) for reason in report.held or ()] if report.status == "held" else []
        return told


def fate(asked: Asked, put: Mapping[str, str], site: Site, now: datetime) -> Fate:
    """What became of an upload whose files are in the inbox under these versions, as far as they were put there.

    Only what read all of it tells of it. That a newer upload took its place is said once it is certain: while the links
    of both could be used, nobody knows which came last.
    """
    wanted = asked.files.keys()
    if wanted - put.keys():
        late = now > asked.at + LINK_LIFE + _SETTLED
        return Fate("failed", "never_uploaded") if late else Fate("waiting", "not_uploaded")
    ours = {file: put[file] for file in wanted}
    for report in site.reports:
        if ours.items() <= {file: read["version_id"] for file, read in report.pair.items()}.items():
            return _of_report(report)
        if report.is_refusal and any(is_refusal_of(report.import_id, version) for version in ours.values()):
            return _of_report(report)
    if any(_is_overtaken(file, version, asked, site.head, now) for file, version in ours.items()):
        return Fate("ignored", "newer_upload")
    return _waiting(ours, site)


def _of_report(report: Report) -> Fate:
    if report.status in SUCCEEDED:
        return Fate("imported", report=report)
    match report.status:
        case "held":
            return Fate("held", report.reason or "", report=report)
        case "superseded":
            return Fate("ignored", "superseded", report=report)
        case "rejected":
            return Fate("failed", "rejected", report=report)
        case "failed":
            return Fate("failed", report.reason or "", report=report)
        case _:
            return Fate("waiting", "importing")


def _is_overtaken(file: str, version: str, asked: Asked, head: Head, now: datetime) -> bool:
    seen = head.seen.get(file)
    if seen is None or seen.version_id == version or seen.uploaded_at < asked.at:
        return False
    last = asked.at + LINK_LIFE
    return seen.uploaded_at > last or now > last + _SETTLED


def _waiting(ours: Mapping[str, str], site: Site) -> Fate:
    waits = site.waiting or {}
    if waits.get("paused"):
        return Fate("waiting", "site_paused")
    if waits.get("file") in ours and waits.get("missing") not in ours:
        return Fate("waiting", "partner_missing", str(waits["missing"]))
    return Fate("waiting", "queued")


def _notices(report: Report, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The findings by code: how many, and the first rows by file and number."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        listed = rows.setdefault(finding["code"], [])
        if finding["row"] and len(listed) < _ROWS_TOLD:
            listed.append({"file": finding["file"], "row": finding["row"]})
    return [
        {"code": code, "severity": found["severity"], "total": found["total"], "rows": rows.get(code, [])}
        for code, found in (report.notices or {}).items()
    ]


def _guard(reason: Mapping[str, Any]) -> dict[str, Any]:
    """A guard's reason, but for the other site that a new one resembles: that is nobody's business here."""
    return {name: reason[name] for name in ("code", "number", "of", "file", "what") if reason.get(name) is not None}
