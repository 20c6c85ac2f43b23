"""Who may import whom: the borders between the pure core, the part that knows AWS, and the agent."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AWS = {"boto3", "botocore", "s3transfer", "aws_lambda_powertools", "roster_aws"}


def imported_roots(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def imports_of(folder: str) -> dict[str, set[str]]:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files, f"{folder} has no modules: this test would prove nothing"
    return {str(file.relative_to(ROOT)): set(imported_roots(file.read_text(encoding="utf-8"))) for file in files}


@pytest.mark.parametrize(
    ("source", "roots"),
    [
        ("import os.path, boto3", {"os", "boto3"}),
        ("from botocore.config import Config", {"botocore"}),
        ("def later():\n    import boto3", {"boto3"}),
        ("if TYPE_CHECKING:\n    from roster_aws import table", {"roster_aws"}),
        ("from . import neighbour", set()),
    ],
)
def test_should_see_every_import_of_a_module(source: str, roots: set[str]) -> None:
    assert set(imported_roots(source)) == roots


def test_roster_should_import_nothing_but_the_standard_library_and_itself() -> None:
    allowed = sys.stdlib_module_names | {"roster"}
    assert {file: extra for file, roots in imports_of("layers/core/roster").items() if (extra := roots - allowed)} == {}


def test_roster_pages_should_import_nothing_but_the_standard_library_roster_and_itself() -> None:
    allowed = sys.stdlib_module_names | {"roster", "roster_pages"}
    found = imports_of("layers/core/roster_pages")
    assert {file: extra for file, roots in found.items() if (extra := roots - allowed)} == {}


def test_the_agent_should_not_import_what_knows_aws() -> None:
    assert {file: extra for file, roots in imports_of("agent/roster_agent").items() if (extra := roots & AWS)} == {}


def test_of_the_deployed_code_only_roster_aws_should_import_boto3() -> None:
    sdk = {"boto3", "botocore", "s3transfer"}
    assert {file: extra for file, roots in imports_of("functions").items() if (extra := roots & sdk)} == {}
    assert any(roots & sdk for roots in imports_of("layers/aws/roster_aws").values())


def test_the_deployed_code_should_import_only_what_a_layer_or_the_runtime_brings() -> None:
    layers = {"roster", "roster_pages", "roster_aws"}
    brought = sys.stdlib_module_names | layers | {"boto3", "botocore", "aws_lambda_powertools", "httpx2", "oauthlib"}
    for file, roots in (imports_of("functions") | imports_of("layers/aws/roster_aws")).items():
        # mypy_boto3_*: for the type checker, never executed.
        assert {root for root in roots - brought if not root.startswith("mypy_boto3_")} == set(), file


def test_the_core_layer_should_bring_every_package_of_its_folder(tmp_path: Path) -> None:
    """The emulator would not notice: it finds what this machine's own Python has."""
    folder = ROOT / "layers" / "core"
    subprocess.run(["make", "-s", "-C", folder, "build-CoreLayer", f"ARTIFACTS_DIR={tmp_path}"], check=True)
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert {path.name for path in (tmp_path / "python").iterdir()} == packages
