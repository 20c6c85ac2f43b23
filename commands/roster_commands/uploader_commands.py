"""What `roster-admin uploader` shows and does: who may upload to a site, with an AWS account or without.

`register` says how it is asked on the command line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from roster.notices import SOURCES
from roster.pair import is_site
from roster_commands import codes, upload_policy
from roster_commands.codes import life, push_command, until
from roster_commands.site import Site


def add(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Print a single-use code for each uploader, and what to run with it."""
    site = Site(arguments.site, arguments.stack)
    made = codes.give(site, "uploader-add", "uploader", arguments.names, arguments.valid)

    def describe(each: Mapping[str, Any]) -> tuple[str, str]:
        said = f"Lets {each['uploader']} upload for {site.name}. It works once, until {until(each)}. There run:"
        return said, push_command(site, each["code"])

    if arguments.json:
        print(json.dumps(made))
    else:
        codes.show(made, describe, out, err)
    return 0


def link(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Print the address of an upload page, for a school's office."""
    site = Site(arguments.site, arguments.stack)
    made = site.change("uploader-link", uploader=arguments.uploader, valid_seconds=arguments.valid)
    address = f"{site.feed}/upload#{made['token']}"
    if arguments.json:
        print(json.dumps({"uploader": arguments.uploader, "address": address, "expires_at": made["expires_at"]}))
        return 0
    out.print(address, markup=False, soft_wrap=True)
    said = [
        f"A browser that opens this can upload for {site.name}, until {until(made)}. End it with:",
        f"  roster-admin uploader revoke {site.name} {arguments.uploader}",
    ]
    for line in said:
        err.print(line, markup=False, soft_wrap=True)
    return 0


def listed(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """List the uploaders of a site, and when each uploaded last."""
    uploaders = Site(arguments.site, arguments.stack).ask("uploaders")["uploaders"]
    if arguments.json:
        print(json.dumps(uploaders))
        return 0
    if not uploaders:
        out.print("No uploader yet: `roster-admin uploader add` gives a code.", markup=False)
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Uploader", "State", "Enrolled", "Uploaded last"):
        table.add_column(heading)
    for each in uploaders:
        state, style = _state(each)
        last = each["asked_at"] or "never"
        table.add_row(each["uploader"], Text(state, style), each["enrolled_at"] or "not yet", last)
    out.print(table)
    return 0


def _state(uploader: dict[str, str]) -> tuple[str, str]:
    if uploader["revoked_at"]:
        return "revoked", "dim"
    if uploader.get("link_until"):
        end = datetime.fromisoformat(uploader["link_until"])
        if end <= datetime.now(UTC):
            return "address over", "dim"
        return f"address until {end.astimezone():%a %d %b %H:%M}", "green"
    return ("enrolled", "green") if uploader["enrolled_at"] else ("code not used yet", "yellow")


def revoke(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """End an uploader's token and its codes, at once."""
    Site(arguments.site, arguments.stack).change("uploader-revoke", uploader=arguments.uploader)
    done = f"Revoked: {arguments.uploader} can upload nothing more, until it enrols again with a new code."
    out.print(json.dumps({"revoked": arguments.uploader}) if arguments.json else done, markup=False)
    return 0


def policy(arguments: argparse.Namespace, _out: Console, err: Console) -> int:
    """Print the least IAM policy that uploads a site's files, and lines for the usual programs."""
    site = Site(arguments.site, arguments.stack)
    files = SOURCES[arguments.source]
    made = upload_policy.policy(site.inbox, site.name, site.partition, files=files, listing=arguments.list)
    print(json.dumps(made, indent=2))
    if not arguments.json:
        for line in upload_policy.lines(site.inbox, site.name, site.region, files):
            err.print(line, markup=False, soft_wrap=True)
    return 0


def _name(text: str) -> str:
    if not is_site(text.lower()):
        raise argparse.ArgumentTypeError(f"{text!r} is no uploader: letters, digits and hyphens, at most 63")
    return text.lower()


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `uploader` to those of `roster-admin`; `common` has the options that each of them has."""
    uploader = commands.add_parser("uploader", help="who may upload a site's files, and nothing else")
    what = uploader.add_subparsers(required=True, metavar="WHAT")
    command = what.add_parser("add", parents=[common], help="a code that lets somebody upload, without an AWS account")
    command.add_argument("names", nargs="+", type=_name, metavar="NAME", help="a name for each, such as office")
    command.add_argument(
        "--valid", type=life, default="1d", metavar="TIME", help="how long: 30m, 12h, 7d (default: 1d)"
    )
    command.set_defaults(run=add)
    command = commands.add_parser(
        "upload-link", parents=[common], help="the address of a page that uploads, for a school's office"
    )
    command.add_argument(
        "uploader",
        nargs="?",
        default="office-page",
        type=_name,
        metavar="NAME",
        help="whose it is",
    )
    command.add_argument(
        "--valid", type=life, default="7d", metavar="TIME", help="how long: 30m, 12h, 7d (default: 7d)"
    )
    command.set_defaults(run=link)
    command = what.add_parser("list", parents=[common], help="the uploaders, and when each uploaded last")
    command.set_defaults(run=listed)
    command = what.add_parser("revoke", parents=[common], help="end an uploader's token and codes, at once")
    command.add_argument("uploader", metavar="NAME", type=_name, help="as `uploader list` lists it")
    command.set_defaults(run=revoke)
    command = what.add_parser("policy", parents=[common], help="the least IAM policy, for who has an AWS account")
    command.add_argument("--list", action="store_true", help="with the right to list the folder, which WinSCP needs")
    command.add_argument(
        "--source",
        choices=list(SOURCES),
        default="csv",
        help="what the site imports from: its setting import_from (default: csv)",
    )
    command.set_defaults(run=policy)
