"""The command ``roster-agent``: reads the command line, prints, chooses the exit status.

Exit status: 0 it is done; 1 it failed, or the mirror has no such name; 2 wrong usage. A failure is one sentence on
stderr that says what to do. Nothing that a pull prints names a user or a class; ``group`` and ``user`` print what they
were asked for and are not logged.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roster_agent import answer
from roster_agent.failures import AgentError
from roster_agent.state import State, default_folder

if TYPE_CHECKING:
    from roster_agent.transport import Progress


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    if hasattr(sys.stdout, "reconfigure"):
        # A Windows console may lack a letter of somebody's name: that is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except AgentError as failure:
        print(f"roster-agent: {failure}", file=sys.stderr)
        return failure.exit_status
    except KeyboardInterrupt:
        print("roster-agent: interrupted; nothing is half done, and the next pull goes on.", file=sys.stderr)
        return 1
    except Exception as bug:  # noqa: BLE001 - a stack trace's last line may quote a pupil's name
        print(f"roster-agent: internal error, please report it: {_where(bug)}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    state = State(options.state or default_folder())
    run: Callable[[State, argparse.Namespace], tuple[dict[str, Any], str]] = options.run
    shown, text = run(state, options)
    print(json.dumps(shown, indent=2) if options.json else text)
    return 0


def _enrol(state: State, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    from roster_agent.enrol import enrol  # with the HTTP client, which questions to the mirror do not need

    done = enrol(
        state, feed=options.feed, site=options.site, code=options.code, folder=options.folder, force=options.force
    )
    shown = {"site": done.site, "server": done.server, "feed": done.feed, "folder": done.folder}
    return shown, f"Enrolled as server {done.server} of site {done.site}. Next: roster-agent pull"


def _pull(state: State, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    from roster_agent.pull import pull

    with _progress() as progress:
        attempt = pull(state, progress).attempt
    return {"at": attempt.at, "outcome": attempt.outcome, "message": attempt.message}, attempt.message


def _status(state: State, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    shown = answer.status(state)
    counts, last = shown["counts"], shown["last_attempt"]
    version = f"{shown['version']} (epoch {shown['epoch']}), applied {shown['applied_at']}"
    files = ", ".join(shown["files"]) or "none in place"
    rows = {
        "site": shown["site"],
        "server": shown["server"],
        "feed": shown["feed"],
        "version": version if shown["version"] else "none yet",
        "counts": ", ".join(f"{count} {what}" for what, count in counts.items()) if counts else "none yet",
        "folder": shown["folder"],
        "files delivered": files,
        "last attempt": f"{last['at']} {last['outcome']}: {last['message']}" if last else "none yet",
    }
    return shown, "\n".join(f"{name:<16}{value}" for name, value in rows.items())


def _group(state: State, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    shown = answer.group(state, options.name)
    return shown, _listed(f"{shown['group']}, members", shown["members"])


def _user(state: State, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    shown = answer.user(state, options.name)
    parts = [_listed(f"{shown['username']}, member of", shown["member_of"])]
    if console := shown["console"]:
        basic = " (Basic Console Only)" if console["basic_console_only"] else ""
        sees = ["every group"] if console["all_groups"] else console["groups"]
        parts.append(_listed(f"console access{basic}, sees", sees))
        if console["pending"]:
            parts.append(_listed("waiting for these classes to have students", console["pending"]))
    else:
        parts.append("no console access")
    return shown, "\n".join(parts)


def _listed(title: str, names: list[str]) -> str:
    return "\n".join([f"{title}: {len(names) or 'none'}", *(f"  {name}" for name in names)])


@contextmanager
def _progress() -> "Iterator[Progress | None]":
    """A progress bar on stderr, only where somebody is watching."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:

        def show(done: int, total: int) -> None:
            task = bar.task_ids[0] if bar.task_ids else bar.add_task("fetching")
            bar.update(task, completed=done, total=total)

        yield show


def _where(bug: BaseException) -> str:
    """The kind of an error and the place of its cause, without its text."""
    trace = bug.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace else None
    place = f" in {Path(code.co_filename).name}, {code.co_name}, line {trace.tb_lineno}" if code and trace else ""
    return f"{type(bug).__name__}{place}"


def _parser() -> argparse.ArgumentParser:
    default = str(default_folder()).replace("%", "%%")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help=f"the agent's own private folder, one for each enrolment (default: {default})",
    )
    shared.add_argument("--json", action="store_true", help="print JSON")
    parser = argparse.ArgumentParser(
        prog="roster-agent",
        description="Brings a site's published rosters to the CSVImport folder of an Impero server.",
        epilog="Exit status: 0 done, 1 failed or no such name, 2 wrong usage.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    enrol = commands.add_parser(
        "enrol",
        parents=[shared],
        help="make this machine a server of a site",
        description="Uses a single-use code to make this machine a server of a site. The CSVImport folder must exist "
        "and be writable; it is tried before the code is used. A state folder holds one enrolment: to enrol it again, "
        "for example after its token was revoked, add --force. The mirror is kept when feed and site stay the same.",
    )
    enrol.add_argument("--feed", required=True, metavar="URL", help="the feed's address, as the cloud's FeedUrl")
    enrol.add_argument("--site", required=True, help="the site, as in the upload's path")
    enrol.add_argument("--code", required=True, help="the code that roster-admin enrol printed; it lives 15 minutes")
    enrol.add_argument("--folder", required=True, type=Path, metavar="DIR", help="Impero Server's CSVImport folder")
    enrol.add_argument("--force", action="store_true", help="replace the enrolment that is in the state folder")
    enrol.set_defaults(run=_enrol)

    pull = commands.add_parser(
        "pull",
        parents=[shared],
        help="fetch the newest version and deliver its files",
        description="Fetches the newest version if there is one, verifies it, and delivers students.csv and "
        "teachers.csv. Files that were deleted or changed since are delivered again.",
    )
    pull.set_defaults(run=_pull)
    status = commands.add_parser("status", parents=[shared], help="what this server is, holds, and tried last")
    status.set_defaults(run=_status)
    group = commands.add_parser("group", parents=[shared], help="a group's members, from the local mirror")
    group.add_argument("name", metavar="NAME", help="the group's name, in any case")
    group.set_defaults(run=_group)
    user = commands.add_parser("user", parents=[shared], help="a user's groups and console access, from the mirror")
    user.add_argument("name", metavar="NAME", help="the username, in any case")
    user.set_defaults(run=_user)
    return parser
