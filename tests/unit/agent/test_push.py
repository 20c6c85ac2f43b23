"""`roster-agent push`: from a folder to the end of an import, over real HTTP, against a feed with an inbox."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster_agent.cli import main
from roster_agent.daemon import schedule, service
from roster_agent.failures import AlreadyRunning
from roster_agent.net.feed_failures import NotTheFeed
from roster_agent.upload import pair_files, push_run, pushing
from roster_agent.upload.finding_words import counted
from roster_agent.upload.pair_files import Look, Seen, read_when_whole
from roster_agent.upload.push_run import Due, watch
from roster_agent.upload.push_words import exit_status, outcome_lines
from roster_agent.upload.upload_answers import read_links, read_outcome
from roster_agent.upload.upload_failures import FilesChanging, PairIncomplete
from roster_agent.upload.upload_state import UploadState
from tests.feed_faults import Answer
from tests.unit.agent.test_service import Machine
from tests.upload_simulator import IMPORTED, UploadSimulator

SITE = "hogwarts"
PATIENCE_SECONDS = 120
TEACHERS = b"version,1\nusername,class\nSeverus_Snape,Potions\n"
STUDENTS = b"version,1\nusername,class\nHarry_Potter,Potions\nRon_Weasley,Potions\nRon_Weasley,Flying\n"
FAULTY = STUDENTS + b",Potions\n"
NAMES = ("Severus_Snape", "Harry_Potter", "Ron_Weasley", "Potions", "Flying")


class Office:
    """A machine with a folder of exports. `push` is the command line; what it printed is in `out` and `err`."""

    def __init__(self, root: Path, feed: UploadSimulator, capsys: pytest.CaptureFixture[str]) -> None:
        self.feed = feed
        self.state = UploadState(root / "state")
        self.folder = root / "export"
        self.folder.mkdir()
        self.out = self.err = ""
        self._capsys = capsys

    def export(self, age: float = 3600, **files: bytes) -> None:
        """Write files, as long ago as `age` says."""
        for name, data in {"teachers": TEACHERS, "students": STUDENTS, **files}.items():
            path = self.folder / f"{name}.csv"
            path.write_bytes(data)
            at = time.time() - age
            os.utime(path, (at, at))

    def run(self, *arguments: str) -> int:
        try:
            status = main([*arguments, "--state", str(self.state.folder)])
        except SystemExit as usage:
            status = int(usage.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return status

    def push(self, *more: str) -> int:
        return self.run("push", str(self.folder), *more)

    def enrol(self, *more: str, site: str = SITE, code: str = "") -> int:
        code = code or self.feed.uploader_code(site)
        return self.run("push", "--enrol", code, "--feed", self.feed.url, "--site", site, *more)

    def log(self) -> str:
        path = self.state.logs / "push.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def inbox() -> Iterator[UploadSimulator]:
    with UploadSimulator().serving() as feed:
        assert isinstance(feed, UploadSimulator)
        yield feed


@pytest.fixture
def machine(tmp_path: Path, inbox: UploadSimulator, capsys: pytest.CaptureFixture[str]) -> Office:
    """One that is no uploader yet, with a pair."""
    office = Office(tmp_path, inbox, capsys)
    office.export()
    return office


@pytest.fixture
def office(machine: Office) -> Office:
    """An uploader, with a pair."""
    assert machine.enrol() == 0, machine.err
    return machine


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundredths of seconds where a push would wait for seconds."""
    monkeypatch.setattr(pushing, "TRIES_AFTER", (0.01, 0.01, 0.01))
    monkeypatch.setattr(pushing, "ASK_EVERY", 0.01)
    monkeypatch.setattr(pair_files, "QUIET_SECONDS", 0.01)
    for name in ("LOOK_SECONDS", "QUIET_SECONDS"):
        monkeypatch.setattr(push_run, name, 0.01)
    for name in ("FIRST_BACKOFF", "LONGEST_BACKOFF"):
        monkeypatch.setattr(schedule, name, 0.02)


