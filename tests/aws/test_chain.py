"""The way from the version a server has to the newest, as it is stored: the same bytes at the end."""

from hashlib import sha256
from itertools import pairwise

import pytest

from roster.chain import Cursor, CursorUnknown
from roster.delta import apply_delta
from roster.encode import Blob, Manifest, lines
from roster.site_head import Head
from roster_aws.results import Results
from roster_aws.serving import Manifests

from .conftest import World, csv

TEACHERS = csv("Severus_Snape,Class 1")
# Large enough that a few changes are less than the whole.
PUPILS = [f"pupil.{number * 7919 % 100_003},Class {number % 17}" for number in range(900)]


def publish(world: World, number: int) -> None:
    """A version: some pupils more, one class fewer of another."""
    rows = [*PUPILS[number:], *(f"new.{each},Class {each}" for each in range(number))]
    world.upload("hogwarts", teachers=TEACHERS, students=csv(*rows))
    world.run("hogwarts")


def test_should_lead_from_any_version_to_the_bytes_of_the_newest(world: World) -> None:
    for number in range(4):
        publish(world, number)
    importer = world.importer()
    head, results = importer.publisher.store.head("hogwarts"), importer.publisher.results
    assert head.version == 4
    newest = b"".join(results.lines("hogwarts", results.manifest("hogwarts", head.manifest_sha256).snapshot))
    for have in (1, 2, 3):
        chain = Manifests(results).way(head, Cursor(have))
        assert [(delta["from"], delta["version"]) for delta in chain] == list(pairwise(range(have, 5)))
        old = results.published("hogwarts", have)
        assert old
        content = list(results.lines("hogwarts", old.snapshot))
        for delta in chain:
            blob = Blob(delta["sha256"], delta["bytes"], delta["content_sha256"], delta["content_bytes"])
            steps = lines(results.read_object("hogwarts", blob.sha256), blob)
            content = list(apply_delta(content, sha256(b"".join(content)).hexdigest(), steps))
        assert b"".join(content) == newest


def history(world: World, versions: int, *, delta_bytes: int = 10, epoch: int = 1) -> tuple[Results, Head]:
    """A site with many versions, of which there are the manifests alone."""
    results = world.importer().publisher.results
    for number in range(1, versions + 1):
        delta = Blob(f"{number:064x}", delta_bytes, "b" * 64, 1) if number > 1 else None
        snapshot = Blob("a" * 64, 1000, "c" * 64, 2000)
        before = number - 1 if delta else None
        manifest = Manifest("hogwarts", epoch, number, "import", {}, snapshot, delta, before)
        results.put_manifest(manifest)
        results.show_manifest("hogwarts", number, manifest.sha256)
    return results, Head("hogwarts", versions, epoch, manifest.sha256)


def test_should_offer_no_chain_across_a_version_that_is_no_longer_kept(world: World) -> None:
    results, head = history(world, 4)
    world.client("s3").delete_object(Bucket=world.results, Key="hogwarts/versions/2/manifest.json")
    assert Manifests(results).way(head, Cursor(1)) == []
    assert len(Manifests(results).way(head, Cursor(3))) == 1


def test_should_not_know_a_version_that_is_no_longer_kept(world: World) -> None:
    results, head = history(world, 4)
    world.client("s3").delete_object(Bucket=world.results, Key="hogwarts/versions/2/manifest.json")
    with pytest.raises(CursorUnknown):
        Manifests(results).way(head, Cursor(2))


def test_should_read_a_manifest_once(world: World) -> None:
    results, head = history(world, 4)
    manifests = Manifests(results)
    before = manifests.way(head, Cursor(1))
    for number in (1, 2, 3):
        world.client("s3").delete_object(Bucket=world.results, Key=f"hogwarts/versions/{number}/manifest.json")
    assert manifests.way(head, Cursor(1)) == before
