"""What can be pressed: what it calls, with what, and what it asks before."""

from typing import Any

import pytest

from roster_pages import document, page, to_html
from tests.unit.pages import samples
from tests.unit.pages.reading import Action, Seen

SHOW, MANAGE = samples.ENDPOINTS


def actions(data: dict[str, Any]) -> list[Action]:
    return Seen(to_html(page(data), samples.ENDPOINTS)).actions


def payloads(data: dict[str, Any], label: str) -> list[dict[str, Any]]:
    return [action.payload for action in actions(data) if action.label == label]


@pytest.mark.parametrize("name", samples.EVERY)
def test_a_page_without_endpoints_should_have_nothing_to_press(name: str) -> None:
    for html in (to_html(page(samples.EVERY[name]), None), document(page(samples.EVERY[name]))):
        assert not {"cwdb-action", "button", "form", "input"} & Seen(html).tags


@pytest.mark.parametrize("name", samples.EVERY)
def test_should_ask_before_it_changes_something_and_not_before_it_shows_something(name: str) -> None:
    for label, about, payload in actions(samples.EVERY[name]):
        assert (about["action"], about["display"], about["event"]) == ("call", "widget", "click")
        assert ("action" in payload) == ("confirmation" in about) == (about["endpoint"] == MANAGE), label
        assert ("view" in payload) == (about["endpoint"] == SHOW), label


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_page_but_the_first_should_lead_back_to_all_sites(name: str) -> None:
    data = samples.EVERY[name]
    if data["view"] != "overview":
        assert payloads(data, "All sites")[0] == {"view": "overview"}


def test_approving_should_name_the_plan_that_is_shown() -> None:
    held = samples.held_report()
    wanted = {"action": "approve", "site": "hogwarts", "import": held["import"], "plan": "ab" * 32}
    for data in (samples.site(held=held), samples.import_(held)):
        assert payloads(data, "Approve") == [wanted]
        assert payloads(data, "Reject") == [{"action": "reject", "site": "hogwarts", "import": held["import"]}]


def test_should_offer_no_approval_of_a_hold_that_is_over() -> None:
    over = samples.held_report(plan={"manifest_sha256": "ab" * 32, "expires_at": "2026-09-15T07:59:59+00:00"})
    for data in (samples.site(held=over), samples.import_(over)):
        assert payloads(data, "Approve") == []
        assert payloads(data, "Reject")
        assert "It could be approved until 2026-09-15 07:59 UTC. Upload the files again" in str(page(data))


def test_should_lead_to_a_failed_import() -> None:
    assert payloads(samples.EVERY["site, failed"], "Look at it") == [
        {"view": "import", "site": "hogwarts", "import": samples.failed_report()["import"]}
    ]


def test_should_offer_to_go_back_only_to_older_versions_that_an_import_made() -> None:
    others = [
        samples.report(15, "no_change", version=14, base_version=14),
        samples.report(16, "failed", version=14, base_version=14),
        samples.report(17, "held", version=14, base_version=14),
    ]
    data = samples.site(imports=[*others, samples.report(14), samples.report(13), samples.report(3)])
    found = [action for action in actions(data) if action.payload.get("action") == "rollback"]
    assert [action.payload for action in found] == [
        {"action": "rollback", "site": "hogwarts", "version": version} for version in (13, 3)
    ]
    asked = found[1].about["confirmation"] or ""
    assert "from version 14 to version 3 of 2026-09-03" in asked
    assert "as version 15" in asked


def test_should_offer_to_resume_a_paused_site_unless_its_settings_pause_it() -> None:
    running, paused = samples.EVERY["site"], samples.EVERY["site, paused"]
    assert payloads(running, "Pause") == [{"action": "pause", "site": "hogwarts"}]
    assert payloads(running, "Import Groups") == [{"action": "import", "site": "hogwarts"}]
    assert payloads(paused, "Resume") == [{"action": "resume", "site": "hogwarts"}]
    assert payloads(paused, "Pause") == []
    assert payloads(samples.EVERY["site, paused by its settings"], "Resume") == []


