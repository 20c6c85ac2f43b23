"""`roster-agent push` against the deployed stack: no AWS account, no AWS word, from a code to the outcome."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.emulator import clean_environment
from tests.deployed import SEED, Site, eventually
from tests.flow.conftest import Command

STUDENTS = SEED["students.csv"]


@dataclass(frozen=True)
class Office:
    """A machine that may upload for one site."""

    site: Site
    command: Command
    folder: Path
    state: Path

    def export(self, **files: bytes) -> None:
        """Write the pair, as of an hour ago."""
        for name, data in {"teachers": SEED["teachers.csv"], "students": STUDENTS, **files}.items():
            path = self.folder / f"{name}.csv"
            path.write_bytes(data)
            os.utime(path, (time.time() - 3600, time.time() - 3600))

    def push(self, *more: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.command("roster-agent", "push", str(self.folder), "--state", str(self.state), *more, check=check)


@pytest.fixture
def new_office(command: Command, tmp_path: Path) -> Callable[[Site], Office]:
    def make(site: Site) -> Office:
        made = json.loads(command("roster-admin", "uploader", "add", site.name, "office", "--json").stdout)
        office = Office(site, command, tmp_path / "export", tmp_path / "state")
        office.folder.mkdir()
        office.export()
        enrol = ("--enrol", made[0]["code"], "--feed", site.cloud.feed_url, "--site", site.name)
        command("roster-agent", "push", *enrol, "--state", office.state)
        return office

    return make


def test_a_school_should_upload_its_first_roster_by_a_code_alone(
    school: Site, new_office: Callable[[Site], Office]
) -> None:
    done = new_office(school).push()
    assert done.stdout.startswith("Imported: ")
    assert school.version() == 1
    assert "5 memberships" in done.stderr
    for name in ("Harry_Potter", "Potions"):
        assert name not in done.stdout + done.stderr


def test_a_wrong_pair_should_stay_at_home_and_a_corrected_one_be_imported(
    running: Site, new_office: Callable[[Site], Office]
) -> None:
    office = new_office(running)
    office.export(students=STUDENTS + b",Potions\n")
    wrong = office.push(check=False)
    assert (wrong.returncode, running.version(), len(running.imports())) == (1, 1, 1)
    assert "username_empty" in wrong.stderr
    office.export(students=STUDENTS + b"Hermione_Granger,Potions\n")
    said = json.loads(office.push("--json").stdout)
    assert (said["status"], said["changes"]["members_created"], running.version()) == ("imported", 1, 2)
    assert office.push().stdout.startswith("Imported: the files say what is published already")


def test_a_pair_that_removes_too_much_should_be_told_as_held(
    running: Site, new_office: Callable[[Site], Office]
) -> None:
    office = new_office(running)
    office.export(students=b"version,1\nusername,class\nRon_Weasley,Potions\n")
    done = office.push(check=False)
    assert (done.returncode, running.version()) == (1, 1)
    assert done.stdout.startswith("Held: ")


def test_a_paused_site_should_be_told(running: Site, new_office: Callable[[Site], Office]) -> None:
    office = new_office(running)
    running.ask("pause")
    office.export(students=STUDENTS + b"Hermione_Granger,Potions\n")
    assert "paused" in office.push().stdout


def test_a_watch_should_upload_each_export_and_log_what_came_of_it(
    running: Site, new_office: Callable[[Site], Office]
) -> None:
    office = new_office(running)
    hurry = "push_run.QUIET_SECONDS = push_run.LOOK_SECONDS = 0.2"
    arguments = ["push", str(office.folder), "--watch", "--state", str(office.state)]
    code = f"import sys; from roster_agent.upload import push_run; {hurry}; from roster_agent.cli import main"
    environment = clean_environment() | {"PYTHONPATH": os.pathsep.join(sys.path)}
    log = office.state / "logs" / "push.log"
    with subprocess.Popen([sys.executable, "-c", f"{code}; sys.exit(main({arguments!r}))"], env=environment) as process:
        try:
            eventually(running.cloud, lambda: log.exists() and "imported: Imported" in log.read_text(), "the first")
            office.export(students=STUDENTS + b"Hermione_Granger,Potions\n")
            os.utime(office.folder / "students.csv", (time.time() - 900, time.time() - 900))
            eventually(running.cloud, lambda: log.read_text().count("imported: Imported") == 2, "the next export")
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert running.version() == 2
    assert "Hermione" not in log.read_text()