# Becoming an uploader


def test_should_become_an_uploader_by_a_code_and_keep_its_token_to_itself(machine: Office) -> None:
    assert machine.enrol() == 0
    assert machine.out == "Enrolled as uploader office of site hogwarts. Next: roster-agent push DIR\n"
    known = machine.state.uploader()
    assert (known.site, known.uploader, known.feed) == (SITE, "office", machine.feed.url)
    assert known.token not in repr(known)
    record = machine.state.folder / "uploader.json"
    assert os.name == "nt" or (record.stat().st_mode & 0o777, machine.state.folder.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )


def test_should_enrol_and_upload_in_one_go(machine: Office) -> None:
    code = machine.feed.uploader_code(SITE)
    assert machine.push("--enrol", code, "--feed", machine.feed.url, "--site", SITE) == 0
    assert machine.feed.inbox == {"teachers.csv": TEACHERS, "students.csv": STUDENTS}


def test_should_say_how_to_become_one_where_it_is_none(machine: Office) -> None:
    assert machine.push() == 1
    assert "roster-admin uploader add" in machine.err
    assert machine.feed.puts == []


def test_should_enrol_again_at_its_own_site_and_elsewhere_only_when_told_so(office: Office) -> None:
    assert office.enrol() == 0
    code = office.feed.uploader_code("durmstrang")
    assert office.enrol(site="durmstrang", code=code) == 1
    assert "--force" in office.err
    assert office.state.uploader().site == SITE
    assert office.enrol("--force", site="durmstrang", code=code) == 0, "the code was not used"
    assert office.state.uploader().site == "durmstrang"


def test_should_tell_a_code_that_is_for_a_server_or_another_site_or_none(machine: Office) -> None:
    assert machine.enrol(code=machine.feed.code(SITE, "srv-01")) == 1
    assert "for a server" in machine.err
    assert machine.enrol(code=machine.feed.uploader_code("durmstrang")) == 1
    assert "another site" in machine.err
    assert machine.enrol(code="x") == 1
    assert "did not accept the code" in machine.err
    assert not machine.state.is_uploader()


def test_should_not_use_up_an_uploaders_code_for_a_server(machine: Office, tmp_path: Path) -> None:
    code = machine.feed.uploader_code(SITE)
    (tmp_path / "CSVImport").mkdir()
    where = ("--feed", machine.feed.url, "--site", SITE, "--folder", str(tmp_path / "CSVImport"))
    assert machine.run("enrol", *where, "--code", code) == 1
    assert "for an uploader" in machine.err
    assert machine.enrol(code=code) == 0


@pytest.mark.parametrize("arguments", [[], ["--enrol", "x"], ["--enrol", "x", "--feed", "http://elsewhere"]])
def test_should_refuse_half_a_command_line(arguments: list[str], machine: Office) -> None:
    assert machine.run("push", *arguments) == 2


# Uploading


def test_should_upload_both_files_and_follow_them_to_the_end(office: Office) -> None:
    assert office.push() == 0, office.err
    assert office.feed.inbox == {"teachers.csv": TEACHERS, "students.csv": STUDENTS}
    assert office.feed.puts == ["students.csv", "teachers.csv"], "the larger first"
    assert office.feed.followed[0] == "?students.csv=v1&teachers.csv=v2"
    assert office.out.startswith("Imported: 2 members created (20260901T020507Z-000014).")
    assert "3 memberships" in office.err
    for name in NAMES:
        assert name not in office.out + office.err


def test_should_say_the_same_as_json(office: Office) -> None:
    assert office.push("--json") == 0
    said = json.loads(office.out)
    assert (said["status"], said["import_status"], said["counts"]["rows_read"]) == ("imported", "ok", 10)
    assert said["checked"]["counts"]["memberships"] == 3


