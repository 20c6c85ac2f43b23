"""The state folder chooses what a school gets: one that somebody else can write to is refused, or taken from them."""

import os
import stat
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from roster_agent.disk import private
from roster_agent.disk.private import make_private
from roster_agent.failures import StateNotOurs
from tests.feed_simulator import NEXT
from tests.unit.agent.server import SEED_FILES, SITE, Server

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such owners and modes")

STRANGER = 61234


def _give_away(path: Path) -> None:
    """Make it another account's."""
    if os.geteuid() != 0:
        pytest.skip("this account cannot give anything away")
    os.chown(path, STRANGER, STRANGER)


def _given_away(name: str) -> tuple[Callable[[Server], object], str]:
    return lambda server: _give_away(
        server.state.folder / name
    ), f"{name or 'state'} belongs to the account 61234, but this account is"


def _opened(name: str, mode: int) -> tuple[Callable[[Server], object], str]:
    return lambda server: (server.state.folder / name).chmod(mode), "others may write to"


FOREIGN = {
    "another's folder": _given_away(""),
    "a folder open to a group": _opened("", 0o770),
    "a folder open to all": _opened("", 0o707),
    "another's mirror": _given_away("mirror.db"),
    "another's token": _given_away("enrolment.json"),
    "another's keyring": _given_away("keyring.json"),
    "another's settings": _given_away("agent.toml"),
    "another's lock": _given_away("roster-agent.lock"),
    "a mirror open to a group": _opened("mirror.db", 0o660),
    "a token open to all": _opened("enrolment.json", 0o646),
    "settings open to all": _opened("agent.toml", 0o666),
}


@posix
@pytest.mark.parametrize("foreign", FOREIGN)
def test_should_refuse_a_state_that_others_can_write(server: Server, foreign: str) -> None:
    make_foreign, says = FOREIGN[foreign]
    server.feed.publish(SITE, NEXT)
    make_foreign(server)
    server.feed.paths()
    asked = (
        ["pull"],
        ["pull", "--dry-run"],
        ["status"],
        ["group", "potions"],
        ["approve", "--yes"],
        ["run"],
        ["rotate-token"],
    )
    for command in (*asked, ["history"], ["export", str(server.folder.parent / "bundle")]):
        assert server.run(*command) == 1, command
        assert says in server.err, command
        assert "Run the agent as the account" in server.err
        assert "chown" in server.err
    assert server.feed.paths() == []
    assert server.files() == SEED_FILES
    assert server.run("doctor") == 1
    assert says in server.out


@posix
@pytest.mark.parametrize("foreign", ["another's folder", "a folder open to all"])
def test_should_use_no_code_for_a_folder_that_others_can_write(server: Server, foreign: str) -> None:
    FOREIGN[foreign][0](server)
    server.feed.paths()
    assert server.enrol("--force") == 1
    assert FOREIGN[foreign][1] in server.err
    assert server.feed.paths() == []


@posix
def test_should_go_on_once_it_is_ours_alone_again(server: Server) -> None:
    server.state.folder.chmod(0o777)
    assert server.pull() == 1
    server.state.folder.chmod(0o700)
    assert server.pull() == 0, server.err


@posix
def test_should_take_a_folder_that_everybody_may_write_to_while_nothing_is_in_it(new_server: Server) -> None:
    new_server.state.folder.mkdir()
    new_server.state.folder.chmod(0o777)
    assert new_server.enrol() == 0, new_server.err
    assert stat.S_IMODE(new_server.state.folder.stat().st_mode) == 0o700


