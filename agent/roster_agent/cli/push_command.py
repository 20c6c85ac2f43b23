"""``roster-agent push``: what it does with the command line, and what it says: steps to stderr, the end to stdout."""

import argparse
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from roster_agent.cli.commands import Said, watched_progress
from roster_agent.disk.state import State
from roster_agent.failures import BadArgument


def push(state: State, options: Namespace) -> Said:
    """Enrol, upload, or watch: whatever of it was asked for."""
    from roster_agent.upload import pushing
    from roster_agent.upload.push_words import exit_status, outcome_lines
    from roster_agent.upload.upload_state import UploadState

    own = UploadState(state.folder)
    if not (options.folder or options.enrol):
        raise BadArgument("name the folder with teachers.csv and students.csv")
    if options.enrol:
        if not (options.feed and options.site):
            raise BadArgument("--enrol needs --feed and --site")
        done = pushing.enrol(own, feed=options.feed, site=options.site, code=options.enrol, force=options.force)
        text = f"Enrolled as uploader {done.uploader} of site {done.site}."
        if not options.folder:
            shown = {"site": done.site, "uploader": done.uploader, "feed": done.feed}
            return Said(shown, f"{text} Next: roster-agent push DIR")
        _say(text)
    folder = options.folder.absolute()
    if options.watch:
        from roster_agent.daemon.run import stop_on_signals
        from roster_agent.upload.push_run import watch

        watch(own, folder, stop_on_signals(), anyway=options.anyway)
        return Said({"outcome": "stopped"}, "Stopped, as asked.")
    with watched_progress("uploading") as progress:
        pushed = pushing.push(own, folder, pushing.Wishes(options.anyway, progress, _say))
    outcome = pushed.outcome
    said = {"upload": pushed.upload, **asdict(outcome), "checked": asdict(pushed.checked)}
    return Said(said, "\n".join(outcome_lines(outcome)), exit_status(outcome))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def register(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to those of ``roster-agent``."""
    command = add(
        "push",
        push,
        "upload a folder's pair, and say what came of it",
        "Checks both files by the code that will import them, uploads them once nobody writes them any more, and waits "
        "for the end of their import. For that this machine is an uploader, by a code that roster-admin uploader add "
        "prints; it need not be a server. Exit status: 0 imported, 1 errors, held, failed or ignored.",
    )
    command.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="DIR",
        help="the folder with teachers.csv and students.csv, or with a bundle",
    )
    command.add_argument("--watch", action="store_true", help="upload it whenever it is written anew, until stopped")
    command.add_argument("--anyway", action="store_true", help="upload files that have errors, too")
    command.add_argument(
        "--enrol", metavar="CODE", help="first make this machine an uploader, by a code that works once"
    )
    command.add_argument("--feed", metavar="URL", help="with --enrol: the feed's address")
    command.add_argument("--site", help="with --enrol: the site")
    command.add_argument("--force", action="store_true", help="with --enrol: replace that of another site or feed")
