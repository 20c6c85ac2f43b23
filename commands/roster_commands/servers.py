"""What `roster-admin` shows and does of the Impero servers of a site, and of the versions that they will accept."""

from __future__ import annotations

import argparse
import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from roster_commands.site import Site
from roster_pages.page_model import Tone
from roster_pages.server_table import remarks, state

_STYLES: dict[Tone, str] = {"good": "green", "warn": "yellow", "bad": "red", "quiet": "dim", "busy": "cyan"}


def servers(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """List the servers of a site: what is published, and what each of them has applied."""
    said = Site(arguments.site, arguments.stack).ask("servers")
    if arguments.json:
        named = ("version", "epoch", "manifest_sha256", "published_at", "servers")
        print(json.dumps({name: said[name] for name in named}))
        return 0
    published = f"version {said['version']}, published {said['published_at']}"
    out.print(f"[bold]{arguments.site}[/]: {published if said['version'] else 'nothing published'}")
    if not said["servers"]:
        out.print("No server is enrolled: `roster-admin enrol` gives a code.", markup=False)
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Server", "State", "Version", "Asked last", "Agent", "Last report"):
        table.add_column(heading, justify="right" if heading == "Version" else "left")
    for server in said["servers"]:
        words, tone = state(server)
        applied = "none" if server["applied_version"] is None else str(server["applied_version"])
        report = ", ".join([*remarks(server), *filter(None, [server["reported_at"]])])
        agent = str(server["report"].get("agent", ""))
        seen = server["last_seen"] or "never"
        table.add_row(server["server"], Text(words, _STYLES[tone]), applied, seen, Text(agent), Text(report))
    out.print(table)
    return 0


def revoke(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """End every token of a server, at once."""
    Site(arguments.site, arguments.stack).change("revoke", server=arguments.server)
    done = f"Revoked: nothing that {arguments.server} sends is answered, until it enrols again with a new code."
    out.print(json.dumps({"revoked": arguments.server}) if arguments.json else done, markup=False)
    return 0
