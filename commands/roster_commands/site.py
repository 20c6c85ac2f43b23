"""A site of a deployed stack, as an administrator sees it: every request goes through `manage_site`.

AWS credentials are found as every AWS program finds them. `Failed` tells a person what to do.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime
from functools import cached_property
from http.client import HTTPException
from typing import Any

import boto3

from roster.encode import Blob, Corrupt, lines
from roster.memory import NOTHING, Memory
from roster.plan import Base, Known
from roster_commands.stack import Failed as Failed
from roster_commands.stack import outputs_of

_PATIENCE_SECONDS = 600
_PARTITIONS = 16

# Two files of the largest size leave less than this to remember.
_MEMORY_LIMIT = 64 << 20

# Among how many of the newest reports the awaited one is looked for; each has a few kilobytes.
_NEWEST = 20

#: The status of an order for a site that has published nothing.
NOTHING_PUBLISHED = "nothing_published"


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
            raise Failed(f"manage_site failed ({said.get('errorType', 'unknown')}); its log in CloudWatch says why")
        if not said["ok"]:
            raise Failed(said["message"])
        return said

    def order(self, action: str, **details: Any) -> dict[str, Any]:
        """Order something that takes as long as an import, and wait for its report.

        The report's status is NOTHING_PUBLISHED if the site has published nothing. `revoked` lists the servers that
        were revoked with it. Raises Failed if it has not ended after ten minutes.
        """
        answer = self.ask(action, by=self._by, **details)
        asked, by_the_way = answer["asked"], {"revoked": answer["revoked"]} if "revoked" in answer else {}
        if not asked:
            return {"status": NOTHING_PUBLISHED, **by_the_way}
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            said = self.ask("imports", limit=_NEWEST)
            # A held import's own report says what became of it, however many newer reports there are.
            reports = said["imports"] + ([self.ask("report", **details)["report"]] if "import" in details else [])
            if said["waiting"] and said["waiting"].get("asked") == asked:
                return {"status": "waiting", **said["waiting"]}
            for report in reports:
                if report.get("asked") == asked and report["status"] != "fetching":
                    return {**report, **by_the_way}
            time.sleep(1)
        raise Failed("this is still running after ten minutes; `roster-admin imports` shows what becomes of it")

    def change(self, action: str, **details: Any) -> dict[str, Any]:
        """Change something at once, in the name of whoever these credentials belong to."""
        return self.ask(action, by=self._by, **details)

    def parts(self, action: str, **details: Any) -> Iterator[dict[str, Any]]:
        """The sixteen parts of an answer, one after the other."""
        for part in range(_PARTITIONS):
            yield self.ask(action, part=part, **details)

    def reports(self) -> Iterator[dict[str, Any]]:
        """The reports of all imports, newest first."""
        before: dict[str, str] = {}
        while batch := self.ask("imports", limit=100, **before)["imports"]:
            yield from batch
            before = {"before": batch[-1]["import"]}

    def version(self, number: int = 0, **held: str) -> tuple[dict[str, Any], Base | None]:
        """What `manage_site` says of a version (0: the newest), and its snapshot; None if nothing is published.

        With `import`, the version that this held import would publish.
        """
        said = self.ask("version", version=number, **held)
        return said, _base(said) if said["version"] else None

    def known(self, said: dict[str, Any]) -> Known:
        """What an import knows besides its pair. `said` is what `manage_site` says of the newest version.

        `memory_link` leads to what the site remembers; without one it remembers nothing.
        """
        link = said.get("memory_link")
        memory = NOTHING
        if link:
            try:
                memory = Memory.from_bytes(_fetched(link, _MEMORY_LIMIT, "what the site remembers"))
            except Corrupt as corrupt:
                raise Failed(f"what the site remembers cannot be read: {corrupt}") from None
        return Known(
            now=datetime.now(UTC),
            memory=memory,
            school_year=said.get("school_year") or "",
            earlier=_base(said["earlier"]) if said.get("earlier") else None,
            site_new=said.get("site_new"),
        )

    @cached_property
    def _by(self) -> str:
        return boto3.client("sts").get_caller_identity()["Arn"]

    @cached_property
    def inbox(self) -> str:
        """The bucket that files are uploaded to."""
        return self._outputs.get("InboxBucketName", "INBOX")

    @cached_property
    def _function(self) -> str:
        return self._outputs["ManageSiteFunctionName"]

    @cached_property
    def _outputs(self) -> dict[str, str]:
        return outputs_of(self._stack)


def _base(said: dict[str, Any]) -> Base:
    """Fetch the version that `manage_site` describes."""
    blob = Blob(**said["snapshot"])
    data = _fetched(said["link"], blob.bytes + 1, f"version {said['version']}")
    return Base(blob.content_sha256, said["counts"], lambda: lines(data, blob), said["version"])


def _fetched(link: str, limit: int, what: str) -> bytes:
    try:
        with urllib.request.urlopen(link, timeout=60) as answer:  # noqa: S310 (a link that AWS has signed)
            data: bytes = answer.read(limit)
    except (OSError, HTTPException) as error:
        raise Failed(f"{what} could not be fetched: {error}") from None
    return data
