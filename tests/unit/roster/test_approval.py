"""What a person may order: approving exactly what was shown, going back, a new epoch, ending what is kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from roster.approval import (
    HOLD_LIFE,
    is_same_hold,
    is_still_held,
    is_too_old,
    of_a_person,
    to_approve,
    why_no_new_epoch,
    why_not_approved,
    why_not_ended,
    why_not_rolled_back,
)
from roster.encode import Approved, Blob, Manifest
from roster.memory import NOTHING, Kept, Memory
from roster.notices import STUDENTS, TEACHERS
from roster.pair import Upload
from roster.plan import Plan, plan_import
from roster.report import Report
from roster.request import Request
from roster.settings import Settings
from roster.site_head import Head

NOW = datetime(2026, 9, 7, 3, tzinfo=UTC)
UPLOADS = {file: Upload(file, f"v-{file}", NOW, 10) for file in (TEACHERS, STUDENTS)}
KEPT = Memory({}, (Kept(STUDENTS, "Harry", "Potions", "id", "2026-09-14T03:00:00+00:00", "digest"),))

HELD = Report(
    "hogwarts",
    "20260907T030000Z-000003",
    "held",
    base_version=4,
    plan={"manifest_sha256": "e" * 64, "expires_at": (NOW + HOLD_LIFE).isoformat()},
)


@pytest.mark.parametrize(
    ("report", "plan", "version", "now", "why"),
    [
        (HELD, "e" * 64, 4, NOW, None),
        (HELD, "e" * 64, 4, NOW + HOLD_LIFE, None),
        (HELD, "e" * 64, 4, NOW + HOLD_LIFE + timedelta(seconds=1), "hold_expired"),
        (HELD, "e" * 64, 5, NOW, "head_moved"),
        (HELD, "e" * 64, 3, NOW, "head_moved"),
        (HELD, "f" * 64, 4, NOW, "plan_differs"),
        (HELD, "", 4, NOW, "plan_differs"),
        (replace(HELD, plan=None), "e" * 64, 4, NOW, "plan_differs"),
        (replace(HELD, status="ok"), "e" * 64, 4, NOW, "not_held"),
        (replace(HELD, status="rejected"), "e" * 64, 4, NOW, "not_held"),
        (replace(HELD, status="superseded"), "e" * 64, 4, NOW, "not_held"),
        (None, "e" * 64, 4, NOW, "import_unknown"),
    ],
)
def test_should_approve_only_what_was_shown_and_still_stands_on_its_base(
    report: Report | None, plan: str, version: int, now: datetime, why: str | None
) -> None:
    assert why_not_approved(report, plan, version, now) == why


@pytest.mark.parametrize(
    ("asked_at", "too_old"),
    [(None, False), (NOW - timedelta(hours=1), False), (NOW - timedelta(hours=1, seconds=1), True)],
)
def test_should_carry_out_an_order_for_an_hour(asked_at: datetime | None, too_old: bool) -> None:
    assert is_too_old(Request("hogwarts", "asked", asked_at), NOW) is too_old


@pytest.mark.parametrize(
    ("version", "why"),
    [(-1, "version_unknown"), (0, "version_unknown"), (1, None), (3, None), (4, "version_unknown")],
)
def test_should_go_back_only_to_an_older_version(version: int, why: str | None) -> None:
    assert why_not_rolled_back(Head("hogwarts", 4), version) == why


@pytest.mark.parametrize(
    ("head", "above", "highest", "why"),
    [
        (0, 40, 0, "version_below"),
        (4, 3, 0, "version_below"),
        (4, 4, 0, None),
        (4, 6, 7, "version_below"),
        (4, 7, 7, None),
    ],
)
def test_should_begin_an_epoch_above_every_version_alone(head: int, above: int, highest: int, why: str | None) -> None:
    assert why_no_new_epoch(Head("hogwarts", head), above, highest) == why


@pytest.mark.parametrize(
    ("memory", "effective", "gone", "why"),
    [
        (NOTHING, UPLOADS, [], "nothing_kept"),
        (KEPT, UPLOADS, [STUDENTS], "uploads_gone"),
        (KEPT, {STUDENTS: UPLOADS[STUDENTS]}, [], "uploads_gone"),
        (KEPT, UPLOADS, [], None),
    ],
)
def test_should_end_what_is_kept_where_the_pair_in_force_is_there(
    memory: Memory, effective: dict[str, Upload], gone: list[str], why: str | None
) -> None:
    assert why_not_ended(Head("hogwarts", 4, effective=effective), memory, gone) == why


def a_plan(students: str) -> Plan:
    files = {TEACHERS: b"version,1\nusername,class\nSnape,Potions\n", STUDENTS: students.encode()}
    return plan_import(files, Settings())


def test_should_take_a_plan_for_the_held_one_only_where_it_makes_the_same_version_from_the_same_base() -> None:
    same, other = (a_plan(f"version,1\nusername,class\n{name},Potions\n") for name in ("Harry", "Ron"))
    held = replace(HELD, plan=to_approve(same, "e" * 64, "", NOW))
    assert is_same_hold(held, same, 4)
    assert not is_same_hold(held, other, 4)
    assert not is_same_hold(held, same, 5)
    assert not is_same_hold(held, a_plan("nonsense"), 4)
    assert not is_same_hold(replace(held, status="rejected"), same, 4)
    assert not is_same_hold(replace(held, plan=None), same, 4)
    assert not is_same_hold(None, same, 4)


@pytest.mark.parametrize(
    ("report", "head", "expected"),
    [
        (HELD, Head("hogwarts", 4, held=HELD.import_id), True),
        (HELD, Head("hogwarts", 5, held=HELD.import_id), False),
        (HELD, Head("hogwarts", 4, held="another"), False),
        (replace(HELD, status="rejected"), Head("hogwarts", 4, held=HELD.import_id), False),
    ],
)
def test_should_say_whether_an_import_is_still_the_held_one(report: Report, head: Head, expected: bool) -> None:
    assert is_still_held(report, head) is expected


BLOB = Blob("a" * 64, 1, "b" * 64, 2)


def version(number: int) -> Manifest:
    return Manifest("hogwarts", 1, number, "an import", {}, BLOB, BLOB._replace(bytes=number), number - 1)


def test_should_say_in_the_manifest_who_had_it_published_and_when() -> None:
    (said,) = of_a_person(version(5), "arn:somebody", NOW).approved
    assert said == (5, "arn:somebody", "2026-09-07T03:00:00+00:00", BLOB._replace(bytes=5))


def test_should_keep_what_people_approved_before_for_the_servers_that_are_behind() -> None:
    carried: tuple[Approved, ...] = ()
    for number in range(2, 30):
        carried = of_a_person(version(number)._replace(approved=carried), "arn:somebody", NOW).approved
    assert [each.version for each in carried] == list(range(10, 30))


def test_should_say_nothing_of_a_version_that_removes_nothing() -> None:
    first = version(1)._replace(delta=None, delta_from=None)
    assert of_a_person(first, "arn:somebody", NOW) == first
