"""An admin's evening: a harmful upload is held, looked at, approved or rejected; a bad version is undone."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import Site, queue_is_quiet
from tests.flow.conftest import Command, Patience


def file(*rows: str) -> bytes:
    return "\n".join(("version,1", "username,class", *rows, "")).encode()


TEACHERS = file(*(f"teacher.{number},Class {number}" for number in range(10)))
STUDENTS = file(*(f"student.{number:02},Class {number % 10}" for number in range(40)))
PAIR = {"teachers.csv": TEACHERS, "students.csv": STUDENTS}
EMPTIED = PAIR | {"students.csv": file("student.00,Class 0")}
ONE_MORE = PAIR | {"students.csv": STUDENTS + b"one.more,Class 0\n"}


class Admin:
    """roster-admin, for one site."""

    def __init__(self, command: Command, school: Site) -> None:
        self._command = command
        self._school = school

    def run(self, name: str, *arguments: str, check: bool = True) -> tuple[int, Any]:
        """Exit status and what it prints with --json; the text on stderr where it prints nothing."""
        done = self._command("roster-admin", name, self._school.name, *arguments, "--json", check=check)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr

    def says(self, name: str, *arguments: str) -> Any:
        return self.run(name, *arguments)[1]


@pytest.fixture
def admin(command: Command, school: Site) -> Admin:
    school.publish(PAIR)
    return Admin(command, school)


@pytest.fixture(scope="module", autouse=True)
def overtaken(cloud: Cloud) -> tuple[Site, str]:
    """A site with a held import and twenty uploads since that no import reads. The product looks at each once more
    after a minute, in case that it is renamed; so they come before anything else here.
    """
    school = Site(cloud, "held-and-overtaken")
    school.add()
    school.publish(PAIR)
    held = school.import_of(school.upload_pair(EMPTIED))
    for number in range(20):
        school.upload(f"Students{number}.csv", STUDENTS)
    return school, str(held["import"])


@pytest.fixture
def emptied(tmp_path: Path) -> Path:
    for name, data in EMPTIED.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_a_preview_should_say_what_the_import_then_says_and_upload_nothing(
    admin: Admin, school: Site, emptied: Path
) -> None:
    status, preview = admin.run("preview", str(emptied), check=False)
    assert status == 1
    assert len(school.imports()) == 1
    report = school.import_of(school.upload_pair(EMPTIED))
    assert (preview["status"], report["status"]) == ("held", "held")
    for said in ("counts", "changes", "held"):
        assert preview[said] == report[said]


OTHER_SCHOOL = {
    "teachers.csv": file(*(f"head.{number},Form {number}" for number in range(10))),
    "students.csv": file(*(f"pupil.{number},Form {number % 10}" for number in range(40))),
}
HARMFUL = {
    "an empty students.csv": PAIR | {"students.csv": file()},
    "a students.csv of blanks": PAIR | {"students.csv": b" \r\n"},
    "swapped files": {"teachers.csv": STUDENTS, "students.csv": TEACHERS},
    "a file cut in half": PAIR | {"students.csv": STUDENTS[: len(STUDENTS) // 2]},
    "another school's files": OTHER_SCHOOL,
    "a third of the rows unreadable": PAIR | {"students.csv": STUDENTS.replace(b"student.1", b"*student.1")},
    "a class list of last year": PAIR | {"teachers.csv": TEACHERS.replace(b",Class", b",Last year's class")},
}


@pytest.mark.parametrize("harm", HARMFUL)
def test_should_change_nothing_for_a_harmful_upload(harm: str, school: Site) -> None:
    school.publish(PAIR)
    before = school.items()
    report = school.import_of(school.upload_pair(HARMFUL[harm]))
    assert report["status"] == ("failed" if harm.endswith("blanks") else "held")
    assert school.version() == 1
    assert school.items() == before


def test_should_make_one_or_two_imports_of_a_flood_of_uploads(school: Site, eventually: Patience) -> None:
    for number in range(25):
        last = school.upload_pair(PAIR | {"students.csv": STUDENTS + f"late.{number},Class 0\n".encode()})
    school.import_of(last)
    eventually(lambda: queue_is_quiet(school.cloud), "every message is dealt with")
    assert 1 <= len(school.imports()) <= 2


def test_should_approve_a_held_import_once(admin: Admin, school: Site) -> None:
    held = school.import_of(school.upload_pair(EMPTIED))
    assert school.version() == 1
    assert len(school.items()) == 20
    approved = admin.says("approve", held["import"], "--yes")
    assert (approved["status"], approved["version"]) == ("ok_with_warnings", 2)
    assert approved["approved_by"].startswith("arn:")
    status, said = admin.run("approve", held["import"], "--yes", check=False)
    assert status == 1
    assert "not held" in said
    assert school.version() == 2


def test_should_reject_a_held_import(admin: Admin, school: Site) -> None:
    held = school.import_of(school.upload_pair(EMPTIED))
    admin.says("reject", held["import"])
    assert school.imports()[0]["status"] == "rejected"
    assert admin.run("approve", held["import"], "--yes", check=False)[0] == 1
    assert school.version() == 1


def test_should_ask_before_it_approves(command: Command, admin: Admin, school: Site) -> None:
    held = school.import_of(school.upload_pair(EMPTIED))
    done = command("roster-admin", "approve", school.name, held["import"], check=False)
    assert done.returncode == 1
    assert "more than half, would go" in done.stderr
    assert "Class 0: from 4 to 1 member; 3 go: " in done.stderr
    assert "Class 7: 4 members: " in done.stderr
    assert school.version() == 1


def test_should_show_what_a_held_first_import_would_do(command: Command, school: Site) -> None:
    held = school.import_of(school.upload_pair({"teachers.csv": STUDENTS, "students.csv": STUDENTS}))
    assert (held["status"], held["version"]) == ("held", 0)
    shown = command("roster-admin", "approve", school.name, held["import"], check=False).stderr
    assert "Class 0: 4 members: " in shown
    assert "student.00: gains 1 class: Class 0" in shown


def test_should_undo_a_bad_version_and_leave_it_undone(admin: Admin, school: Site, eventually: Patience) -> None:
    before = school.items()
    school.publish(ONE_MORE)
    assert [version["version"] for version in admin.says("history")] == [2, 1]
    assert admin.says("diff", "1", "2")["changes"]["members_created"] == 1
    assert admin.says("rollback", "1", "--yes")["version"] == 3
    members = {key: item.get("members") for key, item in school.items().items()}
    assert members == {key: item.get("members") for key, item in before.items()}

    school.upload_pair(ONE_MORE)
    eventually(lambda: (school.ask("imports")["waiting"] or {}).get("paused"), "the upload waits")
    assert school.version() == 3
    admin.says("resume")
    eventually(lambda: school.version() == 4, "what was uploaded meanwhile is imported")


def test_should_show_the_console_access_tab(admin: Admin) -> None:
    console = admin.says("show", "console")
    assert [(right["username"], right["groups"]) for right in console[:2]] == [
        ("teacher.0", ["Class 0"]),
        ("teacher.1", ["Class 1"]),
    ]
    assert len(console) == 10
    group = admin.says("show", "group", "CLASS 7")
    assert group == {"name": "Class 7", "members": [f"student.{number:02}" for number in range(7, 40, 10)]}
    assert admin.says("show", "user", "Student.07") == {
        "username": "Student.07",
        "console": None,
        "member_of": ["Class 7"],
    }
    assert admin.says("show", "user", "teacher.3")["console"]["groups"] == ["Class 3"]
    assert admin.run("show", "user", "nobody", check=False)[0] == 1
    assert admin.run("show", "group", "nothing", check=False)[0] == 1


def test_should_show_names_that_look_like_markup_as_they_are(command: Command, school: Site) -> None:
    rows = {"students.csv": file("ron,Art [bold]", "ron,[/b]"), "teachers.csv": file("snape,Art [bold]", "snape,[/b]")}
    school.publish(rows)
    shown = command("roster-admin", "show", school.name, "console").stdout
    assert "[/b], Art [bold]" in shown


def test_should_name_the_settings_that_pause_a_site_to_whoever_resumes_it(
    command: Command, school: Site, eventually: Patience
) -> None:
    school.upload("settings.json", b'{"paused": true}')
    eventually(lambda: school.ask("imports")["paused"], "the site is paused")
    resumed = command("roster-admin", "resume", school.name, check=False)
    assert resumed.returncode == 1
    assert "settings.json" in resumed.stderr
    assert "its settings.json: upload one without “paused”" in command("roster-admin", "imports", school.name).stdout


def test_should_apply_settings_that_are_uploaded_and_refuse_bad_ones(
    admin: Admin, school: Site, eventually: Patience
) -> None:
    school.upload("settings.json", b'{"basic_console_only": true, "all_groups_users": ["Teacher.0"]}')
    eventually(lambda: school.version() == 2, "a change of settings makes a version")
    right = school.items()["RIGHT#teacher.0"]
    assert (right["all_groups"], right["basic_console_only"]) == (True, True)
    school.upload("settings.json", b'{"basic_console_only": "perhaps", "pair_window_minutes": 99}')
    report = school.report(lambda said: said.get("reason") == "settings_invalid", "the settings are refused")
    assert {problem["path"] for problem in report["problems"]} == {"/basic_console_only", "/pair_window_minutes"}
    assert school.version() == 2


def test_should_finish_an_approval_though_many_newer_uploads_were_refused(
    command: Command, overtaken: tuple[Site, str], eventually: Patience
) -> None:
    school, held = overtaken
    eventually(lambda: held not in [report["import"] for report in school.imports()], "20 newer reports")
    approved = Admin(command, school).says("approve", held, "--yes")
    assert (approved["import"], approved["version"]) == (held, 2)
