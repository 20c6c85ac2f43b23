"""What `roster-admin` prints, whatever it prints to. What it asks of the cloud is tried in tests/flow."""

import io
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from roster.difference import Difference
from roster.memory import NOTHING, Memory
from roster.model import Group, Right, Roster
from roster.plan import Base, Known, Plan, plan_import
from roster.settings import Settings
from roster_commands import acting, showing
from roster_commands.admin import main
from roster_commands.site import Failed, Site
from tests.unit.roster.samples import SEED, base_of

GROUP = {"name": "Kräuterkunde", "members": ["Jürgen_Müller", *(f"Schüler_{number}" for number in range(200))]}


class Answering:
    """A site that knows one group, and one user who is in very many."""

    def __init__(self, name: str, stack: str) -> None:
        self.name = name

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        return {"group": GROUP}

    def parts(self, action: str, **details: Any) -> list[dict[str, Any]]:
        return [{"console": None, "member_of": [f"Kräuter {number}" for number in range(300)]}]


@pytest.fixture(autouse=True)
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "Site", Answering)


def show(*what: str) -> int:
    return main(["show", "hogwarts", *what, "--stack", "sis"])


def test_should_print_names_that_the_console_has_no_letters_for(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="ascii"))
    assert show("group", "kräuterkunde") == 0
    assert show("user", "jürgen") == 0
    assert printed.getvalue().startswith(b"J\\xfcrgen_M\\xfcller\n")
    assert b"Kr\\xe4uter 299" in printed.getvalue()


def test_should_not_break_a_line_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("user", "jürgen") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("member of: Kräuter 0, ")
    assert line.endswith("Kräuter 99")


