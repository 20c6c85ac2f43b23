"""What an import writes on its site's head is written under its lease and on the version that it read, or not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from roster.report import Report
from roster.settings import Settings
from roster.site_head import Head
from roster_aws.dynamo.site_items import HeadMoved
from roster_aws.store import Store

from .conftest import LIFE, World, csv

SITE = "hogwarts"
TEACHERS = csv(*(f"teacher.{number},Class {number}" for number in range(10)))
STUDENTS = csv(*(f"student.{number:02},Class {number % 10}" for number in range(40)))
OWNER = "run"


def change_head(world: World, update: str, **values: Any) -> None:
    world.client("dynamodb").update_item(
        TableName=world.table,
        Key={"pk": {"S": f"SITE#{SITE}"}, "sk": {"S": "HEAD"}},
        UpdateExpression=update,
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


@pytest.fixture
def held(world: World) -> World:
    """A site with a version, an import that is held upon it, one that has begun, and one that was not told."""
    world.upload(SITE, teachers=TEACHERS, students=STUDENTS)
    world.run(SITE)
    world.upload(SITE, teachers=TEACHERS, students=csv())
    world.run(SITE)
    assert world.held(SITE)["base_version"] == 1
    store = world.store()
    assert store.lease.take(SITE, OWNER, world.clock() + LIFE) is None
    store.begin_import(store.head(SITE), OWNER, "20260907T030000Z-000003", {})
    change_head(world, "SET open_import = :one, projected_steps = :some", one={"S": "of a year ago"}, some={"N": "1"})
    return world


AT = "2026-09-07T03:00:00+00:00"
REPORT = Report(SITE, "20260907T030000Z-000003", "no_change")


def publish(world: World, head: Head) -> None:
    importer = world.importer()
    old = importer.publisher.results.manifest(SITE, head.manifest_sha256)
    signed = importer.publisher.signer.sign(old._replace(version=2))
    importer.publisher.store.settle(head, OWNER, replace(REPORT, status="ok"), signed)


def sign_again(world: World, head: Head) -> None:
    importer = world.importer()
    signed = importer.publisher.signer.sign(importer.publisher.results.manifest(SITE, head.manifest_sha256))
    importer.publisher.store.put_signature(head, OWNER, signed._replace(keyring_serial=7))


def renew(world: World, head: Head) -> None:
    renewed = store_of(world).report(SITE, head.held)
    assert renewed
    store_of(world).renew_hold(
        head, OWNER, replace(renewed, asked="again"), replace(head, files_at="2026-09-07T03:00:00+00:00")
    )


def store_of(world: World) -> Store:
    return world.store()


TOLD = replace(REPORT, ended_at=AT)

ON_THE_BASE: dict[str, Callable[[World, Head], object]] = {
    "settle": lambda world, head: store_of(world).settle(head, OWNER, REPORT),
    "settle and pause": lambda world, head: store_of(world).settle(head, OWNER, REPORT, pause=True),
    "publish": publish,
    "sign again": sign_again,
    "renew the hold": renew,
    "read settings": lambda world, head: store_of(world).put_settings(head, OWNER, "v1", Settings(paused=True)),
    "project a piece": lambda world, head: store_of(world).put_projected_steps(head, OWNER, 3),
    "project the rest": lambda world, head: store_of(world).put_projected(head, OWNER),
    "tell of what is gone": lambda world, head: store_of(world).forget_open_import(head, OWNER),
    "read bad settings": lambda world, head: store_of(world).put_settings(head, OWNER, "v1", None, "a problem"),
}
UNDER_THE_LEASE = ON_THE_BASE | {
    "begin": lambda world, head: store_of(world).begin_import(head, OWNER, "20260907T030000Z-000004", {}),
    "abandon": lambda world, head: store_of(world).abandon(head, OWNER),
    "tell": lambda world, head: store_of(world).tell(head, OWNER, TOLD, ()),
}


@pytest.mark.parametrize("what", UNDER_THE_LEASE)
def test_should_write_nothing_once_another_has_the_lease(what: str, held: World) -> None:
    head = store_of(held).head(SITE)
    change_head(held, "SET lease_owner = :another", another={"S": "another"})
    before = held.items()
    with pytest.raises(HeadMoved):
        UNDER_THE_LEASE[what](held, head)
    assert held.items() == before


@pytest.mark.parametrize("what", ON_THE_BASE)
@pytest.mark.parametrize("version", ["0", "2"])
def test_should_write_nothing_upon_another_version(version: str, what: str, held: World) -> None:
    head = store_of(held).head(SITE)
    change_head(held, "SET version = :other", other={"N": version})
    before = held.items()
    with pytest.raises(HeadMoved):
        ON_THE_BASE[what](held, head)
    assert held.items() == before


@pytest.mark.parametrize("what", ["settle", "publish", "renew the hold"])
def test_should_write_nothing_where_what_was_held_has_been_ended(what: str, held: World) -> None:
    head = store_of(held).head(SITE)
    assert store_of(held).reject(SITE, head.held, "arn:somebody")
    before = held.items()
    with pytest.raises(HeadMoved):
        ON_THE_BASE[what](held, head)
    assert held.items() == before


@pytest.mark.parametrize("what", UNDER_THE_LEASE)
def test_should_write_where_all_is_as_it_was(what: str, held: World) -> None:
    """Else the tests above would prove nothing."""
    before = held.items()
    UNDER_THE_LEASE[what](held, store_of(held).head(SITE))
    assert held.items() != before
