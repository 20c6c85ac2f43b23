"""The import against the local cloud: what is published, what is left alone, who wins."""

from datetime import timedelta
from typing import Any

import pytest

from roster.request import Request
from roster_aws.dynamo.site_items import HeadMoved

from .conftest import LIFE, World, csv

# Classes that no test changes, so that what one does change stays below the guards.
OTHER_CLASSES = ("Astronomy", "Charms", "Herbology")
TEACHERS = csv(
    *("Severus_Snape,Potions", "Severus_Snape,Dark Arts", "Rolanda_Hooch,Flying"),
    *(f"Minerva_McGonagall,{name}" for name in OTHER_CLASSES),
)


def students(*rows: str) -> bytes:
    return csv(*rows, *(f"Neville_Longbottom,{name}" for name in OTHER_CLASSES))


STUDENTS = students("Harry_Potter,Potions", "Ron_Weasley,Potions", "Harry_Potter,Dark Arts")
GINNYS = students("Ginny_Weasley,Potions", "Ginny_Weasley,Dark Arts")


def published(world: World, site: str) -> World:
    world.upload(site, teachers=TEACHERS, students=STUDENTS)
    world.run(site)
    return world


def version(world: World, site: str) -> int:
    return world.store().head(site).version


def test_should_publish_a_pair_and_show_it_in_the_table(world: World) -> None:
    published(world, "hogwarts")
    groups = world.groups("hogwarts")
    assert groups["Potions"] == ("Harry_Potter", "Ron_Weasley")
    assert groups["Dark Arts"] == ("Harry_Potter",)
    assert set(groups) == {"Potions", "Dark Arts", *OTHER_CLASSES}
    rights = world.rights("hogwarts")
    assert rights["Severus_Snape"].groups == ("Dark Arts", "Potions")
    assert rights["Rolanda_Hooch"].pending == ("Flying",)
    (report,) = world.reports("hogwarts")
    assert (report["status"], report["version"]) == ("ok_with_warnings", 1)
    assert report["notices"] == {"class_without_students": {"severity": "warning", "total": 1}}
    assert report["changes"]["members_created"] == 6


def test_should_change_nothing_while_a_lone_file_waits(world: World) -> None:
    world.upload("hogwarts", teachers=TEACHERS)
    world.run("hogwarts")
    assert version(world, "hogwarts") == 0
    waiting = world.store().waiting("hogwarts")
    assert waiting is not None
    assert waiting["file"] == "teachers.csv"
    assert waiting["until"] is None, "there never was a partner, so there is nothing to go with"
    assert not world.stored()


def test_should_import_the_file_that_waited_with_its_partner(world: World) -> None:
    world.upload("hogwarts", teachers=TEACHERS)
    world.run("hogwarts")
    world.upload("hogwarts", students=STUDENTS)
    world.run("hogwarts")
    assert version(world, "hogwarts") == 1
    assert world.store().waiting("hogwarts") is None


def test_should_import_a_lone_new_file_with_the_last_readable_partner_after_its_window(world: World) -> None:
    published(world, "hogwarts")
    world.upload("hogwarts", students=GINNYS)
    world.run("hogwarts")
    assert version(world, "hogwarts") == 1
    assert world.messages() == 1, "a message for when the window has passed"
    world.clock.pass_by(minutes=6)
    world.run("hogwarts")
    assert version(world, "hogwarts") == 2
    assert world.groups("hogwarts")["Potions"] == ("Ginny_Weasley",)


def test_should_make_no_new_version_of_the_same_pair(world: World) -> None:
    published(world, "hogwarts")
    before = world.stored()
    published(world, "hogwarts")
    assert version(world, "hogwarts") == 1
    assert [report["status"] for report in world.reports("hogwarts")] == ["no_change", "ok_with_warnings"]
    after = {key: data for key, data in world.stored().items() if not key.endswith("notices.csv")}
    assert after == {key: data for key, data in before.items() if not key.endswith("notices.csv")}


def test_should_import_nothing_for_the_same_event(world: World) -> None:
    published(world, "hogwarts")
    world.run("hogwarts")
    assert len(world.reports("hogwarts")) == 1


