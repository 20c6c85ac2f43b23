"""The import killed after each of its AWS calls that change something: the retry ends where an undisturbed run ends.

Killed means that not a line of ours runs afterwards: no lease is released, nothing is told. The retry comes when the
lease has run out, as SQS would bring it. All begin in copies of one world, which share its inbox, so they import the
same versions of the same files.
"""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from roster.request import Approval, EndKept, NewEpoch, Request, Rollback

from .conftest import LIFE, MakeWorld, World, csv

# What no upload changes, so that what they do change, and their bad rows, stay below the guards.
STEADY_STUDENTS = [f"student.{number},Assembly" for number in range(30)]
STEADY_TEACHERS = [f"teacher.{number},Assembly" for number in range(30)]
FIRST = {
    "teachers": csv("Severus_Snape,Potions", "Rolanda_Hooch,Flying", "*,Potions", *STEADY_TEACHERS),
    "students": csv("Harry_Potter,Potions", "Ron_Weasley,Potions", "Harry_Potter,Dark Arts", *STEADY_STUDENTS),
}
SECOND = {
    "teachers": csv(
        "Severus_Snape,Dark Arts", "Severus_Snape,Potions", "Sybill_Trelawney,Divination", "*,Potions", *STEADY_TEACHERS
    ),
    "students": csv(
        *("Harry_Potter,Potions", "Hermione_Granger,Potions", "Hermione_Granger,Divination", ",Potions"),
        *("Hermione_Granger,Dark Arts", *STEADY_STUDENTS),
    ),
}
# Held: most of the members are gone.
THIRD = {"teachers": SECOND["teachers"], "students": csv("Harry_Potter,Potions", "Harry_Potter,Assembly")}
SITE = "hogwarts"
LOOK = Request(SITE)

# What may differ: when it happened, and who held the lease.
_TIMES = {
    "published_at",
    "ended_at",
    "expires_at",
    "milliseconds",
    "lease_owner",
    "lease_until",
    "wanted",
    "succeeded_at",
    "added_at",
}
# What is another each time that it is made, over the same bytes; `test_signing.py` verifies it.
_SIGNATURES = {"signature", "signatures"}


# What leaves AWS as it was, a signature of KMS included.
_READS = ("Get", "Head", "List", "Query", "Scan", "BatchGet", "Describe", "Sign")


class Killed(BaseException):
    pass


class Killer:
    """Counts AWS calls that change something, and from the `last`-th on lets no further call through.

    Killed after a call that only reads, a run leaves what it leaves when it is killed after the change before.
    """

    def __init__(self, last: int | None = None) -> None:
        self.calls: list[str] = []
        self._last = last
        self._lock = threading.Lock()

    def __call__(self, operation: str) -> None:
        with self._lock:
            if not operation.startswith(_READS):
                self.calls.append(operation)
            if self._last is not None and len(self.calls) >= self._last:
                raise Killed


def run(world: World, killer: Callable[[str], None] | None = None, request: Request = LOOK) -> None:
    world.store().add_site(SITE, "arn:somebody")
    importer = world.importer(killer)
    importer.run(request, "run", world.clock() + LIFE)


def approve(world: World) -> Request:
    held = world.held(SITE)
    order = Approval(held["import"], held["plan"]["manifest_sha256"], "arn:somebody")
    return Request(SITE, "an-order", world.clock(), order)


def roll_back(world: World) -> Request:
    return Request(SITE, "an-order", world.clock(), Rollback(1, "arn:somebody"))


def end_what_is_kept(world: World) -> Request:
    assert world.store().head(SITE).kept_until
    return Request(SITE, "an-order", world.clock(), EndKept("arn:somebody"))


def begin_epoch(world: World) -> Request:
    return Request(SITE, "an-order", world.clock(), NewEpoch(8, "arn:somebody"))


def prepare(
    world: World, uploads: list[dict[str, bytes]], last: dict[str, bytes] | Callable[[World], Request]
) -> Request:
    """Import all uploads but the last; what is to be done next: look at the last one, or an order."""
    for upload in uploads:
        world.upload(SITE, **upload)
        world.settle()
        run(world)
    if callable(last):
        return last(world)
    world.upload(SITE, **last)
    world.settle()
    return LOOK


def state(world: World) -> tuple[dict[str, bytes], dict[Any, Any]]:
    return world.stored(), {key: timeless(item) for key, item in world.items().items()}


def timeless(item: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in item.items() if name not in _TIMES | _SIGNATURES}
    if "steps" in item:
        known["steps"] = [[version, manifest, approved] for version, manifest, _, approved in _lists(item["steps"])]
    return known | {name: timeless(item[name]["M"]) for name in ("plan", "last_import") if name in item}


def _lists(steps: Any) -> list[Any]:
    return [step["L"] for step in steps["L"]]


def described(world: World) -> dict[str, Any]:
    """What S3 knows of each stored object beside its bytes and when it came."""
    s3, found = world.client("s3"), {}
    for key in world.stored():
        where = {"Bucket": world.results, "Key": key}
        head = s3.head_object(**where)
        told = ("ContentType", "ContentEncoding", "CacheControl", "Metadata", "ETag")
        known = {name: head.get(name) for name in told}
        found[key] = known | {"tags": s3.get_object_tagging(**where)["TagSet"]}
    return found


