"""A code becomes an enrolment; whatever is wrong on this machine is found before the code is used up."""

import os
import stat
from pathlib import Path

import pytest

from roster_agent.cli.command_line import default_folder
from tests.feed_faults import Answer
from tests.feed_simulator import NEXT, SEED, snapshot
from tests.unit.agent.server import SEED_FILES, SITE, Server


def _enrol(server: Server, usual: str, **other: object) -> int:
    given = {"feed": server.feed.url, "site": SITE, "code": usual, "folder": server.folder} | other
    return server.run("enrol", *(word for name, value in given.items() for word in (f"--{name}", str(value))))


def test_should_enrol_and_say_what_comes_next(new_server: Server) -> None:
    assert new_server.enrol() == 0
    assert new_server.out == "Enrolled as server library of site hogwarts. Next: roster-agent pull\n"
    enrolment = new_server.state.enrolment()
    assert (enrolment.site, enrolment.server, enrolment.folder) == (SITE, "library", str(new_server.folder))
    assert enrolment.token in new_server.feed.tokens


def test_should_never_show_the_token(new_server: Server) -> None:
    new_server.enrol("--json")
    token = new_server.state.enrolment().token
    assert token not in new_server.out + new_server.err
    assert token not in repr(new_server.state.enrolment())
    new_server.run("status")
    assert token not in new_server.out


def test_should_keep_the_token_in_one_file_that_its_owner_alone_can_read(new_server: Server) -> None:
    new_server.enrol()
    token = new_server.state.enrolment().token.encode()
    holders = [path for path in new_server.state.folder.rglob("*") if token in path.read_bytes()]
    assert [path.name for path in holders] == ["enrolment.json"]
    if os.name != "nt":
        assert stat.S_IMODE(holders[0].stat().st_mode) == 0o600
        assert stat.S_IMODE(new_server.state.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("other", "status", "says"),
    [
        ({"folder": "/nowhere/CSVImport"}, 1, "there is no folder /nowhere/CSVImport"),
        ({"feed": "http://feed.example.org"}, 2, "https://"),
        ({"feed": "https://user:word@feed.example.org"}, 2, "https://HOST"),
        ({"site": "Hogwarts School"}, 2, "a site has"),
        ({"code": " "}, 2, "the code is empty"),
    ],
    ids=["folder missing", "feed without TLS", "feed with a password", "no site", "no code"],
)
def test_should_keep_the_code_when_an_argument_is_wrong(
    new_server: Server, other: dict[str, str], status: int, says: str
) -> None:
    code = new_server.feed.code(SITE, "library")
    assert _enrol(new_server, code, **other) == status
    assert says in new_server.err
    assert "Traceback" not in new_server.err
    assert new_server.feed.requests == []
    assert _enrol(new_server, code) == 0


def test_should_keep_the_code_when_the_folder_cannot_be_written(new_server: Server) -> None:
    new_server.folder.chmod(0o500)
    if os.access(new_server.folder, os.W_OK):
        pytest.skip("the administrator may write everywhere")
    code = new_server.feed.code(SITE, "library")
    assert _enrol(new_server, code) == 1
    assert "Permission denied" in new_server.err
    assert code in new_server.feed.codes


