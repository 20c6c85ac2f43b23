"""A roster fetched from an API, through the deployed stack: its secret, the button, the night, a server that fails."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from local.deployment import STACK_NAME
from local.emulator import clean_environment
from tests.deployed import Site, client, eventually, invoke, log_events
from tests.source_servers import CLIENT_ID, CLIENT_SECRET, School, SourceServer, serving
from tests.unit.sources.bundles import sample, zipped

SETTINGS = {"import_from": "oneroster", "fetch_at": 2}


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with serving(SourceServer(School(sample("ms-sds-v1-100")), "oneroster-1.1", page=400)) as server:
        yield server


def source(cloud: Cloud, site: Site, answers: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `roster-admin source` as somebody who types; without a terminal a secret is read from the same lines."""
    return subprocess.run(
        [Path(sys.executable).with_name("roster-admin"), "source", site.name, *arguments],
        env=clean_environment() | cloud.environment | {"PYTHONWARNINGS": "ignore"},
        input=answers,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def fetched(site: Site) -> dict[str, Any]:
    """The report that answers *Import Groups*, once it has ended."""
    asked = site.ask("import")["asked"]
    return site.report(lambda said: said.get("asked") == asked, "the fetch that was asked for")


def test_should_fetch_a_roster_as_its_export_says_it(cloud: Cloud, school: Site, server: SourceServer) -> None:
    school.upload("settings.json", json.dumps(SETTINGS).encode())
    eventually(cloud, lambda: school.ask("version")["settings"].get("fetch_at") == 2, "the settings")
    assert fetched(school)["reason"] == "source_not_set"

    wrong = source(cloud, school, f"{server.url}\n{CLIENT_ID}\nwrong\n", "--api", "oneroster-1.1")
    assert (wrong.returncode, "refuses the credentials" in wrong.stderr) == (1, True)
    said = source(cloud, school, f"{server.url}\n{CLIENT_ID}\n{CLIENT_SECRET}\n", "--api", "oneroster-1.1")
    assert (said.returncode, said.stdout.splitlines()[0]) == (0, "The API lets us in, and shows 2 schools.")
    assert CLIENT_SECRET not in said.stdout + said.stderr

    first = fetched(school)
    assert (first["status"], first["counts"]["memberships"]) == ("ok_with_warnings", 602)
    assert list(first["pair"]) == ["oneroster.zip"]
    assert fetched(school)["status"] == "no_change"
    # The school's own export, without its terms, says the same.
    files = sample("ms-sds-v1-100")
    header, *sections = files["Section.csv"].splitlines()
    undated = [",".join([*row.split(",")[:6], "", "", *row.split(",")[8:]]) for row in sections]
    exported = zipped({**files, "Section.csv": "\n".join([header, *undated])})
    report = school.import_of({"oneroster.zip": school.upload("oneroster.zip", exported)})
    assert (report["status"], school.version()) == ("no_change", 1)

    server.fault = "empty"
    failed = fetched(school)
    assert (failed["status"], failed["reason"], failed["file"]) == ("failed", "source_empty", "users")
    assert school.version() == 1
    assert not [text for _, text in log_events(cloud) if CLIENT_SECRET in text or "OKlein" in text]
    assert source(cloud, school, "", "--remove").returncode == 0
    assert source(cloud, school, "", "--test").returncode == 1


def test_should_fetch_at_the_hour_of_the_site_and_at_no_other(cloud: Cloud, school: Site, server: SourceServer) -> None:
    now = datetime.now(UTC).hour
    school.upload("settings.json", json.dumps(SETTINGS | {"fetch_at": now}).encode())
    eventually(cloud, lambda: school.ask("version")["settings"].get("fetch_at") == now, "the settings")
    name = f"{STACK_NAME}/sources/{school.name}"
    client(cloud, "secretsmanager").create_secret(Name=name, SecretString=json.dumps(server.credentials()))
    invoke(cloud, "WatchFleetFunction", {})
    report = school.report(lambda said: bool(said["pair"]), "the import of what was fetched at night")
    assert (report["status"], report["version"]) == ("ok_with_warnings", 1)
