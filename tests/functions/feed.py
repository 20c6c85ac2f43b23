"""The feed's function as the HTTP API calls it: a request event in, status, headers and bytes out."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from tests.deployed import Site, event, invoke

EXAMPLE_CODE = "K7QM-2WXP-9RTB"
EXAMPLE_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The code of a refusal, which always comes with a sentence."""
        said = self.json()
        assert set(said) == {"error", "message"}
        return str(said["error"])


def serve(site: Site, request: Any) -> Answer:
    """What serve_feed answers to a request."""
    said = invoke(site.cloud, "ServeFeedFunction", request)
    assert set(said) == {"statusCode", "headers", "body", "isBase64Encoded"}
    assert said["isBase64Encoded"] is True
    return Answer(said["statusCode"], said["headers"], base64.b64decode(said["body"], validate=True))


def enrol(site: Site, code: str, named: str | None = None) -> Answer:
    """Use a code, naming a site with it: its own, unless told otherwise."""
    return serve(site, event("serve_feed/enrol", {EXAMPLE_CODE: code, "hogwarts": named or site.name}))


def enrolled(site: Site, server: str) -> str:
    """The token of a server, enrolled for the test."""
    answer = enrol(site, site.ask("enrol", server=server)["code"])
    assert answer.status == 200, answer
    return str(answer.json()["token"])
