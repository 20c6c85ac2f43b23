"""What `roster-admin upload` makes of what the cloud says of servers, and of files that it does not read."""

from pathlib import Path
from typing import Any

import pytest

from roster.settings import Settings
from roster_commands import uploading
from roster_commands.folder import Unreadable, files_to_upload
from roster_commands.upload_policy import commands, policy

SINCE = "2026-09-01T02:05:07+00:00"


def server(state: str, *, held: bool = False, reported_at: str | None = None, name: str = "srv-01") -> dict[str, Any]:
    report = {"held": held} if reported_at else {}
    return {"server": name, "state": state, "report": report, "reported_at": reported_at}


class Telling:
    """A site whose servers are told in turn, the last for ever."""

    name = "hogwarts"

    def __init__(self, *told: list[dict[str, Any]]) -> None:
        self.told = list(told)

    def ask(self, action: str) -> dict[str, Any]:
        assert action == "servers"
        return {"servers": self.told.pop(0) if len(self.told) > 1 else self.told[0]}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "LOOK_SECONDS", 0)


def followed(*told: list[dict[str, Any]]) -> tuple[dict[str, str], list[str]]:
    said: list[str] = []
    site: Any = Telling(*told)
    return uploading.follow_servers(site, SINCE, said.append), said


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (server("applied"), "delivered"),
        (server("applied", held=True, reported_at=SINCE), "delivered"),
        (server("behind", held=True, reported_at=SINCE), "held"),
        (server("silent"), "silent"),
    ],
)
def test_should_end_with_a_state_that_needs_no_more_waiting(known: dict[str, Any], state: str) -> None:
    states, said = followed([known])
    assert states == {"srv-01": state}
    assert len(said) == 1


def test_should_say_each_server_once_as_it_becomes_known() -> None:
    both = [server("applied"), server("behind", name="srv-02")]
    states, said = followed(both, both, [server("applied"), server("applied", name="srv-02")])
    assert states == {"srv-01": "delivered", "srv-02": "delivered"}
    assert said == ["Delivered on srv-01.", "Delivered on srv-02."]


def test_should_wait_on_where_a_hold_is_about_an_earlier_version() -> None:
    old = server("behind", held=True, reported_at="2026-08-31T02:05:07+00:00")
    assert followed([old], [server("applied")])[1] == ["Delivered on srv-01."]


def test_should_leave_out_who_is_revoked_and_say_that_there_is_no_server() -> None:
    states, said = followed([server("revoked")])
    assert (states, len(said)) == ({}, 1)
    assert "roster-admin enrol hogwarts" in said[0]


def test_should_give_up_waiting_some_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "DELIVERY_SECONDS", 0.01)
    states, said = followed([server("behind")])
    assert states == {"srv-01": "behind"}
    assert "has not taken the version yet" in said[0]


def test_should_upload_only_what_the_site_reads(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(b"PK")
    for place in (tmp_path / "export.zip", tmp_path):
        with pytest.raises(Unreadable, match=r"imports from teachers\.csv and students\.csv|no teachers\.csv"):
            files_to_upload(place, Settings())
    wanted = Settings(import_from="clever")
    assert files_to_upload(tmp_path / "export.zip", wanted) == {"clever.zip": b"PK"}


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_policy_should_name_two_keys_and_one_action(partition: str) -> None:
    said = policy("inbox", "hogwarts", partition)
    (statement,) = said["Statement"]
    assert statement["Action"] == "s3:PutObject"
    keys = [f"arn:{partition}:s3:::inbox/hogwarts/{name}.csv" for name in ("teachers", "students")]
    assert statement["Resource"] == keys
    assert "*" not in str(said)


def test_every_line_should_name_both_files_and_never_the_settings() -> None:
    for program, lines in commands("inbox", "hogwarts", "eu-west-2").items():
        assert all(file in " ".join(lines) for file in ("teachers.csv", "students.csv")), program
        assert "settings" not in " ".join(lines)
