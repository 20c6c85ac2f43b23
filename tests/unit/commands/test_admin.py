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
from rich.console import Console

from roster.difference import Difference
from roster.memory import NOTHING, Memory
from roster.model import Group, Right, Roster
from roster.plan import Base, Known, Plan, plan_import
from roster.report import Report
from roster.settings import Settings
from roster_commands import acting, showing
from roster_commands import server_commands as listing_servers
from roster_commands.admin import main
from roster_commands.outcome import Outcome
from roster_commands.pages import printed
from roster_commands.site import Failed, Site
from roster_pages import page
from roster_pages.page_model import Page
from tests.unit.roster.samples import SEED, base_of

GROUP = {"name": "Kräuterkunde", "members": ["Jürgen_Müller", *(f"Schüler_{number}" for number in range(200))]}
AT = "2026-11-26T12:00:00+00:00"


class Answering(Site):
    """A site that answers each view with these data, and remembers what it was asked."""

    data: dict[str, dict[str, Any]] = {}  # noqa: RUF012 (of this class alone)
    asked: list[dict[str, Any]] = []  # noqa: RUF012

    def __init__(self, name: str, stack: str) -> None:
        self.name = name

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        self.asked.append({"action": action, **details})
        if action != "page":
            return self.data[action]
        about = {"view": details["view"], "at": AT, "site": self.name, "page": 1, "pages": 1}
        return {"page": about | self.data[details["view"]]}


@pytest.fixture(autouse=True)
def answering(monkeypatch: pytest.MonkeyPatch) -> type[Answering]:
    data: dict[str, dict[str, Any]] = {
        "group": {"name": "kräuterkunde", "group": GROUP | {"total": 201}, "teachers": ["Snape"], "next": ""},
        "user": {
            "name": "jürgen",
            "console": None,
            "member_of": [f"Kräuter {number}" for number in range(300)],
            "next": "",
        },
    }
    monkeypatch.setattr(Answering, "data", data)
    monkeypatch.setattr(Answering, "asked", [])
    for module in (showing, listing_servers):
        monkeypatch.setattr(module, "Site", Answering)
    return Answering


def show(*what: str) -> int:
    return main(["show", "hogwarts", *what, "--stack", "sis"])


def test_should_print_names_that_the_console_has_no_letters_for(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="ascii"))
    assert show("group", "kräuterkunde") == 0
    assert show("user", "jürgen") == 0
    assert b"J\\xfcrgen_M\\xfcller" in printed.getvalue()
    assert b"Kr\\xe4uter 299" in printed.getvalue()


