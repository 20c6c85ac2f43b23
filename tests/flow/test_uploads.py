"""From an upload to a version: any order, any way of uploading, one file alone, the same again, events out of order."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from boto3.s3.transfer import TransferConfig

from local.cloud import Cloud
from tests.deployed import SEED, Site, client, function, queue_is_quiet
from tests.flow.conftest import Command, Patience

PUBLISHED_WITHIN_SECONDS = 30

Upload = Callable[[Site, str, bytes], str]

IN_PARTS = TransferConfig(multipart_threshold=1)


def with_student(name: str) -> dict[str, bytes]:
    """The guide's example with one more student."""
    return SEED | {"students.csv": SEED["students.csv"] + f"{name},Potions\n".encode()}


def upload_in_parts(school: Site, file: str, data: bytes) -> str:
    key = f"{school.name}/{file}"
    s3 = client(school.cloud, "s3")
    s3.upload_fileobj(io.BytesIO(data), school.cloud.inbox_bucket, key, Config=IN_PARTS)
    head = s3.head_object(Bucket=school.cloud.inbox_bucket, Key=key)
    assert head["ETag"].rstrip('"').endswith("-1"), "a multipart upload, of one part"
    return str(head["VersionId"])


def upload(school: Site, file: str, data: bytes) -> str:
    return school.upload(file, data)


def event_of(school: Site, file: str, version_id: str) -> str:
    """What S3 says of an upload; it may say it twice, and late."""
    entity = {"key": f"{school.name}/{file}", "size": 1, "versionId": version_id, "sequencer": "00"}
    record = {
        "eventSource": "aws:s3",
        "eventTime": "2026-09-01T06:30:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": school.cloud.inbox_bucket}, "object": entity},
    }
    return json.dumps({"Records": [record]})


def potions(school: Site) -> list[str]:
    return list(school.items()["GROUP#potions"]["members"])


ORDERS_AND_WAYS = [(first, how) for first in SEED for how in (upload, upload_in_parts)]


@pytest.fixture(scope="module")
def whole_pairs(cloud: Cloud) -> list[tuple[Site, dict[str, str]]]:
    """A site for each order and way of uploading, its pair uploaded a moment ago."""
    uploads = []
    for number, (first, how) in enumerate(ORDERS_AND_WAYS):
        site = Site(cloud, f"whole-pair-{number}")
        site.add()
        files = sorted(SEED, key=lambda file, first=first: file != first)  # type: ignore[misc]
        uploads.append((site, {file: how(site, file, SEED[file]) for file in files}))
    return uploads


@pytest.mark.parametrize("number", range(len(ORDERS_AND_WAYS)))
def test_should_publish_a_pair_in_whatever_order_and_way_it_comes(
    number: int, whole_pairs: list[tuple[Site, dict[str, str]]]
) -> None:
    site, uploaded = whole_pairs[number]
    report = site.import_of(uploaded, seconds=PUBLISHED_WITHIN_SECONDS)
    assert (report["status"], report["version"]) == ("ok", 1)
    assert len(site.items()) == 8


@pytest.mark.parametrize("how", [upload, upload_in_parts])
def test_should_make_no_new_version_of_the_same_pair(how: Upload, running: Site) -> None:
    before = running.items()
    report = running.import_of({file: how(running, file, data) for file, data in SEED.items()})
    assert (report["status"], report["version"], report["base_version"]) == ("no_change", 1, 1)
    assert report["notices"] == {"no_change": {"severity": "info", "total": 1}}
    assert running.version() == 1
    assert running.items() == before


def test_should_make_the_next_version_of_another_pair(running: Site) -> None:
    report = running.publish(with_student("Hermione_Granger"))
    assert (report["status"], report["version"], report["base_version"]) == ("ok", 2, 1)
    changed = {name: n for name, n in report["changes"].items() if n}
    assert changed == {"groups_changed": 1, "members_created": 1}
    assert potions(running) == ["Harry_Potter", "Hermione_Granger", "Ron_Weasley"]


@pytest.mark.parametrize(("file", "missing"), [("teachers.csv", "students.csv"), ("students.csv", "teachers.csv")])
def test_should_change_nothing_while_a_first_file_waits_alone(
    file: str, missing: str, school: Site, command: Command, eventually: Patience
) -> None:
    school.upload(file, SEED[file])
    eventually(lambda: school.ask("imports")["waiting"], "the file that waits")
    said = json.loads(command("roster-admin", "imports", school.name, "--json").stdout)
    waiting = said["waiting"]
    assert (waiting["file"], waiting["missing"], waiting["until"]) == (file, missing, None)
    assert (said["version"], said["imports"], school.items()) == (0, [], {})
    school.upload(missing, SEED[missing])
    school.report(lambda report: report["version"] == 1, "the pair, now whole", PUBLISHED_WITHIN_SECONDS)
    assert school.ask("imports")["waiting"] is None


