"""The command line: what it prints, in words and as JSON, and its exit status."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from roster.model import Right
from roster_agent.disk.mirror import Mirror
from roster_agent.support import local_answers
from tests.feed_simulator import NEXT, SEED, make_roster
from tests.unit.agent.server import SEED_FILES, SITE, Server


def test_should_show_the_status_as_json(server: Server) -> None:
    status = server.asks("status")
    now = datetime.now(UTC)
    for moment in (status.pop("applied_at"), status["last_attempt"].pop("at")):
        assert timedelta(0) <= now - datetime.fromisoformat(moment) < timedelta(minutes=1)
    assert status == {
        "site": "hogwarts",
        "server": "library",
        "feed": server.feed.url,
        "folder": str(server.folder),
        "version": 1,
        "epoch": 1,
        "counts": {"groups": 4, "members": 2, "memberships": 5, "teachers": 4},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in SEED_FILES.items()},
        "held": None,
        "last_attempt": {
            "outcome": "applied",
            "message": "Version 1 applied. Files delivered: students.csv, teachers.csv.",
        },
    }


def test_should_show_the_status_before_the_first_pull(enrolled: Server) -> None:
    status = enrolled.asks("status")
    assert {name for name, value in status.items() if value is None} == {
        "version",
        "epoch",
        "applied_at",
        "counts",
        "held",
        "last_attempt",
    }
    assert status["files"] == {}
    assert enrolled.run("status") == 0
    assert "none yet" in enrolled.out


def test_should_show_the_status_to_a_person(server: Server) -> None:
    assert server.run("status") == 0
    assert "files delivered students.csv, teachers.csv\n" in server.out
    assert "4 groups, 2 members, 5 memberships, 4 teachers" in server.out
    assert "imported into Impero" not in server.out


def test_should_count_a_file_as_delivered_only_while_it_is_as_it_was_written(server: Server) -> None:
    (server.folder / "students.csv").write_bytes(b"edited")
    assert list(server.asks("status")["files"]) == ["teachers.csv"]
    (server.folder / "teachers.csv").unlink()
    assert server.asks("status")["files"] == {}


def test_should_show_in_the_status_what_failed_last(server: Server) -> None:
    server.feed.tokens.clear()
    assert server.pull() == 1
    said = server.err.removeprefix("roster-agent: ").strip()
    assert server.asks("status")["last_attempt"]["message"] == said
    assert server.asks("status")["last_attempt"]["outcome"] == "token_refused"
    assert server.asks("status")["version"] == 1


@pytest.mark.parametrize("name", ["Dark Arts", "dark arts", "DARK ARTS"])
def test_should_show_a_group_in_any_case(server: Server, name: str) -> None:
    assert server.asks("group", name) == {"group": "Dark Arts", "members": ["Harry_Potter"]}
    assert server.run("group", name) == 0
    assert server.out == "Dark Arts, members: 1\n  Harry_Potter\n"


def test_should_show_a_student(server: Server) -> None:
    assert server.asks("user", "harry_potter") == {
        "username": "Harry_Potter",
        "member_of": ["Dark Arts", "Flying", "Potions"],
        "console": None,
    }
    server.run("user", "harry_potter")
    assert server.out == "Harry_Potter, member of: 3\n  Dark Arts\n  Flying\n  Potions\nno console access\n"


def test_should_show_a_teacher(server: Server) -> None:
    console = {"groups": ["Dark Arts", "Potions"], "pending": [], "all_groups": False, "basic_console_only": False}
    assert server.asks("user", "Severus_Snape") == {"username": "Severus_Snape", "member_of": [], "console": console}
    server.run("user", "Severus_Snape")
    expected = "Severus_Snape, member of: none\nconsole access, sees: 2\n  Dark Arts\n  Potions\n"
    assert server.out == expected


def test_should_show_a_teacher_who_waits_for_a_class_and_one_who_sees_everything(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.pull()
    assert server.asks("user", "severus_snape")["console"]["pending"] == ["Occlumency"]
    everything = server.asks("user", "MINERVA_MCGONAGALL")["console"]
    assert everything == {"groups": [], "pending": [], "all_groups": True, "basic_console_only": True}
    server.run("user", "minerva_mcgonagall")
    assert "console access (Basic Console Only), sees: 1\n  every group" in server.out


def test_should_show_a_teacher_who_is_a_member_too(enrolled: Server) -> None:
    right = Right("ron", "Ron", ("Potions",), (), all_groups=False, basic_console_only=False)
    enrolled.feed.publish(SITE, make_roster({"Potions": ["Ron"]}, ron=right))
    enrolled.pull()
    assert enrolled.asks("user", "ron")["member_of"] == ["Potions"]
    assert enrolled.asks("user", "ron")["console"]["groups"] == ["Potions"]


def test_should_find_every_group_of_a_user_who_is_spelt_in_two_ways(enrolled: Server) -> None:
    enrolled.feed.publish(SITE, make_roster({"Potions": ["Ron"], "Flying": ["RON"]}))
    assert enrolled.pull() == 0, enrolled.err
    assert enrolled.asks("user", "ron")["member_of"] == ["Flying", "Potions"]


@pytest.mark.parametrize("name", ["ZOË_MÜLLER", "zoe\u0308_mu\u0308ller"])
def test_should_find_a_name_however_its_accents_are_typed(server: Server, name: str) -> None:
    server.feed.publish(SITE, NEXT)
    server.pull()
    assert server.asks("user", name)["username"] == "Zoë_Müller"


@pytest.mark.parametrize(
    "question", [("group", "Astronomy"), ("group", "Harry_Potter"), ("user", "Potions"), ("user", "")]
)
def test_should_say_it_when_there_is_no_such_name(server: Server, question: tuple[str, str]) -> None:
    assert server.run(*question) == 1
    assert server.out == ""
    assert f"no such {question[0]}" in server.err
    assert question[1] == "" or question[1] not in server.err


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    "question",
    ["group Potions", "user Harry_Potter", "pull", "status", "approve --yes", "rotate-token", "export x", "history"],
)
def test_should_say_it_when_the_server_is_not_enrolled(new_server: Server, question: str, exists: bool) -> None:
    if exists:
        new_server.state.folder.mkdir()
    assert new_server.run(*question.split()) == 1
    assert "has no enrolment" in new_server.err
    assert "roster-agent enrol" in new_server.err
    assert not exists or not [*new_server.state.folder.iterdir()], "nor is anything put into a folder of others"


@pytest.mark.parametrize("question", [("group", "Potions"), ("user", "Harry_Potter")])
def test_should_say_it_when_nothing_was_pulled_yet(enrolled: Server, question: tuple[str, str]) -> None:
    assert enrolled.run(*question) == 1
    assert "roster-agent pull" in enrolled.err
    enrolled.pull()
    assert enrolled.run(*question) == 1
    assert "roster-agent pull" in enrolled.err


def test_should_answer_while_a_pull_is_at_work(server: Server) -> None:
    with server.state.locked(), Mirror(server.state.mirror) as pulling:
        pulling._db.execute("BEGIN IMMEDIATE")
        pulling._db.execute("DELETE FROM line")
        assert server.asks("group", "Flying")["members"] == ["Harry_Potter"]
        pulling._db.execute("ROLLBACK")


def test_should_say_it_when_the_mirror_is_damaged(server: Server) -> None:
    server.state.mirror.write_bytes(b"quarantined" * 1000)
    assert server.run("group", "Potions") == 1
    assert "roster-agent pull" in server.err


def test_should_show_what_a_pull_did_as_json(enrolled: Server) -> None:
    enrolled.feed.publish(SITE, SEED)
    assert enrolled.asks("pull")["outcome"] == "applied"


@pytest.mark.parametrize("arguments", [(), ("fetch",), ("group",), ("enrol", "--site", "x"), ("pull", "--nonsense")])
def test_should_end_with_2_on_wrong_usage(new_server: Server, arguments: tuple[str, ...]) -> None:
    assert new_server.run(*arguments) == 2
    assert "usage: roster-agent" in new_server.err


@pytest.mark.parametrize(
    "command",
    [
        "enrol",
        "pull",
        "run",
        "approve",
        "export",
        "import-bundle",
        "status",
        "history",
        "group",
        "user",
        "doctor",
        "support-bundle",
        "rotate-token",
        "service",
    ],
)
def test_should_explain_each_command(new_server: Server, command: str) -> None:
    assert new_server.run(command, "--help") == 0
    assert "--state" in new_server.out


def test_should_neither_trace_nor_quote_a_name_when_it_fails_unexpectedly(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise KeyError("Harry_Potter")

    monkeypatch.setattr(local_answers, "user", failing)
    assert server.run("user", "x") == 1
    assert (
        server.err
        == "roster-agent: internal error, please report it: KeyError in test_cli.py, failing, "
        + (server.err.rpartition(", ")[2])
    )


def test_should_end_quietly_when_nobody_reads_on(server: Server) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "roster_agent", "status", "--state", str(server.state.folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        assert shown.stdout
        assert shown.stderr
        shown.stdout.close()
        assert shown.stderr.read() == b""
    assert shown.returncode == 1


def test_should_run_as_a_module_and_print_json_in_any_code_page(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.pull()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "roster_agent", "user", "zoë_müller", "--state", str(server.state.folder)]
    words = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert words.stdout.startswith(b"Zo\\xeb_M\\xfcller, member of: 1")
    shown = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=True)
    assert json.loads(shown.stdout)["username"] == "Zoë_Müller"


def test_should_stop_without_a_word_when_nobody_reads_on(server: Server) -> None:
    command = [sys.executable, "-m", "roster_agent", "status", "--state", str(server.state.folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        told = subprocess.run(command, env=environment, stdout=nobody, stderr=subprocess.PIPE, check=False)
    assert (told.returncode, told.stderr) == (1, b"")
