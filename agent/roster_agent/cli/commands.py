"""What each command of ``roster-agent`` does: calls the module that does it, and puts what came of it into words.

Comes in: a state folder and the command's arguments. Goes out: `Said`, the facts for ``--json`` and a text for people.
Modules that only some commands need are imported there, so that a question to the mirror does not wait for them.
"""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from roster_agent.disk.state import State
from roster_agent.support import local_answers

if TYPE_CHECKING:
    from roster_agent.net.transport import Progress


class Said(NamedTuple):
    """What to print, and the exit status."""

    shown: Any
    text: str
    status: int = 0


def enrol(state: State, options: Namespace) -> Said:
    """A code becomes an enrolment."""
    from roster_agent.net.enrol import enrol

    done = enrol(
        state, feed=options.feed, site=options.site, code=options.code, folder=options.folder, force=options.force
    )
    shown = {"site": done.site, "server": done.server, "feed": done.feed, "folder": done.folder}
    return Said(shown, f"Enrolled as server {done.server} of site {done.site}. Next: roster-agent pull")


def pull(state: State, options: Namespace) -> Said:
    """One pull, or what it would do."""
    with watched_progress("fetching") as progress:
        if options.dry_run:
            from roster.difference import LISTED, NAMED
            from roster_agent.update.preview import preview

            shown = preview(state, progress, None if options.all else LISTED, names=None if options.members else NAMED)
            return Said(shown, _previewed(shown))
        from roster_agent.update.pull import pull

        attempt = pull(state, progress).attempt
    return Said(asdict(attempt), attempt.message)


def run(state: State, options: Namespace) -> Said:
    """Pull until asked to stop."""
    from roster_agent.daemon.run import run, stop_on_signals

    run(state, stop_on_signals())
    return Said({"outcome": "stopped"}, "Stopped, as asked.")


def approve(state: State, options: Namespace) -> Said:
    """Approve the version that is held, once a person has seen what it would do, and pull right away."""
    from roster_agent.update.hold import approve

    if not (options.yes or _agreed(state)):
        return Said({"approved": None}, "Nothing was approved.", 1)
    approved = approve(state)
    said = pull(state, Namespace(dry_run=False))
    return Said({"approved": approved.version, **said.shown}, f"Version {approved.version} approved. {said.text}")


