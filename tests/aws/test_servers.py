"""A server's tokens while somebody revokes it at the same moment, and where its item stands."""

import pytest

from roster.server_report import ServerReport
from roster.servers import Server
from roster_aws.enrolment import Enrolment, TokenReplaced
from tests.aws.conftest import World

SITE, SERVER = "hogwarts", "srv-01"

REPORT: ServerReport = {
    "version": 1,
    "epoch": 1,
    "manifest_sha256": "e" * 64,
    "files": {},
    "outcome": "applied",
    "agent": "7.0",
    "held": False,
    "clock_offset": 0,
}


def enrolled(enrolment: Enrolment) -> tuple[Server, str]:
    """A server as the authorizer has just let it in, and its token."""
    token = enrolment.enrol(enrolment.give_code(SITE, SERVER)[0])["token"]
    known = enrolment.recognise(token)
    assert known is not None
    return known, token


def test_a_rotation_that_a_revoke_overtook_should_bring_nothing_back(world: World) -> None:
    enrolment = world.enrolment()
    server, token = enrolled(enrolment)
    enrolment.revoke(SITE, SERVER)
    with pytest.raises(TokenReplaced):
        enrolment.second_token(server, token)
    assert enrolment.recognise(token) is None
    (shown,) = world.fleet().servers(SITE)
    assert shown.revoked_at


def test_the_first_use_of_a_second_token_should_not_undo_a_revoke(world: World) -> None:
    enrolment = world.enrolment()
    server, token = enrolled(enrolment)
    second = enrolment.second_token(server, token)
    asking = enrolment.recognise(second)
    assert asking is not None
    assert asking.newer_token
    enrolment.revoke(SITE, SERVER)
    with pytest.raises(TokenReplaced):
        enrolment.end_older_token(asking, second)
    assert (enrolment.recognise(token), enrolment.recognise(second)) == (None, None)


def test_a_token_that_was_replaced_should_not_replace_its_follower(world: World) -> None:
    enrolment = world.enrolment()
    server, first = enrolled(enrolment)
    second = enrolment.second_token(server, first)
    enrolment.end_older_token(server, second)
    with pytest.raises(TokenReplaced):
        enrolment.second_token(server, first)
    assert enrolment.recognise(second) is not None


def test_what_the_feed_writes_should_stand_in_partitions_of_its_own(world: World) -> None:
    """The template lets it write there alone; the local cloud does not look at partitions."""
    enrolment, fleet = world.enrolment(), world.fleet()
    server, token = enrolled(enrolment)
    enrolment.second_token(server, token)
    fleet.saw(server, 1, "e" * 64)
    fleet.reported(server, REPORT)
    enrolment.give_code(SITE, "srv-02")
    assert {key.partition("#")[0] for key, _ in world.items()} == {"SERVERS", "CODE"}
    assert (f"SERVERS#{SITE}", SERVER) in world.items()
