"""`roster-admin notify`: who is told of a site, by mail, by a channel of Teams or by any HTTPS endpoint."""

from __future__ import annotations

import argparse
import json

from rich.console import Console

from roster_commands.site import Failed, Site

_CALLED = {"email": "mail", "https": "https", "teams": "Teams"}


def notify_options() -> argparse.ArgumentParser:
    """The options of `notify` beside the site."""
    options = argparse.ArgumentParser(add_help=False)
    whom = options.add_mutually_exclusive_group()
    whom.add_argument("mail", nargs="?", metavar="MAIL", help="an address that gets a mail")
    whom.add_argument("--teams-webhook", metavar="URL", help="a workflow of a channel of Microsoft Teams")
    whom.add_argument("--https", metavar="URL", help="an endpoint that speaks the protocol of Amazon SNS")
    what = options.add_mutually_exclusive_group()
    what.add_argument("--remove", action="store_true", help="tell them no longer")
    what.add_argument("--list", action="store_true", help="list who is told")
    return options


def notify(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Have somebody told of a site, or no longer, or list who is."""
    site = Site(arguments.site, arguments.stack)
    named = {"mail": arguments.mail, "teams": arguments.teams_webhook, "https": arguments.https}
    contact = {name: value for name, value in named.items() if value}
    if not contact:
        return _list(site, arguments, out)
    if arguments.list:
        raise Failed("--list takes no address")
    if arguments.remove:
        site.change("notify-remove", contact=contact)
        out.print(json.dumps({"removed": contact}) if arguments.json else "They are told no longer.", markup=False)
        return 0
    pending = site.change("notify", contact=contact)["pending"]
    if arguments.json:
        print(json.dumps({"told": contact, "pending": pending}))
    elif pending:
        out.print("They have to confirm first: Amazon SNS has sent them a link, which works for two days.")
    else:
        out.print(f"They are told of {site.name} from now on.")
    return 0


def _list(site: Site, arguments: argparse.Namespace, out: Console) -> int:
    contacts = site.ask("contacts")["contacts"]
    if arguments.json:
        print(json.dumps(contacts))
    elif not contacts:
        out.print("Nobody is told of this site, but for the stack's own AlarmEmail.")
    else:
        for contact in contacts:
            out.print(f"{_CALLED[contact['protocol']]:<6}{contact['endpoint']}", markup=False, soft_wrap=True)
    return 0
