"""The pairing decision: from what the inbox holds and the clock, whatever the order of events."""

from dataclasses import replace
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
    Past,
    Rejected,
    Settle,
    Upload,
    Uploads,
    Wait,
    barred,
    decide,
    import_id,
    is_site,
    old_partner,
)

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=5)


def upload(file: str, version: str, minutes: float = 0, size: int = 100) -> Upload:
    return Upload(file, version, NOON + timedelta(minutes=minutes), size)


T1, T2 = upload(TEACHERS, "t1"), upload(TEACHERS, "t2", 60)
S1, S2 = upload(STUDENTS, "s1", 1), upload(STUDENTS, "s2", 61)
FIRST = {TEACHERS: T1, STUDENTS: S1}
SECOND = {TEACHERS: T2, STUDENTS: S2}


def by_file(*uploads: Upload) -> dict[str, Upload]:
    return {each.file: each for each in uploads}


def past(
    seen: tuple[Upload, ...] = (),
    effective: tuple[Upload, ...] = (),
    undecided: tuple[Upload, ...] = (),
    unread: tuple[Upload, ...] = (),
    gone: tuple[Upload, ...] = (),
) -> Past:
    ids = frozenset(each.version_id for each in gone)
    return Past(by_file(*seen), by_file(*effective), by_file(*undecided), by_file(*unread), ids)


PUBLISHED = past((T1, S1), (T1, S1))


def ask(
    *standing: Upload,
    known: Past = PUBLISHED,
    minutes: float = 100,
    first_at: dict[str, float] | None = None,
    asked: bool = False,
    again: bool = False,
    window: timedelta = WINDOW,
) -> Decision:
    return decide(
        by_file(*standing),
        known,
        now=NOON + timedelta(minutes=minutes),
        window=window,
        first_at={file: NOON + timedelta(minutes=at) for file, at in (first_at or {}).items()},
        asked=asked,
        again=again,
    )


def pair_of(decision: Decision) -> Uploads:
    assert isinstance(decision, ImportNow), decision
    return decision.pair


def test_should_find_nothing_new_in_an_empty_inbox() -> None:
    for known in (Past(), PUBLISHED):
        assert ask(known=known) == NothingNew()
        assert ask(known=known, asked=True) == NothingNew()
    assert ask(known=Past(), again=True) == NothingNew()


@pytest.mark.parametrize(("alone", "missing"), [(T1, STUDENTS), (S1, TEACHERS)])
def test_should_have_a_lone_file_wait_for_ever_that_never_had_a_partner(alone: Upload, missing: str) -> None:
    assert ask(alone, known=Past(), minutes=10_000) == Wait(alone, missing, None)
    assert ask(alone, known=Past(), minutes=10_000, asked=True) == Wait(alone, missing, None)


def test_should_pair_two_new_files_however_far_apart() -> None:
    assert ask(T1, S2, known=Past()) == ImportNow(by_file(T1, S2), by_file(T1, S2))
    assert ask(T2, S2) == ImportNow(SECOND, SECOND)


def test_should_import_nothing_while_uploads_still_come() -> None:
    last = S2.uploaded_at
    for seconds, settled in ((0, False), (1.9, False), (2, True)):
        decision = ask(T2, S2, minutes=61 + seconds / 60)
        assert decision == (ImportNow(SECOND, SECOND) if settled else Settle(last + QUIET))
    assert ask(T2, S2, minutes=61, asked=True) == ImportNow(SECOND, SECOND)


def test_should_not_import_again_what_was_seen() -> None:
    assert ask(T1, S1) == NothingNew()
    assert ask(T1) == NothingNew()
    assert ask() == NothingNew()


def test_should_read_what_is_in_force_again_for_changed_settings_unless_something_new_came() -> None:
    assert pair_of(ask(T1, S1, again=True)) == FIRST
    assert ask(T1, S2, again=True, minutes=62) == Wait(S2, TEACHERS, S2.uploaded_at + WINDOW)
    held = past((T2, S2), (T1, S1), undecided=(T2, S2))
    assert pair_of(ask(T2, S2, known=held, again=True)) == SECOND
    rejected = past((T2, S2), (T1, S1), gone=(T2, S2))
    assert pair_of(ask(T2, S2, known=rejected, again=True)) == FIRST


def test_should_read_again_what_a_person_asks_for() -> None:
    assert ask(T1, S1, asked=True) == ImportNow(FIRST, FIRST)
    held = past((T2, S2), (T1, S1), undecided=(T2, S2))
    assert ask(T2, S2, known=held, asked=True) == ImportNow(SECOND, SECOND)
    refused = past((T2, S2), (T1, S1))
    assert ask(T2, S2, known=refused, asked=True) == ImportNow(SECOND, SECOND)


