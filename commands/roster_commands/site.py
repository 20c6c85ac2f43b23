"""A site of a deployed stack, seen from an admin's desk: every request goes through `manage_site`.

AWS credentials are found as every AWS program finds them. `Failed` says what a person has to do something about.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from functools import cached_property
from http.client import HTTPException
from typing import Any

import boto3

from roster.encode import Blob, lines
from roster.plan import Base

_PATIENCE_SECONDS = 600
_PARTITIONS = 16

# A report that is waited for is among so many, and a few kilobytes each.
_NEWEST = 20


class Failed(Exception):
    """Something a person has to do something about; the text says what."""


class Site:
    """One site, by its name, of the stack of this name."""

    def __init__(self, name: str, stack: str) -> None:
        self.name = name
        self._stack = stack
        self._lambda = boto3.client("lambda")

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        """The answer to one request; Failed when it is refused or the function breaks off."""
        payload = json.dumps({"action": action, "site": self.name, **details})
        answer = self._lambda.invoke(FunctionName=self._function, Payload=payload)
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Failed(f"manage_site broke off ({said.get('errorType', 'unknown')}); its log in CloudWatch says why")
        if not said["ok"]:
            raise Failed(said["message"])
        return said

    def order(self, action: str, **details: Any) -> dict[str, Any]:
        """Have something done that takes an import's time, and wait for the report of it."""
        asked = self.ask(action, by=self._by, **details)["asked"]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            said = self.ask("imports", limit=_NEWEST)
            # What a held import becomes stands in its own report, however many are newer.
            reports = said["imports"] + ([self.ask("report", **details)["report"]] if "import" in details else [])
            if said["waiting"] and said["waiting"].get("asked") == asked:
                return {"status": "waiting", **said["waiting"]}
            for report in reports:
                if report.get("asked") == asked and report["status"] != "fetching":
                    return dict(report)
            time.sleep(1)
        raise Failed("this has not ended after ten minutes; `roster-admin imports` will show what comes of it")

    def change(self, action: str, **details: Any) -> dict[str, Any]:
        """Have something changed at once, with who wants it."""
        return self.ask(action, by=self._by, **details)

    def parts(self, action: str, **details: Any) -> Iterator[dict[str, Any]]:
        """The answers to a request that is answered in sixteen parts."""
        for part in range(_PARTITIONS):
            yield self.ask(action, part=part, **details)

    def reports(self) -> Iterator[dict[str, Any]]:
        """The reports of all imports, newest first."""
        before: dict[str, str] = {}
        while batch := self.ask("imports", limit=100, **before)["imports"]:
            yield from batch
            before = {"before": batch[-1]["import"]}

    def version(self, number: int = 0, **held: str) -> tuple[dict[str, Any], Base | None]:
        """What `manage_site` says of a version (0: the newest), and its snapshot; None when nothing is published.

        With `import`, the version that this held import would publish.
        """
        said = self.ask("version", version=number, **held)
        if not said["version"]:
            return said, None
        blob = Blob(**said["snapshot"])
        try:
            with urllib.request.urlopen(said["link"], timeout=60) as answer:  # noqa: S310 (a link that AWS has signed)
                data: bytes = answer.read(blob.bytes + 1)
        except (OSError, HTTPException) as error:
            raise Failed(f"version {said['version']} could not be fetched: {error}") from None
        return said, Base(blob.content_sha256, said["counts"], lambda: lines(data, blob))

    @cached_property
    def _by(self) -> str:
        return boto3.client("sts").get_caller_identity()["Arn"]

    @cached_property
    def _function(self) -> str:
        described = boto3.client("cloudformation").describe_stacks(StackName=self._stack)["Stacks"][0]
        for output in described.get("Outputs", []):
            if output.get("OutputKey") == "ManageSiteFunctionName":
                return str(output["OutputValue"])
        raise Failed(f"the stack {self._stack} is no Impero SIS Import: it has no output ManageSiteFunctionName")
