"""`roster-admin`: what a district's IT admin asks of the cloud.

The stack is named by --stack or STACK_NAME. Exit status: 0 fine, 1 it failed or the data has errors, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from roster.pair import is_site
from roster.plan import plan_rollback
from roster_commands.check import Unreadable
from roster_commands.looking import between, difference, history, imports, preview, print_changes, show, shown_report
from roster_commands.output import standard_output
from roster_commands.report import report
from roster_commands.reports import import_report
from roster_commands.servers import revoke, servers
from roster_commands.site import Failed, Site
from roster_pages.wording import changes_text

_ENDED_WELL = {"ok", "ok_with_warnings", "no_change"}


def enrol(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Print a single-use code that enrols a server."""
    said = Site(arguments.site, arguments.stack).change("enrol", server=arguments.server)
    if arguments.json:
        print(json.dumps({"code": said["code"], "expires_at": said["expires_at"]}))
        return 0
    expires = datetime.fromisoformat(said["expires_at"]).astimezone()
    out.print(f"[bold]{said['code']}[/]")
    feed = os.environ.get("FEED_URL", "URL")
    err.print(f"Enrols {arguments.server} of {arguments.site} once, until {expires:%H:%M}. On that server run:")
    err.print(
        f"  roster-agent enrol --feed '{feed}' --site {arguments.site} --code {said['code']} --folder CSVIMPORT",
        soft_wrap=True,
    )
    return 0


