"""A token is replaced without ever locking the server out."""

import pytest

from roster_agent.disk.state import State
from tests.feed_faults import Answer
from tests.feed_simulator import NEXT
from tests.unit.agent.server import NEXT_FILES, SITE, Server


def test_should_use_a_new_token_and_end_the_old_one(server: Server) -> None:
    old = server.state.enrolment().token
    assert server.run("rotate-token") == 0, server.err
    new = server.state.enrolment().token
    assert new != old
    assert set(server.feed.tokens) == {new}
    assert new not in server.out
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 0
    assert server.files() == NEXT_FILES


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b"{}"),
        Answer(401, b"{}"),
        Answer(200, b'{"token": "short"}'),
        Answer(200, b"[]"),
        Answer(200, b"<html>", {"Content-Type": "text/html"}),
    ],
    ids=["fails", "refused", "too short", "no token", "login page"],
)
def test_should_keep_the_old_token_when_there_is_no_new_one(server: Server, answer: Answer) -> None:
    old = server.state.enrolment()
    server.feed.spoil("token", lambda _: answer)
    assert server.run("rotate-token") == 1
    assert server.state.enrolment() == old
    assert server.pull() == 0


def test_should_go_back_to_the_old_token_when_the_new_one_is_refused(server: Server) -> None:
    old = server.state.enrolment()
    server.feed.spoil("token", lambda _: Answer(200, b'{"token": "nobody-knows-this-token"}'))
    assert server.run("rotate-token") == 1
    assert server.state.enrolment() == old
    assert server.pull() == 0


def test_should_not_be_locked_out_when_it_is_killed_between_writing_and_using(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = State.save_enrolment

    def killed(state: State, enrolment: object) -> None:
        real(state, enrolment)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(State, "save_enrolment", killed)
        assert server.run("rotate-token") == 1
    assert server.pull() == 0, server.err
    assert server.run("rotate-token") == 0
