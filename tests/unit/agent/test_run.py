"""The agent that runs by itself: pulls, waits, bears failures, stops when asked, ends itself when it hangs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from roster_agent.daemon import logs, schedule, watchdog
from roster_agent.daemon.run import run
from roster_agent.daemon.watchdog import Watchdog
from roster_agent.disk import lock
from roster_agent.failures import AlreadyRunning, NotEnrolled, StateUnusable
from roster_agent.update import pull as pull_module
from tests.feed_faults import Answer
from tests.feed_simulator import NEXT, SEED, make_roster
from tests.unit.agent.server import NEXT_FILES, SEED_FILES, SITE, Server

# What is awaited comes within a second; only a machine that does much else needs more.
PATIENCE_SECONDS = 120


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundredths of seconds where the agent would wait for minutes."""
    for name in ("SHORTEST_INTERVAL", "FIRST_BACKOFF", "LONGEST_START"):
        monkeypatch.setattr(schedule, name, 0.02)
    monkeypatch.setattr(schedule, "LONGEST_BACKOFF", 0.05)
    monkeypatch.setattr(schedule, "LONGEST_INTERVAL", 0.02)


@contextmanager
def running(server: Server) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(server.state, stop))
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


def delivered(server: Server) -> dict[str, bytes]:
    """The two files, while the agent may be at work beside them."""
    found = {}
    for name in SEED_FILES:
        with suppress(FileNotFoundError):
            found[name] = (server.folder / name).read_bytes()
    return found


def log(server: Server) -> str:
    file = server.state.logs / "agent.log"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def test_should_pull_until_it_is_asked_to_stop(enrolled: Server) -> None:
    enrolled.feed.publish(SITE, SEED)
    with running(enrolled):
        eventually(lambda: delivered(enrolled) == SEED_FILES)
        enrolled.feed.publish(SITE, NEXT)
        eventually(lambda: delivered(enrolled) == NEXT_FILES)
    assert "applied: Version 2 applied." in log(enrolled)
    assert log(enrolled).strip().endswith("roster-agent ends")


