"""One person's console is taken away now, whatever is held, and stays so through everything that publishes."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from roster.names import fold
from roster.no_console import Barred
from roster.request import Approval, NewEpoch, Request, RevokeConsole, Rollback

from .conftest import LIFE, MakeWorld, World, csv
from .test_kill import FIRST, SECOND, SITE, THIRD, Killed, Killer, state
from .test_restoring import admin

WHO = "Severus_Snape"


def listed(world: World, who: str = WHO, *, for_good: bool = False) -> None:
    world.store().no_console.put(SITE, Barred(fold(who), who, "2026-09-07T00:00:00+00:00", "arn:somebody", for_good))


def revoke(world: World, who: str = WHO, *, for_good: bool = False) -> dict[str, Any]:
    listed(world, who, for_good=for_good)
    return world.order(SITE, RevokeConsole("arn:somebody"))


def publish(world: World, pair: dict[str, bytes]) -> None:
    world.clock.pass_by(minutes=1)
    world.upload(SITE, **pair)
    world.run(SITE)


def published(world: World) -> str:
    """The newest snapshot, as servers get it."""
    head, results = world.store().head(SITE), world.importer().publisher.results
    return b"".join(results.lines(SITE, results.manifest(SITE, head.manifest_sha256).snapshot)).decode()


def has_none(world: World, who: str = WHO) -> bool:
    manifest = world.importer().publisher.results.published(SITE, world.store().head(SITE).version)
    assert manifest
    assert manifest.counts["teachers"] == len(world.rights(SITE))
    return who not in world.rights(SITE) and f'"right":"{who}"' not in published(world)


def test_should_publish_at_once_without_the_right_and_with_all_else(world: World) -> None:
    publish(world, FIRST)
    before, groups = set(world.rights(SITE)), world.groups(SITE)
    report = revoke(world)
    assert (report["status"], report["reason"], report["version"]) == ("ok", "console_revoked", 2)
    assert has_none(world)
    assert set(world.rights(SITE)) == before - {WHO}
    assert world.groups(SITE) == groups
    assert "Snape" not in str(world.told("import_report"))


def test_every_later_import_should_leave_the_user_out_and_say_how_many(world: World) -> None:
    publish(world, FIRST)
    revoke(world)
    publish(world, SECOND)
    assert has_none(world)
    (report,) = (each for each in world.reports(SITE) if each.get("version") == 3)
    assert report["notices"]["console_taken_away"]["total"] == 1
    assert [each.username for each in world.store().no_console.of(SITE)] == [WHO]


def test_should_end_once_the_files_agree_and_not_before(world: World) -> None:
    publish(world, FIRST)
    revoke(world)
    revoke(world, "Rolanda_Hooch", for_good=True)
    without = {**FIRST, "teachers": csv(*FIRST["teachers"].decode().split("\n")[3:-1])}
    publish(world, {**without, "students": b"\xff"})  # a failed import agrees to nothing
    assert len(world.store().no_console.of(SITE)) == 2
    publish(world, without)
    assert [each.username for each in world.store().no_console.of(SITE)] == ["Rolanda_Hooch"]
    publish(world, FIRST)  # who comes back, comes back
    assert WHO in world.rights(SITE)
    assert has_none(world, "Rolanda_Hooch")


def test_what_is_held_should_be_planned_anew_and_its_old_plan_not_be_approved(world: World) -> None:
    publish(world, FIRST)
    publish(world, THIRD)
    old = world.held(SITE)
    revoke(world)
    assert has_none(world)
    new = world.held(SITE)
    assert new["import"] != old["import"]
    order = Approval(old["import"], old["plan"]["manifest_sha256"], "arn:somebody")
    assert world.order(SITE, order)["status"] == "failed"
    assert has_none(world)
    assert world.approve(SITE)["status"] in ("ok", "ok_with_warnings")
    assert has_none(world)


def test_an_approval_that_overtakes_the_order_should_be_refused(world: World) -> None:
    """The name is on the list already, and the order still in the queue."""
    publish(world, FIRST)
    publish(world, THIRD)
    listed(world)
    assert world.approve(SITE)["reason"] == "console_revoked_since"


@pytest.mark.parametrize(
    "again", [lambda: Rollback(1, "arn:somebody"), lambda: NewEpoch(20, "arn:somebody")], ids=["rollback", "new epoch"]
)
def test_should_hold_through(world: World, again: Callable[[], Any]) -> None:
    publish(world, FIRST)
    publish(world, SECOND)
    revoke(world)
    assert world.order(SITE, again())["status"] == "ok"
    assert has_none(world)
    listed(world, "Rolanda_Hooch")  # whose order is still to come
    assert world.order(SITE, again())["status"] in ("ok", "failed")
    publish(world, FIRST)
    assert has_none(world)


def test_a_new_epoch_should_take_out_who_is_on_the_list_and_published(world: World) -> None:
    publish(world, FIRST)
    listed(world)
    assert world.order(SITE, NewEpoch(20, "arn:somebody"))["version"] == 21
    assert has_none(world)


def ask(world: World, action: str, **details: Any) -> Mapping[str, Any]:
    return admin(world).answer({"action": action, "site": SITE, "by": "arn:somebody", **details}, f"{action}-1")


def test_a_restored_table_should_learn_who_has_no_console(world: World) -> None:
    publish(world, FIRST)
    assert ask(world, "revoke-console", user=WHO)["ok"]
    assert ask(world, "revoke-console", user="Rolanda_Hooch")["ok"]
    assert ask(world, "allow-console", user="rolanda_hooch")["ok"]
    dynamodb = world.client("dynamodb")
    for pk, sk in world.items():
        if sk.startswith("NO_CONSOLE#"):
            dynamodb.delete_item(TableName=world.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    assert ask(world, "new-epoch")["ok"]
    assert [each.username for each in world.store().no_console.of(SITE)] == [WHO]


def test_allow_should_take_off_the_list_and_have_the_files_decide(world: World) -> None:
    publish(world, FIRST)
    revoke(world)
    assert ask(world, "allow-console", user="severus_snape")["ok"]
    assert not ask(world, "allow-console", user=WHO)["ok"]
    assert not ask(world, "revoke-console", user="")["ok"]
    world.run(SITE)
    assert WHO in world.rights(SITE)


def test_should_say_so_where_the_user_has_no_console_or_nothing_is_published(world: World) -> None:
    world.store().add_site(SITE, "arn:somebody")
    assert (revoke(world)["status"], world.store().head(SITE).version) == ("no_change", 0)
    publish(world, FIRST)
    assert has_none(world)
    assert revoke(world, "Nobody_Known")["status"] == "no_change"
    assert world.store().head(SITE).version == 1


def test_should_end_like_an_undisturbed_run_after_a_kill_at_any_call(make_world: MakeWorld) -> None:
    prepared = make_world()
    for pair in (FIRST, THIRD):
        publish(prepared, pair)
    listed(prepared)
    order = Request(SITE, "an-order", prepared.clock(), RevokeConsole("arn:somebody"))
    first, counted = prepared.copy(), Killer()
    first.importer(counted).run(order, "run", first.clock() + LIFE)
    expected = state(first)
    for number, call in enumerate(counted.calls, 1):
        world = prepared.copy()
        with pytest.raises(Killed):
            world.importer(Killer(last=number)).run(order, "run", world.clock() + LIFE)
        world.clock.pass_by(minutes=10)
        world.importer().run(order, "run", world.clock() + LIFE)
        world.importer().run(Request(SITE), "run", world.clock() + LIFE)
        where = f"killed after call {number}, {call}"
        assert has_none(world), where
        stored, items = state(world)
        assert stored == expected[0], where
        assert items.keys() == expected[1].keys(), where