def test_should_upload_nothing_with_errors_unless_it_is_wanted_anyway(office: Office) -> None:
    office.export(students=FAULTY)
    assert office.push() == 1
    assert office.feed.asked == {}
    assert "username_empty  (students.csv row 6)" in office.err
    assert "--anyway" in office.err
    fault = {"code": "username_empty", "severity": "error", "total": 1, "rows": [{"file": "students.csv", "row": 6}]}
    office.feed.fates = [IMPORTED | {"import_status": "ok_with_warnings", "notices": [fault]}]
    assert office.push("--anyway") == 1, "as roster check has it"
    assert office.feed.inbox["students.csv"] == FAULTY
    assert "username_empty  (students.csv row 6)" in office.out


def test_should_check_with_the_settings_beside_the_pair_and_never_upload_them(office: Office) -> None:
    (office.folder / "settings.json").write_text('{"version": 1, "sure": ')
    assert office.push() == 1
    assert "settings.json beside them has" in office.err
    (office.folder / "settings.json").unlink()
    assert office.push() == 0
    assert office.feed.inbox.keys() == {"teachers.csv", "students.csv"}


def test_should_upload_nothing_of_half_a_pair(office: Office) -> None:
    (office.folder / "teachers.csv").rename(office.folder / "Teachers.csv")
    assert office.push() == 1
    assert "there is no teachers.csv" in office.err
    assert office.feed.asked == {}


def test_should_upload_nothing_to_a_site_that_is_not_added(office: Office) -> None:
    office.feed.site_is_added = False
    assert office.push() == 1
    assert "roster-admin site add" in office.err


def test_should_say_that_it_was_shut_out(office: Office) -> None:
    office.feed.uploader_tokens.clear()
    assert office.push() == 1
    assert "revoked" in office.err
    assert "--enrol" in office.err


@pytest.mark.parametrize(
    "refusal", [Answer(503, b"<Error/>"), Answer(400, b"<Error/>"), Answer(403), Answer(307), Answer(200)], ids=str
)
def test_should_try_again_with_another_link_and_send_no_file_twice(refusal: Answer, office: Office) -> None:
    office.feed.refusals = [Answer(200, headers={"x-amz-version-id": "first"}), refusal]
    assert office.push() == 0
    assert office.feed.puts == ["students.csv", "teachers.csv", "teachers.csv"]
    assert office.feed.followed[0] == "?students.csv=first&teachers.csv=v3"
    assert len(office.feed.asked) == 2


def test_should_give_up_after_some_tries_and_say_that_nothing_changed(office: Office) -> None:
    office.feed.refusals = [Answer(503)] * 4
    assert office.push() == 1
    assert office.feed.puts == ["students.csv"] * 4
    assert "status 503" in office.err
    assert "What was imported before stays in force" in office.err
    assert office.state.uploaded() == {}


def test_should_bear_a_feed_that_is_away_while_it_follows(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.feed.spoil("fate", lambda _: Answer(502, b"<html>", {"Content-Type": "text/html"}))
    monkeypatch.setattr(pushing, "ASK_FOR", 0.05)
    assert office.push() == 1
    assert "could not be asked" in office.err
    assert office.feed.inbox.keys() == {"teachers.csv", "students.csv"}


def test_should_send_bytes_to_no_address_but_an_https_one(office: Office) -> None:
    def elsewhere(answer: Answer) -> Answer:
        return Answer(200, answer.body.replace(b"http://127.0.0.1", b"http://example.org"), answer.headers)

    office.feed.spoil("uploads", elsewhere)
    assert office.push() == 1
    assert office.feed.puts == []


# What it says of the end


@pytest.mark.parametrize(
    ("fate", "status", "said"),
    [
        ({"status": "imported", "import_status": "no_change", "import": "i"}, 0, "published already"),
        ({"status": "imported", "import_status": "ok_with_warnings"}, 0, "Imported: no changes"),
        ({"status": "held", "reason": "memberships_removed"}, 1, "somebody who looks after the site"),
        (
            {"status": "failed", "reason": "file_empty", "place": "students.csv"},
            1,
            "Failed: file_empty in students.csv",
        ),
        ({"status": "failed", "reason": "rejected"}, 1, "A person rejected it"),
        ({"status": "ignored", "reason": "newer_upload"}, 1, "newer upload"),
        ({"status": "ignored", "reason": "of_the_future"}, 1, "took its place"),
        ({"status": "waiting", "reason": "site_paused"}, 0, "paused"),
        ({"status": "waiting", "reason": "queued"}, 1, "still waits"),
    ],
)
def test_should_put_every_end_into_words(fate: dict[str, Any], status: int, said: str) -> None:
    outcome = read_outcome(fate)
    assert said in "\n".join(outcome_lines(outcome))
    assert exit_status(outcome) == status


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"rows_read": 1, "groups": 2}, "1 row read, 2 groups"),
        ({"members_created": 0, "memberships": 1200}, "0 members created, 1,200 memberships"),
    ],
)
def test_should_count_one_and_several(counts: dict[str, int], said: str) -> None:
    assert counted(counts) == said


