"""The way from the version a server has to the newest: deltas where they are shorter, and the same bytes at the end."""

from hashlib import sha256
from itertools import pairwise

import pytest

from roster.delta import apply_delta
from roster.encode import Blob, Manifest, lines
from roster_aws.chain import LONGEST, Chains, Cursor, CursorUnknown
from roster_aws.head import Head
from roster_aws.results import Results

from .conftest import World, csv

TEACHERS = csv("Severus_Snape,Class 1")
# Large enough that a few changes are less than the whole.
PUPILS = [f"pupil.{number * 7919 % 100_003},Class {number % 17}" for number in range(900)]


def publish(world: World, number: int) -> None:
    """A version: some pupils more, one class fewer of another."""
    rows = [*PUPILS[number:], *(f"new.{each},Class {each}" for each in range(number))]
    world.upload("hogwarts", teachers=TEACHERS, students=csv(*rows))
    world.run("hogwarts")


def test_a_chain_leads_from_any_version_to_the_bytes_of_the_newest(world: World) -> None:
    for number in range(4):
        publish(world, number)
    importer = world.importer()
    head, results = importer.store.head("hogwarts"), importer.results
    assert head.version == 4
    newest = b"".join(results.lines("hogwarts", results.manifest("hogwarts", head.manifest_sha256).snapshot))
    for have in (1, 2, 3):
        chain = Chains(results).find(head, Cursor(have))
        assert [(delta["from"], delta["version"]) for delta in chain] == list(pairwise(range(have, 5)))
        old = results.published("hogwarts", have)
        assert old
        content = list(results.lines("hogwarts", old.snapshot))
        for delta in chain:
            blob = Blob(*(delta[name] for name in Blob._fields))
            steps = lines(results.read_object("hogwarts", blob.sha256), blob)
            content = list(apply_delta(content, sha256(b"".join(content)).hexdigest(), steps))
        assert b"".join(content) == newest


def history(world: World, versions: int, *, delta_bytes: int = 10, epoch: int = 1) -> tuple[Results, Head]:
    """A site with many versions, of which there are the manifests alone."""
    results = world.importer().results
    for number in range(1, versions + 1):
        delta = Blob(f"{number:064x}", delta_bytes, "b" * 64, 1) if number > 1 else None
        snapshot = Blob("a" * 64, 1000, "c" * 64, 2000)
        before = number - 1 if delta else None
        manifest = Manifest("hogwarts", epoch, number, "import", {}, snapshot, delta, before)
        results.put_manifest(manifest)
        results.show_manifest("hogwarts", number, manifest.sha256)
    return results, Head("hogwarts", versions, epoch, manifest.sha256)


def test_a_server_far_behind_takes_the_snapshot(world: World) -> None:
    results, head = history(world, 62)
    chains = Chains(results)
    assert len(chains.find(head, Cursor(62 - LONGEST))) == LONGEST
    assert chains.find(head, Cursor(62 - LONGEST - 1)) == []
    assert chains.find(head, Cursor(2)) == [], "60 behind"


def test_deltas_that_are_no_smaller_than_the_snapshot_are_not_offered(world: World) -> None:
    results, head = history(world, 4, delta_bytes=500)
    assert len(Chains(results).find(head, Cursor(3))) == 1
    assert Chains(results).find(head, Cursor(2)) == []


def test_a_version_between_that_is_kept_no_longer_breaks_the_chain(world: World) -> None:
    results, head = history(world, 4)
    world.client("s3").delete_object(Bucket=world.results, Key="hogwarts/versions/2/manifest.json")
    assert Chains(results).find(head, Cursor(1)) == []
    assert len(Chains(results).find(head, Cursor(3))) == 1


@pytest.mark.parametrize(
    "cursor",
    [Cursor(5), Cursor(4, epoch=2), Cursor(2, epoch=2), Cursor(4, manifest="0" * 64), Cursor(2, manifest="0" * 64)],
    ids=["above the head", "another epoch at the head", "another epoch", "other bytes at the head", "other bytes"],
)
def test_what_the_site_never_published_is_unknown(cursor: Cursor, world: World) -> None:
    results, head = history(world, 4)
    chains = Chains(results)
    with pytest.raises(CursorUnknown):
        _ = chains.is_head(head, cursor) or chains.find(head, cursor)


def test_what_is_kept_no_longer_is_unknown(world: World) -> None:
    results, head = history(world, 4)
    world.client("s3").delete_object(Bucket=world.results, Key="hogwarts/versions/2/manifest.json")
    with pytest.raises(CursorUnknown):
        Chains(results).find(head, Cursor(2))


def test_a_manifest_is_read_once(world: World) -> None:
    results, head = history(world, 4)
    chains = Chains(results)
    before = chains.find(head, Cursor(1))
    for number in (1, 2, 3):
        world.client("s3").delete_object(Bucket=world.results, Key=f"hogwarts/versions/{number}/manifest.json")
    assert chains.find(head, Cursor(1)) == before
