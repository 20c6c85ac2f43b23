"""Who may say what the newest version is: a key that this server trusts, and nobody else."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.feed_faults import Answer
from tests.feed_simulator import NEXT, SEED, FeedSimulator, Keys
from tests.unit.agent.server import NEXT_FILES, SITE, Server

Change = Callable[[dict[str, Any]], object]


def _said(change: Change) -> Callable[[Answer], Answer]:
    """Change what a JSON answer says."""

    def changed(answer: Answer) -> Answer:
        said = json.loads(answer.body)
        change(said)
        return replace(answer, body=json.dumps(said).encode())

    return changed


def _resigned(keys: Keys, **change: Any) -> Change:
    """The head with something else in it, signed with other keys."""

    def resign(said: dict[str, Any]) -> None:
        said |= change
        facts = (said[name] for name in ("site", "epoch", "version", "manifest_sha256"))
        said["signature"] = keys.signature(*facts)

    return resign


STRANGER = Keys("first", "second")

FORGED: dict[str, Change] = {
    "not signed": lambda said: said.pop("signature"),
    "an empty signature": lambda said: said["signature"].update(signature=""),
    "a signature that is no base64": lambda said: said["signature"].update(signature="ä!"),
    "a signature that is no DER": lambda said: said["signature"].update(signature="AAAA"),
    "a key that nobody knows": lambda said: said["signature"].update(key_id="third"),
    "the other key's name": lambda said: said["signature"].update(key_id="second"),
    "a stranger under a known name": _resigned(STRANGER),
    "another manifest": lambda said: said.update(manifest_sha256="0" * 64),
    "another version": lambda said: said.update(version=3),
    "another epoch": lambda said: said.update(epoch=2),
    "another keyring altogether": lambda said: (said.update(keyring=STRANGER.keyring()), _resigned(STRANGER)(said)),
    "a newer keyring of a stranger": lambda said: (
        said.update(keyring=_later(STRANGER).keyring()),
        _resigned(STRANGER)(said),
    ),
    "a newer keyring without a signature": lambda said: said["keyring"].update(serial=9, signatures={}),
}


def _later(keys: Keys) -> Keys:
    later = Keys()
    later.serial, later.trusted, later.private = 2, keys.trusted, keys.private
    return later


@pytest.mark.parametrize("forgery", FORGED)
def test_should_refuse_a_head_with(server: Server, forgery: str) -> None:
    before = server.left(), server.state.keyring()
    server.feed.publish(SITE, NEXT)
    server.feed.spoil("head", _said(FORGED[forgery]))
    assert server.pull() == 1
    assert server.outcome() == "wrongly_signed", server.err
    assert "Nothing was changed" in server.err
    assert (server.left(), server.state.keyring()) == before
    assert server.asks("status")["last_attempt"]["outcome"] == "wrongly_signed"
    server.feed.heal()
    assert server.pull() == 0
    assert server.files() == NEXT_FILES


@pytest.mark.parametrize(
    "keyring",
    [{}, {"serial": 0}, {"serial": True}, {"keys": {}}, {"keys": {"a": 1}}, {"keys": {"a": "ä"}}, {"signatures": []}],
    ids=str,
)
def test_should_refuse_a_keyring_without_its_form(server: Server, keyring: dict[str, Any]) -> None:
    before = server.left()
    server.feed.publish(SITE, NEXT)
    spoilt = server.feed.keys.keyring() | keyring if keyring else keyring
    server.feed.spoil("head", _said(lambda said: said.update(keyring=spoilt)))
    assert server.pull() == 1
    assert server.outcome() == "not_the_feed"
    assert server.left() == before


def test_should_refuse_an_older_head_that_was_signed_once(server: Server) -> None:
    replayed = server.feed.head(SITE, server.feed.published[SITE][0])
    server.feed.publish(SITE, NEXT)
    server.pull()
    before = server.left()
    server.feed.spoil("head", lambda answer: replace(answer, status=200, body=json.dumps(replayed).encode()))
    assert server.pull() == 1
    assert server.outcome() == "version_went_backwards"
    assert server.left() == before


def test_should_follow_a_change_of_keys_by_itself(server: Server) -> None:
    server.feed.keys.change("second", "third")
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 0, server.err
    assert server.state.keyring().serial == 2
    server.feed.keys.change("third", "fourth")
    server.feed.publish(SITE, SEED)
    assert server.pull() == 0, server.err
    assert set(server.state.keyring().keys) == {"third", "fourth"}


def test_should_learn_newer_keys_although_no_version_is_new(server: Server) -> None:
    before = server.left()
    for new in ("second", "third"), ("third", "fourth"):
        server.feed.keys.change(*new)
        assert server.pull() == 0, server.err
        assert (server.outcome(), set(server.state.keyring().keys)) == ("nothing_new", set(new))
    assert server.left() == before
    server.feed.paths()
    assert server.pull() == 0
    assert server.feed.paths() == [f"/v1/sites/hogwarts/head{server.question()}"]


def test_should_not_believe_a_key_that_was_retired(server: Server) -> None:
    server.feed.keys.change("second", "third")
    server.feed.publish(SITE, NEXT)
    server.pull()
    server.feed.keys.trusted = ["first"]
    server.feed.keys.serial = 1
    server.feed.publish(SITE, SEED)
    assert server.pull() == 1
    assert server.outcome() == "wrongly_signed"
    assert server.files() == NEXT_FILES


def test_should_say_what_to_do_when_the_keys_changed_twice_meanwhile(server: Server) -> None:
    server.feed.keys.change("second", "third")
    server.feed.keys.change("third", "fourth")
    server.feed.keys.change("fourth", "fifth")
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 1
    assert "enrol" in server.err
    assert server.enrol("--force") == 0
    assert server.pull() == 0
    assert server.files() == NEXT_FILES


def test_should_not_enrol_with_a_keyring_that_does_not_hold_together(new_server: Server, feed: FeedSimulator) -> None:
    for signatures in ({}, STRANGER.keyring()["signatures"]):
        ring = feed.keys.keyring() | {"signatures": signatures}
        feed.spoil("enrol", _said(lambda said, ring=ring: said.update(keyring=ring)))  # type: ignore[misc]
        assert new_server.enrol() == 1
        assert "not signed" in new_server.err
        assert not new_server.state.is_enrolled()


def test_should_refuse_to_pull_without_its_keys(server: Server) -> None:
    (server.state.folder / "keyring.json").unlink()
    server.feed.publish(SITE, NEXT)
    before = server.left()
    assert server.pull() == 1
    assert "enrol with --force" in server.err
    assert server.left() == before