def test_should_show_why_it_is_held_by_number(office: Office) -> None:
    guard = {"code": "memberships_removed", "number": 30, "of": 40, "file": "students.csv", "what": "memberships"}
    office.feed.fates = [{"status": "held", "reason": "memberships_removed", "held": [guard]}]
    assert office.push() == 1
    assert "memberships_removed: 30 of 40 memberships (students.csv)" in office.out


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
FATES = (
    st.dictionaries(
        st.sampled_from(["status", "reason", "place", "counts", "notices", "held", "import", "missing"]),
        JSON | st.lists(st.dictionaries(st.sampled_from(["code", "rows", "total", "number", "of", "severity"]), JSON)),
    )
    | JSON
)


@given(FATES, st.sampled_from(["imported", "held", "waiting", "failed", "ignored", None]))
def test_should_bear_whatever_a_feed_answers_and_print_no_control_characters(said: Any, status: str | None) -> None:
    try:
        outcome = read_outcome(said | {"status": status} if isinstance(said, dict) and status else said)
    except NotTheFeed:
        return
    assert all(line.isprintable() for line in outcome_lines(outcome))
    assert exit_status(outcome) in (0, 1)


@given(FATES, st.dictionaries(st.sampled_from(["teachers.csv", "settings.json"]), FATES))
def test_should_follow_no_link_to_anything_else_than_what_was_asked_for(said: Any, files: Any) -> None:
    with pytest.raises(NotTheFeed):
        read_links(
            {"upload": "u", "files": files} if isinstance(said, dict) else said, ["students.csv"], "https://feed"
        )


# Files that are being written


