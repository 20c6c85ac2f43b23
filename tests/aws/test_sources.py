"""A site whose roster comes from another product's export: read, named alike each night, looked at by its dates."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roster.request import Request, Rollback
from tests.unit.sources.bundles import oneroster, zipped

from .conftest import LIFE, World, csv

SITE = "hogwarts"
ONE = oneroster()
TWIN = oneroster(classes=("c1,Charms,A1,north,term", "c2,Charms,B1,north,term"))
SINGLE = oneroster(classes=("c1,Charms,A1,north,term",), enrollments=("c1,t1,teacher,,", "c1,s1,student,,"))


def put(world: World, file: str, data: bytes) -> None:
    world.store().add_site(SITE, "arn:somebody")
    world.client("s3").put_object(Bucket=world.inbox, Key=f"{SITE}/{file}", Body=data)


def settings(world: World, **choices: Any) -> None:
    put(world, "settings.json", json.dumps(choices).encode())


def upload(world: World, files: dict[str, str], file: str = "oneroster.zip") -> dict[str, Any]:
    put(world, file, zipped(files))
    world.run(SITE)
    return world.reports(SITE)[0]


@pytest.fixture
def school(world: World) -> World:
    """A site that imports from OneRoster, on the first day of its term."""
    settings(world, import_from="oneroster", time_zone="Europe/London")
    world.clock.now = datetime(2026, 11, 1, 6, tzinfo=UTC)
    return world


def test_should_publish_a_bundle_as_it_would_a_pair(school: World) -> None:
    report = upload(school, ONE)
    assert (report["status"], report["version"], list(report["pair"])) == ("ok", 1, ["oneroster.zip"])
    assert school.groups(SITE) == {"Transfiguration": ("harry", "ron"), "Charms": ("harry",)}
    assert school.rights(SITE)["minerva"].groups == ("Transfiguration",)
    assert upload(school, dict(reversed(ONE.items())))["status"] == "no_change"


def test_should_call_a_class_what_it_was_called_whatever_comes_beside_it(school: World) -> None:
    upload(school, SINGLE)
    assert set(school.groups(SITE)) == {"Charms"}
    upload(school, TWIN)
    assert set(school.groups(SITE)) == {"Charms", "Charms (B1)"}
    school.order(SITE, Rollback(1, "arn:somebody"))
    school.store().set_paused(SITE, paused=False)
    upload(school, TWIN)
    assert set(school.groups(SITE)) == {"Charms", "Charms (B1)"}


def test_should_tell_of_what_another_source_uploads_and_read_it_once_it_counts(school: World) -> None:
    upload(school, ONE)
    put(school, "teachers.csv", csv("snape,Potions"))
    for _ in range(2):  # an event for each file, and whatever else asks
        school.run(SITE)
    told = [report for report in school.reports(SITE) if report["reason"] == "source_not_chosen"]
    assert [(report["status"], report["file"]) for report in told] == [("failed", "teachers.csv")]
    assert [each["kind"] for each in school.alerts()] == ["refused_file"]
    assert set(school.rights(SITE)) == {"minerva"}
    put(school, "students.csv", csv("harry,Potions"))
    settings(school, import_from="csv")
    school.run(SITE)
    assert school.groups(SITE) == {"Potions": ("harry",)}
    # What was dealt with while it counted is no news now.
    assert len([each for each in school.reports(SITE) if each["reason"] == "source_not_chosen"]) == 1


def test_should_tell_of_a_bundle_while_the_pair_counts(world: World) -> None:
    world.upload(SITE, teachers=csv("snape,Potions"), students=csv("harry,Potions"))
    world.run(SITE)
    report = upload(world, ONE, "clever.zip")
    assert (report["status"], report["reason"], report["file"]) == ("failed", "source_not_chosen", "clever.zip")
    assert world.groups(SITE) == {"Potions": ("harry",)}


def test_should_look_again_on_the_day_on_which_a_bundle_says_something_else(school: World) -> None:
    classes = [f"c{n},Class {n},,north,{'term' if n else 'year'}" for n in range(10)]
    terms = ("term,Autumn,2026-09-01,2026-12-18", "year,Year,2026-09-01,2027-07-16")
    rows = [f"c{n},s{1 + n % 2},student,," for n in range(10)] + ["c0,t1,teacher,,"]
    assert upload(school, oneroster(classes=classes, terms=terms, enrollments=rows))["status"] == "ok"
    head = school.store().head(SITE)
    assert head.look_again_at == "2026-12-19T00:00:00+00:00"
    school.clock.now = datetime.fromisoformat(head.look_again_at) - timedelta(seconds=1)
    school.watch().look()
    assert school.messages() == 0
    school.clock.now = datetime.fromisoformat(head.look_again_at)
    school.watch().look()
    assert school.messages() == 1
    school.run(SITE)
    report = school.held(SITE)
    assert {reason["code"]: reason.get("ended") for reason in report["held"]}["groups_removed"] == ["Autumn"]
    assert len(school.groups(SITE)) == 10
    school.watch().look()
    assert school.messages() == 1, "what is held waits for a person"
    school.approve(SITE)
    assert set(school.groups(SITE)) == {"Class 0"}
    assert school.store().head(SITE).look_again_at == "2027-07-16T23:00:00+00:00", "it is summer time there"


def test_should_answer_who_asked_by_the_import_that_the_upload_began(school: World) -> None:
    asked_at = school.clock() - timedelta(seconds=9)
    assert upload(school, ONE).get("asked") is None
    school.importer().run(Request(SITE, "somebody", asked_at), "run", school.clock() + LIFE)
    assert [(report["status"], report["asked"]) for report in school.reports(SITE)] == [("ok", "somebody")]
    school.clock.pass_by(minutes=1)
    school.run(SITE, asked="again")
    newest = school.reports(SITE)[0]
    assert (newest["status"], newest["asked"]) == ("no_change", "again")


def test_should_refuse_a_bundle_that_is_none_and_keep_what_is_published(school: World) -> None:
    upload(school, ONE)
    put(school, "oneroster.zip", zipped(ONE)[:600])
    school.run(SITE)
    report = school.reports(SITE)[0]
    assert (report["status"], report["reason"]) == ("failed", "bundle_damaged")
    assert len(school.groups(SITE)) == 2


def test_should_show_the_record_and_nothing_that_stands_in_its_row(school: World) -> None:
    users = ("t1,teacher,minerva,Minerva", "s1,student,,Harry", "s2,student,ron,Ronald")
    files = oneroster() | {"users.csv": "sourcedId,role,username,givenName\n" + "\n".join(users)}
    report = upload(school, files)
    assert report["notices"]["username_empty"]["total"] == 1
    notices = school.stored()[report["notices_key"]].decode()
    assert "username_empty,users.csv,3,username,s1," in notices
    assert "Harry" not in notices
