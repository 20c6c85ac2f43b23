"""requirements.lock: complete, and the same wherever it is installed."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LAYER = (ROOT / "layers/aws/requirements.txt").read_text(encoding="utf-8")
AGENT = (ROOT / "agent/requirements.txt").read_text(encoding="utf-8")
CHECKOV = (ROOT / "checkov.lock").read_text(encoding="utf-8")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;]+)(?: ; [^\\]+)? \\$", re.MULTILINE)
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(text):
        found.setdefault(name, set()).add(version)
    return found


def test_should_hold_nothing_but_exact_versions_and_their_hashes() -> None:
    for text in (LOCK, LAYER, AGENT, CHECKOV):
        other = [line for line in text.splitlines() if not PIN.match(line) and not HASH.match(line)]
        assert other == [], "a registry's address or a path of one machine is of no use elsewhere"


def test_should_pin_in_the_layer_what_the_tests_run_with() -> None:
    locked, layer = pins(LOCK), pins(LAYER)
    assert "aws-lambda-powertools" in layer
    assert {name: versions for name, versions in layer.items() if not versions <= locked[name]} == {}


def test_should_leave_the_sdk_to_the_runtime() -> None:
    assert not {"boto3", "botocore"} & set(pins(LAYER))


def test_should_pin_for_the_agent_what_the_tests_run_with() -> None:
    locked, agent = pins(LOCK), pins(AGENT)
    assert {"cryptography", "httpx2", "rich"} <= set(agent)
    assert {name: versions for name, versions in agent.items() if not versions <= locked[name]} == {}


def test_should_ask_for_the_same_libraries_wherever_the_agent_is_installed_from() -> None:
    whole, alone = (
        tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for folder in (".", "agent")
    )
    assert set(alone["dependencies"]) <= set(whole["dependencies"])
    assert (alone["version"], alone["requires-python"]) == (whole["version"], whole["requires-python"])
    assert alone["scripts"].items() <= whole["scripts"].items()
