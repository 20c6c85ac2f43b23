"""The agent alone, as a school's server gets it: the packages it needs, its command, and nothing of the cloud's."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = (ROOT / "layers/core/roster", ROOT / "agent/roster_agent")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make wheel` builds it, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "agent/pyproject.toml", folder)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w"]
    subprocess.run([*build, str(folder / "dist"), str(folder)], check=True, capture_output=True)
    (made,) = (folder / "dist").glob("*.whl")
    return made


def test_should_hold_the_agent_and_the_core_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        metadata = file.read(next(name for name in file.namelist() if name.endswith("/METADATA"))).decode()
    assert {name.partition("/")[0] for name in names} == {"roster", "roster_agent", "roster_agent-0.1.0.dist-info"}
    modules = {path.relative_to(package.parent).as_posix() for package in PACKAGES for path in package.rglob("*.py")}
    assert modules <= names
    assert "boto3" not in metadata


def test_should_run_where_it_was_installed(wheel: Path, tmp_path: Path) -> None:
    install: list[str] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--target",
        str(tmp_path / "site"),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), *libraries])}
    ask: list[str] = [
        sys.executable,
        "-P",
        "-m",
        "roster_agent",
        "support-bundle",
        str(tmp_path / "help.zip"),
        "--state",
        str(tmp_path / "s"),
    ]
    subprocess.run(ask, env=environment, cwd=tmp_path, check=True, capture_output=True)
    with zipfile.ZipFile(tmp_path / "help.zip") as bundle:
        assert b'"agent": "0.1.0"' in bundle.read("versions.json")
