"""A site is there once somebody has added it: a mistyped folder must not become a school."""

import json

from .conftest import World, csv
from .test_restoring import admin

TEACHERS = csv("Severus_Snape,Potions")
STUDENTS = csv("Harry_Potter,Potions")


def upload(world: World, site: str) -> None:
    world.upload(site, teachers=TEACHERS, students=STUDENTS)
    world.run(site)


def test_should_hold_the_first_import_of_a_site_that_nobody_has_added(world: World) -> None:
    upload(world, "lakeside")
    world.unknown = True
    for site, like in (("lake-side", "lakeside"), ("durmstrang", "")):
        upload(world, site)
        report = world.held(site)
        (reason,) = [each for each in report["held"] if each["code"] == "site_new"]
        assert reason.get("like", "") == like
        assert (world.store().head(site).version, world.groups(site)) == (0, {})
    assert {site["site"]: site["added"] for site in world.page({})["sites"]} == {
        "lakeside": True,
        "lake-side": False,
        "durmstrang": False,
    }


def test_should_publish_the_first_import_once_it_is_approved_and_never_ask_again(world: World) -> None:
    world.unknown = True
    upload(world, "durmstrang")
    assert world.approve("durmstrang")["version"] == 1
    world.upload("durmstrang", teachers=TEACHERS, students=STUDENTS + b"Ron_Weasley,Potions\n")
    world.run("durmstrang")
    assert world.store().head("durmstrang").version == 2


def test_should_read_what_is_held_again_once_its_site_is_added(world: World) -> None:
    world.unknown = True
    upload(world, "durmstrang")
    store = world.store()
    store.add_site("durmstrang", "arn:somebody", again=True)
    world.run("durmstrang")
    assert store.head("durmstrang").version == 1


def test_should_take_a_site_that_is_added_twice_for_added_once(world: World) -> None:
    store = world.store()
    store.add_site("durmstrang", "arn:somebody")
    first = store.head("durmstrang")
    world.clock.pass_by(days=1)
    store.add_site("durmstrang", "arn:another")
    assert store.head("durmstrang") == first
    assert first.added_by == "arn:somebody"
    (site,) = world.page({})["sites"]
    assert (site["site"], site["status"], site["added"]) == ("durmstrang", "new", True)
    assert world.page({"view": "site", "site": "durmstrang"})["added"] is True


# What says yes to any name: it makes a site, or mends one that a restored table does not know.
OF_ANY_NAME = {"page", "site-add", "new-epoch"}
ASKED = {
    "server": "srv-01",
    "uploader": "office",
    "user": "snape",
    "contact": {"mail": "it@hogwarts.example"},
    "import": "20260915T020500Z-000015",
    "plan": "ab" * 32,
    "version": 1,
}


def test_nothing_should_be_made_or_answered_of_a_mistyped_site(world: World) -> None:
    world.store().add_site("hogwarts", "arn:somebody")
    before, asking = world.items(), admin(world)
    refused = json.dumps(asking.answer({"site": "hogwarts", "action": "nonsense"}, "a-request"))
    actions = set(refused.partition("one of ")[2].partition(".")[0].split(", "))
    assert len(actions) > 20
    for action in actions - OF_ANY_NAME:
        said = asking.answer({**ASKED, "site": "hogwart", "action": action}, "a-request")
        assert said["ok"] is False, action
        assert str(said["message"]).startswith("There is no site hogwart. Did you mean hogwarts?"), action
    for view in ("site", "import", "console", "group", "user"):
        page = world.page({"view": view, "site": "hogwart"})
        assert (page["view"], page["message"][:24]) == ("problem", "There is no site hogwart"), view
    assert world.items() == before


def test_should_enrol_nobody_at_a_site_that_nobody_has_added(world: World) -> None:
    world.unknown = True
    upload(world, "durmstrang")
    for action in ("enrol", "uploader-add"):
        said = admin(world).answer({**ASKED, "site": "durmstrang", "action": action}, "a-request")
        assert "`roster-admin site add durmstrang` makes it one" in str(said["message"])
    assert admin(world).answer({"site": "durmstrang", "action": "imports"}, "a-request")["ok"] is True
