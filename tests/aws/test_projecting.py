"""Groups and rights brought into the table: whatever breaks, the next run goes on, and a newer version gets through."""

from collections.abc import Callable
from itertools import count

import pytest
from botocore.exceptions import ClientError

from roster.request import Request, Rollback
from roster_aws import projection
from roster_aws.commit import NotOurs
from roster_aws.dynamo import items
from roster_aws.dynamo.items import Unstorable

from .conftest import LIFE, MakeWorld, World, csv

SITE = "hogwarts"
LOOK = Request(SITE)
# A name's longest, in characters that take four bytes each.
LONGEST_USER, LONGEST_CLASS = "𝒰" * 254, "𝒞" * 200


class Refusing:
    """Refuses every write of groups and rights from the `first` on, as the table does for good."""

    def __init__(self, first: int = 1) -> None:
        self.writes = 0
        self._first = first

    def __call__(self, operation: str) -> None:
        if operation == "BatchWriteItem":
            self.writes += 1
            if self.writes >= self._first:
                raise ClientError({"Error": {"Code": "ValidationException"}}, operation)


def pair(number: int) -> dict[str, bytes]:
    """A roster of its own for each number: one teacher and one pupil change from one to the next."""
    students = [f"student.{each:02},Class {each % 12}" for each in range(40)]
    teachers = [f"teacher.{each:02},Class {each}" for each in range(12)]
    return {
        "students": csv(*students, f"newest.{number},Class 0"),
        "teachers": csv(*teachers, f"newest.teacher.{number},Class 1"),
    }


def upload(world: World, number: int) -> None:
    world.upload(SITE, **pair(number))
    world.settle()


def run(world: World, calls: Callable[[str], None] | None = None) -> None:
    world.importer(calls).run(LOOK, "run", world.clock() + LIFE)


def shown(world: World) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    return world.groups(SITE), set(world.rights(SITE))


@pytest.fixture
def undisturbed(make_world: MakeWorld) -> Callable[[int], tuple[dict[str, tuple[str, ...]], set[str]]]:
    """What the table shows where a pair is all that was ever imported."""

    def look(number: int) -> tuple[dict[str, tuple[str, ...]], set[str]]:
        world = make_world()
        upload(world, number)
        run(world)
        return shown(world)

    return look


def test_should_report_a_version_that_the_table_refuses_and_let_the_next_overtake_it(
    world: World, undisturbed: Callable[[int], tuple[dict[str, tuple[str, ...]], set[str]]]
) -> None:
    upload(world, 1)
    run(world)
    for number in (2, 3):
        upload(world, number)
        with pytest.raises(ClientError):
            run(world, Refusing())
        head = world.store().head(SITE)
        assert (head.version, head.projected_version, head.open_import) == (number, 1, "")
        assert world.reports(SITE)[0]["status"] == "ok"
        with pytest.raises(ClientError):  # the message comes back, until somebody is called
            run(world, Refusing())
    assert {"newest.teacher.2", "newest.teacher.3"} <= set(world.rights(SITE))  # left of what broke off
    upload(world, 4)
    run(world)
    head = world.store().head(SITE)
    assert (head.version, head.projected_version, head.overtaken, head.projected_steps) == (4, 4, [], 0)
    assert shown(world) == undisturbed(4)
    assert {version: retention(world, version) for version in (1, 2, 3, 4)} == dict.fromkeys((1, 2, 3), True) | {
        4: False
    }


def retention(world: World, version: int) -> bool:
    """Whether a version expires some day."""
    key = f"{SITE}/versions/{version}/manifest.json"
    return bool(world.client("s3").get_object_tagging(Bucket=world.results, Key=key)["TagSet"])


