"""The dashboard page with the deployed functions behind it: what people see and do there, as they would.

The page is the stand-in's (`local.dashboard`), the widget's answers and whatever its buttons do are the real ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Response, expect

from local.cloud import Cloud
from local.dashboard import Dashboard
from local.widget import Widget
from tests.browser.conftest import Open
from tests.deployed import SEED, Site

MOST_BYTES = 100_000
IMG = "<img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://x")'
BAD_ROWS = 10_000
# So many that their import takes longer than somebody takes to look twice.
MANY_GROUPS = 4_000
SITES = 500


def csv(*rows: str) -> bytes:
    return "\n".join(["version,1", "username,class", *rows, ""]).encode()


PAIRS = {
    "errors": {
        "teachers.csv": csv("Severus_Snape,Potions", ",Potions"),
        "students.csv": csv("Harry_Potter,Potions", "Ron_Weasley,", 'Hermione_Granger,"Potions'),
    },
    "hostile": {
        "teachers.csv": csv(f"Severus_Snape,{IMG}", 'Severus_Snape,"=HYPERLINK(""http://x"")"'),
        "students.csv": csv(f"Harry_Potter,{IMG}", 'Harry_Potter,"=HYPERLINK(""http://x"")"'),
    },
    "notices": {
        "teachers.csv": csv("Severus_Snape,Potions"),
        "students.csv": csv("Harry_Potter,Potions", *(f"pupil{row}," for row in range(BAD_ROWS))),
    },
    "held": SEED,
    "keyboard": SEED,
    "example": SEED,
}


@dataclass(frozen=True)
class School:
    """A site with one import that has ended."""

    site: Site
    report: dict[str, Any]


@pytest.fixture(scope="module")
def uploads(cloud: Cloud) -> dict[str, tuple[Site, dict[str, str]]]:
    """All the sites, with their uploads: one waits for each, so they are imported at the same time."""
    sites = {name: Site(cloud, f"browser-{name}") for name in PAIRS}
    for site in sites.values():
        site.ask("site-add")
    return {name: (site, site.upload_pair(PAIRS[name])) for name, site in sites.items()}


@pytest.fixture
def school(uploads: dict[str, tuple[Site, dict[str, str]]]) -> Callable[[str], School]:
    """One of the sites, once its import has ended."""

    def imported(name: str) -> School:
        site, uploaded = uploads[name]
        return School(site, site.import_of(uploaded))

    return imported


@pytest.fixture(scope="module")
def url(cloud: Cloud) -> Iterator[str]:
    with Dashboard(Widget(cloud)) as dashboard:
        yield dashboard.url


@pytest.fixture
def look(url: str, open_page: Open) -> Look:
    return Look(url, open_page)


@dataclass(frozen=True)
class Look:
    """Opens the page as somebody who looks for a site."""

    url: str
    open_page: Open

    def at(self, site: str, *, theme: str = "light", width: int = 1200) -> Page:
        page = self.open_page(f"{self.url}?site={site}&theme={theme}", theme=theme, width=width)
        expect(widget(page).get_by_role("heading", level=1)).to_be_visible()
        return page


def widget(page: Page) -> Locator:
    return page.locator("#content")


def press(page: Page, name: str, *, confirm: bool = False) -> Response:
    """Press a button of the widget; the answer to it."""
    with page.expect_response("**/act") as answer:
        widget(page).get_by_role("button", name=name, exact=True).first.click()
        if confirm:
            page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#status")).to_be_empty()
    return answer.value


def html(response: Response) -> str:
    return str(response.json()["html"])


def table(page: Page, caption: str) -> Locator:
    return widget(page).locator("table", has=page.locator("caption", has_text=caption))


def test_should_show_an_upload_being_fetched_and_then_ok(uploads: object, cloud: Cloud, look: Look) -> None:
    site = Site(cloud, "browser-upload")
    # Before the upload: the first page takes a browser's and a function's start, and the import does not wait for them.
    page = look.at(site.name)
    expect(widget(page)).to_contain_text("There is no site browser-upload.")
    groups = [f"Class {number}" for number in range(MANY_GROUPS)]
    site.upload_pair(
        {
            "teachers.csv": csv(*(f"teacher{number},{group}" for number, group in enumerate(groups))),
            "students.csv": csv(*(f"pupil{number},{group}" for number, group in enumerate(groups))),
        }
    )
    shown = {"Fetching…": widget(page).get_by_text("Fetching…"), "OK": widget(page).get_by_text("OK", exact=True)}
    seen: list[str] = []
    deadline = time.monotonic() + 120
    while "OK" not in seen and time.monotonic() < deadline:
        with page.expect_response("**/show"):
            page.locator("#refresh").click()
        expect(page.locator("#status")).to_be_empty()
        seen += [status for status, badge in shown.items() if badge.count() and status not in seen]
    assert seen == ["Fetching…", "OK"]
    expect(widget(page)).to_contain_text(f"{MANY_GROUPS:,} groups")


def test_should_show_row_errors_with_file_row_column_and_what_to_do(
    school: Callable[[str], School], look: Look
) -> None:
    errors = school("errors")
    page = look.at(errors.site.name)
    table(page, "Last imports").get_by_role("button").first.click()
    by_code, rows = table(page, "Findings"), table(page, "Row by row")
    expect(rows).to_be_visible()
    expected = {
        ("username_empty", "teachers.csv", "4", "username"),
        ("class_empty", "students.csv", "4", "class"),
    }
    told = [row.locator("td, th").all_inner_texts() for row in rows.locator("tbody tr").all()]
    assert expected <= {(code, file, row, column) for _, code, file, row, column in told}, told
    codes = {code for _, code, *_ in told}
    assert codes == set(errors.report["notices"])
    for row in by_code.locator("tbody tr").all():
        _, _, code, advice = row.locator("td, th").all_inner_texts()
        assert code in codes
        assert len(advice) > 20, f"nothing says what to do about {code}"


def test_should_approve_a_held_import_by_its_button(school: Callable[[str], School], look: Look) -> None:
    site = school("held").site
    held = site.import_of(site.upload_pair(SEED | {"teachers.csv": csv()}))
    assert (held["status"], site.version()) == ("held", 1)
    page = look.at(site.name)
    expect(widget(page)).to_contain_text("Nothing was changed yet")
    expect(widget(page)).to_contain_text("teachers.csv: none of its rows could be used")
    press(page, "Look at it")
    goes = table(page, "Console access that goes: 4")
    expect(goes).to_contain_text("Severus_Snape")
    expect(goes).to_contain_text("loses 2 classes: Dark Arts, Potions")
    widget(page).get_by_role("button", name="Approve").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Publish the held import of {site.name}")
    page.get_by_role("button", name="Cancel").click()
    assert site.version() == 1
    press(page, "Approve", confirm=True)
    report = site.report(lambda found: found["import"] == held["import"] and found["status"] != "held", "the approval")
    assert (report["version"], site.version()) == (2, 2)
    expect(page.get_by_role("heading", name="Import of")).to_be_visible()
    expect(widget(page)).to_contain_text("Approved by")
    press(page, site.name)
    expect(widget(page)).to_contain_text("version 2,")
    expect(widget(page).get_by_role("button", name="Approve")).to_have_count(0)


def test_should_import_groups_with_the_keyboard_alone(school: Callable[[str], School], look: Look) -> None:
    site = school("keyboard").site
    page = look.at(site.name)

    def tab_to(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == name:
                return
        pytest.fail(f"nobody comes to {name} by the tabulator key")

    tab_to("Import Groups")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Import the files in the folder")
    page.keyboard.press("Escape")
    expect(widget(page).get_by_role("button", name="Import Groups")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to("Confirm")
    page.keyboard.press("Enter")
    expect(widget(page).get_by_text("No change").first).to_be_visible()
    asked = site.report(lambda report: "asked" in report, "the import that was asked for")
    assert asked["status"] == "no_change", asked
    tab_to(site.name)
    page.keyboard.press("Enter")
    expect(table(page, "Last imports").get_by_text("No change")).to_be_visible()


def test_should_show_names_that_look_like_html_or_formulas_as_names_only(
    school: Callable[[str], School], look: Look
) -> None:
    """`open_page` fails when a dialog opens, an error occurs or a request leaves."""
    site = school("hostile").site
    page = look.at(site.name)
    press(page, "Console access rights")
    for name in (IMG, FORMULA):
        expect(widget(page).get_by_role("button", name=name, exact=True)).to_be_visible()
    for name in (IMG, FORMULA):
        press(page, name)
        expect(widget(page).get_by_role("heading", level=1)).to_have_text(name)
        expect(table(page, "Members")).to_contain_text("Harry_Potter")
        press(page, "Severus_Snape")
        expect(widget(page)).to_contain_text(name)
        assert widget(page).locator("img, a[href*=HYPERLINK], script").count() == 0


def test_should_look_a_name_up(school: Callable[[str], School], look: Look) -> None:
    page = look.at(school("hostile").site.name)
    widget(page).get_by_label("Look up a group or a user").fill(IMG.upper())
    press(page, "Show group")
    expect(table(page, "Members")).to_contain_text("Harry_Potter")
    widget(page).get_by_label("Look up a group or a user").fill("severus_snape")
    press(page, "Show user")
    expect(widget(page).get_by_role("heading", level=1)).to_have_text("Severus_Snape")
    expect(widget(page)).to_contain_text(IMG)


def test_should_page_ten_thousand_findings(school: Callable[[str], School], look: Look) -> None:
    notices = school("notices")
    assert notices.report["notices"]["class_empty"]["total"] == BAD_ROWS
    page = look.at(notices.site.name)
    rows = table(page, "Row by row")
    with page.expect_response("**/act") as first:
        table(page, "Last imports").get_by_role("button").first.click()
    expect(rows).to_contain_text("10,000 in all")
    expect(rows.locator("tbody tr")).to_have_count(100)
    numbers = rows.locator("tbody tr td:nth-child(4)").all_inner_texts()
    answer = press(page, "Next page")
    expect(widget(page)).to_contain_text("Page 2 of")
    later = rows.locator("tbody tr td:nth-child(4)").all_inner_texts()
    assert len(set(numbers) | set(later)) == 200
    press(page, "Previous page")
    assert rows.locator("tbody tr td:nth-child(4)").all_inner_texts() == numbers
    assert max(len(html(first.value).encode()), len(html(answer).encode())) <= MOST_BYTES


@pytest.fixture
def fleet(cloud: Cloud) -> Iterator[str]:
    """Five hundred sites as the index of sites has them; what they have in common in their names."""
    table = cloud.resource("dynamodb").Table(cloud.table_name)
    names = [f"browser-fleet-{number:03}" for number in range(SITES)]
    counts = {"groups": 120, "members": 1500, "memberships": 9000, "teachers": 90}
    at = "2026-11-23T03:00:00+00:00"
    with table.batch_writer() as writer:
        for number, name in enumerate(names):
            last = {"import": "20261123T030000Z-000001", "status": "ok", "ended_at": at, "counts": counts}
            item = {"pk": f"SITE#{name}", "sk": "HEAD", "kind": "head", "site": name, "version": number + 1}
            writer.put_item(Item=item | {"published_at": at, "last_import": last, "succeeded_at": at, "files_at": at})
    yield "browser-fleet-"
    with table.batch_writer() as writer:
        for name in names:
            writer.delete_item(Key={"pk": f"SITE#{name}", "sk": "HEAD"})


def test_should_search_sort_and_page_five_hundred_sites(fleet: str, look: Look) -> None:
    page = look.at("")
    sites = widget(page).locator("tbody tr")
    widget(page).get_by_label("Find a site").fill(fleet)
    answers = [press(page, "Search")]
    expect(widget(page)).to_contain_text(f"{SITES} of ")
    for button, number, first in (
        ("Site", 1, 0),
        ("Next page", 2, 50),
        ("Next page", 3, 100),
        ("Previous page", 2, 50),
        ("Version", 1, 499),
        ("Next page", 2, 449),
    ):
        answers.append(press(page, button))
        expect(widget(page)).to_contain_text(f"Page {number} of 10")
        expect(sites).to_have_count(50)
        expect(sites.first).to_contain_text(f"{fleet}{first:03}")
    assert max(len(html(answer).encode()) for answer in answers) <= MOST_BYTES


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_should_pass_axe_on_every_page(theme: str, school: Callable[[str], School], look: Look) -> None:
    found: dict[str, list[str]] = {}

    def check(name: str) -> None:
        results = Axe().run(page, options={"resultTypes": ["violations"]})
        for violation in results.response["violations"]:
            found[f"{name}: {violation['id']}"] = [node["html"][:200] for node in violation["nodes"][:3]]

    page = look.at("", theme=theme)
    check("overview")
    page = look.at(school("errors").site.name, theme=theme)
    check("site")
    widget(page).get_by_role("button", name="Import Groups").click()
    check("confirmation")
    page.keyboard.press("Escape")
    table(page, "Last imports").get_by_role("button").first.click()
    expect(table(page, "Row by row")).to_be_visible()
    check("import")
    page = look.at(school("example").site.name, theme=theme, width=400)
    check("narrow site")
    press(page, "Console access rights")
    check("console")
    press(page, "Potions")
    check("group")
    press(page, "Severus_Snape")
    check("user")
    assert found == {}


@pytest.mark.parametrize("width", [300, 620, 1800])
def test_should_show_nothing_wider_than_the_widget(width: int, school: Callable[[str], School], look: Look) -> None:
    page = look.at(school("example").site.name, width=width)
    too_wide = "document.getElementById('content').scrollWidth - document.getElementById('content').clientWidth"
    assert page.evaluate(too_wide) == 0
    press(page, "Console access rights")
    assert page.evaluate(too_wide) == 0
