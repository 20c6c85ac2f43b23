"""What an uploader gets: addresses that take exactly the files it named, and what became of them. Nothing else.

The site is the token's, never the path's alone. Every refusal leaves an audit event, which names no file's content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from roster.feed_answer import Answer, json_answer, refuse
from roster.times import stamp
from roster.uploaders import Uploader
from roster.uploads import LINK_LIFE, BadUpload, read_versions
from roster_aws.inbox import Inbox
from roster_aws.intake.asked_uploads import AskedUploads, wanted_files
from roster_aws.telemetry import audit


@dataclass(frozen=True)
class UploadCalls:
    """The calls of uploaders."""

    uploads: AskedUploads
    inbox: Inbox

    def refusal(self, uploader: Uploader, site: str) -> Answer | None:
        """What to answer to an uploader that asks about another site; None when all is well."""
        if site != uploader.site:
            audit("site_refused", site=uploader.site, uploader=uploader.uploader)
            return refuse(403, "site_forbidden", "this token is for another site")
        return None

    def ask(self, uploader: Uploader, body: bytes) -> Answer:
        """Answer `POST …/uploads`: for each file a link that takes these bytes and no others, for fifteen minutes."""
        files = wanted_files(body)
        if isinstance(files, Answer):
            return files
        if not self.uploads.store.head(uploader.site).is_known:
            audit("upload_refused", site=uploader.site, uploader=uploader.uploader, reason="site_not_added")
            advice = "ask whoever gave you the code to run roster-admin site add"
            return refuse(409, "site_not_added", f"there is no site {uploader.site} yet, or no longer: {advice}")
        asked = self.uploads.new(uploader, files)
        audit("upload_asked", site=uploader.site, uploader=uploader.uploader, upload=asked.upload)
        links = {
            name: self.inbox.put_link(uploader.site, name, content.bytes, content.sha256, LINK_LIFE)
            for name, content in files.items()
        }
        return json_answer(
            200,
            {
                "upload": asked.upload,
                "expires_at": stamp(asked.at + LINK_LIFE),
                "files": {name: {"method": "PUT", **link} for name, link in links.items()},
            },
        )

    def follow(self, uploader: Uploader, upload: str, query: Mapping[str, str]) -> Answer:
        """Answer `GET …/uploads/{upload}`: what became of it, without the name of a person or a class."""
        try:
            put = read_versions(query)
        except BadUpload as bad:
            return refuse(400, "bad_request", str(bad))
        asked = self.uploads.of(uploader, upload)
        if asked is None:
            return refuse(404, "upload_unknown", "there is no such upload of yours, or it is kept no longer")
        found, findings = self.uploads.fate(uploader.site, asked, put)
        return json_answer(200, found.as_dict(upload, findings))
