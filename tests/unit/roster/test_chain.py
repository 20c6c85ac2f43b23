"""The way from the version a server has to the newest: deltas, where they are shorter than the snapshot."""

import pytest

from roster.chain import LONGEST, Cursor, CursorUnknown, deltas, has_newest, versions_between
from roster.encode import Blob, Manifest
from roster.site_head import Head


def manifest(version: int, *, delta_bytes: int = 10, epoch: int = 1) -> Manifest:
    delta = Blob(f"{version:064x}", delta_bytes, "b" * 64, 1) if version > 1 else None
    snapshot = Blob("a" * 64, 1000, "c" * 64, 2000)
    return Manifest("hogwarts", epoch, version, "import", {}, snapshot, delta, version - 1 if delta else None)


def head_at(version: int) -> Head:
    return Head("hogwarts", version, 1, manifest(version).sha256)


def way(head: Head, cursor: Cursor, *gone: int, delta_bytes: int = 10) -> list[tuple[int, int]]:
    """The steps that a server is told, where the manifests of the versions `gone` are kept no longer."""
    between = versions_between(head, cursor)
    wanted = [cursor.have] if between is None else [cursor.have, *between, head.version]
    had, *rest = (None if each in gone else manifest(each, delta_bytes=delta_bytes) for each in wanted)
    return [(step["from"], step["version"]) for step in deltas(had, rest, head, cursor)]


def test_should_lead_from_any_version_to_the_newest() -> None:
    assert way(head_at(4), Cursor(1)) == [(1, 2), (2, 3), (3, 4)]
    assert way(head_at(4), Cursor(3)) == [(3, 4)]


def test_should_send_a_server_that_is_far_behind_to_the_snapshot() -> None:
    assert len(way(head_at(62), Cursor(62 - LONGEST))) == LONGEST
    assert way(head_at(62), Cursor(62 - LONGEST - 1)) == []
    assert way(head_at(62), Cursor(2)) == [], "60 behind"


def test_should_not_offer_deltas_that_are_no_smaller_than_the_snapshot() -> None:
    assert way(head_at(4), Cursor(3), delta_bytes=500) == [(3, 4)]
    assert way(head_at(4), Cursor(2), delta_bytes=500) == []


def test_should_break_off_at_a_version_that_is_kept_no_longer() -> None:
    assert way(head_at(4), Cursor(1), 2) == []
    assert way(head_at(4), Cursor(3), 2) == [(3, 4)]


def test_should_not_lead_over_another_epoch_or_a_version_that_was_never_published() -> None:
    head, had = head_at(4), manifest(2)
    assert deltas(had, [manifest(3, epoch=2), manifest(4)], head, Cursor(2)) == []
    assert deltas(had, [manifest(3)._replace(delta_from=1), manifest(4)], head, Cursor(2)) == []


@pytest.mark.parametrize(
    "cursor",
    [Cursor(5), Cursor(4, epoch=2), Cursor(2, epoch=2), Cursor(4, manifest="0" * 64), Cursor(2, manifest="0" * 64)],
    ids=["above the head", "another epoch at the head", "another epoch", "other bytes at the head", "other bytes"],
)
def test_should_not_know_what_the_site_never_published(cursor: Cursor) -> None:
    head = head_at(4)
    with pytest.raises(CursorUnknown):
        _ = has_newest(head, cursor) or way(head, cursor)


def test_should_not_know_a_version_that_is_kept_no_longer() -> None:
    with pytest.raises(CursorUnknown):
        way(head_at(4), Cursor(2), 2)


@pytest.mark.parametrize("cursor", [Cursor(4), Cursor(4, 1), Cursor(4, 1, manifest(4).sha256)])
def test_should_recognise_a_server_that_has_the_newest_version(cursor: Cursor) -> None:
    assert has_newest(head_at(4), cursor)
    assert not has_newest(head_at(5), Cursor(4))
