"""`roster`: what an upload of a folder's pair would be told, and the roster it makes, without any cloud.

In: a folder with teachers.csv and students.csv. Out: `check` prints the findings by code with what to do about them,
`show` the groups and the console access; both as JSON with --json. Only `show` prints names. Exit status: 0 fine,
1 the data has errors or would be held, or a file is missing, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from roster.csv_file import too_large
from roster.model import Roster
from roster.notices import FILES, FileError, Notices, Severity, catalogue
from roster.plan import Base, Plan, plan_import, refuse
from roster.settings import Settings
from roster.settings_file import read_settings
from roster_commands.output import UNBROKEN, standard_output
from roster_commands.reports import held_lines, status_text

_STYLES: dict[Severity, str] = {"error": "red", "warning": "yellow", "info": "dim"}
_PLACES_SHOWN = 5

_EXAMPLES = """\
examples:
  roster check exports/hogwarts           what would an upload of these files be told?
  roster check exports/hogwarts --json    the same for a program
  roster show exports/hogwarts            who would be in which group, and see which

exit status: 0 fine, 1 the data has errors or would be held, or a file is missing, 2 wrong usage
"""


class Unreadable(Exception):
    """There is no pair to read; the text says what to do. `missing` names the files that are not there."""

    def __init__(self, text: str, missing: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.missing = list(missing)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    options = _parser().parse_args(arguments)
    # Into a pipe or a file no line is broken, so that it can be searched.
    out = standard_output(UNBROKEN)
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with err.status("Reading the pair") if err.is_terminal else nullcontext():
            plan = read_pair_of(options.folder, _settings(options.settings))
        status: int = options.run(plan, options, out, err)
        sys.stdout.flush()
    except Unreadable as unreadable:
        if options.json and options.run is _check:
            # A missing file is waited for; what is there and cannot be read fails.
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


def read_pair_of(folder: Path, settings: Settings, base: Base | None = None) -> Plan:
    """What an import of the folder's files would come to, against the published version if there is one."""
    try:
        there = sorted(path.name for path in folder.iterdir())
        missing = [file for file in FILES if file not in there]
        if missing:
            raise Unreadable("\n".join(_missing(folder, file, there) for file in missing), missing)
        sizes = {file: (folder / file).stat().st_size for file in FILES}
        large = [notice for file, size in sizes.items() if (notice := too_large(file, size))]
        if large:
            return refuse(large)
        return plan_import({file: (folder / file).read_bytes() for file in FILES}, settings, base)
    except OSError as error:
        raise Unreadable(f"cannot read {error.filename}: {error.strerror}") from None


def _settings(file: Path | None) -> Settings:
    """The settings of a settings.json; the default ones without a file."""
    if file is None:
        return Settings()
    try:
        settings, problems = read_settings(file.read_bytes())
    except OSError as error:
        raise Unreadable(f"cannot read {error.filename}: {error.strerror}") from None
    if settings is None:
        raise Unreadable("\n".join([f"{file} has errors:", *(f"  {problem}" for problem in problems)]))
    return settings


def _missing(folder: Path, file: str, there: list[str]) -> str:
    """That a file is missing, and which one may be meant."""
    names = {name.lower(): name for name in there if name not in FILES}
    alike = difflib.get_close_matches(file, names, n=1, cutoff=0.75)
    hint = f" There is {names[alike[0]]}: is that the one? Its name must be exactly {file}." if alike else ""
    return f"there is no {file} in {folder.resolve()}.{hint}"


def _check(plan: Plan, options: argparse.Namespace, out: Console, _err: Console) -> int:
    if options.json:
        print(json.dumps(checked(plan), indent=2))
    else:
        for part in report_of(options.folder, plan):
            out.print(part)
    return 1 if plan.notices.severities["error"] or plan.held else 0


