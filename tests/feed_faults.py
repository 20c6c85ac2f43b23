"""What proxies, broken lines, overloaded clouds and attackers make of a feed's answers.

Each of `FAULTS` names the route whose answer is spoilt, how, and the outcome that the agent must tell. They know
nothing of a site or a version, so that they serve before any feed: `tests.feed_simulator` applies them as it answers,
and a proxy can apply them to what a deployed feed has answered. `route` says which call a request is.
"""

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What is sent. `length` may lie about the body; the connection then ends early.

    `silence` is for how many seconds nothing comes; `drip` how long each further byte takes.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    silence: float = 0
    drip: float = 0


Change = Callable[[Answer], Answer]

HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}

_ROUTES = {
    "enrol": r"/v1/enrol",
    "head": r"/v1/sites/[^/]+/head",
    "manifest": r"/v1/sites/[^/]+/versions/[^/]+/manifest",
    "object": r"/v1/sites/[^/]+/objects/[^/]+",
    "report": r"/v1/sites/[^/]+/servers/[^/]+/report",
    "token": r"/v1/sites/[^/]+/servers/[^/]+/token",
}


def route(path: str) -> str:
    """Which call a path is, whatever stands before it; "nowhere" when it is none."""
    return next((name for name, form in _ROUTES.items() if re.search(f"{form}$", path)), "nowhere")


def page(status: int) -> Change:
    """A page of somebody else's."""
    return lambda _: Answer(status, b"<html>Please log in</html>", HTML)


