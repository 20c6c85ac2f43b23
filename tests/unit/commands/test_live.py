"""`roster-admin watch`: what is told of a site as it happens, and how it ends."""

import json
from typing import Any

import pytest

from roster_commands import live
from roster_commands.admin import main

FIRST, SECOND = "20260901T020500Z-000001", "20260902T020500Z-000002"
OK = {"site": "hogwarts", "import": FIRST, "status": "ok", "version": 1, "changes": {"groups_created": 4}}
FETCHING = {"site": "hogwarts", "import": SECOND, "status": "fetching"}
HELD = {"site": "hogwarts", "import": SECOND, "status": "held", "reason": "memberships_removed"}
FAILED = {"site": "hogwarts", "import": SECOND, "status": "failed", "reason": "not_utf8", "file": "students.csv"}
DONE = OK | {"import": SECOND, "status": "ok_with_warnings", "changes": None, "counts": {"rows_rejected": 3}}
LONE = {"file": "teachers.csv", "missing": "students.csv", "since": "2026-09-02T02:05:00+00:00", "until": None}


def server(state: str, version: int | None) -> dict[str, Any]:
    return {"server": "srv-01", "state": state, "applied_version": version, "differs": False}


def look(*imports: dict[str, Any], waiting: Any = None, servers: tuple[dict[str, Any], ...] = ()) -> Any:
    return {"imports": list(imports), "waiting": waiting}, {"servers": list(servers)}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the cloud answers, one look after the other; then somebody presses Ctrl-C."""
    answers: list[Any] = []

    class Watched:
        def __init__(self, name: str, stack: str) -> None:
            self.name = name

        def ask(self, action: str, **_: Any) -> Any:
            if action == "imports":
                if not answers:
                    raise KeyboardInterrupt
                return answers[0][0]
            return answers.pop(0)[1]

    monkeypatch.setattr(live, "Site", Watched)
    monkeypatch.setattr(live, "LOOK_SECONDS", 0)
    return answers


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines without their times."""
    return [line[10:] for line in capsys.readouterr().out.splitlines()]


def test_should_tell_each_thing_once_as_it_happens(looks: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    behind, applied = server("behind", 1), server("applied", 2)
    looks += [
        look(OK, servers=(server("applied", 1),)),
        look(OK, waiting=LONE, servers=(server("applied", 1),)),
        look(FETCHING, OK, waiting=None, servers=(server("applied", 1),)),
        look(FETCHING, OK, servers=(server("applied", 1),)),
        look(DONE, OK, servers=(behind,)),
        look(DONE, OK, servers=(applied,)),
    ]
    assert main(["watch", "hogwarts", "--stack", "sis"]) == 0
    assert told(capsys) == [
        f"{FIRST}  OK; groups 4 created",
        "srv-01  has the newest version (version 1)",
        "teachers.csv has waited for students.csv since 2026-09-02 02:05. Upload students.csv to import both.",
        f"{SECOND}  Fetching…",
        f"{SECOND}  OK, with warnings; 3 rows rejected",
        "srv-01  behind (version 1)",
        "srv-01  has the newest version (version 2)",
    ]


@pytest.mark.parametrize(
    ("last", "status", "said"), [(DONE, 0, "OK, with"), (FAILED, 1, "not_utf8"), (HELD, 1, "Held")]
)
def test_should_end_with_the_next_import(
    last: dict[str, Any], status: int, said: str, looks: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    looks += [look(OK), look(FETCHING, OK), look(last, OK), look(last, OK)]
    assert main(["watch", "hogwarts", "--until-done", "--stack", "sis"]) == status
    assert said in told(capsys)[-1]
    assert len(looks) == 1


def test_should_write_a_line_of_json_for_each_thing(looks: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    looks += [look(OK, servers=(server("silent", None),)), look(HELD, OK, servers=(server("silent", None),))]
    assert main(["watch", "hogwarts", "--json", "--stack", "sis"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["about"], each["status"]) for each in said] == [(FIRST, "ok"), ("srv-01", "silent"), (SECOND, "held")]