def checked(plan: Plan) -> dict[str, Any]:
    """What `check --json` prints of a plan; `held` says why one would be held."""
    return {
        "status": plan.outcome,
        "counts": plan.counts,
        **({"held": [reason._asdict() for reason in plan.held]} if plan.held else {}),
        "notice_totals": dict(sorted(plan.notices.totals.items())),
        "notices": [notice.as_dict() for notice in plan.notices.listed()],
    }


def report_of(folder: Path, plan: Plan) -> Iterator[RenderableType]:
    """A plan as a person reads it: status, counts, why it would be held, and the findings with what to do."""
    counts = plan.counts
    about = Table.grid(padding=(0, 2))
    about.add_row("Folder", Text(str(folder)))
    about.add_row("Status", status_text(plan.outcome))
    about.add_row("Rows", f"{counts['rows_read']:,} read, {counts['rows_rejected']:,} rejected")
    if plan.roster:
        members = f"{_several(counts['members'], 'member')} ({_several(counts['memberships'], 'membership')})"
        about.add_row(
            "Roster", f"{_several(counts['groups'], 'group')}, {members}, {_several(counts['teachers'], 'teacher')}"
        )
    yield about
    yield from held_lines([reason._asdict() for reason in plan.held])
    yield from _findings(plan.notices)
    if not plan.notices.totals and not plan.held:
        yield Text("\nNothing to say about this pair: it can be uploaded as it is.", "green")


def _findings(notices: Notices) -> Iterator[RenderableType]:
    """The findings by code, errors first: how often, what to do, and where."""
    listed = notices.listed()
    for severity, style in _STYLES.items():
        for kind in catalogue():
            total = notices.totals[kind.code]
            if kind.severity != severity or not total:
                continue
            same = [notice for notice in listed if notice.code == kind.code]
            yield Text.assemble("\n", (f"{severity} {kind.code}", style), f"  {total:,}")
            yield Padding(Text(kind().advice), (0, 0, 0, 2), expand=False)
            yield from (Text(f"    {notice.place}", "dim") for notice in same[:_PLACES_SHOWN] if notice.place)
            if total > _PLACES_SHOWN:
                yield Text(f"    and {total - min(len(same), _PLACES_SHOWN):,} more", "dim")


def _show(plan: Plan, options: argparse.Namespace, out: Console, err: Console) -> int:
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
        err.print(
            Text(f"roster: without {_several(rejected, 'rejected row')}: roster check {options.folder} tells why")
        )
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
    yield Text(_several(len(roster.groups), "group"), "bold")
    for group in roster.groups:
        yield Text(f"  {group.name} ({len(group.members)})")
        yield Padding(Text(", ".join(group.members), "dim"), (0, 0, 0, 4), expand=False)
    yield Text(f"\nConsole access: {_several(len(roster.rights), 'user')}", "bold")
    for right in roster.rights:
        yield Text(f"  {right.username}")
        if right.all_groups:
            yield Text("    every group", "dim")
        elif right.groups:
            yield Padding(Text(", ".join(right.groups), "dim"), (0, 0, 0, 4), expand=False)
        if right.pending:
            waiting = f"waits for students in: {', '.join(right.pending)}"
            yield Padding(Text(waiting, "yellow"), (0, 0, 0, 4), expand=False)


def _several(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _folder(name: str) -> Path:
    if not Path(name).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {name}")
    return Path(name)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("folder", type=_folder, metavar="DIR", help="the folder with teachers.csv and students.csv")
    shared.add_argument("--settings", type=Path, metavar="FILE", help="the site's settings.json (default: none)")
    shared.add_argument("--json", action="store_true", help="print JSON")
    parser = argparse.ArgumentParser(
        prog="roster",
        description="Looks at a pair of files before it is uploaded. Nothing leaves this machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"roster {version('impero-sis-import')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run, name, what in (
        (_check, "check", "what an upload of the pair would be told"),
        (_show, "show", "the groups and the console access that the pair makes"),
    ):
        command = commands.add_parser(
            name,
            parents=[shared],
            help=what,
            description=f"Prints {what}.",
            epilog=_EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
