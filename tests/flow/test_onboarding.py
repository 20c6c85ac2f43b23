"""A second school, as an administrator and the school would add it: no AWS word for the school or its server."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import SEED, Site
from tests.flow.conftest import Command, Server


def test_schools_of_a_list_should_begin_with_what_is_handed_over_to_them(
    cloud: Cloud, site: str, command: Command, new_server: Callable[[], Server], tmp_path: Path
) -> None:
    north, south = f"{site}-n", f"{site}-s"
    schools, folder, export = tmp_path / "schools.csv", tmp_path / "handover", tmp_path / "export"
    schools.write_text(f"site,contact,servers,uploaders\n{north},it@north.example,2,office\n{south},,1,\n")
    command("roster-admin", "site", "add", "--from", schools, "--to", folder)
    handed_over = (folder / f"{north}.txt").read_text()
    assert "roster-agent push" not in (folder / f"{south}.txt").read_text()

    export.mkdir()
    for name, data in SEED.items():
        (export / name).write_bytes(data)
    (push,) = re.findall(r"roster-agent (push DIR .*)", handed_over)
    uploaded = command("roster-agent", *_words(push, DIR=export), "--state", tmp_path / "office")
    assert uploaded.stdout.startswith("Imported: ")

    servers = [new_server(), new_server()]
    for server, line in zip(servers, re.findall(r"roster-agent (enrol .*)", handed_over), strict=True):
        server.run(*_words(line, CSVIMPORT=server.folder))
        assert server.pull() == "applied"
        assert b"Harry_Potter" in server.files()["students.csv"]

    listed = {each["site"]: each for each in _json(command, "sites", site)}
    assert set(listed) == {north, south}
    assert (listed[north]["status"], listed[north]["servers"]["applied"]) == ("ok", 2)
    assert sum(listed[north]["agents"].values()) == 2
    assert (listed[south]["status"], listed[south]["added"]) == ("new", True)
    assert [each["site"] for each in _json(command, "sites", site, "--status", "new")] == [south]
    of_all = [each for each in _json(command, "servers") if each["site"] == north]
    assert [(each["server"], each["state"]) for each in of_all] == [("srv-01", "applied"), ("srv-02", "applied")]
    assert north in command("roster-admin", "sites").stdout
    assert "srv-02" in command("roster-admin", "servers").stdout


@pytest.mark.parametrize("words", [("imports",), ("enrol", "srv-01")], ids=lambda words: words[0])
def test_no_command_should_make_a_site_of_a_typo(running: Site, command: Command, words: tuple[str, ...]) -> None:
    typo = running.name.replace("running", "runing")
    done = command("roster-admin", words[0], typo, *words[1:], check=False)
    assert done.returncode == 1
    assert f"There is no site {typo}. Did you mean {running.name}?" in " ".join(done.stderr.split())


def _words(line: str, **given: Path) -> list[str]:
    """The words of a line that was handed over, with what it leaves open filled in."""
    return [str(given.get(word, word)) for word in line.replace("'", "").split()]


def _json(command: Command, *words: str) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = json.loads(command("roster-admin", *words, "--json").stdout)
    return said
