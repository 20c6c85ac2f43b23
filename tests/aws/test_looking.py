"""The data of the pages people look at."""

from dataclasses import replace
from typing import Any, cast

import pytest

from roster.request import Stray
from roster_aws.strays import RENAMED_WITHIN
from roster_pages.access_data import AccessData, joined

from .conftest import World, csv

TEACHERS = csv("Severus_Snape,Potions", "Severus_Snape,Dark Arts", "Rolanda_Hooch,Flying")
OTHERS = [f"pupil.{number},Flying" for number in range(20)]
STUDENTS = csv(
    *("Harry_Potter,Potions", "Ron_Weasley,Potions", "Harry_Potter,Dark Arts", "*,Flying", "Neville,Flying"), *OTHERS
)


def page(world: World, **asked: Any) -> dict[str, Any]:
    return world.page(asked)


def uploaded(world: World, site: str = "hogwarts", students: bytes = STUDENTS) -> None:
    world.upload(site, teachers=TEACHERS, students=students)
    world.run(site)


def test_the_overview_should_list_every_site_with_what_asks_for_somebody_first(world: World) -> None:
    uploaded(world, "beauxbatons")
    uploaded(world, "durmstrang")
    uploaded(world, "durmstrang", csv("Severus_Snape,Potions"))
    uploaded(world, "hogwarts", b"\xff")
    shown = page(world)
    assert [(site["site"], site["status"], site["version"]) for site in shown["sites"]] == [
        ("hogwarts", "failed", 0),
        ("durmstrang", "held", 1),
        ("beauxbatons", "ok_with_warnings", 1),
    ]
    assert shown["sites"][2]["counts"] == {"groups": 3, "members": 23, "memberships": 24, "teachers": 2}
    assert shown["sites"][2]["servers"] == {"applied": 0, "behind": 0, "silent": 0}
    assert (shown["total"], shown["matching"], shown["pages"]) == (3, 3, 1)


def test_should_search_and_sort_the_overview(world: World) -> None:
    for site in ("north-1", "north-2", "south-1"):
        uploaded(world, site)
    shown = page(world, view="overview", search=" North ", sort="site")
    assert [site["site"] for site in shown["sites"]] == ["north-1", "north-2"]
    assert (shown["total"], shown["matching"], shown["search"], shown["sort"]) == (3, 2, "north", "site")
    assert page(world, sort="nonsense")["sort"] == "status"


def test_should_list_a_site_that_only_had_a_misnamed_file(world: World) -> None:
    world.client("s3").put_object(Bucket=world.inbox, Key="hogwarts/Students.csv", Body=STUDENTS)
    world.clock.pass_by(minutes=1)
    world.strays().look(Stray("hogwarts/Students.csv", "v", world.clock() - RENAMED_WITHIN, 10))
    assert [(site["site"], site["status"]) for site in page(world)["sites"]] == [("hogwarts", "failed")]
    uploaded(world)
    world.client("s3").put_object(Bucket=world.inbox, Key="hogwarts/notes.txt", Body=STUDENTS)
    world.strays().look(Stray("hogwarts/notes.txt", "w", world.clock() - RENAMED_WITHIN, 10))
    assert page(world)["sites"][0]["status"] == "ok_with_warnings"


def test_the_overview_should_count_what_stands(world: World) -> None:
    """An import that is held or failed counted other files; nothing of them is in force."""
    uploaded(world)
    (before,) = page(world)["sites"]
    for students, status in ((csv("Severus_Snape,Potions"), "held"), (b"\xff", "failed")):
        uploaded(world, students=students)
        (site,) = page(world)["sites"]
        assert site["status"] in (status, "held")
        assert site["import"] != before["import"]
        assert site["counts"] == before["counts"] != {}


def test_should_have_a_page_for_a_site_that_is_only_paused_or_set_up(world: World) -> None:
    world.store().set_paused("paused", paused=True)
    world.client("s3").put_object(Bucket=world.inbox, Key="set-up/settings.json", Body=b'{"username": "email"}')
    world.run("set-up")
    assert [site["site"] for site in page(world)["sites"]] == ["paused", "set-up"]
    assert page(world, view="site", site="paused")["paused"] is True
    assert page(world, view="site", site="set-up")["settings"]["username"] == "email"


