"""The upload page as a school's office has it: a phone, two files, a wrong pair first. Against the deployed stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from local.cloud import Cloud
from tests.deployed import SEED, Site, eventually
from tests.unit.sources.bundles import oneroster, zipped

Choose = Callable[[Page, dict[str, bytes]], None]

WRONG = {"teachers.csv": SEED["students.csv"], "students.csv": b"<html>log in</html>"}


@pytest.fixture
def school(cloud: Cloud, site: str) -> Site:
    school = Site(cloud, site)
    school.add()
    return school


def address(site: Site, seconds: int = 600) -> str:
    token = site.ask("uploader-link", uploader="office-page", valid_seconds=seconds)["token"]
    return f"{site.cloud.feed_url}/upload#{token}"


@pytest.fixture
def visit(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Open an address; the page may ask the cloud that it came from, and nobody else."""

    def open_(url: str, **look: object) -> Page:
        return open_page(url, allowed=url.partition("/_aws/")[0], **look)

    return open_


@pytest.fixture
def choose(tmp_path: Path) -> Choose:
    def choose_(page: Page, files: dict[str, bytes]) -> None:
        expect(page.locator("#choose")).to_be_visible()
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        page.set_input_files("#files", [tmp_path / name for name in files])

    return choose_


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name=text, exact=True)).to_be_visible(timeout=90_000)


def axe(page: Page) -> list[str]:
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    return [violation["id"] for violation in results.response["violations"]]


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1200, "dark")])
def test_should_upload_a_pair_after_a_wrong_one(
    width: int, theme: str, school: Site, visit: Callable[..., Page], choose: Choose
) -> None:
    page = visit(address(school), width=width, theme=theme)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Upload the roster of {school.name}")
    expect(page.get_by_text("This address works until")).to_be_visible()
    assert axe(page) == []

    choose(page, WRONG)
    heading(page, "These files would be refused")
    expect(page.get_by_text("The file is a web page")).to_be_visible()
    expect(page.get_by_role("button", name="Upload these files")).to_be_hidden()
    assert axe(page) == []
    page.get_by_role("button", name="Choose other files").click()

    choose(page, SEED)
    heading(page, "These files can be uploaded")
    assert axe(page) == []
    assert school.imports() == []
    page.get_by_role("button", name="Upload these files").click()
    heading(page, "Imported")
    assert axe(page) == []
    assert school.version() == 1
    assert page.evaluate("document.body.scrollWidth <= document.body.clientWidth")


def test_should_upload_the_export_of_a_site_that_imports_from_one(
    school: Site, visit: Callable[..., Page], choose: Choose
) -> None:
    school.upload("settings.json", b'{"import_from": "oneroster"}')
    eventually(school.cloud, lambda: school.ask("version")["settings"].get("import_from") == "oneroster", "the setting")
    page = visit(address(school), width=390, theme="light")
    expect(page.get_by_text("Choose the zip", exact=True)).to_be_visible()
    choose(page, SEED)
    expect(page.get_by_text("students.csv is not the zip of an export.")).to_be_visible()
    choose(page, {"Export of September.zip": zipped(oneroster(terms=()))})
    heading(page, "These files can be uploaded")
    expect(page.get_by_text("4 rows read: 2 pupils in 2 classes, 1 teacher.")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Upload these files").click()
    heading(page, "Imported")
    assert school.version() == 1


def test_should_say_what_is_missing_or_called_otherwise(
    school: Site, visit: Callable[..., Page], choose: Choose
) -> None:
    page = visit(address(school))
    choose(page, {"students.csv": SEED["students.csv"], "pupils.csv": b"x"})
    expect(page.get_by_text("teachers.csv is still missing")).to_be_visible()
    expect(page.get_by_text("pupils.csv is not one of the two")).to_be_visible()
    choose(page, {"teachers.csv": SEED["teachers.csv"]})
    heading(page, "These files can be uploaded")


def test_should_take_an_empty_file_for_no_file(school: Site, visit: Callable[..., Page], choose: Choose) -> None:
    page = visit(address(school))
    choose(page, {**SEED, "students.csv": b""})
    expect(page.get_by_text("students.csv is empty. Export it again.")).to_be_visible()


def test_should_be_usable_by_keyboard(school: Site, visit: Callable[..., Page]) -> None:
    page = visit(address(school))
    expect(page.locator("#choose")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "files"


@pytest.mark.parametrize("part", ["", "#uploader~hogwarts.office-page.nonsense"])
def test_should_say_that_an_address_does_not_work(part: str, cloud: Cloud, visit: Callable[..., Page]) -> None:
    said = "This address no longer works" if part else "This address is not whole"
    page = visit(f"{cloud.feed_url}/upload{part}", refused=bool(part))
    expect(page.get_by_text(said)).to_be_visible()
    assert axe(page) == []
