"""A new epoch: after a restore, the published content again, above every version that a server may have."""

from typing import Any

from roster.chain import Cursor, CursorUnknown, has_newest
from roster.request import NewEpoch
from roster.site_head import Head
from roster_aws.serving import Manifests

from .conftest import World, csv

TEACHERS = csv("Severus_Snape,Potions")
STUDENTS = csv("Harry_Potter,Potions", "Ron_Weasley,Potions")


def publish(world: World, *more: str) -> Head:
    world.upload("hogwarts", teachers=TEACHERS, students=STUDENTS + "".join(f"{row}\n" for row in more).encode())
    world.run("hogwarts")
    return head(world)


def head(world: World) -> Head:
    return world.store().head("hogwarts")


def is_unknown(world: World, cursor: Cursor) -> bool:
    try:
        if not has_newest(head(world), cursor):
            Manifests(world.importer().publisher.results).way(head(world), cursor)
    except CursorUnknown:
        return True
    return False


def begin_epoch(world: World, above: int) -> dict[str, Any]:
    return world.order("hogwarts", NewEpoch(above, "arn:somebody"))


def test_should_publish_the_same_content_above_every_version(world: World) -> None:
    before = publish(world)
    groups, rights = world.groups("hogwarts"), world.rights("hogwarts")
    report = begin_epoch(world, 40)
    after = head(world)
    assert (report["status"], report["version"], report["epoch"], report["epoch_by"]) == ("ok", 41, 2, "arn:somebody")
    assert (after.version, after.epoch, after.projected_version) == (41, 2, 41)
    old, new = (
        world.importer().publisher.results.manifest("hogwarts", each.manifest_sha256) for each in (before, after)
    )
    assert (new.snapshot, new.counts) == (old.snapshot, old.counts)
    assert (new.epoch, new.version) == (2, 41)
    assert (world.groups("hogwarts"), world.rights("hogwarts")) == (groups, rights)


def test_should_not_know_the_cursor_of_a_server_of_the_epoch_before(world: World) -> None:
    before = publish(world)
    begin_epoch(world, 40)
    for cursor in (Cursor(1, 1, before.manifest_sha256), Cursor(39, 1), Cursor(41, 1), Cursor(1)):
        assert is_unknown(world, cursor), cursor
    assert not is_unknown(world, Cursor(41, 2, head(world).manifest_sha256))


def test_should_go_on_with_imports_that_servers_follow_by_deltas(world: World) -> None:
    publish(world)
    begin_epoch(world, 40)
    after = publish(world, "Hermione_Granger,Potions")
    assert (after.version, after.epoch) == (42, 2)
    assert world.groups("hogwarts")["Potions"] == ("Harry_Potter", "Hermione_Granger", "Ron_Weasley")
    manifest = world.importer().publisher.results.manifest("hogwarts", after.manifest_sha256)
    assert manifest.delta_from == 41


def test_should_not_let_the_snapshot_that_both_versions_share_expire(world: World) -> None:
    before = publish(world)
    snapshot = world.importer().publisher.results.manifest("hogwarts", before.manifest_sha256).snapshot.sha256
    begin_epoch(world, 40)
    s3 = world.client("s3")

    def expires(digest: str) -> bool:
        return bool(s3.get_object_tagging(Bucket=world.results, Key=f"hogwarts/objects/{digest}")["TagSet"])

    assert (expires(snapshot), expires(head(world).manifest_sha256)) == (False, False)
    assert expires(before.manifest_sha256)


def test_should_refuse_a_number_that_was_already_given(world: World) -> None:
    publish(world)
    publish(world, "Hermione_Granger,Potions")
    report = begin_epoch(world, 1)
    assert (report["status"], report["reason"]) == ("failed", "version_below")
    assert (head(world).version, head(world).epoch) == (2, 1)


def test_should_refuse_a_site_without_a_version(world: World) -> None:
    assert begin_epoch(world, 9)["reason"] == "version_below"
    assert head(world).version == 0


def test_should_supersede_what_was_held_before(world: World) -> None:
    publish(world, *(f"student.{number},Potions" for number in range(40)))
    world.upload("hogwarts", teachers=TEACHERS, students=STUDENTS)
    world.run("hogwarts")
    assert world.held("hogwarts")
    begin_epoch(world, 40)
    (was_held,) = [report for report in world.reports("hogwarts") if report.get("plan")]
    assert was_held["status"] == "superseded"
