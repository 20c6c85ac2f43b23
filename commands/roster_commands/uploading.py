"""`roster-admin upload`: for who has AWS, a pair from a folder to "delivered on srv-01". Read it from top to bottom.

1. Show what the upload would do, by the code that would do it, and ask.
2. Put the very bytes that were shown into the inbox, each file with its digest.
3. Follow the import of exactly these uploads to its end, and say what to do where it is held or failed.
4. Follow the version to the servers.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
from rich.console import Console

from roster.plan import Base, Plan, plan_import
from roster.report import Report
from roster.settings_file import from_dict
from roster_commands.acting import agreed, waiting
from roster_commands.differences import of_plan, print_difference
from roster_commands.folder import files_to_upload
from roster_commands.folder import folder as pair_folder
from roster_commands.outcome import Outcome
from roster_commands.plan_report import print_report
from roster_commands.showing import show_outcome
from roster_commands.site import Failed, Site
from roster_pages.wording import changes_text

_IMPORT_SECONDS = 600
#: A server asks every five minutes, and every minute once it has heard of a new version.
DELIVERY_SECONDS = 600
LOOK_SECONDS = 2.0

# Among how many of the newest reports the awaited one is looked for.
_NEWEST = 20


def upload(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Upload a folder's pair, and follow it to the servers. The status is 0 once it is imported."""
    site = Site(arguments.site, arguments.stack)
    said, base = site.version()
    settings = from_dict(said["settings"])
    files = files_to_upload(arguments.folder, settings)
    plan = plan_import(files, settings, base, known=site.known(said))
    if not _shown(plan, base, arguments, out if not arguments.json else err):
        err.print("Nothing was uploaded: a file would be refused. Correct it first.")
        return 1
    if not agreed(arguments, err, f"Upload this to {site.name}?"):
        return 1
    versions = _put(site, files)
    with waiting(err, "Importing …"):
        outcome = _outcome_of(site, versions)
    standing = _delivery(site, arguments, outcome, out, err)
    if arguments.json:
        print(json.dumps({**outcome.data, "servers": standing}))
    return 0 if outcome.is_good or outcome.waiting else 1


def _shown(plan: Plan, base: Base | None, arguments: argparse.Namespace, out: Console) -> bool:
    """Show what the upload would do; whether it would be read at all."""
    print_report(arguments.folder, plan, out)
    out.print(f"\nIt would change: {changes_text(plan.changes)}", markup=False, soft_wrap=True)
    print_difference(of_plan(plan, base, arguments), out)
    return plan.outcome != "failed"


def _put(site: Site, files: Mapping[str, bytes]) -> dict[str, str]:
    """Put the very bytes that were shown there; which version of each the inbox has."""
    s3, versions = boto3.client("s3"), {}
    # The larger one first, so that what is likeliest to break breaks before anything is there.
    for name in sorted(files, key=lambda each: -len(files[each])):
        digest = base64.b64encode(hashlib.sha256(files[name]).digest()).decode()
        key = f"{site.name}/{name}"
        put = s3.put_object(Bucket=site.inbox, Key=key, Body=files[name], ChecksumSHA256=digest)
        versions[name] = put["VersionId"]
    return versions


def _outcome_of(site: Site, versions: Mapping[str, str]) -> Outcome:
    """What came of the import that read exactly these uploads, once it has ended; what waits, at a paused site."""
    for _ in _moments(_IMPORT_SECONDS):
        said = site.ask("imports", limit=_NEWEST)
        for data in said["imports"]:
            report = Report.from_dict(data)
            read = {file: about["version_id"] for file, about in report.pair.items()}
            if read == versions and report.status != "fetching":
                return Outcome(data, report)
        if said["waiting"] and said["waiting"].get("paused"):
            return Outcome({"status": "waiting", **said["waiting"]}, waiting=said["waiting"])
    raise Failed(
        "The files are uploaded, and not imported after ten minutes. A newer upload may have taken their place: "
        f"see roster-admin imports {site.name}."
    )


def _delivery(
    site: Site, arguments: argparse.Namespace, outcome: Outcome, out: Console, err: Console
) -> dict[str, str]:
    """Say what came of the import and, where it is in force, of its delivery: the state of each server."""
    if not arguments.json:
        show_outcome(outcome, out, as_json=False)
    report = outcome.report
    if report and report.status == "held":
        err.print(f"Next: roster-admin approve {site.name}, or roster-admin reject {site.name}", soft_wrap=True)
    if report and report.status == "failed":
        err.print("Nothing was changed. Correct the files as it says above, and upload them again.", soft_wrap=True)
    if report is None or not outcome.is_good or arguments.no_wait:
        return {}
    with waiting(err, "Waiting for the servers …"):
        return follow_servers(site, report.ended_at or "", lambda line: err.print(line, markup=False, soft_wrap=True))


def follow_servers(site: Site, since: str, say: Callable[[str], None]) -> dict[str, str]:
    """The state of each server once every one is settled, or after ten minutes; each is said as it becomes known.

    `since` is when the version came, as a time stamp: what a server said of a hold before that is about another one.
    """
    states: dict[str, str] = {}
    for _ in _moments(DELIVERY_SECONDS):
        servers = [server for server in site.ask("servers")["servers"] if server["state"] != "revoked"]
        if not servers:
            say(f"No server is enrolled yet. Next: roster-admin enrol {site.name} SERVER")
            return {}
        for server in servers:
            name, state = server["server"], _state(server, since)
            if state != states.get(name) and state != "behind":
                say(_WORDS[state].format(name))
            states[name] = state
        if "behind" not in states.values():
            return states
    for name in (name for name, state in states.items() if state == "behind"):
        say(_WORDS["behind"].format(name))
    return states


_WORDS = {
    "delivered": "Delivered on {}.",
    "held": "Held on {}: somebody there has to look, and run roster-agent approve.",
    "silent": "{} is silent: it gets the version once it asks again. See roster-agent doctor there.",
    "behind": "{} has not taken the version yet; roster-admin servers shows when it has.",
}


def _state(server: Mapping[str, Any], since: str) -> str:
    """What a server has of a version that came at a time."""
    if server["state"] == "applied":
        return "delivered"
    if (server["report"] or {}).get("held") and (server["reported_at"] or "") >= since:
        return "held"
    return "silent" if server["state"] == "silent" else "behind"


def _moments(seconds: float) -> Iterator[None]:
    """Now, and every other second until the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() > deadline:
            return
        time.sleep(LOOK_SECONDS)


def register(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]
) -> None:
    """Add the command `upload` to those of `roster-admin`; `parents` have the options that it shares."""
    command = commands.add_parser(
        "upload", parents=parents, help="show what a folder's pair would do, upload it, follow it to the servers"
    )
    command.add_argument(
        "folder",
        type=pair_folder,
        metavar="DIR",
        help="the folder with both files, or an export's zip",
    )
    command.add_argument("--no-wait", action="store_true", help="do not wait for the servers")
    command.set_defaults(run=upload)