def test_should_have_a_lone_new_file_wait_for_its_window_and_then_go_with_the_partner_in_force() -> None:
    until = S2.uploaded_at + WINDOW
    assert ask(T1, S2, minutes=62) == Wait(S2, TEACHERS, until)
    assert ask(T1, S2, minutes=65.9) == Wait(S2, TEACHERS, until)
    assert ask(T1, S2, minutes=66) == ImportNow(by_file(T1, S2), by_file(T1, S2))
    assert pair_of(ask(S2)) == by_file(T1, S2), "its partner was deleted from the inbox"


NO_PARTNERS = {
    "refused": past((T2, S1), (T1, S1)),
    "held": past((T2, S1), (T1, S1), undecided=(T2, S1)),
    "rejected or undone": past((T2, S1), (T1, S1), gone=(T2,)),
}


@pytest.mark.parametrize("why", NO_PARTNERS)
@pytest.mark.parametrize("asked", [False, True])
def test_should_pair_a_lone_new_file_with_nothing_that_did_not_take_effect(why: str, asked: bool) -> None:
    known = NO_PARTNERS[why]
    assert ask(T2, S2, known=known, asked=asked) == ImportNow(by_file(T1, S2), by_file(T2, S2))
    without = replace(known, effective={})
    if why != "refused" or not asked:
        assert ask(T2, S2, known=without, asked=asked) == Wait(S2, TEACHERS, None)


def test_should_read_at_once_what_was_refused_for_the_other_file_alone_when_that_is_mended() -> None:
    broken = upload(STUDENTS, "broken", 60)
    known = past((T2, broken), (T1, S1), unread=(T2,))
    assert ask(T2, broken, known=known) == NothingNew()
    assert ask(T2, S2, known=known, minutes=61.1) == ImportNow(SECOND, SECOND)
    newest = upload(TEACHERS, "t3", 70)
    assert pair_of(ask(newest, broken, known=known)) == by_file(newest, S1)


def test_should_bring_back_what_a_person_rejected_by_a_new_upload_alone() -> None:
    known = past((T2, S2), (T1, S1), gone=(T2, S2))
    assert ask(T2, S2, known=known) == NothingNew()
    assert ask(T2, S2, known=known, asked=True) == Rejected()
    assert ask(T2, S2, known=replace(known, seen={}), asked=True) == Rejected(), "whatever was seen"
    again = upload(STUDENTS, "s3", 70)
    assert pair_of(ask(T2, again, known=known)) == by_file(T1, again)
    one = past((T1, S2), (T1, S1), gone=(S2,))
    assert pair_of(ask(T1, S2, known=one, asked=True)) == FIRST


def test_should_take_an_older_upload_that_shows_again_for_no_new_one_unless_somebody_asks() -> None:
    known = past((T2, S2), (T2, S2))
    assert ask(T2, S1, known=known) == NothingNew()
    assert pair_of(ask(T2, S1, known=known, asked=True)) == by_file(T2, S1)
    refused = past((T2, S2), (T1, S1))
    assert ask(T1, S1, known=refused) == NothingNew(), "what is in force, behind one that was refused"


def test_should_count_the_window_from_the_first_upload_that_was_not_dealt_with() -> None:
    """Who uploads every four minutes does not starve his site."""
    newest = upload(STUDENTS, "s9", 64.5)
    first = {STUDENTS: 61.0}
    assert ask(T1, newest, minutes=65, first_at=first) == Wait(newest, TEACHERS, S2.uploaded_at + WINDOW)
    assert pair_of(ask(T1, newest, minutes=66, first_at=first)) == by_file(T1, newest)


@pytest.mark.parametrize(("window", "minutes"), [(5, 15), (1, 3), (0, 1)])
def test_should_end_every_waiting_after_three_windows(window: int, minutes: int) -> None:
    end = 61 + minutes
    restless = upload(STUDENTS, "s9", end - 0.01)
    empty = upload(STUDENTS, "s9", end - 0.5, size=0)
    partner = upload(TEACHERS, "t9", 61.5)
    for newest in (restless, empty):
        before, after = (
            ask(partner, newest, minutes=at, first_at={STUDENTS: 61.0}, window=timedelta(minutes=window))
            for at in (end - 0.01 / 60, end)
        )
        assert isinstance(before, Settle | Wait) or not window
        assert pair_of(after) == by_file(partner, newest)


def test_should_wait_for_the_content_of_an_empty_file_as_long_as_for_a_partner() -> None:
    empty = upload(STUDENTS, "s2", 61, size=0)
    until = empty.uploaded_at + WINDOW
    for partner in (T1, T2):
        assert ask(partner, empty, minutes=62) == Wait(empty, STUDENTS, until)
        assert pair_of(ask(partner, empty, minutes=66)) == by_file(partner, empty)
    assert pair_of(ask(T1, empty, minutes=62, asked=True)) == by_file(T1, empty)
    assert pair_of(ask(T2, S2, minutes=62)) == SECOND


