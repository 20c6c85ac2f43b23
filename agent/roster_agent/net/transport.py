"""HTTP as the agent speaks it: one request, one answer, with a limit on bytes and on time.

Comes in: an address, what to send, how long the answer may be. Goes out: `Answer`. Refused: answers that are too long
(``CorruptDownload``) or too slow, and connections that cannot be made (``FeedUnreachable``).

The operating system's trust store decides about certificates, together with those of ``ca_file``. The proxy is the one
in the settings, the environment or the system. No redirect is followed here.
"""

import json
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

import httpx2

from roster_agent.agent_settings import Settings
from roster_agent.failures import BadSettings
from roster_agent.net.feed_failures import FeedUnreachable
from roster_agent.trust.refusals import CorruptDownload

MAX_ANSWER_BYTES = 64 << 10
_TIMEOUT = httpx2.Timeout(30, connect=15)
_LONGEST_ANSWER_SECONDS = 60
# Slower than any line that a school still has. Without a limit, a server that drips would keep the agent for days.
_SLOWEST_BYTES_PER_SECOND = 8 << 10
# Longer than any feed asks for.
_LONGEST_WISH_SECONDS = 7 * 24 * 3600

Progress = Callable[[int, int], None]
"""Told the bytes that have come and the bytes that will. What it raises ends the download."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def kind(self) -> str:
        """The media type, without its parameters; empty where the answer does not say."""
        return self.headers.get("content-type", "").partition(";")[0]

    def json(self) -> object:
        """The body as JSON; None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def error(self) -> object:
        """The feed's own error code; None when something else answered."""
        body = self.json()
        return body.get("error") if isinstance(body, dict) else None

    def date(self) -> datetime | None:
        """When the feed says it is; None when it does not."""
        return _date(self.headers.get("date", ""))

    def retry_after(self) -> float | None:
        """For how many seconds the feed asks to be left alone; a date counts from the feed's clock, never from ours."""
        said = self.headers.get("retry-after", "")
        then, now = _date(said), self.date()
        if then and now:
            return min(max(0.0, (then - now).total_seconds()), _LONGEST_WISH_SECONDS)
        return _seconds(said)

    def poll_after(self) -> float | None:
        """After how many seconds the feed wants to be asked again; None when it does not say."""
        return _seconds(self.headers.get("poll-after-seconds", ""))


class Transport:
    """A client for one feed. `direct` goes past every proxy."""

    def __init__(self, settings: Settings, *, direct: bool) -> None:
        system = settings.proxy == "system" and not direct
        given = None if direct or settings.proxy in ("system", "none") else settings.proxy
        try:
            self._client = httpx2.Client(
                timeout=_TIMEOUT,
                # Bytes as they were published: they are compressed already, and their lengths are known.
                headers={"User-Agent": "roster-agent", "Accept-Encoding": "identity"},
                trust_env=system,
                proxy=given,
                verify=_trusted(settings.ca_file, _changed_at(settings.ca_file)),
            )
        except (ValueError, ImportError, OSError, httpx2.InvalidURL) as problem:
            # A proxy's address may hold a password, so its text stays here.
            raise FeedUnreachable("this machine's proxy or certificate settings cannot be used") from problem

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        limit: int = MAX_ANSWER_BYTES,
        progress: Progress | None = None,
        *,
        headers: dict[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """Ask, and read the answer: up to `limit` bytes of a 200, up to `MAX_ANSWER_BYTES` of any other.

        Raises FeedUnreachable, CorruptDownload.
        """
        try:
            with self._client.stream(method, url, headers=headers, json=body) as response:
                fine = response.status_code == 200
                data = _read(response, limit if fine else MAX_ANSWER_BYTES, progress if fine else None)
        except httpx2.TimeoutException as problem:
            raise FeedUnreachable("it did not answer in time") from problem
        except httpx2.ConnectError as problem:
            # The reason of a refused connection or certificate; it names hosts and nothing else.
            raise FeedUnreachable(str(problem)) from problem
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            # Not their texts: these may quote what was sent.
            raise FeedUnreachable(f"the connection broke ({type(problem).__name__})") from problem
        return Answer(response.status_code, dict(response.headers), data)

    def put(self, url: str, pieces: Iterator[bytes], headers: dict[str, str]) -> Answer:
        """Send bytes to an address, with the length that the headers say. Raises FeedUnreachable."""
        try:
            with self._client.stream("PUT", url, headers=headers, content=pieces) as response:
                data = _read(response, MAX_ANSWER_BYTES, None)
        except httpx2.TimeoutException as problem:
            raise FeedUnreachable("it did not answer in time") from problem
        except httpx2.ConnectError as problem:
            raise FeedUnreachable(str(problem)) from problem
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            raise FeedUnreachable(f"the connection broke ({type(problem).__name__})") from problem
        return Answer(response.status_code, dict(response.headers), data)


@cache
def _trusted(ca_file: Path | None, changed_at: int | None) -> ssl.SSLContext:
    """The certificates that the operating system trusts, or those that SSL_CERT_FILE names; slow to read.

    `changed_at` is for the cache alone: a file that was replaced is read again.
    """
    context = httpx2.create_ssl_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as problem:  # ssl.SSLError is one
            raise BadSettings(f"ca_file {ca_file} cannot be read, or has no certificates in PEM") from problem
    return context


def _changed_at(path: Path | None) -> int | None:
    try:
        return path.stat().st_mtime_ns if path else None
    except OSError:
        return None


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


def _seconds(said: str) -> float | None:
    if not (said.isascii() and said.isdigit()) or len(said) > 9:
        return None
    return min(float(said), _LONGEST_WISH_SECONDS)


def _date(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else None
