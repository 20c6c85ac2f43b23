"""What is known of a server, and when that it asked is worth a write."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.servers import Server

NOW = datetime(2026, 9, 7, 3, tzinfo=UTC)
SERVER = Server("hogwarts", "srv-01", 4, "e" * 64, NOW)


@pytest.mark.parametrize(
    ("server", "state"),
    [
        (SERVER, "applied"),
        (replace(SERVER, applied_manifest=""), "applied"),
        (replace(SERVER, applied_manifest="f" * 64), "behind"),
        (replace(SERVER, applied_version=3), "behind"),
        (replace(SERVER, last_seen=NOW - timedelta(hours=25)), "silent"),
        (replace(SERVER, last_seen=None), "silent"),
        (replace(SERVER, revoked_at="then"), "revoked"),
    ],
)
def test_should_tell_how_a_server_stands_against_the_newest_version(server: Server, state: str) -> None:
    assert server.state(4, "e" * 64, NOW) == state


@pytest.mark.parametrize(("report", "asks"), [({"cloud_approval": "accept"}, False), ({"cloud_approval": "ask"}, True)])
def test_should_tell_whether_a_server_asks_again(report: dict[str, str], asks: bool) -> None:
    assert replace(SERVER, report=report).asks_again is asks


def test_should_take_an_agent_that_does_not_say_so_for_one_that_asks_again() -> None:
    assert SERVER.asks_again


@pytest.mark.parametrize(
    ("have", "manifest", "minutes", "news"),
    [
        (4, "e" * 64, 14, None),
        (4, "e" * 64, 15, {}),
        (None, None, 14, None),
        (None, None, 15, {}),
        (5, "f" * 64, 0, {"applied_version": 5, "applied_manifest": "f" * 64}),
        (5, None, 0, {"applied_version": 5, "applied_manifest": ""}),
        (4, None, 0, {"applied_version": 4, "applied_manifest": ""}),
    ],
)
def test_should_note_what_is_new_at_once_and_that_it_asked_every_quarter_of_an_hour(
    have: int | None, manifest: str | None, minutes: int, news: dict[str, object] | None
) -> None:
    assert SERVER.news(have, manifest, NOW + timedelta(minutes=minutes)) == news


def test_should_note_the_first_question_of_a_server() -> None:
    assert Server("hogwarts", "srv-01").news(None, None, NOW) == {}


@given(
    st.builds(
        Server,
        st.just("hogwarts"),
        st.just("srv-01"),
        st.none() | st.integers(0, 9),
        st.sampled_from(["", "e" * 64]),
        st.none() | st.just(NOW),
        newer_token=st.booleans(),
    )
)
def test_should_come_back_from_what_the_authorizer_hands_on(server: Server) -> None:
    assert Server.from_context(server.to_context()) == server
    as_texts = {name: str(value) for name, value in server.to_context().items()}
    assert Server.from_context(as_texts) == server
