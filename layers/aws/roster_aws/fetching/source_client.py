"""HTTP to another product's API: one request, one answer of JSON, with a limit on everything.

In: the credentials of a site. Out: `Answer`. Refused, with `PullFailed`, whose code says what to do: an address that is
none or not HTTPS, a server that cannot be reached, refuses, is busy for too long, redirects to another host, answers
with something else than JSON, too much of it, or too slowly. No text of an answer or a credential is in it.

HTTP without TLS is for the local cloud alone, to this machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256
from oauthlib.oauth1 import Client as OAuth1

from roster.sources.pulling import Answer, PullFailed

#: Each kind of API, with what comes behind a server's address where that does not say it.
APIS: Mapping[str, str] = {
    "clever": "/v3.1",
    "oneroster-1.1": "/ims/oneroster/v1p1",
    "oneroster-1.2": "/ims/oneroster/rostering/v1p2",
}

#: The rights that a client of OneRoster 1.2 asks for.
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"

CLEVER_URL = "https://api.clever.com"

_MOST_BYTES = 32 << 20  # of one answer
_TIMEOUT = httpx2.Timeout(60, connect=15)
_LONGEST_ANSWER_SECONDS = 120
_LONGEST_WAIT_SECONDS = 120
_TRIES = 5
_MOST_REDIRECTS = 3
_BUSY = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Credentials:
    """How a site's API is asked, as its secret says it. Its repr shows none of it.

    `token` is a bearer token; without one, `client_id` and `client_secret` sign each request (OneRoster 1.1, OAuth
    1.0a) or are exchanged at `token_url` (1.2).
    """

    api: str
    url: str
    token: str = ""
    client_id: str = ""
    client_secret: str = ""
    token_url: str = ""
    scope: str = SCOPE

    def __repr__(self) -> str:
        """Which API it is, and no more."""
        return f"Credentials(api={self.api!r})"

    @classmethod
    def from_secret(cls, text: str) -> Credentials:
        """The credentials in a secret's text; PullFailed for what can be none."""
        try:
            said = json.loads(text)
            made = cls(**{name: str(value) for name, value in said.items() if value})
        except (ValueError, TypeError, AttributeError):
            raise PullFailed("source_not_set") from None
        has_key = made.token or (made.client_id and made.client_secret)
        if made.api not in APIS or not made.url or not has_key:
            raise PullFailed("source_not_set")
        return made