def test_should_let_a_newer_file_alone_wait_for_five_minutes_and_change_nothing(
    running: Site, eventually: Patience
) -> None:
    before, newer = running.items(), with_student("Hermione_Granger")
    running.upload("students.csv", newer["students.csv"])
    eventually(lambda: running.ask("imports")["waiting"], "the file that waits")
    said = running.ask("imports")
    assert (said["waiting"]["file"], said["waiting"]["missing"]) == ("students.csv", "teachers.csv")
    left = datetime.fromisoformat(said["waiting"]["until"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    assert (said["version"], len(said["imports"]), running.items()) == (1, 1, before)
    running.upload("teachers.csv", newer["teachers.csv"])
    running.report(lambda report: report["version"] == 2, "the newer pair, now whole", PUBLISHED_WITHIN_SECONDS)
    assert "Hermione_Granger" in potions(running)


def test_should_import_a_newer_file_without_its_partner_for_a_person_who_asks(running: Site, command: Command) -> None:
    running.upload("students.csv", with_student("Hermione_Granger")["students.csv"])
    done = json.loads(command("roster-admin", "import", running.name, "--json").stdout)
    assert (done["status"], done["version"]) == ("ok", 2)
    assert "Hermione_Granger" in potions(running)


def test_should_fail_an_import_of_half_a_pair_and_say_what_it_waits_for(
    school: Site, command: Command, eventually: Patience
) -> None:
    school.upload("teachers.csv", SEED["teachers.csv"])
    eventually(lambda: school.ask("imports")["waiting"], "the file that waits")
    done = command("roster-admin", "import", school.name, check=False)
    assert done.returncode == 1
    assert "Waiting" in done.stdout
    assert "Upload students.csv to import both." in " ".join(done.stdout.split())
    assert school.version() == 0


def test_should_fail_an_import_of_nothing(school: Site, command: Command) -> None:
    done = command("roster-admin", "import", school.name, "--json", check=False)
    assert done.returncode == 1
    assert (json.loads(done.stdout)["status"], json.loads(done.stdout)["reason"]) == ("failed", "inbox_empty")


def test_should_not_fail_an_import_of_a_published_pair(running: Site, command: Command) -> None:
    done = json.loads(command("roster-admin", "import", running.name, "--json").stdout)
    assert (done["status"], done["version"]) == ("no_change", 1)


def test_should_remove_nobody_when_the_uploads_are_deleted(running: Site, eventually: Patience) -> None:
    before = running.items()
    s3, sqs = client(running.cloud, "s3"), client(running.cloud, "sqs")
    for file in SEED:
        s3.delete_object(Bucket=running.cloud.inbox_bucket, Key=f"{running.name}/{file}")
    about = event_of(running, "students.csv", "deleted")
    sqs.send_message(QueueUrl=function(running.cloud, "ImportQueue"), MessageBody=about)
    eventually(lambda: queue_is_quiet(running.cloud), "the message to be dealt with")
    assert (running.version(), len(running.imports()), running.items()) == (1, 1, before)


def test_should_change_nothing_for_events_that_come_late_twice_and_in_the_wrong_order(
    running: Site, eventually: Patience
) -> None:
    (first,) = running.imports()
    old = {file: about["version_id"] for file, about in first["pair"].items()}
    new = running.upload_pair(with_student("Hermione_Granger"))
    running.import_of(new)
    before, reports = running.items(), running.imports()
    late = [event_of(running, file, version_ids[file]) for version_ids in (new, old, old, new) for file in SEED]
    client(running.cloud, "sqs").send_message_batch(
        QueueUrl=function(running.cloud, "ImportQueue"),
        Entries=[{"Id": str(place), "MessageBody": body} for place, body in enumerate(late)],
    )
    eventually(lambda: queue_is_quiet(running.cloud), "the messages to be dealt with")
    assert running.version() == 2
    assert (running.imports(), running.items()) == (reports, before)
    assert "Hermione_Granger" in potions(running)


def test_should_end_with_the_newest_of_uploads_that_follow_each_other_closely(
    running: Site, eventually: Patience
) -> None:
    for number in range(4):
        newest = running.upload_pair(with_student(f"student-{number}"))
    running.import_of(newest)
    assert potions(running) == ["Harry_Potter", "Ron_Weasley", "student-3"]
    made = [report["version"] for report in reversed(running.imports()) if report["status"] == "ok"]
    assert made == list(range(1, len(made) + 1)), "each import that published made the next version"
