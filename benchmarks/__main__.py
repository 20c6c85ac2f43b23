"""`make bench`: every measure, side by side in one run, and whether it meets its target.

Programs run in turn, each in a process of its own, several times; the least processor time of each counts, since
other work on the machine can only add to it. Read the ratios: machines differ. Exit status: 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import cost, imports, reports_cost
from benchmarks.pairs import write_bundle, write_pair
from benchmarks.programs import FILES, PROGRAMS
from roster.model import Roster
from roster.plan import plan_import
from roster.settings import Settings

ROWS = (2_000, 200_000, 2_000_000)
_TRIES = 5
_TRIES_OF_SMALL = 15  # a short run is more easily disturbed
_LARGE = 200_000  # the targets of speed and memory are for pairs of at least so many rows


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="rows of students.csv (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    measured: dict[str, Any] = {"programs": {}, "records": {}}
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True), transient=True) as progress:
        steps = progress.add_task("Measuring", total=sum(map(_tries, options.rows)) * len(PROGRAMS) + 2)
        for rows in options.rows:
            pair = Path(folder, str(rows))
            pair.mkdir()
            write_pair(pair, rows)
            measured["records"][rows] = write_bundle(pair, _roster(pair))
            measured["programs"][rows] = _programs(pair, _tries(rows), lambda: progress.advance(steps))
        measured["write_units"] = _costs(pair)
        progress.advance(steps)
        measured["import_milliseconds"] = imports.milliseconds()
        progress.advance(steps)
        measured["reports"] = reports_cost.as_json()
    targets = _targets(measured)
    if options.json:
        print(json.dumps(measured | {"targets": targets}, indent=2))
    else:
        _show(measured, targets)
    return 0 if all(target["met"] for target in targets) else 1


def _tries(rows: int) -> int:
    return _TRIES_OF_SMALL if rows <= _LARGE else _TRIES


def _programs(pair: Path, tries: int, advance: Any) -> dict[str, dict[str, float]]:
    """The least time and memory of each program, once they are seen to write the same snapshot."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in PROGRAMS}
    for _ in range(tries):
        digests = set()
        for name, measures in runs.items():
            out = pair / "snapshot"
            command = [sys.executable, "-m", "benchmarks.programs", name, str(pair), str(out)]
            ran = subprocess.run(command, capture_output=True, text=True, check=True)
            measures.append(json.loads(ran.stdout))
            digests.add(hashlib.sha256(zlib.decompress(out.read_bytes(), 31)).hexdigest())
            advance()
        if len(digests) != 1:
            raise SystemExit(f"the programs made different snapshots of {pair.name} rows: nothing is measured")
    return {name: {what: min(run[what] for run in all_runs) for what in all_runs[0]} for name, all_runs in runs.items()}


def _roster(pair: Path) -> Roster:
    roster = plan_import({file: (pair / file).read_bytes() for file in FILES}, Settings()).roster
    assert roster is not None
    return roster


def _costs(pair: Path) -> dict[str, float]:
    roster = _roster(pair)
    full, night = cost.full_import(roster), cost.night(roster, 0.01)
    return {
        "members_of_a_group": cost.members_of(roster),
        "item_per_membership": cost.item_per_membership(roster),
        "full_units": full.units,
        "full_requests": full.requests,
        "night_units": night.units,
        "night_requests": night.requests,
    }


def _targets(measured: dict[str, Any]) -> list[dict[str, Any]]:
    found = []

    def target(name: str, value: float, limit: float, *, at_least: bool = False) -> None:
        met = value >= limit if at_least else value <= limit
        found.append({"target": name, "value": round(value, 3), "limit": limit, "at_least": at_least, "met": met})

    for rows, programs in measured["programs"].items():
        core, obvious = programs["core"], programs["DictReader"]
        if rows >= _LARGE:
            target(
                f"{rows:,} rows: times as fast as DictReader", obvious["seconds"] / core["seconds"], 3.5, at_least=True
            )
            records = measured["records"][rows]
            bundle = programs["OneRoster"]["seconds"] / records["OneRoster"]
            target(
                f"{rows:,} rows: a record of OneRoster, in a row's time", bundle * records["pair"] / core["seconds"], 2
            )
            target(f"{rows:,} rows: share of its memory", core["megabytes"] / obvious["megabytes"], 0.5)
        if rows == ROWS[-1]:
            target(f"{rows:,} rows: megabytes at the most", core["megabytes"], 350)
    units = measured["write_units"]
    target("full import: share of an item per membership", units["full_units"] / units["item_per_membership"], 1 / 20)
    target("night with 1 % of groups changed: share of a full import", units["night_units"] / units["full_units"], 0.02)
    target("importing roster: milliseconds", measured["import_milliseconds"]["roster"], 25)
    return found


def _show(measured: dict[str, Any], targets: list[dict[str, Any]]) -> None:
    out = Console()
    table = Table("rows", "program", "seconds", "MB", "time ratio", "memory ratio", title="An import of a whole pair")
    for rows, programs in measured["programs"].items():
        core = programs["core"]
        for name, run in programs.items():
            ratios = (f"{run[what] / core[what]:.2f}" for what in ("seconds", "megabytes"))
            table.add_row(f"{rows:,}", name, f"{run['seconds']:.2f}", f"{run['megabytes']:.0f}", *ratios)
    out.print(table)
    units = measured["write_units"]
    table = Table("import", "write units", "requests", title="DynamoDB, the largest pair")
    table.add_row("first, an item for each membership", f"{units['item_per_membership']:,}", "")
    table.add_row("first", f"{units['full_units']:,}", f"{units['full_requests']:,}")
    table.add_row("1 % of the groups changed", f"{units['night_units']:,}", f"{units['night_requests']:,}")
    out.print(table)
    table = Table("imported", "milliseconds", title="Cold start: imports in a fresh interpreter")
    for name, spent in measured["import_milliseconds"].items():
        table.add_row(name, f"{spent:.0f}")
    out.print(table)
    reports = measured["reports"]
    table = Table("charged for", "dollars", title=f"Reports and watching of {reports['sites']:,} sites, a month")
    for what, dollars in {**reports["monthly_dollars"], "all": reports["dollars"]}.items():
        table.add_row(what, f"{dollars:.2f}")
    out.print(table)
    table = Table("target", "measured", "limit", "")
    for each in targets:
        limit = f"{'≥' if each['at_least'] else '≤'} {each['limit']:g}"
        table.add_row(each["target"], f"{each['value']:g}", limit, "met" if each["met"] else "[red]missed")
    out.print(table)


if __name__ == "__main__":
    sys.exit(main())
