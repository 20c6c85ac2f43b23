"""What CloudWatch is told of imports: events that are their own metrics, findings by row, and nobody's name."""

import io
import json
import logging
from typing import Any

import pytest

from roster.log_events import METRICS, NAMESPACE
from roster.notices import STUDENTS
from roster.request import Rollback, Stray
from roster_aws.telemetry import logger

from .conftest import World, csv

SITE = "hogwarts"
TEACHERS = csv("Severus_Snape,Potions", "Rolanda_Hooch,Flying")
CLASS_LISTS = csv("Harry_Potter,Potions", "Ron_Weasley,Flying")


def numbers_of(event: dict[str, Any]) -> dict[str, Any]:
    """The metrics of an event, as CloudWatch reads them out of it."""
    (described,) = event["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == NAMESPACE
    assert described["Dimensions"] == [[]]
    named = {metric["Name"]: metric["Unit"] for metric in described["Metrics"]}
    assert named == METRICS[event["message"]]
    return {name: event[name] for name in named}


def imported(world: World, students: bytes = CLASS_LISTS, teachers: bytes = TEACHERS) -> None:
    world.upload(SITE, teachers=teachers, students=students)
    world.run(SITE)


def test_should_report_an_import_once_with_its_numbers(world: World) -> None:
    others = "".join(f"pupil.{number},Potions\n" for number in range(40)).encode()
    imported(world, CLASS_LISTS + others + b"*,Potions\n,\nDraco_Malfoy,\n")
    (told,) = world.told("import_report")
    assert (told["site"], told["status"], told["version"], told["groups"]) == (SITE, "ok_with_warnings", 1, 2)
    assert told["members_created"] == 42
    assert told["notices"]["username_wildcard"] == {"severity": "error", "total": 1}
    numbers = numbers_of(told)
    spent = numbers.pop("ImportMilliseconds")
    assert spent == sum(told["milliseconds"].values()) > 0
    assert numbers == {
        "Imports": 1,
        "ImportsFailed": 0,
        "ImportsHeld": 0,
        "ImportsUnchanged": 0,
        "RowsRead": 46,
        "RowsRejected": 2,
        "Errors": 2,
        "Warnings": 0,
    }


def test_should_date_a_metric_by_when_the_import_was_reported(world: World) -> None:
    imported(world)
    (told,) = world.told("import_report")
    assert told["_aws"]["Timestamp"] == round(world.clock().timestamp() * 1000)


@pytest.mark.parametrize(
    ("students", "counted"),
    [(CLASS_LISTS, "ImportsUnchanged"), (b"\xff", "ImportsFailed"), (csv("Severus_Snape,Potions"), "ImportsHeld")],
)
def test_should_count_what_becomes_of_an_import(world: World, students: bytes, counted: str) -> None:
    imported(world)
    imported(world, students)
    _, told = world.told("import_report")
    counts = {name: number for name, number in numbers_of(told).items() if name.startswith("Imports")}
    assert counts == dict.fromkeys(("Imports", "ImportsFailed", "ImportsHeld", "ImportsUnchanged"), 0) | {
        "Imports": 1,
        counted: 1,
    }


def test_should_report_orders_and_not_count_a_refused_one_as_a_failed_import(world: World) -> None:
    imported(world)
    imported(world, CLASS_LISTS + b"Draco_Malfoy,Potions\n")
    world.order(SITE, Rollback(1, "arn:somebody"))
    world.order(SITE, Rollback(7, "arn:somebody"))
    *_, done = world.told("import_report")
    assert (done["reason"], done["version"]) == ("rolled_back", 3)
    (refused,) = world.told("request_refused")
    assert (refused["site"], refused["reason"]) == (SITE, "version_unknown")


def test_should_write_an_event_with_its_place_for_each_finding_in_a_row(world: World) -> None:
    imported(world, CLASS_LISTS + b"*,Potions\n Draco_Malfoy,Potions\n")
    found = [(told["code"], told["file"], told["row"], told["column"]) for told in world.told("notice")]
    assert ("username_wildcard", STUDENTS, 5, "username") in found
    assert ("whitespace_trimmed", STUDENTS, 6, "username") in found
    (report,) = world.told("import_report")
    assert {told["import"] for told in world.told("notice")} == {report["import"]}
    assert not any("_aws" in told for told in world.told("notice"))


@pytest.mark.parametrize(("bad_rows", "truncated"), [(1000, False), (1001, True)])
def test_should_write_events_for_at_most_a_thousand_findings(world: World, bad_rows: int, truncated: bool) -> None:
    imported(world, b"version,1\nusername,class\n" + b"*,Potions\n" * bad_rows, csv("Severus_Snape,Potions"))
    found = [told for told in world.told("notice") if told["code"] == "username_wildcard"]
    (report,) = world.told("import_report")
    assert report["truncated"] is truncated or len(world.told("notice")) == 1000
    assert len(world.told("notice")) <= 1000
    assert report["notices"]["username_wildcard"]["total"] == bad_rows
    assert len(found) <= 1000


def test_should_keep_a_report_small_whatever_was_uploaded(world: World) -> None:
    """Events of more than 200 KB would be cut into pieces that nobody can read."""
    settings = {f"unknown_{number}": "x" * 100 for number in range(5000)}
    world.client("s3").put_object(Bucket=world.inbox, Key=f"{SITE}/settings.json", Body=json.dumps(settings))
    imported(world, b"version,1\nusername,class\n" + b"*" * 2_000_000 + b",Potions\n")
    reports = world.told("import_report")
    assert {told["reason"] for told in reports} >= {"settings_invalid"}
    assert max(len(json.dumps(told)) for told in (*reports, *world.told("notice"))) < 20_000


def test_should_count_an_upload_outside_any_site_and_not_name_it(world: World) -> None:
    world.strays().look(Stray("Harry Potter.csv", "a-version", world.clock(), 10))
    (told,) = world.told("upload_ignored")
    assert numbers_of(told) == {"UploadsIgnored": 1}
    assert "Harry" not in json.dumps(told)


def test_should_write_no_username_or_class_to_a_log(world: World) -> None:
    log = io.StringIO()
    for handler in logger.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(log)
    imported(world)
    imported(world, teachers=TEACHERS + b"*Lockhart,Potions\n")
    told = [event for kind in ("import_report", "notice") for event in world.told(kind)]
    assert [event["status"] for event in told if event["message"] == "import_report"] == ["ok", "no_change"]
    assert "import_ended" in log.getvalue()
    for name in ("Harry", "Snape", "Lockhart", "Hooch", "Potions", "Dark Arts"):
        assert name.lower() not in (log.getvalue() + json.dumps(told)).lower()