def _agreed(state: State) -> bool:
    """Whether a person, shown what the version that is held would do, says yes; NobodyToAsk where nobody can."""
    from roster_agent.failures import NobodyToAsk, NothingHeld
    from roster_agent.update.preview import preview

    if not sys.stdin.isatty():
        raise NobodyToAsk
    held = state.hold()
    if held is None:
        raise NothingHeld
    shown = preview(state)
    print(_previewed(shown), file=sys.stderr)
    if shown["version"] != held.version:
        print(f"Version {held.version} is held, but is no longer the newest: run roster-agent pull.", file=sys.stderr)
        return False
    print(f"Approve version {held.version}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def rotate_token(state: State, options: Namespace) -> Said:
    """Replace the token."""
    from roster_agent.net.enrol import rotate_token

    rotate_token(state)
    return Said({"rotated": True}, "This server has a new token. The old one no longer works.")


def export(state: State, options: Namespace) -> Said:
    """Write the current version to a file."""
    from roster_agent.update.version_bundle import export

    version = export(state, options.file)
    text = f"Version {version} written to {options.file}. It contains names: keep it as safe as the CSV files."
    return Said({"version": version, "file": str(options.file)}, text)


def import_bundle(state: State, options: Namespace) -> Said:
    """Take the version in a file."""
    from roster_agent.update.pull import take
    from roster_agent.update.version_bundle import Bundle

    attempt = take(state, Bundle(options.file, state.enrolment().site))
    return Said(asdict(attempt), attempt.message)


def status(state: State, options: Namespace) -> Said:
    """What this server is and has."""
    shown = local_answers.status(state)
    counts, last, held = shown["counts"], shown["last_attempt"], shown["held"]
    version = f"{shown['version']} (epoch {shown['epoch']}), applied {shown['applied_at']}"
    rows = {
        "site": shown["site"],
        "server": shown["server"],
        "feed": shown["feed"],
        "version": version if shown["version"] else "none yet",
        "counts": _counted(counts) if counts else "none yet",
        "folder": shown["folder"],
        "files delivered": ", ".join(shown["files"]) or "none in place",
        "last attempt": f"{last['at']} {last['outcome']}: {last['message']}" if last else "none yet",
    }
    if held:
        what = "approved, the next pull applies it" if held["approved"] else "waits for roster-agent approve"
        rows["held"] = f"version {held['version']}, {held['gone']} of {held['of']} memberships would go; {what}"
    return Said(shown, "\n".join(f"{name:<16}{value}" for name, value in rows.items()))


def history(state: State, options: Namespace) -> Said:
    """The versions that were applied."""
    shown = local_answers.history(state)
    rows = [f"{kept['version']:>8}  {kept['applied_at']}  {_counted(kept['counts'])}" for kept in shown]
    return Said(shown, "\n".join([f"{'version':>8}  {'applied':<25}  counts", *rows]))


def group(state: State, options: Namespace) -> Said:
    """A group's members."""
    shown = local_answers.group(state, options.name, options.as_of)
    return Said(shown, _listed(f"{shown['group']}, members", shown["members"]))


def user(state: State, options: Namespace) -> Said:
    """A user's groups and console access."""
    shown = local_answers.user(state, options.name, options.as_of)
    parts = [_listed(f"{shown['username']}, member of", shown["member_of"])]
    if console := shown["console"]:
        basic = " (Basic Console Only)" if console["basic_console_only"] else ""
        sees = ["every group"] if console["all_groups"] else console["groups"]
        parts.append(_listed(f"console access{basic}, sees", sees))
        if console["pending"]:
            parts.append(_listed("waiting for these classes to have students", console["pending"]))
    else:
        parts.append("no console access")
    return Said(shown, "\n".join(parts))


def doctor(state: State, options: Namespace) -> Said:
    """Every check; the status is 1 when one failed."""
    from roster_agent.support.doctor import examine

    results = list(examine(state))
    lines = []
    for result in results:
        lines.append(f"{result.verdict:<8} {result.name}: {result.found}")
        if result.advice:
            lines.append(f"{'':<9}{result.advice}")
    failed = any(result.verdict == "failed" for result in results)
    return Said([result._asdict() for result in results], "\n".join(lines), int(failed))


def support_bundle(state: State, options: Namespace) -> Said:
    """Write what helps to help."""
    from roster_agent.support.support_bundle import write

    parts = write(state, options.file)
    text = f"Written to {options.file}: {', '.join(parts)}. No username, class, token or password is in it."
    return Said({"file": str(options.file), "parts": parts}, text)


def service(state: State, options: Namespace) -> Said:
    """Install, remove or look at the service."""
    from roster_agent.daemon import service

    pushes = options.push is not None
    duty = service.pushing(options.push or None, anyway=options.anyway) if pushes else service.PULLING
    if options.action == "status":
        shown = {"manager": service.status(duty=duty), "running": duty.is_done(state)}
        work = "running" if shown["running"] else "not running"
        return Said(shown, f"{shown['manager']}; roster-agent {duty.arguments[0]} is {work}")
    if options.action == "install":
        done = service.install(state, options.account, duty=duty)
        return Said({"file": str(done.file)}, f"Installed ({done.file}) and started.")
    done = service.uninstall(state, duty=duty)
    return Said({"file": str(done.file)}, "Stopped, and will not start again. Enrolment, mirror and files stay.")


def _previewed(shown: dict[str, Any]) -> str:
    from roster import listing
    from roster.difference import Difference

    lines = []
    if shown["version"] is None:
        return "Nothing is published for this site yet."
    if not any(shown["changes"].values()):
        lines.append(f"No roster changes: version {shown['version']}.")
    else:
        lines.append(f"Version {shown['version']} would replace {shown['from'] or 'nothing'}:")
        counts = {name.replace("_", " "): number for name, number in shown["changes"].items() if number}
        lines += [f"  {number} {name}" for name, number in counts.items()]
    lines += listing.lines(Difference.from_dict(shown["difference"]))
    lines.append(f"Files that would be written: {', '.join(shown['files']) or 'none'}.")
    if shown["held"]:
        lines.append(f"It would be held: {shown['memberships_gone']} memberships would go. See roster-agent approve.")
    return "\n".join(lines)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _listed(title: str, names: list[str]) -> str:
    return "\n".join([f"{title}: {len(names) or 'none'}", *(f"  {name}" for name in names)])


@contextmanager
def watched_progress(what: str) -> "Iterator[Progress | None]":
    """A progress bar on stderr, only where somebody is watching; `what` is done meanwhile."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:

        def show(done: int, total: int) -> None:
            task = bar.task_ids[0] if bar.task_ids else bar.add_task(what)
            bar.update(task, completed=done, total=total)

        yield show
