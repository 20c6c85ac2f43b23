"""The pairing decision: from what the inbox holds and the clock, whatever the order of events."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.notices import FILES, STUDENTS, TEACHERS
from roster.pair import (
    QUIET,
    Decision,
    ImportNow,
    NothingNew,
    Settle,
    Upload,
    Wait,
    decide,
    import_id,
    is_site,
    old_partner,
)

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=5)


def upload(file: str, version: str, minutes: float = 0) -> Upload:
    return Upload(file, version, NOON + timedelta(minutes=minutes), 100)


T1, T2 = upload(TEACHERS, "t1"), upload(TEACHERS, "t2", 60)
S1, S2 = upload(STUDENTS, "s1", 1), upload(STUDENTS, "s2", 61)


def ask(
    *standing: Upload,
    seen: tuple[Upload, ...] = (),
    readable: tuple[Upload, ...] = (),
    minutes: float = 100,
    asked: bool = False,
    again: bool = False,
) -> Decision:
    return decide(
        {each.file: each for each in standing},
        {each.file: each.version_id for each in seen},
        {each.file: each for each in readable},
        now=NOON + timedelta(minutes=minutes),
        window=WINDOW,
        asked=asked,
        again=again,
    )


def test_an_empty_inbox_has_nothing_new() -> None:
    assert ask() == NothingNew()
    assert ask(asked=True) == NothingNew()


@pytest.mark.parametrize(("alone", "missing"), [(T1, STUDENTS), (S1, TEACHERS)])
def test_a_lone_file_that_never_had_a_partner_waits_for_ever(alone: Upload, missing: str) -> None:
    assert ask(alone, minutes=10_000) == Wait(alone, missing, None)
    assert ask(alone, minutes=10_000, asked=True) == Wait(alone, missing, None)


def test_two_new_files_are_a_pair_however_far_apart() -> None:
    assert ask(T1, S2) == ImportNow({TEACHERS: T1, STUDENTS: S2})
    assert ask(T2, S2, seen=(T1, S1), readable=(T1, S1)) == ImportNow({TEACHERS: T2, STUDENTS: S2})


def test_nothing_is_imported_while_uploads_still_come() -> None:
    last = S2.uploaded_at
    for seconds, settled in ((0, False), (1.9, False), (2, True)):
        decision = ask(T2, S2, minutes=61 + seconds / 60)
        assert decision == (ImportNow({TEACHERS: T2, STUDENTS: S2}) if settled else Settle(last + QUIET))
    assert ask(T2, S2, minutes=61, asked=True) == ImportNow({TEACHERS: T2, STUDENTS: S2})


def test_changed_settings_have_the_standing_pair_imported_again_unless_something_new_came() -> None:
    before = T1, S1
    assert ask(T1, S1, seen=before, readable=before, again=True) == ImportNow({TEACHERS: T1, STUDENTS: S1})
    assert ask(T1, S2, seen=before, readable=before, again=True, minutes=62) == Wait(
        S2, TEACHERS, S2.uploaded_at + WINDOW
    )
    assert ask(again=True) == NothingNew()


def test_what_was_seen_is_not_imported_again() -> None:
    assert ask(T1, S1, seen=(T1, S1), readable=(T1, S1)) == NothingNew()


def test_a_person_can_have_what_was_seen_imported_again() -> None:
    assert ask(T1, S1, seen=(T1, S1), readable=(T1, S1), asked=True) == ImportNow({TEACHERS: T1, STUDENTS: S1})


def test_a_lone_new_file_waits_for_its_window_and_then_goes_with_the_last_readable_partner() -> None:
    before = T1, S1
    until = S2.uploaded_at + WINDOW
    assert ask(T1, S2, seen=before, readable=before, minutes=62) == Wait(S2, TEACHERS, until)
    assert ask(T1, S2, seen=before, readable=before, minutes=65.9) == Wait(S2, TEACHERS, until)
    assert ask(T1, S2, seen=before, readable=before, minutes=66) == ImportNow({TEACHERS: T1, STUDENTS: S2})


def test_a_lone_new_file_never_goes_with_an_unreadable_partner() -> None:
    broken = upload(TEACHERS, "broken", 30)
    assert ask(broken, S2, seen=(broken, S1), readable=(T1, S1), minutes=90) == ImportNow({TEACHERS: T1, STUDENTS: S2})


def test_a_file_whose_partner_was_deleted_goes_with_the_last_readable_one() -> None:
    assert ask(S2, seen=(T1, S1), readable=(T1, S1), minutes=90) == ImportNow({TEACHERS: T1, STUDENTS: S2})


def test_deleted_files_are_nothing_new() -> None:
    assert ask(T1, seen=(T1, S1), readable=(T1, S1), minutes=90) == NothingNew()
    assert ask(seen=(T1, S1), readable=(T1, S1), minutes=90) == NothingNew()


@given(st.permutations([T1, S1, T2, S2]), st.lists(st.integers(0, 3), max_size=8))
def test_the_same_uploads_end_with_the_same_pair_whatever_the_order_of_events(
    order: list[Upload], repeats: list[int]
) -> None:
    # Events come in any order and some of them twice; what is looked at is the inbox, which holds the newest.
    seen: dict[str, str] = {}
    readable: dict[str, Upload] = {}
    imported = []
    for _event in [*order, *(order[number] for number in repeats)]:
        decision = decide({TEACHERS: T2, STUDENTS: S2}, seen, readable, now=NOON + timedelta(hours=2), window=WINDOW)
        if isinstance(decision, ImportNow):
            imported.append(decision.pair)
            seen = {file: each.version_id for file, each in decision.pair.items()}
            readable = decision.pair
    assert imported == [{TEACHERS: T2, STUDENTS: S2}]


@given(st.lists(st.tuples(st.sampled_from(FILES), st.integers(0, 30)), min_size=1, max_size=12))
def test_an_older_upload_never_follows_a_newer_one(uploads: list[tuple[str, int]]) -> None:
    standing: dict[str, Upload] = {}
    seen: dict[str, str] = {}
    readable: dict[str, Upload] = {}
    now = NOON
    for number, (file, minutes) in enumerate(uploads):
        now += timedelta(minutes=minutes)
        standing[file] = Upload(file, str(number), now, 1)
        decision = decide(standing, seen, readable, now=now + QUIET, window=WINDOW)
        if isinstance(decision, ImportNow):
            for each in decision.pair.values():
                assert int(each.version_id) >= int(seen.get(each.file, -1))
            seen = {each.file: each.version_id for each in decision.pair.values()}
            readable = dict(decision.pair)


def test_the_id_of_an_import_sorts_by_time_and_then_by_number() -> None:
    first, second = {TEACHERS: T1, STUDENTS: S1}, {TEACHERS: T2, STUDENTS: S2}
    ids = [
        import_id(first, 1, None),
        import_id(first, 2, None),
        import_id(second, 3, None),
        import_id(first, 4, NOON + WINDOW * 99),
    ]
    assert ids == sorted(ids)
    assert ids[0] == "20260901T120100Z-000001"


@pytest.mark.parametrize(("hours", "old"), [(7 * 24, False), (7 * 24 + 1, True)])
def test_a_partner_of_more_than_seven_days_is_old(hours: int, old: bool) -> None:
    late = Upload(STUDENTS, "s", T1.uploaded_at + timedelta(hours=hours), 1)
    found = old_partner({TEACHERS: T1, STUDENTS: late})
    assert [(notice.code, notice.file) for notice in found] == ([("partner_is_old", TEACHERS)] if old else [])


@pytest.mark.parametrize("name", ["a", "7", "hogwarts", "st-marys-2", "a" * 63])
def test_a_site_is_lower_case_letters_digits_and_hyphens(name: str) -> None:
    assert is_site(name)


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a.b", "a b", "é", "a" * 64, "a\n", "a/b", "２"])
def test_anything_else_is_no_site(name: str) -> None:
    assert not is_site(name)
