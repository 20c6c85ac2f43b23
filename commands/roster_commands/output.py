"""Standard output for the commands. A letter that a console cannot show is written as its number, and fails nothing."""

from __future__ import annotations

import sys

from rich.console import Console

# Wider than any line.
UNBROKEN = 1_000_000_000


def standard_output(width_elsewhere: int) -> Console:
    """Standard output, as wide as the terminal; `width_elsewhere` columns wide in a pipe or a file."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console may lack a letter of somebody's name
    return Console(highlight=False, width=None if sys.stdout.isatty() else width_elsewhere)
