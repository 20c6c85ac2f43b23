"""The command ``roster-agent``: reads the command line, prints, chooses the exit status.

Exit status: 0 it is done; 1 it failed, is held, or the mirror has no such name; 2 wrong usage; 70 `run` hung and ended
itself. A failure is one sentence on stderr that says what to do. Nothing that a pull prints names a user or a class;
``group``, ``user`` and ``pull --dry-run`` print what they were asked for and are not logged.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from roster_agent.cli import commands, push_command
from roster_agent.cli.commands import Said
from roster_agent.daemon import logs
from roster_agent.disk.state import State
from roster_agent.failures import AgentError
from roster_agent.update.reporting import agent_version


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    if hasattr(sys.stdout, "reconfigure"):
        # A Windows console may not have every letter of a name; that is not a reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except BrokenPipeError:
        # The reader has seen enough; the rest of the output must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except AgentError as failure:
        print(f"roster-agent: {failure}", file=sys.stderr)
        return failure.exit_status
    except KeyboardInterrupt:
        print("roster-agent: interrupted; nothing is half done, and the next pull goes on.", file=sys.stderr)
        return 1
    except Exception as bug:  # noqa: BLE001 - a stack trace's last line may quote a pupil's name
        print(f"roster-agent: internal error, please report it: {logs.place(bug)}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    command: Callable[[State, argparse.Namespace], Said] = options.run
    said = command(State(options.state or default_folder()), options)
    print(json.dumps(said.shown, indent=2) if options.json else said.text, flush=True)
    return said.status


def parser() -> argparse.ArgumentParser:
    """What the command line may say."""
    default = str(default_folder()).replace("%", "%%")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help=f"the agent's own private folder, one for each enrolment (default: {default})",
    )
    shared.add_argument("--json", action="store_true", help="print JSON")
    made = argparse.ArgumentParser(
        prog="roster-agent",
        description="Brings a site's published rosters to the CSVImport folder of an Impero server.",
        # Wide enough for the longest command, so that each has its line.
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=28),
        epilog="Exit status: 0 done, 1 failed, held or no such name, 2 wrong usage, 70 run hung and ended itself.",
    )
    made.add_argument("--version", action="version", version=f"roster-agent {agent_version()}")
    listed = made.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[..., Said], summary: str, more: str = "") -> argparse.ArgumentParser:
        about = f"{summary[:1].upper()}{summary[1:]}. {more}"
        command = listed.add_parser(name, parents=[shared], help=summary, description=about)
        command.set_defaults(run=run)
        return command

    _add_pulling(add)
    _add_asking(add)
    push_command.register(add)
    _add_caring(add)
    return made


def _add_pulling(add: Callable[..., argparse.ArgumentParser]) -> None:
    enrol = add(
        "enrol",
        commands.enrol,
        "make this machine a server of a site",
        "Uses a single-use code. The CSVImport folder must exist and be writable; it is tried before the code is used. "
        "A state folder has one enrolment: to enrol it again, for example after its token was revoked, add --force. "
        "The mirror is kept when feed and site stay the same.",
    )
    enrol.add_argument("--feed", required=True, metavar="URL", help="the feed's address, as the cloud's FeedUrl")
    enrol.add_argument("--site", required=True, help="the site, as in the upload's path")
    enrol.add_argument("--code", required=True, help="the code that roster-admin enrol printed; it lives 15 minutes")
    enrol.add_argument("--folder", required=True, type=Path, metavar="DIR", help="Impero Server's CSVImport folder")
    enrol.add_argument("--force", action="store_true", help="replace the enrolment in the state folder")
    pull = add(
        "pull",
        commands.pull,
        "fetch the newest version and deliver its files",
        "Fetches the newest version if there is one, verifies it, and delivers students.csv and teachers.csv. "
        "Files that were deleted or changed since are delivered again.",
    )
    pull.add_argument("--dry-run", action="store_true", help="only show what would change, with names")
    pull.add_argument("--all", action="store_true", help="with --dry-run: every user and group, not the first hundred")
    pull.add_argument("--members", action="store_true", help="with --dry-run: every name of each, not the first ten")
    add("run", commands.run, "pull again and again, until stopped", "This is what the service runs.")
    approve = add(
        "approve",
        commands.approve,
        "approve the version that is held, and pull",
        "A version that would remove too much is held. This shows what it would change, asks, and approves exactly the "
        "one that is held now.",
    )
    approve.add_argument("--yes", action="store_true", help="do not ask")
    export = add("export", commands.export, "write the current version into a file, for a server without a network")
    export.add_argument("file", type=Path, metavar="FILE", help="the bundle to write; it contains names")
    bundle = add("import-bundle", commands.import_bundle, "take a version from such a file, verified like a download")
    bundle.add_argument("file", type=Path, metavar="FILE", help="a bundle that roster-agent export wrote")


def _add_asking(add: Callable[..., argparse.ArgumentParser]) -> None:
    add("status", commands.status, "what this server is, its version, and how the last pull ended")
    add("history", commands.history, "the versions that this server applied, and when")
    group = add("group", commands.group, "a group's members, from the local mirror")
    group.add_argument("name", metavar="NAME", help="the group's name, in any case")
    user = add("user", commands.user, "a user's groups and console access, from the mirror")
    user.add_argument("name", metavar="NAME", help="the username, in any case")
    for question in (group, user):
        question.add_argument("--as-of", type=int, metavar="VERSION", help="in an earlier version; see history")


def _add_caring(add: Callable[..., argparse.ArgumentParser]) -> None:
    add("doctor", commands.doctor, "look at everything a pull needs, and say what to do")
    support = add("support-bundle", commands.support_bundle, "write a file for whoever helps you, without names")
    support.add_argument("file", type=Path, metavar="FILE", help="the zip file to write")
    add("rotate-token", commands.rotate_token, "replace this server's token with a new one")
    service = add("service", commands.service, "install the agent as a service of this machine")
    service.add_argument("action", choices=["install", "uninstall", "status"])
    service.add_argument(
        "--push",
        nargs="?",
        const="",
        metavar="DIR",
        help="the service that uploads this folder (roster-agent push --watch), and not the one that pulls",
    )
    service.add_argument("--anyway", action="store_true", help="with --push: upload files that have errors, too")
    service.add_argument("--account", help="on Linux, the account it runs as (default: the owner of the state folder)")


def default_folder() -> Path:
    """Where the state is unless --state says otherwise."""
    if named := os.environ.get("ROSTER_AGENT_STATE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData"), "Impero SIS Import Agent")
    if os.geteuid() == 0:
        return Path("/var/lib/roster-agent")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state", "roster-agent")