def test_should_recover_by_itself_from_whatever_was_in_the_way(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.feed.spoil("head", lambda _: Answer(503))
    with running(server):
        eventually(lambda: server.outcome() == "feed_failed")
        server.folder.rename(server.folder.with_name("unplugged"))
        eventually(lambda: server.outcome() == "folder_unusable")
        server.feed.heal()
        server.folder.with_name("unplugged").rename(server.folder)
        eventually(lambda: delivered(server) == NEXT_FILES)


def test_should_bear_a_bug_of_its_own(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    real, bugs = pull_module.update, iter([KeyError("Harry_Potter")])

    def buggy(*arguments: object) -> object:
        for bug in bugs:
            raise bug
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pull_module, "update", buggy)
    server.feed.publish(SITE, NEXT)
    with running(server):
        eventually(lambda: delivered(server) == NEXT_FILES)
    assert "internal error" in log(server)
    assert "Harry" not in log(server)


def test_should_bear_settings_that_cannot_be_read(server: Server) -> None:
    (server.state.folder / "agent.toml").write_text("proxy = ")
    server.feed.publish(SITE, NEXT)
    with running(server):
        eventually(lambda: server.outcome() == "bad_settings")
        (server.state.folder / "agent.toml").unlink()
        eventually(lambda: delivered(server) == NEXT_FILES)


def test_should_mend_what_somebody_changes_in_the_folder(server: Server) -> None:
    with running(server):
        (server.folder / "teachers.csv").write_bytes(b"edited")
        eventually(lambda: delivered(server) == SEED_FILES)


def test_should_leave_room_for_a_pull_by_hand(server: Server) -> None:
    with running(server):
        eventually(server.state.is_running)
        eventually(lambda: server.pull() == 0)


def test_should_tell_of_a_pull_by_hand_that_does_not_end(server: Server) -> None:
    with server.state.locked(), running(server):
        eventually(lambda: "already_running" in log(server))


def test_should_say_it_when_it_cannot_keep_a_log(server: Server) -> None:
    server.state.logs.touch()
    with pytest.raises(StateUnusable, match="logs"):
        run(server.state, threading.Event())


def test_should_say_it_when_the_server_is_not_enrolled(new_server: Server) -> None:
    with pytest.raises(NotEnrolled):
        run(new_server.state, threading.Event())
    assert not new_server.state.folder.exists()


def test_should_run_once_only(server: Server) -> None:
    with running(server):
        eventually(server.state.is_running)
        with pytest.raises(AlreadyRunning):
            run(server.state, threading.Event())


def test_should_begin_although_somebody_looks_whether_it_runs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    stop.set()
    looking = lock.take(server.state.folder / "roster-agent-run.lock")
    monkeypatch.setattr(time, "sleep", lambda _: os.close(looking))
    run(server.state, stop)
    assert log(server).strip().endswith("roster-agent ends")


def test_should_stop_in_the_middle_of_a_download(server: Server) -> None:
    stop = threading.Event()
    server.feed.publish(SITE, NEXT)

    def stopping(answer: Answer) -> Answer:
        stop.set()
        return answer

    server.feed.spoil("object", stopping)
    server.feed.reports.clear()
    run(server.state, stop)
    assert server.feed.reports == []
    assert server.files() == SEED_FILES
    assert server.outcome() == "stopped"
    server.feed.heal()
    assert server.pull() == 0
    assert server.files() == NEXT_FILES


def test_should_name_nobody_in_its_log(enrolled: Server) -> None:
    enrolled.feed.publish(SITE, SEED)
    token = enrolled.state.enrolment().token
    with running(enrolled):
        eventually(lambda: delivered(enrolled) == SEED_FILES)
        enrolled.feed.publish(SITE, make_roster({"Potions": ["Harry_Potter"]}))
        enrolled.feed.spoil("object", lambda answer: Answer(200, answer.body[:-1] + b"x"))
        eventually(lambda: enrolled.outcome() == "corrupt_download")
    assert not [secret for secret in ("Harry", "Potions", "Snape", token) if secret in log(enrolled)]


def test_should_keep_five_files_of_its_log_at_the_most(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_BYTES", 2000)
    server.state.logs.mkdir()
    told = logs.begin(server.state.logs)
    for number in range(500):
        told.info("pull %d", number)
    logs.end(told)
    kept = {path.name: path.stat().st_size for path in server.state.logs.iterdir()}
    assert sorted(kept) == ["agent.log", *(f"agent.log.{number}" for number in range(1, 5))]
    assert max(kept.values()) <= 2000
    assert log(server).strip().endswith("pull 499")


def test_should_pull_with_a_clock_that_is_ten_years_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    for years in (-10, 10):
        monkeypatch.setattr(time, "time", lambda years=years: real() + years * 365 * 86400)
        server.feed.publish(SITE, NEXT if years < 0 else SEED)
        with running(server):
            eventually(lambda years=years: delivered(server) == (NEXT_FILES if years < 0 else SEED_FILES))  # type: ignore[misc]


def test_should_end_itself_when_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_LOOK_SECONDS", 0.01)
    expired = threading.Event()
    with Watchdog(expired.set) as watch:
        watch.within(0.05)
        assert expired.wait(PATIENCE_SECONDS)


def test_should_not_end_itself_while_something_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_LOOK_SECONDS", 0.01)
    expired, at, looks = threading.Event(), [0], Counter[int]()

    def clock() -> float:
        if threading.current_thread().name == "watchdog":
            looks[at[0]] += 1
        return at[0]

    with Watchdog(expired.set, clock) as watch:
        for _ in range(5):
            watch.within(10)
            at[0] += 9
            eventually(lambda: looks[at[0]] > 2)
        assert not expired.is_set()
        at[0] += 2
        assert expired.wait(PATIENCE_SECONDS)


def _process(server: Server, *code: str) -> "subprocess.Popen[bytes]":
    """The agent as a process of its own, in a hurry."""
    lines = [
        "import sys",
        "from roster_agent import cli",
        "from roster_agent.daemon import run, schedule, watchdog",
        "schedule.LONGEST_START = 0",
        *code,
        f"sys.exit(cli.main(['run', '--state', {str(server.state.folder)!r}]))",
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", "\n".join(lines)], env=environment, stdout=subprocess.PIPE)


HANG = (
    "import time",
    "watchdog._LOOK_SECONDS = 0.05",
    "run.LONGEST_SILENCE = 2",
    "run.pull = lambda *_: time.sleep(3600)",
)


def test_should_end_a_process_that_hangs_also_where_it_cannot_write_down_where(server: Server) -> None:
    (server.state.logs / "hang.txt").mkdir(parents=True)
    with _process(server, *HANG) as process:
        assert process.wait(PATIENCE_SECONDS) == watchdog.EXIT_STATUS


def test_should_end_a_process_that_hangs_with_a_status_of_its_own(server: Server, tmp_path: Path) -> None:
    with _process(server, *HANG) as process:
        assert process.wait(PATIENCE_SECONDS) == watchdog.EXIT_STATUS
    assert "nothing happened for too long" in log(server)
    assert "_cycle" in (server.state.logs / "hang.txt").read_text()


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes in other ways")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_should_end_well_when_the_system_asks(server: Server, number: int) -> None:
    server.feed.publish(SITE, NEXT)
    with _process(server) as process:
        eventually(lambda: delivered(server) == NEXT_FILES)
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert log(server).strip().endswith("roster-agent ends")
