"""The feed simulator with an inbox: it enrols uploaders, gives links, takes files as S3 does, and tells fates.

`fates` are told in turn, the last for ever. What comes to a link is compared, to the byte, with what was asked for.
`refusals` are answered to the next PUTs, whatever they bring.
"""

import base64
import hashlib
import json
from typing import Any

from tests.answering import Asked
from tests.feed_faults import JSON, Answer
from tests.feed_simulator import BASE, FeedSimulator

IMPORTED: dict[str, Any] = {
    "status": "imported",
    "import": "20260901T020507Z-000014",
    "import_status": "ok",
    "counts": {"rows_read": 10, "rows_rejected": 0},
    "changes": {"members_created": 2, "members_removed": 0},
    "notices": [],
    "held": [],
}


class UploadSimulator(FeedSimulator):
    """Serve it with `serving()`; `inbox` has the files that were put there, `puts` their names in order."""

    def __init__(self) -> None:
        super().__init__()
        self.uploader_codes: dict[str, tuple[str, str]] = {}
        self.uploader_tokens: dict[str, str] = {}
        self.inbox: dict[str, bytes] = {}
        self.puts: list[str] = []
        self.asked: dict[str, dict[str, Any]] = {}
        self.followed: list[str] = []
        self.fates: list[dict[str, Any]] = [{"status": "waiting", "reason": "queued"}, IMPORTED]
        self.refusals: list[Answer] = []
        self.site_is_added = True

    def uploader_code(self, site: str, uploader: str = "office") -> str:
        code = f"CODE-{len(self.uploader_codes)}-{uploader}"
        self.uploader_codes[code] = (site, uploader)
        return code

    def _route(self, asked: Asked, body: bytes) -> tuple[str, Answer]:
        parts = asked.path.removeprefix(BASE).strip("/").split("/")
        if asked.method == "PUT":
            return "put", self._put(asked, parts[-2], parts[-1])
        match parts:
            case ["v1", "enrol"]:
                said = json.loads(body)
                kind, known = said.get("as", "server"), said["code"] in self.uploader_codes
                if (kind == "uploader") != known and said["code"] in {**self.codes, **self.uploader_codes}:
                    return "enrol", _error(409, "kind_differs")
                if kind == "uploader":
                    return "enrol", self._enrol_uploader(said)
            case ["v1", "sites", site, "uploads", *rest]:
                token = (asked.authorization or "").removeprefix("Bearer ")
                if self.uploader_tokens.get(token) != site:
                    return "uploads", Answer(403, b'{"message":"Forbidden"}', JSON)
                if rest:
                    return "fate", self._fate(rest[0], asked.query)
                return "uploads", self._links(json.loads(body))
        return super()._route(asked, body)

    def _enrol_uploader(self, said: dict[str, str]) -> Answer:
        if said["code"] not in self.uploader_codes:
            return _error(403, "code_invalid")
        site, uploader = self.uploader_codes[said["code"]]
        if said["site"] != site:
            return _error(409, "site_differs")
        del self.uploader_codes[said["code"]]
        token = f"uploader~{site}.{uploader}.{'s' * 40}{len(self.uploader_tokens)}"
        self.uploader_tokens[token] = site
        return _json({"site": site, "uploader": uploader, "token": token})

    def _links(self, said: dict[str, Any]) -> Answer:
        if not self.site_is_added:
            return _error(409, "site_not_added")
        upload = f"20260901T020500Z-{len(self.asked):016x}"
        self.asked[upload] = said["files"]
        links = {
            name: {
                "method": "PUT",
                "url": f"{self.origin}/bucket/{upload}/{name}?X-Amz-Signature=x",
                "headers": {
                    "content-length": str(about["bytes"]),
                    "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(about["sha256"])).decode(),
                },
            }
            for name, about in said["files"].items()
        }
        return _json({"upload": upload, "expires_at": "2026-09-01T02:20:00+00:00", "files": links})

    def _put(self, asked: Asked, upload: str, name: str) -> Answer:
        self.puts.append(name)
        if self.refusals:
            return self.refusals.pop(0)
        about, digest = self.asked[upload][name], hashlib.sha256(asked.body)
        sent = asked.headers.get("x-amz-checksum-sha256"), len(asked.body), asked.authorization
        if sent != (base64.b64encode(digest.digest()).decode(), about["bytes"], None):
            return Answer(403, b"<Error/>")
        if digest.hexdigest() != about["sha256"]:
            return Answer(400, b"<Error/>")
        self.inbox[name] = asked.body
        return Answer(200, headers={"x-amz-version-id": f"v{len(self.puts)}"})

    def _fate(self, upload: str, query: str) -> Answer:
        self.followed.append(query)
        fate = self.fates.pop(0) if len(self.fates) > 1 else self.fates[0]
        return _json({"upload": upload, **fate})


def _json(answer: dict[str, object]) -> Answer:
    return Answer(200, json.dumps(answer).encode(), JSON)


def _error(status: int, code: str) -> Answer:
    return Answer(status, json.dumps({"error": code, "message": "a sentence"}).encode(), JSON)
