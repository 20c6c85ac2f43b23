"""Where the commands print what they were asked for: a terminal, a pipe or a file, none of them too poor for a name."""

from __future__ import annotations

import sys

from rich.console import Console

# More than any line has.
UNBROKEN = 1_000_000_000


def standard_output(width_elsewhere: int) -> Console:
    """Standard output, as wide as the terminal, or where it is none of `width_elsewhere`."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console may lack a letter of somebody's name
    return Console(highlight=False, width=None if sys.stdout.isatty() else width_elsewhere)
