"""Every kind of page, as a browser shows it without any cloud: readable for everybody, and no wider than its window."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from roster_pages import page, to_html
from roster_pages.style import PALETTE
from tests.unit.pages import samples

WHOLE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>'
    "<style>body{{margin:0;background:{back}}}</style></head><body><main>{body}</main></body></html>"
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_should_pass_axe_on_every_kind_of_page(theme: str, chromium: Browser, tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}
    browser_page = chromium.new_page(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    for name, data in samples.EVERY.items():
        browser_page.goto(_file(tmp_path, data, theme).as_uri())
        results = Axe().run(browser_page, options={"resultTypes": ["violations"]})
        for violation in results.response["violations"]:
            found[f"{name}: {violation['id']}"] = [node["html"][:200] for node in violation["nodes"][:3]]
    browser_page.close()
    assert found == {}


@pytest.mark.parametrize("width", [300, 620, 1200])
def test_should_make_no_kind_of_page_wider_than_its_window(width: int, chromium: Browser, tmp_path: Path) -> None:
    browser_page = chromium.new_page(viewport={"width": width, "height": 900})
    wide = {}
    for name, data in samples.EVERY.items():
        browser_page.goto(_file(tmp_path, data, "light").as_uri())
        wide[name] = browser_page.evaluate("document.body.scrollWidth - document.body.clientWidth")
    browser_page.close()
    assert {name for name, over in wide.items() if over > 0} == set()


def _file(folder: Path, data: dict[str, object], theme: str) -> Path:
    file = folder / "page.html"
    body = to_html(page(data), samples.ENDPOINTS, theme)
    file.write_text(WHOLE.format(back=PALETTE[theme]["back"], body=body), encoding="utf-8")
    return file
