"""One alert for each event of a site, one for its end, and the end only of what was told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from roster.alert import Alert, of_ended_hold, of_import, of_server
from roster.report import FileRead, Report, Status
from roster.servers import Server
from roster.site_head import Head

NOW = datetime(2026, 9, 7, 3, tzinfo=UTC)
PAIR: dict[str, FileRead] = {"students.csv": {"version_id": "v"}, "teachers.csv": {"version_id": "v"}}
HEAD = Head("hogwarts")


def report(status: Status, **more: Any) -> Report:
    return Report("hogwarts", "20260907T030000Z-000004", status, **{"pair": PAIR, **more})


@pytest.mark.parametrize(
    ("told", "refused", "status", "kinds", "left"),
    [
        ([], "", "ok", [], ()),
        ([], "", "held", [("held", ("held",))], ("held",)),
        (["held"], "", "held", [("held", ("held",))], ("held",)),
        ([], "", "failed", [("failed", ("failed",))], ("failed",)),
        (["failed"], "", "failed", [("failed", ("failed",))], ("failed",)),
        (["failed"], "", "held", [("held", ("held",))], ("held",)),
        (["held"], "", "failed", [("failed", ("failed",))], ("held", "failed")),
        (["held", "failed"], "", "ok_with_warnings", [("recovered", ("held", "failed"))], ()),
        (["failed"], "", "no_change", [("recovered", ("failed",))], ()),
        ([], "20260907T030000Z-0000abcd", "ok", [("recovered", ("refused_file",))], ()),
        ([], "20260907T030000Z-0000abcd", "failed", [("failed", ("failed",))], ("failed",)),
    ],
)
def test_should_tell_what_an_import_begins_and_ends(
    told: list[Any], refused: str, status: Status, kinds: list[Any], left: tuple[str, ...]
) -> None:
    due = of_import(replace(HEAD, told=told, refused=refused), report(status))
    assert [(alert.kind, alert.about) for alert in due.alerts] == kinds
    assert due.told == left


def test_an_order_should_end_what_is_held_and_say_nothing_of_the_files() -> None:
    due = of_import(replace(HEAD, told=["failed", "held"]), report("ok", pair={}, rolled_back_to=1))
    assert [(alert.kind, alert.about) for alert in due.alerts] == [("recovered", ("held",))]
    assert due.told == ("failed",)


def test_should_tell_that_a_hold_has_ended_which_a_person_rejected() -> None:
    due = of_ended_hold(replace(HEAD, told=["held", "failed"]))
    assert due is not None
    assert due.alerts == [Alert("hogwarts", "recovered", ("held",))]
    assert due.told == ("failed",)


@pytest.mark.parametrize("more", [{"held": "an import"}, {"told": ["failed"]}, {"open_import": "an import"}])
def test_should_not_tell_an_end_while_it_is_held_or_was_never_told(more: dict[str, Any]) -> None:
    assert of_ended_hold(replace(HEAD, **{"told": ["held"], **more})) is None


def server(**more: Any) -> Server:
    return Server("hogwarts", "srv-01", **{"last_seen": NOW, **more})


@pytest.mark.parametrize(
    ("known", "enrolled", "told", "kinds", "left"),
    [
        (server(), "", [], [], ()),
        (server(last_seen=NOW - timedelta(hours=25)), "", [], [("silent", ("silent",))], ("silent",)),
        (server(last_seen=NOW - timedelta(hours=25)), "", ["silent"], [], ("silent",)),
        (server(), "", ["silent"], [("recovered", ("silent",))], ()),
        (server(last_seen=None), (NOW - timedelta(hours=1)).isoformat(), [], [], ()),
        (server(last_seen=None), (NOW - timedelta(hours=25)).isoformat(), [], [("silent", ("silent",))], ("silent",)),
        (server(report={"held": True}), "", [], [("held_on_server", ("held_on_server",))], ("held_on_server",)),
        (server(report={"held": True}), "", ["held_on_server"], [], ("held_on_server",)),
        (server(report={"held": False}), "", ["held_on_server"], [("recovered", ("held_on_server",))], ()),
        (server(last_seen=None, revoked_at="2026-09-01T00:00:00+00:00"), "", ["silent"], [], ()),
    ],
)
def test_should_tell_once_what_becomes_of_a_server(
    known: Server, enrolled: str, told: list[str], kinds: list[Any], left: tuple[str, ...]
) -> None:
    due = of_server(known, enrolled, told, NOW)
    assert [(alert.kind, alert.about) for alert in due.alerts] == kinds
    assert {alert.server for alert in due.alerts} <= {"srv-01"}
    assert due.told == left
