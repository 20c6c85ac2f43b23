"""From which version steps are added up: the one that stood seven days ago, or that a person approved last."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from roster.steps import ADDED_UP, Step, counted_from, with_step

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def step(version: int, hours: float, *, approved: bool = False) -> Step:
    return Step(version, f"{version:064x}", NOON + timedelta(hours=hours), approved)


def published(*steps: Step) -> list[Step]:
    known: list[Step] = []
    for each in steps:
        known = with_step(known, each)
    return known


def from_version(known: list[Step], hours: float) -> int | None:
    step = counted_from(known, NOON + timedelta(hours=hours))
    return step.version if step else None


def test_should_count_from_the_version_of_seven_days_ago() -> None:
    known = published(step(1, 0), step(2, 24), step(3, 48))
    assert [from_version(known, hours) for hours in (48, 168, 191.9, 192, 216, 5000)] == [1, 1, 1, 2, 3, 3]


def test_should_count_from_the_first_version_of_a_young_site_and_from_none_of_an_empty_one() -> None:
    assert from_version(published(step(1, 0)), 1) == 1
    assert from_version([], 1) is None


def test_should_count_from_what_a_person_has_seen() -> None:
    known = published(step(1, 0), step(2, 24), step(3, 48, approved=True), step(4, 72))
    assert [each.version for each in known] == [3, 4]
    assert from_version(known, 72) == 3


def test_should_count_many_versions_of_a_few_hours_from_the_first_of_them() -> None:
    """Twenty uploads in an hour are no way round."""
    known = published(step(1, 0), *(step(number, 24 + number / 60) for number in range(2, 22)))
    assert [each.version for each in known] == [1, 2]


@given(st.lists(st.tuples(st.floats(0, 40), st.booleans()), min_size=1, max_size=80))
def test_should_count_from_no_later_version_than_the_one_that_stood_and_no_much_earlier_one(
    times: list[tuple[float, bool]],
) -> None:
    everything: list[Step] = []
    known: list[Step] = []
    hours = 0.0
    for number, (later, approved) in enumerate(times, 1):
        hours += later
        everything.append(step(number, hours, approved=approved and number % 9 == 0))
        known = with_step(known, everything[-1])
        assert len(known) <= 30
        now = everything[-1].published_at
        stood = [each.version for each in everything if each.published_at <= now - ADDED_UP]
        seen = [each.version for each in everything if each.approved]
        right = max([1, *stood[-1:], *seen[-1:]])
        counted = counted_from(known, now)
        assert counted is not None
        assert counted.version <= right
        rightly = everything[right - 1].published_at
        assert counted.published_at > rightly - timedelta(hours=6) or counted.version == right
        assert not seen or counted.version >= seen[-1]
