"""A lease lasts to the second that was agreed, has one holder, and is let go of by nobody else."""

from datetime import timedelta

import pytest

from roster_aws.dynamo.lease import Lease
from roster_aws.dynamo.site_items import SiteItems
from roster_aws.dynamo.table import to_wire
from tests.unit.cloud.answers import CONDITION, Answers

from .conftest import LIFE, World

SITE = "hogwarts"


@pytest.fixture
def lease(world: World) -> Lease:
    return world.store().lease


def held(lease: Lease, world: World) -> bool:
    """Whether somebody has it; who asks leaves a mark."""
    return lease.take(SITE, "who asks", world.clock() + LIFE) is not None


@pytest.mark.parametrize("fraction", [0.0, 0.4, 0.999])
def test_should_be_held_for_as_long_as_its_holder_may_live_and_two_seconds_more(
    fraction: float, world: World, lease: Lease
) -> None:
    """Times are whole seconds in the table: rounded, a lease must not end before its holder."""
    world.clock.pass_by(seconds=fraction)
    until = world.clock() + LIFE
    assert lease.take(SITE, "one", until) is None
    told = lease.take(SITE, "two", until)
    assert told is not None
    assert until <= told <= until + timedelta(seconds=1)
    assert told.tzinfo == until.tzinfo
    world.clock.now = told
    assert held(lease, world), "the last second that was told"
    world.clock.pass_by(seconds=1)
    assert not held(lease, world)


def test_should_forget_the_marks_of_a_lease_that_ran_out(world: World, lease: Lease) -> None:
    lease.take(SITE, "one", world.clock() + LIFE)
    assert held(lease, world)
    world.clock.pass_by(seconds=LIFE.total_seconds() + 3)
    assert lease.take(SITE, "two", world.clock() + LIFE) is None
    assert lease.release(SITE, "two"), "whoever left the mark has sent a message for later too"


def test_should_leave_a_mark_at_the_first_and_at_each_further_question(world: World, lease: Lease) -> None:
    lease.take(SITE, "one", world.clock() + LIFE)
    for _ in range(2):
        assert held(lease, world)
        assert not lease.release(SITE, "one")
    assert lease.release(SITE, "one")
    assert not held(lease, world)


def test_should_let_nobody_else_let_go_of_it_or_of_its_marks(world: World, lease: Lease) -> None:
    lease.take(SITE, "one", world.clock() + LIFE)
    world.clock.pass_by(seconds=LIFE.total_seconds() + 3)
    lease.take(SITE, "two", world.clock() + LIFE)
    assert held(lease, world)
    assert lease.release(SITE, "one"), "what is not its own any more is not looked at again"
    lease.drop(SITE, "one")
    assert held(lease, world)
    assert not lease.release(SITE, "two"), "the mark is there still"


def test_should_be_dropped_whatever_marks_there_are(world: World, lease: Lease) -> None:
    lease.take(SITE, "one", world.clock() + LIFE)
    assert held(lease, world)
    lease.drop(SITE, "one")
    assert lease.take(SITE, "two", world.clock() + LIFE) is None
    assert lease.release(SITE, "two")


def test_should_list_a_site_that_has_nothing_but_a_lease(world: World, lease: Lease) -> None:
    lease.take(SITE, "one", world.clock() + LIFE)
    assert [site.site for site in world.fleet().sites()] == [SITE]


def test_should_be_taken_where_it_ended_between_two_calls(world: World) -> None:
    """It could not be taken, and a moment later there was nobody to leave a mark for."""
    answers = Answers(CONDITION, CONDITION, (200, {"Attributes": to_wire({"lease_owner": "one"})}))
    lease = Lease(SiteItems(answers.client, "table"), world.clock)
    assert lease.take(SITE, "one", world.clock() + LIFE) is None
    assert len(answers.calls) == 3
