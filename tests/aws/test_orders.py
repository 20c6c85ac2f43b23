"""Orders that come late, or upon something that is not what it was: none is carried out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from roster.encode import Corrupt
from roster.request import Approval, EndKept, NewEpoch, Order, Request, Rollback

from .conftest import LIFE, World, csv

SITE = "hogwarts"
TEACHERS = csv(*(f"teacher.{number},Class {number}" for number in range(10)))
ROWS = [f"student.{number:02},Class {number % 10}" for number in range(40)]
HOUR = timedelta(hours=1)


def upload(world: World, *students: str) -> dict[str, Any]:
    world.upload(SITE, teachers=TEACHERS, students=csv(*students))
    world.run(SITE)
    return world.reports(SITE)[0]


@pytest.fixture
def published(world: World) -> World:
    """A site with two versions."""
    upload(world, *ROWS)
    assert upload(world, *ROWS, "one.more,Class 0")["version"] == 2
    return world


def version(world: World) -> int:
    return world.store().head(SITE).version


def approval(world: World) -> Approval:
    held = upload(world, "student.00,Class 0")
    return Approval(held["import"], held["plan"]["manifest_sha256"], "arn:somebody")


def settling(world: World) -> EndKept:
    kept = upload(world, "student.00", *ROWS[1:], "one.more,Class 0")
    assert kept["kept"] == 1
    return EndKept("arn:somebody")


ORDERS: dict[str, Callable[[World], Order]] = {
    "approve": approval,
    "rollback": lambda _: Rollback(1, "arn:somebody"),
    "new-epoch": lambda _: NewEpoch(8, "arn:somebody"),
    "settle": settling,
}


def carry_out(world: World, order: Order, after: timedelta) -> list[tuple[str, str | None]]:
    """An order that comes so long after it was given; what its person is told."""
    request = Request(SITE, "an-order", world.clock(), order)
    world.clock.now += after
    world.importer().run(request, "order", world.clock() + LIFE)
    told = [report for report in world.reports(SITE) if report.get("asked") == "an-order"]
    return [(report["status"], report.get("reason")) for report in told]


@pytest.mark.parametrize("kind", ORDERS)
def test_an_order_that_lay_in_a_queue_for_more_than_an_hour_should_change_nothing(kind: str, published: World) -> None:
    """It comes from the dead letters, days after somebody gave it, and what was published since would be undone."""
    order = ORDERS[kind](published)
    before = published.store().head(SITE)
    assert carry_out(published, order, HOUR + timedelta(seconds=1)) == [("failed", "order_too_old")]
    after = published.store().head(SITE)
    assert (after.version, after.epoch, after.held, after.paused) == (2, before.epoch, before.held, False)
    assert after.memory_sha256 == before.memory_sha256


def test_an_order_that_was_carried_out_should_not_be_refused_when_it_comes_again(published: World) -> None:
    first = carry_out(published, Rollback(1, "arn:somebody"), timedelta())
    assert [status for status, _ in first] == ["ok"]
    request = Request(SITE, "an-order", published.clock(), Rollback(1, "arn:somebody"))
    published.clock.pass_by(days=3)
    published.importer().run(request, "again", published.clock() + LIFE)
    assert [report["status"] for report in published.reports(SITE) if report.get("asked") == "an-order"] == ["ok"]
    assert version(published) == 3


# What may be approved

NOW = datetime.fromisoformat("2026-09-07T08:00:00+00:00")


def test_a_held_plan_whose_base_was_replaced_should_not_be_approved(published: World) -> None:
    """A new version ends a hold, unless something has written past the store: then the numbers still tell."""
    order = approval(published)
    published.client("dynamodb").update_item(
        TableName=published.table,
        Key={"pk": {"S": f"SITE#{SITE}"}, "sk": {"S": f"IMPORT#{order.import_id}"}},
        UpdateExpression="SET base_version = :other",
        ExpressionAttributeValues={":other": {"N": "1"}},
    )
    assert carry_out(published, order, timedelta()) == [("failed", "head_moved")]
    assert version(published) == 2


def test_a_held_manifest_that_somebody_changed_should_be_neither_signed_nor_published(published: World) -> None:
    """What is approved is a digest; what would be signed is whatever lies in the bucket under it."""
    order = approval(published)
    importer = published.importer()
    other = importer.publisher.results.manifest(SITE, order.plan)._replace(version=900)
    published.client("s3").put_object(
        Bucket=published.results, Key=f"{SITE}/objects/{order.plan}", Body=other.to_bytes()
    )
    calls: list[str] = []
    with pytest.raises(Corrupt, match="does not match its SHA-256"):
        published.importer(calls.append).run(
            Request(SITE, "asked", published.clock(), order), "run", published.clock() + LIFE
        )
    assert "Sign" not in calls
    assert version(published) == 2


@pytest.mark.parametrize("read", ["manifest", "kept_manifest", "base", "show"])
def test_a_stored_manifest_should_be_believed_by_its_digest_alone(read: str, published: World) -> None:
    importer = published.importer()
    head = importer.publisher.store.head(SITE)
    key = f"{SITE}/objects/{head.manifest_sha256}"
    changed = importer.publisher.results.manifest(SITE, head.manifest_sha256).to_bytes() + b" "
    published.client("s3").put_object(Bucket=published.results, Key=key, Body=changed)
    reads: dict[str, Callable[[], object]] = {
        "manifest": lambda: importer.publisher.results.manifest(SITE, head.manifest_sha256),
        "kept_manifest": lambda: importer.publisher.results.kept_manifest(SITE, head.manifest_sha256),
        "base": lambda: importer.publisher.results.kept_base(SITE, head.manifest_sha256),
        "show": lambda: importer.publisher.results.show_manifest(SITE, head.version, head.manifest_sha256),
    }
    with pytest.raises(Corrupt, match="does not match its SHA-256"):
        reads[read]()
    assert importer.publisher.results.published(SITE, head.version) is not None
