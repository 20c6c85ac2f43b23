"""`roster`: what an import of a folder's pair would report, and the roster it makes, without any cloud.

In: a folder with teachers.csv and students.csv, or a bundle. Out: `check` prints the findings by code with what to do
about them, `show` the groups and the console access; both as JSON with --json. Both print names; `check --no-values`
prints none. Exit status: 0 fine, 1 the data has errors or would be held, or a file is missing, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from roster.model import Roster
from roster.notices import BundleRead, FileError
from roster.plan import Known, refuse
from roster_commands.differences import listing_options, of_plan, print_difference
from roster_commands.first_rows import first_rows
from roster_commands.folder import Chosen, Unreadable, add_days, folder, read_after, read_pair_of, settings_of
from roster_commands.output import UNBROKEN, standard_output
from roster_commands.plan_report import checked, kept_facts, print_first_rows, print_report
from roster_pages.wording import changes_text, several

_MOST_ROWS = 1000

_EXAMPLES = """\
examples:
  roster check exports/hogwarts           what would an import of these files report?
  roster check exports/hogwarts --json    the same as JSON
  roster check new --after old            what would it change after old, and would it be held?
  roster show exports/hogwarts            who would be in which group, and who would see it
  roster check oneroster.zip --all-dates  what would it say of an export of another year?

exit status: 0 fine, 1 the data has errors or would be held, or a file is missing, 2 wrong usage
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    options = parser().parse_args(arguments)
    # No line is broken in a pipe or a file, so that it can be searched.
    out = standard_output(UNBROKEN)
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        options.folder = folder(options.named)
        if Path(options.named).is_file() and options.folder.is_dir():
            err.print(Text(f"roster: {options.named} is one file of a pair. Both files in {options.folder} are read."))
        status: int = options.run(options, out, err)
        sys.stdout.flush()
    except Unreadable as unreadable:
        if options.json and options.run is _check:
            # An import waits for a missing file, and fails on one that cannot be read.
            said = {"status": "waiting", "missing": unreadable.missing} if unreadable.missing else {}
            print(json.dumps(checked(refuse([])) | said, indent=2))
        err.print(Text(f"roster: {unreadable}"))
        return 1
    except BrokenPipeError:  # whoever reads the output has seen enough
        out.on_broken_pipe()
        return 1
    except KeyboardInterrupt:
        return 1
    return status


def _reading(err: Console) -> AbstractContextManager[object]:
    return err.status("Reading the pair") if err.is_terminal else nullcontext()


def _check(options: argparse.Namespace, out: Console, err: Console) -> int:
    with _reading(err):
        chosen = settings_of(options.folder, options.settings, default=options.no_settings)
        base = None
        day = Known(now=datetime.now(UTC), day=options.on, all_dates=options.all_dates)
        if options.after:
            plan, base = read_after(options.folder, options.after, chosen.settings, day)
        else:
            plan = read_pair_of(options.folder, chosen.settings, known=day)
        first = first_rows(plan, chosen.settings, 0 if options.no_values else options.show_rows)
        difference = of_plan(plan, base, options) if base else None
    if options.json:
        said = checked(plan, values=not options.no_values) | {"settings": str(chosen.file) if chosen.file else None}
        if first:
            said["rows"] = {file: [row.as_dict() for row in rows] for file, rows in first.items()}
        if difference:
            said = {"held": []} | said | {"changes": plan.changes} | kept_facts(plan)
            said |= {} if options.no_values else {"difference": difference.as_dict()}
        print(json.dumps(said, indent=2))
    else:
        print_report(options.folder, plan, out, _settings_text(chosen), values=not options.no_values)
        if plan.notices.totals[BundleRead.code] and not plan.counts["rows_read"]:
            out.print(
                Text("\nNothing counts on this day. As of another one: --on DATE; whatever the dates: --all-dates")
            )
        print_first_rows(first, out)
        if difference:
            out.print(Text(f"\nAfter {options.after} it would change: {changes_text(plan.changes)}", "bold"))
            if not options.no_values:
                print_difference(difference, out)
    return 1 if plan.notices.severities["error"] or plan.held else 0


