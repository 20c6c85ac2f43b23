"""What a server says of itself, and what it gets: a token for a code, a second token for the first, a report taken in.

An uploader's code becomes a token here too; all else that uploaders ask is `upload_calls`. Every refusal of a code or a
token leaves an audit event. None holds the secret, and a name only where it is our own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roster.feed_answer import Answer, json_answer, refuse
from roster.server_report import SIZE_LIMIT, BadReport, read_report
from roster.servers import Server
from roster_aws.enrolment import CodeInvalid, Enrolment, KindDiffers, SiteDiffers, TokenReplaced
from roster_aws.fleet import Fleet
from roster_aws.intake.upload_items import Uploaders
from roster_aws.signing import Keyring, Keyrings
from roster_aws.store import Store
from roster_aws.telemetry import audit


@dataclass(frozen=True)
class ServerCalls:
    """The calls of servers about themselves. `clock` gives the time in UTC."""

    enrolment: Enrolment
    uploaders: Uploaders
    fleet: Fleet
    store: Store
    keyrings: Keyrings
    clock: Callable[[], datetime]

    def enrol(self, body: bytes, source: str) -> Answer:
        """Answer `POST /v1/enrol`: {"code": …} and, to be sure, {"site": …}. `source` is the address that asks.

        With {"as": "uploader"} the code has to be an uploader's, and else a server's.
        """
        try:
            asked = json.loads(body)
            code, site, kind = asked["code"], asked.get("site"), asked.get("as", "server")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return refuse(400, "bad_request", 'the body is JSON: {"code": "…"}')
        if not isinstance(code, str) or not (site is None or isinstance(site, str)):
            return refuse(400, "bad_request", "code and site are strings")
        if kind not in ("server", "uploader"):
            return refuse(400, "bad_request", 'as is "server" or "uploader"')
        enrolling = self.uploaders if kind == "uploader" else self.enrolment
        try:
            enrolled = enrolling.enrol(code, site)
        except CodeInvalid:
            audit("enrol_refused", reason="code_invalid", source=source)
            return refuse(403, "code_invalid", "the code is unknown, was used or has expired: ask for a new one")
        except SiteDiffers:
            audit("enrol_refused", reason="site_differs", source=source)
            return refuse(409, "site_differs", "the code is for another site; it can still be used there")
        except KindDiffers:
            audit("enrol_refused", reason="kind_differs", source=source)
            other = "a server" if kind == "uploader" else "an uploader"
            return refuse(409, "kind_differs", f"the code is for {other}; it can still be used there")
        audit("enrolled", site=enrolled["site"], source=source, **{kind: enrolled[kind]})
        if kind == "uploader":  # which reads nothing, and so has nothing to verify
            return json_answer(200, {**enrolled})
        return json_answer(200, {**enrolled, "keyring": self._keyring(enrolled["site"]).as_dict()})

    def _keyring(self, site: str) -> Keyring:
        """The keyring that the site's head is signed with, so that the new server can verify what it will read."""
        head = self.store.head(site)
        keyring = self.keyrings.of(head.keyring_serial) if head.keyring_serial else self.keyrings.newest()
        if keyring is None:  # no code is given out before there is one
            raise LookupError("there is no keyring")
        return keyring

    def refusal(self, server: Server, token: str, path: Mapping[str, str]) -> Answer | None:
        """What to answer to a server that asks for what is not its own; None when all is well.

        A token that is used for the first time ends the one before it.
        """
        if path["site"] != server.site:
            audit("site_refused", site=server.site, server=server.server)
            return refuse(403, "site_forbidden", "this token is for another site")
        if path.get("server", server.server) != server.server:
            audit("server_refused", site=server.site, server=server.server)
            return refuse(403, "server_forbidden", "this token is for another server")
        if server.newer_token:
            with suppress(TokenReplaced):  # by another request that came with it; the authorizer has let this one in
                self.enrolment.end_older_token(server, token)
        return None

    def report(self, server: Server, body: bytes) -> Answer:
        """Take in a report."""
        if len(body) > SIZE_LIMIT:
            return refuse(413, "too_large", f"a report has {SIZE_LIMIT} bytes at the most")
        try:
            self.fleet.reported(server, read_report(body, self.clock()))
        except BadReport as bad:
            return refuse(400, "bad_request", str(bad))
        return Answer(204)

    def rotate(self, server: Server, token: str) -> Answer:
        """Give a server a second token beside the one it asks with, which ends when the second is first used."""
        try:
            second = self.enrolment.second_token(server, token)
        except TokenReplaced:
            return refuse(403, "token_replaced", "this token was replaced a moment ago: ask with the newer one")
        audit("token_rotated", site=server.site, server=server.server)
        return json_answer(200, {"token": second})


def token_of(headers: Mapping[str, str]) -> str:
    """The bearer token of a request; "" when it has none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def body_of(event: dict[str, Any]) -> bytes:
    """The body of a request, whatever it is; b"" when it is none."""
    body = event.get("body") or ""
    try:
        return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(errors="surrogatepass")
    except ValueError:
        return b""
