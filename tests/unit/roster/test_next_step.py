"""What a run does next about a site: from its head, what asked for the run, and what its inbox holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.next_step import (
    CarryOut,
    ImportPair,
    Inbox,
    LookAgain,
    NothingToDo,
    StayPaused,
    Step,
    WaitForMore,
    ends_what_ran,
    import_of,
    next_step,
)
from roster.notices import FILES, STUDENTS, TEACHERS
from roster.pair import ImportNow, Upload, Wait
from roster.request import Approval, EndKept, NewEpoch, Order, Request, Rollback
from roster.settings import Settings
from roster.settings_file import as_dict
from roster.site_head import Head

NOW = datetime(2026, 9, 7, 3, tzinfo=UTC)
SITE = Request("hogwarts")
ASKED = Request("hogwarts", "somebody", NOW - timedelta(seconds=3))


def upload(file: str, version_id: str, *, minutes_ago: float = 10, size: int = 10) -> Upload:
    return Upload(file, version_id, NOW - timedelta(minutes=minutes_ago), size)


OLD = {file: upload(file, f"old-{file}", minutes_ago=1000) for file in FILES}
NEW = {file: upload(file, f"new-{file}") for file in FILES}
# Both files were imported, and nothing came since.
SETTLED = Head("hogwarts", 4, imports=4, seen=OLD, effective=OLD)


def inbox(standing: Mapping[str, Upload], *gone: Upload) -> Inbox:
    return Inbox(standing, {}, lambda each: each not in gone)


def step(head: Head, standing: Mapping[str, Upload], *gone: Upload, request: Request = SITE) -> Step:
    return next_step(head, request, lambda: inbox(standing, *gone), NOW)


def with_settings(head: Head, **choices: Any) -> Head:
    return replace(head, settings=as_dict(Settings(**choices)))


def test_should_import_two_new_files() -> None:
    found = step(SETTLED, NEW)
    assert isinstance(found, ImportPair)
    assert (found.decision.pair, found.decision.seen) == (NEW, NEW)
    assert (found.import_id, found.settings, found.killed) == ("20260907T025000Z-000005", Settings(), False)


def test_should_have_nothing_to_do_where_every_upload_was_seen() -> None:
    assert step(SETTLED, OLD) == NothingToDo("inbox_empty")
    assert step(Head("hogwarts"), {}) == NothingToDo("inbox_empty")


def test_should_import_what_stands_again_for_a_person() -> None:
    found = step(SETTLED, OLD, request=ASKED)
    assert isinstance(found, ImportPair)
    assert (found.decision.pair, found.import_id, found.at) == (OLD, "20260907T025957Z-000005", ASKED.asked_at)


def test_should_tell_a_person_that_all_that_stands_was_rejected() -> None:
    barred = replace(SETTLED, effective={}, barred=[each.version_id for each in OLD.values()])
    assert step(barred, OLD, request=ASKED) == NothingToDo("uploads_rejected")


def test_should_look_again_while_more_may_follow() -> None:
    just_now = {TEACHERS: upload(TEACHERS, "new", minutes_ago=0)}
    assert step(SETTLED, OLD | just_now) == LookAgain(NOW + timedelta(seconds=2))


@pytest.mark.parametrize("minutes", [0, 2, 5])
def test_should_wait_for_a_partner_as_long_as_the_settings_say(minutes: int) -> None:
    head = with_settings(SETTLED, pair_window_minutes=minutes)
    lone = upload(TEACHERS, "new", minutes_ago=1)
    found = step(head, OLD | {TEACHERS: lone})
    if minutes:
        assert found == WaitForMore(Wait(lone, STUDENTS, lone.uploaded_at + timedelta(minutes=minutes)))
    else:
        assert isinstance(found, ImportPair)
        assert found.decision.pair == {TEACHERS: lone, STUDENTS: OLD[STUDENTS]}


def test_should_wait_for_the_content_of_an_empty_file() -> None:
    empty = upload(STUDENTS, "empty", minutes_ago=1, size=0)
    found = step(SETTLED, {TEACHERS: NEW[TEACHERS], STUDENTS: empty})
    assert found == WaitForMore(Wait(empty, STUDENTS, empty.uploaded_at + timedelta(minutes=5)))


def test_should_wait_for_a_new_partner_where_the_one_in_force_is_kept_no_longer() -> None:
    standing = {TEACHERS: NEW[TEACHERS]}
    assert step(SETTLED, standing, OLD[STUDENTS]) == WaitForMore(Wait(NEW[TEACHERS], STUDENTS, None))
    assert isinstance(step(SETTLED, standing), ImportPair), "it stands no longer and is kept"


def test_should_have_nothing_to_do_where_what_is_to_be_read_again_is_gone() -> None:
    again = replace(SETTLED, settings_changed=True)
    assert isinstance(step(again, {}), ImportPair)
    assert step(again, {}, *OLD.values()) == NothingToDo("inbox_empty")
    assert step(again, {}, OLD[TEACHERS]) == NothingToDo("inbox_empty")


@pytest.mark.parametrize("head", [replace(SETTLED, paused=True), with_settings(SETTLED, paused=True)])
def test_should_import_nothing_of_a_paused_site(head: Head) -> None:
    assert step(head, NEW) == StayPaused()
    assert step(head, OLD) == NothingToDo("inbox_empty")
    assert step(head, OLD, request=ASKED) == StayPaused()


@pytest.mark.parametrize(
    ("head", "imports"),
    [
        (replace(SETTLED, settings_changed=True), True),
        (replace(SETTLED, kept_until="2026-09-07T03:00:00+00:00"), True),
        (replace(SETTLED, kept_until="2026-09-07T03:00:01+00:00"), False),
        (replace(SETTLED, kept_until="2026-09-07T03:00:00+00:00", held="an import"), False),
        (replace(SETTLED, kept_until="2026-09-07T03:00:00+00:00", paused=True), False),
        (replace(SETTLED, look_again_at="2026-09-07T03:00:00+00:00"), True),
        (replace(SETTLED, look_again_at="2026-09-07T03:00:01+00:00"), False),
        (replace(SETTLED, look_again_at="2026-09-07T03:00:00+00:00", held="an import"), False),
    ],
    ids=[
        *("new settings", "a kept fact ends", "it ends later", "a plan is held", "paused"),
        *("a date comes", "it comes later", "a date, and a plan is held"),
    ],
)
def test_should_read_again_what_is_in_force_where_that_may_come_to_something_else(head: Head, imports: bool) -> None:
    assert isinstance(step(head, OLD), ImportPair) is imports


@pytest.mark.parametrize("order", [Approval("id", "plan", "me"), Rollback(3, "me"), NewEpoch(9, "me"), EndKept("me")])
def test_should_do_nothing_but_what_was_ordered(order: Order) -> None:
    def look() -> Inbox:
        raise AssertionError("an order needs no inbox")

    assert next_step(SETTLED, replace(ASKED, order=order), look, NOW) == CarryOut(order)


def test_should_go_on_with_an_import_that_a_dead_run_began_until_it_was_killed_twice() -> None:
    begun = replace(SETTLED, running="20260907T020000Z-000005", tries=1)
    first, second, third = (step(replace(begun, tries=tries), NEW) for tries in (0, 1, 2))
    assert [each.killed for each in (first, second, third) if isinstance(each, ImportPair)] == [False, False, True]
    assert isinstance(third, ImportPair)
    assert third.import_id == begun.running


@pytest.mark.parametrize(
    ("found", "ended"),
    [
        (NothingToDo("inbox_empty"), True),
        (StayPaused(), True),
        (WaitForMore(Wait(NEW[TEACHERS], STUDENTS, None)), True),
        (LookAgain(NOW), False),
        (CarryOut(EndKept("me")), False),
        (step(SETTLED, NEW), False),
    ],
    ids=lambda each: type(each).__name__,
)
def test_should_give_up_what_a_dead_run_began_where_nothing_is_left_to_go_on_with(found: Step, ended: bool) -> None:
    assert ends_what_ran(replace(SETTLED, running="20260907T020000Z-000005"), found) is ended
    assert not ends_what_ran(SETTLED, found)


@pytest.mark.parametrize(
    ("minutes_ago", "request_", "at"),
    [
        (10, SITE, NOW - timedelta(minutes=10)),
        (24 * 60, SITE, NOW),
        (24 * 60 - 1, SITE, NOW - timedelta(minutes=24 * 60 - 1)),
        (10, ASKED, ASKED.asked_at),
    ],
    ids=["at once", "a day late", "in time", "asked for"],
)
def test_should_count_with_the_time_of_what_is_new(minutes_ago: int, request_: Request, at: datetime) -> None:
    pair = {file: upload(file, f"new-{file}", minutes_ago=minutes_ago) for file in FILES}
    assert import_of(SETTLED, request_, ImportNow(pair, pair), Settings(), NOW).at == at


def test_should_count_with_now_where_nothing_is_new() -> None:
    assert import_of(SETTLED, SITE, ImportNow(OLD, OLD), Settings(), NOW).at == NOW


UPLOADS = st.sampled_from([*OLD.values(), *NEW.values()])


@given(
    standing=st.lists(UPLOADS, max_size=2).map(lambda some: {each.file: each for each in some}),
    effective=st.sampled_from([{}, OLD, {TEACHERS: OLD[TEACHERS]}]),
    undecided=st.sampled_from([{}, OLD]),
    gone=st.sets(UPLOADS),
    paused=st.booleans(),
    asked=st.sampled_from([SITE, ASKED]),
    again=st.booleans(),
    held=st.booleans(),
)
def test_should_never_import_a_file_that_is_gone_nor_anything_of_a_paused_site(
    standing: dict[str, Upload],
    effective: dict[str, Upload],
    undecided: dict[str, Upload],
    gone: set[Upload],
    paused: bool,
    asked: Request,
    again: bool,
    held: bool,
) -> None:
    head = replace(
        SETTLED,
        effective=effective,
        undecided=undecided,
        paused=paused,
        settings_changed=again,
        held="an import" if held else "",
    )
    found = step(head, standing, *gone, request=asked)
    if isinstance(found, ImportPair):
        assert not paused
        assert found.decision.pair.keys() == set(FILES)
        assert all(standing.get(file) == each or each not in gone for file, each in found.decision.pair.items())
    assert found == step(head, standing, *gone, request=asked)
