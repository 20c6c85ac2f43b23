"""A headless Chromium of this machine, for the tests and the screenshots of the dashboard page.

In: nothing. Out: a browser that contacts nobody by itself. Refused: a machine without Chromium (`NoBrowser`, which says
what to install).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowser(Exception):
    """This machine has no Chromium; the text says what to install."""


def executable() -> str:
    """The path of Chromium. Raises NoBrowser."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    raise NoBrowser("there is no Chromium on the PATH. Install it: apt-get install chromium, or your system's package")


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium without a window. Raises NoBrowser."""
    path = executable()
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, headless=True, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()
