"""Uploaders as people have them: a code from roster-admin, a token for it over HTTP, an upload, and its end."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from local.cloud import Cloud
from tests.deployed import SEED, Site, eventually
from tests.flow.conftest import Command
from tests.functions.uploads import described, put


@pytest.fixture
def anybody(cloud: Cloud) -> Iterator[httpx2.Client]:
    """A client without a token."""
    with httpx2.Client(base_url=cloud.feed_url) as http:
        yield http


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def enrolled(command: Command, anybody: httpx2.Client, site: Site, name: str = "office") -> str:
    (made,) = json.loads(command("roster-admin", "uploader", "add", site.name, name, "--valid", "7d", "--json").stdout)
    said = anybody.post("/v1/enrol", json={"code": made["code"], "site": site.name, "as": "uploader"}).json()
    assert said["uploader"] == name
    return str(said["token"])


def test_an_upload_should_go_from_a_code_to_a_version_without_an_aws_account(
    school: Site, command: Command, anybody: httpx2.Client
) -> None:
    token, uploads = enrolled(command, anybody, school), f"/v1/sites/{school.name}/uploads"
    asked = anybody.post(uploads, json=described(SEED), headers=bearer(token)).json()
    versions = {name: put(asked["files"][name], data).headers["x-amz-version-id"] for name, data in SEED.items()}

    def fate() -> Any:
        return anybody.get(f"{uploads}/{asked['upload']}", params=versions, headers=bearer(token)).json()

    eventually(school.cloud, lambda: fate()["status"] != "waiting", "the upload's fate")
    assert (fate()["status"], fate()["import_status"]) == ("imported", "ok")
    assert school.version() == 1
    listed = command("roster-admin", "uploader", "list", school.name).stdout
    assert "office" in listed
    assert "enrolled" in listed


def test_an_uploader_should_be_let_in_nowhere_else(
    school: Site, running: Site, command: Command, anybody: httpx2.Client
) -> None:
    token = enrolled(command, anybody, school)
    asked = {
        f"/v1/sites/{school.name}/{path}": "servers_only"
        for path in ("head", "versions/1/manifest", f"objects/{'0' * 64}")
    }
    for path, error in asked.items():
        answer = anybody.get(path, headers=bearer(token))
        assert (answer.status_code, answer.json()["error"]) == (403, error), path
    elsewhere = anybody.post(f"/v1/sites/{running.name}/uploads", json=described(SEED), headers=bearer(token))
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (403, "site_forbidden")
    settings = {"files": {"settings.json": {"bytes": 2, "sha256": "0" * 64}}}
    assert anybody.post(f"/v1/sites/{school.name}/uploads", json=settings, headers=bearer(token)).status_code == 400


def test_nobody_should_upload_without_an_uploaders_token(
    school: Site, command: Command, anybody: httpx2.Client
) -> None:
    path = f"/v1/sites/{school.name}/uploads"
    assert anybody.post(path, json=described(SEED)).status_code == 401
    forged = f"uploader~{school.name}.office.{'x' * 43}"
    assert anybody.post(path, json=described(SEED), headers=bearer(forged)).status_code == 403
    code = school.ask("enrol", server="srv-01")["code"]
    server = anybody.post("/v1/enrol", json={"code": code}).json()["token"]
    refused = anybody.post(path, json=described(SEED), headers=bearer(server))
    assert (refused.status_code, refused.json()["error"]) == (403, "uploaders_only")


def test_a_revoked_uploader_should_be_shut_out_at_once(school: Site, command: Command, anybody: httpx2.Client) -> None:
    token, path = enrolled(command, anybody, school), f"/v1/sites/{school.name}/uploads"
    assert anybody.post(path, json=described(SEED), headers=bearer(token)).status_code == 200
    command("roster-admin", "uploader", "revoke", school.name, "office")
    assert anybody.post(path, json=described(SEED), headers=bearer(token)).status_code == 403
    assert "revoked" in command("roster-admin", "uploader", "list", school.name).stdout
    unknown = command("roster-admin", "uploader", "revoke", school.name, "nobody", check=False)
    assert (unknown.returncode, "There is no such uploader" in unknown.stderr) == (1, True)


def test_should_give_codes_for_several_uploaders_at_once_and_say_what_to_run(school: Site, command: Command) -> None:
    done = command("roster-admin", "uploader", "add", school.name, "office", "mis-vendor", "--valid", "30m")
    assert len(done.stdout.split()) == 2
    for name, code in zip(("office", "mis-vendor"), done.stdout.split(), strict=True):
        assert f"Lets {name} upload for {school.name}." in done.stderr
        assert (
            f"roster-agent push DIR --enrol {code} --feed '{school.cloud.feed_url}' --site {school.name}" in done.stderr
        )


def test_should_not_take_a_typo_for_a_site(running: Site, command: Command) -> None:
    typo = running.name.replace("running", "runing")
    done = command("roster-admin", "uploader", "add", typo, "office", check=False)
    assert done.returncode == 1
    assert f"There is no site {typo}. Did you mean {running.name}?" in done.stderr
    assert command("roster-admin", "uploader", "list", typo, check=False).returncode == 1


@pytest.mark.parametrize("valid", ["8d", "0m", "1w", "7", "", "30s"])
def test_should_take_no_time_that_is_none_for_a_code(valid: str, command: Command) -> None:
    done = command("roster-admin", "uploader", "add", "hogwarts", "office", "--valid", valid, check=False)
    assert done.returncode == 2
    assert "write 30m, 12h or 7d" in done.stderr
