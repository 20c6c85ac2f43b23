"""A version that comes on a stick goes through the very rules that one from the network goes through."""

import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.feed_simulator import NEXT, SEED, FeedSimulator, Keys, snapshot
from tests.unit.agent.server import NEXT_FILES, SEED_FILES, SITE, Server


@pytest.fixture
def stick(server: Server, tmp_path: Path) -> Path:
    """A bundle of version 2, written by another server of the site; this one has version 1, and its feed is away."""
    other = Server(tmp_path / "other", server.feed, server._capsys)
    assert other.enrol(server="canteen") == 0
    server.feed.publish(SITE, NEXT)
    assert other.pull() == 0
    server.feed.spoil("head", lambda answer: type(answer)(503))
    server.feed.paths()
    file = tmp_path / "stick" / "version.bundle"
    file.parent.mkdir()
    assert other.run("export", str(file)) == 0, other.err
    assert "Version 2 written" in other.out
    return file


def test_should_take_a_version_without_a_network(server: Server, stick: Path) -> None:
    assert server.run("import-bundle", str(stick)) == 0, server.err
    assert server.files() == NEXT_FILES
    assert server.mirror() == (2, snapshot(NEXT))
    assert server.feed.paths() == []
    assert server.outcome() == "applied"


def test_should_go_on_by_the_feed_afterwards(server: Server, stick: Path) -> None:
    server.run("import-bundle", str(stick))
    server.feed.heal()
    assert server.pull() == 0
    assert server.outcome() == "nothing_new"
    assert server.feed.reports[-1]["version"] == 2


def test_should_hand_on_what_came_by_a_bundle(server: Server, stick: Path, tmp_path: Path) -> None:
    server.run("import-bundle", str(stick))
    assert server.run("export", str(tmp_path / "again")) == 0
    server.state.forget_mirror()
    assert server.run("import-bundle", str(tmp_path / "again")) == 0, server.err
    assert server.files() == NEXT_FILES


def test_should_keep_a_bundle_to_its_owner(stick: Path) -> None:
    assert stat.S_IMODE(stick.stat().st_mode) == 0o600


def test_should_not_take_what_it_has(server: Server, stick: Path) -> None:
    server.run("import-bundle", str(stick))
    assert server.run("import-bundle", str(stick)) == 0
    assert "Nothing new: version 2" in server.out


def test_should_not_go_backwards_by_a_bundle(server: Server, stick: Path) -> None:
    server.feed.heal()
    server.feed.publish(SITE, SEED)
    assert server.pull() == 0
    assert server.run("import-bundle", str(stick)) == 1
    assert server.outcome() == "version_went_backwards"
    assert server.files() == SEED_FILES


def test_should_follow_new_keys_that_a_bundle_brings(server: Server, tmp_path: Path) -> None:
    other = Server(tmp_path / "other", server.feed, server._capsys)
    other.enrol(server="canteen")
    server.feed.keys.change("second", "third")
    server.feed.publish(SITE, NEXT)
    other.pull()
    other.run("export", str(tmp_path / "bundle"))
    assert server.run("import-bundle", str(tmp_path / "bundle")) == 0, server.err
    assert server.state.keyring().serial == 2


def test_should_hand_on_a_version_that_new_keys_have_signed_since(server: Server, tmp_path: Path) -> None:
    other = Server(tmp_path / "other", server.feed, server._capsys)
    other.enrol(server="canteen")
    server.feed.publish(SITE, NEXT)
    other.pull()
    server.feed.keys.change("second", "third")
    assert other.pull() == 0
    assert "Nothing new" in other.out
    other.run("export", str(tmp_path / "bundle"))
    assert server.run("import-bundle", str(tmp_path / "bundle")) == 0, server.err
    assert server.files() == NEXT_FILES


def _rewrite(bundle: Path, change: Callable[[dict[str, bytes]], Any]) -> None:
    with zipfile.ZipFile(bundle) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    change(parts)
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)


def _head(**change: Any) -> Callable[[dict[str, bytes]], Any]:
    return lambda parts: parts.update({"head.json": json.dumps(json.loads(parts["head.json"]) | change).encode()})


STRANGER = Keys("first", "second")

FORGED: dict[str, tuple[Callable[[dict[str, bytes]], Any], str]] = {
    "another version": (_head(version=3), "wrongly_signed"),
    "another site": (_head(site="durmstrang"), "not_the_feed"),
    "no signature": (_head(signature=None), "wrongly_signed"),
    "a stranger's keys": (
        _head(keyring=STRANGER.keyring(), signature=STRANGER.signature(SITE, 1, 2, "0" * 64)),
        "wrongly_signed",
    ),
    "a head that is no JSON": (lambda parts: parts.update({"head.json": b"["}), "bundle_unusable"),
    "no head": (lambda parts: parts.pop("head.json"), "bundle_unusable"),
    "no content": (lambda parts: parts.pop("content.gz"), "bundle_unusable"),
    "a head that never ends": (lambda parts: parts.update({"head.json": b" " * (1 << 20)}), "corrupt_download"),
    "another manifest": (lambda parts: parts.update({"manifest.json": b"{}"}), "corrupt_download"),
    "a manifest that never ends": (lambda parts: parts.update({"manifest.json": bytes(1 << 24)}), "corrupt_download"),
    "content that does not unzip": (lambda parts: parts.update({"content.gz": b"x"}), "corrupt_download"),
    "content cut": (lambda parts: parts.update({"content.gz": parts["content.gz"][:-20]}), "corrupt_download"),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_should_refuse_a_bundle_with(server: Server, stick: Path, forgery: str) -> None:
    before = server.left()
    change, code = FORGED[forgery]
    _rewrite(stick, change)
    assert server.run("import-bundle", str(stick)) == 1
    assert server.outcome() == code, server.err
    assert server.left() == before
    assert "Nothing was changed" in server.err


@pytest.mark.parametrize("data", [None, b"", b"no zip file", b"PK\x03\x04" + bytes(100)])
def test_should_refuse_a_file_that_is_no_bundle(server: Server, tmp_path: Path, data: bytes | None) -> None:
    before = server.left()
    if data is not None:
        (tmp_path / "file").write_bytes(data)
    assert server.run("import-bundle", str(tmp_path / "file")) == 1
    assert server.outcome() == "bundle_unusable"
    assert server.left() == before


def test_should_refuse_any_bundle_with_a_bit_flipped_where_it_matters(server: Server, stick: Path) -> None:
    data, refused = stick.read_bytes(), 0
    for place in range(0, len(data), 29):
        stick.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        before = server.left()
        if server.run("import-bundle", str(stick)) == 0:
            # It struck what says nothing, a date for example.
            assert server.left() == (NEXT_FILES, (2, snapshot(NEXT)))
            server.state.forget_versions()
        else:
            refused += 1
            assert server.left() == before
    assert refused > 20


def test_should_have_nothing_to_export_before_the_first_pull(enrolled: Server, tmp_path: Path) -> None:
    assert enrolled.run("export", str(tmp_path / "file")) == 1
    assert "roster-agent pull" in enrolled.err


def test_should_say_it_when_a_bundle_cannot_be_written(server: Server, feed: FeedSimulator) -> None:
    assert server.run("export", "/nowhere/file") == 1
    assert "cannot be written" in server.err