def test_should_import_the_standing_pair_again_for_a_person_who_asks(world: World) -> None:
    published(world, "hogwarts")
    world.run("hogwarts", asked="request-1")
    world.run("hogwarts", asked="request-1")  # the message came twice
    assert [(report["status"], report.get("asked")) for report in world.reports("hogwarts")] == [
        ("no_change", "request-1"),
        ("ok_with_warnings", None),
    ]


def test_should_answer_a_person_who_asks_where_there_is_no_file(world: World) -> None:
    world.run("hogwarts", asked="request-1")
    (report,) = world.reports("hogwarts")
    assert (report["status"], report["reason"]) == ("failed", "inbox_empty")


def test_should_explain_a_refused_file_and_leave_the_published_version(world: World) -> None:
    published(world, "hogwarts")
    items = {key: item for key, item in world.items().items() if "#" in key[0][5:]}
    world.upload("hogwarts", teachers=TEACHERS, students="version,1\nusername,class\nÉlève,Potions\n".encode("cp1252"))
    world.run("hogwarts")
    report = world.reports("hogwarts")[0]
    assert (report["status"], report["reason"], report["version"]) == ("failed", "not_utf8", 1)
    assert version(world, "hogwarts") == 1
    assert {key: item for key, item in world.items().items() if "#" in key[0][5:]} == items
    listed = world.stored()[report["notices_key"]].decode("utf-8-sig")
    assert "not_utf8,students.csv,3" in listed


def test_should_import_a_mended_file_that_is_uploaded_alone(world: World) -> None:
    world.upload("hogwarts", teachers=TEACHERS, students=b"\xff")
    world.run("hogwarts")
    assert world.reports("hogwarts")[0]["reason"] == "not_utf8"
    world.upload("hogwarts", students=STUDENTS)
    world.run("hogwarts")
    assert version(world, "hogwarts") == 1


def test_should_change_nothing_for_files_deleted_from_the_inbox(world: World) -> None:
    published(world, "hogwarts")
    for name in ("teachers", "students"):
        world.client("s3").delete_object(Bucket=world.inbox, Key=f"hogwarts/{name}.csv")
    world.run("hogwarts")
    assert version(world, "hogwarts") == 1
    assert len(world.reports("hogwarts")) == 1


def test_should_have_nothing_waiting_at_a_resumed_site_whose_uploads_were_deleted(world: World) -> None:
    store = world.store()
    store.set_paused("hogwarts", paused=True)
    world.upload("hogwarts", teachers=TEACHERS)
    world.run("hogwarts")
    waiting = store.waiting("hogwarts")
    assert waiting
    assert waiting["paused"]
    world.client("s3").delete_object(Bucket=world.inbox, Key="hogwarts/teachers.csv")
    store.set_paused("hogwarts", paused=False)
    world.run("hogwarts")
    assert store.waiting("hogwarts") is None


@pytest.mark.parametrize("paused", [False, True])
def test_should_keep_the_answer_for_whoever_asked_when_the_inbox_is_looked_at_again(paused: bool, world: World) -> None:
    store = world.store()
    store.set_paused("hogwarts", paused=paused)
    world.upload("hogwarts", teachers=TEACHERS)
    world.run("hogwarts", asked="somebody")
    world.run("hogwarts")
    waiting = store.waiting("hogwarts")
    assert waiting
    assert waiting["asked"] == "somebody"


def test_should_find_the_reports_that_are_older_than_an_import(world: World) -> None:
    world.upload("hogwarts", teachers=TEACHERS, students=STUDENTS)
    for number in range(3):
        world.run("hogwarts", asked=f"asked-{number}")
        world.clock.pass_by(seconds=1)
    store = world.store()
    reports = store.reports("hogwarts", 9)
    assert len(reports) == 3
    assert store.reports("hogwarts", 2) == reports[:2]
    assert store.reports("hogwarts", 2, before=reports[1].import_id) == reports[2:]
    assert store.reports("hogwarts", 2, before=reports[2].import_id) == []


