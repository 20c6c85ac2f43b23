"""What each outcome makes of a site's head, and the form in which the table has it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.listed_site import ListedSite, last_import, last_import_after
from roster.memory import NOTHING, Memory
from roster.notices import FILES, STUDENTS, TEACHERS
from roster.pair import ImportNow, Upload
from roster.plan import Plan, plan_import
from roster.report import Report, import_report
from roster.settings import Settings
from roster.site_head import Head
from roster.statement import Signed
from roster.steps import Step

NOW = datetime(2026, 9, 7, 3, tzinfo=UTC)
EARLIER = datetime(2026, 9, 1, 3, tzinfo=UTC)
OLD = {file: Upload(file, f"old-{file}", EARLIER, 10) for file in FILES}
NEW = {file: Upload(file, f"new-{file}", NOW, 10) for file in FILES}
ID = "20260907T030000Z-000005"
SIGNED = Signed(5, 1, "e" * 64, "key", "signature", 2)
HEAD = Head(
    "hogwarts",
    version=4,
    manifest_sha256="d" * 64,
    published_at="2026-09-01T03:00:00+00:00",
    projected_version=4,
    imports=4,
    in_force="20260901T030000Z-000004",
    seen=OLD,
    effective=OLD,
    memory_sha256="of before",
    kept_until="2026-09-14T03:00:00+00:00",
    files_at="2026-09-01T03:00:00+00:00",
)


def a_plan(teachers: bytes, students: bytes) -> Plan:
    return plan_import({TEACHERS: b"version,1\nusername,class\n" + teachers, STUDENTS: students}, Settings())


GOOD = a_plan(b"Snape,Potions\n", b"version,1\nusername,class\nHarry,Potions\n")
BROKEN = a_plan(b"Snape,Potions\n", b"\xff")
HELD = a_plan(b"Snape,Potions\n", b"version,1\nusername,class\n")
DECISION = ImportNow(NEW, NEW)


def test_should_put_the_pair_of_a_good_import_in_force() -> None:
    after = replace(HEAD, undecided=OLD, unread=OLD, settings_changed=True).after_import(DECISION, GOOD)
    assert (after.seen, after.effective, after.undecided, after.unread) == (NEW, NEW, {}, {})
    assert (after.files_at, after.kept_until, after.settings_changed) == ("2026-09-07T03:00:00+00:00", "", False)


def test_should_wait_for_a_person_with_the_pair_of_a_held_import() -> None:
    assert HELD.held
    after = HEAD.after_import(DECISION, HELD)
    assert (after.seen, after.effective, after.undecided, after.kept_until) == (NEW, OLD, NEW, HEAD.kept_until)


def test_should_keep_the_good_file_of_a_refused_pair_for_the_next_import() -> None:
    assert BROKEN.outcome == "failed"
    after = replace(HEAD, undecided=OLD).after_import(DECISION, BROKEN)
    assert (after.effective, after.undecided, after.unread) == (OLD, OLD, {TEACHERS: NEW[TEACHERS]})
    again = replace(HEAD, effective=NEW).after_import(DECISION, BROKEN)
    assert again.unread == {}, "it is in force already"


def test_should_read_what_is_held_again_after_what_is_kept_has_ended() -> None:
    after = replace(HEAD, undecided=NEW).after_import(ImportNow(OLD, OLD), GOOD, ending=True)
    assert (after.undecided, after.settings_changed) == (NEW, True)
    assert not HEAD.after_import(ImportNow(OLD, OLD), GOOD, ending=True).settings_changed


def test_should_put_the_uploads_and_the_memory_of_an_approved_import_in_force() -> None:
    report = replace(import_report("hogwarts", ID, NEW, HELD, 4), plan={"manifest_sha256": "e" * 64, "expires_at": ""})
    waiting = replace(HEAD, undecided=NEW, school_year="2025")
    after = waiting.after_approval(report, NOTHING, "of its plan")
    assert (after.effective, after.undecided, after.memory_sha256, after.kept_until) == (NEW, {}, "of its plan", "")
    assert after.school_year == "2025"
    assert report.plan
    said = replace(report, plan={**report.plan, "school_year": "2026"})
    assert waiting.after_approval(said, Memory({}, ()), "").school_year == "2026"


def test_should_bar_what_was_gone_back_from() -> None:
    after = replace(HEAD, effective=NEW, undecided=OLD, settings_changed=True).after_rollback(OLD, "names")
    assert (after.effective, after.undecided, after.memory_sha256, after.kept_until) == (OLD, {}, "names", "")
    assert after.barred == [each.version_id for each in NEW.values()]
    assert not after.settings_changed


def test_should_move_to_what_was_signed() -> None:
    report = Report("hogwarts", ID, "ok", base_version=4, version=5)
    settled = replace(HEAD, held="an import").settled(report, SIGNED, NOW)
    assert (settled.version, settled.manifest_sha256, settled.published_at) == (5, "e" * 64, NOW.isoformat())
    assert (settled.open_import, settled.imports, settled.held, settled.in_force) == (ID, 5, "", ID)
    assert (settled.signature, settled.keyring_serial) == ({"key_id": "key", "signature": "signature"}, 2)
    assert (settled.projected_version, settled.projected_steps, settled.overtaken) == (4, 0, [])
    assert [step.version for step in settled.steps] == [4, 5], "from before steps were remembered"


def test_should_remember_a_version_that_the_table_never_showed_as_overtaken() -> None:
    behind = replace(HEAD, projected_version=2, projected_steps=7, overtaken=[3])
    assert behind.settled(Report("hogwarts", ID, "ok"), SIGNED, NOW).overtaken == [3, 4]


@pytest.mark.parametrize(
    ("status", "held", "in_force"),
    [("held", ID, HEAD.in_force), ("failed", "an import", HEAD.in_force), ("no_change", "", ID)],
)
def test_should_keep_the_version_where_nothing_was_published(status: Any, held: str, in_force: str) -> None:
    settled = replace(HEAD, held="an import").settled(Report("hogwarts", ID, status), None, NOW)
    assert (settled.version, settled.held, settled.in_force) == (4, held, in_force)


@pytest.mark.parametrize(
    ("about", "versions"),
    [
        ({}, [4, 5]),
        ({"approved_by": "me"}, [5]),
        ({"rolled_back_by": "me", "rolled_back_to": 2}, [5]),
        ({"epoch_by": "me"}, []),
        ({"epoch_by": "me", "restored_version": 9}, [5]),
    ],
)
def test_should_count_no_steps_from_before_a_person_looked(about: dict[str, Any], versions: list[int]) -> None:
    settled = HEAD.settled(Report("hogwarts", ID, "ok", **about), SIGNED, NOW)
    assert [step.version for step in settled.steps] == versions


def test_should_count_from_another_version_than_its_own() -> None:
    steps = [Step(version, f"{version}" * 64, EARLIER + timedelta(days=version), False) for version in (3, 4)]
    head = replace(HEAD, steps=steps, manifest_sha256="4" * 64)
    assert head.counted_from(NOW) == steps[0]
    assert replace(head, steps=steps[1:]).counted_from(NOW) is None
    assert replace(head, steps=[]).counted_from(NOW) is None


HEADS = st.builds(
    Head,
    site=st.just("hogwarts"),
    version=st.integers(0, 9),
    imports=st.integers(0, 9),
    held=st.sampled_from(["", ID]),
    seen=st.sampled_from([{}, OLD, NEW]),
    effective=st.sampled_from([{}, OLD, NEW]),
    undecided=st.sampled_from([{}, NEW]),
    unread=st.sampled_from([{}, {TEACHERS: NEW[TEACHERS]}]),
    barred=st.lists(st.text(max_size=3), max_size=3),
    steps=st.lists(st.builds(Step, st.integers(0, 9), st.text(max_size=3), st.just(NOW), st.booleans()), max_size=3),
    overtaken=st.lists(st.integers(0, 9), max_size=3),
    memory_sha256=st.text(max_size=3),
    settings_changed=st.booleans(),
)


@given(HEADS)
def test_should_come_back_from_its_item(head: Head) -> None:
    stored = json.loads(json.dumps(head.values_of_settled()))
    assert Head.from_item("hogwarts", stored) == head
    assert stored.keys().isdisjoint({"paused", "settings", "running", "lease_until", "projected_version", "added_at"})


@given(HEADS, HEADS)
def test_should_change_no_more_of_a_held_import_than_a_newer_pair_does(before: Head, after: Head) -> None:
    renewed = Head.from_item("hogwarts", {**before.values_of_settled(), **after.values_of_renewed()})
    names = ("seen", "undecided", "unread", "files_at", "settings_changed")
    assert renewed == replace(before, **{name: getattr(after, name) for name in names})


def test_should_list_a_site_with_the_numbers_of_what_stands() -> None:
    counts = {"rows_read": 9, "groups": 1, "members": 2, "memberships": 3, "teachers": 4, "rows_rejected": 5}
    good = last_import(Report("hogwarts", ID, "ok", counts=counts, kept=6, ended_at="then"))
    assert good["counts"] == {"groups": 1, "members": 2, "memberships": 3, "teachers": 4}
    assert (good["rows_rejected"], good["kept"], good["ended_at"]) == (5, 6, "then")
    failed = Report("hogwarts", "newer", "failed", counts=dict.fromkeys(counts, 0), ended_at="now")
    assert last_import_after(failed, good) == {**good, "import": "newer", "status": "failed", "ended_at": "now"}
    assert last_import_after(failed, None)["counts"] == {}


@pytest.mark.parametrize(
    ("item", "status"),
    [
        ({}, "new"),
        ({"running": ID, "held": ID}, "fetching"),
        ({"held": ID}, "held"),
        ({"last_import": {"status": "ok"}}, "ok"),
        ({"last_import": {"status": "held"}}, "rejected"),
    ],
)
def test_should_list_the_status_of_the_newest_import(item: dict[str, Any], status: str) -> None:
    assert ListedSite.from_item({"site": "hogwarts", **item}).status == status


def test_should_list_a_site_as_paused_by_a_person_or_by_its_settings() -> None:
    assert not ListedSite.from_item({"site": "hogwarts"}).paused
    assert ListedSite.from_item({"site": "hogwarts", "paused": True}).paused
    assert ListedSite.from_item({"site": "hogwarts", "paused": False, "settings_paused": True}).paused
