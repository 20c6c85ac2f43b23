"""`roster-admin upload`: a pair from a folder to the servers, for who has an AWS account."""

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deployed import SEED, Site, client
from tests.flow.conftest import Command, Server

STUDENTS = SEED["students.csv"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pair = tmp_path / "export"
    pair.mkdir()
    write(pair)
    return pair


def write(folder: Path, **files: bytes) -> None:
    for name, data in {"teachers": SEED["teachers.csv"], "students": STUDENTS, **files}.items():
        (folder / f"{name}.csv").write_bytes(data)


def upload(
    command: Command, site: Site, folder: Path, *more: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    return command("roster-admin", "upload", site.name, folder, "--yes", *more, check=check)


def uploads(site: Site) -> int:
    found = client(site.cloud, "s3").list_object_versions(Bucket=site.cloud.inbox_bucket, Prefix=f"{site.name}/")
    return len(found.get("Versions", []))


def test_should_upload_a_pair_and_follow_it_until_it_is_delivered(
    running: Site, command: Command, folder: Path, enrol: Callable[[Site], Server]
) -> None:
    server = enrol(running)
    server.pull()
    write(folder, students=STUDENTS + b"Hermione_Granger,Potions\n")
    asked_again = threading.Event()

    def pull_now_and_then() -> None:
        while not asked_again.wait(1):
            server.pull()

    pulls = threading.Thread(target=pull_now_and_then)
    pulls.start()
    try:
        done = upload(command, running, folder)
    finally:
        asked_again.set()
        pulls.join()
    assert "Hermione_Granger" in done.stdout, "the preview"
    assert "Delivered on srv-01." in done.stderr
    assert running.version() == 2
    assert b"Hermione_Granger" in server.files()["students.csv"]


def test_should_say_that_nobody_takes_the_version_yet(school: Site, command: Command, folder: Path) -> None:
    done = upload(command, school, folder)
    assert "No server is enrolled yet." in done.stderr
    assert school.version() == 1
    said = json.loads(upload(command, school, folder, "--json").stdout)
    assert (said["status"], said["servers"]) == ("no_change", {})


def test_should_not_wait_for_a_server_that_is_silent(
    running: Site, command: Command, folder: Path, enrol: Callable[[Site], Server]
) -> None:
    enrol(running)  # and never asks
    write(folder, students=STUDENTS + b"Hermione_Granger,Potions\n")
    assert "srv-01 is silent" in upload(command, running, folder).stderr


def test_should_say_what_to_do_about_an_import_that_is_held(running: Site, command: Command, folder: Path) -> None:
    write(folder, students=b"version,1\nusername,class\nRon_Weasley,Potions\n")
    done = upload(command, running, folder, check=False)
    assert done.returncode == 1
    assert f"Next: roster-admin approve {running.name}" in done.stderr


def test_should_upload_nothing_that_would_be_refused(running: Site, command: Command, folder: Path) -> None:
    before = uploads(running)
    write(folder, students=b"PK\x03\x04")
    done = upload(command, running, folder, check=False)
    assert (done.returncode, uploads(running)) == (1, before)
    assert "Nothing was uploaded" in done.stderr
    (folder / "students.csv").unlink()
    missing = upload(command, running, folder, check=False)
    assert "there is no students.csv" in missing.stderr


def test_should_ask_before_it_uploads(running: Site, command: Command, folder: Path) -> None:
    before = uploads(running)
    done = command("roster-admin", "upload", running.name, folder, check=False)
    assert (done.returncode, uploads(running)) == (1, before)
    assert "--yes" in done.stderr


def test_should_make_no_site_of_a_typo(command: Command, folder: Path, running: Site) -> None:
    typo = Site(running.cloud, f"{running.name}x")
    done = upload(command, typo, folder, check=False)
    assert (done.returncode, uploads(typo)) == (1, 0)
    assert f"roster-admin site add {typo.name}" in " ".join(done.stderr.split())


def test_should_say_that_a_site_is_paused(running: Site, command: Command, folder: Path) -> None:
    running.ask("pause")
    write(folder, students=STUDENTS + b"Hermione_Granger,Potions\n")
    done = upload(command, running, folder)
    assert "paused" in done.stdout
    assert running.version() == 1