def other_json(status: int, body: object, **headers: str) -> Change:
    """An answer of the feed's kind."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Answer(status, json.dumps(body).encode(), JSON | named)


def other_bytes(change: Callable[[bytes], bytes]) -> Change:
    """The same answer with another body."""
    return lambda answer: replace(answer, body=change(answer.body))


def said(**change: Any) -> Change:
    """The same answer, saying something else; what is None, it says no more."""

    def changed(answer: Answer) -> Answer:
        told = json.loads(answer.body) | change
        return replace(
            answer, body=json.dumps({name: value for name, value in told.items() if value is not None}).encode()
        )

    return changed


def flip_a_bit(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def break_off(answer: Answer) -> Answer:
    return replace(answer, body=answer.body[:-5], length=len(answer.body))


FAULTS: dict[str, tuple[str, Change, str]] = {
    "head is a login page": ("head", page(200), "not_the_feed"),
    "head is JSON of somebody else": ("head", other_json(200, {"status": "fine"}), "not_the_feed"),
    "head is a list": ("head", other_json(200, []), "not_the_feed"),
    "head is nested beyond reason": ("head", other_bytes(lambda _: b"[" * 60_000), "not_the_feed"),
    "head is empty": ("head", other_bytes(lambda _: b""), "not_the_feed"),
    "head is another site's": ("head", said(site="another-site"), "not_the_feed"),
    "head has a version that is no number": ("head", said(version=True), "not_the_feed"),
    "head never ends": ("head", other_bytes(lambda b: b + b" " * (65 << 10)), "corrupt_download"),
    "head redirects": ("head", lambda _: Answer(302, headers={"Location": "https://login.invalid/"}), "not_the_feed"),
    "head is at 404, as a page": ("head", page(404), "not_the_feed"),
    "head says that nothing was published": (
        "head",
        other_json(404, {"error": "nothing_published"}),
        "nothing_published",
    ),
    "head is at 410 for good": ("head", other_json(410, {"error": "cursor_unknown"}), "not_the_feed"),
    "head is not signed": ("head", said(signature=None), "wrongly_signed"),
    "head is signed by nobody": ("head", said(signature={"key_id": "k", "signature": "AAAA"}), "wrongly_signed"),
    "head is of another manifest": ("head", said(manifest_sha256="0" * 64), "wrongly_signed"),
    "head is of another version": ("head", said(version=1_000_000), "wrongly_signed"),
    "head has a keyring of no form": ("head", said(keyring={"serial": 9}), "not_the_feed"),
    "token is refused": ("head", other_json(401, {"message": "Unauthorized"}), "token_refused"),
    "token is another site's": ("head", other_json(403, {"message": "Forbidden"}), "token_refused"),
    "a web filter blocks": ("head", page(403), "not_the_feed"),
    "feed is over its limits": ("head", other_json(429, {"message": "Too Many Requests"}), "feed_failed"),
    "feed fails": ("head", other_json(500, {"message": "Internal Server Error"}), "feed_failed"),
    "feed fails with a page": ("head", page(502), "feed_failed"),
    "head breaks off": ("head", break_off, "feed_unreachable"),
    "head does not come in time": ("head", lambda answer: replace(answer, silence=3), "feed_unreachable"),
    "manifest is a login page": ("manifest", page(200), "not_the_feed"),
    "manifest is changed": (
        "manifest",
        other_bytes(lambda b: b.replace(b'"members":', b'"members":1')),
        "corrupt_download",
    ),
    "manifest is of another version": ("manifest", said(version=1), "corrupt_download"),
    "manifest is too long": ("manifest", other_bytes(lambda b: b + b" " * (65 << 10)), "corrupt_download"),
    "manifest is gone": ("manifest", other_json(404, {"error": "version_unknown"}), "version_gone"),
    "manifest breaks off": ("manifest", break_off, "feed_unreachable"),
    "manifest fails": ("manifest", other_json(503, {}), "feed_failed"),
    "object is a login page": ("object", page(200), "not_the_feed"),
    "object has a flipped bit": ("object", other_bytes(flip_a_bit), "corrupt_download"),
    "object is cut": ("object", other_bytes(lambda b: b[:-1]), "corrupt_download"),
    "object is empty": ("object", other_bytes(lambda _: b""), "corrupt_download"),
    "object is longer": ("object", other_bytes(lambda b: b + b"x"), "corrupt_download"),
    "object never ends": ("object", other_bytes(lambda b: b * 100_000), "corrupt_download"),
    "object says that it is a terabyte": (
        "object",
        lambda answer: replace(answer, body=answer.body + b"x", length=1 << 40),
        "corrupt_download",
    ),
    "object was unzipped on the way": ("object", other_bytes(gzip.decompress), "corrupt_download"),
    "object was zipped once more": ("object", other_bytes(gzip.compress), "corrupt_download"),
    "object is another one": ("object", other_bytes(lambda _: gzip.compress(b"a snapshot\n")), "corrupt_download"),
    "object is a gzip bomb": ("object", other_bytes(lambda _: gzip.compress(bytes(50 << 20))), "corrupt_download"),
    "object breaks off": ("object", break_off, "feed_unreachable"),
    "object drips": ("object", lambda answer: replace(answer, drip=0.2), "feed_unreachable"),
    "object is gone": ("object", other_json(404, {"error": "object_unknown"}), "version_gone"),
    "object is at 404, as a page": ("object", page(404), "not_the_feed"),
    "object fails": ("object", other_json(500, {}), "feed_failed"),
    "object's token is refused": ("object", other_json(401, {"message": "Unauthorized"}), "token_refused"),
    "object redirects to http elsewhere": (
        "object",
        lambda _: Answer(302, headers={"Location": "http://192.0.2.1/object"}),
        "not_the_feed",
    ),
    "object redirects to nowhere": ("object", lambda _: Answer(302), "not_the_feed"),
    "object redirects to nonsense": (
        "object",
        lambda _: Answer(302, headers={"Location": "https://["}),
        "not_the_feed",
    ),
}
"""By what happens: the route, the change, the outcome."""

SLOW = frozenset({"head does not come in time", "object drips"})
"""Those that an agent notices by its patience alone; with all the others, a busy machine shall have all the time."""