def test_should_go_on_with_a_projection_where_it_broke_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "_WAVE", 4)
    monkeypatch.setattr(projection, "_BATCH", 2)
    upload(world, 1)
    with pytest.raises(ClientError):
        run(world, Refusing(first=9))
    assert world.store().head(SITE).projected_steps == 16
    counted = Refusing(first=1000)
    run(world, counted)
    entries = len(world.groups(SITE)) + len(world.rights(SITE))
    assert entries == 25
    assert counted.writes == -(-(entries - 16) // 2)


def test_should_go_on_with_a_projection_that_takes_longer_than_a_run_lives(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "_WAVE", 4)
    upload(world, 1)

    def slow(operation: str) -> None:
        if operation == "BatchWriteItem":
            world.clock.pass_by(minutes=2)

    runs = 0
    while world.store().head(SITE).projected_version == 0:
        waiting = world.messages()
        run(world, slow)
        assert world.messages() in (waiting, waiting + 1)
        assert world.reports(SITE)[0]["status"] == "ok"
        runs += 1
        assert runs < 9
    assert runs > 1
    assert world.messages() == runs - 1
    assert len(world.groups(SITE)) == 12


def test_should_import_correct_roll_back_and_show_a_right_and_a_group_larger_than_an_item(world: World) -> None:
    classes = [f"{number:05} {'x' * 55}" for number in range(7000)]
    members = [f"{number:04}{'u' * 200}" for number in range(2500)]

    def large(*more: str) -> dict[str, bytes]:
        students = [*(f"student,{name}" for name in classes), *(f"{name},Everybody" for name in members)]
        teachers = [f"head,{name}" for name in (*classes, "Everybody", *more)]
        extreme = f"{LONGEST_USER},{LONGEST_CLASS}"
        return {"students": csv(*students, extreme), "teachers": csv(*teachers, extreme)}

    def check(*more: str) -> None:
        rights, groups = world.rights(SITE), world.groups(SITE)
        assert rights["head"].groups == tuple(sorted((*classes, "Everybody"), key=str.lower))
        assert rights["head"].pending == more
        assert rights[LONGEST_USER].groups == (LONGEST_CLASS,)
        assert groups["Everybody"] == tuple(members)
        assert groups[LONGEST_CLASS] == (LONGEST_USER,)

    world.upload(SITE, **large())
    world.run(SITE)
    check()
    world.upload(SITE, **large("Nobody yet"))
    world.run(SITE)
    check("Nobody yet")
    report = world.order(SITE, Rollback(1, "arn:somebody"))
    assert (report["status"], report["version"]) == ("ok", 3)
    check()
    assert all(size_of(item) <= 400_000 for item in world.items().values())


def test_should_not_commit_what_the_table_would_never_take(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(world, 1)
    run(world)
    upload(world, 2)
    with monkeypatch.context() as stricter:
        stricter.setattr(items, "_LONGEST_NAME", 12)
        with pytest.raises(Unstorable) as raised:
            run(world)
    assert "teacher" not in str(raised.value)
    head = world.store().head(SITE)
    assert (head.version, head.open_import) == (1, "")
    run(world)
    assert world.store().head(SITE).projected_version == 2


def size_of(item: object) -> int:
    """Bytes of an item of the table, at most: names and values count, and what holds them a little."""
    if isinstance(item, dict):
        return sum(len(name.encode()) + 4 + size_of(value) for name, value in item.items())
    if isinstance(item, list):
        return sum(1 + size_of(value) for value in item)
    return len(str(item).encode())


def test_should_import_though_somebody_deleted_the_report_of_the_open_import(world: World) -> None:
    upload(world, 1)
    with pytest.raises(ConnectionError):
        run(world, fail_at("PutLogEvents"))
    open_import = world.store().head(SITE).open_import
    assert open_import
    world.client("dynamodb").delete_item(
        TableName=world.table, Key={"pk": {"S": f"SITE#{SITE}"}, "sk": {"S": f"IMPORT#{open_import}"}}
    )
    upload(world, 2)
    run(world)
    assert world.store().head(SITE).version == 2


def test_should_show_the_version_of_a_dead_run_though_the_keys_have_changed(world: World) -> None:
    upload(world, 1)
    with pytest.raises(ConnectionError):
        run(world, fail_at("TransactWriteItems", after=2))
    assert world.store().head(SITE).version == 1
    assert world.importer().publisher.results.published(SITE, 1) is None
    world.keyring_serial = 2
    run(world)
    run(world)
    head = world.store().head(SITE)
    assert (head.projected_version, head.keyring_serial) == (1, 2)


def fail_at(wanted: str, after: int = 1) -> Callable[[str], None]:
    """Break off at the call of an operation for the so-many-th time, and every time after that."""
    times = count(1)

    def fail(operation: str) -> None:
        if operation == wanted and next(times) >= after:
            raise ConnectionError

    return fail


@pytest.mark.parametrize("change", ["manifest", "version", "epoch"])
def test_should_not_sign_a_head_again_that_somebody_has_changed(world: World, change: str) -> None:
    upload(world, 1)
    run(world)
    upload(world, 2)
    run(world)
    store, results = world.store(), world.importer().publisher.results
    first = results.published(SITE, 1)
    assert first is not None
    changed = {
        "manifest": ("manifest_sha256", {"S": first.sha256}),
        "version": ("version", {"N": "1"}),
        "epoch": ("epoch", {"N": "2"}),
    }
    name, value = changed[change]
    key = {"pk": {"S": f"SITE#{SITE}"}, "sk": {"S": "HEAD"}}
    for update, values in (
        (f"SET {name} = :value, keyring_serial = :none", {":value": value, ":none": {"N": "0"}}),
        ("SET projected_version = version", None),
    ):
        more = {"ExpressionAttributeValues": values} if values else {}
        world.client("dynamodb").update_item(TableName=world.table, Key=key, UpdateExpression=update, **more)
    before = store.head(SITE).signature
    with pytest.raises(NotOurs):
        world.importer().publisher.finish_earlier(store.head(SITE), "run")
    assert store.head(SITE).signature == before


def test_should_show_a_version_though_somebody_deleted_an_object_of_an_old_one(world: World) -> None:
    upload(world, 1)
    run(world)
    first = world.importer().publisher.results.published(SITE, 1)
    assert first is not None
    upload(world, 2)
    with pytest.raises(ConnectionError):
        run(world, fail_at("BatchWriteItem"))
    key = f"{SITE}/objects/{first.snapshot.sha256}"
    world.client("s3").delete_object(Bucket=world.results, Key=key)
    run(world)
    assert world.store().head(SITE).projected_version == 2
