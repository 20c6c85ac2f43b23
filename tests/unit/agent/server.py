"""A school's server under test: a state folder, a CSVImport folder, and the agent as its administrator runs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from roster_agent.cli import main
from roster_agent.disk.mirror import Mirror
from roster_agent.disk.state import State
from tests.feed_simulator import FeedSimulator

SITE = "hogwarts"

SEED_FILES = {
    "students.csv": b"version,1\r\nusername,class\r\nHarry_Potter,Dark Arts\r\nHarry_Potter,Flying\r\n"
    b"Harry_Potter,Potions\r\nRon_Weasley,Muggle Studies\r\nRon_Weasley,Potions\r\n",
    "teachers.csv": b"version,1\r\nusername,class\r\nAmycus_Carrow,Dark Arts\r\nCharity_Burbage,Muggle Studies\r\n"
    b"Rolanda_Hooch,Flying\r\nSeverus_Snape,Dark Arts\r\nSeverus_Snape,Potions\r\n",
}
NEXT_FILES = {
    "students.csv": 'version,1\r\nusername,class\r\nHermione_Granger,"Charms, ""advanced"""\r\n'
    'Hermione_Granger,Potions\r\nRon_Weasley,Potions\r\nZoë_Müller,"Charms, ""advanced"""\r\n'.encode(),
    "teachers.csv": b'version,1\r\nusername,class\r\nMinerva_McGonagall,"Charms, ""advanced"""\r\n'
    b"Minerva_McGonagall,Potions\r\nSeverus_Snape,Occlumency\r\nSeverus_Snape,Potions\r\n",
}


class Server:
    """One machine. `run` is the command line; what it printed is in `out` and `err`."""

    def __init__(self, root: Path, feed: FeedSimulator, capsys: pytest.CaptureFixture[str]) -> None:
        self.feed = feed
        self.state = State(root / "state")
        self.folder = root / "CSVImport"
        self.folder.mkdir(parents=True)
        self.out = self.err = ""
        self._capsys = capsys

    def run(self, *arguments: str) -> int:
        try:
            status = main([*arguments, "--state", str(self.state.folder)])
        except SystemExit as usage:
            status = int(usage.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return status

    def enrol(self, *more: str, site: str = SITE, server: str = "library") -> int:
        code = self.feed.code(site, server)
        where = ("--feed", self.feed.url, "--site", site, "--code", code, "--folder", str(self.folder))
        return self.run("enrol", *where, *more)

    def pull(self) -> int:
        return self.run("pull")

    def asks(self, *arguments: str) -> Any:
        assert self.run(*arguments, "--json") == 0, self.err
        return json.loads(self.out)

    def outcome(self) -> str:
        attempt = self.state.last_attempt()
        return attempt.outcome if attempt else ""

    def cursor(self) -> str:
        """What it says to the feed of the version that it has."""
        with Mirror(self.state.mirror) as mirror:
            applied = mirror.applied()
        assert applied
        about = applied.manifest
        return f"?have={about.version}&epoch={about.epoch}&manifest={applied.manifest_sha256}"

    def question(self) -> str:
        """What a pull asks for the head with: the version that it has, and the keys that it trusts."""
        return f"{self.cursor()}&keyring={self.state.keyring().serial}"

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}

    def mirror(self) -> tuple[int, bytes] | None:
        """The current version and its content, from the mirror."""
        if not self.state.has_mirror():
            return None
        with Mirror(self.state.mirror) as mirror:
            version = mirror.version()
        return (version.manifest.version, version.content) if version else None

    def left(self) -> tuple[dict[str, bytes], tuple[int, bytes] | None]:
        """Everything that a refused version must leave as it was."""
        return self.files(), self.mirror()
