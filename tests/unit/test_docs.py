"""The pages say what there is: every command is in the README, every link leads somewhere."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from roster import guard
from tests.translated import translated

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    ROOT / "benchmarks/README.md",
    ROOT / "events/README.md",
]


def commands_of(program: str) -> list[str]:
    """The commands that a program's own help lists."""
    ran = subprocess.run(
        [Path(sys.executable).with_name(program), "--help"], capture_output=True, text=True, check=True
    )
    positional = ran.stdout.partition("positional arguments:")[2] or ran.stdout
    return re.findall(r"^    ([a-z-]+)(?: |$)", positional, re.MULTILINE)  # a long name has a line of its own


@pytest.mark.parametrize("program", ["roster", "roster-admin", "roster-agent"])
def test_the_readme_should_have_every_command(program: str) -> None:
    commands = commands_of(program)
    assert len(commands) >= 2
    rows = [line for line in README.splitlines() if line.startswith(f"| `{program} ")]
    missing = [name for name in commands if not any(re.search(rf"`({program} )?{name}\b", row) for row in rows)]
    assert not missing


def test_the_index_should_have_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text("utf-8")
    linked = {page.partition("#")[0] for page in re.findall(r"\]\(([^)]+)\)", index)}
    pages = {page.name for page in ROOT.glob("docs/*.md")} - {"README.md"}
    assert pages | {f"../{page.name}" for page in ROOT.glob("*.md")} == {
        each for each in linked if each.endswith(".md")
    }
    assert "docs/README.md" in README


def test_the_changelog_should_have_what_is_not_released_above_the_version_of_the_project() -> None:
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert versions[:2] == ["Unreleased", project["version"]]


def test_the_page_about_holding_should_have_every_guard_in_its_order() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/holding.md").read_text("utf-8"), re.MULTILINE)
    assert rows == guard.CODES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_heading_should_name_one_that_exists(page: Path) -> None:
    for name, place in re.findall(r"\]\(([^):#]*)#([^)]+)\)", page.read_text("utf-8")):
        text = (page.parent / name if name else page).read_text("utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        assert place in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_should_say_what_it_is_about(page: Path) -> None:
    assert re.match(r"# \S.*\n\n\S", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_should_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_named_in_a_page_should_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:layers|functions|agent|commands|local|tests|docs|benchmarks)/[\w/.]+)`", page.read_text("utf-8")
    )
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_page_about_deploying_should_have_every_parameter() -> None:
    page = (ROOT / "docs/deploying.md").read_text("utf-8")
    table = page[page.index("## The parameters") : page.index("## Quotas")]
    named = re.findall(r"`([A-Z][A-Za-z]+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line))
    assert sorted(named) == sorted(translated()["Parameters"])
