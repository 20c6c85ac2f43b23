"""The feed over HTTP: one method for each call that the agent makes.

Comes in: a site, a version, a blob. Goes out: typed answers, or bytes no longer than asked for. Refused: answers
that are too long (``CorruptDownload``), too slow (``FeedUnreachable``), or not the feed's (``NotTheFeed``): a proxy's
login page comes with status 200, too. No answer ever means "delete".

The operating system's trust store decides about certificates, and its proxy settings are obeyed. The token goes to the
feed alone: a redirect is followed by hand, once, without it.
"""

import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import TracebackType

import httpx2

from roster.encode import Blob
from roster_agent import trust
from roster_agent.failures import (
    AgentError,
    BadArgument,
    CodeForOtherSite,
    CodeRefused,
    CorruptDownload,
    FeedFailed,
    FeedUnreachable,
    NothingPublished,
    NotTheFeed,
    TokenRefused,
    VersionGone,
)

MAX_ANSWER_BYTES = 64 << 10
_TIMEOUT = httpx2.Timeout(30, connect=15)
_LONGEST_ANSWER_SECONDS = 60
# Slower than any line that a school still has: a server that drips would else hold the agent for days.
_SLOWEST_BYTES_PER_SECOND = 8 << 10

Progress = Callable[[int, int], None]
"""Told the bytes that have come and the bytes that will."""


@dataclass(frozen=True)
class _Answer:
    status: int
    kind: str
    location: str
    body: bytes

    def json(self) -> object:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def error(self) -> object:
        """The feed's own error code; None when it was not the feed that answered."""
        body = self.json()
        return body.get("error") if isinstance(body, dict) else None


class Feed:
    """A connection to one feed, as one server of one site."""

    def __init__(self, url: str, site: str, token: str | None = None) -> None:
        self._url = trust.feed_url(url)
        self._site = site
        self._token = token
        try:
            self._client = httpx2.Client(
                timeout=_TIMEOUT,
                # Bytes as they were published: they are compressed already, and their lengths are known.
                headers={"User-Agent": "roster-agent", "Accept-Encoding": "identity"},
                # A proxy cannot reach a feed on this very machine.
                trust_env=not self._url.startswith("http:"),
                verify=_trusted_by_the_system(),
            )
        except (ValueError, ImportError, OSError, httpx2.InvalidURL) as problem:
            # A proxy's address may hold a password, so its text stays here.
            raise FeedUnreachable("this machine's settings of proxy or certificates cannot be used") from problem

    def __enter__(self) -> "Feed":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def enrol(self, code: str) -> tuple[str, str]:
        """Use up a code; the server's id and token."""
        answer = self._send("POST", f"{self._url}/v1/enrol", MAX_ANSWER_BYTES, json={"code": code, "site": self._site})
        match answer.status, answer.error():
            case 200, _:
                return trust.grant(answer.json(), self._site)
            case 403, "code_invalid":
                raise CodeRefused
            case 409, "site_differs":
                raise CodeForOtherSite
            case 400, "bad_request":
                raise BadArgument("the feed does not understand the code")
        raise _failure(answer)

    def head(self, have: trust.Head | None) -> trust.Head:
        """The newest version, which may be the one that this server has."""
        question = f"?have={have.version}" if have else ""
        answer = self._get(f"{self._site_url}/head{question}", MAX_ANSWER_BYTES)
        if answer.status == 304 and have:
            return have
        if answer.status == 404 and answer.error() == "nothing_published":
            raise NothingPublished
        return trust.head(_expect(answer).json(), self._site)

    def manifest(self, version: int) -> bytes:
        answer = self._get(f"{self._site_url}/versions/{version}/manifest", MAX_ANSWER_BYTES)
        if answer.status == 404 and answer.error() is not None:
            raise VersionGone(f"the manifest of version {version}")
        return _expect(answer).body

    def object(self, blob: Blob, progress: Progress | None = None) -> bytes:
        """An object's bytes, unverified, no more than the blob has; from the feed, or from where it redirects to."""
        url = f"{self._site_url}/objects/{blob.sha256}"
        answer = self._get(url, blob.bytes, progress)
        if answer.status in (301, 302, 303, 307, 308):
            target = trust.redirect_url(url, answer.location)
            answer = self._send("GET", target, blob.bytes, progress)
            if answer.status in (400, 401, 403, 404):
                # Such an address is signed and lives for minutes, so a proxy's cache or a slow start can outlast it.
                raise FeedFailed(f"the address of the download answered with status {answer.status}")
        elif answer.status == 404 and answer.error() is not None:
            raise VersionGone("an object of the version")
        return _expect(answer).body

    @property
    def _site_url(self) -> str:
        return f"{self._url}/v1/sites/{self._site}"

    def _get(self, url: str, limit: int, progress: Progress | None = None) -> _Answer:
        return self._send("GET", url, limit, progress, headers={"Authorization": f"Bearer {self._token}"})

    def _send(
        self,
        method: str,
        url: str,
        limit: int,
        progress: Progress | None = None,
        *,
        headers: dict[str, str] | None = None,
        json: dict[str, str] | None = None,
    ) -> _Answer:
        try:
            with self._client.stream(method, url, headers=headers, json=json) as response:
                fine = response.status_code == 200
                body = _read(response, limit if fine else MAX_ANSWER_BYTES, progress if fine else None)
        except httpx2.TimeoutException as problem:
            raise FeedUnreachable("it did not answer in time") from problem
        except httpx2.ConnectError as problem:
            # The reason of a refused connection or certificate; it names hosts and nothing else.
            raise FeedUnreachable(str(problem)) from problem
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            # Not their texts: these may quote what was sent.
            raise FeedUnreachable(f"the connection broke ({type(problem).__name__})") from problem
        kind, location = (response.headers.get(name, "") for name in ("content-type", "location"))
        return _Answer(response.status_code, kind, location, body)


@cache
def _trusted_by_the_system() -> ssl.SSLContext:
    """The certificates that the operating system trusts, or those that SSL_CERT_FILE names; slow to read."""
    return httpx2.create_ssl_context()


def _read(response: httpx2.Response, limit: int, progress: Progress | None) -> bytes:
    deadline = time.monotonic() + _LONGEST_ANSWER_SECONDS + limit / _SLOWEST_BYTES_PER_SECOND
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > limit:
            raise CorruptDownload("it is longer than announced")
        if time.monotonic() > deadline:
            raise FeedUnreachable("the download is too slow")
        if progress:
            progress(len(body), limit)
    return bytes(body)


def _expect(answer: _Answer) -> _Answer:
    """The answer, when it is a 200 that a feed may give."""
    if answer.status != 200 or answer.kind.startswith("text/html"):
        raise _failure(answer)
    return answer


def _failure(answer: _Answer) -> AgentError:
    """What an answer means that is not the one hoped for."""
    if answer.status >= 500 or answer.status == 429:
        return FeedFailed(f"status {answer.status}")
    # API Gateway's own refusals are JSON too, with a message but no error code; a web filter's are pages.
    if answer.status in (401, 403) and isinstance(answer.json(), dict):
        return TokenRefused(f"status {answer.status}")
    return NotTheFeed(f"status {answer.status}, {answer.kind.partition(';')[0] or 'no content type'}")
