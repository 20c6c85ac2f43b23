"""What `roster-admin` shows and does of the Impero servers, and of the versions that they will accept."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from rich.console import Console
from rich.progress import Progress

from roster_commands import codes
from roster_commands.codes import enrol_command, until
from roster_commands.pages import printed
from roster_commands.site import Site
from roster_commands.sites import all_sites, overviews
from roster_pages.moments import as_of, moment
from roster_pages.page_model import Cell, Facts, Page, Several, number
from roster_pages.server_table import fleet_table, servers_table
from roster_pages.view_data import ServerData, ServersData

# So many sites are asked about at once; a stack has hundreds of them, and its functions are busy with imports too.
_AT_ONCE = 8


def enrol(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Print a single-use code for each server, and what to run with it."""
    site = Site(arguments.site, arguments.stack)
    made = codes.give(site, "enrol", "server", dict.fromkeys(arguments.servers), arguments.valid)

    def describe(each: Mapping[str, Any]) -> tuple[str, str]:
        said = f"This code enrols {each['server']} of {site.name} once, until {until(each)}. Run on that server:"
        return said, enrol_command(site, each["code"])

    if arguments.json:
        print(json.dumps(made))
    else:
        codes.show(made, describe, out, err)
    return 0


def servers(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """List the servers of a site, or of all: what is published, and what each of them has applied."""
    if arguments.site is None:
        return _of_all(arguments, out, err)
    said = cast("ServersData", Site(arguments.site, arguments.stack).ask("servers"))
    if arguments.json:
        named = {"version", "epoch", "manifest_sha256", "published_at", "servers"}
        print(json.dumps({name: value for name, value in said.items() if name in named}))
        return 0
    at, version = said.get("at"), said["version"]
    published: Cell = Several((f"version {number(version)},", moment(said["published_at"], at)), between=" ")
    about = Facts("", (("Published", published if version else "nothing yet"),))
    printed(Page(arguments.site, blocks=(about, servers_table(said["servers"], at)), note=as_of(at)), out)
    return 0


def _of_all(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """The servers of every site that has some, in one table."""
    stack, at = all_sites(arguments.stack), ""
    names: list[str] = []
    for data in overviews(stack.ask):
        at = at or data["at"]
        names += (row["site"] for row in data["sites"] if any(row["servers"].values()) or row.get("agents"))
    found: list[tuple[str, ServerData]] = []
    with (
        Progress(console=err, transient=True, disable=not err.is_terminal) as progress,
        ThreadPoolExecutor(_AT_ONCE) as threads,
    ):
        asking = threads.map(_servers_of, [stack.other(name) for name in sorted(names)])
        for name, servers in zip(sorted(names), progress.track(asking, len(names), description="Asking"), strict=True):
            found += ((name, server) for server in servers)
    if arguments.json:
        print(json.dumps([{"site": name, **server} for name, server in found]))
    else:
        printed(Page("Servers", blocks=(fleet_table(found, at),), note=as_of(at)), out)
    return 0


def _servers_of(site: Site) -> Sequence[ServerData]:
    return cast("ServersData", site.ask("servers"))["servers"]


def revoke(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """End every token of a server, at once."""
    Site(arguments.site, arguments.stack).change("revoke", server=arguments.server)
    done = f"Revoked: nothing that {arguments.server} sends is answered until it enrols again with a new code."
    out.print(json.dumps({"revoked": arguments.server}) if arguments.json else done, markup=False, soft_wrap=True)
    return 0
