"""docs/troubleshooting.md quotes lines that the product says, and no others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
SAID_IN = ("layers/core", "layers/aws", "agent/roster_agent", "commands/roster_commands", "functions")
VARIES = "…"


def texts_of(source: str) -> Iterator[str]:
    """Every text of a Python file, docstrings too, with … for what a run puts in."""
    tree = ast.parse(source)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else VARIES for part in node.values)
            yield plain("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield plain(re.sub(r"\{[^}]*\}", VARIES, node.value))


def plain(text: str) -> str:
    return re.sub(rf"{VARIES}+", VARIES, " ".join(text.split()))


def is_said(line: str, texts: list[str]) -> bool:
    """Whether a text has the line in it. What differs from case to case is … in both, and nothing else is."""
    return any(line.strip(f" {VARIES}") in text for text in texts)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    files = [file for folder in SAID_IN for file in sorted((ROOT / folder).rglob("*.py"))]
    alarms = re.sub(r"\$\{[^}]*\}", VARIES, (ROOT / "template.yaml").read_text("utf-8"))
    return [alarms, *(text for file in files for text in texts_of(file.read_text("utf-8")))]


def rows() -> list[list[str]]:
    """The cells of every row of every table, without the headings."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:1] == "|"]
    return [row for row in cells if row[0] != "the line" and not row[0].startswith("---")]


LINES = [re.fullmatch(r"`([^`]+)`", row[0]) for row in rows()]


def test_every_row_should_begin_with_a_line_that_somebody_sees() -> None:
    assert len(LINES) > 60
    assert None not in LINES


@pytest.mark.parametrize("line", [line[1] for line in LINES if line])
def test_every_line_should_be_one_that_the_product_says(line: str, texts: list[str]) -> None:
    assert is_said(line, texts)


@pytest.mark.parametrize(
    "topic", ["Uploads", "failed", "held", "The agent", "service", "dashboard", "Alarms", "doctor"]
)
def test_every_place_where_trouble_shows_should_have_a_section(topic: str) -> None:
    assert any(topic in heading for heading in re.findall(r"^## (.+)$", PAGE, re.MULTILINE))


def test_a_line_of_the_agent_should_have_the_code_of_the_failure_that_says_it_beside_it() -> None:
    tree = [
        node
        for file in sorted((ROOT / "agent/roster_agent").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    said = {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower(): plain(ast.get_docstring(node) or "") for node in tree
    }
    coded = [(row[0].strip("`"), row[1].strip("`")) for row in rows() if len(row) == 3]
    assert len(coded) > 10
    assert [code for line, code in coded if line not in said.get(code, "")] == []


def test_the_page_should_have_every_alarm_of_the_stack() -> None:
    named = re.findall(r"AlarmName: !Sub \$\{AWS::StackName\}(-[a-z-]+)", (ROOT / "template.yaml").read_text("utf-8"))
    assert {f"…{name}" for name in named} == {line[1] for line in LINES if line and line[1].startswith("…-")}


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ('f"{number} uploads wait"', "… uploads wait", True),
        ('f"{number} uploads wait, {more} do not"', "… uploads wait, … do not", True),
        ('f"{number} uploads wait"', "5 uploads wait", False),
        ('"{number} of {of} go"', "… of … go", True),
        ('x = ("one "\n    "line")', "one line", True),
        ('"""A docstring\n\nof two parts."""', "A docstring of two parts.", True),
        ("# one line", "one line", False),
    ],
)
def test_should_find_a_line_in_texts_and_nowhere_else(source: str, line: str, said: bool) -> None:
    assert is_said(line, list(texts_of(source))) == said