def test_should_keep_the_code_when_the_folder_is_a_file(new_server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert _enrol(new_server, new_server.feed.code(SITE, "library"), folder=tmp_path / "file") == 1
    assert new_server.feed.requests == []


def test_should_leave_nothing_in_the_folder_that_it_tried(new_server: Server) -> None:
    new_server.enrol()
    assert new_server.files() == {}


@pytest.mark.parametrize("place", ["same", "inside", "around"])
def test_should_keep_the_private_folder_apart_from_the_delivered_one(new_server: Server, place: str) -> None:
    state = {"same": new_server.folder, "inside": new_server.folder / "state", "around": new_server.folder.parent}[
        place
    ]
    new_server.state.folder = state
    assert _enrol(new_server, new_server.feed.code(SITE, "library")) == 2
    assert "must not be inside each other" in new_server.err
    assert new_server.feed.requests == []


def test_should_leave_a_state_folder_alone_that_holds_other_things(new_server: Server) -> None:
    new_server.state.folder.mkdir(mode=0o755)
    (new_server.state.folder / "thesis.txt").touch()
    mode = new_server.state.folder.stat().st_mode
    assert new_server.enrol() == 1
    assert "other things" in new_server.err
    assert new_server.state.folder.stat().st_mode == mode
    assert new_server.feed.requests == []


def test_should_take_a_folder_that_was_there_from_everybody_else(new_server: Server) -> None:
    new_server.state.folder.mkdir(mode=0o755)
    new_server.state.settings_file.write_text("proxy = 'none'")
    assert new_server.enrol() == 0
    assert stat.S_IMODE(new_server.state.folder.stat().st_mode) == 0o700


def test_should_say_it_when_the_code_is_unknown_used_or_expired(new_server: Server) -> None:
    assert _enrol(new_server, "0123456789") == 1
    assert "has expired" in new_server.err
    assert "Ask for a new one" in new_server.err
    assert not new_server.state.is_enrolled()


def test_should_say_it_when_the_code_is_for_another_site(new_server: Server) -> None:
    code = new_server.feed.code("durmstrang", "library")
    assert _enrol(new_server, code) == 1
    assert "another site" in new_server.err
    assert code in new_server.feed.codes


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(200, b"<html>", {"Content-Type": "text/html"}), "did not come from the feed"),
        (Answer(200, b'{"site":"durmstrang","server":"s","token":"0123456789abcdef"}'), "malformed"),
        (Answer(200, b'{"site":"hogwarts","server":"s","token":"line\\nbreak: 0123456789"}'), "malformed"),
        (Answer(200, b'{"site":"hogwarts","server":"s\\u001b[2J","token":"0123456789abcdef"}'), "malformed"),
        (Answer(200, b'{"site":"hogwarts","server":"s"}'), "malformed"),
        (Answer(403, b"<html>blocked</html>", {"Content-Type": "text/html"}), "web filter"),
        (Answer(400, b'{"error":"bad_request"}'), "does not understand the code"),
        (Answer(404, b'{"message":"Not Found"}'), "Check the feed's address"),
        (Answer(429, b'{"message":"Too Many Requests"}'), "could not answer"),
        (Answer(500, b'{"message":"Internal Server Error"}'), "could not answer"),
    ],
)
def test_should_take_no_other_answer_for_an_enrolment(new_server: Server, answer: Answer, says: str) -> None:
    new_server.feed.spoil("enrol", lambda _: answer)
    assert new_server.enrol() in (1, 2)
    assert says in new_server.err
    assert not new_server.state.is_enrolled()


def test_should_not_enrol_twice_by_accident(server: Server) -> None:
    before = server.state.enrolment()
    assert server.enrol(server="canteen") == 1
    assert "--force" in server.err
    assert server.feed.requests == []
    assert server.state.enrolment() == before


def test_should_keep_the_mirror_when_the_same_site_is_enrolled_again(server: Server) -> None:
    assert server.enrol("--force", server="canteen") == 0
    assert server.state.enrolment().server == "canteen"
    assert server.mirror() == (1, snapshot(SEED))
    assert server.pull() == 0
    assert server.outcome() == "nothing_new"


def test_should_tell_the_cloud_again_what_it_has_once_it_is_enrolled_again(server: Server) -> None:
    server.feed.reports.clear()
    assert server.enrol("--force") == 0
    assert server.pull() == 0
    assert [report["version"] for report in server.feed.reports] == [1]


def test_should_begin_anew_when_another_site_is_enrolled(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.pull()
    server.feed.publish("durmstrang", SEED)
    assert server.enrol("--force", site="durmstrang") == 0
    assert server.mirror() is None
    assert server.pull() == 0, server.err
    assert (server.mirror(), server.files()) == ((1, snapshot(SEED)), SEED_FILES)


def test_should_replace_a_damaged_enrolment_only_when_told_to(server: Server) -> None:
    (server.state.folder / "enrolment.json").write_bytes(b'{"feed": ')
    assert server.pull() == 1
    assert "damaged" in server.err
    assert server.enrol() == 1
    assert server.enrol("--force") == 0
    assert server.pull() == 0


def test_should_use_the_state_folder_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ROSTER_AGENT_STATE", str(tmp_path / "named"))
    assert default_folder() == tmp_path / "named"


@pytest.mark.skipif(os.name == "nt", reason="Windows has its own place")
def test_should_have_a_place_for_the_state_when_nobody_names_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ROSTER_AGENT_STATE", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_folder() == Path("/var/lib/roster-agent")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "roster-agent"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".local" / "state" / "roster-agent"
