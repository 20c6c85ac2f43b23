"""`roster-admin site add`: what is asked of the cloud for each site, and what there is to hand over."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from roster_commands import site_adding
from roster_commands.admin import main
from roster_commands.site import Failed, Site

EXPIRES = "2026-12-03T12:00:00+00:00"


class Cloud:
    """The sites of a stack that answers as `manage_site` does, and what was changed there."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.held = ""
        self.servers: list[dict[str, Any]] = []
        self.uploaders: list[dict[str, Any]] = []
        self.refuses = ""

    def ask(self, site: str, action: str, **details: Any) -> dict[str, Any]:
        answers: dict[str, dict[str, Any]] = {
            "imports": {"held": self.held},
            "servers": {"servers": self.servers},
            "uploaders": {"uploaders": self.uploaders},
        }
        if action in answers:
            return answers[action]
        if site == self.refuses:
            raise Failed("This site is being erased.")
        self.asked.append((site, action, details))
        return {"pending": True, "code": f"CODE-{len(self.asked)}", "expires_at": EXPIRES}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    cloud = Cloud()

    class There(Site):
        feed = "https://feed.example"

        def __init__(self, name: str, stack: str) -> None:
            self.name = name

        def other(self, name: str) -> Site:
            return There(name, "sis")

        def ask(self, action: str, **details: Any) -> dict[str, Any]:
            return cloud.ask(self.name, action, **details)

        def change(self, action: str, **details: Any) -> dict[str, Any]:
            return cloud.ask(self.name, action, **details)

    monkeypatch.setattr(site_adding, "Site", There)
    return cloud


def add(*arguments: str) -> int:
    return main(["site", "add", *arguments, "--stack", "sis"])


def test_should_add_a_site_and_say_what_to_do_next(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.held = "20260915T020500Z-000015"
    assert add("hogwarts") == 0
    assert cloud.asked == [("hogwarts", "site-add", {})]
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "hogwarts is a site now."
    steps = [
        "roster-admin import hogwarts",
        "roster-admin uploader add hogwarts NAME",
        "roster-admin upload hogwarts DIR",
        "roster-admin enrol hogwarts SERVER",
        "roster-admin report hogwarts",
    ]
    places = [out.index(step) for step in steps]
    assert places == sorted(places)
    cloud.held = ""
    assert add("hogwarts") == 0
    assert "roster-admin import" not in capsys.readouterr().out


def test_should_give_codes_for_what_a_site_needs(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--servers", "2", "--uploaders", "office", "--contact", "it@hogwarts.example", "--valid", "3d")
    assert add("hogwarts", *more) == 0
    assert [(action, details) for _, action, details in cloud.asked] == [
        ("site-add", {}),
        ("notify", {"contact": {"mail": "it@hogwarts.example"}}),
        ("enrol", {"server": "srv-01", "valid_seconds": 259_200}),
        ("enrol", {"server": "srv-02", "valid_seconds": 259_200}),
        ("uploader-add", {"uploader": "office", "valid_seconds": 259_200}),
    ]
    out = capsys.readouterr().out
    where = "--feed 'https://feed.example' --site hogwarts"
    assert f"roster-agent enrol {where} --code CODE-3 --folder CSVIMPORT" in out
    assert f"roster-agent push DIR --enrol CODE-5 {where}" in out
    assert "it@hogwarts.example, who has to confirm first" in out


def test_should_give_no_code_to_who_has_enrolled(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.servers = [{"server": "srv-01", "state": "applied"}, {"server": "srv-02", "state": "revoked"}]
    cloud.uploaders = [
        {"uploader": "office", "enrolled_at": "2026", "revoked_at": ""},
        {"uploader": "mis", "enrolled_at": "", "revoked_at": ""},
    ]
    assert add("hogwarts", "--servers", "2", "--uploaders", "office mis", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [each["server"] for each in said["servers"]] == ["srv-02"]
    assert [each["uploader"] for each in said["uploaders"]] == ["mis"]
    assert said["enrolled"] == ["srv-01", "office"]
    assert said["servers"][0] == {"server": "srv-02", "code": "CODE-2", "expires_at": EXPIRES}


def test_should_write_a_file_for_each_site_of_a_list(
    cloud: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schools = tmp_path / "schools.csv"
    schools.write_text("site,servers,uploaders\nnorth,1,office\nsouth,2,\n")
    folder = tmp_path / "to hand over"
    assert add("--from", str(schools), "--to", str(folder)) == 0
    assert "2 sites are added." in capsys.readouterr().out
    files = {file.name: file.read_text() for file in folder.iterdir()}
    assert sorted(files) == ["north.txt", "south.txt"]
    assert [site for site, action, _ in cloud.asked if action == "site-add"] == ["north", "south"]
    for name, text in files.items():
        assert set(re.findall(r"--site (\S+)", text)) == {name.removesuffix(".txt")}
    assert files["south.txt"].count("roster-agent enrol") == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    # the second time codes are given anew, in the same files
    assert add("--from", str(schools), "--to", str(folder)) == 0
    assert (folder / "north.txt").read_text() != files["north.txt"]


def test_should_add_none_of_a_list_with_a_mistake(
    cloud: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schools = tmp_path / "schools.csv"
    schools.write_text("site\nnorth\nSouth End\n")
    assert add("--from", str(schools)) == 1
    assert cloud.asked == []
    err = capsys.readouterr().err
    assert "Nothing was added." in err
    assert "row 3: 'South End' cannot be a site" in err


def test_should_say_how_far_it_came_with_a_list(
    cloud: Cloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schools = tmp_path / "schools.csv"
    schools.write_text("site\nnorth\nsouth\n")
    cloud.refuses = "south"
    assert add("--from", str(schools), "--to", str(tmp_path / "out")) == 1
    err = capsys.readouterr().err
    assert "south: This site is being erased." in err
    assert "1 of 2 sites were added before." in err
    assert (tmp_path / "out" / "north.txt").exists()


@pytest.mark.parametrize(
    "arguments", [(), ("hogwarts", "--from", "x.csv"), ("--from", "x.csv", "--servers", "2"), ("a", "--servers", "a_b")]
)
def test_should_add_nothing_where_it_is_not_clear_what(cloud: Cloud, arguments: tuple[str, ...]) -> None:
    assert add(*arguments) == 1
    assert cloud.asked == []


def test_should_add_no_site_whose_name_is_none(cloud: Cloud) -> None:
    with pytest.raises(SystemExit) as ended:
        add("Hogwarts/")
    assert (ended.value.code, cloud.asked) == (2, [])
