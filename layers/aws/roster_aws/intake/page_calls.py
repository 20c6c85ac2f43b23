"""What the upload page asks: a place for its files, what they would do, their upload, and what became of it.

Only who has the address of a page asks here (`Uploader.link_until`). What is answered is in words for a school's
office, and names nobody; the rows themselves are in notices.csv, to which a link leads as long as the address lives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from roster.csv_file import too_large
from roster.feed_answer import Answer, json_answer, refuse
from roster.notices import FILES
from roster.plan import plan_import
from roster.plan import refuse as refuse_plan
from roster.settings_file import from_dict
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
from roster_aws.gathering import Gathering
from roster_aws.intake.staging import NotThere, Staging
from roster_aws.intake.upload_items import UploadRecords
from roster_aws.results import Results
from roster_aws.store import Store
from roster_aws.telemetry import audit
from roster_pages import office_words

# Larger pairs are for `roster-agent push`: a gateway waits for half a minute, and no longer.
CHECKED_BYTES = 48 << 20

_NEWEST_REPORTS = 50
_GONE = "the files are kept here for a day: choose them again"


@dataclass(frozen=True)
class PageCalls:
    """The calls of upload pages. `clock` gives the time in UTC."""

    records: UploadRecords
    store: Store
    staging: Staging
    results: Results
    gathering: Gathering
    clock: Callable[[], datetime]

    def refusal(self, uploader: Uploader | None, site: str) -> Answer | None:
        """What to answer to whoever has no address of this site's page; None when all is well."""
        if uploader is None or not uploader.link_until:
            return refuse(403, "page_only", "this token is not that of an upload page")
        if site != uploader.site:
            audit("site_refused", site=uploader.site, uploader=uploader.uploader)
            return refuse(403, "site_forbidden", "this address is for another site")
        return None

    def about(self, uploader: Uploader) -> Answer:
        """Answer `GET …/page`: whose page this is, until when, and how large its files may be."""
        said = {"site": uploader.site, "until": uploader.link_until, "bytes": CHECKED_BYTES, "files": list(FILES)}
        return json_answer(200, said)

    def stage(self, uploader: Uploader, body: bytes) -> Answer:
        """Answer `POST …/staged`: for each file a link that takes these bytes and no others, for fifteen minutes."""
        if len(body) > QUESTION_LIMIT:
            return refuse(413, "too_large", f"a question has {QUESTION_LIMIT} bytes at the most")
        try:
            files = read_question(body)
        except BadUpload as bad:
            return refuse(400, "bad_request", str(bad))
        if set(files) != set(FILES):
            return refuse(400, "bad_request", f"choose both files: {' and '.join(FILES)}")
        if sum(content.bytes for content in files.values()) > CHECKED_BYTES:
            return refuse(413, "too_large", "these files are too large for this page: use roster-agent push")
        now = self.clock()
        asked = Asked(new_upload_id(now), uploader.uploader, now, files)
        self.records.put(uploader.site, asked)
        audit("upload_staged", site=uploader.site, uploader=uploader.uploader, upload=asked.upload)
        return json_answer(200, {"upload": asked.upload, "files": self.staging.links(uploader.site, asked, LINK_LIFE)})

    def check(self, uploader: Uploader, upload: str) -> Answer:
        """Answer `POST …/staged/{upload}/check`: what an upload of these files would do."""
        asked = self._asked(uploader, upload)
        if asked is None:
            return refuse(404, "upload_unknown", _GONE)
        try:
            files = self.staging.read(uploader.site, asked)
        except NotThere:
            return refuse(404, "upload_unknown", _GONE)
        head, now = self.store.head(uploader.site), self.clock()
        large = [notice for file, data in files.items() if (notice := too_large(file, len(data)))]
        if large:
            return json_answer(200, {**office_words.of_plan(refuse_plan(large))})
        gathered = self.gathering.of(head, files, now)
        plan = plan_import(gathered.files, from_dict(head.settings), gathered.base, known=gathered.known)
        return json_answer(200, {**office_words.of_plan(plan)})

    def upload(self, uploader: Uploader, upload: str) -> Answer:
        """Answer `POST …/staged/{upload}/upload`: the files are in the inbox, under these versions."""
        asked = self._asked(uploader, upload)
        if asked is None:
            return refuse(404, "upload_unknown", _GONE)
        if not self.store.head(uploader.site).is_known:
            return refuse(409, "site_not_added", f"there is no site {uploader.site} any more")
        # Asked for now: what came between the first question and this one is older than these files.
        self.records.put(uploader.site, replace(asked, at=self.clock()))
        try:
            versions = self.staging.upload(uploader.site, asked)
        except NotThere:
            return refuse(404, "upload_unknown", _GONE)
        audit("upload_confirmed", site=uploader.site, uploader=uploader.uploader, upload=upload)
        return json_answer(200, {"upload": upload, "at": stamp(self.clock()), "versions": versions})

    def follow(self, uploader: Uploader, upload: str, query: Mapping[str, str]) -> Answer:
        """Answer `GET …/staged/{upload}`: what became of it, with a link to the rows once there are some."""
        try:
            put = read_versions(query)
        except BadUpload as bad:
            return refuse(400, "bad_request", str(bad))
        asked = self._asked(uploader, upload)
        if asked is None:
            return refuse(404, "upload_unknown", _GONE)
        site, store = uploader.site, self.store
        reports = store.reports(site, _NEWEST_REPORTS)
        found = fate(asked, put, Site(store.head(site), store.waiting(site), reports), self.clock())
        has_rows = bool(found.report and found.report.notices_key)
        findings = self.results.findings(site, found.report.import_id) if found.report and has_rows else []
        said = {**office_words.of_fate(found, findings), "rows": None}
        if found.report and has_rows and findings:
            said["rows"] = self.results.notices_link(site, found.report.import_id)
        return json_answer(200, said)

    def _asked(self, uploader: Uploader, upload: str) -> Asked | None:
        asked = self.records.get(uploader.site, upload) if is_upload(upload) else None
        return asked if asked and asked.uploader == uploader.uploader else None
