"""The hourly watch: what nobody would be told otherwise, in numbers and by site, once when it begins and once after."""

from typing import Any

from roster.servers import Server

from .conftest import World, csv
from .test_reports import numbers_of

TEACHERS = csv("Severus_Snape,Potions")
STUDENTS = csv("Harry_Potter,Potions")


def upload(world: World, site: str, students: bytes = STUDENTS) -> None:
    world.upload(site, teachers=TEACHERS, students=students)
    world.run(site)


def enrolled(world: World, site: str, server: str) -> Server:
    code, _ = world.enrolment().give_code(site, server)
    token = world.enrolment().enrol(code)["token"]
    known = world.enrolment().recognise(token)
    assert known == Server(site, server)
    return known


def look(world: World) -> dict[str, Any]:
    numbers = world.watch().look()
    assert numbers in [numbers_of(told) for told in world.told("fleet_report")]
    return numbers


def test_should_count_sites_and_servers(world: World) -> None:
    upload(world, "hogwarts")
    upload(world, "durmstrang")
    upload(world, "durmstrang", csv())  # held
    fleet = world.fleet()
    fleet.saw(enrolled(world, "hogwarts", "up-to-date"), 1)
    fleet.saw(enrolled(world, "hogwarts", "behind"), None)
    enrolled(world, "hogwarts", "silent")
    world.clock.pass_by(hours=3)
    numbers = look(world)
    assert numbers == {
        "Sites": 2,
        "SitesStale": 0,
        "SitesNewlyStale": 0,
        "HeldNow": 1,
        "Servers": 3,
        "ServersSilent": 1,
        "ServersBehind": 1,
        "HoursSinceOldestSuccess": 3,
    }


def test_should_report_a_site_without_files_once_and_its_recovery_once(world: World) -> None:
    upload(world, "hogwarts")
    world.clock.pass_by(days=5)
    first, second = look(world), look(world)
    assert (first["SitesStale"], first["SitesNewlyStale"]) == (1, 1)
    assert (second["SitesStale"], second["SitesNewlyStale"]) == (1, 0)
    (stale,) = world.told("site_stale")
    assert stale["site"] == "hogwarts"
    assert stale["weekday_hours"] > 48
    head = world.store().head("hogwarts")
    assert head.stale_since == head.files_at
    world.clock.pass_by(days=-5)  # as if the newest files were new: the inbox dates uploads by a clock of its own
    assert look(world)["SitesStale"] == 0
    assert look(world)["SitesStale"] == 0
    (recovered,) = world.told("site_recovered")
    assert recovered["site"] == "hogwarts"
    assert world.store().head("hogwarts").stale_since == ""


def test_should_not_call_a_site_stale_once_newer_files_have_come(world: World) -> None:
    """The watch looks once an hour; until then a page would say that no files come, beside the import of them."""
    upload(world, "hogwarts")
    world.clock.pass_by(days=5)
    look(world)
    asked = {"view": "site", "site": "hogwarts"}
    store = world.store()
    since = store.head("hogwarts").files_at
    assert world.page(asked)["stale_since"] == since
    assert world.page({})["sites"][0]["stale_since"] == since
    world.fleet().mark_stale("hogwarts", "2020-01-01T00:00:00+00:00")  # as if the newest files were newer
    assert world.page(asked)["stale_since"] == ""
    assert world.page({})["sites"][0]["stale_since"] == ""


def test_should_bring_what_the_authorizer_knows_to_the_feed_whole(world: World) -> None:
    server = enrolled(world, "hogwarts", "srv-01")
    assert Server.from_context(server.to_context()) == server
    world.fleet().saw(server, 7)
    (known,) = world.fleet().servers("hogwarts")
    as_text = {name: str(value) for name, value in known.to_context().items()}
    assert Server.from_context(known.to_context()) == Server.from_context(as_text) == known


def test_should_not_bring_back_a_server_that_is_no_longer_enrolled(world: World) -> None:
    world.fleet().saw(Server("hogwarts", "gone"), 1)
    assert world.fleet().servers("hogwarts") == []
