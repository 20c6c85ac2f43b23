"""The doctor: a line for everything a pull needs, and what to do; the support bundle: all of it, and nobody's name."""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roster_agent.support import doctor
from tests.feed_faults import Answer
from tests.feed_simulator import NEXT, Keys, make_roster
from tests.unit.agent.server import SITE, Server

NAMES = [
    "enrolment",
    "state folder",
    "settings",
    "server",
    "keyring",
    "address",
    "feed",
    "clock",
    "CSVImport folder",
    "disk space",
    "mirror",
    "files",
    "hold",
    "service",
]


def examined(server: Server) -> dict[str, dict[str, Any]]:
    server.run("doctor", "--json")
    import json

    return {check["name"]: check for check in json.loads(server.out)}


def test_should_find_a_server_in_order_but_for_the_service(server: Server) -> None:
    checks = examined(server)
    assert list(checks) == NAMES
    assert {name for name, check in checks.items() if check["verdict"] != "ok"} == {"service"}
    assert server.run("doctor") == 0
    assert "ok       mirror: version 1, every byte as it was published\n" in server.out
    assert "roster-agent service install" in server.out


def test_should_find_the_service_at_work(server: Server) -> None:
    with server.state.running():
        assert examined(server)["service"]["verdict"] == "ok"


def _fail_head(status: int, body: bytes, kind: str = "application/json", **headers: str) -> Callable[[Server], object]:
    return lambda server: server.feed.spoil("head", lambda _: Answer(status, body, {"Content-Type": kind, **headers}))


def _rewrite(name: str, data: str) -> Callable[[Server], object]:
    return lambda server: (server.state.folder / name).write_text(data)


ILL: dict[str, tuple[Callable[[Server], object], str, str, str]] = {
    "settings wrong": (_rewrite("agent.toml", "proxy ="), "settings", "failed", "agent.toml"),
    "enrolment damaged": (_rewrite("enrolment.json", "{"), "server", "failed", "enrol"),
    "keyring damaged": (_rewrite("keyring.json", "{"), "keyring", "failed", "enrol"),
    "token refused": (_fail_head(401, b"{}"), "feed", "failed", "Ask for a new code"),
    "login page": (_fail_head(200, b"<html>", "text/html"), "feed", "failed", "web filter"),
    "feed broken": (_fail_head(503, b"{}"), "feed", "failed", "next pull tries again"),
    "folder gone": (lambda server: shutil.rmtree(server.folder), "CSVImport folder", "failed", "exists"),
    "mirror damaged": (_rewrite("mirror.db", "x" * 5000), "mirror", "failed", "roster-agent pull"),
    "mirror gone": (lambda server: server.state.forget_mirror(), "mirror", "warning", "roster-agent pull"),
    "file edited": (
        lambda server: (server.folder / "students.csv").write_bytes(b"x"),
        "files",
        "warning",
        "The next pull delivers",
    ),
}


@pytest.mark.parametrize("illness", ILL)
def test_should_find_and_advise(server: Server, illness: str) -> None:
    make_ill, name, verdict, advice = ILL[illness]
    make_ill(server)
    check = examined(server)[name]
    assert check["verdict"] == verdict, check
    assert advice in check["found"] + check["advice"]
    assert server.run("doctor") == (verdict == "failed")


def test_should_find_a_clock_that_is_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import time
    from http.server import BaseHTTPRequestHandler

    later = time.time() + 10 * 365 * 86400
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: _http_date(later))
    check = examined(server)["clock"]
    assert check["verdict"] == "warning"
    assert "behind the feed's" in check["found"]
    assert "Set the clock" in check["advice"]


def _http_date(at: float) -> str:
    from email.utils import formatdate

    return formatdate(at, usegmt=True)


def test_should_find_files_that_no_pull_can_replace(server: Server) -> None:
    (server.folder / ".students.csv.tmp" / "in the way").mkdir(parents=True)
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 1
    check = examined(server)["files"]
    assert (check["verdict"], "read-only" in check["advice"]) == ("failed", True)
    shutil.rmtree(server.folder / ".students.csv.tmp")
    assert server.pull() == 0
    assert examined(server)["files"]["verdict"] == "ok"


def test_should_find_a_host_that_nobody_knows(server: Server) -> None:
    server.state.save_enrolment(replace(server.state.enrolment(), feed="https://feed.invalid"))
    checks = examined(server)
    assert (checks["address"]["verdict"], checks["feed"]["verdict"]) == ("warning", "failed")
    assert checks["clock"]["verdict"] == "skipped"