def test_should_offer_to_look_again_at_what_runs() -> None:
    assert payloads(samples.EVERY["site, running"], "Refresh") == [{"view": "site", "site": "hogwarts"}]
    assert payloads(samples.EVERY["import, running"], "Refresh")
    assert payloads(samples.EVERY["import"], "Refresh") == []


def test_searching_sorting_and_paging_should_keep_each_other() -> None:
    rows = [samples.overview_row()]
    data = samples.overview(rows, search="hog", sort="version", page=2, pages=3, total=99, matching=70)
    assert payloads(data, "Search") == [{"view": "overview", "sort": "version"}]
    assert payloads(data, "Next page") == [{"view": "overview", "search": "hog", "sort": "version", "page": 3}]
    assert payloads(data, "Previous page")[0]["page"] == 1
    assert payloads(data, "Groups") == [{"view": "overview", "search": "hog", "sort": "groups"}]
    assert payloads(data, "Show all sites") == [{"view": "overview", "sort": "version", "search": ""}]


def test_every_site_user_and_group_should_lead_to_its_page() -> None:
    assert payloads(samples.EVERY["overview"], "durmstrang") == [{"view": "site", "site": "durmstrang"}]
    of_user = {"view": "user", "site": "hogwarts", "name": "Severus_Snape"}
    of_group = {"view": "group", "site": "hogwarts", "name": "Potions"}
    console = samples.EVERY["console"]
    assert of_user in payloads(console, "Severus_Snape")
    assert of_group in payloads(console, "Potions")
    assert of_user in payloads(samples.EVERY["group"], "Severus_Snape")
    assert of_group in payloads(samples.EVERY["user, student"], "Potions")
    made = samples.report()["import"]
    assert payloads(samples.EVERY["site"], "2026-09-14 02:05") == [
        {"view": "import", "site": "hogwarts", "import": made}
    ]


def test_should_look_a_name_up_by_what_is_typed() -> None:
    html = to_html(page(samples.EVERY["site"]), samples.ENDPOINTS)
    assert 'name="lookup"' in html
    assert payloads(samples.EVERY["site"], "Show user") == [{"view": "user", "site": "hogwarts"}]


def test_should_offer_to_end_what_stands_where_it_is_told() -> None:
    said = samples.EVERY["site, with rows still rejected"]
    (settle,) = [action for action in actions(said) if action.label == "Settle now"]
    assert settle.payload == {"action": "settle", "site": "hogwarts"}
    assert "Bad rows put off 25 removals of hogwarts. Make them now?" in (settle.about["confirmation"] or "")
    new = samples.EVERY["site, new and not added"]
    assert payloads(new, "Add this site") == [{"action": "site-add", "site": "hogwarts"}]
    assert payloads(samples.EVERY["site"], "Settle now") == payloads(samples.EVERY["site"], "Add this site") == []
    problem = samples.EVERY["site, with bad settings"]
    assert payloads(problem, "Look at it") == [
        {"view": "import", "site": "hogwarts", "import": samples.refusal()["import"]}
    ]


def test_approving_should_ask_about_people_first() -> None:
    (approve,) = [action for action in actions(samples.EVERY["import, held"]) if action.label == "Approve"]
    asked = approve.about["confirmation"] or ""
    assert asked.startswith("Publish the held import of hogwarts exactly as shown? 54 teachers stay, 8 come, 6 go;")
    assert "Its changes: groups 2 created" in asked


def test_should_lead_to_a_group_that_shrank_and_look_up_anybody_of_a_difference() -> None:
    of_group = {"view": "group", "site": "hogwarts", "name": "7X/Ma1"}
    shrunk = samples.EVERY["import, groups that shrank"]
    assert payloads(shrunk, "7X/Ma1") == [of_group]
    # Where a difference lists the groups, links to them would take the room of its names.
    assert payloads(shrunk | {"difference": samples.difference(["Harry_Potter"])}, "7X/Ma1") == []
    held = samples.EVERY["import, held"]
    assert payloads(held, "Show user") == [{"view": "user", "site": "hogwarts"}]
    assert payloads(samples.EVERY["import"], "Show user") == []
