"""A terminal shows a page as HTML does: every text, in the same order. `roster-admin report` prints and writes it."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from rich.console import Console

from roster_commands import page_command as command
from roster_commands.admin import main
from roster_commands.pages import printed
from roster_pages import document, page
from tests.unit.pages import samples
from tests.unit.pages.reading import Seen, squeezed
from tests.unit.pages.strategies import views
from tests.unit.pages.texts import texts


def in_terminal(data: dict[str, Any], width: int = 100_000) -> str:
    out = io.StringIO()
    printed(page(data), Console(file=out, width=width, highlight=False, color_system=None))
    return out.getvalue()


def in_order(said: str, expected: list[str]) -> list[str]:
    """Those that do not follow each other in a text."""
    missing, place = [], 0
    for text in expected:
        found = said.find(squeezed(text), place)
        if found < 0:
            missing.append(text)
        else:
            place = found + len(squeezed(text))
    return missing


@given(views)
@settings(deadline=None)
def test_terminal_and_html_should_say_the_same(data: dict[str, Any]) -> None:
    said = texts(page(data))
    assert in_order(squeezed(in_terminal(data)), said) == []
    assert in_order(Seen(document(page(data))).text, said) == []


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_page_should_be_printed_in_a_narrow_terminal(name: str) -> None:
    narrow = in_terminal(samples.EVERY[name], 80)
    assert page(samples.EVERY[name]).title in narrow


@pytest.mark.parametrize("name", samples.NASTY, ids=range(len(samples.NASTY)))
def test_a_name_should_do_nothing_to_a_terminal(name: str) -> None:
    printed_page = in_terminal(samples.console([samples.right(name, groups=[name])]))
    assert not {"\x1b", "\x00", "\r", "\u202e"} & set(printed_page)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_terminal_should_leave_ids_and_numbers_whole(width: int) -> None:
    told = samples.report(number=14)
    lines = in_terminal(samples.site(imports=[told]), width).splitlines()
    for whole in (told["import"], "11,814", "412", "Version"):
        assert [line for line in lines if whole in line], whole
    assert max(map(len, lines[lines.index("Last imports") :])) <= width


def test_a_wide_terminal_should_have_a_table() -> None:
    assert "Version    Rows  Rejected" in in_terminal(samples.site(), 160)


def test_the_address_of_the_full_file_should_stand_on_one_line() -> None:
    link = f"https://results.s3.amazonaws.com/n.csv?X-Amz-Security-Token={'a' * 900}&b=1"
    assert f" {link}\n" in in_terminal(samples.EVERY["import"] | {"link": link}, 80)


class Asked:
    """A site that answers with one page, and remembers what it was asked."""

    questions: list[dict[str, Any]] = []  # noqa: RUF012 (of this class alone)

    def __init__(self, name: str, stack: str) -> None:
        self.name = name

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        self.questions.append({"action": action, "site": self.name, **details})
        return {"ok": True, "page": samples.import_(samples.report()) if "import" in details else samples.site()}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr(command, "Site", Asked)
    monkeypatch.setattr(Asked, "questions", [])
    return Asked.questions


def test_report_should_print_the_page_of_a_site(
    asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "hogwarts", "--stack", "sis"]) == 0
    assert asked == [{"action": "page", "site": "hogwarts", "view": "site"}]
    assert in_order(squeezed(capsys.readouterr().out), texts(page(samples.site()))) == []


def test_report_should_print_the_page_of_an_import_and_write_it(
    asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    made = samples.report()["import"]
    assert main(["report", "hogwarts", made, "--stack", "sis", "--html", str(file)]) == 0
    assert asked == [{"action": "page", "site": "hogwarts", "view": "import", "import": made}]
    assert file.read_text("utf-8") == document(page(samples.import_(samples.report())))
    assert made in capsys.readouterr().out
    if os.name == "posix":  # it names pupils
        assert file.stat().st_mode & 0o077 == 0


def test_report_should_be_printed_where_not_every_letter_can_be(
    asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, encoding="cp1252"))
    assert main(["report", "hogwarts", "--stack", "sis"]) == 0
    sys.stdout.flush()
    assert b"Rows rejected: from 0 to 2, last 2  " in file.getvalue()
    assert asked


def test_report_should_give_the_data_as_json(asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "hogwarts", "--stack", "sis", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == samples.site()
    assert asked


def test_report_should_say_where_it_cannot_write(
    asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["report", "hogwarts", "--stack", "sis", "--html", str(tmp_path / "no" / "report.html")]) == 1
    assert "cannot write" in capsys.readouterr().err
    assert asked
