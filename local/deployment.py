"""Builds template.yaml and deploys it with the same two commands as for AWS: ``sam build`` and ``sam deploy``.

In: the checkout, and an environment that says where to deploy. Out: a built folder, and a deployed stack. Only the
endpoint and the parameter LocalCloud differ from a real deployment. Refused, with `LocalCloudError`: a build or a
deployment that fails. The text ends with the last lines of sam's output.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.emulator import LocalCloudError

ROOT = Path(__file__).parent.parent
#: Everything that the local cloud writes is in this folder.
STATE = ROOT / ".local"
STACK_NAME = "impero-sis"
#: What a build is made from. The functions are deployed as they are.
BUILD_INPUTS = ("template.yaml", "layers")
#: Builds that were not used for so long are removed.
OLD_BUILD_SECONDS = 3600
SAM = Path(sys.executable).with_name("sam")


def build(environment: Mapping[str, str]) -> Path:
    """Build the template, unless the same sources were built before; the folder of the build.

    Raises LocalCloudError.
    """
    builds = STATE / "builds"
    builds.mkdir(parents=True, exist_ok=True)
    folder = builds / _digest_of_inputs()
    # Two clouds that start at once build once, and neither deploys half a build.
    with _locked(builds / "lock"):
        if not (folder / "template.yaml").exists():
            unfinished = builds / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            _run([SAM, "build", "--build-dir", unfinished], environment)
            unfinished.rename(folder)
        folder.touch()
        for other in builds.iterdir():
            if other.is_dir() and other.stat().st_mtime < time.time() - OLD_BUILD_SECONDS:
                shutil.rmtree(other)
    return folder


def deploy(
    build_folder: Path, environment: Mapping[str, str], parameters: Mapping[str, str], stack_name: str = STACK_NAME
) -> None:
    """Deploy a build to the cloud that ``environment`` names. Raises LocalCloudError."""
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    _run(
        [
            *(SAM, "deploy", "--template-file", build_folder / "template.yaml", "--stack-name", stack_name),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"),
            *("--parameter-overrides", *overrides),
        ],
        environment,
    )


def _run(command: list[str | Path], environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        # sam asks AWS every five seconds. The emulator is faster, so it is asked more often.
        env={**environment, "SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-40:])
        raise LocalCloudError(f"`sam {command[1]}` failed:\n{tail}")


def _digest_of_inputs() -> str:
    digest = hashlib.sha256()
    for name in BUILD_INPUTS:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
