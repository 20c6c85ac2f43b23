"""The agent as a service of this machine: a systemd unit on Linux, a task of the Task Scheduler on Windows.

Comes in: what to start and for whom. Goes out: a file in the service manager's form, and its own commands, run in
order. Refused (``ServiceFailed``): what the service manager refuses. Why a task: docs/decisions.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from roster_agent.disk.state import State
from roster_agent.failures import AgentError, NotEnrolled, ServiceFailed
from roster_agent.upload.upload_failures import NoUploader
from roster_agent.upload.upload_state import UploadState

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]

UNITS = Path("/etc/systemd/system")


@dataclass(frozen=True)
class Duty:
    """What a service of this machine does: its names, what roster-agent is started with, and who may do it.

    `is_allowed` says whether a state folder has what it needs, `is_done` whether it is doing it just now.
    """

    unit: str
    task: str
    about: str
    arguments: tuple[str, ...]
    is_allowed: Callable[[State], bool]
    is_done: Callable[[State], bool]
    refusal: type[AgentError]


PULLING = Duty(
    "roster-agent",
    "Impero SIS Import Agent",
    "Pulls the site's rosters for Impero Server",
    ("run",),
    State.is_enrolled,
    State.is_running,
    NotEnrolled,
)


def pushing(folder: str | None = None, *, anyway: bool = False) -> Duty:
    """The duty to upload a folder whenever it is written anew. Without a folder it can be asked about, and removed."""
    where = (str(Path(folder).absolute()),) if folder else ()
    return Duty(
        "roster-agent-push",
        "Impero SIS Import Push",
        "Uploads a school's export for Impero",
        ("push", *where, "--watch", *(("--anyway",) if anyway else ())),
        lambda state: bool(folder) and UploadState(state.folder).is_uploader(),
        lambda state: UploadState(state.folder).is_watching(),
        NoUploader,
    )


@dataclass(frozen=True)
class Manager:
    """A service manager: the file it reads and the commands that it understands."""

    file: Path
    data: bytes
    install: tuple[tuple[str, ...], ...]
    uninstall: tuple[tuple[str, ...], ...]
    status: tuple[str, ...]


def manager(state: State, account: str | None = None, duty: Duty = PULLING) -> Manager:
    """This machine's service manager, told how to run the agent for this state folder."""
    command = [sys.executable, "-P", "-m", "roster_agent", *duty.arguments, "--state", str(state.folder)]
    if sys.platform == "win32":
        return task(command, state.folder / f"{duty.unit}.xml", duty)
    return systemd(command, account or _owner(state.folder), duty)


def systemd(command: Sequence[str], account: str, duty: Duty = PULLING) -> Manager:
    """A unit that is started again whenever it ends. It may write anywhere: the school chooses the CSVImport folder."""
    unit = f"""\
[Unit]
Description={duty.about}
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
        UNITS / f"{duty.unit}.service",
        unit.encode(),
        install=(
            ("systemctl", "daemon-reload"),
            ("systemctl", "enable", duty.unit),
            ("systemctl", "restart", duty.unit),
        ),
        uninstall=(("systemctl", "disable", "--now", duty.unit),),
        status=("systemctl", "is-active", duty.unit),
    )


def task(command: Sequence[str], file: Path, duty: Duty = PULLING) -> Manager:
    """A task that starts with the machine and, if it ended meanwhile, again within five minutes; as SYSTEM.

    The second trigger's time is always past: the first one's repetition begins with the next start of the machine only.
    """
    program, *arguments = command
    xml = f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>{escape(duty.about)}</Description></RegistrationInfo>
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
            ("schtasks", "/Create", "/F", "/TN", duty.task, "/XML", str(file)),
            ("schtasks", "/Run", "/TN", duty.task),
        ),
        uninstall=(("schtasks", "/End", "/TN", duty.task), ("schtasks", "/Delete", "/F", "/TN", duty.task)),
        status=("schtasks", "/Query", "/TN", duty.task),
    )


def _execute(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    # Fixed programs of the system, with arguments of ours; nothing passes through a shell.
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603


def install(state: State, account: str | None = None, run: Run = _execute, duty: Duty = PULLING) -> Manager:
    """Let the service manager run the agent, now and whenever the machine starts. Raises NotEnrolled, ServiceFailed.

    NoUploader where it is to push, and no folder was named or nobody has enrolled to.
    """
    if not duty.is_allowed(state):
        # The enrolment is not read: the folder may belong to the account that the service will have.
        raise duty.refusal(str(state.folder))
    known = manager(state, account, duty)
    before = known.file.read_bytes() if known.file.is_file() else None
    try:
        known.file.write_bytes(known.data)
    except OSError as problem:
        raise ServiceFailed(f"{known.file} cannot be written ({problem.strerror})") from problem
    try:
        for command in known.uninstall[:-1]:
            _demand_nothing(command, run)  # an old agent would go on running, and keep the new one out
        for command in known.install:
            _demand(command, run)
    except ServiceFailed:
        _take_back(known, before, run)
        raise
    return known


def _take_back(known: Manager, before: bytes | None, run: Run) -> None:
    """Leave nothing of an installation that failed; a service that was there before has its file back."""
    if before is not None:
        known.file.write_bytes(before)
        return
    for command in known.uninstall:
        _demand_nothing(command, run)
    known.file.unlink(missing_ok=True)


def uninstall(state: State, run: Run = _execute, duty: Duty = PULLING) -> Manager:
    """Stop the agent for good; nothing else is removed. Raises ServiceFailed."""
    known = manager(state, duty=duty)
    for command in known.uninstall[:-1]:
        _demand_nothing(command, run)  # it may not be running
    _demand(known.uninstall[-1], run)
    known.file.unlink(missing_ok=True)
    return known


def status(run: Run = _execute, duty: Duty = PULLING) -> str:
    """What the service manager says about the agent, in a few words."""
    windows = ("schtasks", "/Query", "/TN", duty.task)
    command = windows if sys.platform == "win32" else ("systemctl", "is-active", duty.unit)
    try:
        done = run(command)
    except (OSError, subprocess.SubprocessError):
        return "this machine has no service manager that the agent knows"
    if sys.platform == "win32":
        return "installed" if done.returncode == 0 else "not installed"
    return done.stdout.strip() or "not installed"


def _demand_nothing(command: Sequence[str], run: Run) -> None:
    """Run a command that may fail."""
    with suppress(OSError, subprocess.SubprocessError):
        run(command)


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