class Writing:
    """A folder that changes whenever somebody waits."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)
        self.waits = 0

    def __call__(self, seconds: float) -> None:
        self.waits += 1
        if self.steps:
            self.steps.pop(0)()


def test_should_not_wait_for_files_that_were_written_long_ago(machine: Office) -> None:
    writing = Writing()
    assert read_when_whole(machine.folder, writing).data["students.csv"] == STUDENTS
    assert writing.waits == 0


def test_should_wait_until_nobody_writes_any_more(machine: Office) -> None:
    machine.export(age=0, students=STUDENTS[:30])
    longer = (lambda: machine.export(age=0, students=STUDENTS[:50]), lambda: machine.export(age=0))
    writing = Writing(*longer)
    pair = read_when_whole(machine.folder, writing)
    assert (pair.data, writing.waits) == ({"teachers.csv": TEACHERS, "students.csv": STUDENTS}, 3)


def test_should_read_a_bundle_where_the_pair_is_not_whole(machine: Office) -> None:
    machine.export(students=STUDENTS)
    (machine.folder / "clever.zip").write_bytes(b"PK")
    assert set(read_when_whole(machine.folder, Writing()).data) == {"teachers.csv", "students.csv"}
    (machine.folder / "students.csv").unlink()  # as Clever's own export has files of these names
    assert read_when_whole(machine.folder, Writing()).data == {"clever.zip": b"PK"}


def test_should_read_again_what_changed_while_it_was_read(machine: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    read = pair_files._read

    def read_while_written(folder: Path, seen: Look) -> dict[str, bytes]:
        found = read(folder, seen)
        if machine.folder.joinpath("students.csv").read_bytes() == STUDENTS:
            machine.export(students=FAULTY)
        return found

    monkeypatch.setattr(pair_files, "_read", read_while_written)
    assert read_when_whole(machine.folder, Writing()).data["students.csv"] == FAULTY


def test_should_give_up_on_files_that_never_stand_still(machine: Office) -> None:
    numbers = iter(range(10_000_000))

    def grow(_: float) -> None:
        machine.export(age=0, students=STUDENTS + b"x" * next(numbers))

    machine.export(age=0)
    pair_files_limit = pair_files._LONGEST_WAIT
    pair_files._LONGEST_WAIT = 0.2
    try:
        with pytest.raises(FilesChanging):
            read_when_whole(machine.folder, grow)
    finally:
        pair_files._LONGEST_WAIT = pair_files_limit


def test_should_say_so_where_a_file_goes_away_meanwhile(machine: Office) -> None:
    machine.export(age=0)
    with pytest.raises(PairIncomplete):
        read_when_whole(machine.folder, Writing(lambda: (machine.folder / "teachers.csv").unlink()))


LOOKS = st.builds(
    Look,
    st.dictionaries(
        st.sampled_from(["teachers.csv", "students.csv"]), st.builds(Seen, st.integers(0, 3), st.integers(0, 3))
    ),
)


@given(st.lists(LOOKS, max_size=30), LOOKS, st.integers(1, 90))
def test_a_watch_should_upload_each_pair_once_and_only_when_it_stood_still(
    looks: list[Look], done: Look, seconds: int
) -> None:
    due = Due(done)
    for number, now in enumerate(looks):
        due = due.after(now, seconds)
        if due.is_due:
            assert not now.missing
            assert now != due.done
            stood = looks[max(0, number - -(-push_run.QUIET_SECONDS // seconds).__int__()) : number + 1]
            assert all(each == now for each in stood)
            due = due.dealt_with(now)
            assert not due.is_due


@given(LOOKS)
def test_a_look_should_survive_the_state_folder(seen: Look) -> None:
    assert Look.from_record(json.loads(json.dumps(seen.as_record()))) == seen


# Watching


@contextmanager
def watching(office: Office, *, anyway: bool = False) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=watch, args=(office.state, office.folder, stop), kwargs={"anyway": anyway})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def imported(office: Office) -> int:
    return office.log().count("imported: Imported")


def test_a_watch_should_upload_what_is_there_and_again_whatever_is_written_anew(office: Office) -> None:
    with watching(office):
        eventually(lambda: imported(office) == 1)
        office.export(age=1000, students=STUDENTS + b"Hermione_Granger,Potions\n")
        eventually(lambda: imported(office) == 2)
    assert office.feed.inbox["students.csv"].endswith(b"Hermione_Granger,Potions\n")
    assert "push " in office.log().splitlines()[0]
    assert office.log().rstrip().endswith("roster-agent push ends")
    for name in (*NAMES, "Hermione_Granger", office.state.uploader().token):
        assert name not in office.log()


def test_a_watch_should_upload_the_same_files_again_when_an_export_wrote_them_anew(office: Office) -> None:
    """So that the cloud knows that exports still come."""
    with watching(office):
        eventually(lambda: imported(office) == 1)
        office.export(age=1000)
        eventually(lambda: imported(office) == 2)


def test_a_watch_should_not_upload_again_what_was_uploaded_before_it_began(office: Office) -> None:
    with watching(office):
        eventually(lambda: imported(office) == 1)
    with watching(office):
        office.export(age=500, students=STUDENTS + b"Hermione_Granger,Potions\n")
        eventually(lambda: imported(office) == 2)
    assert len(office.feed.asked) == 2


def test_a_watch_should_wait_for_both_files(office: Office) -> None:
    (office.folder / "teachers.csv").unlink()
    with watching(office):
        time.sleep(0.3)
        assert office.feed.asked == {}
        office.export()
        eventually(lambda: imported(office) == 1)


def test_a_watch_should_try_again_what_did_not_arrive(office: Office) -> None:
    office.feed.refusals = [Answer(503)] * 9
    with watching(office):
        eventually(lambda: imported(office) == 1)
    assert "upload_broken" in office.log()
    assert office.feed.inbox["students.csv"] == STUDENTS


def test_a_watch_should_tell_of_faulty_files_once_and_go_on_with_corrected_ones(office: Office) -> None:
    office.export(students=FAULTY)
    with watching(office):
        eventually(lambda: "files_faulty" in office.log())
        time.sleep(0.3)
        office.export(age=100)
        eventually(lambda: imported(office) == 1)
    assert office.log().count("files_faulty") == 1
    assert len(office.feed.asked) == 1


def test_a_watch_should_bear_a_folder_that_is_away_and_tell_it_once(office: Office) -> None:
    away = office.folder.with_name("away")
    office.folder.rename(away)
    with watching(office):
        eventually(lambda: "files_unreadable" in office.log())
        time.sleep(0.2)
        away.rename(office.folder)
        eventually(lambda: imported(office) == 1)
    assert office.log().count("files_unreadable") == 1


def test_a_watch_should_warn_of_an_upload_that_is_held(office: Office) -> None:
    office.feed.fates = [{"status": "held", "reason": "memberships_removed"}]
    with watching(office):
        eventually(lambda: "WARNING held: Held" in office.log())


def test_a_bug_should_be_told_by_its_place_alone_and_end_no_watch(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def wrong(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("Harry_Potter")
        return pushing.push(*arguments)

    monkeypatch.setattr(push_run, "push", wrong)
    with watching(office):
        eventually(lambda: imported(office) == 1)
    assert "internal error, please report it: ValueError in test_push.py" in office.log()
    assert "Harry_Potter" not in office.log()


def test_should_refuse_a_second_watch_of_one_state_folder(office: Office) -> None:
    with watching(office):
        eventually(office.state.is_watching)
        with pytest.raises(AlreadyRunning):
            watch(office.state, office.folder, threading.Event())
        assert office.run("service", "status", "--push") == 0
        assert "roster-agent push is running" in office.out
    assert logging.getLogger("roster_agent").handlers == []


# As a service


def test_should_install_a_service_that_watches_beside_the_one_that_pulls(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "UNITS", tmp_path)
    machine, duty = Machine(), service.pushing(str(office.folder), anyway=True)
    made = service.install(office.state, "impero", machine, duty)
    assert made.file == tmp_path / "roster-agent-push.service"
    unit = made.data.decode()
    assert f'"push" "{office.folder}" "--watch" "--anyway" "--state" "{office.state.folder}"' in unit
    assert ("systemctl", "restart", "roster-agent-push") in machine.told
    service.uninstall(office.state, machine, service.pushing())
    assert machine.told[-1] == ("systemctl", "disable", "--now", "roster-agent-push")


def test_should_make_a_task_of_its_own_on_windows() -> None:
    made = service.task(["python.exe", "push"], Path("push.xml"), service.pushing(r"C:\export"))
    assert made.install[0][:5] == ("schtasks", "/Create", "/F", "/TN", "Impero SIS Import Push")


def test_should_install_no_service_that_could_upload_nothing(machine: Office) -> None:
    assert machine.run("service", "install", "--push", str(machine.folder)) == 1
    assert "roster-admin uploader add" in machine.err
