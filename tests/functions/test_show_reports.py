"""`show_reports` and the buttons it shows: HTML for a dashboard's widget, as deployed."""

import html
import json
import re
from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import Site, event, function, invoke

ACTION = re.compile(r'<cwdb-action action="call" [^>]*endpoint="([^"]*)"[^>]*>(.*?)</cwdb-action>', re.DOTALL)


def shown(site: Site, example: str, **asked: Any) -> str:
    """The page that events/show_reports/EXAMPLE.json asks for, of this site."""
    sent = event(f"show_reports/{example}", {"hogwarts": site.name}) | asked
    page = invoke(site.cloud, "ShowReportsFunction", sent)
    assert isinstance(page, str)
    return page


def calls(page: str) -> list[tuple[str, dict[str, Any]]]:
    """What the buttons of a page call, and with what."""
    return [(endpoint, json.loads(html.unescape(payload))) for endpoint, payload in ACTION.findall(page)]


def pressed(cloud: Cloud, call: tuple[str, dict[str, Any]]) -> str:
    """The page that a button brings, as CloudWatch calls it."""
    endpoint, payload = call
    for logical_id in ("ShowReportsFunction", "ManageSiteFunction"):
        if endpoint.endswith(f":{function(cloud, logical_id)}"):
            page = invoke(cloud, logical_id, payload | {"widgetContext": {"theme": "dark", "forms": {"all": {}}}})
            assert isinstance(page, str)
            return page
    raise AssertionError(f"no function of the stack: {endpoint}")


def button(page: str, **wanted: Any) -> tuple[str, dict[str, Any]]:
    return next(call for call in calls(page) if wanted.items() <= call[1].items())


def test_should_describe_itself(cloud: Cloud) -> None:
    assert "view: overview" in invoke(cloud, "ShowReportsFunction", event("show_reports/describe"))


def test_the_overview_should_lead_to_a_sites_page(published: Site) -> None:
    asked = event("show_reports/overview") | {"search": published.name}
    overview = invoke(published.cloud, "ShowReportsFunction", asked)
    assert "Severus_Snape" not in overview
    page = pressed(published.cloud, button(overview, view="site", site=published.name))
    assert "Import Groups" in page
    assert "sis-dark" in page


def test_should_show_a_chosen_site_at_once(published: Site) -> None:
    assert "Import Groups" in shown(published, "chosen_site")


def test_should_search_for_what_is_typed(published: Site) -> None:
    typed = {"theme": "light", "forms": {"all": {"search": "no-such-site"}}}
    sent = event("show_reports/overview") | {"widgetContext": typed}
    assert published.name not in invoke(published.cloud, "ShowReportsFunction", sent)


@pytest.mark.parametrize(
    ("view", "name", "expected"),
    [
        ("console", "", "Severus_Snape"),
        ("groups", "", "Muggle Studies"),
        ("group", "Potions", "Harry_Potter"),
        ("user", "Ron_Weasley", "Muggle Studies"),
    ],
)
def test_should_show_people_and_groups(published: Site, view: str, name: str, expected: str) -> None:
    assert expected in shown(published, view, name=name)


def test_the_button_import_groups_should_end_on_the_page_of_its_import(running: Site) -> None:
    page = shown(running, "site")
    done = pressed(running.cloud, button(page, action="import"))
    assert "Import of" in done
    newest = running.imports()[0]
    assert newest["status"] == "no_change"
    assert newest["import"] in done
    assert button(done, view="site", site=running.name)


def test_should_say_what_a_button_cannot_do(running: Site) -> None:
    call = (
        button(shown(running, "site"), action="import")[0],
        {"action": "reject", "site": running.name, "import": "x"},
    )
    assert "not held" in pressed(running.cloud, call)


@pytest.mark.parametrize("asked", [{}, {"view": "nonsense"}, {"view": "site"}, {"view": "import", "site": "nowhere"}])
def test_should_answer_any_question_with_a_page(asked: dict[str, Any], cloud: Cloud) -> None:
    assert 'class="sis-page' in invoke(cloud, "ShowReportsFunction", asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"view": "import", "import": "x" * 200_000},
        {"view": "import", "import": "\ud800"},
        {"view": "group", "name": "x" * 200_000},
        {"view": "group", "name": "<img src=x onerror=alert(1)>\ud83d"},
        {"view": "user", "name": "\ud800" * 50_000},
        {"view": "console", "search": "<img src=x onerror=alert(1)>" * 10_000},
        {"view": "console", "page": 10**30},
        {"view": "console", "widgetContext": None},
        {"view": "console", "widgetContext": {"forms": {"all": [1]}, "theme": {}}},
    ],
    ids=lambda asked: "-".join(f"{key}={str(said)[:10]!a}" for key, said in asked.items()),
)
def test_should_answer_with_a_short_page_whatever_is_asked(published: Site, asked: dict[str, Any]) -> None:
    page = invoke(published.cloud, "ShowReportsFunction", {"site": published.name, **asked})
    assert page.startswith("<")
    assert len(page.encode()) <= 100_000
    assert "<img" not in page


@pytest.mark.parametrize("asked", [None, [], "overview", 7])
def test_should_show_the_overview_where_nothing_is_asked(cloud: Cloud, asked: Any) -> None:
    assert "Sites" in invoke(cloud, "ShowReportsFunction", asked)
