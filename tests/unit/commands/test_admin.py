"""What `roster-admin` prints, whatever it prints to. What it asks of the cloud is tried in tests/flow."""

import io
import os
import sys
from typing import Any

import pytest

from roster_commands import looking
from roster_commands.admin import main
from roster_commands.site import Failed, Site

GROUP = {"name": "Kräuterkunde", "members": ["Jürgen_Müller", *(f"Schüler_{number}" for number in range(200))]}


class Answering:
    """A site that knows one group, and one user who is in very many."""

    def __init__(self, name: str, stack: str) -> None:
        self.name = name

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        return {"group": GROUP}

    def parts(self, action: str, **details: Any) -> list[dict[str, Any]]:
        return [{"console": None, "member_of": [f"Kräuter {number}" for number in range(300)]}]


@pytest.fixture(autouse=True)
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "Site", Answering)


def show(*what: str) -> int:
    return main(["show", "hogwarts", *what, "--stack", "sis"])


def test_should_print_names_that_the_console_has_no_letters_for(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="ascii"))
    assert show("group", "kräuterkunde") == 0
    assert show("user", "jürgen") == 0
    assert printed.getvalue().startswith(b"J\\xfcrgen_M\\xfcller\n")
    assert b"Kr\\xe4uter 299" in printed.getvalue()


def test_should_not_break_a_line_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert show("user", "jürgen") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("member of: Kräuter 0, ")
    assert line.endswith("Kräuter 99")


@pytest.mark.parametrize("what", [("group", "kräuterkunde"), ("group", "kräuterkunde", "--json"), ("user", "jürgen")])
def test_should_stop_without_a_word_when_nobody_reads_on(
    what: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        with pytest.raises(SystemExit) as ended:
            show(*what)
    assert ended.value.code == 1
    assert capsys.readouterr().err == ""


def test_should_say_that_a_version_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = {"sha256": "", "bytes": 1, "content_sha256": "", "content_bytes": 1}
    said = {"version": 3, "snapshot": blob, "link": "http://127.0.0.1:1/secret", "counts": {}}
    monkeypatch.setattr(Site, "ask", lambda *_, **__: said)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with pytest.raises(Failed, match="version 3 could not be fetched") as failed:
        Site("hogwarts", "sis").version()
    assert "secret" not in str(failed.value)
