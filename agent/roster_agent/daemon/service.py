"""The agent as a service of this machine: a systemd unit on Linux, a task of the Task Scheduler on Windows.

Comes in: what to start and for whom. Goes out: a file in the service manager's form, and its own commands, run in
order. Refused (``ServiceFailed``): what the service manager refuses. Why a task: docs/decisions.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from roster_agent.disk.state import State
from roster_agent.failures import NotEnrolled, ServiceFailed

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]

UNIT = Path("/etc/systemd/system/roster-agent.service")
TASK = "Impero SIS Import Agent"


@dataclass(frozen=True)
class Manager:
    """A service manager: the file it reads and the commands that it understands."""

    file: Path
    data: bytes
    install: tuple[tuple[str, ...], ...]
    uninstall: tuple[tuple[str, ...], ...]
    status: tuple[str, ...]


def manager(state: State, account: str | None = None) -> Manager:
    """This machine's service manager, told how to run the agent for this state folder."""
    command = [sys.executable, "-P", "-m", "roster_agent", "run", "--state", str(state.folder)]
    if sys.platform == "win32":
        return task(command, state.folder / "task.xml")
    return systemd(command, account or _owner(state.folder))


def systemd(command: Sequence[str], account: str) -> Manager:
    """A unit that is started again whenever it ends. It may write anywhere: the school chooses the CSVImport folder."""
    unit = f"""\
[Unit]
Description=Impero SIS Import agent
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart={" ".join(map(_quoted, command))}
User={account}
Restart=always
RestartSec=30
TimeoutStopSec=90
UMask=0022
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=full

[Install]
WantedBy=multi-user.target
"""
    return Manager(
        UNIT,
        unit.encode(),
        install=(
            ("systemctl", "daemon-reload"),
            ("systemctl", "enable", UNIT.stem),
            ("systemctl", "restart", UNIT.stem),
        ),
        uninstall=(("systemctl", "disable", "--now", UNIT.stem),),
        status=("systemctl", "is-active", UNIT.stem),
    )


def task(command: Sequence[str], file: Path) -> Manager:
    """A task that starts with the machine and, if it ended meanwhile, again within five minutes; as SYSTEM.

    The second trigger's time is always past: the first one's repetition begins with the next start of the machine only.
    """
    program, *arguments = command
    xml = f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Pulls the site's rosters for Impero Server</Description></RegistrationInfo>
  <Triggers>
    <BootTrigger><Repetition><Interval>PT5M</Interval></Repetition><Enabled>true</Enabled></BootTrigger>
    <TimeTrigger>
      <Repetition><Interval>PT5M</Interval></Repetition>
      <StartBoundary>2000-01-01T00:00:00</StartBoundary>
      <Enabled>true</Enabled>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="agent"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Enabled>true</Enabled>
  </Settings>
  <Actions Context="agent">
    <Exec>
      <Command>{escape(program)}</Command>
      <Arguments>{escape(subprocess.list2cmdline(arguments))}</Arguments>
    </Exec>
  </Actions>
</Task>
"""
    return Manager(
        file,
        xml.replace("\n", "\r\n").encode("utf-16"),
        install=(
            ("schtasks", "/Create", "/F", "/TN", TASK, "/XML", str(file)),
            ("schtasks", "/Run", "/TN", TASK),
        ),
        uninstall=(("schtasks", "/End", "/TN", TASK), ("schtasks", "/Delete", "/F", "/TN", TASK)),
        status=("schtasks", "/Query", "/TN", TASK),
    )


def _execute(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    # Fixed programs of the system, with arguments of ours; nothing passes through a shell.
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603


def install(state: State, account: str | None = None, run: Run = _execute) -> Manager:
    """Let the service manager run the agent, now and whenever the machine starts. Raises NotEnrolled, ServiceFailed."""
    if not state.is_enrolled():
        # The enrolment is not read: the folder may belong to the account that the service will have.
        raise NotEnrolled(str(state.folder))
    known = manager(state, account)
    try:
        known.file.write_bytes(known.data)
    except OSError as problem:
        raise ServiceFailed(f"{known.file} cannot be written ({problem.strerror})") from problem
    for command in known.uninstall[:-1]:
        run(command)  # an old agent would go on running, and keep the new one out
    for command in known.install:
        _demand(command, run)
    return known


def uninstall(state: State, run: Run = _execute) -> Manager:
    """Stop the agent for good; nothing else is removed. Raises ServiceFailed."""
    known = manager(state)
    for command in known.uninstall[:-1]:
        run(command)  # it may not be running
    _demand(known.uninstall[-1], run)
    known.file.unlink(missing_ok=True)
    return known


def status(run: Run = _execute) -> str:
    """What the service manager says about the agent, in a few words."""
    command = ("schtasks", "/Query", "/TN", TASK) if sys.platform == "win32" else ("systemctl", "is-active", UNIT.stem)
    try:
        done = run(command)
    except (OSError, subprocess.SubprocessError):
        return "this machine has no service manager that the agent knows"
    if sys.platform == "win32":
        return "installed" if done.returncode == 0 else "not installed"
    return done.stdout.strip() or "not installed"


def _demand(command: Sequence[str], run: Run) -> None:
    try:
        done = run(command)
    except (OSError, subprocess.SubprocessError) as problem:
        raise ServiceFailed(f"{command[0]} cannot be run ({type(problem).__name__})") from problem
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise ServiceFailed(f"{' '.join(command[:2])} said: {said[0].rstrip('.') if said else done.returncode}")


def _owner(folder: Path) -> str:
    """The account that the state folder belongs to."""
    if sys.platform == "win32":
        return "SYSTEM"
    import pwd

    uid = folder.stat().st_uid if folder.exists() else os.geteuid()
    return pwd.getpwuid(uid).pw_name


def _quoted(word: str) -> str:
    """A word as systemd reads it back, whatever is in it."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"'
