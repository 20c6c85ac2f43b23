"""A site of a deployed stack, as an administrator sees it: every request goes through `manage_site`.

AWS credentials are found as every AWS program finds them. `Failed` tells a person what to do.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime
from functools import cached_property
from http.client import HTTPException
from typing import Any, Literal, cast

import boto3

from roster.encode import Blob, Corrupt, lines
from roster.memory import NOTHING, Memory
from roster.pair import Waiting
from roster.plan import Base, Known
from roster.report import Report
from roster_commands.outcome import NOTHING_PUBLISHED, Outcome
from roster_commands.stack import Failed as Failed
from roster_commands.stack import outputs_of
from roster_pages.access_data import AccessData, joined
from roster_pages.view_data import ManifestData, ReportData, VersionData

_PATIENCE_SECONDS = 600

# Two files of the largest size leave less than this to remember.
_MEMORY_LIMIT = 64 << 20

# Among how many of the newest reports the awaited one is looked for; each has a few kilobytes.
_NEWEST = 20


class Site:
    """One site of one stack."""

    def __init__(self, name: str, stack: str) -> None:
        self.name = name
        self._stack = stack
        self._lambda = boto3.client("lambda")

    def other(self, name: str) -> Site:
        """Another site of the same stack, with the same client. Another thread may use it."""
        for known in ("_function", "_by"):  # asked for once, and here, since a thread must not make clients
            getattr(self, known)
        other = copy(self)
        other.name = name
        return other

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        """The answer to one request. Raises Failed if it is refused, or if the function fails."""
        payload = json.dumps({"action": action, "site": self.name, **details})
        answer = self._lambda.invoke(FunctionName=self._function, Payload=payload)
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Failed(f"manage_site failed ({said.get('errorType', 'unknown')}). Its log in CloudWatch says why.")
        if not said["ok"]:
            raise Failed(said["message"])
        return said

    def order(self, action: str, **details: Any) -> Outcome:
        """Order something that takes as long as an import, and wait for what comes of it.

        Raises Failed if it has not ended after ten minutes.
        """
        answer = self.ask(action, by=self._by, **details)
        asked, revoked = answer["asked"], answer.get("revoked")
        by_the_way = {} if revoked is None else {"revoked": revoked}
        if not asked:
            return Outcome({"status": NOTHING_PUBLISHED, **by_the_way}, revoked=revoked)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            said = self.ask("imports", limit=_NEWEST)
            # A held import's own report says what became of it, however many newer reports there are.
            reports = said["imports"] + ([self.ask("report", **details)["report"]] if "import" in details else [])
            waiting: Waiting | None = said["waiting"]
            if waiting and waiting.get("asked") == asked:
                return Outcome({"status": "waiting", **waiting}, waiting=waiting)
            for data in reports:
                report = Report.from_dict(data)
                if report.asked == asked and report.status != "fetching":
                    return Outcome({**data, **by_the_way}, report, revoked=revoked)
            time.sleep(1)
        raise Failed("This is still running after ten minutes. `roster-admin imports` shows what comes of it.")

    def change(self, action: str, **details: Any) -> dict[str, Any]:
        """Change something at once, in the name of whoever these credentials belong to."""
        return self.ask(action, by=self._by, **details)

    def report(self, import_id: str) -> Report:
        """The report of an import. Raises Failed if there is no such import."""
        return Report.from_dict(self.ask("report", **{"import": import_id})["report"])

    def whole(self, view: Literal["console", "group", "user"], name: str = "") -> AccessData:
        """All that the page of a view shows page by page. Another question is asked only where an answer is full."""
        asked = {"view": view, "name": name, "whole": True}
        data: AccessData = self.ask("page", **asked)["page"]
        while start := data.get("next"):
            data = joined(data, self.ask("page", **asked, start=start)["page"])
        return data

    def reports(self) -> Iterator[ReportData]:
        """The data of the reports of all imports, newest first."""
        before: dict[str, str] = {}
        while batch := self.ask("imports", limit=100, **before)["imports"]:
            yield from batch
            before = {"before": Report.from_dict(batch[-1]).import_id}

    def version(self, number: int = 0, held: str = "") -> tuple[VersionData, Base | None]:
        """What `manage_site` says of a version (0: the newest), and its snapshot; None if nothing is published.

        `held` is the id of a held import: then the version that it would publish.
        """
        asked = {"import": held} if held else {}
        said = cast("VersionData", self.ask("version", version=number, **asked))
        return said, _base(said) if said["version"] else None

    def known(self, said: VersionData) -> Known:
        """What an import knows besides its pair. `said` is what `manage_site` says of the newest version.

        `memory_link` leads to what the site remembers; without one it remembers nothing.
        """
        link = said.get("memory_link")
        memory = NOTHING
        if link:
            try:
                memory = Memory.from_bytes(_fetched(link, _MEMORY_LIMIT, "What the site remembers"))
            except Corrupt as corrupt:
                raise Failed(f"What the site remembers cannot be read: {corrupt}.") from None
        return Known(
            now=datetime.now(UTC),
            memory=memory,
            school_year=said.get("school_year") or "",
            earlier=_base(earlier) if (earlier := said.get("earlier")) else None,
            site_new=said.get("site_new"),
            no_console=frozenset(said.get("no_console") or ()),
        )

    @cached_property
    def _by(self) -> str:
        return boto3.client("sts").get_caller_identity()["Arn"]

    @cached_property
    def inbox(self) -> str:
        """The bucket that files are uploaded to."""
        return self._outputs.get("InboxBucketName", "INBOX")

    @cached_property
    def feed(self) -> str:
        """The address that servers and uploaders enrol at. The local cloud's is not the one in its outputs."""
        return os.environ.get("FEED_URL") or self._outputs.get("FeedUrl", "URL")

    @property
    def region(self) -> str:
        """The region that the stack is in."""
        return str(self._lambda.meta.region_name)

    @property
    def partition(self) -> str:
        """Which of AWS's worlds the stack is in, as ARNs have it."""
        return str(self._lambda.meta.partition)

    @cached_property
    def _function(self) -> str:
        return self._outputs["ManageSiteFunctionName"]

    @cached_property
    def _outputs(self) -> dict[str, str]:
        return outputs_of(self._stack)


def _base(said: ManifestData | VersionData) -> Base:
    """Fetch the version that `manage_site` describes."""
    blob = Blob(**said["snapshot"])
    data = _fetched(said["link"], blob.bytes + 1, f"Version {said['version']}")
    return Base(blob.content_sha256, said["counts"], lambda: lines(data, blob), said["version"])


def _fetched(link: str, limit: int, what: str) -> bytes:
    try:
        with urllib.request.urlopen(link, timeout=60) as answer:  # noqa: S310 (a link that AWS has signed)
            data: bytes = answer.read(limit)
    except (OSError, HTTPException) as error:
        raise Failed(f"{what} could not be fetched: {error}.") from None
    return data
