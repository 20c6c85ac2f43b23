"""docs/feed.openapi.yaml against the deployed feed: hundreds of questions made from the page, answered as it says.

The questions name a site, a version and an object that there are, or break one rule of the page at a time.
"""

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
import yaml

from roster.encode import Manifest
from tests.deployed import ROOT, SEED, RunningSites, Site, client
from tests.flow.conftest import Command, Server

PAGE = ROOT / "docs" / "feed.openapi.yaml"

SETTINGS = """
[phases.coverage]
unexpected-methods = []  # API Gateway says 404, and not 405, to a method that no route has

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "403", "404", "410"]  # what is rightly asked for need not be there

[checks.negative_data_rejection]
expected-statuses = ["4xx"]
"""


@pytest.fixture(scope="module")
def published(running_sites: RunningSites) -> Site:
    return running_sites.take()


def page_about(site: Site, upload: str) -> str:
    """The page, with the one site, server, version, object and upload that there are in the place of all others."""
    page = yaml.safe_load(PAGE.read_text(encoding="utf-8"))
    stored = client(site.cloud, "s3").get_object(
        Bucket=site.cloud.results_bucket, Key=f"{site.name}/versions/1/manifest.json"
    )
    snapshot = Manifest.from_bytes(stored["Body"].read()).snapshot.sha256
    named = {"site": site.name, "server": "srv-01", "version": 1, "sha256": snapshot, "upload": upload}
    operations = [operation for methods in page["paths"].values() for operation in methods.values()]
    parameters = [parameter for operation in operations for parameter in operation.get("parameters", [])]
    for parameter in (*parameters, *page["components"]["parameters"].values()):
        if parameter.get("in") == "path":
            parameter["schema"] = {"enum": [named[parameter["name"]]]}
    # Of a report's two forms the longer one: the other would ask most of the same again.
    report = page["paths"]["/v1/sites/{site}/servers/{server}/report"]["post"]["requestBody"]
    del report["content"]["application/json"]["schema"]["oneOf"][1]
    return str(yaml.safe_dump(page))


def uploader_who_asked(site: Site) -> tuple[str, str]:
    """The token of an uploader, and an upload that it has asked for."""
    code = site.ask("uploader-add", uploader="office", valid_seconds=600)["code"]
    with httpx2.Client(base_url=site.cloud.feed_url) as http:
        token = http.post("/v1/enrol", json={"code": code, "as": "uploader"}).json()["token"]
        files = {name: {"bytes": 1, "sha256": "0" * 64} for name in SEED}
        bearer = {"Authorization": f"Bearer {token}"}
        asked = http.post(f"/v1/sites/{site.name}/uploads", json={"files": files}, headers=bearer).json()
    return token, asked["upload"]


def test_the_feed_should_answer_as_its_page_says(
    published: Site, enrol: Callable[[Site], Server], command: Command, tmp_path: Path
) -> None:
    server = enrol(published)
    its_token = json.loads((server.state / "enrolment.json").read_text())["token"]
    uploaders, upload = uploader_who_asked(published)
    page, settings = tmp_path / "feed.openapi.yaml", tmp_path / "schemathesis.toml"
    page.write_text(page_about(published, upload), encoding="utf-8")
    settings.write_text(SETTINGS)
    for token, which, selected in ((its_token, "--exclude-path-regex", 6), (uploaders, "--include-path-regex", 2)):
        done = command(
            "schemathesis",
            *("--config-file", settings, "run", page, "--url", server.cloud.feed_url, which, "/uploads"),
            *("--header", f"Authorization: Bearer {token}", "--exclude-checks", "unsupported_method"),
            *("--phases", "examples,coverage", "--max-examples", "8", "--seed", "1", "--output-truncate", "true"),
            check=False,
        )
        assert done.returncode == 0, done.stdout[-20_000:]
        assert f"{selected} selected" in done.stdout
