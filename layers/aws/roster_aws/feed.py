"""What the feed says to a server of a site. The site is the token's, never the path's alone.

None of the answers other than a whole version ever means that anything should be removed.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

from roster_aws.enrolment import CodeInvalid, Enrolment, SiteDiffers
from roster_aws.results import Results, manifest_key, object_key
from roster_aws.store import Store

# A function's answer may have 6 MB, and base64 makes four bytes of three.
_INLINE_BYTES = 4_000_000

# Often enough that a morning's import is in the classrooms before the first lesson; the lever for the feed's cost.
_POLL_SECONDS = 300

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, body and headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def to_gateway(self) -> dict[str, Any]:
        """The answer in the form an HTTP API takes (payload format 2.0)."""
        encoded = base64.b64encode(self.body).decode()
        return {"statusCode": self.status, "headers": self.headers, "body": encoded, "isBase64Encoded": True}


def json_answer(status: int, said: dict[str, Any]) -> Answer:
    """An answer that is a JSON object."""
    return Answer(status, json.dumps(said, ensure_ascii=False).encode(), {"content-type": "application/json"})


def refuse(status: int, error: str, message: str) -> Answer:
    """An answer that says what was wrong: a stable code and a sentence."""
    return json_answer(status, {"error": error, "message": message})


class Feed:
    """The published versions of one site, as its servers see them."""

    def __init__(self, store: Store, results: Results, site: str) -> None:
        self._store = store
        self._results = results
        self._site = site

    def head(self, have: int | None) -> Answer:
        """The newest version; 304 when that is what the server has."""
        head = self._store.head(self._site)
        if not head.version:
            return refuse(404, "nothing_published", "no version of this site has been published yet")
        if have == head.version:
            return Answer(304)
        return json_answer(
            200,
            {
                "site": self._site,
                "epoch": head.epoch,
                "version": head.version,
                "manifest_sha256": head.manifest_sha256,
                "published_at": head.published_at,
                "poll_after_seconds": _POLL_SECONDS,
                "deltas": [],
            },
        )

    def manifest(self, version: int) -> Answer:
        """The manifest of a version, as its exact bytes."""
        head = self._store.head(self._site)
        # The head's own manifest is read by its digest: the copy under its number may be a moment away.
        is_head = version == head.version
        key = object_key(self._site, head.manifest_sha256) if is_head else manifest_key(self._site, version)
        manifest = self._results.fetch(key, _INLINE_BYTES) if 0 < version <= head.version else None
        if not isinstance(manifest, bytes):
            return refuse(404, "version_unknown", "there is no such version, or it is kept no longer")
        return Answer(200, manifest, {"content-type": "application/json"})

    def object(self, digest: str) -> Answer:
        """The bytes of an object, or a short-lived link to them where they are many."""
        is_digest = _SHA256.fullmatch(digest)
        found = self._results.fetch(object_key(self._site, digest), _INLINE_BYTES) if is_digest else None
        if found is None:
            return refuse(404, "object_unknown", "there is no such object, or it is kept no longer")
        if isinstance(found, str):
            return Answer(302, headers={"location": found})
        return Answer(200, found, {"content-type": "application/gzip"})


def enrol(enrolment: Enrolment, body: str, *, is_base64: bool) -> Answer:
    """Answer `POST /v1/enrol`: {"code": …} and, to be sure, {"site": …}."""
    try:
        asked = json.loads(base64.b64decode(body) if is_base64 else body)
        code, site = asked["code"], asked.get("site")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return refuse(400, "bad_request", 'the body is JSON: {"code": "…"}')
    if not isinstance(code, str) or not (site is None or isinstance(site, str)):
        return refuse(400, "bad_request", "code and site are strings")
    try:
        return json_answer(200, enrolment.enrol(code, site))
    except CodeInvalid:
        return refuse(403, "code_invalid", "the code is unknown, was used or has expired: ask for a new one")
    except SiteDiffers:
        return refuse(409, "site_differs", "the code is for another site; it can still be used there")


def whole_number(text: str | None) -> int | None:
    """A number as a path or query gives it; None when it is absent or no version number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None
