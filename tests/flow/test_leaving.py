"""A school leaves: nobody of it is found in any store of the cloud afterwards, and other schools notice nothing."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import Site, client, eventually, function, log_events, queue_is_quiet
from tests.flow.conftest import Command, Server

# Nobody and nothing else in the tests is called so.
LEAVER, STAYER, TEACHER = "Euphemia_Rowle", "Crispin_Vaisey", "Galatea_Merry"
CLASSES = ("Xylomancy 5K", "Ghoul Studies 8B")
STRAY = "Melinda_Bobbin"
NAMES = (LEAVER, STAYER, TEACHER, STRAY, *CLASSES)


def pair(*students: str) -> dict[str, bytes]:
    rows = "".join(f"{student},{class_}\n" for student in students for class_ in CLASSES)
    teachers = "".join(f"{TEACHER},{class_}\n" for class_ in CLASSES)
    head = "version,1\nusername,class\n"
    return {"students.csv": f"{head}{rows}".encode(), "teachers.csv": f"{head}{teachers}".encode()}


@pytest.fixture(scope="module")
def leaving(cloud: Cloud, enrol: Callable[[Site], Server]) -> tuple[Site, Server]:
    """A site with everything, and its server."""
    site = Site(cloud, "a-site-that-leaves")
    site.add()
    client(cloud, "s3").put_object(Bucket=cloud.inbox_bucket, Key=f"{site.name}/{STRAY}.csv", Body=STRAY.encode())
    site.publish(pair(LEAVER, STAYER))
    site.publish(pair(LEAVER, STAYER, "Wilda_Griffiths"))
    held = site.import_of(site.upload_pair(pair(STAYER)))
    assert held["status"] == "held"
    assert site.import_of(site.upload_pair({**pair(STAYER), "students.csv": b"\xff"}))["status"] == "failed"
    client(cloud, "s3").create_multipart_upload(Bucket=cloud.inbox_bucket, Key=f"{site.name}/students.csv")
    site.ask("notify", contact={"mail": "it@leaves.example"})
    server = enrol(site)
    assert server.pull() == "applied"
    eventually(cloud, lambda: "file_name_unexpected" in str(site.imports()), "the stray to be refused")
    eventually(cloud, lambda: queue_is_quiet(cloud), "everything to be dealt with")
    return site, server


def stored(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """Everything that is stored: each version of each object, unzipped, each item, log event and message."""
    s3 = client(cloud, "s3")
    for bucket in (cloud.inbox_bucket, cloud.results_bucket):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for found in page.get("Versions", []):
                got = s3.get_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])["Body"].read()
                data = gzip.decompress(got) if got.startswith(b"\x1f\x8b") else got
                yield f"{bucket}/{found['Key']}", f"{found['Key']} {data.decode(errors='replace')}"
            for marker in page.get("DeleteMarkers", []):
                yield f"{bucket}/{marker['Key']}", marker["Key"]
        for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            yield f"{bucket}/{upload['Key']}", f"unfinished {upload['Key']}"
    for page in client(cloud, "dynamodb").get_paginator("scan").paginate(TableName=cloud.table_name):
        for item in page["Items"]:
            yield f"table {item['pk']['S']}", json.dumps(item, ensure_ascii=False)
    yield from log_events(cloud)
    for message in cloud.mailbox.collect():
        yield "messages", json.dumps(message, ensure_ascii=False)
    yield "what the functions print", cloud.log.read_text(encoding="utf-8", errors="replace")
    for queue in ("ImportQueue", "ImportDeadLetterQueue"):
        url = function(cloud, queue)
        got = client(cloud, "sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        for waiting in got.get("Messages", []):
            yield queue, waiting["Body"]


def found_in(cloud: Cloud) -> dict[str, set[str]]:
    """Where each name is found, in any case."""
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    for where, text in stored(cloud):
        for name in NAMES:
            if name.casefold() in text.casefold():
                found[name].add(where)
    return found


def digests(site: Site) -> Any:
    return [site.ask("servers")[name] for name in ("version", "epoch", "manifest_sha256")], site.items()


def test_should_leave_no_trace_of_its_people_and_others_as_they_were(
    leaving: tuple[Site, Server], running: Site, cloud: Cloud, command: Command
) -> None:
    site, server = leaving
    assert all(found_in(cloud).values()), "else the search would prove nothing"
    before, delivered = digests(running), server.files()
    counts = json.loads(command("roster-admin", "erase", site.name, "--dry-run", "--json").stdout)
    assert counts["servers"] == 1
    assert counts["inbox_unfinished"] == 1
    assert all(found_in(cloud).values()), "a dry run erases nothing"
    refused = command("roster-admin", "erase", site.name, check=False)
    assert refused.returncode == 1
    assert f"--confirm {site.name}" in refused.stderr
    assert command("roster-admin", "erase", site.name, "--confirm", "another", check=False).returncode == 1

    receipt = json.loads(command("roster-admin", "erase", site.name, "--confirm", site.name, "--json").stdout)
    assert receipt["finished_at"]
    assert receipt["counts"] == counts
    assert found_in(cloud) == {name: set() for name in NAMES}
    assert [where for where, _ in stored(cloud) if f"/{site.name}/" in where or where.endswith(f"#{site.name}")] == []
    assert digests(running) == before

    shown = command("roster-admin", "erase", site.name, "--receipt").stdout
    assert f"{site.name} was erased" in shown
    assert not [name for name in NAMES if name.casefold() in shown.casefold()]
    # Its server is told that nobody knows it, and removes nothing of the school's own.
    assert server.run("pull", check=False).returncode != 0
    assert server.files() == delivered
    gone = command("roster-admin", "erase", site.name, "--confirm", site.name, check=False)
    assert gone.returncode == 1
    assert "there is nothing of" in gone.stderr


def test_should_import_nothing_afterwards_until_it_is_added_again(
    leaving: tuple[Site, Server], cloud: Cloud, command: Command
) -> None:
    site, _ = leaving
    s3 = client(cloud, "s3")
    for file, data in pair("Nobody_Known").items():
        s3.put_object(Bucket=cloud.inbox_bucket, Key=f"{site.name}/{file}", Body=data)

    def is_told() -> bool:
        return any("was erased" in each["why"] for each in cloud.mailbox.collect() if each["site"] == site.name)

    eventually(cloud, is_told, "the message that somebody uploads to an erased site")
    refused = command("roster-admin", "import", site.name, check=False)
    assert "This site was erased" in refused.stderr
    asked = command("roster-admin", "imports", site.name, check=False)
    assert "This site was erased" in asked.stderr
    command("roster-admin", "site", "add", site.name)
    command("roster-admin", "import", site.name, check=False)
    assert site.version() == 1


def test_one_person_s_console_should_go_at_once_and_stay_away(
    running: Site, cloud: Cloud, command: Command, enrol: Callable[[Site], Server]
) -> None:
    server = enrol(running)
    assert server.pull() == "applied"
    rights = json.loads(command("roster-admin", "show", running.name, "console", "--json").stdout)
    who = rights[0]["username"]
    assert who.encode() in server.files()["teachers.csv"]
    command("roster-admin", "revoke-console", running.name, who)
    assert server.pull() == "applied"
    assert who.encode() not in server.files()["teachers.csv"]
    command("roster-admin", "import", running.name)  # the files name them still
    listed = json.loads(command("roster-admin", "show", running.name, "no-console", "--json").stdout)
    assert [each["username"] for each in listed] == [who]
    left = json.loads(command("roster-admin", "show", running.name, "console", "--json").stdout)
    assert who not in [right["username"] for right in left]
    for group, message in log_events(cloud):
        if running.name in message:
            assert f'"{who}"' not in message, group
    command("roster-admin", "allow-console", running.name, who)
    eventually(cloud, lambda: running.version() == 3, "the files to decide again")