def test_should_publish_nothing_from_an_import_that_lost_its_lease(world: World) -> None:
    world.upload("hogwarts", teachers=TEACHERS, students=students("Harry_Potter,Potions"))
    world.settle()
    slow = world.importer()
    settle = slow.publisher.store.settle

    def overtaken(*arguments: Any, **named: Any) -> object:
        # The slow one has read everything; now its lease runs out, and another imports a newer pair.
        world.clock.pass_by(minutes=10)
        world.upload("hogwarts", teachers=TEACHERS, students=STUDENTS)
        world.run("hogwarts", owner="another")
        return settle(*arguments, **named)

    slow.publisher.store.settle = overtaken  # type: ignore[method-assign, assignment]
    with pytest.raises(HeadMoved):
        slow.run(Request("hogwarts"), "slow", world.clock() + LIFE)
    assert version(world, "hogwarts") == 1
    assert world.groups("hogwarts")["Potions"] == ("Harry_Potter", "Ron_Weasley")
    world.run("hogwarts", owner="retry")
    assert version(world, "hogwarts") == 1, "the retry finds nothing new"


def test_should_import_an_upload_in_the_middle_of_an_import_after_it(world: World) -> None:
    world.upload("hogwarts", teachers=TEACHERS, students=STUDENTS)
    world.settle()
    first = world.importer()
    settle = first.publisher.store.settle
    meanwhile = [GINNYS]

    def disturbed(*arguments: Any, **named: Any) -> object:
        if meanwhile:
            world.upload("hogwarts", teachers=TEACHERS, students=meanwhile.pop())
            world.run("hogwarts", owner="another")  # finds the lease held
            assert version(world, "hogwarts") == 0
        return settle(*arguments, **named)

    first.publisher.store.settle = disturbed  # type: ignore[method-assign, assignment]
    first.run(Request("hogwarts"), "first", world.clock() + LIFE)
    assert version(world, "hogwarts") == 2
    assert world.groups("hogwarts")["Potions"] == ("Ginny_Weasley",)


def test_should_not_let_one_site_wait_for_another(world: World) -> None:
    store = world.store()
    assert store.lease.take("durmstrang", "somebody", world.clock() + LIFE) is None
    published(world, "hogwarts")
    assert version(world, "hogwarts") == 1


def test_should_give_a_lease_to_nobody_else_until_it_ends(world: World) -> None:
    store = world.store()
    until = world.clock() + LIFE
    assert store.lease.take("hogwarts", "one", until) is None
    held_until = store.lease.take("hogwarts", "two", until)
    assert held_until is not None
    assert until <= held_until <= until + timedelta(seconds=1)
    assert not store.lease.release("hogwarts", "one"), "the other left a mark"
    assert store.lease.release("hogwarts", "one")
    assert store.lease.take("hogwarts", "two", until) is None
    world.clock.pass_by(minutes=6)
    assert store.lease.take("hogwarts", "three", world.clock() + LIFE) is None


def test_should_release_the_lease_and_lose_nothing_when_a_fault_of_ours_is_raised(world: World) -> None:
    published(world, "hogwarts")
    (snapshot,) = [key for key, data in world.stored().items() if data[:2] == b"\x1f\x8b"]
    whole = world.stored()[snapshot]
    world.client("s3").put_object(Bucket=world.results, Key=snapshot, Body=whole[:-1])
    world.upload("hogwarts", teachers=TEACHERS, students=GINNYS)
    with pytest.raises(ValueError, match="promised"):
        world.run("hogwarts")
    assert version(world, "hogwarts") == 1
    world.client("s3").put_object(Bucket=world.results, Key=snapshot, Body=whole)
    world.run("hogwarts")
    assert version(world, "hogwarts") == 2


def test_should_keep_a_group_too_large_for_one_item_whole_and_leave_nothing_when_it_shrinks(world: World) -> None:
    everybody = [f"student.{number:06},Whole School" for number in range(40_000)]
    world.upload("hogwarts", teachers=csv("Albus_Dumbledore,Whole School"), students=csv(*everybody))
    world.run("hogwarts")
    assert len(world.groups("hogwarts")["Whole School"]) == 40_000
    assert sum("#PART#" in sort_key for _, sort_key in world.items()) >= 2
    world.upload("hogwarts", teachers=csv("Albus_Dumbledore,Whole School"), students=csv(*everybody[:3]))
    world.run("hogwarts")
    world.approve("hogwarts")
    assert len(world.groups("hogwarts")["Whole School"]) == 3
    assert not [key for key in world.items() if "#PART#" in key[1]]
    world.upload("hogwarts", teachers=csv("Albus_Dumbledore,Whole School"), students=csv("student.000000,Another"))
    world.run("hogwarts")
    world.approve("hogwarts")
    assert list(world.groups("hogwarts")) == ["Another"]