def test_should_lead_nobody_back_to_a_site_that_does_not_exist(world: World) -> None:
    assert "site" not in page(world, view="site", site="unheard-of")
    assert page(world, view="import", site="hogwarts", **{"import": "x"})["site"] == "hogwarts"


def test_should_tell_servers_apart_by_what_they_have_and_when_they_asked(world: World) -> None:
    uploaded(world)
    manifest = world.store().head("hogwarts").manifest_sha256
    enrolment, fleet = world.enrolment(), world.fleet()

    def seen(name: str, have: int | None, digest: str | None = None) -> None:
        code, _ = enrolment.give_code("hogwarts", name)
        server = enrolment.recognise(enrolment.enrol(code)["token"])
        assert server
        fleet.saw(server, have, digest)

    seen("silent", 1, manifest)
    world.clock.pass_by(hours=25)
    seen("applied", 1, manifest)
    seen("by-number", 1)
    seen("differs", 1, "0" * 64)
    seen("behind", None)
    seen("revoked", 1, manifest)
    enrolment.revoke("hogwarts", "revoked")
    listed = {server["server"]: server for server in page(world, view="site", site="hogwarts")["servers"]}
    assert {name: server["state"] for name, server in listed.items()} == {
        "applied": "applied",
        "by-number": "applied",
        "behind": "behind",
        "differs": "behind",
        "silent": "silent",
        "revoked": "revoked",
    }
    assert [name for name, server in listed.items() if server["differs"]] == ["differs"]
    assert page(world)["sites"][0]["servers"] == {"applied": 2, "behind": 2, "silent": 1}
    numbers = world.watch().look()
    assert (numbers["Servers"], numbers["ServersBehind"], numbers["ServersSilent"]) == (5, 2, 1)


def test_should_no_longer_show_a_rejected_import_as_held(world: World) -> None:
    uploaded(world)
    uploaded(world, students=csv("Severus_Snape,Potions"))
    shown = page(world, view="site", site="hogwarts")
    assert shown["held"]["status"] == "held"
    world.store().reject("hogwarts", shown["held"]["import"], "arn:somebody")
    assert page(world)["sites"][0]["status"] == "rejected"
    assert page(world, view="site", site="hogwarts")["held"] is None


def test_a_site_should_show_its_settings_imports_and_servers(world: World) -> None:
    world.client("s3").put_object(Bucket=world.inbox, Key="hogwarts/settings.json", Body=b'{"username": "district"}')
    uploaded(world)
    code, _ = world.enrolment().give_code("hogwarts", "srv-01")
    server = world.enrolment().recognise(world.enrolment().enrol(code)["token"])
    assert server
    world.fleet().saw(server, 1)
    shown = page(world, view="site", site="hogwarts")
    assert shown["settings"]["username"] == "district"
    assert [report["status"] for report in shown["imports"]] == ["ok_with_warnings"]
    (listed,) = shown["servers"]
    assert (listed["server"], listed["state"], listed["applied_version"]) == ("srv-01", "applied", 1)


def test_an_import_should_show_its_findings_without_values_and_a_link_to_the_file_with_them(world: World) -> None:
    uploaded(world)
    (report,) = page(world, view="site", site="hogwarts")["imports"]
    shown = page(world, view="import", site="hogwarts", **{"import": report["import"]})
    assert shown["findings"] == [
        {"severity": "error", "code": "username_wildcard", "file": "students.csv", "row": 6, "column": "username"}
    ]
    assert (shown["findings_total"], shown["pages"]) == (1, 1)
    assert "notices.csv" in shown["link"]


def test_should_show_findings_in_pages(world: World) -> None:
    uploaded(world, students=csv("Harry_Potter,Potions", *["*,Flying"] * 250))
    (report,) = page(world, view="site", site="hogwarts")["imports"]
    shown = page(world, view="import", site="hogwarts", page=99, **{"import": report["import"]})
    rows = [found["row"] for found in shown["findings"] if found["code"] == "username_wildcard"]
    assert (shown["page"], shown["pages"]) == (3, 3)
    assert rows
    assert rows[-1] == 253


