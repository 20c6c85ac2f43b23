"""Random histories of a site: nothing goes that the files state, nothing stays longer than told, no bad row disarms a
guard.
"""

from collections import Counter
from datetime import timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from roster.names import fold
from roster.notices import STUDENTS, TEACHERS
from roster.plan import Known, Plan, plan_import
from roster.settings import Settings
from tests.unit.roster.samples import NOVEMBER, base_of, pair, roster_of
from tests.unit.roster.test_protect import BAD, Fact, facts

USERS = ["harry", "ron", "luna", "snape", "hooch", "zoë"]
CLASSES = ["a", "b", "c", "d"]

good_rows = st.lists(st.tuples(st.sampled_from(USERS), st.sampled_from(CLASSES)).map(",".join), max_size=12)
# Noise that stands there for some nights, and lines that are another one each night.
bad_rows = st.lists(st.sampled_from([*BAD, "noise", "noise", '"', ",a", "ron,"]), max_size=4)


class Night(NamedTuple):
    students: list[str]
    teachers: list[str]
    bad_students: list[str]
    bad_teachers: list[str]
    days_later: float
    approved: bool

    @property
    def files(self) -> dict[str, bytes]:
        return pair([*self.students, *self.bad_students], [*self.teachers, *self.bad_teachers])

    @property
    def stated(self) -> set[Fact]:
        """What its good rows state, read by splitting them at the comma."""
        return {
            (file, *map(fold, row.split(",")))  # type: ignore[misc]
            for file, rows in ((STUDENTS, self.students), (TEACHERS, self.teachers))
            for row in rows
        }


nights = st.lists(
    st.builds(Night, good_rows, good_rows, bad_rows, bad_rows, st.sampled_from([0.5, 1, 3, 14]), st.booleans()),
    min_size=1,
    max_size=7,
)


def plan_of(night: Night, before: Plan | None, at: float) -> Plan:
    known = Known("an-import", NOVEMBER + timedelta(days=at))
    if before is None:
        return plan_import(night.files, Settings(), known=known)
    known = known._replace(memory=before.memory)
    return plan_import(night.files, Settings(), base_of(roster_of(before)), known=known)


def takes_effect(made: Plan, night: Night) -> bool:
    return made.outcome != "failed" and (made.outcome != "held" or night.approved)


@given(nights)
def test_should_remove_nothing_that_the_files_state(history: list[Night]) -> None:
    stands, at = None, 0.0
    for night in history:
        at += night.days_later
        made = plan_of(night, stands, at)
        assert night.stated <= facts(roster_of(made))
        stands = made if takes_effect(made, night) else stands


@given(nights)
def test_should_keep_nothing_that_no_row_states_beyond_its_days(history: list[Night]) -> None:
    stands, at = None, 0.0
    unstated_since: dict[Fact, float] = {}
    days = {STUDENTS: 14, TEACHERS: 3}
    for night in history:
        at += night.days_later
        made = plan_of(night, stands, at)
        if not takes_effect(made, night):
            continue
        published = facts(roster_of(made))
        kept = published - night.stated
        unstated_since = {fact: unstated_since.get(fact, at) for fact in kept}
        assert not [fact for fact, since in unstated_since.items() if at >= since + days[fact[0]]]
        assert {(fact.file, fold(fact.username), fold(fact.class_)) for fact in made.kept} == kept
        # And it is told: an import that keeps something is none without changes.
        assert made.outcome != "no_change" or not kept
        assert bool(made.notices.totals["removals_kept"]) == bool(kept)
        stands = made


@given(nights, st.data())
def test_should_answer_alike_with_and_without_a_bad_row_that_is_not_new(
    history: list[Night], data: st.DataObject
) -> None:
    """Said of every guard: the codes, what they count and of how many."""
    stands, at, stood = None, 0.0, (Counter[str](), Counter[str]())
    for night in history:
        at += night.days_later
        made = plan_of(night, stands, at)
        for file, rows in enumerate((night.bad_students, night.bad_teachers)):
            old = sorted(row for row in set(rows) if rows.count(row) <= stood[file][row])
            if old:
                gone = data.draw(st.sampled_from(old))
                left = [row for row in rows if row != gone]
                fewer = night._replace(bad_teachers=left) if file else night._replace(bad_students=left)
                without = plan_of(fewer, stands, at)
                assert [reason[:5] for reason in without.held] == [reason[:5] for reason in made.held]
        if takes_effect(made, night):
            stands, stood = made, (Counter(night.bad_students), Counter(night.bad_teachers))