@posix
def test_should_refuse_a_folder_into_which_something_came_just_now(
    new_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_server.state.folder.mkdir()
    real = Path.chmod

    def chmod(path: Path, mode: int) -> None:
        (path / "keyring.json").touch()
        real(path, mode)

    monkeypatch.setattr(Path, "chmod", chmod)
    assert new_server.enrol() == 1
    assert "something was added to" in new_server.err


@posix
def test_should_refuse_settings_that_a_stranger_made_before_us(new_server: Server) -> None:
    new_server.state.folder.mkdir(mode=0o755)
    new_server.state.settings_file.write_text("proxy = 'none'")
    _give_away(new_server.state.settings_file)
    assert new_server.enrol() == 1
    assert "agent.toml belongs to" in new_server.err
    assert new_server.feed.requests == []


@posix
def test_should_trust_what_the_administrator_owns(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("nothing here is the administrator's")
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)
    server.state.demand_ours()


@posix
def test_should_follow_links_to_whose_they_lead_to(server: Server, tmp_path: Path) -> None:
    elsewhere = tmp_path / "agent.toml"
    server.state.settings_file.rename(elsewhere)
    server.state.settings_file.symlink_to(elsewhere)
    assert server.pull() == 0, server.err
    elsewhere.chmod(0o666)
    assert server.pull() == 1
    assert "agent.toml" in server.err


class Windows:
    """Programs that keep what they are told, and fail from the n-th on."""

    def __init__(self, fails_at: int = -1) -> None:
        self.told: list[tuple[str, ...]] = []
        self.fails_at = fails_at

    def __call__(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        self.told.append(tuple(command))
        return subprocess.CompletedProcess(command, int(len(self.told) - 1 == self.fails_at))


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A folder that was there before, with settings and a log."""
    folder = tmp_path / "state"
    (folder / "logs").mkdir(parents=True)
    (folder / "agent.toml").touch()
    (folder / "logs" / "agent.log").touch()
    return folder


def test_should_take_over_a_folder_by_the_words_of_windows(before: Path) -> None:
    """First its owner, who could always let others in; then every entry; then only ours; then all that is in it."""
    windows = Windows()
    make_private(before, windows, windows=True)
    system, administrators, owner = (f"*S-1-{number}:(OI)(CI)F" for number in ("5-18", "5-32-544", "3-4"))
    grants = ("/grant:r", system, "/grant:r", administrators, "/grant:r", owner)
    within = [before / "agent.toml", before / "logs", before / "logs" / "agent.log"]
    assert windows.told == [
        ("takeown", "/F", str(before)),
        ("icacls", str(before), "/reset"),
        ("icacls", str(before), "/inheritance:r", *grants),
        *(command for path in within for command in (("takeown", "/F", str(path)), ("icacls", str(path), "/reset"))),
    ]


@pytest.mark.parametrize("fails_at", range(9))
def test_should_say_which_program_of_windows_refused(before: Path, fails_at: int) -> None:
    windows = Windows(fails_at)
    with pytest.raises(PermissionError, match=r"(takeown|icacls) ended with 1"):
        make_private(before, windows, windows=True)
    assert len(windows.told) == fails_at + 1


@pytest.mark.parametrize("problem", [FileNotFoundError("no such program"), subprocess.TimeoutExpired("takeown", 60)])
def test_should_say_it_where_windows_lacks_the_program(before: Path, problem: Exception) -> None:
    def fail(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        raise problem

    with pytest.raises(PermissionError, match="takeown cannot be run"):
        make_private(before, fail, windows=True)


@posix
@pytest.mark.parametrize("where", ["folder", "inside"])
def test_should_take_over_nothing_that_a_link_leads_to(before: Path, tmp_path: Path, where: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    link = before / "logs" / "link" if where == "inside" else tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    windows = Windows()
    with pytest.raises(StateNotOurs, match="is a link"):
        make_private(before if where == "inside" else link, windows, windows=True)
    assert not [word for command in windows.told for word in command if "elsewhere" in word or "link" in word]


def test_should_know_a_junction_of_windows() -> None:
    class About:
        st_mode = stat.S_IFDIR | 0o777
        st_file_attributes = 0x410

    assert private._is_link(About())  # type: ignore[arg-type]
    About.st_file_attributes = 0x10
    assert not private._is_link(About())  # type: ignore[arg-type]
