"""What `roster-admin` changes: each command asks where a person should look first, acts, and says what came of it."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from rich.console import Console

from roster.plan import plan_rollback
from roster.report import Report
from roster_commands.differences import between, print_difference
from roster_commands.outcome import report_page
from roster_commands.pages import printed
from roster_commands.showing import show_outcome
from roster_commands.site import Failed, Site
from roster_pages.page_model import Message, Page
from roster_pages.standing import put_off
from roster_pages.view_data import ServersData
from roster_pages.wording import changes_text, status_words


def import_now(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Import the standing pair now, and wait for what comes of it."""
    with waiting(err, "Fetching …"):
        done = Site(arguments.site, arguments.stack).order("import")
    show_outcome(done, out, as_json=arguments.json)
    return 0 if done.is_good else 1


def approve(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Publish a held import exactly as its plan says: the one that is named, or the one that is held."""
    site = Site(arguments.site, arguments.stack)
    report = _held(site, arguments.import_id)
    if report.plan is None:
        raise Failed("This import can no longer be approved. Upload the pair again.")
    if not arguments.yes:
        servers = cast("ServersData", site.ask("servers"))
        printed(_without_buttons(report_page(report.as_dict(), servers.get("asking"))), err)
        err.print()
        print_difference(between(site.version()[1], site.version(held=report.import_id)[1], arguments), err)
    if not agreed(arguments, err, "Publish this?"):
        return 1
    with waiting(err, "Publishing …"):
        done = site.order("approve", **{"import": report.import_id}, plan=report.plan["manifest_sha256"])
    show_outcome(done, out, as_json=arguments.json)
    return 0 if done.is_good else 1


def _without_buttons(page: Page) -> Page:
    """A page for somebody who is asked next whether to do what its buttons do."""
    blocks = (block._replace(buttons=()) if isinstance(block, Message) else block for block in page.blocks)
    return page._replace(buttons=(), blocks=tuple(blocks), note="")


def reject(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """End a held import without publishing it: the one that is named, or the one that is held."""
    site = Site(arguments.site, arguments.stack)
    import_id = _held(site, arguments.import_id).import_id
    site.change("reject", **{"import": import_id})
    if arguments.json:
        print(json.dumps({"status": "rejected", "import": import_id}))
    else:
        out.print(f"Rejected {import_id}. Nothing was changed. Its files are not read again: upload corrected ones.")
    return 0


def _held(site: Site, import_id: str | None) -> Report:
    """The report of a held import; of one that is held no more, Failed says what became of it."""
    if import_id is None:
        import_id = site.ask("imports", limit=1).get("held") or ""
        if not import_id:
            raise Failed(f"No import of {site.name} is held.")
    report = site.report(import_id)
    if report.status == "superseded" and report.superseded_by:
        raise Failed(
            f"A newer import has taken the place of this one: {report.superseded_by}. "
            "Leave the id out, and the command takes the import that is held now."
        )
    if report.status != "held":
        raise Failed(f"This import is not held. Its status is: {status_words(report.status)}.")
    return report


def settle(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Make the removals now that bad rows put off."""
    site = Site(arguments.site, arguments.stack)
    data = site.ask("page", view="site")["page"]
    kept = put_off(site.name, data.get("kept"))
    if not kept:
        raise Failed(f"No bad row of {arguments.site} puts off a removal, so there is nothing to settle.")
    if not arguments.yes:
        printed(_without_buttons(Page("", blocks=tuple(kept))), err)
    if not agreed(arguments, err, "Make these removals now?"):
        return 1
    with waiting(err, "Publishing …"):
        done = site.order("settle")
    show_outcome(done, out, as_json=arguments.json)
    return 0 if done.is_good else 1


def rollback(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Publish an old version's content as a new version, and pause the site."""
    site = Site(arguments.site, arguments.stack)
    said, base = site.version()
    if base is None:
        raise Failed("Nothing is published yet, so there is no older version to go back to.")
    if not arguments.version < said["version"]:
        raise Failed(f"The newest version is {said['version']}. You can only go back to an older one.")
    _, old = site.version(arguments.version)
    if old and not arguments.yes:
        _, changes = plan_rollback(base, old.lines())
        err.print(
            f"Going back from version {said['version']} to {arguments.version} changes this: {changes_text(changes)}."
        )
    if not agreed(arguments, err, "Go back, and pause the site until `roster-admin resume`?"):
        return 1
    with waiting(err, "Publishing …"):
        done = site.order("rollback", version=arguments.version)
    show_outcome(done, out, as_json=arguments.json)
    return 0 if done.is_good else 1


def pause(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """Record uploads from now on, and import none of them."""
    Site(arguments.site, arguments.stack).change("pause")
    out.print(
        json.dumps({"paused": True})
        if arguments.json
        else "Paused. Uploads are kept, but not imported until `roster-admin resume`."
    )
    return 0


def resume(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Import again, first what was uploaded meanwhile."""
    paused = Site(arguments.site, arguments.stack).change("resume")["paused"]
    if arguments.json:
        print(json.dumps({"paused": paused}))
    elif paused:
        err.print("The site is still paused by its settings.json. Upload one without `paused`.")
    else:
        out.print("Resumed. What was uploaded in the meantime is imported now.")
    return 1 if paused else 0


def waiting(err: Console, said: str) -> AbstractContextManager[object]:
    """Say what is waited for, while it is, where somebody looks."""
    return err.status(said) if err.is_terminal else nullcontext()


def agreed(arguments: argparse.Namespace, err: Console, question: str) -> bool:
    """Whether a person says yes, or has with --yes; Failed where nobody can answer."""
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        raise Failed("This command asks before it acts. Add --yes where nobody can answer.")
    err.print(f"{question} \\[y/N] ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