def test_should_find_a_head_that_a_stranger_signed(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.feed.keys = Keys("first", "second")
    check = examined(server)["feed"]
    assert (check["verdict"], "not signed" in check["found"]) == ("failed", True)


def test_should_find_certificates_that_cannot_be_read(server: Server) -> None:
    server.state.settings_file.write_text("ca_file = '/nowhere/ca.pem'")
    check = examined(server)["feed"]
    assert (check["verdict"], "ca_file" in check["found"]) == ("failed", True)


def test_should_not_mind_a_pull_that_is_at_work(server: Server) -> None:
    with server.state.locked():
        assert examined(server)["state folder"]["verdict"] == "ok"


def test_should_not_tell_the_cloud_that_nothing_is_applied(server: Server) -> None:
    for command in ("doctor", "rotate-token"):
        server.run(command)
        asked = [path for path in server.feed.paths() if "/head" in path]
        assert asked == [f"/v1/sites/hogwarts/head{server.cursor()}"], command


def test_should_look_at_the_proxy_where_there_is_one(server: Server) -> None:
    server.state.save_enrolment(replace(server.state.enrolment(), feed="https://feed.invalid"))
    server.state.settings_file.write_text("proxy = 'http://user:secret@localhost:9'")
    checks = examined(server)
    assert "DNS knows the proxy localhost" in checks["address"]["found"]
    assert checks["feed"]["verdict"] == "failed"
    assert "secret" not in server.out


def test_should_find_a_disk_that_is_nearly_full(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LEAST_FREE_BYTES", 1 << 60)
    assert examined(server)["disk space"]["verdict"] == "warning"


def test_should_find_a_version_that_is_held(enrolled: Server) -> None:
    enrolled.feed.publish(SITE, make_roster({"Potions": [f"pupil{p}" for p in range(40)]}))
    enrolled.pull()
    enrolled.feed.publish(SITE, make_roster({}))
    enrolled.pull()
    check = examined(enrolled)["hold"]
    assert check["verdict"] == "warning"
    assert "approve" in check["advice"]


def test_should_say_what_to_do_where_nothing_was_done_yet(new_server: Server) -> None:
    checks = examined(new_server)
    assert list(checks) == NAMES
    assert {name for name, check in checks.items() if check["verdict"] != "skipped"} == {"enrolment"}
    assert checks["enrolment"]["verdict"] == "failed"
    assert checks["enrolment"]["found"].startswith("this machine is not enrolled: ")
    assert "roster-agent enrol" in checks["enrolment"]["advice"]
    assert new_server.run("doctor") == 1
    assert new_server.out.count("not looked at, because enrolment failed") == len(NAMES) - 1


@pytest.mark.parametrize(
    ("illness", "skipped"),
    [
        ("settings wrong", {"address", "feed", "clock"}),
        ("enrolment damaged", {"address", "feed", "clock", "CSVImport folder", "disk space", "files"}),
        ("keyring damaged", {"feed", "clock"}),
        ("folder gone", {"files"}),
        ("mirror damaged", {"files"}),
        ("token refused", set()),
    ],
)
def test_should_skip_what_it_cannot_judge_and_say_because_of_what(
    server: Server, illness: str, skipped: set[str]
) -> None:
    make_ill, cause, *_ = ILL[illness]
    make_ill(server)
    checks = examined(server)
    assert {name for name, check in checks.items() if check["verdict"] == "skipped"} == skipped
    codes = {check["code"]: check["name"] for check in checks.values()}
    assert {codes[code] for name in skipped for code in checks[name]["because"]} == ({cause} if skipped else set())


def test_should_put_nothing_into_a_folder_that_is_not_the_agents(new_server: Server) -> None:
    new_server.state.folder.mkdir()
    (new_server.state.folder / "thesis.txt").touch()
    new_server.run("doctor")
    assert [path.name for path in new_server.state.folder.iterdir()] == ["thesis.txt"]


def _texts(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_should_put_everything_that_helps_into_one_file_and_nobodys_name(server: Server, tmp_path: Path) -> None:
    token = server.state.enrolment().token
    server.state.settings_file.write_text("proxy = 'http://user:secret@127.0.0.1:9'")
    server.state.logs.mkdir()
    (server.state.logs / "agent.log").write_text(f"2026 INFO hello {token} and http://user:secret@proxy:1/\n")
    server.feed.publish(SITE, NEXT)
    server.pull()
    assert server.run("support-bundle", str(tmp_path / "help.zip")) == 0, server.err
    texts = _texts(tmp_path / "help.zip")
    assert set(texts) == {"versions.json", "status.json", "history.json", "doctor.json", "settings.json", "agent.log"}
    everything = "\n".join([*texts, *texts.values()])
    secrets = [
        token,
        "secret",
        "Harry",
        "Hermione",
        "Ron_",
        "Zoë",
        "Snape",
        "McGonagall",
        "Potions",
        "Charms",
        "Occlum",
    ]
    assert [secret for secret in secrets if secret.casefold() in everything.casefold()] == []
    assert '"version": 2' in texts["status.json"]
    assert "hello ***" in texts["agent.log"]
    assert '"proxy": "***@127.0.0.1:9"' in texts["settings.json"]
    assert "cryptography" in texts["versions.json"]


@pytest.mark.parametrize(
    "text",
    [
        "proxy = 'http://user:a@secret/secret@proxy:80'",
        "proxy = 'http://user:\"secret@proxy:80'",
        "proxy = 'user:secret@proxy:80'",
        "proxy_password = 'secret'",
        "# proxy = http://user:se/secret@proxy:80",
        "proxy = 'http://user:secret@proxy:80",
    ],
)
def test_should_put_no_password_into_it_however_it_was_written(server: Server, tmp_path: Path, text: str) -> None:
    server.state.settings_file.write_text(text)
    server.run("doctor")
    assert "secret" not in server.out
    assert server.run("support-bundle", str(tmp_path / "help.zip")) == 0, server.err
    assert "secret" not in "".join(_texts(tmp_path / "help.zip").values())


def test_should_help_also_where_nothing_works(new_server: Server, tmp_path: Path) -> None:
    assert new_server.run("support-bundle", str(tmp_path / "help.zip")) == 0
    assert "not_enrolled" in _texts(tmp_path / "help.zip")["status.json"]
    assert new_server.run("support-bundle", "/nowhere/help.zip") == 1
    assert new_server.err.startswith("roster-agent: The file cannot be written: /nowhere/help.zip (No such file")
