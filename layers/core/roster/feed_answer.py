"""An HTTP answer of the feed, before the gateway's form is given to it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

# What a proxy or a browser must not keep: it changes, or it is a secret.
NOT_KEPT = {"cache-control": "no-store"}

# What is named by its own digest, or by a number that is never given again. For the one who asked, with a token, alone.
KEPT = {"cache-control": "private, max-age=31536000, immutable"}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, body and headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def to_gateway(self) -> dict[str, Any]:
        """The answer in the form an HTTP API takes (payload format 2.0)."""
        encoded = base64.b64encode(self.body).decode()
        headers = NOT_KEPT | self.headers
        return {"statusCode": self.status, "headers": headers, "body": encoded, "isBase64Encoded": True}


def json_answer(status: int, said: dict[str, Any], **headers: str) -> Answer:
    """An answer that is a JSON object."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(said, ensure_ascii=False).encode(), {"content-type": "application/json", **named})


def refuse(status: int, error: str, message: str) -> Answer:
    """An answer that says what was wrong: a stable code and a sentence."""
    return json_answer(status, {"error": error, "message": message})