def test_should_search_the_console_access_list(world: World) -> None:
    uploaded(world)
    shown = page(world, view="console", site="hogwarts")
    assert [(right["username"], right["groups"]) for right in shown["rights"]] == [
        ("Rolanda_Hooch", ["Flying"]),
        ("Severus_Snape", ["Dark Arts", "Potions"]),
    ]
    assert [right["username"] for right in page(world, view="console", site="hogwarts", search="SNAPE")["rights"]] == [
        "Severus_Snape"
    ]


def test_a_group_should_show_its_members_and_who_sees_it(world: World) -> None:
    uploaded(world)
    shown = page(world, view="group", site="hogwarts", name="potions")
    assert (shown["group"]["name"], shown["group"]["members"]) == ("Potions", ["Harry_Potter", "Ron_Weasley"])
    assert shown["teachers"] == ["Severus_Snape"]
    assert page(world, view="group", site="hogwarts", name="Alchemy")["group"] is None


def test_the_groups_should_show_their_sizes_and_teachers(world: World) -> None:
    uploaded(world)
    shown = page(world, view="groups", site="hogwarts")
    assert {group["name"] for group in shown["groups"]} == set(world.groups("hogwarts"))
    assert all(group["members"] == len(world.groups("hogwarts")[group["name"]]) for group in shown["groups"])


def test_a_user_should_show_what_they_see_and_where_they_are_members(world: World) -> None:
    uploaded(world)
    assert page(world, view="user", site="hogwarts", name="harry_potter")["member_of"] == ["Dark Arts", "Potions"]
    snape = page(world, view="user", site="hogwarts", name="Severus_Snape")
    assert (snape["console"]["groups"], snape["member_of"]) == (["Dark Arts", "Potions"], [])
    assert page(world, view="user", site="hogwarts", name="Nobody")["console"] is None


@pytest.mark.parametrize(
    "asked",
    [
        {"view": "nonsense"},
        {"view": "site", "site": "NO SITE"},
        {"view": "site", "site": 7},
        {"view": "site", "site": "unheard-of"},
        {"view": "import", "site": "hogwarts", "import": "x"},
        {"view": "import", "site": "hogwarts"},
    ],
)
def test_should_say_what_cannot_be_shown(world: World, asked: dict[str, Any]) -> None:
    shown = world.page(asked)
    assert shown["view"] == "problem"
    assert len(shown["message"]) > 20


def test_should_give_whole_lists_in_as_many_answers_as_they_need(world: World) -> None:
    """What a command reads: everything once, in order, however little an answer takes."""
    uploaded(world)
    views: dict[str, list[Any]] = {"console": [], "group": [], "user": []}
    names = {"console": "", "group": "flying", "user": "harry_potter"}
    for room in (5_000_000, 300, 1):
        for view, name in names.items():
            asked = {"view": view, "site": "hogwarts", "name": name, "whole": True}
            views[view].append(whole(world, room, asked))
    for said in views.values():
        (once, calls), (again, more), (at_last, most) = said
        assert once == again == at_last
        assert 1 == calls <= more <= most
        assert most > 1
    assert [right["username"] for right in views["console"][0][0]["rights"]] == ["Rolanda_Hooch", "Severus_Snape"]
    assert views["group"][0][0]["group"]["members"] == sorted(["Neville", *(each[:-7] for each in OTHERS)])
    assert views["user"][0][0]["member_of"] == ["Dark Arts", "Potions"]


def whole(world: World, room: int, asked: dict[str, Any]) -> tuple[Any, int]:
    """A whole list, and in how many answers it came."""
    views = replace(world.views(), room=room)
    data: Any = views.page(asked)
    calls = 1
    while start := data["next"]:
        data = joined(data, cast("AccessData", views.page(asked | {"start": start})))
        calls += 1
    return data, calls
