"""The programs that are measured. Each reads a pair from a folder and writes its snapshot; run alone in a process.

`python -m benchmarks.programs NAME FOLDER OUT` prints {"seconds", "megabytes"}: processor time of the work, without
the interpreter's start and imports, and the process's peak memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from roster.notices import ONEROSTER

Program = Callable[[Path, Path], object]

FILES = ("teachers.csv", "students.csv")


def core() -> Program:
    """The product's own: parse, validate, reconcile, snapshot."""
    from roster.plan import plan_import
    from roster.settings import Settings

    def run(folder: Path, out: Path) -> None:
        plan = plan_import({file: (folder / file).read_bytes() for file in FILES}, Settings())
        assert plan.snapshot is not None
        out.write_bytes(plan.snapshot.data)

    return run


def bundle() -> Program:
    """The product's own, of another product's export that says the same."""
    from roster.plan import plan_import
    from roster.settings import Settings

    def run(folder: Path, out: Path) -> None:
        plan = plan_import({ONEROSTER: (folder / ONEROSTER).read_bytes()}, Settings())
        assert plan.snapshot is not None
        out.write_bytes(plan.snapshot.data)

    return run


def obvious() -> Program:
    """csv.DictReader and a dictionary of sets."""
    from benchmarks.obvious import run

    return run


def polars() -> Program:
    """polars' own reader and expressions."""
    from benchmarks.with_polars import run

    return run


PROGRAMS: dict[str, Callable[[], Program]] = {
    "core": core,
    "OneRoster": bundle,
    "DictReader": obvious,
    "polars": polars,
}


def peak_megabytes() -> float:
    """The most memory the process ever had."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: on Linux that begins with what the process that started this one had.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)  # elsewhere, in bytes


def main() -> None:
    """Run one program."""
    name, folder, out = sys.argv[1:]
    program = PROGRAMS[name]()
    started = time.process_time()
    program(Path(folder), Path(out))
    print(json.dumps({"seconds": time.process_time() - started, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main()