def test_a_copied_world_should_be_like_one_that_has_imported(make_world: MakeWorld) -> None:
    """Else the tests below would begin in a world that no import has left."""
    imported = make_world()
    other = make_world(imported.inbox)
    for upload in (FIRST, SECOND, THIRD):
        imported.upload(SITE, **upload)
        imported.settle()
        other.clock.now = imported.clock.now
        for world in (imported, other):
            run(world)
    copied = imported.copy()
    assert (copied.clock(), copied.keys, copied.messages()) == (other.clock(), other.keys, other.messages())
    assert copied.items() == imported.items()
    assert any(known["tags"] for known in described(other).values())
    # A signature is another each time, so what holds one has other bytes in the other world.
    for world in (imported, other):
        assert described(copied).keys() == described(world).keys()
    assert described(copied) == described(imported)
    assert state(copied) == state(other)
    request = approve(other)
    for world in (copied, other):
        run(world, request=request)
    assert copied.store().head(SITE).version == 3
    assert state(copied) == state(other)
    assert described(copied) == described(other)


@pytest.mark.parametrize(
    ("uploads", "last", "version"),
    [
        ([], FIRST, 1),
        ([FIRST], SECOND, 2),
        ([FIRST], THIRD, 1),
        ([FIRST, THIRD], THIRD, 1),
        ([FIRST, THIRD], approve, 2),
        ([FIRST, SECOND], end_what_is_kept, 3),
        ([FIRST, SECOND], roll_back, 3),
        ([FIRST], begin_epoch, 9),
    ],
    ids=[
        "first import",
        "next import",
        "held import",
        "renewed hold",
        "approval",
        "what is kept ends",
        "rollback",
        "new epoch",
    ],
)
def test_should_end_like_an_undisturbed_run_after_a_kill_at_any_call(
    make_world: MakeWorld,
    uploads: list[dict[str, bytes]],
    last: dict[str, bytes] | Callable[[World], Request],
    version: int,
) -> None:
    prepared = make_world()
    request = prepare(prepared, uploads, last)
    undisturbed = prepared.copy()
    counted = Killer()
    run(undisturbed, counted, request)
    expected = state(undisturbed)
    assert undisturbed.store().head(SITE).version == version

    for number, call in enumerate(counted.calls, 1):
        world = prepared.copy()
        with pytest.raises(Killed):
            run(world, Killer(last=number), request)
        world.clock.pass_by(minutes=10)
        run(world, request=request)
        stored, items = state(world)
        where = f"killed after call {number}, {call}"
        assert stored == expected[0], where
        assert items == expected[1], where


def test_should_show_no_reader_of_the_head_a_version_that_is_not_whole(make_world: MakeWorld) -> None:
    world = make_world()
    reader = world.importer().publisher
    seen: list[int] = []

    def look(_operation: str) -> None:
        head = reader.store.head(SITE)
        seen.append(head.version)
        if head.version:
            manifest = reader.results.manifest(SITE, head.manifest_sha256)
            assert sum(1 for _ in reader.results.lines(SITE, manifest.snapshot)) > 1
            if manifest.delta:
                assert sum(1 for _ in reader.results.lines(SITE, manifest.delta)) > 1

    for upload in (FIRST, SECOND):
        world.upload(SITE, **upload)
        world.settle()
        world.importer(look).run(Request(SITE), "run", world.clock() + LIFE)
    assert seen == sorted(seen)
    assert set(seen) == {0, 1, 2}


def test_should_report_an_import_that_is_killed_again_and_again_and_let_the_next_pair_through(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.upload(SITE, **FIRST)
    world.settle()
    run(world)
    world.upload(SITE, **SECOND)
    world.settle()

    def kill(operation: str) -> None:
        if operation == "PutObject":
            raise Killed

    for _ in range(2):
        with pytest.raises(Killed):
            run(world, kill)
        assert world.reports(SITE)[0]["status"] == "fetching"
        world.clock.pass_by(minutes=10)
    run(world)
    report = world.reports(SITE)[0]
    assert (report["status"], report["reason"], report["version"]) == ("failed", "import_killed", 1)
    assert world.told("import_report")[-1]["reason"] == "import_killed"
    world.upload(SITE, **SECOND)
    world.settle()
    run(world)
    assert world.store().head(SITE).version == 2


def test_should_not_count_errors_as_kills(make_world: MakeWorld) -> None:
    """They come from AWS, which is there again some day; a kill may come from the files."""
    world = make_world()
    world.upload(SITE, **FIRST)
    world.settle()

    def fail(operation: str) -> None:
        if operation == "Sign":
            raise ConnectionError

    for _ in range(4):
        with pytest.raises(ConnectionError):
            run(world, fail)
    run(world)
    assert world.reports(SITE)[0]["status"] in ("ok", "ok_with_warnings")
