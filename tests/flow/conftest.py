"""What the tests of the whole way of the data share: the programs a person would run, against the local cloud."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.emulator import clean_environment

Command = Callable[..., subprocess.CompletedProcess[str]]
Patience = Callable[..., None]


@pytest.fixture
def command(cloud: Cloud) -> Command:
    """Run a program of the environment (``aws``, ``roster-admin``, ...) as in a shell that sourced cloud.env."""

    def run(program: str, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [Path(sys.executable).with_name(program), *arguments],
            env=clean_environment() | cloud.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"{program} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    return run


@pytest.fixture
def eventually(cloud: Cloud) -> Patience:
    """Wait until something is so, or fail with the end of the cloud's log."""

    def wait(happened: Callable[[], bool], what: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                log = "\n".join(cloud.log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])
                pytest.fail(f"not within {seconds} s: {what}\n{log}")
            time.sleep(0.1)

    return wait
