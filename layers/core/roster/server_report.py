"""What a server reports of itself: what it applied, and how its last attempt ended. In: JSON. Out: what is kept of it.

Refused, with `BadReport`: anything that has not the form of a report. Only codes, numbers and digests can be in one,
so no name can come into the cloud this way.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Literal, NotRequired, TypedDict, cast

from roster.notices import STUDENTS, TEACHERS

SIZE_LIMIT = 8192

_SHA256 = re.compile("[0-9a-f]{64}")
_OUTCOME = re.compile("[a-z][a-z0-9_]{0,39}")
_AGENT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,39}")
_FIELDS = {"version", "epoch", "manifest_sha256", "files", "outcome", "agent", "clock", "held"}


class ServerReport(TypedDict):
    """A report as it is kept. What was applied is None where nothing was; `clock_offset` is in seconds.

    `cloud_approval` is whether the server takes what was approved in the cloud, or asks again; older agents ask again
    and do not say so.
    """

    version: int | None
    epoch: int | None
    manifest_sha256: str | None
    files: dict[str, str]
    outcome: str
    agent: str
    held: bool
    clock_offset: int
    cloud_approval: NotRequired[Literal["accept", "ask"]]


class BadReport(ValueError):
    """It is no report; the text says why, and quotes nothing."""


def read_report(data: bytes, received: datetime) -> ServerReport:
    """A report as it is kept: as it was sent, but for `clock`, which becomes `clock_offset` in seconds.

    The offset is how far the server's clock is ahead of `received`.
    """
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        raise BadReport("the body is no JSON") from None
    if not isinstance(said, dict) or not said.keys() >= _FIELDS:
        raise BadReport("a report has version, epoch, manifest_sha256, files, outcome, agent, clock and held")
    version, epoch, digest = said["version"], said["epoch"], said["manifest_sha256"]
    if not (version is epoch is digest is None or (_number(version) and _number(epoch) and _matches(_SHA256, digest))):
        raise BadReport("version, epoch and manifest_sha256 are all those of a version, or all null")
    files = said["files"]
    if not isinstance(files, dict) or not files.keys() <= {TEACHERS, STUDENTS}:
        raise BadReport("files are teachers.csv and students.csv, as far as they are there")
    if not all(_matches(_SHA256, each) for each in files.values()):
        raise BadReport("a file is named with its SHA-256")
    if not (_matches(_OUTCOME, said["outcome"]) and _matches(_AGENT, said["agent"]) and isinstance(said["held"], bool)):
        raise BadReport("outcome is a code, agent a version, held true or false")
    if said.get("cloud_approval", "ask") not in ("accept", "ask"):
        raise BadReport("cloud_approval is accept or ask, where it is there")
    offset = _offset(said["clock"], received)
    kept = {name: said[name] for name in sorted(_FIELDS - {"clock"})} | {"clock_offset": offset}
    if "cloud_approval" in said:
        kept["cloud_approval"] = said["cloud_approval"]
    return cast("ServerReport", kept)


def _number(value: object) -> bool:
    return type(value) is int and 0 < value < 10**15


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _offset(clock: object, received: datetime) -> int:
    try:
        offset = (datetime.fromisoformat(str(clock)) - received).total_seconds()
    except (ValueError, TypeError, OverflowError):
        raise BadReport("clock is a time with its zone, as ISO 8601 has it") from None
    return round(offset)
