"""`roster-admin new-epoch`: after the table was restored from a backup, publish above what servers already have.

In: a site, or --all for every site of which the results bucket has a version. Out: a report, or with --all one line for
each site, and the servers that were revoked since the backup and are revoked again. Sites that never published anything
are skipped. The exit status is 1 if a site could not be published: the command can be given again and does no harm.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import Progress

from roster_commands.acting import agreed, waiting
from roster_commands.outcome import NOTHING_PUBLISHED
from roster_commands.showing import show_outcome
from roster_commands.site import Failed, Site
from roster_commands.stack import in_words, published_sites
from roster_pages.wording import REASONS

# A site takes seconds, nearly all of them waiting, and the feed is closed until the last one is done.
_AT_ONCE = 8


def new_epoch(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Publish again what servers have, above every version that any of them may have."""
    if arguments.all:
        return _of_all(arguments, out, err)
    number = f"version {arguments.above + 1}" if arguments.above else "a version above every earlier one"
    if not agreed(arguments, err, f"Publish again what was published last, as {number}, in a new epoch?"):
        return 1
    above = {"above": arguments.above} if arguments.above else {}
    with waiting(err, "Publishing …"):
        done = Site(arguments.site, arguments.stack).order("new-epoch", **above)
    if done.is_nothing:
        raise Failed(f"{arguments.site} has never published anything, so it needs no new epoch.")
    show_outcome(done, out, as_json=arguments.json)
    if done.revoked:
        err.print(f"Revoked again: {', '.join(done.revoked)}", markup=False, soft_wrap=True)
    return 0 if done.is_good else 1


def _of_all(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    names = published_sites(arguments.stack)
    if not names:
        raise Failed("No site has ever published anything.")
    question = f"Publish again what was published last, in a new epoch, for all {len(names)} sites?"
    if not agreed(arguments, err, question):
        return 1
    done: dict[str, dict[str, Any]] = {}
    with Progress(console=err, disable=not err.is_terminal) as progress:
        begun = _begin(names, arguments.stack)
        for name, became in progress.track(begun, total=len(names), description="Publishing …"):
            done[name] = became
            if not arguments.json:
                out.print(f"{name}: {_text(became)}", markup=False, soft_wrap=True)
    if arguments.json:
        print(json.dumps(dict(sorted(done.items()))))
    return 0 if all(each["ok"] for each in done.values()) else 1


def _begin(names: list[str], stack: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each site and what became of it, as soon as it has ended."""
    first = Site(names[0], stack)
    threads = ThreadPoolExecutor(_AT_ONCE)
    try:
        sites = {threads.submit(_order, first.other(name), stack): name for name in names}
        for site in as_completed(sites):
            yield sites[site], site.result()
    finally:  # after Ctrl-C, wait only for the sites that have begun
        threads.shutdown(cancel_futures=True)


def _order(site: Site, stack: str) -> dict[str, Any]:
    try:
        done = site.order("new-epoch")
    except Failed as failed:
        return {"ok": False, "why": str(failed)}
    except (BotoCoreError, ClientError) as error:  # the other sites go on
        return {"ok": False, "why": in_words(error, stack)}
    if done.is_nothing:
        return {"ok": True, "skipped": NOTHING_PUBLISHED}
    told = {name: done.data.get(name) for name in ("epoch", "version", "reason", "revoked")}
    return {"ok": done.is_good, **told}


def _text(done: dict[str, Any]) -> str:
    if "skipped" in done:
        return "nothing was ever published"
    if not done["ok"]:
        return f"not done: {done.get('why') or REASONS.get(done['reason'], done['reason'])}"
    revoked = f", revoked again: {', '.join(done['revoked'])}" if done["revoked"] else ""
    return f"version {done['version']}, epoch {done['epoch']}{revoked}"
