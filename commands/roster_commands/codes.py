"""Codes that work once: how long they are to live, given and shown, and what to run with them.

In: what a person wrote; a site and a code. Out: seconds, texts. Refused, with argparse's error: a time that is none.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console

from roster_commands.site import Site

_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_SHORTEST = 60
_LONGEST = 7 * _SECONDS["d"]


def life(text: str) -> int:
    """Seconds of a life like 30m, 12h or 7d."""
    found = re.fullmatch(r"([0-9]{1,5})([mhd])", text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not _SHORTEST <= seconds <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time from 1m to 7d: write 30m, 12h or 7d")
    return seconds


def until(code: Mapping[str, Any]) -> str:
    """When a code expires, in this machine's time: Fri 27 Nov 14:05."""
    return f"{datetime.fromisoformat(code['expires_at']).astimezone():%a %d %b %H:%M}"


def enrol_command(site: Site, code: str) -> str:
    """What enrols an Impero server."""
    return f"roster-agent enrol --feed '{site.feed}' --site {site.name} --code {code} --folder CSVIMPORT"


def push_command(site: Site, code: str) -> str:
    """What uploads a folder's pair without an AWS account."""
    return f"roster-agent push DIR --enrol {code} --feed '{site.feed}' --site {site.name}"


def give(site: Site, action: str, kind: str, names: Iterable[str], valid: int) -> list[dict[str, Any]]:
    """A code for each name: {`kind`, code, expires_at}, good for so many seconds. `kind` is server or uploader."""
    made = [{kind: name, **site.change(action, **{kind: name}, valid_seconds=valid)} for name in names]
    return [{name: each[name] for name in (kind, "code", "expires_at")} for each in made]


def show(
    made: Iterable[Mapping[str, Any]],
    describe: Callable[[Mapping[str, Any]], tuple[str, str]],
    out: Console,
    err: Console,
) -> None:
    """Print each code; `describe` says what it is for, and which command takes it."""
    for each in made:
        out.print(f"[bold]{each['code']}[/]")
        said, command = describe(each)
        err.print(said, markup=False, soft_wrap=True)
        err.print(f"  {command}", markup=False, soft_wrap=True)
