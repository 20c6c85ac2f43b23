"""What `roster-admin` shows and does of the Impero servers of a site, and of the versions that they will accept."""

from __future__ import annotations

import argparse
import json
from typing import cast

from rich.console import Console

from roster_commands.pages import printed
from roster_commands.site import Site
from roster_pages.moments import as_of, moment
from roster_pages.page_model import Cell, Facts, Page, Several, number
from roster_pages.server_table import servers_table
from roster_pages.view_data import ServersData


def servers(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """List the servers of a site: what is published, and what each of them has applied."""
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


def revoke(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """End every token of a server, at once."""
    Site(arguments.site, arguments.stack).change("revoke", server=arguments.server)
    done = f"Revoked: nothing that {arguments.server} sends is answered until it enrols again with a new code."
    out.print(json.dumps({"revoked": arguments.server}) if arguments.json else done, markup=False, soft_wrap=True)
    return 0