@pytest.mark.parametrize("what", [("group", "kräuterkunde"), ("group", "kräuterkunde", "--json"), ("user", "jürgen")])
def test_should_stop_without_a_word_when_nobody_reads_on(
    what: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        with pytest.raises(SystemExit) as ended:
            show(*what)
    assert ended.value.code == 1
    assert capsys.readouterr().err == ""


def test_should_say_that_a_version_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = {"sha256": "", "bytes": 1, "content_sha256": "", "content_bytes": 1}
    said = {"version": 3, "snapshot": blob, "link": "http://127.0.0.1:1/secret", "counts": {}}
    monkeypatch.setattr(Site, "ask", lambda *_, **__: said)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with pytest.raises(Failed, match="version 3 could not be fetched") as failed:
        Site("hogwarts", "sis").version()
    assert "secret" not in str(failed.value)


# What changes something


HELD: dict[str, Any] = {
    "site": "hogwarts",
    "import": "20260915T020500Z-000015",
    "status": "held",
    "held": [{"code": "teachers_removed", "number": 6, "of": 60, "file": None}],
    "people": {
        "pupils_stay": 600,
        "pupils_come": 150,
        "pupils_go": 150,
        "teachers_stay": 54,
        "teachers_come": 8,
        "teachers_go": 6,
        "new_school_year": True,
    },
    "plan": {"manifest_sha256": "ab" * 32},
}
SUPERSEDED = HELD | {"status": "superseded", "superseded_by": "20260916T020500Z-000016", "import": "20260914T020500Z-1"}
OK = {"import": HELD["import"], "status": "ok", "version": 8}
OLD = Roster((Group("art", "Art", ("ann",)),), (Right("t05", "t05", ("Art",), (), False, False),))
NEW = Roster(tuple(Group(f"g{n:03}", f"G{n:03}", ("ann", *(f"p{m:02}" for m in range(20)))) for n in range(150)), ())


class Changing:
    """A site with one held import; remembers what it was asked to change."""

    asked: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012 (of this class alone)
    held = HELD["import"]
    kept: dict[str, Any] | None = None
    inbox = "inbox-of-sis"

    def __init__(self, name: str, stack: str) -> None:
        self.name = name

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        if action == "imports":
            return {"imports": [], "held": self.held}
        if action == "page":
            return {"page": {"view": "site", "kept": self.kept}}
        reports = {report["import"]: report for report in (HELD, SUPERSEDED, OK | {"import": "20260913T020500Z-1"})}
        return {"report": reports[details["import"]]}

    def version(self, number: int = 0, **held: str) -> tuple[dict[str, Any], Base]:
        return {"version": 7}, base_of(NEW if held else OLD)

    def change(self, action: str, **details: Any) -> dict[str, Any]:
        self.asked.append((action, details))
        return {"ok": True}

    def order(self, action: str, **details: Any) -> dict[str, Any]:
        self.asked.append((action, details))
        return OK


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    monkeypatch.setattr(acting, "Site", Changing)
    monkeypatch.setattr(Changing, "asked", [])
    return Changing.asked


@pytest.fixture
def somebody_says(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def answer(said: str) -> None:
        terminal = io.StringIO(f"{said}\n")
        terminal.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stdin", terminal)

    return answer


def admin(*arguments: str) -> int:
    return main([*arguments, "--stack", "sis"])


def test_should_add_a_site_and_say_what_to_do_next(
    asked: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert admin("site", "add", "hogwarts") == 0
    assert asked == [("site-add", {})]
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "hogwarts is a site now. Next:"
    steps = ("roster-admin import hogwarts", "s3://inbox-of-sis/hogwarts/", "roster-admin enrol hogwarts SERVER")
    places = [out.index(step) for step in steps]
    assert places == sorted(places)
    monkeypatch.setattr(Changing, "held", "")
    assert admin("site", "add", "hogwarts") == 0
    assert "roster-admin import" not in capsys.readouterr().out
    assert admin("site", "add", "hogwarts", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"added": "hogwarts", "held": ""}


def test_should_add_no_site_whose_name_is_none(asked: list[Any]) -> None:
    with pytest.raises(SystemExit) as ended:
        admin("site", "add", "Hogwarts/")
    assert (ended.value.code, asked) == (2, [])


@pytest.mark.parametrize("named", [[], [HELD["import"]]])
def test_should_approve_what_is_held_after_showing_who_it_concerns(
    named: list[str],
    asked: list[Any],
    somebody_says: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    somebody_says("y")
    assert admin("approve", "hogwarts", *named) == 0
    assert asked == [("approve", {"import": HELD["import"], "plan": "ab" * 32})]
    err = capsys.readouterr().err
    shown = [
        "54 teachers stay, 8 come, 6 go; 600 pupils stay, 150 come, 150 go. It looks like a new school year.",
        "6 of 60 teachers would lose console access",
        "Console access that goes: 1",
        "  t05: loses 1 class: Art",
        "Groups that go: 1",
        "New groups: 150",
        "  G000: 21 members: ann, p00, p01, p02, p03, p04, p05, p06, p07, p08 and 11 more",
        "  and 52 more",
        "Publish this?",
    ]
    joined = " ".join(err.split())
    places = [joined.find(" ".join(said.split())) for said in shown]
    assert -1 not in places
    assert places == sorted(places)


def test_should_list_everybody_where_asked(
    asked: list[Any], somebody_says: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    somebody_says("n")
    assert admin("approve", "hogwarts", "--all", "--members") == 1
    err = capsys.readouterr().err
    assert ("G149" in err, "p19" in err, "more" in err) == (True, True, False)
    assert asked == []


@pytest.mark.parametrize("command", ["approve", "reject"])
def test_should_name_the_successor_of_a_superseded_import(
    command: str, asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert admin(command, "hogwarts", SUPERSEDED["import"]) == 1
    assert "a newer import took the place of this one: 20260916T020500Z-000016" in capsys.readouterr().err
    assert admin(command, "hogwarts", "20260913T020500Z-1") == 1
    assert "this import is not held: its status is ok" in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize("command", ["approve", "reject"])
def test_should_say_that_no_import_is_held(
    command: str, asked: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Changing, "held", "")
    assert admin(command, "hogwarts") == 1
    assert "no import of hogwarts is held" in capsys.readouterr().err
    assert asked == []


def test_should_reject_what_is_held(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert admin("reject", "hogwarts") == 0
    assert asked == [("reject", {"import": HELD["import"]})]
    assert f"Rejected {HELD['import']}; nothing was changed." in capsys.readouterr().out


def test_should_settle_after_saying_what_is_kept_and_until_when(
    asked: list[Any],
    somebody_says: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert admin("settle", "hogwarts") == 1
    assert "no bad row of hogwarts keeps anything" in capsys.readouterr().err
    until = "2026-12-09T02:00:00+00:00"
    rows = [{"file": "students.csv", "row": 7483, "facts": 25, "until": until}]
    monkeypatch.setattr(Changing, "kept", {"facts": 25, "until": until, "rows": rows})
    said = "25 removals were not made, because of row 7483 of students.csv, until 9 Dec."
    tried: list[tuple[str, int, list[Any]]] = [("n", 1, []), ("y", 0, [("settle", {})])]
    for answer, status, orders in tried:
        somebody_says(answer)
        assert admin("settle", "hogwarts") == status
        assert said in capsys.readouterr().err
        assert asked == orders


def test_should_settle_nothing_where_nobody_can_answer(
    asked: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Changing, "kept", {"facts": 1})
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert admin("settle", "hogwarts") == 1
    assert "add --yes where nobody can answer" in capsys.readouterr().err
    assert asked == []
    assert admin("settle", "hogwarts", "--yes") == 0
    assert asked == [("settle", {})]


def test_should_show_what_changed_between_versions_in_the_same_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = {1: OLD, 2: NEW}
    monkeypatch.setattr(showing, "Site", Changing)
    monkeypatch.setattr(Changing, "version", lambda _, number: ({"version": number}, base_of(versions[number])))
    assert admin("diff", "hogwarts", "1", "2") == 0
    out = capsys.readouterr().out
    assert out.index("Console access that goes: 1") < out.index("Groups that go: 1") < out.index("New groups: 150")
    assert "and 52 more" in out
    assert admin("diff", "hogwarts", "1", "2", "--json", "--all") == 0
    told = Difference.from_dict(json.loads(capsys.readouterr().out))
    assert [len(part.listed) for part in told.parts] == [1, 0, 0, 1, 150, 0]


def test_should_preview_by_what_the_site_remembers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A row that is bad every night keeps nothing: the preview has to know that it was there."""
    memory = Memory({"students.csv": {"ab": 1}})
    link = tmp_path / "memory"
    link.write_bytes(memory.to_bytes())
    for name, data in SEED.items():
        (tmp_path / name).write_bytes(data)
    said = {"version": 7, "settings": {}, "memory_link": link.as_uri(), "school_year": "2026-08-20", "site_new": ""}
    known: list[Known] = []

    def read(folder: Path, settings: Settings, base: Base | None, knows: Known) -> Plan:
        known.append(knows)
        return plan_import(SEED, settings, base, known=knows)

    monkeypatch.setattr(showing, "read_pair_of", read)
    monkeypatch.setattr(showing, "Site", Site)
    monkeypatch.setattr(Site, "version", lambda _: (said, None))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    admin("preview", "hogwarts", str(tmp_path), "--json")
    assert json.loads(capsys.readouterr().out)["changes"]["groups_created"] == 4
    assert (known[0].memory, known[0].school_year, known[0].site_new) == (memory, "2026-08-20", "")
    assert abs(datetime.now(UTC) - known[0].now) < timedelta(minutes=5)


def test_should_preview_without_a_memory_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    known = Site("hogwarts", "sis").known({"version": 7, "settings": {}})
    assert (known.memory, known.school_year, known.site_new) == (NOTHING, "", None)
