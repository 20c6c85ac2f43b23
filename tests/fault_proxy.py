"""A proxy that stands before a deployed feed and spoils its answers, one route at a time.

In: the feed's address. Out: an address to give to an agent, and `spoil` for the faults of `tests.feed_faults`. What no
fault concerns passes as it came.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2

from tests.answering import Answering, Asked
from tests.feed_faults import Answer, Change, route

# Of one connection, not of what is sent; the proxy's own server adds them anew.
_HOP_BY_HOP = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}


class FaultProxy:
    """Serve it with `serving()`; `url` is what an agent is given, `asked` the paths that were asked for."""

    def __init__(self, feed_url: str) -> None:
        parts = urlsplit(feed_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._spoilt: dict[str, Change] = {}
        self.asked: list[str] = []
        self._server = Answering(self._answer)
        self._client = httpx2.Client(timeout=30, trust_env=False)
        self.url = self._server.origin + parts.path.rstrip("/")

    @contextmanager
    def serving(self) -> Iterator["FaultProxy"]:
        with self._client, self._server.serving():
            yield self

    def spoil(self, name: str, change: Change) -> None:
        """Change every answer of a route from now on."""
        self._spoilt[name] = change

    def heal(self) -> None:
        self._spoilt.clear()

    def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked.path)
        sent = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        if asked.authorization:
            sent["Authorization"] = asked.authorization
        url = f"{self._origin}{asked.path}{asked.query}"
        came = self._client.request(asked.method, url, headers=sent, content=asked.body or None)
        headers = {name: value for name, value in came.headers.items() if name.lower() not in _HOP_BY_HOP}
        answer = Answer(came.status_code, came.content, headers)
        change = self._spoilt.get(route(asked.path))
        return change(answer) if change else answer
