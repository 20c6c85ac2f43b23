"""What the upload page asks: a place for its files, what they would do, their upload, and what became of it.

Only who has the address of a page asks here (`Uploader.link_until`). What is answered is in words for a school's
office, and names nobody; the rows themselves are in notices.csv, to which a link leads as long as the address lives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from roster.feed_answer import Answer, json_answer, refuse
from roster.notices import SOURCES
from roster.plan import plan_import
from roster.settings_file import from_dict
from roster.times import stamp
from roster.uploaders import Uploader
from roster.uploads import LINK_LIFE, BadUpload, read_versions
from roster_aws.gathering import Gathering
from roster_aws.intake.asked_uploads import AskedUploads, wanted_files
from roster_aws.intake.staging import NotThere, Staging
from roster_aws.telemetry import audit
from roster_pages import office_words

# Larger pairs are for `roster-agent push`: a gateway waits for half a minute, and no longer.
CHECKED_BYTES = 48 << 20

_GONE = "the files are kept here for a day: choose them again"


@dataclass(frozen=True)
class PageCalls:
    """The calls of upload pages. `clock` gives the time in UTC."""

    uploads: AskedUploads
    staging: Staging
    gathering: Gathering
    clock: Callable[[], datetime]

    def refusal(self, uploader: Uploader, site: str) -> Answer | None:
        """What to answer to whoever has no address of this site's page; None when all is well."""
        if not uploader.link_until:
            return refuse(403, "page_only", "this token is not that of an upload page")
        if site != uploader.site:
            audit("site_refused", site=uploader.site, uploader=uploader.uploader)
            return refuse(403, "site_forbidden", "this address is for another site")
        return None

    def about(self, uploader: Uploader) -> Answer:
        """Answer `GET …/page`: whose page this is, until when, and how large its files may be."""
        files = list(self._wanted(uploader.site))
        said = {"site": uploader.site, "until": uploader.link_until, "bytes": CHECKED_BYTES, "files": files}
        return json_answer(200, said)

    def _wanted(self, site: str) -> Sequence[str]:
        """The files that the site imports from."""
        return SOURCES[from_dict(self.uploads.store.head(site).settings).import_from]

    def stage(self, uploader: Uploader, body: bytes) -> Answer:
        """Answer `POST …/staged`: for each file a link that takes these bytes and no others, for fifteen minutes."""
        files = wanted_files(body)
        if isinstance(files, Answer):
            return files
        wanted = self._wanted(uploader.site)
        if set(files) != set(wanted):
            return refuse(400, "bad_request", f"choose {' and '.join(wanted)}: load this page again")
        if sum(content.bytes for content in files.values()) > CHECKED_BYTES:
            return refuse(413, "too_large", "these files are too large for this page: use roster-agent push")
        asked = self.uploads.new(uploader, files)
        audit("upload_staged", site=uploader.site, uploader=uploader.uploader, upload=asked.upload)
        return json_answer(200, {"upload": asked.upload, "files": self.staging.links(uploader.site, asked, LINK_LIFE)})

    def check(self, uploader: Uploader, upload: str) -> Answer:
        """Answer `POST …/staged/{upload}/check`: what an upload of these files would do."""
        asked = self.uploads.of(uploader, upload)
        if asked is None:
            return refuse(404, "upload_unknown", _GONE)
        try:
            files = self.staging.read(uploader.site, asked)
        except NotThere:
            return refuse(404, "upload_unknown", _GONE)
        head = self.uploads.store.head(uploader.site)
        gathered = self.gathering.of(head, files, self.clock())
        plan = plan_import(gathered.files, from_dict(head.settings), gathered.base, known=gathered.known)
        return json_answer(200, {**office_words.of_plan(plan)})

    def upload(self, uploader: Uploader, upload: str) -> Answer:
        """Answer `POST …/staged/{upload}/upload`: the files are in the inbox, under these versions."""
        asked = self.uploads.of(uploader, upload)
        if asked is None:
            return refuse(404, "upload_unknown", _GONE)
        if not self.uploads.store.head(uploader.site).is_known:
            return refuse(409, "site_not_added", f"there is no site {uploader.site} any more")
        # Asked for now: what came between the first question and this one is older than these files.
        self.uploads.records.put(uploader.site, replace(asked, at=self.clock()))
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
        asked = self.uploads.of(uploader, upload)
        if asked is None:
            return refuse(404, "upload_unknown", _GONE)
        found, findings = self.uploads.fate(uploader.site, asked, put)
        said = {**office_words.of_fate(found, findings), "rows": None}
        if found.report and findings:
            said["rows"] = self.uploads.results.notices_link(uploader.site, found.report.import_id)
        return json_answer(200, said)