def import_now(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Import the standing pair now, and wait for what comes of it."""
    with _waiting(err, "Fetching …"):
        report = Site(arguments.site, arguments.stack).order("import")
    shown_report(report, out, as_json=arguments.json)
    return 0 if report["status"] in _ENDED_WELL else 1


def approve(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Publish a held import exactly as its plan says."""
    site = Site(arguments.site, arguments.stack)
    report = site.ask("report", **{"import": arguments.import_id})["report"]
    if report["status"] != "held":
        raise Failed(f"this import is not held: its status is {report['status']}")
    if not arguments.yes:
        err.print(import_report(report))
        print_changes(between(site.version()[1], site.version(**{"import": arguments.import_id})[1])[1], err)
    if not _agreed(arguments, err, "Publish this?"):
        return 1
    with _waiting(err, "Publishing …"):
        done = site.order("approve", **{"import": arguments.import_id, "plan": report["plan"]["manifest_sha256"]})
    shown_report(done, out, as_json=arguments.json)
    return 0 if done["status"] in _ENDED_WELL else 1


def reject(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """End a held import without publishing it."""
    Site(arguments.site, arguments.stack).change("reject", **{"import": arguments.import_id})
    out.print(json.dumps({"status": "rejected"}) if arguments.json else "Rejected; nothing was changed.")
    return 0


def rollback(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Publish an old version's content as a new version, and pause the site."""
    site = Site(arguments.site, arguments.stack)
    said, base = site.version()
    if base is None:
        raise Failed("nothing is published yet, so there is no older version to go back to")
    if not arguments.version < said["version"]:
        raise Failed(f"the newest version is {said['version']}; only an older one can be gone back to")
    _, old = site.version(arguments.version)
    if old and not arguments.yes:
        _, changes = plan_rollback(base, old.lines())
        err.print(f"Going back from version {said['version']} to {arguments.version} changes: {changes_text(changes)}")
    if not _agreed(arguments, err, "Go back, and pause the site until `roster-admin resume`?"):
        return 1
    with _waiting(err, "Publishing …"):
        done = site.order("rollback", version=arguments.version)
    shown_report(done, out, as_json=arguments.json)
    return 0 if done["status"] in _ENDED_WELL else 1


def new_epoch(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Publish what is published again, above every version that any server may have."""
    site = Site(arguments.site, arguments.stack)
    question = f"Publish what is published as version {arguments.above + 1}, in a new epoch?"
    if not _agreed(arguments, err, question):
        return 1
    with _waiting(err, "Publishing …"):
        done = site.order("new-epoch", above=arguments.above)
    shown_report(done, out, as_json=arguments.json)
    return 0 if done["status"] in _ENDED_WELL else 1


def pause(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """Record uploads from now on, and import none of them."""
    Site(arguments.site, arguments.stack).change("pause")
    out.print(json.dumps({"paused": True}) if arguments.json else "Paused; uploads are recorded and not imported.")
    return 0


def resume(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Import again, first what was uploaded meanwhile."""
    paused = Site(arguments.site, arguments.stack).change("resume")["paused"]
    if arguments.json:
        print(json.dumps({"paused": paused}))
    elif paused:
        err.print("The site stays paused by its settings.json: upload one without `paused`.")
    else:
        out.print("Resumed; what was uploaded meanwhile is imported.")
    return 1 if paused else 0


def _waiting(err: Console, said: str) -> AbstractContextManager[object]:
    return err.status(said) if err.is_terminal else nullcontext()


def _agreed(arguments: argparse.Namespace, err: Console, question: str) -> bool:
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        raise Failed("this asks before it acts: add --yes where nobody can answer")
    err.print(f"{question} \\[y/N] ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _site(text: str) -> str:
    if not is_site(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no site: lower-case letters, digits and hyphens, at most 63")
    return text


def _server(text: str) -> str:
    if not is_site(text.lower()):
        raise argparse.ArgumentTypeError(f"{text!r} is no server name: letters, digits and hyphens, at most 63")
    return text.lower()


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError("a number from 1 to 100")
    return int(text)


def _version(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("a version: 1, 2, 3, …")
    return int(text)


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--stack", default=os.environ.get("STACK_NAME"), help="the CloudFormation stack (default: STACK_NAME)"
    )
    common.add_argument("--json", action="store_true", help="print JSON")
    common.add_argument("site", type=_site, metavar="SITE", help="the site: the first folder of its uploads")
    asking = argparse.ArgumentParser(add_help=False)
    asking.add_argument("--yes", action="store_true", help="do not ask")
    parser = argparse.ArgumentParser(prog="roster-admin", description="Look after the sites of an Impero SIS Import.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("imports", parents=[common], help="the newest imports and what came of them")
    command.add_argument("--limit", type=_limit, default=20, metavar="N", help="how many, at most 100 (default: 20)")
    command.set_defaults(run=imports)
    command = commands.add_parser("report", parents=[common], help="the page of a site or an import, also as HTML")
    command.add_argument("import_id", nargs="?", metavar="IMPORT", help="the import (default: the site's own page)")
    command.add_argument("--html", type=Path, metavar="FILE", help="write the page to this file too")
    command.set_defaults(run=report)
    command = commands.add_parser("import", parents=[common], help="import the uploaded pair now")
    command.set_defaults(run=import_now)
    command = commands.add_parser("preview", parents=[common], help="what uploading a folder's pair would do")
    command.add_argument("folder", type=_folder, metavar="DIR", help="the folder with teachers.csv and students.csv")
    command.set_defaults(run=preview)
    command = commands.add_parser("approve", parents=[common, asking], help="publish a held import as it is shown")
    command.add_argument("import_id", metavar="IMPORT", help="the import, as `imports` lists it")
    command.set_defaults(run=approve)
    command = commands.add_parser("reject", parents=[common], help="end a held import")
    command.add_argument("import_id", metavar="IMPORT", help="the import, as `imports` lists it")
    command.set_defaults(run=reject)
    command = commands.add_parser("show", parents=[common], help="console access, a group's members, all about a user")
    command.add_argument("what", choices=("console", "group", "user"))
    command.add_argument("name", nargs="?", metavar="NAME", help="of the group or user")
    command.set_defaults(run=show)
    command = commands.add_parser("history", parents=[common], help="the versions and what each changed")
    command.set_defaults(run=history)
    command = commands.add_parser("diff", parents=[common], help="what changed from one version to another")
    command.add_argument("old", type=_version, metavar="N")
    command.add_argument("new", type=_version, metavar="M")
    command.set_defaults(run=difference)
    command = commands.add_parser("rollback", parents=[common, asking], help="go back to an old version, and pause")
    command.add_argument("version", type=_version, metavar="VERSION", help="as `history` lists it")
    command.set_defaults(run=rollback)
    command = commands.add_parser("pause", parents=[common], help="record uploads and import none")
    command.set_defaults(run=pause)
    command = commands.add_parser("resume", parents=[common], help="import again")
    command.set_defaults(run=resume)
    command = commands.add_parser("enrol", parents=[common], help="a code that enrols an Impero server")
    command.add_argument("server", metavar="SERVER", type=_server, help="a name for the server, such as srv-01")
    command.set_defaults(run=enrol)
    command = commands.add_parser("servers", parents=[common], help="the servers, and what each of them has applied")
    command.set_defaults(run=servers)
    command = commands.add_parser("revoke", parents=[common], help="end a server's tokens, at once")
    command.add_argument("server", metavar="SERVER", type=_server, help="as `servers` lists it")
    command.set_defaults(run=revoke)
    command = commands.add_parser(
        "new-epoch", parents=[common, asking], help="after a restore: publish above every version there ever was"
    )
    command.add_argument(
        "--above", type=_version, required=True, metavar="VERSION", help="the highest version that any server has"
    )
    command.set_defaults(run=new_epoch)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `roster-admin`."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if not arguments.stack:
        parser.error("name the stack with --stack or STACK_NAME")
    # Into a pipe or a file nothing is shortened, so that an id can be searched for.
    out = standard_output(1000)
    err = Console(stderr=True, highlight=False)
    try:
        status: int = arguments.run(arguments, out, err)
        sys.stdout.flush()
    except (Failed, Unreadable) as failed:
        err.print(f"roster-admin: {failed}", markup=False, style="red", soft_wrap=True)
    except (BotoCoreError, ClientError) as error:
        err.print(f"roster-admin: AWS says: {error}", markup=False, style="red", soft_wrap=True)
    except BrokenPipeError:  # whoever reads the output has seen enough
        out.on_broken_pipe()
    except KeyboardInterrupt:
        return 130
    else:
        return status
    return 1


if __name__ == "__main__":
    sys.exit(main())
