"""The uploads that somebody asked for: which files are wanted, whose an upload is, and what became of it.

What programs (`upload_calls`) and upload pages (`page_calls`) share. In: the body of a question, or an upload's id and
the versions that the inbox answered. Out: the files; the upload; its fate with the findings of its import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from roster.feed_answer import Answer, refuse
from roster.notices_file import Finding
from roster.uploaders import Uploader
from roster.uploads import (
    QUESTION_LIMIT,
    Asked,
    BadUpload,
    Content,
    Fate,
    Site,
    fate,
    is_upload,
    new_upload_id,
    read_question,
)
from roster_aws.intake.upload_items import UploadRecords
from roster_aws.results import Results
from roster_aws.store import Store

# An import that reads an upload is among them, however many there are of a busy day.
_NEWEST_REPORTS = 50


def wanted_files(body: bytes) -> dict[str, Content] | Answer:
    """The files of a question, or how to refuse it."""
    if len(body) > QUESTION_LIMIT:
        return refuse(413, "too_large", f"a question has {QUESTION_LIMIT} bytes at the most")
    try:
        return read_question(body)
    except BadUpload as bad:
        return refuse(400, "bad_request", str(bad))


@dataclass(frozen=True)
class AskedUploads:
    """Remembers and follows them. `clock` gives the time in UTC."""

    records: UploadRecords
    store: Store
    results: Results
    clock: Callable[[], datetime]

    def new(self, uploader: Uploader, files: dict[str, Content]) -> Asked:
        """Remember that an uploader asks to upload these files, now."""
        now = self.clock()
        asked = Asked(new_upload_id(now), uploader.uploader, now, files)
        self.records.put(uploader.site, asked)
        return asked

    def of(self, uploader: Uploader, upload: str) -> Asked | None:
        """The upload of an id; None where this uploader asked for none of it, or it is kept no longer."""
        asked = self.records.get(uploader.site, upload) if is_upload(upload) else None
        return asked if asked and asked.uploader == uploader.uploader else None

    def fate(self, site: str, asked: Asked, put: Mapping[str, str]) -> tuple[Fate, list[Finding]]:
        """What became of an upload whose files are in the inbox under these versions, and what its import found."""
        reports = self.store.reports(site, _NEWEST_REPORTS)
        found = fate(asked, put, Site(self.store.head(site), self.store.waiting(site), reports), self.clock())
        report = found.report
        return found, self.results.findings(site, report.import_id) if report and report.notices_key else []
