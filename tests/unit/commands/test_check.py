"""`roster check` and `roster show`, as somebody calls them who has two files and a terminal."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from roster.limits import FILE_LIMIT
from roster.notices import FILES, STUDENTS, TEACHERS, catalogue
from roster.plan import plan_import
from roster.settings import Settings
from roster_commands.check import main
from roster_commands.plan_report import checked, print_report, visible
from roster_pages.wording import status_words
from tests.unit.roster.samples import SEED, base_of, csv, pair, roster_of

Folder = Callable[[dict[str, bytes]], str]
Capture = pytest.CaptureFixture[str]

SEED_COUNTS = {"rows_read": 10, "rows_rejected": 0, "groups": 4, "members": 2, "memberships": 5, "teachers": 4}
NO_COUNTS = dict.fromkeys(SEED_COUNTS, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with these files."""

    def make(files: dict[str, bytes]) -> str:
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        return str(tmp_path)

    return make


def run_json(capsys: Capture, *arguments: str) -> tuple[int, dict[str, Any], str]:
    status = main([*arguments, "--json"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out), captured.err


# check


def test_should_check_the_example(folder: Folder, capsys: Capture) -> None:
    expected: dict[str, Any] = {
        "status": "ok",
        "counts": SEED_COUNTS,
        "notice_totals": {},
        "notices": [],
        "settings": None,
    }
    assert run_json(capsys, "check", folder(SEED), "--show-rows", "0") == (0, expected, "")


def test_should_tell_people_that_the_example_is_fine(folder: Folder, capsys: Capture) -> None:
    assert main(["check", folder(SEED)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].endswith("  OK")
    assert "10 read, 0 rejected" in out
    assert "4 groups, 2 members (5 memberships), 4 teachers" in out
    assert "uploaded as it is" in out


def test_should_list_notices_with_all_they_know(folder: Folder, capsys: Capture) -> None:
    files = pair(csv() + b"Zo\xeb,A", b"PK\x03\x04" + b"xl/workbook")
    status, shown, _ = run_json(capsys, "check", folder(files))
    assert status == 1
    assert shown == {
        "status": "failed",
        "settings": None,
        "counts": NO_COUNTS,
        "notice_totals": {"not_csv": 1, "not_utf8": 1},
        "notices": [
            {
                "code": "not_utf8",
                "severity": "error",
                "file": STUDENTS,
                "row": 3,
                "column": None,
                "offset": 27,
                "byte": "0xEB",
            },
            {
                "code": "not_csv",
                "severity": "error",
                "file": TEACHERS,
                "row": None,
                "column": None,
                "looks_like": "an Excel workbook (.xlsx)",
            },
        ],
    }


@pytest.mark.parametrize(
    ("students", "teachers", "outcome", "status"),
    [
        (["Ron,A"], ["Snape,A"], "ok", 0),
        (["Ron@x,A", ""], ["Snape,A"], "ok", 0),
        (["Ron,A "], ["Snape,A"], "ok_with_warnings", 0),
        ([*(f"Ron{number},A" for number in range(40)), "Ron,"], ["Snape,A"], "ok_with_warnings", 1),
        (["Ron,A"], b"nonsense", "failed", 1),
        (b"", b"", "failed", 1),
    ],
)
def test_should_end_with_1_where_the_data_has_errors(
    students: list[str], teachers: list[str], outcome: str, status: int, folder: Folder, capsys: Capture
) -> None:
    ended, shown, _ = run_json(capsys, "check", folder(pair(students, teachers)))
    assert (ended, shown["status"]) == (status, outcome)
    assert main(["check", folder({})]) == status
    assert capsys.readouterr().out.splitlines()[0].endswith(f"  {status_words(outcome)}")


def test_should_group_findings_by_code_errors_first_with_advice_and_the_first_rows(
    folder: Folder, capsys: Capture
) -> None:
    students = ["Ron,A ", *["Ron,"] * 7, "*,A", ""]
    assert main(["check", folder(pair(students, ["Snape,A"]))]) == 1
    out = capsys.readouterr().out
    places = [out.index(code) for code in ("class_empty", "username_wildcard", "whitespace_trimmed", "blank_rows")]
    assert places == sorted(places)
    block = out[places[0] : places[1]]
    assert "The row has no class: fill it in." in block
    assert [line.strip() for line in block.splitlines()[2:8]] == [
        *(f"students.csv, row {row}, class: Ron," for row in range(4, 9)),
        "and 2 more",
    ]
    assert "more" not in out[places[1] :]
    assert "students.csv, row 3, class: Ron,A␠" in out
    assert "students.csv, row 11, username: *,A" in out


def test_should_count_more_findings_than_it_lists(folder: Folder, capsys: Capture) -> None:
    files = pair(["Ron,"] * 10_007, [])
    status, shown, _ = run_json(capsys, "check", folder(files))
    assert (status, shown["notice_totals"], len(shown["notices"])) == (1, {"class_empty": 10_007}, 10_000)
    main(["check", folder({})])
    assert "and 10,002 more" in capsys.readouterr().out


def test_should_print_no_value_of_the_files_where_asked_not_to(folder: Folder, capsys: Capture) -> None:
    rows = ["Zaphod@x,Zaphod", "Zaphod@y,Zaphod", '"Zaphod', "Zaphod,Zaphod ", "zaphod,ZAPHOD", "*Zaphod,A"]
    files = pair(rows, ["Zaphod,Zaphod", "Zaphod,Zaphod,Zaphod"])
    for more in ([], ["--json"], ["--after", folder({})], ["--after", folder({}), "--json"]):
        assert main(["check", folder(files), "--no-values", *more]) == 1
        captured = capsys.readouterr()
        assert len(captured.out) > 500
        assert "zaphod" not in (captured.out + captured.err).lower()
    main(["check", folder(files)])
    assert "Zaphod" in capsys.readouterr().out


def test_should_explain_every_kind_of_finding(folder: Folder, capsys: Capture) -> None:
    files = pair(["Ron,A", "ron,a", "Ron,A ", "@x,A", "R\u200b,B", ",", '"', "a,b,c"], csv("Ron,C").replace(b",", b";"))
    main(["check", folder(files)])
    out = " ".join(capsys.readouterr().out.split())
    _, shown, _ = run_json(capsys, "check", folder({}))
    assert len(shown["notice_totals"]) > 8
    for kind in catalogue():
        assert (kind().advice in out) == (kind.code in shown["notice_totals"])


def test_should_show_what_cannot_be_seen_in_a_row(folder: Folder, capsys: Capture) -> None:
    rows = ["Ron\x07,A", "Ron\u00a0,B", "R\u200bon,C", " Ron,D"]
    files = pair(rows, ["Snape,A"])
    _, shown, _ = run_json(capsys, "check", folder(files))
    values = {notice["row"]: notice["value"] for notice in shown["notices"] if notice["file"] == STUDENTS}
    assert values == {3: "Ron␇,A", 4: "Ron<U+00A0>,B", 5: "R<U+200B>on,C", 6: "␠Ron,D"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë,日本", "Zoë,日本"),
        ("a b", "a b"),
        ("a\tb", "a␉b"),
        ("a\x1b[31m", "a␛[31m"),
        ("\u202egnp", "<U+202E>gnp"),
        ("a\u3164b", "a<U+3164>b"),
        ("a\ufe0fb", "a<U+FE0F>b"),
        ("a\u2028b", "a<U+2028>b"),
        ("a\x7f", "a<U+007F>"),
        ("  a ", "␠␠a␠"),
        ("   ", "␠␠␠"),
        ("", ""),
    ],
)
def test_should_hide_nothing_in_a_text(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_should_shorten_a_row_that_is_longer_than_a_line(folder: Folder, capsys: Capture) -> None:
    main(["check", folder(pair([f"{'x' * 5000},A"], ["Snape,A"]))])
    assert f"username: {'x' * 120}…\n" in capsys.readouterr().out
    _, shown, _ = run_json(capsys, "check", folder({}))
    assert {len(notice["value"]) for notice in shown["notices"] if notice["row"] == 3 and "value" in notice} <= {
        1000,
        7,
    }


# The first rows as understood


def test_should_show_the_first_rows_as_an_import_understands_them(folder: Folder, capsys: Capture) -> None:
    students = ['"Potter, H",Potions', "ron@x.org,A", "*,A", "", "Luna , A", "Neville,A"]
    _, shown, _ = run_json(capsys, "check", folder(pair(students, ["Snape,Zoo"])))
    assert shown["rows"] == {
        TEACHERS: [{"row": 3, "username": "Snape", "class": "Zoo"}],
        STUDENTS: [
            {"row": 3, "username": "Potter, H", "class": "Potions"},
            {"row": 4, "username": "ron", "class": "A"},
            {"row": 5, "error": "username_wildcard"},
            {"row": 6, "error": "blank_rows"},
            {"row": 7, "username": "Luna", "class": "A"},
        ],
    }
    assert main(["check", folder({}), "--show-rows", "1"]) == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["3", "Potter,", "H", "Potions"] in lines
    assert ["4", "ron", "A"] not in lines
    _, shown, _ = run_json(capsys, "check", folder({}), "--show-rows", "0")
    assert "rows" not in shown


def test_should_show_rows_of_any_separator_and_encoding_and_of_the_file_that_can_be_read(
    folder: Folder, capsys: Capture
) -> None:
    files = pair(csv("Ron,A").replace(b",", b";"), csv("Snape,A").decode().encode("utf-16"))
    _, shown, _ = run_json(capsys, "check", folder(files))
    assert shown["rows"] == {
        TEACHERS: [{"row": 3, "username": "Snape", "class": "A"}],
        STUDENTS: [{"row": 3, "username": "Ron", "class": "A"}],
    }
    _, shown, _ = run_json(capsys, "check", folder(pair(["Ron,A"], b"PK\x03\x04")))
    assert list(shown["rows"]) == [STUDENTS]


def test_should_show_no_half_row(folder: Folder, capsys: Capture) -> None:
    _, shown, _ = run_json(capsys, "check", folder(pair(["Ron,A", f"Luna,{'B' * 50_000}"], [])), "--show-rows", "2")
    assert shown["rows"][STUDENTS] == [{"row": 3, "username": "Ron", "class": "A"}]


# The settings beside the pair


def test_should_read_the_settings_beside_the_pair_unless_told_otherwise(
    folder: Folder, capsys: Capture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    where = folder({**pair(["ron@x.org,A"], ["snape@x.org,A"]), "settings.json": b'{"username": "email"}'})
    beside = str(Path(where) / "settings.json")
    other = tmp_path_factory.mktemp("other") / "other.json"
    other.write_bytes(b'{"username": "district"}')
    for more, file, shortened in (
        ([], beside, False),
        (["--no-settings"], None, True),
        (["--settings", str(other)], str(other), True),
    ):
        status, shown, _ = run_json(capsys, "check", where, *more)
        assert (status, shown["settings"]) == (0, file)
        assert ("email_shortened" in shown["notice_totals"]) == shortened
        assert main(["check", where, *more]) == 0
        assert f"Settings  {file or 'the defaults'}" in capsys.readouterr().out
    _, shown, _ = run_json(capsys, "show", where)
    assert list(shown["rights"]) == ["snape@x.org"]
    _, shown, _ = run_json(capsys, "show", where, "--no-settings")
    assert list(shown["rights"]) == ["snape"]


def test_should_say_what_is_wrong_in_the_settings_beside_the_pair(folder: Folder, capsys: Capture) -> None:
    assert main(["check", folder({**SEED, "settings.json": b'{"paused": "yes"}'})]) == 1
    assert "settings.json has errors:\n  /paused" in capsys.readouterr().err
    assert main(["check", folder({}), "--no-settings"]) == 0


# One file of the pair


@pytest.mark.parametrize("file", FILES)
def test_should_look_at_the_folder_where_one_of_its_files_is_named(file: str, folder: Folder, capsys: Capture) -> None:
    where = Path(folder(SEED))
    status, shown, err = run_json(capsys, "check", str(where / file))
    assert (status, shown["counts"]) == (0, SEED_COUNTS)
    assert err == f"roster: {where / file} is one file of a pair. Both files in {where} are read.\n"


def test_should_ask_for_the_folder_where_another_file_is_named(folder: Folder, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", str(Path(folder({"students.xlsx": b""})) / "students.xlsx")])
    assert ended.value.code == 2
    assert "Name the folder that has teachers.csv and students.csv in it" in capsys.readouterr().err


# After another pair


def school(pupils: int, *, leaver: str = "") -> dict[str, bytes]:
    students = [f"pupil{number:02},Class {number % 4}" for number in range(pupils)]
    teachers = [f"t{number:02},Class {number % 4}" for number in range(20)]
    return pair(students, [row for row in teachers if not leaver or not row.startswith(leaver)])


@pytest.fixture
def years(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Two folders, with these files."""

    def make(old: dict[str, bytes], new: dict[str, bytes]) -> tuple[str, str]:
        for name, files in (("old", old), ("new", new)):
            (tmp_path / name).mkdir(exist_ok=True)
            for file, data in files.items():
                (tmp_path / name / file).write_bytes(data)
        return str(tmp_path / "old"), str(tmp_path / "new")

    return make


def test_should_say_what_a_pair_would_do_after_another(years: Callable[..., tuple[str, str]], capsys: Capture) -> None:
    old, new = years(school(40), school(40, leaver="t05"))
    status, shown, _ = run_json(capsys, "check", new, "--after", old)
    assert (status, shown["status"] in ("ok", "ok_with_warnings"), shown["held"], shown["kept"]) == (0, True, [], 0)
    assert {name: number for name, number in shown["changes"].items() if number} == {"rights_removed": 1}
    assert [each["username"] for each in shown["difference"]["rights_lost"]["listed"]] == ["t05"]
    assert main(["check", new, "--after", old]) == 0
    out = capsys.readouterr().out
    assert (
        f"After {old} it would change: rights 1 removed\nConsole access that goes: 1\n  t05: loses 1 class: Class 1"
        in out
    )


def test_should_say_that_a_pair_would_be_held_after_another(
    years: Callable[..., tuple[str, str]], capsys: Capture
) -> None:
    old, new = years(school(80), school(20))
    status, shown, _ = run_json(capsys, "check", new, "--after", old)
    assert (status, shown["status"]) == (1, "held")
    assert {"memberships_removed", "half_removed"} <= {reason["code"] for reason in shown["held"]}
    assert run_json(capsys, "check", new)[0] == 0
    assert main(["check", new, "--after", old]) == 1
    assert "  memberships_removed: 60 of 80 memberships would go" in capsys.readouterr().out


def test_should_say_that_a_pair_changes_nothing_after_itself(
    years: Callable[..., tuple[str, str]], capsys: Capture
) -> None:
    old, new = years(SEED, SEED)
    status, shown, _ = run_json(capsys, "check", new, "--after", old)
    assert (status, shown["status"]) == (0, "no_change")
    assert not any(part["total"] for part in shown["difference"].values() if isinstance(part, dict) and "total" in part)


def test_should_say_that_nothing_can_be_compared_with_a_refused_pair(
    years: Callable[..., tuple[str, str]], capsys: Capture
) -> None:
    old, new = years(pair(["Ron,A"], b"nonsense"), SEED)
    assert main(["check", new, "--after", old]) == 1
    assert f"the pair in {old} would be refused" in capsys.readouterr().err


def test_should_list_the_first_hundred_after_another_pair_unless_asked_for_all(
    years: Callable[..., tuple[str, str]], capsys: Capture
) -> None:
    old, new = years(SEED, pair([f"p{n % 20:02},Class {n // 20:03}" for n in range(4000)], []))
    main(["check", new, "--after", old])
    few = capsys.readouterr().out
    assert ("Class 199:" in few, "p15" in few.partition("New groups")[2]) == (False, False)
    main(["check", new, "--after", old, "--all", "--members"])
    every = capsys.readouterr().out
    assert ("Class 199: 20 members: p00" in every, "p19" in every.partition("New groups")[2]) == (True, True)


# Files that are not there, or not to be read


@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("there", "hint"),
    [
        ([], False),
        (["{Stem}.csv"], True),
        (["{stem}.CSV"], True),
        (["{stem}.xlsx"], True),
        (["{stem}.csv.txt"], True),
        (["{stem} (1).csv"], True),
        (["notes.txt"], False),
    ],
)
def test_should_name_a_missing_file_and_what_may_be_meant(
    command: str, file: str, there: list[str], hint: bool, folder: Folder, capsys: Capture
) -> None:
    stem = file.removesuffix(".csv")
    names = [name.format(stem=stem, Stem=stem.title()) for name in there]
    partner = {name: data for name, data in SEED.items() if name != file}
    assert main([command, folder(partner | dict.fromkeys(names, b""))]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"there is no {file} in" in captured.err
    assert (f"There is {names[0]}: is that the one?" in captured.err if names else False) == hint
    assert captured.err.count("\n") == 1


def test_should_name_both_files_where_there_is_none(folder: Folder, capsys: Capture) -> None:
    status, shown, err = run_json(capsys, "check", folder({"Teachers.csv": b""}))
    assert status == 1
    assert shown == {
        "status": "waiting",
        "missing": list(FILES),
        "counts": NO_COUNTS,
        "notice_totals": {},
        "notices": [],
    }
    assert [file for file in FILES if f"there is no {file}" in err] == list(FILES)
    assert err.count("is that the one?") == 1


def test_should_refuse_a_file_over_the_limit_without_reading_it(folder: Folder, capsys: Capture) -> None:
    where = folder(SEED)
    with (Path(where) / STUDENTS).open("r+b") as students:
        students.truncate(FILE_LIMIT + 1)  # takes no room on the disk, and is no CSV file: reading it would show
    status, shown, _ = run_json(capsys, "check", where)
    assert (status, shown["status"], shown["notice_totals"]) == (1, "failed", {"file_too_large": 1})
    assert (shown["notices"][0]["bytes"], shown["notices"][0]["limit"]) == (FILE_LIMIT + 1, FILE_LIMIT)


def test_should_say_why_a_pair_would_be_held(folder: Folder, capsys: Capture) -> None:
    pupils = [f"pupil.{number},Class" for number in range(8)]
    where = folder(pair(pupils, pupils))
    status, shown, _ = run_json(capsys, "check", where)
    (held,) = (reason for reason in shown["held"] if reason["code"] == "students_as_teachers")
    assert (status, shown["status"], held["number"], held["of"]) == (1, "held", 8, 8)
    assert main(["check", where]) == 1
    said = "  students_as_teachers: 8 of 8 teachers would newly get the console and are pupils"
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check", "show"])
def test_should_say_what_cannot_be_read(command: str, folder: Folder, capsys: Capture) -> None:
    where = folder({TEACHERS: SEED[TEACHERS]})
    (Path(where) / STUDENTS).mkdir()
    assert main([command, where]) == 1
    assert f"cannot read {Path(where) / STUDENTS}" in capsys.readouterr().err


def test_should_fail_and_wait_for_nothing_where_a_file_that_is_there_cannot_be_read(
    folder: Folder, capsys: Capture
) -> None:
    bad = Path(folder({**SEED, "settings.json": b'{"username": "nickname"}'})) / "settings.json"
    failed = {"status": "failed", "counts": NO_COUNTS, "notice_totals": {}, "notices": []}
    assert run_json(capsys, "check", str(bad.parent), "--settings", str(bad))[:2] == (1, failed)
    (bad.parent / STUDENTS).unlink()
    (bad.parent / STUDENTS).mkdir()
    assert run_json(capsys, "check", str(bad.parent))[:2] == (1, failed)


def test_should_name_the_folder_it_stands_in(folder: Folder, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    where = Path(folder({})).resolve()
    monkeypatch.chdir(where)
    assert main(["check", "."]) == 1
    assert f"there is no {STUDENTS} in {where}." in capsys.readouterr().err


# show


def test_should_show_the_example(folder: Folder, capsys: Capture) -> None:
    status, shown, err = run_json(capsys, "show", folder(SEED))
    assert (status, err) == (0, "")
    assert shown == {
        "groups": {
            "Dark Arts": ["Harry_Potter"],
            "Flying": ["Harry_Potter"],
            "Muggle Studies": ["Ron_Weasley"],
            "Potions": ["Harry_Potter", "Ron_Weasley"],
        },
        "rights": {
            "Amycus_Carrow": {"groups": ["Dark Arts"], "pending": [], "all_groups": False},
            "Charity_Burbage": {"groups": ["Muggle Studies"], "pending": [], "all_groups": False},
            "Rolanda_Hooch": {"groups": ["Flying"], "pending": [], "all_groups": False},
            "Severus_Snape": {"groups": ["Dark Arts", "Potions"], "pending": [], "all_groups": False},
        },
    }


def test_should_sort_what_is_shown(folder: Folder, capsys: Capture) -> None:
    students = ["b,z", "B2,z", "a,Z9", "_,z", "ä,z", "A9,z"]
    _, shown, _ = run_json(capsys, "show", folder(pair(students, ["t,z", "T2,b", "T2,A", "T2,Z9", "T2,z"])))
    assert list(shown["groups"].items()) == [("Z9", ["a"]), ("z", ["A9", "B2", "_", "b", "ä"])]
    assert list(shown["rights"]) == ["T2", "t"]
    assert shown["rights"]["T2"] == {"groups": ["Z9", "z"], "pending": ["A", "b"], "all_groups": False}


def test_should_show_people_groups_members_and_console_access(folder: Folder, capsys: Capture) -> None:
    assert main(["show", folder(pair(["Ron,[red]A[/]", "Zoë,[red]A[/]"], ["Snape,[red]A[/]", "Snape,B"]))]) == 0
    captured = capsys.readouterr()
    assert captured.out == (
        "1 group\n  [red]A[/] (2)\n    Ron, Zoë\n\n"
        "Console access: 1 user\n  Snape\n    [red]A[/]\n    waits for students in: B\n"
    )
    assert captured.err == ""


def test_should_not_break_lines_into_a_pipe(folder: Folder, capsys: Capture) -> None:
    members = [f"student {number:03}" for number in range(600)]
    main(["show", folder(pair([f"{member},A" for member in members]))])
    assert f"    {', '.join(members)}" in capsys.readouterr().out.splitlines()


def test_should_say_that_rejected_rows_are_not_shown(folder: Folder, capsys: Capture) -> None:
    status, shown, err = run_json(capsys, "show", folder(pair(["Ron,A", "Harry,"], ["Snape,A"])))
    assert (status, shown["groups"]) == (0, {"A": ["Ron"]})
    assert "1 rejected row left out" in err


def test_should_show_nothing_of_a_file_that_is_refused(folder: Folder, capsys: Capture) -> None:
    for arguments in (["show", folder(pair(["Harry,"], b"nonsense"))], ["show", folder({}), "--json"]):
        assert main(arguments) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("roster: teachers.csv, row 1: Row 1 is reserved and must be `version,1`")
        assert "version_row_missing" in captured.err
        assert captured.err.count("\n") == 1


# Usage


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["check"],
        ["show"],
        ["look", "."],
        ["check", "."] * 2,
        ["check", "no/such/folder"],
        ["show", __file__],
        ["check", ".", "--jsn"],
    ],
)
def test_should_end_with_2_where_it_is_called_wrongly(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.startswith("usage: roster")) == ("", True)


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["show", "--help"]])
def test_should_help_with_examples(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert "  roster check exports/" in capsys.readouterr().out


def test_should_say_its_version(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out.split()[0]) == (0, "roster")


# As a program

PROGRAM = str(Path(sys.executable).with_name("roster"))


def test_should_run_as_the_installed_program(folder: Folder) -> None:
    done = subprocess.run([PROGRAM, "check", folder(SEED), "--json"], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["counts"] == SEED_COUNTS


def test_should_print_names_that_the_console_has_no_letters_for(folder: Folder) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    where = folder(pair(["Zoë,魔法"], []))
    done = subprocess.run([PROGRAM, "show", where], capture_output=True, env=environment, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"Zo\xeb" in done.stdout


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_should_stop_without_a_word_when_nobody_reads_on(more: list[str], folder: Folder) -> None:
    where = folder(pair([f"student{number},A" for number in range(20_000)], []))
    with subprocess.Popen([PROGRAM, "show", where, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        assert shown.stdout
        assert shown.stderr
        shown.stdout.close()
        assert shown.stderr.read() == b""
        assert shown.wait(60) == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_should_show_that_it_works_only_to_somebody_who_watches(
    folder: Folder, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = folder(SEED)
    main(["check", where])
    assert capsys.readouterr().err == ""
    watched = Terminal()
    monkeypatch.setattr(sys, "stderr", watched)
    monkeypatch.setenv("TERM", "xterm")
    main(["check", where])
    assert "Reading the pair" in watched.getvalue()


# Groups that shrank


class ShrunkGroup(NamedTuple):
    """As a plan has them."""

    group: str
    before: int
    after: int
    stayed: int


def test_should_name_the_groups_that_shrank_and_who_stayed() -> None:
    old = [f"pupil{number:02},7X" for number in range(30)] + [f"other{number:02},8X" for number in range(200)]
    new = [f"new{number:02},7X" for number in range(4)] + old[30:]
    base = base_of(roster_of(plan_import(pair(old, []), Settings())))
    plan = plan_import(pair(new, []), Settings(), base)._replace(shrunk=[ShrunkGroup("7X", 30, 4, 0)])  # type: ignore[list-item]
    for values, said in (
        (True, "    7X: from 30 to 4, 0 of them stayed"),
        (False, "    from 30 to 4, 0 of them stayed"),
    ):
        out = io.StringIO()
        print_report(Path(), plan, Console(file=out, width=1000, color_system=None), values=values)
        assert said in out.getvalue().splitlines()
    assert checked(plan)["shrunk"] == [{"group": "7X", "before": 30, "after": 4, "stayed": 0}]
    assert checked(plan, values=False)["shrunk"] == [{"before": 30, "after": 4, "stayed": 0}]
