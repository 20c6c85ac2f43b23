"""The agent as a service: the files that service managers read, and the commands that they are given."""

import configparser
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from roster_agent.daemon import service
from roster_agent.failures import ServiceFailed
from tests.unit.agent.server import Server

COMMAND = ["/opt/agent/bin/python", "-m", "roster_agent", "run", "--state", '/var/lib/my agent\'s 100% "best" $HOME']
SCHEMA = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


class Machine:
    """A service manager that keeps what it was told, and refuses the commands that have `refused` in them."""

    def __init__(self, refused: str = "\0", said: str = "") -> None:
        self.told: list[tuple[str, ...]] = []
        self.refused, self.said = refused, said

    def __call__(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        self.told.append(tuple(command))
        status = int(any(self.refused in word for word in command))
        return subprocess.CompletedProcess(command, status, self.said, "Access denied\nmore" if status else "")


def test_should_write_a_unit_that_starts_the_agent_and_starts_it_again() -> None:
    made = service.systemd(COMMAND, "impero")
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(made.data.decode())
    run = unit["Service"]
    unescaped = run["ExecStart"].replace("%%", "%").replace("$$", "$")
    assert shlex.split(unescaped) == COMMAND
    assert (run["Restart"], run["User"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "impero", "0")
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_should_write_a_task_that_starts_the_agent_and_starts_it_again() -> None:
    program = r"C:\Program Files\R&D <agent>\python.exe"
    made = service.task([program, "-m", "roster_agent", "run", "--state", r"C:\Program Data\agent"], Path("task.xml"))
    assert made.data.startswith((b"\xff\xfe", b"\xfe\xff"))
    root = ElementTree.fromstring(made.data.decode("utf-16").partition("?>")[2].strip())  # noqa: S314 - our own

    def text(path: str) -> str | None:
        return root.findtext("/".join(f"{SCHEMA}{name}" for name in path.split("/")))

    assert text("Actions/Exec/Command") == program
    assert text("Actions/Exec/Arguments") == r'-m roster_agent run --state "C:\Program Data\agent"'
    assert text("Principals/Principal/UserId") == "S-1-5-18"
    assert text("Triggers/BootTrigger/Repetition/Interval") == "PT5M"
    assert text("Triggers/TimeTrigger/Repetition/Interval") == "PT5M"
    assert datetime.fromisoformat(str(text("Triggers/TimeTrigger/StartBoundary"))) < datetime.now()  # noqa: DTZ005
    assert text("Settings/MultipleInstancesPolicy") == "IgnoreNew"
    assert text("Settings/ExecutionTimeLimit") == "PT0S"
    assert made.install == (
        ("schtasks", "/Create", "/F", "/TN", "Impero SIS Import Agent", "/XML", "task.xml"),
        ("schtasks", "/Run", "/TN", "Impero SIS Import Agent"),
    )


def test_should_end_the_task_of_before_when_it_installs_another(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "manager", lambda *_, **__: service.task(COMMAND, tmp_path / "task.xml"))
    machine = Machine(refused="/End")
    service.install(server.state, None, machine)
    assert [command[1] for command in machine.told] == ["/End", "/Create", "/Run"]


@pytest.mark.parametrize("refused", ["/Create", "/Run"])
def test_a_failed_installation_should_leave_nothing_behind(
    refused: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "task.xml"
    monkeypatch.setattr(service, "manager", lambda *_, **__: service.task(COMMAND, file))
    machine = Machine(refused)
    with pytest.raises(ServiceFailed):
        service.install(server.state, None, machine)
    assert not file.exists()
    assert [command[1] for command in machine.told][-2:] == ["/End", "/Delete"]
    file.write_bytes(b"the task of before")
    with pytest.raises(ServiceFailed):
        service.install(server.state, None, Machine(refused))
    assert file.read_bytes() == b"the task of before"


def test_should_leave_nothing_behind_where_there_is_no_service_manager(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(_: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        raise FileNotFoundError

    monkeypatch.setattr(service, "manager", lambda *_, **__: service.task(COMMAND, tmp_path / "task.xml"))
    with pytest.raises(ServiceFailed, match="cannot be run"):
        service.install(server.state, None, absent)
    assert list(tmp_path.glob("task.xml")) == []


linux = pytest.mark.skipif(sys.platform == "win32", reason="systemd")


@linux
def test_should_install_start_and_uninstall(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = tmp_path / "roster-agent.service"
    monkeypatch.setattr(service, "UNITS", tmp_path)
    machine = Machine()
    service.install(server.state, "impero", machine)
    assert "User=impero" in unit.read_text()
    assert str(server.state.folder) in unit.read_text()
    assert machine.told == [
        ("systemctl", "daemon-reload"),
        ("systemctl", "enable", "roster-agent"),
        ("systemctl", "restart", "roster-agent"),
    ]
    machine.told.clear()
    service.uninstall(server.state, machine)
    assert machine.told == [("systemctl", "disable", "--now", "roster-agent")]
    assert not unit.exists()
    assert server.state.is_enrolled()


@linux
def test_should_run_as_the_owner_of_the_state_folder(server: Server) -> None:
    made = service.manager(server.state)
    assert f"User={server.state.folder.owner()}\n" in made.data.decode()


@linux
def test_should_pass_on_what_the_service_manager_refuses(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "UNITS", tmp_path)
    with pytest.raises(ServiceFailed, match="Access denied"):
        service.install(server.state, None, Machine(refused="enable"))
    monkeypatch.setattr(service, "UNITS", Path("/nowhere"))
    with pytest.raises(ServiceFailed, match="cannot be written"):
        service.install(server.state, None, Machine())


@linux
def test_should_say_how_the_service_is() -> None:
    assert service.status(Machine(said="active\n")) == "active"
    assert service.status(Machine(said="")) == "not installed"


def test_should_say_it_where_there_is_no_service_manager(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "no service manager" in service.status()
    assert server.run("service", "status") == 0
    assert "not running" in server.out


def test_should_not_install_what_is_not_enrolled(new_server: Server) -> None:
    assert new_server.run("service", "install") == 1
    assert "roster-agent enrol" in new_server.err
