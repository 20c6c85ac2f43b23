"""`import_pair`: messages of the import queue, as SQS hands them over."""

import json
from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import (
    SEED,
    Site,
    client,
    event,
    eventually_logged,
    function,
    invoke,
    queue_is_quiet,
    reports_logged,
)

EXAMPLE_BUCKET = "impero-sis-inboxbucket-1abcdefghijkl"


def uploaded(school: Site, name: str) -> Any:
    return event(f"import_pair/{name}", {"hogwarts": school.name, EXAMPLE_BUCKET: school.cloud.inbox_bucket})


def asked(school: Site, request: str) -> Any:
    return event("import_pair/asked", {"hogwarts": school.name, "8f5a7c1e-9d3b-4e26-8a41-5c0d2b7e6f90": request})


def batch(*events: Any) -> dict[str, Any]:
    records = [record for each in events for record in each["Records"]]
    return {"Records": [{**record, "messageId": f"message-{place}"} for place, record in enumerate(records)]}


def poisoned(body: str) -> Any:
    message = event("import_pair/asked")
    message["Records"][0]["body"] = body
    return message


@pytest.mark.parametrize(
    "body",
    [
        '{"Records": [',
        "",
        "[]",
        "null",
        '"Harry_Potter"',
        "{}",
        '{"Records": [{}]}',
        '{"Records": "all"}',
        '{"site": "Not A Site"}',
        '{"site": 7}',
        '{"site": "hogwarts", "asked": "x", "asked_at": "this morning"}',
    ],
)
def test_should_give_back_a_message_that_is_not_ours_and_no_other(body: str, school: Site) -> None:
    request = "the-request-behind-it"
    answer = invoke(school.cloud, "ImportPairFunction", batch(poisoned(body), asked(school, request)))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    (report,) = school.imports()
    assert (report["asked"], report["reason"]) == (request, "inbox_empty")


def test_should_give_back_a_batch_of_bad_messages_one_by_one(cloud: Cloud) -> None:
    answer = invoke(cloud, "ImportPairFunction", batch(poisoned("{"), poisoned("}")))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}, {"itemIdentifier": "message-1"}]}


def test_should_report_a_message_that_fails_in_the_log_without_its_text(cloud: Cloud) -> None:
    invoke(cloud, "ImportPairFunction", poisoned('{"Records": ["Padma_Patil, Divination"]}'))

    told = eventually_logged(cloud, "import_broke_off", lambda told: "TypeError" in json.dumps(told), "the failure")
    assert "read_message" in json.dumps(told)
    assert "Padma_Patil" not in json.dumps(reports_logged(cloud, "import_broke_off"))
    assert "Padma_Patil" not in cloud.log.read_text(encoding="utf-8", errors="replace")


def test_should_take_the_test_message_of_s3(cloud: Cloud) -> None:
    sent = event("import_pair/s3_test", {EXAMPLE_BUCKET: cloud.inbox_bucket})
    assert invoke(cloud, "ImportPairFunction", sent) == {"batchItemFailures": []}


@pytest.mark.parametrize("name", ["uploaded", "uploaded_in_parts"])
def test_should_look_at_a_sites_inbox_as_it_is_now_for_an_upload(name: str, school: Site) -> None:
    # What the event tells of was deleted since. What counts is what the inbox holds now, which is nothing.
    assert invoke(school.cloud, "ImportPairFunction", uploaded(school, name)) == {"batchItemFailures": []}
    said = school.ask("imports")
    assert (said["imports"], said["waiting"], said["version"]) == ([], None, 0)


def test_should_not_import_again_for_several_events_about_what_was_imported(running: Site) -> None:
    sent = batch(*(uploaded(running, name) for name in ("uploaded", "uploaded_in_parts", "uploaded")))
    assert invoke(running.cloud, "ImportPairFunction", sent) == {"batchItemFailures": []}
    assert len(running.imports()) == 1


def test_should_answer_only_once_when_a_request_comes_twice(school: Site) -> None:
    for _ in range(2):
        answer = invoke(school.cloud, "ImportPairFunction", asked(school, "one-request"))
        assert answer == {"batchItemFailures": []}
    assert [report["asked"] for report in school.imports()] == ["one-request"]


@pytest.mark.parametrize("key", ["Students.csv", "students.csv.gz", "2026/students.csv", "settings.txt"])
def test_should_report_an_upload_of_another_name_to_its_site(key: str, school: Site) -> None:
    school.cloud.client("s3").put_object(Bucket=school.cloud.inbox_bucket, Key=f"{school.name}/{key}", Body=b"there")
    sent = event("import_pair/uploaded", {"hogwarts/students.csv": f"{school.name}/{key}"})
    for _ in range(2):
        assert invoke(school.cloud, "ImportPairFunction", sent) == {"batchItemFailures": []}
    (report,) = school.imports()
    assert (report["status"], report["reason"], report["file"]) == ("failed", "file_name_unexpected", key)


@pytest.mark.parametrize(
    "key", ["students.csv", "Hogwarts/students.csv", "-hog/students.csv", "hog%2Cwarts/students.csv"]
)
def test_should_report_an_upload_outside_any_site_in_the_log(key: str, cloud: Cloud) -> None:
    version_id = f"version-of-{key.encode().hex()}"
    written = {"hogwarts/students.csv": key, "3sL4kqtJlcpXroDTDmJ_rmSpXd3dIbrH": version_id}
    assert invoke(cloud, "ImportPairFunction", event("import_pair/uploaded", written)) == {"batchItemFailures": []}

    told = eventually_logged(cloud, "upload_ignored", lambda told: told["version_id"] == version_id, "the upload")
    assert [(about["reason"], about["bytes"]) for about in told] == [("outside_any_site", 136)]


def test_should_not_take_a_new_folder_made_in_the_s3_console_for_an_upload(school: Site) -> None:
    sent = event("import_pair/uploaded", {"hogwarts/students.csv": f"{school.name}/", '\\"size\\":136': '\\"size\\":0'})
    assert invoke(school.cloud, "ImportPairFunction", sent) == {"batchItemFailures": []}
    assert school.imports() == []


def test_should_not_let_a_poison_message_in_the_queue_hold_up_anybody(school: Site) -> None:
    """It is tried again later; what comes behind it is imported now."""
    sqs, queue = client(school.cloud, "sqs"), function(school.cloud, "ImportQueue")
    marker = f"poison for {school.name}"
    sqs.send_message(QueueUrl=queue, MessageBody=marker)
    try:
        school.publish(SEED)
    finally:
        sqs.purge_queue(QueueUrl=queue)
    assert queue_is_quiet(school.cloud)
    assert marker not in json.dumps(reports_logged(school.cloud, "import_broke_off"))
