"""How much of a difference is listed, and how a terminal shows it, for all commands alike."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.text import Text

from roster import delta
from roster.difference import LISTED, NAMED, Difference, of_versions
from roster.encode import lines as content_lines
from roster.listing import lines
from roster.plan import Base, Plan
from roster_pages.page_model import harmless


def listing_options() -> argparse.ArgumentParser:
    """An argparse parent with the options that say how much is listed."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--all", action="store_true", help=f"list every user and group, not the first {LISTED}")
    options.add_argument("--members", action="store_true", help=f"list every name of each, not the first {NAMED}")
    return options


def between(old: Base | None, new: Base | None, arguments: argparse.Namespace) -> Difference:
    """What changes from one version to another. None stands for a site without a version."""
    limit = None if arguments.all else LISTED
    names = None if arguments.members else NAMED
    return of_versions(old.lines() if old else (), new.lines() if new else (), limit, names)


def of_plan(plan: Plan, base: Base | None, arguments: argparse.Namespace) -> Difference:
    """What a plan would change. A plan that makes no version changes nothing."""
    if plan.snapshot is None:
        return Difference(dict.fromkeys(delta.CHANGES, 0))
    packed = plan.snapshot
    made = Base(packed.blob.content_sha256, plan.counts, lambda: content_lines(packed.data, packed.blob))
    return between(base, made, arguments)


def print_difference(difference: Difference, out: Console) -> None:
    """Print who and what changes, a line each."""
    for line in lines(difference):
        out.print(Text(harmless(line)), soft_wrap=True)
