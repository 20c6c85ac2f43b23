"""What bad rows keep: remembered by the import that took effect, and ended on time, or at once by a person."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from roster.request import EndKept, Rollback

from .conftest import World, csv

SITE = "hogwarts"
TEACHERS = csv(*(f"teacher.{number},Class {number}" for number in range(10)))
ROWS = [f"student.{number:02},Class {number % 10}" for number in range(40)]
# The row of student.00 has lost its class.
BROKEN = csv("student.00", *ROWS[1:])


def upload(world: World, students: bytes, teachers: bytes = TEACHERS) -> dict[str, Any]:
    world.upload(SITE, teachers=teachers, students=students)
    world.run(SITE)
    return world.reports(SITE)[0]


@pytest.fixture
def keeping(world: World) -> World:
    """A site with one fact that no row states."""
    upload(world, csv(*ROWS))
    report = upload(world, BROKEN)
    assert (report["status"], report["kept"], report["version"]) == ("ok_with_warnings", 1, 1)
    return world


def members(world: World) -> tuple[str, ...]:
    return world.groups(SITE)["Class 0"]


def store_of(world: World) -> Any:
    return world.store()


def test_should_remember_what_is_kept_without_a_new_version(keeping: World) -> None:
    head = store_of(keeping).head(SITE)
    assert head.version == 1
    memory = keeping.importer().publisher.results.memory(SITE, head.memory_sha256)
    assert head.kept_until == memory.until != ""
    (fact,) = memory.kept
    assert (fact.username, fact.class_) == ("student.00", "Class 0")
    shown = keeping.page({"view": "site", "site": SITE})
    assert (shown["kept"]["facts"], shown["kept"]["until"], shown["rejected"]) == (1, head.kept_until, 1)
    (site,) = keeping.page({})["sites"]
    assert (site["kept"], site["rejected"], site["kept_until"]) == (1, 1, head.kept_until)


def test_should_let_the_memory_expire_that_no_import_writes_anew(keeping: World) -> None:
    head = store_of(keeping).head(SITE)
    key = f"{SITE}/objects/{head.memory_sha256}"
    s3 = keeping.client("s3")
    assert s3.get_object_tagging(Bucket=keeping.results, Key=key)["TagSet"] == [
        {"Key": "retention", "Value": "180-days"}
    ]
    s3.delete_object(Bucket=keeping.results, Key=key)
    assert upload(keeping, csv(*ROWS))["status"] == "no_change", "one that is gone counts as nothing"
    assert store_of(keeping).head(SITE).memory_sha256 == ""
    assert keeping.page({"view": "site", "site": SITE})["kept"] is None


def test_should_end_what_is_kept_when_its_time_has_passed_though_nothing_is_uploaded(keeping: World) -> None:
    keeping.watch().look()
    assert keeping.messages() == 0
    keeping.run(SITE)
    assert "student.00" in members(keeping)
    until = datetime.fromisoformat(store_of(keeping).head(SITE).kept_until)
    keeping.clock.now = until
    keeping.watch().look()
    assert keeping.messages() == 1
    keeping.run(SITE)
    assert "student.00" not in members(keeping)
    head = store_of(keeping).head(SITE)
    assert (head.version, head.kept_until) == (2, "")
    keeping.watch().look()
    keeping.run(SITE)
    assert (keeping.messages(), store_of(keeping).head(SITE)) == (1, head), "once"


def test_should_not_end_anything_of_a_paused_site_or_while_a_person_is_asked(keeping: World) -> None:
    store = store_of(keeping)
    store.set_paused(SITE, paused=True)
    keeping.clock.now = datetime.fromisoformat(store.head(SITE).kept_until) + timedelta(hours=1)
    keeping.watch().look()
    keeping.run(SITE)
    assert keeping.messages() == 0
    assert "student.00" in members(keeping)
    assert store.waiting(SITE) is None


def settle(world: World) -> dict[str, Any]:
    return world.order(SITE, EndKept("arn:somebody"))


def test_should_end_what_is_kept_at_once_when_a_person_wants_it(keeping: World) -> None:
    report = settle(keeping)
    assert (report["status"], report["version"], report["settled_by"]) == ("ok_with_warnings", 2, "arn:somebody")
    assert "student.00" not in members(keeping)
    assert settle(keeping)["reason"] == "nothing_kept"


def test_should_read_a_held_pair_again_after_what_is_kept_has_ended(keeping: World) -> None:
    was_held = upload(keeping, csv())
    assert was_held["status"] == "held"
    assert settle(keeping)["version"] == 2
    held = keeping.held(SITE)
    assert held["import"] != was_held["import"]
    assert (held["base_version"], held["pair"]) == (2, was_held["pair"])
    assert keeping.approve(SITE)["version"] == 3


def test_should_refuse_to_end_what_is_kept_where_the_uploads_are_gone(keeping: World) -> None:
    head = store_of(keeping).head(SITE)
    students = head.effective["students.csv"].version_id
    keeping.client("s3").delete_object(Bucket=keeping.inbox, Key=f"{SITE}/students.csv", VersionId=students)
    assert settle(keeping)["reason"] == "uploads_gone"


def test_should_put_the_memory_of_a_held_plan_in_force_with_its_approval(world: World) -> None:
    upload(world, csv(*ROWS))
    before = store_of(world).head(SITE)
    report = upload(world, csv("student.00", "student.01", "student.02", *ROWS[3:]))
    assert report["status"] == "held"
    assert report["plan"]["memory_sha256"]
    assert store_of(world).head(SITE).memory_sha256 == before.memory_sha256
    world.approve(SITE)
    head = store_of(world).head(SITE)
    assert head.memory_sha256 == report["plan"]["memory_sha256"]
    assert head.kept_until == world.importer().publisher.results.memory(SITE, head.memory_sha256).until != ""


def test_should_forget_everything_when_a_version_is_gone_back_to(keeping: World) -> None:
    upload(keeping, csv("student.00", *ROWS[1:], "one.more,Class 1"))
    assert store_of(keeping).head(SITE).kept_until
    keeping.order(SITE, Rollback(1, "arn:somebody"))
    head = store_of(keeping).head(SITE)
    assert (head.memory_sha256, head.kept_until) == ("", "")
