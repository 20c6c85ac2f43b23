"""`roster-admin doctor`: one look at everything that a deployed stack needs, and for each finding what to do.

In: the name of a stack. Out: a line for each check of `roster_commands.health`, as soon as it is known. The exit status
is 1 if a check failed. What was skipped fails nothing, and says why it was skipped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from functools import partial

from rich.console import Console

from roster.checks import Result, run
from roster_commands.deployed import Deployed
from roster_commands.health import CHECKS, explain


def doctor(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """Print every check; the exit status."""
    results = []
    for result in examine(arguments.stack):
        results.append(result)
        if not arguments.json:
            out.print(f"{result.verdict:<8} {result.name}: {result.found}", markup=False, soft_wrap=True)
            if result.advice:
                out.print(f"{'':<9}{result.advice}", markup=False, soft_wrap=True)
    if arguments.json:
        print(json.dumps([result._asdict() for result in results]))
    return int(any(result.verdict == "failed" for result in results))


def examine(name: str) -> Iterator[Result]:
    """The result of each check of the stack with this name, in their order."""
    return run(CHECKS, Deployed(name), partial(explain, name))
