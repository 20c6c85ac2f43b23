"""A headless Chromium of this machine, for the tests and the screenshots of the dashboard page.

In: nothing. Out: a browser that talks to nobody of its own accord. Refused: a machine without Chromium
(`NoBrowser`, with what to install).
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
    """There is no Chromium here; the text says what to install."""


def executable() -> str:
    """Where Chromium is."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    raise NoBrowser("no Chromium on the PATH: apt-get install chromium, or what your system calls it")


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium, without any window."""
    path = executable()
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, headless=True, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()
