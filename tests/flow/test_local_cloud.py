"""`make cloud`: what a person's shell gets from it, and how it ends."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import pytest

from local.cloud import Cloud
from local.emulator import HOST, free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def make_cloud(port: int | str, env_file: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "local.run_cloud", "--env-file", env_file],
        cwd=ROOT,
        env=os.environ | {"CLOUD_PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def is_up(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def told_until(word: str, process: subprocess.Popen[str]) -> str:
    """What the process printed up to the line with this word: only then has it said all that comes before."""
    told = ""
    for line in cast("IO[str]", process.stdout):
        told += line
        if word in line:
            return told
    pytest.fail(f"it ended without saying {word!r}: {told}")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_should_leave_nothing_running_however_it_ends(ending: signal.Signals, tmp_path: Path) -> None:
    port, env_file = free_port(), tmp_path / "cloud.env"
    with make_cloud(port, env_file) as process:
        told = told_until("Ctrl-C", process)
        assert "$INBOX_BUCKET" in told
        assert env_file.exists()
        assert is_up(port)
        process.send_signal(ending)
        told += process.communicate(timeout=30)[0]
    if ending == signal.SIGINT:
        assert process.returncode == 0, told
        assert not env_file.exists(), "a shell would be led to a cloud that is gone"
    deadline = time.monotonic() + 10
    while is_up(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_up(port)


def test_should_tell_commands_that_a_new_shell_can_run_as_they_are(tmp_path: Path) -> None:
    with make_cloud(free_port(), tmp_path / "cloud.env") as process:
        told = told_until("Ctrl-C", process)
        (sourcing,) = re.findall(r"^  (\. .*)$", told, re.MULTILINE)
        commands = re.findall(r"^.{20}((?:aws|roster|AT=).*)$", told, re.MULTILINE)
        assert [command.split()[0] for command in commands if "=$" not in command] == [
            *("roster-admin", "aws", "aws", "roster-admin", "roster-admin", "roster-agent", "roster-agent")
        ]
        script = "\n".join(["set -eu", sourcing, *commands])
        # What a person does in between: wait for the import, and read the code.
        script = script.replace("roster-admin imports", "roster-admin import")
        script = script.replace("roster-admin enrol hogwarts server-1", "CODE=$(roster-admin enrol hogwarts server-1)")
        script = script.replace(" CODE ", " $CODE ") + "\ncat $AT/CSVImport/students.csv"
        environment = os.environ | {"TMPDIR": str(tmp_path)}
        ran = subprocess.run(
            ["sh", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "Harry_Potter,Potions" in ran.stdout
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_should_leave_nothing_running_when_it_is_stopped_before_it_is_up(tmp_path: Path) -> None:
    port, env_file = free_port(), tmp_path / "cloud.env"
    with make_cloud(port, env_file) as process:
        wait_until(lambda: is_up(port), process)
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=30)[0]
    assert process.returncode == 0, told
    assert not env_file.exists()
    assert not is_up(port)


def test_should_say_so_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as somebody:
        somebody.bind((HOST, 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        with make_cloud(port, tmp_path / "cloud.env") as process:
            told = process.communicate(timeout=30)[0]
    assert process.returncode == 1
    assert f"Port {port}" in told
    assert "CLOUD_PORT=" in told


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1"])
def test_should_refuse_what_is_no_port(port: str, tmp_path: Path) -> None:
    with make_cloud(port, tmp_path / "cloud.env") as process:
        told = process.communicate(timeout=30)[0]
    assert process.returncode == 2
    assert "CLOUD_PORT" in told


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_should_hand_a_shell_every_name_as_it_is(shell: str, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "cloud.env"
    file.write_text(cloud.shell_environment())
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    for sourcing in (f". {file}", f"set -a; . {file}; set +a"):
        script = f"{sourcing}; {shlex.quote(sys.executable)} -c {shlex.quote(program)}"
        shown = subprocess.run(
            [shell, "-euc", script],
            env=os.environ | {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "mine"},
            capture_output=True,
            text=True,
            check=True,
        )
        seen = json.loads(shown.stdout)
        assert cloud.environment.items() <= seen.items()
        assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & seen.keys()
    assert cloud.feed_url.endswith("/$default")


def test_two_clouds_should_not_disturb_each_other(cloud: Cloud) -> None:
    mine = cloud.client("s3")
    mine.put_object(Bucket=cloud.results_bucket, Key="only-in-the-first", Body=b"")
    with Cloud() as other:
        assert other.port != cloud.port
        assert "Contents" not in other.client("s3").list_objects_v2(Bucket=other.results_bucket)
        folder = other.folder
    assert not folder.exists()
    listed = mine.list_objects_v2(Bucket=cloud.results_bucket, Prefix="only-in-the-first")
    assert [item["Key"] for item in listed["Contents"]] == ["only-in-the-first"]


def test_should_enforce_the_roles_of_the_template(cloud: Cloud) -> None:
    """Else no test here would notice a right that a function lacks."""
    nobody = cloud.session().client(
        "s3", endpoint_url=cloud.endpoint_url, aws_access_key_id="AKIANOBODY", aws_secret_access_key="unknown"
    )
    with pytest.raises(nobody.exceptions.ClientError, match=r"InvalidAccessKeyId|AccessDenied|SignatureDoesNotMatch"):
        nobody.list_objects_v2(Bucket=cloud.inbox_bucket)
