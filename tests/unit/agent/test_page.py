"""docs/agent.md describes what there is: every line of doctor, every setting, every command."""

import re
from dataclasses import fields
from pathlib import Path

from roster_agent.agent_settings import TEMPLATE, Settings
from roster_agent.disk.state import State
from roster_agent.support.doctor import examine
from roster_agent.trust.guard import Limits

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/agent.md").read_text(encoding="utf-8")


def rows(section: str) -> list[str]:
    """The first cells of the table in a section."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]


def test_should_explain_every_line_of_doctor_in_its_order(tmp_path: Path) -> None:
    told = [re.findall("`(.*?)`", cell)[0] for cell in rows("What each line of doctor means")]
    assert told == [check.name for check in examine(State(tmp_path / "state"))]


def test_should_explain_and_offer_every_setting() -> None:
    names = {field.name for kind in (Settings, Limits) for field in fields(kind)} - {"limits"}
    told = {name for cell in rows("Settings") for name in re.findall("`([a-z_]+)`", cell)}
    assert told == names
    assert set(re.findall(r"^# ([a-z_]+) = ", TEMPLATE, re.MULTILINE)) == names


def test_every_link_within_the_page_should_lead_somewhere() -> None:
    heads = {
        re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
        for head in re.findall("^## (.*)$", PAGE, re.MULTILINE)
    }
    assert [link for link in re.findall(r"\]\(#([^)]*)\)", PAGE) if link not in heads] == []
