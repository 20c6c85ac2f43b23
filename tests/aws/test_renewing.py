"""A hold survives the same upload; steps are added up; an import knows its school year; settings that were mended."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from roster.plan import Known, Plan, plan_import
from roster.request import Approval, Rollback
from roster_aws import importing

from .conftest import World, csv

SITE = "hogwarts"
TEACHERS = csv(*(f"teacher.{number},Class {number}" for number in range(10)))
STUDENTS = csv(*(f"student.{number:02},Class {number % 10}" for number in range(40)))
FEW = csv(*(f"student.{number:02},Class {number % 10}" for number in range(10)))


@pytest.fixture
def published(world: World) -> World:
    upload(world, STUDENTS)
    return world


def upload(world: World, students: bytes) -> dict[str, Any]:
    world.upload(SITE, teachers=TEACHERS, students=students)
    world.run(SITE)
    return world.reports(SITE)[0]


def test_should_keep_what_is_held_when_the_same_comes_again(published: World) -> None:
    first = upload(published, FEW)
    published.clock.pass_by(hours=48)
    again = upload(published, FEW)
    assert len(published.reports(SITE)) == 2
    assert (again["import"], again["status"]) == (first["import"], "held")
    life = datetime.fromisoformat(again["plan"]["expires_at"]) - datetime.fromisoformat(first["plan"]["expires_at"])
    assert life >= timedelta(hours=48)
    assert again["plan"] | {"expires_at": ""} == first["plan"] | {"expires_at": ""}
    assert again["pair"] != first["pair"]
    (told,) = published.told("hold_renewed")
    assert (told["site"], told["import"]) == (SITE, first["import"])
    head = published.store().head(SITE)
    assert (head.running, head.held) == ("", first["import"])
    published.clock.pass_by(hours=47)
    assert published.approve(SITE)["version"] == 2
    effective = published.store().head(SITE).effective
    assert {file: {"version_id": each.version_id} for file, each in effective.items()} == {
        file: {"version_id": about["version_id"]} for file, about in again["pair"].items()
    }


def test_should_answer_who_asks_for_what_is_held_again_with_what_is_held(published: World) -> None:
    first = upload(published, FEW)
    published.run(SITE, asked="somebody")
    published.run(SITE, asked="somebody")  # the message came twice
    (answer,) = [each for each in published.reports(SITE) if each.get("asked") == "somebody"]
    assert (answer["import"], answer["status"]) == (first["import"], "held")


def test_should_take_another_plan_in_the_place_of_what_is_held_and_name_it(published: World) -> None:
    first = upload(published, FEW)
    second = upload(published, FEW + b"one.more,Class 0\n")
    assert (second["status"], second["import"] != first["import"]) == ("held", True)
    approval = Approval(first["import"], first["plan"]["manifest_sha256"], "arn:somebody")
    refused = published.order(SITE, approval)
    assert (refused["reason"], refused["superseded_by"]) == ("not_held", second["import"])
    assert published.approve(SITE)["version"] == 2


@pytest.fixture
def knowing(published: World, monkeypatch: pytest.MonkeyPatch) -> tuple[World, list[Known]]:
    """A site with a version, and what each plan is told from here on."""
    told: list[Known] = []

    def plan(*arguments: Any) -> Plan:
        told.append(arguments[-1])
        return plan_import(*arguments)._replace(school_year="2026-09-01")

    monkeypatch.setattr(importing, "plan_import", plan)
    return published, told


def test_should_count_from_the_version_of_seven_days_ago(knowing: tuple[World, list[Known]]) -> None:
    world, told = knowing
    for number in range(3):
        world.clock.pass_by(days=3)
        assert upload(world, STUDENTS + b"".join(b"new.%d,Class 0\n" % each for each in range(number + 1)))["version"]
    assert [known.earlier.version if known.earlier else None for known in told] == [None, 1, 1]
    assert told[-1].earlier
    assert sum(1 for _ in told[-1].earlier.lines()) > 1
    world.clock.pass_by(days=3)
    upload(world, STUDENTS + b"another,Class 1\n")
    assert told[-1].earlier
    assert told[-1].earlier.version == 2
    assert [step.version for step in world.store().head(SITE).steps] == [2, 3, 4, 5]


def test_should_count_from_what_a_person_approved_or_went_back_to(knowing: tuple[World, list[Known]]) -> None:
    world, told = knowing
    upload(world, FEW)
    world.approve(SITE)
    assert [(step.version, step.approved) for step in world.store().head(SITE).steps] == [(2, True)]
    upload(world, FEW + b"new.1,Class 0\n")
    assert told[-1].earlier is None
    world.order(SITE, Rollback(2, "arn:somebody"))
    assert [(step.version, step.approved) for step in world.store().head(SITE).steps] == [(4, True)]


def test_should_count_from_no_version_whose_objects_are_kept_no_longer(knowing: tuple[World, list[Known]]) -> None:
    world, told = knowing
    first = world.store().head(SITE).manifest_sha256
    world.clock.pass_by(days=1)
    upload(world, STUDENTS + b"new.1,Class 0\n")
    world.client("s3").delete_object(Bucket=world.results, Key=f"{SITE}/objects/{first}")
    upload(world, STUDENTS + b"new.1,Class 0\nnew.2,Class 0\n")
    assert told[-1].earlier is None


def test_should_remember_the_school_year_that_was_used_up_once_it_takes_effect(
    knowing: tuple[World, list[Known]],
) -> None:
    world, told = knowing
    store = world.store()
    upload(world, FEW)
    assert store.head(SITE).school_year == ""
    world.approve(SITE)
    assert store.head(SITE).school_year == "2026-09-01"
    upload(world, FEW)
    assert told[-1].school_year == "2026-09-01"


def test_should_show_a_problem_of_the_settings_only_until_it_is_mended(published: World) -> None:
    def problem() -> Any:
        return published.page({"view": "site", "site": SITE})["settings_problem"]

    def put(data: bytes) -> None:
        published.client("s3").put_object(Bucket=published.inbox, Key=f"{SITE}/settings.json", Body=data)
        published.run(SITE)

    assert problem() is None
    put(b'{"usernames": "email"}')
    assert problem()["reason"] == "settings_invalid"
    put(b'{"username": "district"}')
    assert problem() is None


def test_should_list_a_site_by_mended_settings_no_longer_as_failed(world: World) -> None:
    for data, status in ((b"{", "failed"), (b"{}", "new")):
        world.client("s3").put_object(Bucket=world.inbox, Key=f"{SITE}/settings.json", Body=data)
        world.run(SITE)
        (site,) = world.page({})["sites"]
        assert site["status"] == status


def test_should_show_what_a_held_import_changes_by_name(published: World) -> None:
    report = upload(published, FEW)
    shown = published.page({"view": "import", "site": SITE, "import": report["import"]})
    assert shown["difference"]["groups_changed"]["total"] == 10
    assert shown["difference"]["groups_changed"]["listed"][0]["gone"]["first"]
    published.approve(SITE)
    shown = published.page({"view": "import", "site": SITE, "import": report["import"]})
    assert shown["difference"] is None
