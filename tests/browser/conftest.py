"""What the tests of the dashboard page share: a headless Chromium, and pages that talk to nobody else."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, expect

from local.browser import NoBrowser, browser

expect.set_options(timeout=20_000)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium. Where there is none the tests are skipped, unless REQUIRE_BROWSER=1 says there must be."""
    with ExitStack() as running:
        try:
            found = running.enter_context(browser())
        except NoBrowser as error:
            if os.environ.get("REQUIRE_BROWSER") == "1":
                pytest.fail(f"REQUIRE_BROWSER=1, and {error}")
            pytest.skip(str(error))
        yield found


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Open an address in a browser that knows nothing. However a test ends: no page of it may have opened a dialog, run
    into an error or a forbidden script, or asked anybody but the server that it came from, or what begins as `allowed`
    does. With `refused` that server may refuse what is asked.
    """
    seen: list[str] = []
    with ExitStack() as contexts:

        def open_(
            url: str, *, width: int = 1200, theme: str = "light", allowed: str = "", refused: bool = False
        ) -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if theme == "dark" else "light",
                reduced_motion="reduce",
                locale="en-GB",
                timezone_id="UTC",
            )
            contexts.callback(context.close)
            page = context.new_page()
            origin = allowed or url.partition("?")[0]

            def requested(request: Request) -> None:
                if not request.url.startswith((origin, "data:,")):
                    seen.append(f"a request for {request.url}")

            def asked(dialog: Dialog) -> None:
                seen.append(f"a dialog: {dialog.message}")
                dialog.dismiss()

            def told(message: ConsoleMessage) -> None:
                if message.type == "error" and not (refused and "403" in message.text):
                    seen.append(message.text)

            page.on("request", requested)
            page.on("dialog", asked)
            page.on("console", told)
            page.on("pageerror", lambda error: seen.append(f"an error: {error}"))
            page.goto(url)
            return page

        yield open_
    assert seen == []
