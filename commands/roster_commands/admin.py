"""`roster-admin`: what a district's IT admin asks of the cloud.

The stack is named by --stack or STACK_NAME. Exit status: 0 fine, 1 it failed or the data has errors, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from roster.pair import is_server, is_site
from roster_commands import completion, live, source, uploader_commands, uploading
from roster_commands.acting import (
    approve,
    import_now,
    pause,
    reject,
    resume,
    rollback,
    settle,
)
from roster_commands.codes import life
from roster_commands.console_access import allow_console, revoke_console
from roster_commands.differences import listing_options
from roster_commands.doctor import doctor
from roster_commands.epochs import new_epoch
from roster_commands.erase import erase, erase_options
from roster_commands.folder import Unreadable, add_days
from roster_commands.folder import folder as pair_folder
from roster_commands.notify import notify, notify_options
from roster_commands.output import UNBROKEN, standard_output
from roster_commands.page_command import report
from roster_commands.server_commands import enrol, revoke, servers
from roster_commands.showing import difference, history, imports, preview, show
from roster_commands.site import Failed
from roster_commands.site_adding import add, add_options
from roster_commands.sites import sites
from roster_commands.stack import in_words
from roster_pages.overview_data import STATUSES


def _site(text: str) -> str:
    if not is_site(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} cannot be a site: it has lower-case letters, digits and hyphens, at most 63"
        )
    return text


def _server(text: str) -> str:
    if not is_server(text.lower()):
        raise argparse.ArgumentTypeError(
            f"{text!r} cannot be a server's name: it has letters, digits and hyphens, at most 63"
        )
    return text.lower()


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError("a number from 1 to 100")
    return int(text)


def _version(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("a version: 1, 2, 3, …")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    stacked = argparse.ArgumentParser(add_help=False)
    stacked.add_argument(
        "--stack", default=os.environ.get("STACK_NAME"), help="the CloudFormation stack (default: STACK_NAME)"
    )
    stacked.add_argument("--json", action="store_true", help="print JSON")
    common = argparse.ArgumentParser(add_help=False, parents=[stacked])
    common.add_argument("site", type=_site, metavar="SITE", help="the site: the first folder of its uploads")
    asking = argparse.ArgumentParser(add_help=False)
    asking.add_argument("--yes", action="store_true", help="do not ask")
    parser = argparse.ArgumentParser(prog="roster-admin", description="Look after the sites of an Impero SIS Import.")
    parser.add_argument("--version", action="version", version=f"roster-admin {version('impero-sis-import')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = listing_options()

    command = commands.add_parser("site", help="add a site: its first import is held until then")
    command = command.add_subparsers(required=True, metavar="WHAT").add_parser(
        "add", parents=[stacked, add_options()], help="add a site or many, and see what to do next"
    )
    command.add_argument("site", nargs="?", type=_site, metavar="SITE", help="the first folder of its uploads")
    command.set_defaults(run=add)
    command = commands.add_parser("sites", parents=[stacked], help="all sites, and how each is")
    command.add_argument("search", nargs="?", default="", metavar="TEXT", help="only sites whose name contains this")
    command.add_argument("--status", choices=STATUSES, help="only sites whose newest import is so")
    command.set_defaults(run=sites)
    command = commands.add_parser("imports", parents=[common], help="the newest imports and what came of them")
    command.add_argument("--limit", type=_limit, default=20, metavar="N", help="how many, at most 100 (default: 20)")
    command.set_defaults(run=imports)
    live.register(commands, common)
    command = commands.add_parser("report", parents=[common], help="the page of a site or an import, also as HTML")
    command.add_argument("import_id", nargs="?", metavar="IMPORT", help="the import (default: the site's own page)")
    command.add_argument("--html", type=Path, metavar="FILE", help="write the page to this file too")
    command.set_defaults(run=report)
    command = commands.add_parser("import", parents=[common], help="import the uploaded pair now")
    command.set_defaults(run=import_now)
    command = commands.add_parser(
        "preview", parents=[common, listing], help="what an upload of a folder's pair would do"
    )
    command.add_argument(
        "folder", type=pair_folder, metavar="DIR", help="the folder with both files, or an export's zip"
    )
    add_days(command)
    command.set_defaults(run=preview)
    command = commands.add_parser(
        "approve", parents=[common, asking, listing], help="publish a held import as it is shown"
    )
    command.add_argument("import_id", nargs="?", metavar="IMPORT", help="the import (default: the one that is held)")
    command.set_defaults(run=approve)
    command = commands.add_parser("reject", parents=[common], help="end a held import")
    command.add_argument("import_id", nargs="?", metavar="IMPORT", help="the import (default: the one that is held)")
    command.set_defaults(run=reject)
    command = commands.add_parser(
        "settle", parents=[common, asking], help="make the removals that bad rows have put off"
    )
    command.set_defaults(run=settle)
    command = commands.add_parser("show", parents=[common], help="the console access, a group's members, or a user")
    command.add_argument("what", choices=("console", "group", "user", "no-console"))
    command.add_argument("name", nargs="?", metavar="NAME", help="of the group or user")
    command.set_defaults(run=show)
    command = commands.add_parser("history", parents=[common], help="the versions and what each changed")
    command.set_defaults(run=history)
    command = commands.add_parser("diff", parents=[common, listing], help="what changed from one version to another")
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
    command = commands.add_parser("enrol", parents=[common], help="codes that enrol Impero servers")
    command.add_argument(
        "servers", nargs="+", metavar="SERVER", type=_server, help="a name for each server, such as srv-01"
    )
    command.add_argument(
        "--valid", type=life, default="15m", metavar="TIME", help="how long: 30m, 12h, 7d (default: 15m)"
    )
    command.set_defaults(run=enrol)
    command = commands.add_parser("servers", parents=[stacked], help="the servers, and what each of them has applied")
    command.add_argument("site", nargs="?", type=_site, metavar="SITE", help="the site (default: all of them)")
    command.set_defaults(run=servers)
    command = commands.add_parser("revoke", parents=[common], help="end a server's tokens, at once")
    command.add_argument("server", metavar="SERVER", type=_server, help="as `servers` lists it")
    command.set_defaults(run=revoke)
    uploader_commands.register(commands, common)
    uploading.register(commands, [common, asking, listing])
    source.register(commands, common)
    command = commands.add_parser(
        "erase", parents=[common, erase_options()], help="erase all of a site that leaves, and keep a receipt"
    )
    command.set_defaults(run=erase)
    command = commands.add_parser(
        "revoke-console", parents=[common], help="take one person's console away now, whatever is held"
    )
    command.add_argument("user", metavar="USER", help="the username, as `show SITE console` lists it")
    how = command.add_mutually_exclusive_group()
    how.add_argument("--until-files-agree", action="store_true", help="until the files no longer name them (default)")
    how.add_argument("--for-good", action="store_true", help="until `allow-console`, whatever the files say")
    command.set_defaults(run=revoke_console)
    command = commands.add_parser("allow-console", parents=[common], help="have the files decide about a person again")
    command.add_argument("user", metavar="USER", help="as `show SITE no-console` lists it")
    command.set_defaults(run=allow_console)
    command = commands.add_parser(
        "notify", parents=[common, notify_options()], help="who is told of a site, by mail, Teams or HTTPS"
    )
    command.set_defaults(run=notify)
    command = commands.add_parser(
        "new-epoch", parents=[stacked, asking], help="after a restore: publish above every earlier version"
    )
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("site", nargs="?", type=_site, metavar="SITE", help="the site")
    which.add_argument("--all", action="store_true", help="every site that ever published something")
    command.add_argument(
        "--above",
        type=_version,
        metavar="VERSION",
        help="a version that no server is above (default: the highest that was ever published)",
    )
    command.set_defaults(run=new_epoch)
    command = commands.add_parser("doctor", parents=[stacked], help="check everything that the stack needs")
    command.set_defaults(run=doctor)
    completion.register(commands, parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `roster-admin`."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if not arguments.stack:
        parser.error("name the stack with --stack or STACK_NAME")
    if getattr(arguments, "all", None) is True and getattr(arguments, "above", None):
        parser.error("--above is for one site, as each site has its own versions")
    # No line is broken in a pipe or a file, so that it can be searched.
    out = standard_output(UNBROKEN)
    err = Console(stderr=True, highlight=False)
    try:
        status: int = arguments.run(arguments, out, err)
        sys.stdout.flush()
    except (Failed, Unreadable) as failed:
        err.print(f"roster-admin: {failed}", markup=False, style="red", soft_wrap=True)
    except (BotoCoreError, ClientError) as error:
        said = in_words(error, arguments.stack)
        err.print(f"roster-admin: {said}", markup=False, style="red", soft_wrap=True)
    except BrokenPipeError:  # whoever reads the output has seen enough
        out.on_broken_pipe()
    except KeyboardInterrupt:
        return 130
    else:
        return status
    return 1


if __name__ == "__main__":
    sys.exit(main())
