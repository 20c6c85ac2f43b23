"""Uploaders as the HTTP API knows them: a token, a question through authorizer and function, a link followed."""

import hashlib
import json
from base64 import b64decode
from typing import Any

import httpx2

from tests.deployed import SEED, Site, event, invoke
from tests.functions.feed import EXAMPLE_CODE, Answer, serve


def enrol_uploader(site: Site, code: str, kind: str = "uploader", named: str | None = None) -> Answer:
    """Use a code as an uploader."""
    request = event("serve_feed/enrol", {EXAMPLE_CODE: code})
    request["body"] = json.dumps({"code": code, "site": named or site.name, "as": kind})
    return serve(site, request)


def code_for(site: Site, uploader: str = "office", seconds: int = 3600) -> str:
    """A code for an uploader of a site that was added."""
    site.add()
    return str(site.ask("uploader-add", uploader=uploader, valid_seconds=seconds)["code"])


def uploader_token(site: Site, uploader: str = "office") -> str:
    """The token of an uploader, enrolled for the test."""
    answer = enrol_uploader(site, code_for(site, uploader))
    assert answer.status == 200, answer
    return str(answer.json()["token"])


def authorized(site: Site, token: str) -> Any:
    """What the authorizer says of a token."""
    request = event("authorize_server/request")
    request["headers"]["authorization"] = f"Bearer {token}"
    return invoke(site.cloud, "AuthorizeServerFunction", request)


def call(its_site: Site, name: str, token: str, body: Any = None, **changed: Any) -> Answer:
    """One of events/accept_uploads as somebody with this token sends it: authorized first, then answered."""
    request = event(f"accept_uploads/{name}", {"hogwarts": its_site.name})
    known = authorized(its_site, token)
    assert known["isAuthorized"]
    request["requestContext"]["authorizer"]["lambda"] = known["context"]
    if body is not None:
        request["body"] = body if isinstance(body, str) else json.dumps(body)
    request["pathParameters"] |= changed.pop("path", {})
    said = invoke(its_site.cloud, "AcceptUploadsFunction", request | changed)
    return Answer(said["statusCode"], said["headers"], b64decode(said["body"], validate=True))


def described(files: dict[str, bytes]) -> dict[str, Any]:
    """A question for links for these files."""
    return {"files": {name: {"bytes": len(data), "sha256": digest(data)} for name, data in files.items()}}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(link: dict[str, Any], data: bytes, **headers: str) -> httpx2.Response:
    """Follow a link with these bytes; `headers` change what has to come with it, "" leaves one out."""
    named = link["headers"] | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.put(link["url"], content=data, headers={name: value for name, value in named.items() if value})


def upload(site: Site, token: str, files: dict[str, bytes] | None = None) -> tuple[str, dict[str, str]]:
    """Upload a pair, or other files; the upload's id, and which version of each file the inbox has."""
    pair = files or SEED
    asked = call(site, "ask", token, described(pair)).json()
    answers = {name: put(asked["files"][name], data) for name, data in pair.items()}
    assert [answer.status_code for answer in answers.values()] == [200] * len(pair)
    return asked["upload"], {name: answer.headers["x-amz-version-id"] for name, answer in answers.items()}


def follow(site: Site, token: str, upload_id: str, versions: dict[str, str]) -> Answer:
    """What became of an upload."""
    return call(site, "follow", token, path={"upload": upload_id}, queryStringParameters=versions)
