"""The feed: one method for each call that the agent makes.

Comes in: a site, a version, a blob, a report. Goes out: typed answers, or bytes within the length asked for. Refused:
answers that are not the feed's (``NotTheFeed``): a proxy's login page comes with status 200 as well. No answer ever
means "delete". The token goes to the feed alone: a redirect is followed by hand, once, without it.
"""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

from roster.encode import Blob
from roster_agent.agent_settings import Settings
from roster_agent.failures import AgentError, BadArgument
from roster_agent.net import addresses
from roster_agent.net.feed_failures import (
    CodeForOtherSite,
    CodeForUploader,
    CodeRefused,
    CursorUnknown,
    FeedFailed,
    NothingPublished,
    NotTheFeed,
    TokenRefused,
    VersionGone,
)
from roster_agent.net.transport import MAX_ANSWER_BYTES, Answer, Progress, Transport
from roster_agent.trust import rules
from roster_agent.trust.trusted_keys import Keyring


class Feed:
    """A connection to one feed, as one server of one site.

    `poll_after` is how many seconds the feed wants between two questions, and `date` its clock, as last heard.
    """

    def __init__(self, url: str, site: str, token: str | None = None, settings: Settings | None = None) -> None:
        self._url = addresses.feed_url(url)
        self._site = site
        self._token = token
        # A proxy cannot reach a feed on this very machine.
        self._transport = Transport(settings or Settings(), direct=self._url.startswith("http:"))
        self.poll_after: float | None = None
        self.date: datetime | None = None

    def __enter__(self) -> "Feed":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()

    def enrol(self, code: str) -> tuple[str, str, Keyring]:
        """Use up a code; the server's id and token, and the keys to trust.

        Raises CodeRefused, CodeForOtherSite, CodeForUploader, BadArgument, NotTheFeed.
        """
        answer = self._transport.send("POST", f"{self._url}/v1/enrol", body={"code": code, "site": self._site})
        match answer.status, answer.error():
            case 200, _:
                return rules.grant(answer.json(), self._site)
            case 403, "code_invalid":
                raise CodeRefused
            case 409, "site_differs":
                raise CodeForOtherSite
            case 409, "kind_differs":
                raise CodeForUploader
            case 400, "bad_request":
                raise BadArgument("the feed does not understand the code")
        raise failure_of(answer)

    def head(self, have: rules.Head | None, keyring: int = 0) -> rules.Offer | None:
        """The newest version, unverified; None when it is the one that this server has.

        `keyring` is the serial number of the keys trusted: a head that newer keys have signed since is sent again.
        Raises NothingPublished, CursorUnknown, NotTheFeed.
        """
        cursor = f"?have={have.version}&epoch={have.epoch}&manifest={have.manifest_sha256}" if have else ""
        if have and keyring:
            cursor += f"&keyring={keyring}"
        answer = self._get(f"{self._site_url}/head{cursor}", MAX_ANSWER_BYTES)
        self.date = answer.date()
        match answer.status, answer.error():
            case 304, _ if have:
                self.poll_after = answer.poll_after()
                return None
            case 404, "nothing_published":
                raise NothingPublished
            case 410, "cursor_unknown" if have:
                raise CursorUnknown
        offered = rules.offer(expected(answer).json(), self._site)
        self.poll_after = answer.poll_after()
        return offered

    def manifest(self, version: int) -> bytes:
        """The bytes of a version's manifest, unverified; VersionGone where the feed lacks it."""
        answer = self._get(f"{self._site_url}/versions/{version}/manifest", MAX_ANSWER_BYTES)
        if answer.status == 404 and answer.error() is not None:
            raise VersionGone(f"the manifest of version {version}")
        return expected(answer).body

    def object(self, blob: Blob, progress: Progress | None = None) -> bytes:
        """An object's bytes, unverified, at most as many as the blob has; from the feed, or from where it redirects to.

        Raises VersionGone, FeedFailed, and what every call may raise.
        """
        url = f"{self._site_url}/objects/{blob.sha256}"
        answer = self._get(url, blob.bytes, progress)
        if answer.status in (301, 302, 303, 307, 308):
            target = addresses.redirect_url(url, answer.headers.get("location", ""))
            answer = self._transport.send("GET", target, blob.bytes, progress)
            if answer.status in (400, 401, 403, 404):
                # Such an address is signed and valid for minutes; a proxy's cache or a slow start can take longer.
                raise FeedFailed(f"the download's address answered with status {answer.status}")
        elif answer.status == 404 and answer.error() is not None:
            raise VersionGone("one of the version's objects")
        return expected(answer).body

    def report(self, server: str, said: Mapping[str, Any]) -> None:
        """Tell the cloud what this server has, in the form of docs/feed.md."""
        answer = self._post(f"servers/{server}/report", said)
        if answer.status != 204:
            raise failure_of(answer)

    def second_token(self, server: str) -> str:
        """Another token for this server. The one in use works until the new one is used for the first time."""
        answer = expected(self._post(f"servers/{server}/token", {})).json()
        return rules.token(answer.get("token") if isinstance(answer, dict) else None)

    @property
    def _site_url(self) -> str:
        return f"{self._url}/v1/sites/{self._site}"

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _get(self, url: str, limit: int, progress: Progress | None = None) -> Answer:
        return self._transport.send("GET", url, limit, progress, headers=self._bearer)

    def _post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return self._transport.send("POST", f"{self._site_url}/{path}", headers=self._bearer, body=body)


def expected(answer: Answer) -> Answer:
    """The answer, when it is a 200 that a feed may give."""
    if answer.status != 200 or answer.kind == "text/html":
        raise failure_of(answer)
    return answer


def failure_of(answer: Answer) -> AgentError:
    """The failure that an unexpected answer means."""
    if answer.status >= 500 or answer.status == 429:
        return FeedFailed(f"status {answer.status}", answer.retry_after())
    # API Gateway's own refusals are JSON too, with a message but no error code; a web filter's are pages.
    if answer.status in (401, 403) and isinstance(answer.json(), dict):
        return TokenRefused(f"status {answer.status}")
    return NotTheFeed(f"status {answer.status}, {answer.kind or 'no content type'}")