def test_should_not_break_a_line_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("user", "jürgen") == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "Kräuter" in line]
    assert line.split() == ["300", "groups", *" ".join(f"Kräuter {number}," for number in range(300))[:-1].split()]


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
    with pytest.raises(Failed, match="Version 3 could not be fetched") as failed:
        Site("hogwarts", "sis").version()
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (("group", "kräuterkunde"), GROUP),
        (
            ("user", "Jürgen"),
            {"username": "Jürgen", "console": None, "member_of": [f"Kräuter {number}" for number in range(300)]},
        ),
    ],
)
def test_should_print_the_data_of_a_group_or_a_user_as_json(
    what: tuple[str, ...], said: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(*what, "--json") == 0
    assert json.loads(capsys.readouterr().out) == said


def test_should_say_that_there_is_no_such_group_or_user(
    answering: type[Answering], capsys: pytest.CaptureFixture[str]
) -> None:
    answering.data["group"] |= {"group": None, "teachers": []}
    answering.data["user"] |= {"member_of": []}
    assert (show("group", "art"), capsys.readouterr()) == (1, ("", "There is no such group.\n"))
    assert (show("group", "art", "--json"), capsys.readouterr().out) == (1, "")
    assert (show("user", "ann"), capsys.readouterr()) == (1, ("", "There is no such user.\n"))
    assert show("user", "ann", "--json") == 1
    assert json.loads(capsys.readouterr().out) == {"username": "ann", "console": None, "member_of": []}
    assert show("user") == 2
    assert "Which user?" in capsys.readouterr().err


def right(username: str, *groups: str) -> dict[str, Any]:
    return {
        "username": username,
        "groups": list(groups),
        "pending": [],
        "all_groups": False,
        "basic_console_only": False,
    }


RIGHTS = [right("ann", "Art"), right("Bob"), right("carl", "[red]Latin[/]")]


def test_should_print_the_console_access_list_as_the_dashboard_shows_it(
    answering: type[Answering], capsys: pytest.CaptureFixture[str]
) -> None:
    answering.data["console"] = {"rights": RIGHTS, "total": 3, "matching": 3, "search": "", "next": ""}
    assert show("console") == 0
    assert answering.asked == [{"action": "page", "view": "console", "name": "", "whole": True}], "one call"
    out = capsys.readouterr().out
    shown = page_lines(page({"view": "console", "site": "hogwarts", "at": AT} | answering.data["console"]))
    assert [line.split() for line in out.splitlines()] == [line.split() for line in shown]
    assert "[red]Latin[/]" in out
    assert show("console", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [RIGHTS[1], RIGHTS[0], RIGHTS[2]], "sorted as ever"


def page_lines(page: Page) -> list[str]:
    out = io.StringIO()
    printed(page._replace(trail=()), Console(file=out, width=1000, highlight=False, color_system=None))
    return out.getvalue().splitlines()


def test_should_go_on_where_an_answer_is_full(
    answering: type[Answering], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ask(_site: Site, action: str, *, view: str, start: str = "", **_: Any) -> dict[str, Any]:
        place = int(start or 0)
        further = str(place + 1) if place < 2 else ""
        about = {"total": 3, "matching": 3, "search": "", "rights": [RIGHTS[place]], "next": further}
        if view == "group":
            members = {"name": "Art", "members": [f"p{place}"], "total": 3}
            about = {"name": "art", "group": members, "teachers": ["ann"], "next": further}
        elif view == "user":
            about = {"name": "ann", "console": None, "member_of": [f"G{place}"], "next": further}
        return {"page": {"view": view, "at": AT, "site": "hogwarts", "page": 1, "pages": 1} | about}

    monkeypatch.setattr(answering, "ask", ask)
    assert show("console", "--json") == 0
    assert [each["username"] for each in json.loads(capsys.readouterr().out)] == ["Bob", "ann", "carl"]
    assert show("group", "art", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"name": "Art", "members": ["p0", "p1", "p2"]}
    assert show("user", "ann", "--json") == 0
    assert json.loads(capsys.readouterr().out)["member_of"] == ["G0", "G1", "G2"]


def report(number: int, status: str = "ok", **more: Any) -> dict[str, Any]:
    counts = {"rows_read": 10, "rows_rejected": 0, "groups": 4, "members": 2, "memberships": 5, "teachers": 4}
    about = {"site": "hogwarts", "import": f"20261126T1100{number:02}Z-{number:06}", "status": status}
    made = {"base_version": number - 1, "version": number, "counts": counts, "changes": {"groups_created": number}}
    return about | made | {"ended_at": AT} | more


REPORTS = [
    report(3, "no_change", base_version=2, version=2),
    report(2, approved_by="arn:somebody"),
    report(1, "ok_with_warnings"),
]
SITE: dict[str, Any] = {
    "version": 2,
    "published_at": AT,
    "paused": True,
    "waiting": None,
    "imports": REPORTS,
    "servers": [],
    "settings": {},
    "stale_since": "",
    "held": None,
}


def test_should_list_imports_as_the_sites_page_does_below_what_should_be_read_first(
    answering: type[Answering], capsys: pytest.CaptureFixture[str]
) -> None:
    answering.data |= {"site": SITE, "imports": SITE | {"held": None, "paused_by_settings": False, "added": True}}
    assert main(["imports", "hogwarts", "--stack", "sis", "--limit", "7"]) == 0
    assert answering.asked == [{"action": "page", "view": "site", "limit": 7}]
    out = capsys.readouterr().out
    places = [
        out.index(said) for said in ("Paused: uploads are recorded", "Last imports", *(r["import"] for r in REPORTS))
    ]
    assert places == sorted(places)
    assert "SIS Integration" not in out
    assert main(["imports", "hogwarts", "--stack", "sis", "--json"]) == 0
    named = ("version", "published_at", "paused", "waiting", "imports")
    assert list(json.loads(capsys.readouterr().out).items()) == [(name, SITE[name]) for name in named]


def test_should_list_the_imports_that_made_a_version_as_the_history(
    answering: type[Answering], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = {"": REPORTS[:2], REPORTS[1]["import"]: REPORTS[2:], REPORTS[2]["import"]: []}
    monkeypatch.setattr(answering, "ask", lambda _, __, before="", **___: {"imports": pages[before]})
    assert main(["history", "hogwarts", "--stack", "sis"]) == 0
    out = capsys.readouterr().out
    assert [each["import"] in out for each in REPORTS] == [False, True, True]
    assert "groups 2 created" in out
    assert main(["history", "hogwarts", "--stack", "sis", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == REPORTS[1:]


def test_should_list_servers_as_the_sites_page_does(
    answering: type[Answering], capsys: pytest.CaptureFixture[str]
) -> None:
    server = {
        "server": "srv-01",
        "state": "behind",
        "applied_version": 1,
        "applied_manifest": "",
        "differs": False,
        "last_seen": AT,
        "reported_at": None,
        "report": {},
    }
    said = {"version": 2, "epoch": 1, "manifest_sha256": "ab", "published_at": AT, "servers": [server]}
    answering.data["servers"] = {"ok": True, "at": AT, **said}
    assert main(["servers", "hogwarts", "--stack", "sis"]) == 0
    out = capsys.readouterr().out
    assert "version 2, 2026-11-26 12:00" in out
    (line,) = [line for line in out.splitlines() if "srv-01" in line]
    assert line.split()[:3] == ["srv-01", "behind", "1"]
    assert main(["servers", "hogwarts", "--stack", "sis", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out).items()) == list(said.items())


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
OK = {"site": "hogwarts", "import": HELD["import"], "status": "ok", "version": 8}
OLD = Roster((Group("art", "Art", ("ann",)),), (Right("t05", "t05", ("Art",), (), False, False),))
NEW = Roster(tuple(Group(f"g{n:03}", f"G{n:03}", ("ann", *(f"p{m:02}" for m in range(20)))) for n in range(150)), ())


class Changing:
    """A site with one held import; remembers what it was asked to change."""

    asked: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012 (of this class alone)
    held = HELD["import"]
    kept: dict[str, Any] | None = None

    def __init__(self, name: str, stack: str) -> None:
        self.name = name

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        if action == "imports":
            return {"imports": [], "held": self.held}
        if action == "page":
            return {"page": {"view": "site", "kept": self.kept}}
        if action == "servers":
            return {"servers": [], "asking": {"asking": 1, "servers": 2}}
        reports = {report["import"]: report for report in (HELD, SUPERSEDED, OK | {"import": "20260913T020500Z-1"})}
        return {"report": reports[details["import"]]}

    def report(self, import_id: str) -> Report:
        return Report.from_dict(self.ask("report", **{"import": import_id})["report"])

    def version(self, number: int = 0, held: str = "") -> tuple[dict[str, Any], Base]:
        return {"version": 7}, base_of(NEW if held else OLD)

    def change(self, action: str, **details: Any) -> dict[str, Any]:
        self.asked.append((action, details))
        return {"ok": True}

    def order(self, action: str, **details: Any) -> Outcome:
        self.asked.append((action, details))
        return Outcome(OK, Report.from_dict(OK))


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
        "1 of 2 servers asks again if many memberships go",
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
    assert "A newer import has taken the place of this one: 20260916T020500Z-000016." in capsys.readouterr().err
    assert admin(command, "hogwarts", "20260913T020500Z-1") == 1
    assert "This import is not held. Its status is: OK." in capsys.readouterr().err
    assert asked == []


@pytest.mark.parametrize("command", ["approve", "reject"])
def test_should_say_that_no_import_is_held(
    command: str, asked: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Changing, "held", "")
    assert admin(command, "hogwarts") == 1
    assert "No import of hogwarts is held." in capsys.readouterr().err
    assert asked == []


def test_should_reject_what_is_held(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert admin("reject", "hogwarts") == 0
    assert asked == [("reject", {"import": HELD["import"]})]
    assert f"Rejected {HELD['import']}. Nothing was changed." in capsys.readouterr().out


def test_should_settle_after_saying_what_is_kept_and_until_when(
    asked: list[Any],
    somebody_says: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert admin("settle", "hogwarts") == 1
    assert "No bad row of hogwarts puts off a removal" in capsys.readouterr().err
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
    assert "Add --yes where nobody can answer" in capsys.readouterr().err
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
    asked: list[Known] = []

    def plan(files: dict[str, bytes], settings: Settings, base: Base | None, *, known: Known) -> Plan:
        asked.append(known)
        return plan_import(files, settings, base, known=known)

    monkeypatch.setattr(showing, "plan_import", plan)
    monkeypatch.setattr(showing, "Site", Site)
    monkeypatch.setattr(Site, "version", lambda _: (said, None))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    admin("preview", "hogwarts", str(tmp_path), "--json")
    assert json.loads(capsys.readouterr().out)["changes"]["groups_created"] == 4
    assert (asked[0].memory, asked[0].school_year, asked[0].site_new) == (memory, "2026-08-20", "")
    assert abs(datetime.now(UTC) - asked[0].now) < timedelta(minutes=5)


def test_should_preview_without_a_memory_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    said: Any = {"version": 7, "settings": {}}
    known = Site("hogwarts", "sis").known(said)
    assert (known.memory, known.school_year, known.site_new) == (NOTHING, "", None)
