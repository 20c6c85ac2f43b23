"""`roster-admin revoke-console` and `allow-console`: one person's console, whatever the files say or is held."""

from __future__ import annotations

import argparse
import json

from rich.console import Console

from roster_commands.acting import waiting
from roster_commands.showing import show_outcome
from roster_commands.site import Site


def revoke_console(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Publish a version without a person's console access, and keep it so."""
    site = Site(arguments.site, arguments.stack)
    with waiting(err, "Publishing …"):
        done = site.order("revoke-console", user=arguments.user, for_good=arguments.for_good)
    show_outcome(done, out, as_json=arguments.json)
    if done.report and done.report.status == "no_change":
        err.print(
            f"This user has no console access now. The list keeps it so: `roster-admin show {site.name} no-console`.",
            soft_wrap=True,
        )
    return 0 if done.is_good else 1


def allow_console(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """Take a person off the list; the files decide again."""
    Site(arguments.site, arguments.stack).change("allow-console", user=arguments.user)
    done = "Off the list: what the files say of this person is in force with the import that begins now."
    out.print(json.dumps({"allowed": arguments.user}) if arguments.json else done, markup=False)
    return 0
