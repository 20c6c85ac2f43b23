"""What an uploader gets: addresses that take exactly the files it named, and what became of them. Nothing else.

The site is the token's, never the path's alone. Every refusal leaves an audit event, which names no file's content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from roster.feed_answer import Answer, json_answer, refuse
from roster.times import stamp
from roster.uploaders import Uploader
from roster.uploads import (
    LINK_LIFE,
    QUESTION_LIMIT,
    Asked,
    BadUpload,
    Site,
    fate,
    is_upload,
    new_upload_id,
    read_question,
    read_versions,
)
from roster_aws.inbox import Inbox
from roster_aws.intake.upload_items import UploadRecords
from roster_aws.results import Results
from roster_aws.store import Store
from roster_aws.telemetry import audit

# An import that reads an upload is among them, however many there are of a busy day.
_NEWEST_REPORTS = 50


@dataclass(frozen=True)
class UploadCalls:
    """The calls of uploaders. `clock` gives the time in UTC."""

    records: UploadRecords
    store: Store
    inbox: Inbox
    results: Results
    clock: Callable[[], datetime]

    def refusal(self, uploader: Uploader, site: str) -> Answer | None:
        """What to answer to an uploader that asks about another site; None when all is well."""
        if site != uploader.site:
            audit("site_refused", site=uploader.site, uploader=uploader.uploader)
            return refuse(403, "site_forbidden", "this token is for another site")
        return None

    def ask(self, uploader: Uploader, body: bytes) -> Answer:
        """Answer `POST …/uploads`: for each file a link that takes these bytes and no others, for fifteen minutes."""
        if len(body) > QUESTION_LIMIT:
            return refuse(413, "too_large", f"a question has {QUESTION_LIMIT} bytes at the most")
        try:
            files = read_question(body)
        except BadUpload as bad:
            return refuse(400, "bad_request", str(bad))
        if not self.store.head(uploader.site).is_known:
            audit("upload_refused", site=uploader.site, uploader=uploader.uploader, reason="site_not_added")
            advice = "ask whoever gave you the code to run roster-admin site add"
            return refuse(409, "site_not_added", f"there is no site {uploader.site} yet, or no longer: {advice}")
        now = self.clock()
        asked = Asked(new_upload_id(now), uploader.uploader, now, files)
        self.records.put(uploader.site, asked)
        audit("upload_asked", site=uploader.site, uploader=uploader.uploader, upload=asked.upload)
        links = {
            name: self.inbox.put_link(uploader.site, name, content.bytes, content.sha256, LINK_LIFE)
            for name, content in files.items()
        }
        return json_answer(
            200,
            {
                "upload": asked.upload,
                "expires_at": stamp(now + LINK_LIFE),
                "files": {name: {"method": "PUT", **link} for name, link in links.items()},
            },
        )

    def follow(self, uploader: Uploader, upload: str, query: Mapping[str, str]) -> Answer:
        """Answer `GET …/uploads/{upload}`: what became of it, without the name of a person or a class."""
        try:
            put = read_versions(query)
        except BadUpload as bad:
            return refuse(400, "bad_request", str(bad))
        asked = self.records.get(uploader.site, upload) if is_upload(upload) else None
        if asked is None or asked.uploader != uploader.uploader:
            return refuse(404, "upload_unknown", "there is no such upload of yours, or it is kept no longer")
        site, store = uploader.site, self.store
        reports = store.reports(site, _NEWEST_REPORTS)
        found = fate(asked, put, Site(store.head(site), store.waiting(site), reports), self.clock())
        told = bool(found.report and found.report.notices_key)
        findings = self.results.findings(site, found.report.import_id) if found.report and told else []
        return json_answer(200, found.as_dict(upload, findings))