def test_should_bar_what_is_undone_and_not_what_is_in_force() -> None:
    assert barred(["s0", "t1"], [T1, S2], FIRST) == ["s0", "s2"]
    assert len(barred(map(str, range(50)), [S2], FIRST)) == 20
    assert barred(["s2"], [S2], {}) == ["s2"]


class School:
    """An inbox, and what becomes of its uploads: every import takes effect, or is held and rejected."""

    def __init__(self) -> None:
        self.standing: dict[str, Upload] = {}
        self.known = Past()
        self.imported: list[Uploads] = []

    def look(self, now: datetime, *, effect: bool = True, first_at: dict[str, datetime] | None = None) -> Decision:
        decision = decide(self.standing, self.known, now=now, window=WINDOW, first_at=first_at)
        if isinstance(decision, ImportNow):
            self.imported.append(decision.pair)
            self.known = replace(self.known, seen=decision.seen)
            if effect:
                self.known = replace(self.known, effective=decision.pair)
            else:
                gone = barred(self.known.barred, decision.pair.values(), self.known.effective)
                self.known = replace(self.known, barred=frozenset(gone))
        return decision


@given(st.permutations([T1, S1, T2, S2]), st.lists(st.integers(0, 3), max_size=8))
def test_should_end_with_the_same_pair_whatever_the_order_of_events(order: list[Upload], repeats: list[int]) -> None:
    # Events come in any order and some of them twice; what is looked at is the inbox, which holds the newest.
    school = School()
    school.standing = dict(SECOND)
    for _event in [*order, *(order[number] for number in repeats)]:
        school.look(NOON + timedelta(hours=2))
    assert school.imported == [SECOND]


UPLOADS = st.lists(st.tuples(st.sampled_from(FILES), st.integers(0, 30), st.booleans()), min_size=1, max_size=12)


@given(UPLOADS)
def test_should_never_follow_a_newer_upload_with_an_older_one_nor_read_what_was_rejected(
    uploads: list[tuple[str, int, bool]],
) -> None:
    school, now, taken = School(), NOON, set()
    for number, (file, minutes, effect) in enumerate(uploads):
        now += timedelta(minutes=minutes)
        school.standing[file] = Upload(file, str(number), now, 1)
        before = school.known
        decision = school.look(now + QUIET, effect=effect)
        if isinstance(decision, ImportNow):
            for each in decision.pair.values():
                assert each.version_id not in before.barred
                assert each == before.effective.get(each.file) or before.is_news(each)
                assert int(each.version_id) >= int(before.effective.get(each.file, each).version_id)
            taken |= {each.version_id for each in decision.pair.values()} if effect else set()
    assert not taken & school.known.barred


@given(UPLOADS, st.lists(st.floats(0, 400), max_size=12))
def test_should_end_the_same_however_often_and_whenever_it_is_asked_meanwhile(
    uploads: list[tuple[str, int, bool]], looks: list[float]
) -> None:
    """Once everything came, the last looks decide; those before it that found nothing to do change nothing."""
    often, seldom = School(), School()
    at = NOON
    for number, (file, minutes, _) in enumerate(uploads):
        at += timedelta(seconds=minutes)
        often.standing[file] = seldom.standing[file] = Upload(file, str(number), at, 1)
    first_at = dict.fromkeys(often.standing, NOON)
    for passed in sorted(looks):
        often.look(at + timedelta(minutes=passed), first_at=first_at)
    end = at + timedelta(minutes=500)
    for school in (often, seldom):
        school.look(end, first_at=first_at)
        assert school.look(end, first_at=first_at) == NothingNew() or not school.imported
    assert often.imported == seldom.imported
    assert often.known == seldom.known


def test_should_sort_the_ids_of_imports_by_time_and_then_by_number() -> None:
    ids = [
        import_id(FIRST, 1, None),
        import_id(FIRST, 2, None),
        import_id(SECOND, 3, None),
        import_id(FIRST, 4, NOON + WINDOW * 99),
    ]
    assert ids == sorted(ids)
    assert ids[0] == "20260901T120100Z-000001"


@pytest.mark.parametrize(("hours", "old"), [(7 * 24, False), (7 * 24 + 1, True)])
def test_should_call_a_partner_old_after_seven_days(hours: int, old: bool) -> None:
    late = Upload(STUDENTS, "s", T1.uploaded_at + timedelta(hours=hours), 1)
    found = old_partner({TEACHERS: T1, STUDENTS: late})
    assert [(notice.code, notice.file) for notice in found] == ([("partner_is_old", TEACHERS)] if old else [])


@pytest.mark.parametrize("name", ["a", "7", "hogwarts", "st-marys-2", "a" * 63])
def test_should_take_lower_case_letters_digits_and_hyphens_for_a_site(name: str) -> None:
    assert is_site(name)


@pytest.mark.parametrize("name", ["", "-a", "A", "a_b", "a.b", "a b", "é", "a" * 64, "a\n", "a/b", "２"])
def test_should_take_nothing_else_for_a_site(name: str) -> None:
    assert not is_site(name)
