"""From an upload to a version: any order, any way of uploading, one file alone, the same again, events out of order."""

import io
import json
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from tests.deployed import SEED, Site, client, function, queue_is_quiet
from tests.flow.conftest import Command, Patience

PUBLISHED_WITHIN_SECONDS = 30

IN_PARTS = TransferConfig(multipart_threshold=1)


def pair(student: str, teacher: str = "teacher") -> dict[str, bytes]:
    return {
        "students.csv": f"version,1\nusername,class\n{student},Class\n".encode(),
        "teachers.csv": f"version,1\nusername,class\n{teacher},Class\n".encode(),
    }


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


def members(school: Site) -> list[str]:
    return list(school.items()["GROUP#class"]["members"])


@pytest.mark.parametrize("how", [upload, upload_in_parts])
@pytest.mark.parametrize("first", ["teachers.csv", "students.csv"])
def test_a_pair_is_published_in_whatever_order_and_way_it_comes(first: str, how: Any, school: Site) -> None:
    uploaded = {file: how(school, file, SEED[file]) for file in sorted(SEED, key=lambda file: file != first)}
    report = school.import_of(uploaded, seconds=PUBLISHED_WITHIN_SECONDS)
    assert (report["status"], report["version"]) == ("ok", 1)
    assert len(school.items()) == 8


def test_the_same_pair_again_makes_no_new_version(school: Site) -> None:
    school.publish(SEED)
    before = school.items()
    for how in (upload, upload_in_parts):
        report = school.import_of({file: how(school, file, data) for file, data in SEED.items()})
        assert (report["status"], report["version"], report["base_version"]) == ("no_change", 1, 1)
        assert report["notices"] == {"no_change": {"severity": "info", "total": 1}}
    assert school.version() == 1
    assert school.items() == before


def test_another_pair_is_the_next_version(school: Site) -> None:
    school.publish(pair("old"))
    report = school.publish(pair("new"))
    assert (report["status"], report["version"], report["base_version"]) == ("ok", 2, 1)
    assert {name: n for name, n in report["changes"].items() if n} == {
        "groups_changed": 1,
        "members_created": 1,
        "members_removed": 1,
    }
    assert members(school) == ["new"]


@pytest.mark.parametrize(("file", "missing"), [("teachers.csv", "students.csv"), ("students.csv", "teachers.csv")])
def test_a_first_file_alone_waits_and_changes_nothing(
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


def test_a_newer_file_alone_waits_for_five_minutes_and_changes_nothing(school: Site, eventually: Patience) -> None:
    school.publish(pair("old"))
    before = school.items()
    school.upload("students.csv", pair("new")["students.csv"])
    eventually(lambda: school.ask("imports")["waiting"], "the file that waits")
    said = school.ask("imports")
    assert (said["waiting"]["file"], said["waiting"]["missing"]) == ("students.csv", "teachers.csv")
    assert said["waiting"]["until"] is not None
    assert (said["version"], len(said["imports"]), school.items()) == (1, 1, before)
    school.upload("teachers.csv", pair("new")["teachers.csv"])
    school.report(lambda report: report["version"] == 2, "the newer pair, now whole", PUBLISHED_WITHIN_SECONDS)
    assert members(school) == ["new"]


def test_a_person_may_have_a_newer_file_imported_without_its_partner(school: Site, command: Command) -> None:
    school.publish(pair("old"))
    school.upload("students.csv", pair("new")["students.csv"])
    done = json.loads(command("roster-admin", "import", school.name, "--json").stdout)
    assert (done["status"], done["version"]) == ("ok", 2)
    assert members(school) == ["new"]


def test_asking_for_an_import_of_half_a_pair_fails_and_says_what_it_waits_for(
    school: Site, command: Command, eventually: Patience
) -> None:
    school.upload("teachers.csv", SEED["teachers.csv"])
    eventually(lambda: school.ask("imports")["waiting"], "the file that waits")
    done = command("roster-admin", "import", school.name, check=False)
    assert done.returncode == 1
    assert "waiting" in done.stdout
    assert "students.csv is not" in " ".join(done.stdout.split())
    assert school.version() == 0


def test_asking_for_an_import_of_nothing_fails_and_says_what_to_upload(school: Site, command: Command) -> None:
    done = command("roster-admin", "import", school.name, "--json", check=False)
    assert done.returncode == 1
    assert (json.loads(done.stdout)["status"], json.loads(done.stdout)["reason"]) == ("failed", "inbox_empty")


def test_asking_for_an_import_of_a_published_pair_is_fine(school: Site, command: Command) -> None:
    school.publish(SEED)
    done = json.loads(command("roster-admin", "import", school.name, "--json").stdout)
    assert (done["status"], done["version"]) == ("no_change", 1)


def test_deleting_the_uploads_removes_nobody(school: Site, eventually: Patience) -> None:
    school.publish(SEED)
    before = school.items()
    s3, sqs = client(school.cloud, "s3"), client(school.cloud, "sqs")
    for file in SEED:
        s3.delete_object(Bucket=school.cloud.inbox_bucket, Key=f"{school.name}/{file}")
    sqs.send_message(
        QueueUrl=function(school.cloud, "ImportQueue"), MessageBody=event_of(school, "students.csv", "deleted")
    )
    eventually(lambda: queue_is_quiet(school.cloud), "the message to be dealt with")
    assert (school.version(), len(school.imports()), school.items()) == (1, 1, before)


def test_events_that_come_late_twice_and_in_the_wrong_order_change_nothing(school: Site, eventually: Patience) -> None:
    uploads = []
    for student in ("first", "second"):
        uploads.append(school.upload_pair(pair(student)))
        school.import_of(uploads[-1])
    before, reports = school.items(), school.imports()
    late = [event_of(school, file, uploads[number][file]) for number in (1, 0, 0, 1) for file in SEED]
    client(school.cloud, "sqs").send_message_batch(
        QueueUrl=function(school.cloud, "ImportQueue"),
        Entries=[{"Id": str(place), "MessageBody": body} for place, body in enumerate(late)],
    )
    eventually(lambda: queue_is_quiet(school.cloud), "the messages to be dealt with")
    assert school.version() == 2
    assert (school.imports(), school.items()) == (reports, before)
    assert members(school) == ["second"]


def test_of_uploads_that_follow_each_other_closely_the_newest_stands(school: Site, eventually: Patience) -> None:
    for number in range(4):
        school.upload_pair(pair(f"student-{number}", f"teacher-{number}"))
    eventually(lambda: queue_is_quiet(school.cloud), "every event to be dealt with")
    # An import may have paired the last file but one with the last: then the last one alone would wait five minutes.
    asked = school.ask("import")["asked"]
    school.report(lambda report: report.get("asked") == asked, "the import that was asked for")
    assert members(school) == ["student-3"]
    assert "RIGHT#teacher-3" in school.items()
    made = [report["version"] for report in reversed(school.imports()) if report["status"] == "ok"]
    assert made == list(range(1, len(made) + 1)), "each import that published made the next version"
