"""A fetch: from a reason to ask a site's API to the bundle in its inbox. Read `fetch` from top to bottom.

1. Read the site's credentials, from the one secret that has the site's own name.
2. Pull every page (`roster.sources.pulling`), and say meanwhile how many records have come.
3. Put the bundle into the inbox, as an uploader would: there its import begins.

Whatever fails is told as a failed import, by a code that says what to do; then nothing is written, and what is
published stays. Killed after any request, a fetch leaves nothing behind, and the next one begins anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from roster.pair import refusal_id
from roster.report import Report
from roster.request import Request
from roster.sources.pulling import Ask, Bundle, PullFailed, count_schools, pull
from roster.times import stamp
from roster_aws.fetching.source_client import Credentials, SourceClient

# What is left for the upload, and to tell of a failure.
_SLACK_SECONDS = 60.0

# Not with each page: what has come is written to the table.
_TOLD_EVERY = timedelta(seconds=5)


Result = TypeVar("Result")


@dataclass(frozen=True)
class Places:
    """Where a fetch reads and writes; each raises what AWS raises.

    `secret` is the text of a site's secret, "" where it has none. `put` puts a file into a site's inbox.
    `tell_progress` shows how many records have come since when, `end_progress` shows nothing any more. `tell_failure`
    tells of a fetch that failed, as of an import. `ask_import` has the inbox looked at for who asked, `start` has
    another process fetch.
    """

    secret: Callable[[str], str]
    put: Callable[[str, str, bytes], None]
    tell_progress: Callable[[str, int, datetime], None]
    end_progress: Callable[[str], None]
    tell_failure: Callable[[Report], None]
    ask_import: Callable[[Request], None]


@dataclass(frozen=True)
class Fetcher:
    """Fetches sites. `clock` gives the time in UTC; `allow_http` is for the local cloud alone."""

    places: Places
    clock: Callable[[], datetime]
    allow_http: bool = False

    def fetch(self, wanted: Request, seconds: float) -> dict[str, Any]:
        """Fetch a site's roster within so many seconds; {"ok", "records"} or {"ok", "error", "what"}."""
        began = self.clock()
        try:
            bundle = self._pulled(wanted.site, seconds, began)
        except PullFailed as failed:
            self.places.end_progress(wanted.site)
            now = self.clock()
            about = wanted.asked or f"{failed.code} {now:%Y-%m-%d %H}"
            report = Report(
                wanted.site,
                refusal_id(now, about),
                "failed",
                asked=wanted.asked or None,
                reason=failed.code,
                ended_at=stamp(now),
                file=failed.what or None,
            )
            self.places.tell_failure(report)
            return {"ok": False, "error": failed.code, "what": failed.what}
        self.places.put(wanted.site, bundle.file, bundle.data)
        self.places.end_progress(wanted.site)
        if wanted.asked:
            self.places.ask_import(wanted)
        return {"ok": True, "records": dict(bundle.counts)}

    def test(self, site: str, seconds: float) -> dict[str, Any]:
        """Whether a site's API can be asked: {"ok", "schools"} or {"ok", "error", "what"}."""
        try:
            return {"ok": True, "schools": self._with_client(site, seconds, count_schools)}
        except PullFailed as failed:
            return {"ok": False, "error": failed.code, "what": failed.what}

    def _pulled(self, site: str, seconds: float, began: datetime) -> Bundle:
        self.places.tell_progress(site, 0, began)
        told = [began]

        def progress(records: int) -> None:
            now = self.clock()
            if now - told[0] >= _TOLD_EVERY:
                told[0] = now
                self.places.tell_progress(site, records, began)

        return self._with_client(site, seconds, lambda api, ask: pull(api, ask, progress))

    def _with_client(self, site: str, seconds: float, do: Callable[[str, Ask], Result]) -> Result:
        secret = self.places.secret(site)
        if not secret:
            raise PullFailed("source_not_set")
        credentials = Credentials.from_secret(secret)
        deadline = time.monotonic() + seconds - _SLACK_SECONDS
        with SourceClient(credentials, deadline, allow_http=self.allow_http) as client:
            return do(credentials.api, client.ask)
