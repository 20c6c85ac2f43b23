"""The feed as an uploader asks it: one method for each call, and the PUT that its links are for.

Comes in: a code, a pair, an upload. Goes out: typed answers. Refused: what `upload_failures` and `net.feed_failures`
have. The token goes to the feed alone, a file to the feed's link alone, and no redirect is followed.
"""

import hashlib
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from roster_agent.agent_settings import Settings
from roster_agent.failures import BadArgument
from roster_agent.net import addresses
from roster_agent.net.feed_client import expected, failure_of
from roster_agent.net.feed_failures import CodeForOtherSite, CodeRefused, FeedFailed, TokenRefused
from roster_agent.net.transport import Answer, Progress, Transport
from roster_agent.upload.upload_answers import Link, Links, Outcome, read_grant, read_links, read_outcome
from roster_agent.upload.upload_failures import CodeForServer, SiteNotAdded, UploaderRefused

_CHUNK = 64 << 10


class LinkRefused(FeedFailed):
    """The upload's address did not take the file.

    Nothing was changed by it; another try gets another address.
    """


class UploadFeed:
    """A connection to one feed, as one uploader of one site."""

    def __init__(self, url: str, site: str, token: str | None = None, settings: Settings | None = None) -> None:
        self._url = addresses.feed_url(url)
        self._site = site
        self._token = token
        # A proxy cannot reach a feed on this very machine.
        self._transport = Transport(settings or Settings(), direct=self._url.startswith("http:"))

    def __enter__(self) -> "UploadFeed":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def enrol(self, code: str) -> tuple[str, str]:
        """Use up a code; the uploader's name and token.

        Raises CodeRefused, CodeForOtherSite, CodeForServer, BadArgument, NotTheFeed.
        """
        body = {"code": code, "site": self._site, "as": "uploader"}
        answer = self._transport.send("POST", f"{self._url}/v1/enrol", body=body)
        match answer.status, answer.error():
            case 200, _:
                return read_grant(answer.json(), self._site)
            case 403, "code_invalid":
                raise CodeRefused
            case 409, "site_differs":
                raise CodeForOtherSite
            case 409, "kind_differs":
                raise CodeForServer
            case 400, "bad_request":
                raise BadArgument("the feed does not understand the code")
        raise failure_of(answer)

    def ask(self, files: Mapping[str, bytes]) -> Links:
        """Links for these very files. Raises SiteNotAdded, UploaderRefused."""
        described = {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
        }
        answer = self._transport.send("POST", self._uploads, headers=self._bearer, body={"files": described})
        if (answer.status, answer.error()) == (409, "site_not_added"):
            raise SiteNotAdded(self._site)
        return read_links(self._expected(answer).json(), files, self._url)

    def put(self, link: Link, data: bytes, progress: Progress | None = None) -> str:
        """Send a file to its link; the version that the inbox has it under. Raises LinkRefused, FeedUnreachable."""
        answer = self._transport.put(link.url, _chunks(data, progress), link.headers)
        version = answer.headers.get("x-amz-version-id", "")
        if answer.status != 200 or not version:
            raise LinkRefused(f"status {answer.status}", answer.retry_after())
        return version

    def outcome(self, upload: str, versions: Mapping[str, str]) -> Outcome:
        """What became of an upload so far."""
        url = f"{self._uploads}/{upload}?{urlencode(versions)}"
        return read_outcome(self._expected(self._transport.send("GET", url, headers=self._bearer)).json())

    def _expected(self, answer: Answer) -> Answer:
        try:
            return expected(answer)
        except TokenRefused as refused:
            raise UploaderRefused(f"status {answer.status}") from refused

    @property
    def _uploads(self) -> str:
        return f"{self._url}/v1/sites/{self._site}/uploads"

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


def _chunks(data: bytes, progress: Progress | None) -> Iterator[bytes]:
    """The bytes piece by piece; whoever watches is told of each once the next is asked for."""
    whole: Any = memoryview(data)
    for begin in range(0, len(data), _CHUNK):
        yield bytes(whole[begin : begin + _CHUNK])
        if progress:
            progress(min(begin + _CHUNK, len(data)), len(data))