class SourceClient:
    """Asks one API. It must have ended by `deadline`, a time of `clock`; `wait` waits for seconds."""

    def __init__(
        self,
        credentials: Credentials,
        deadline: float,
        *,
        allow_http: bool = False,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is asked yet. Raises PullFailed for an address that must not be asked."""
        self._credentials = credentials
        self._deadline = deadline
        self._allow_http = allow_http
        self._wait = wait
        self._clock = clock
        base = credentials.url.rstrip("/")
        tail = APIS[credentials.api]
        version = tail.rpartition("/")[2]
        self._base = base if base.endswith(version) else f"{base}{tail}"
        self._check(self._base)
        self._bearer = credentials.token
        self._client = httpx2.Client(timeout=_TIMEOUT, headers={"Accept": "application/json"}, trust_env=False)

    def __enter__(self) -> SourceClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, path: str, query: Mapping[str, str]) -> Answer:
        """The answer to a question below the API's address; raises PullFailed."""
        if not self._bearer and self._credentials.api == "oneroster-1.2":
            self._bearer = self._exchanged()
        what = path.strip("/")
        status, headers, data = self._tried(f"{self._base}{path}?{urlencode(query)}", what)
        if status == 401 and self._credentials.token_url and self._bearer:  # it lived no longer
            self._bearer = self._exchanged()
            status, headers, data = self._tried(f"{self._base}{path}?{urlencode(query)}", what)
        _refuse(status, what)
        return Answer(_json(data, what), headers)

    def _tried(self, url: str, what: str) -> tuple[int, Mapping[str, str], bytes]:
        """What comes back, once the server is not busy; it is waited for as long as it says."""
        for number in range(_TRIES):
            status, headers, data = self._followed(url, what)
            if status not in _BUSY:
                break
            if number + 1 < _TRIES:
                self._pause(headers, 2.0**number, what)
        return status, headers, data

    def _followed(self, url: str, what: str) -> tuple[int, Mapping[str, str], bytes]:
        """What comes back, after redirects that stay on the same host."""
        host = urlsplit(url).netloc
        for _ in range(_MOST_REDIRECTS + 1):
            status, headers, data = self._sent("GET", url, what)
            if status not in (301, 302, 303, 307, 308):
                return status, headers, data
            url = urljoin(url, headers.get("location", ""))
            if urlsplit(url).netloc != host:
                raise PullFailed("source_redirects", what)
            self._check(url)
        raise PullFailed("source_redirects", what)

    def _sent(
        self, method: str, url: str, what: str, form: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = self._authorization(method, url) if form is None else {}
        began = self._clock()
        if began > self._deadline:
            raise PullFailed("source_too_slow", what)
        body = bytearray()
        try:
            with self._client.stream(method, url, headers=headers, data=form) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise PullFailed("source_too_large", what)
                    if self._clock() > min(self._deadline, began + _LONGEST_ANSWER_SECONDS):
                        raise PullFailed("source_too_slow", what)
                return (
                    response.status_code,
                    {name.lower(): value for name, value in response.headers.items()},
                    bytes(body),
                )
        except httpx2.TimeoutException:
            raise PullFailed("source_too_slow", what) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
            # Not its text, which may quote what was sent.
            raise PullFailed("source_unreachable", what) from None

    def _authorization(self, method: str, url: str) -> dict[str, str]:
        if self._bearer:
            return {"Authorization": f"Bearer {self._bearer}"}
        mine = self._credentials
        signer = OAuth1(mine.client_id, client_secret=mine.client_secret, signature_method=SIGNATURE_HMAC_SHA256)
        _, headers, _ = signer.sign(url, http_method=method)
        return {str(name): str(value) for name, value in headers.items()}

    def _exchanged(self) -> str:
        """A bearer token for the client's id and secret."""
        mine = self._credentials
        self._check(mine.token_url)
        form = {
            "grant_type": "client_credentials",
            "client_id": mine.client_id,
            "client_secret": mine.client_secret,
            "scope": mine.scope,
        }
        status, _, data = self._sent("POST", mine.token_url, "token", form)
        _refuse(status, "token")
        said = _json(data, "token")
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token:
            raise PullFailed("source_refused", "token")
        return token

    def _check(self, url: str) -> None:
        """Refuse what is not HTTPS: the credentials would be read on the way."""
        parts = urlsplit(url)
        is_local = self._allow_http and parts.scheme == "http" and parts.hostname == "127.0.0.1"
        if not parts.hostname or (parts.scheme != "https" and not is_local):
            raise PullFailed("source_not_https")

    def _pause(self, headers: Mapping[str, str], otherwise: float, what: str) -> None:
        """Wait as long as the server says, or `otherwise`; not beyond the deadline."""
        seconds = otherwise
        if (reset := headers.get("x-ratelimit-reset", "")).isdecimal() and len(reset) < 12:
            # Clever says the second since 1970; others how many seconds are left.
            seconds = float(reset) - time.time() if len(reset) > 8 else float(reset)
        elif (after := headers.get("retry-after", "")).isdecimal() and len(after) < 9:
            seconds = float(after)
        seconds = max(0.1, seconds)
        if seconds > _LONGEST_WAIT_SECONDS or self._clock() + seconds > self._deadline:
            raise PullFailed("source_busy", what)
        self._wait(seconds)


def _refuse(status: int, what: str) -> None:
    """Raise PullFailed for a status that is no success."""
    if status == 200:
        return
    codes = {401: "source_refused", 403: "source_refused", 404: "source_not_found"}
    raise PullFailed(codes.get(status, "source_busy" if status in _BUSY else "source_no_api"), what)


def _json(data: bytes, what: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # a sign-in page, most often
        raise PullFailed("source_no_api", what) from None
