"""`roster-admin watch`: what happens to a site, a line for each thing as it happens, until Ctrl-C.

With --until-done it ends with the next import: status 0 when that took effect, and 1 when it is held or failed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from roster.report import SUCCEEDED, Report
from roster_commands.pages import TONES
from roster_commands.site import Site
from roster_pages.page_model import Tone
from roster_pages.server_table import state
from roster_pages.wording import changes_text, reason_text, status_tone, status_words, waiting_texts

#: How often the cloud is asked.
LOOK_SECONDS = 2.0

# More imports than end between two looks.
_NEWEST = 10


class Happened(NamedTuple):
    """One thing: what it is about (an import's id, a server's name, or "uploads"), how it stands now, and in words."""

    about: str
    status: str
    tone: Tone
    said: str


def seen(imports: Mapping[str, Any], servers: Mapping[str, Any]) -> list[Happened]:
    """How everything of a site stands, oldest import first: what `imports` and `servers` answer, in lines."""
    found = [_of_import(Report.from_dict(data)) for data in reversed(imports["imports"])]
    waits = imports["waiting"]
    if waits and (waits.get("missing") or waits.get("fetching")):
        status = "fetching" if waits.get("fetching") else f"waiting for {waits['missing']}"
        found.append(Happened("uploads", status, "busy", " ".join(waiting_texts(waits))))
    elif waits:
        found.append(Happened("uploads", "paused", "quiet", "The site is paused: what is uploaded waits."))
    else:
        found.append(Happened("uploads", "", "quiet", ""))
    for server in servers["servers"]:
        words, tone = state(server)
        applied = server["applied_version"]
        has = "" if applied is None else f" (version {applied})"
        found.append(Happened(server["server"], f"{words}{has}", tone, f"{words}{has}"))
    return found


def _of_import(report: Report) -> Happened:
    said = [status_words(report.status)]
    if report.reason:
        said.append(reason_text(report))
    elif report.status in SUCCEEDED and any((report.changes or {}).values()):
        said.append(changes_text(report.changes or {}))
    if report.rows_rejected:
        said.append(f"{report.rows_rejected} rows rejected")
    return Happened(report.import_id, report.status, status_tone(report.status), "; ".join(said))


def news(before: Mapping[str, str] | None, now: list[Happened]) -> list[Happened]:
    """What is new since the look `before`, a status by what it is about.

    At the first look that is what goes on: what waits, the newest import, and each server.
    """
    if before is None:
        imports = [each for each in now if _is_import(each)]
        return [*imports[-1:], *(each for each in now if not _is_import(each) and each.said)]
    return [each for each in now if each.said and before.get(each.about) != each.status]


def watch(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Say what happens to a site until Ctrl-C, or until an import has ended."""
    site = Site(arguments.site, arguments.stack)
    before: dict[str, str] | None = None
    ended: set[str] = set()
    try:
        for _ in _moments():
            now = seen(site.ask("imports", limit=_NEWEST), site.ask("servers"))
            for each in news(before, now):
                _say(each, out, as_json=arguments.json)
            done = {each.about for each in now if _is_import(each) and each.status != "fetching"}
            if before is None:
                ended = done
                if not arguments.json:
                    err.print("Watching. Ctrl-C ends it.", style="dim")
            if arguments.until_done and done - ended:
                (last, *_) = [each for each in reversed(now) if each.about in done - ended]
                return 0 if last.status in SUCCEEDED else 1
            before = {each.about: each.status for each in now}
    except KeyboardInterrupt:
        return 0
    return 0


def _is_import(each: Happened) -> bool:
    return each.about[:1].isdigit() and "T" in each.about


def _say(each: Happened, out: Console, *, as_json: bool) -> None:
    at = datetime.now().astimezone()
    if as_json:
        said = {"at": at.isoformat(timespec="seconds"), "about": each.about, "status": each.status}
        out.print(json.dumps(said), markup=False, soft_wrap=True)
        return
    about = "" if each.about == "uploads" else f"{each.about}  "
    out.print(Text.assemble((f"{at:%H:%M:%S}  ", "dim"), about, (each.said, TONES[each.tone])), soft_wrap=True)


def _moments() -> Iterator[None]:
    while True:
        yield
        time.sleep(LOOK_SECONDS)


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `watch` to those of `roster-admin`; `common` has the options that each of them has."""
    command = commands.add_parser("watch", parents=[common], help="what happens to a site, as it happens")
    command.add_argument("--until-done", action="store_true", help="end with the next import; status 1 if it failed")
    command.set_defaults(run=watch)
