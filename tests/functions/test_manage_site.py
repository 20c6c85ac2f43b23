"""`manage_site`: what people ask of a site. What cannot be done is answered, with what to do, and never raised."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.cloud import Cloud
from roster.memory import Memory, digest
from tests.deployed import SEED, Site, client, event, eventually, invoke, log_events


def ask(site: Site, name: str) -> Any:
    return invoke(site.cloud, "ManageSiteFunction", event(f"manage_site/{name}", {"hogwarts": site.name}))


def answered(site: Site) -> dict[str, Any]:
    """Ask for an import; its report."""
    said = ask(site, "import")
    assert said["ok"]
    return site.report(lambda report: report.get("asked") == said["asked"], "the import that was asked for")


def fetched(link: str) -> bytes:
    with urllib.request.urlopen(link, timeout=60) as answer:  # noqa: S310 (a link that the stack has signed)
        return bytes(answer.read())


def refused(cloud: Cloud, request: Any) -> str:
    """The sentence of a refusal."""
    said = invoke(cloud, "ManageSiteFunction", request)
    assert set(said) == {"ok", "error", "message"}, said
    assert (said["ok"], said["error"]) == (False, "bad_request")
    return str(said["message"])


def test_should_give_a_code_that_can_be_read_aloud_and_say_when_it_ends(school: Site) -> None:
    said = ask(school, "enrol")
    assert said["ok"]
    assert set(said["code"].replace("-", "")) <= set("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")
    assert [len(part) for part in said["code"].split("-")] == [4, 4, 4]
    left = datetime.fromisoformat(said["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


def test_should_give_another_code_each_time(school: Site) -> None:
    assert len({ask(school, "enrol")["code"] for _ in range(5)}) == 5


def test_should_import_the_standing_pair_though_nothing_is_new(running: Site) -> None:
    report = answered(running)
    assert (report["status"], report["version"]) == ("no_change", 1)


def test_should_import_again_when_asked_again(running: Site) -> None:
    first = answered(running)
    assert answered(running)["import"] != first["import"]
    assert [report["status"] for report in running.imports()] == ["no_change", "no_change", "ok"]


def test_should_list_no_imports_of_an_empty_site(school: Site) -> None:
    said = ask(school, "imports")
    assert (said["ok"], said["imports"], said["waiting"]) == (True, [], None)
    assert (said["version"], said["published_at"]) == (0, None)


def test_should_list_the_newest_import_first_and_what_is_published(running: Site) -> None:
    again = answered(running)
    said = ask(running, "imports")
    assert said["imports"][0] == again
    assert [report["status"] for report in said["imports"]] == ["no_change", "ok"]
    assert said["version"] == 1
    assert said["published_at"] is not None
    assert running.ask("imports", limit=1)["imports"] == [again]


def test_should_tell_of_a_file_that_waits(school: Site) -> None:
    school.upload("teachers.csv", SEED["teachers.csv"])
    eventually(school.cloud, lambda: ask(school, "imports")["waiting"], "the file that waits")
    waiting = ask(school, "imports")["waiting"]
    assert (waiting["file"], waiting["missing"], waiting["until"]) == ("teachers.csv", "students.csv", None)
    assert waiting["asked"] == ""
    asked = ask(school, "import")["asked"]
    eventually(school.cloud, lambda: ask(school, "imports")["waiting"]["asked"] == asked, "the answer to who asked")


@pytest.mark.parametrize(
    "site", [None, "", "Hogwarts", "-hogwarts", "hog_warts", "hog/warts", "a" * 64, "hogwarts\n", 7, ["hogwarts"], {}]
)
def test_should_refuse_what_cannot_be_a_site(site: object, cloud: Cloud) -> None:
    assert refused(cloud, event("manage_site/imports") | {"site": site}).startswith("site:")


@pytest.mark.parametrize("action", [None, "", "delete", "Import", 7, ["import"], {"import": 1}])
def test_should_refuse_an_unknown_action(action: object, cloud: Cloud) -> None:
    said = refused(cloud, event("manage_site/import") | {"action": action})
    assert said.startswith("action: one of imports, ")


@pytest.mark.parametrize("server", [None, "", "SRV-01", "srv 01", "srv.01", "a" * 64, 7, ["srv-01"]])
def test_should_refuse_what_cannot_be_a_server(server: object, cloud: Cloud) -> None:
    assert refused(cloud, event("manage_site/enrol") | {"server": server}).startswith("server:")


@pytest.mark.parametrize("limit", [0, -1, 101, "20", 1.5, None, [5], True])
def test_should_refuse_what_cannot_be_a_limit(limit: object, cloud: Cloud) -> None:
    assert refused(cloud, event("manage_site/imports") | {"limit": limit}) == "limit: a whole number from 1 to 100."


def test_should_list_the_imports_that_are_older_than_one(running: Site) -> None:
    again = answered(running)
    older = running.ask("imports", before=again["import"])["imports"]
    assert [report["status"] for report in older] == ["ok"]
    assert running.ask("imports", before=older[0]["import"])["imports"] == []


@pytest.mark.parametrize("before", [None, "", 7, ["20261123T000000Z-000001"], "x" * 2000, "\ud800"])
def test_should_refuse_to_look_before_what_cannot_be_an_import(before: object, cloud: Cloud) -> None:
    assert refused(cloud, event("manage_site/imports") | {"before": before}).startswith("before:")


def test_should_go_back_only_to_an_older_version(running: Site) -> None:
    running.publish(SEED | {"students.csv": SEED["students.csv"] + b"Luna_Lovegood,Potions\n"})
    for version in (None, 0, 2, -1, "1", 1.5, True, [1]):
        said = refused(running.cloud, {"action": "rollback", "site": running.name, "version": version})
        assert said.startswith("version: a whole number from 1 to 1,")


def test_should_say_that_there_is_no_version_where_nothing_is_published(school: Site) -> None:
    request = {"action": "version", "site": school.name, "version": 1}
    assert refused(school.cloud, request) == "Nothing is published yet."


def test_the_newest_version_should_say_what_the_next_import_would_know(running: Site) -> None:
    others = "".join(f"pupil.{number},Potions\n" for number in range(40)).encode()
    running.publish(SEED | {"students.csv": SEED["students.csv"] + others + b"Luna_Lovegood,\n"})
    said = running.ask("version", version=0)
    assert (said["version"], said["school_year"], said["site_new"]) == (2, "", None)
    memory = Memory.from_bytes(fetched(said["memory_link"]))
    assert memory.bad_rows == {"students.csv": {digest("Luna_Lovegood,"): 1}}
    assert said["earlier"]["version"] == 1
    assert fetched(said["earlier"]["link"])


def test_should_know_that_nobody_has_added_a_site(cloud: Cloud, site: str) -> None:
    client(cloud, "s3").put_object(Bucket=cloud.inbox_bucket, Key=f"{site}/students.csv", Body=SEED["students.csv"])
    asked = {"action": "version", "site": site}
    eventually(cloud, lambda: invoke(cloud, "ManageSiteFunction", asked)["ok"], "something of the site")
    assert Site(cloud, site).ask("version")["site_new"] is not None
    said = refused(cloud, event("manage_site/enrol") | {"site": site})
    assert f"There is no site {site}. If it is meant, `roster-admin site add {site}` makes it one." in said


def test_resuming_should_say_whether_the_settings_still_pause_the_site(school: Site) -> None:
    assert school.ask("resume")["paused"] is False
    school.upload("settings.json", b'{"paused": true}')
    eventually(school.cloud, lambda: school.ask("imports")["paused_by_settings"], "the settings to be in force")
    assert school.ask("resume")["paused"] is True
    assert school.ask("imports")["paused"] is True


def test_a_change_should_leave_an_audit_event_and_so_should_its_refusal(school: Site) -> None:
    def audited() -> list[dict[str, Any]]:
        school.ask("imports")  # the emulator may have a function's last lines only when it runs again
        told = (json.loads(text) for _, text in log_events(school.cloud) if '"audit"' in text)
        return [each for each in told if each.get("site") == school.name]

    school.ask("pause", by="arn:somebody", server="Harry_Potter")
    refused(school.cloud, {"action": "reject", "site": school.name, "import": "Harry_Potter", "by": "arn:other"})
    eventually(school.cloud, lambda: len(audited()) == 3, "an audit event of each, and of the site being added")
    told = {each["action"]: each for each in audited()}  # which worker's log comes first is chance
    not_done = told["change_refused"]
    assert told["pause"]["by"] == "arn:somebody"
    assert (not_done["change"], not_done["by"]) == ("reject", "arn:other")
    assert "not held" in not_done["reason"]
    assert "Harry_Potter" not in str(audited())


@pytest.mark.parametrize("request_", [None, [], "imports", 7, {}, {"key1": "value1"}], ids=str)
def test_should_refuse_what_is_not_a_request(request_: object, cloud: Cloud) -> None:
    refused(cloud, request_)


@pytest.mark.parametrize("action", ["report", "approve", "reject"])
@pytest.mark.parametrize("import_id", ["x" * 2000, "\ud800", "20261123T071500Z", "../x"])
def test_should_not_know_what_cannot_be_an_import(school: Site, action: str, import_id: str) -> None:
    asked = {"action": action, "site": school.name, "import": import_id, "plan": "0" * 64}
    assert refused(school.cloud, asked).startswith(("There is no such import", "This import is not held"))


def test_should_find_nobody_by_half_a_character(school: Site) -> None:
    assert school.ask("page", view="user", name="Harry\ud83d")["page"]["console"] is None


@pytest.mark.parametrize("view", ["nonsense", "import"])
def test_should_refuse_a_page_that_does_not_exist(view: str, school: Site) -> None:
    assert refused(school.cloud, {"action": "page", "site": school.name, "view": view}).startswith("There is no ")


def test_should_give_the_whole_console_access_list_in_one_answer(running: Site) -> None:
    said = running.ask("page", view="console", whole=True)["page"]
    assert [right["username"] for right in said["rights"]] == [
        "Amycus_Carrow",
        "Charity_Burbage",
        "Rolanda_Hooch",
        "Severus_Snape",
    ]
    assert said["next"] == ""
