"""The feed as servers reach it, through the HTTP API: who is let in, who is not, and what the agent makes of it."""

import json
from collections.abc import Callable, Iterator

import httpx2
import pytest

from local.cloud import Cloud
from tests.deployed import SEED, RunningSites, Site
from tests.flow.conftest import Server

Enrol = Callable[[Site], Server]


@pytest.fixture(scope="module")
def published(running_sites: RunningSites) -> Site:
    """A site with one version; not to be changed."""
    return running_sites.take()


@pytest.fixture
def anybody(cloud: Cloud) -> Iterator[httpx2.Client]:
    """A client without a token."""
    with httpx2.Client(base_url=cloud.feed_url) as http:
        yield http


def token(server: Server) -> str:
    return str(json.loads((server.state / "enrolment.json").read_text())["token"])


def change(server: Server, **changed: str) -> None:
    """Change the agent's record of its enrolment, as somebody with the rights to might."""
    record = server.state / "enrolment.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | changed))


def paths(site: Site) -> list[str]:
    base = f"/v1/sites/{site.name}"
    return [f"{base}/head", f"{base}/versions/1/manifest", f"{base}/objects/{'0' * 64}"]


def test_should_answer_every_question_without_a_token_with_401(published: Site, anybody: httpx2.Client) -> None:
    for path in paths(published):
        answer = anybody.get(path)
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"}), path


@pytest.mark.parametrize("sent", ["Bearer x", "Bearer a.b.c", "Basic dXNlcjpwYXNz", "Bearer \u00e4"], ids=ascii)
def test_should_answer_every_question_with_an_unknown_token_with_403(
    sent: str, published: Site, anybody: httpx2.Client
) -> None:
    for path in paths(published):
        answer = anybody.get(path, headers={b"Authorization": sent.encode()})
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"}), path


def test_should_open_its_own_site_to_a_token_and_no_other(
    published: Site, school: Site, enrol: Enrol, anybody: httpx2.Client
) -> None:
    bearer = {"Authorization": f"Bearer {token(enrol(school))}"}
    for path in paths(published):
        answer = anybody.get(path, headers=bearer)
        assert (answer.status_code, answer.json()["error"]) == (403, "site_forbidden"), path
    assert [anybody.get(path, headers=bearer).status_code for path in paths(school)] == [404, 404, 404]


def test_should_not_find_a_path_that_the_feed_does_not_have(anybody: httpx2.Client) -> None:
    for path in ("/", "/v1", "/v1/sites", "/v1/sites/hogwarts", "/v2/enrol"):
        assert anybody.get(path).status_code == 404, path
    assert anybody.get("/v1/enrol").status_code == 404


def test_an_agent_with_a_replaced_token_should_keep_what_it_has_and_ask_for_a_new_code(
    published: Site, enrol: Enrol
) -> None:
    server = enrol(published)
    assert server.pull() == "applied"
    delivered, known = server.files(), server.says("group", "Potions")
    enrol(published)  # the same server id, on another machine
    refused = server.run("pull", check=False)
    assert refused.returncode == 1
    assert "token" in refused.stderr
    assert server.says("status")["last_attempt"]["outcome"] == "token_refused"
    assert (server.files(), server.says("group", "Potions")) == (delivered, known)
    server.enrol(published, published.ask("enrol", server="srv-01")["code"], "--force")
    assert server.pull() == "nothing_new"


def test_should_refuse_an_agent_that_asks_for_another_site(published: Site, school: Site, enrol: Enrol) -> None:
    server = enrol(school)
    change(server, site=published.name)
    assert server.run("pull", check=False).returncode == 1
    assert server.says("status")["last_attempt"]["outcome"] == "token_refused"
    assert server.files() == {}


def test_an_agent_should_say_that_a_site_without_a_version_has_nothing_to_deliver(school: Site, enrol: Enrol) -> None:
    server = enrol(school)
    assert server.pull() == "nothing_published"
    assert server.files() == {}
    school.publish(SEED)
    assert server.pull() == "applied"


def test_an_agent_should_not_enrol_with_a_used_code(school: Site, enrol: Enrol) -> None:
    server = enrol(school)
    code = school.ask("enrol", server="srv-02")["code"]
    server.enrol(school, code, "--force")
    again = server.enrol(school, code, "--force", check=False)
    assert again.returncode == 1
    assert "code" in again.stderr
    assert server.pull() == "nothing_published", "the former enrolment holds"


def test_an_agent_should_not_enrol_at_another_site_than_the_codes(
    school: Site, published: Site, new_server: Callable[[], Server]
) -> None:
    server, code = new_server(), school.ask("enrol", server="srv-02")["code"]
    assert server.enrol(published, code, check=False).returncode == 1
    server.enrol(school, code)


def test_an_agent_should_follow_its_site_from_version_to_version(running: Site, enrol: Enrol) -> None:
    server = enrol(running)
    assert server.pull() == "applied"
    students, teachers = SEED["students.csv"], SEED["teachers.csv"]
    running.publish(
        {
            "students.csv": students.replace(b"Ron_Weasley,Potions\n", b"") + b"Hermione_Granger,Potions\n",
            "teachers.csv": teachers.replace(b"Severus_Snape,Potions", b"Horace_Slughorn,Potions"),
        }
    )
    assert server.pull() == "applied"
    assert server.says("status")["version"] == 2
    assert server.says("group", "potions")["members"] == ["Harry_Potter", "Hermione_Granger"]
    assert server.says("user", "Severus_Snape")["console"]["groups"] == ["Dark Arts"]
    files = server.files()
    assert b"Hermione_Granger,Potions\r\n" in files["students.csv"]
    assert b"Ron_Weasley,Potions\r\n" not in files["students.csv"]
    assert b"Horace_Slughorn,Potions\r\n" in files["teachers.csv"]


def test_the_cloud_should_know_what_each_server_has_applied(school: Site, enrol: Enrol) -> None:
    school.publish(SEED)
    server = enrol(school)

    def state() -> tuple[str, int | None]:
        (known,) = school.ask("page", view="site")["page"]["servers"]
        return known["state"], known["applied_version"]

    assert state() == ("silent", None)
    server.pull()
    assert state() == ("applied", 1)
