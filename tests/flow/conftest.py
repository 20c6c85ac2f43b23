"""What the tests of the whole way of the data share: the programs a person would run, against the local cloud."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from local.emulator import clean_environment
from tests import deployed
from tests.deployed import RunningSites, Site

Command = Callable[..., subprocess.CompletedProcess[str]]
Patience = Callable[..., None]


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def eventually(cloud: Cloud) -> Patience:
    """Wait until something is so, or fail with the end of the cloud's log."""
    return partial(deployed.eventually, cloud)


@pytest.fixture
def school(cloud: Cloud, site: str) -> Site:
    """A site that no other test uses, added and empty."""
    school = Site(cloud, site)
    school.add()
    return school


@pytest.fixture(scope="session")
def running_sites(cloud: Cloud) -> RunningSites:
    """The sites that `running` gives out."""
    return RunningSites(cloud, "running", 7)


@pytest.fixture
def running(running_sites: RunningSites) -> Site:
    """A site that no other test uses, with one version: the guide's example."""
    return running_sites.take()


@dataclass(frozen=True)
class Server:
    """An Impero server, with the agent on it."""

    cloud: Cloud
    command: Command
    folder: Path
    state: Path

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run roster-agent."""
        return self.command("roster-agent", *arguments, "--state", self.state, check=check)

    def says(self, *arguments: str) -> Any:
        """What roster-agent prints with --json."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def enrol(self, site: Site, code: str, *more: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Enrol it at a site."""
        where = ("--feed", self.cloud.feed_url, "--site", site.name, "--folder", str(self.folder))
        return self.run("enrol", *where, "--code", code, *more, check=check)

    def pull(self) -> str:
        """Pull; how that ended."""
        return str(self.says("pull")["outcome"])

    def files(self) -> dict[str, bytes]:
        """What is in the CSVImport folder."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@pytest.fixture(scope="session")
def new_server(cloud: Cloud, command: Command, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Server]:
    """A machine with an empty CSVImport folder that is no site's server yet."""

    def make() -> Server:
        folder = tmp_path_factory.mktemp("server")
        (folder / "CSVImport").mkdir()
        return Server(cloud, command, folder / "CSVImport", folder / "state")

    return make


@pytest.fixture(scope="session")
def enrol(new_server: Callable[[], Server]) -> Callable[[Site], Server]:
    """A new server of a site, called srv-01."""

    def make(site: Site) -> Server:
        server = new_server()
        server.enrol(site, site.ask("enrol", server="srv-01")["code"])
        return server

    return make