def _settings_text(chosen: Chosen) -> str:
    return str(chosen.file) if chosen.file else "the defaults"


def _show(options: argparse.Namespace, out: Console, err: Console) -> int:
    with _reading(err):
        chosen = settings_of(options.folder, options.settings, default=options.no_settings)
        day = Known(now=datetime.now(UTC), day=options.on, all_dates=options.all_dates)
        plan = read_pair_of(options.folder, chosen.settings, known=day)
    if not plan.roster:
        for notice in plan.notices.listed():
            if isinstance(notice, FileError):
                err.print(Text(f"roster: {notice.place}: {notice.advice} ({notice.code})"))
        return 1
    if options.json:
        print(json.dumps(_shown(plan.roster), indent=2))
    else:
        for part in _roster(plan.roster):
            out.print(part)
    if rejected := plan.counts["rows_rejected"]:
        err.print(Text(f"roster: {several(rejected, 'rejected row')} left out. See why: roster check {options.folder}"))
    return 0


def _shown(roster: Roster) -> dict[str, Any]:
    groups = {group.name: sorted(group.members) for group in roster.groups}
    rights = {
        right.username: {
            "groups": sorted(right.groups),
            "pending": sorted(right.pending),
            "all_groups": right.all_groups,
        }
        for right in roster.rights
    }
    return {"groups": dict(sorted(groups.items())), "rights": dict(sorted(rights.items()))}


def _roster(roster: Roster) -> Iterator[RenderableType]:
    yield Text(several(len(roster.groups), "group"), "bold")
    for group in roster.groups:
        yield Text(f"  {group.name} ({len(group.members)})")
        yield Padding(Text(", ".join(group.members), "dim"), (0, 0, 0, 4), expand=False)
    yield Text(f"\nConsole access: {several(len(roster.rights), 'user')}", "bold")
    for right in roster.rights:
        yield Text(f"  {right.username}")
        if right.all_groups:
            yield Text("    every group", "dim")
        elif right.groups:
            yield Padding(Text(", ".join(right.groups), "dim"), (0, 0, 0, 4), expand=False)
        if right.pending:
            waiting = f"waits for students in: {', '.join(right.pending)}"
            yield Padding(Text(waiting, "yellow"), (0, 0, 0, 4), expand=False)


def _named(name: str) -> str:
    folder(name)
    return name


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST_ROWS:
        raise argparse.ArgumentTypeError(f"a number from 0 to {_MOST_ROWS}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """What the command line may say."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "named",
        type=_named,
        metavar="DIR",
        help="the folder with teachers.csv and students.csv (or one of the two), "
        "or an export of OneRoster, School Data Sync or Clever: its zip, or the folder with its files",
    )
    add_days(shared)
    shared.add_argument(
        "--settings", type=Path, metavar="FILE", help="the site's settings (default: settings.json in DIR, if there)"
    )
    shared.add_argument("--no-settings", action="store_true", help="use the defaults, even if DIR has a settings.json")
    shared.add_argument("--json", action="store_true", help="print JSON")
    made = argparse.ArgumentParser(
        prog="roster",
        description="Looks at a pair of files, or at another product's export, before it is uploaded. "
        "Nothing leaves this machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"roster {version('impero-sis-import')}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for run, name, what in (
        (_check, "check", "what an import of the pair would report"),
        (_show, "show", "the groups and the console access that the pair makes"),
    ):
        command = commands.add_parser(
            name,
            parents=[shared, listing_options()] if run is _check else [shared],
            help=what,
            description=f"Prints {what}.",
            epilog=_EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        if run is _check:
            _add_checking(command)
    return made


def _add_checking(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--after",
        type=folder,
        metavar="DIR",
        help="what the pair would change after that other pair, and whether it would be held",
    )
    command.add_argument(
        "--show-rows", type=_rows, default=5, metavar="N", help="show the first N rows as understood (default: 5)"
    )
    command.add_argument("--no-values", action="store_true", help="print no username and no class")


if __name__ == "__main__":
    sys.exit(main())
