"""The feed over HTTP, as its page describes it: cursors, chains, reports, tokens. And what people then see of it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from local.cloud import Cloud
from roster.delta import apply_delta
from roster.encode import Blob, lines
from tests.deployed import SEED, Site
from tests.flow.conftest import Command

# So large that a few changes are less than the whole.
PUPILS = SEED["students.csv"] + b"".join(b"pupil.%d,Class %d\n" % (n, n % 17) for n in range(900))


@dataclass
class Caller:
    """A server that speaks for itself."""

    site: Site
    http: httpx2.Client
    token: str
    server: str = "srv-01"

    def ask(self, path: str, **query: Any) -> httpx2.Response:
        return self.http.get(f"/v1/sites/{self.site.name}/{path}", params=query, headers=self._bearer)

    def say(self, what: str, body: Any) -> httpx2.Response:
        path = f"/v1/sites/{self.site.name}/servers/{self.server}/{what}"
        return self.http.post(path, json=body, headers=self._bearer)

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def report(self, **changed: Any) -> httpx2.Response:
        applied = self.ask("head").json()
        said = {name: applied[name] for name in ("version", "epoch", "manifest_sha256")}
        more = {"files": {}, "outcome": "applied", "agent": "1.0.0", "clock": datetime.now(UTC).isoformat()}
        return self.say("report", said | more | {"held": False} | changed)


NewCaller = Callable[[Site], Caller]


@pytest.fixture
def caller(cloud: Cloud) -> Iterator[NewCaller]:
    def make(site: Site) -> Caller:
        code = site.ask("enrol", server="srv-01")["code"]
        said = http.post("/v1/enrol", json={"code": code, "site": site.name}).json()
        return Caller(site, http, said["token"])

    with httpx2.Client(base_url=cloud.feed_url) as http:
        yield make


def shown(site: Site) -> dict[str, Any]:
    (server,) = site.ask("page", view="site")["page"]["servers"]
    return dict(server)


def test_should_lead_a_server_that_is_behind_to_the_bytes_of_the_newest_version(
    running: Site, caller: NewCaller
) -> None:
    for number in range(3):
        running.publish(SEED | {"students.csv": PUPILS + b"new.%d,Potions\n" % number})
    server = caller(running)
    head = server.ask("head", have=2).json()
    assert [(delta["from"], delta["version"]) for delta in head["deltas"]] == [(2, 3), (3, 4)]

    def content(blob: Blob) -> list[bytes]:
        return list(lines(server.ask(f"objects/{blob.sha256}").content, blob))

    def snapshot(version: int) -> list[bytes]:
        return content(Blob(**server.ask(f"versions/{version}/manifest").json()["snapshot"]))

    held = snapshot(2)
    for delta in head["deltas"]:
        blob = Blob(*(delta[name] for name in Blob._fields))
        held = list(apply_delta(held, hashlib.sha256(b"".join(held)).hexdigest(), content(blob)))
    assert held == snapshot(4)
    assert server.ask("head", have=1).json()["deltas"] == [], "the first version's roster was a small one"


def test_should_refuse_a_cursor_of_another_epoch_and_offer_the_snapshot(
    running: Site, caller: NewCaller, command: Command
) -> None:
    server = caller(running)
    before = server.ask("head").json()
    cursor = {"have": 1, "epoch": 1, "manifest": before["manifest_sha256"]}
    assert server.ask("head", **cursor).status_code == 304
    done = json.loads(
        command("roster-admin", "new-epoch", running.name, "--above", "27", "--yes", "--json").stdout,
    )
    assert (done["status"], done["version"]) == ("ok", 28)
    gone = server.ask("head", **cursor)
    assert (gone.status_code, gone.json()["error"]) == (410, "cursor_unknown")
    after = server.ask("head").json()
    assert (after["epoch"], after["version"], after["deltas"]) == (2, 28, [])
    assert shown(running)["state"] == "behind"
    assert server.ask("head", have=28, epoch=2, manifest=after["manifest_sha256"]).status_code == 304
    assert shown(running)["state"] == "applied"


def test_should_not_show_a_server_with_other_bytes_as_up_to_date(running: Site, caller: NewCaller) -> None:
    server = caller(running)
    assert server.ask("head", have=1, epoch=1, manifest="0" * 64).status_code == 410
    assert (shown(running)["state"], shown(running)["differs"]) == ("behind", True)
    server.ask("head")
    assert shown(running)["differs"], "what it has does not change by asking without it"


def test_should_show_a_servers_report_on_the_page_and_in_roster_admin(
    running: Site, caller: NewCaller, command: Command
) -> None:
    late = (datetime.now(UTC) - timedelta(hours=2, minutes=5)).isoformat()
    assert caller(running).report(clock=late, held=True, outcome="held").status_code == 204
    html = command("roster-admin", "report", running.name).stdout
    text = command("roster-admin", "servers", running.name).stdout
    for said in (html, text):
        assert "its clock is 2 hours slow" in " ".join(said.split())
        assert "held on the server" in " ".join(said.split())
    listed = json.loads(command("roster-admin", "servers", running.name, "--json").stdout)
    (server,) = listed["servers"]
    assert (listed["version"], server["applied_version"], server["state"]) == (1, 1, "applied")


def test_should_replace_a_token_without_a_gap(running: Site, caller: NewCaller) -> None:
    server = caller(running)
    former = server.token
    second = server.say("token", {}).json()["token"]
    assert server.ask("head").status_code == 200
    server.token = second
    assert server.ask("head").status_code == 200
    server.token = former
    assert server.ask("head").status_code == 403


def test_should_refuse_a_revoked_server_at_once(running: Site, caller: NewCaller, command: Command) -> None:
    server = caller(running)
    assert server.ask("head").status_code == 200
    command("roster-admin", "revoke", running.name, "srv-01")
    assert server.ask("head").status_code == 403
    assert server.say("token", {}).status_code == 403
    assert "revoked" in command("roster-admin", "servers", running.name).stdout
    again = command("roster-admin", "revoke", running.name, "srv-77", check=False)
    assert again.returncode == 1


def test_should_let_a_server_speak_for_itself_alone(running: Site, caller: NewCaller) -> None:
    server = caller(running)
    server.server = "srv-02"
    refused = server.report()
    assert (refused.status_code, refused.json()["error"]) == (403, "server_forbidden")
