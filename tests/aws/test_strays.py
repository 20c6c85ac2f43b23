"""Uploads that no import reads: what tools leave and rename, wrong names, wrong folders."""

from typing import Any

from roster_aws.queue import Stray, read_message
from roster_aws.strays import RENAMED_WITHIN

from .conftest import World, csv

SITE = "hogwarts"
DATA = csv("Harry_Potter,Potions")


def put(world: World, key: str) -> Stray:
    """Put an upload into the inbox, whatever its name; what S3's event says of it."""
    stored = world.client("s3").put_object(Bucket=world.inbox, Key=key, Body=DATA)
    return Stray(key, stored["VersionId"], world.clock(), len(DATA))


def look(world: World, stray: Stray) -> None:
    world.importer().strays.look(stray)


def page(world: World, **asked: Any) -> dict[str, Any]:
    return world.looking().page(asked)


def test_should_count_what_tools_leave_and_never_call_it_a_failed_import(world: World) -> None:
    for name in (".DS_Store", "students.csv.filepart", "students.csv.filepart"):
        look(world, put(world, f"{SITE}/{name}"))
        world.clock.pass_by(seconds=5)
    assert (world.reports(SITE), world.told("import_report"), world.messages()) == ([], [], 0)
    ignored = page(world, view="site", site=SITE)["ignored"]
    assert ignored["total"] == 3
    assert [(each["name"], each["count"], each["like"]) for each in ignored["names"]] == [
        ("students.csv.filepart", 2, "students.csv"),
        (".DS_Store", 1, None),
    ]
    assert page(world)["sites"] == [], "a file of a tool makes no site"


def test_should_keep_the_newest_names_of_what_was_ignored(world: World) -> None:
    for number in range(25):
        look(world, Stray(f"{SITE}/{number}.tmp", "v", world.clock(), 1))
        world.clock.pass_by(seconds=1)
    ignored = page(world, view="site", site=SITE)["ignored"]
    assert (ignored["total"], len(ignored["names"]), ignored["names"][0]["name"]) == (25, 20, "24.tmp")


def test_should_look_again_after_a_minute_and_ignore_what_was_renamed_by_then(world: World) -> None:
    stray = put(world, f"{SITE}/upload-1a2b.csv")
    look(world, stray)
    assert (world.reports(SITE), world.messages()) == ([], 1)
    world.client("s3").delete_object(Bucket=world.inbox, Key=stray.key)
    world.clock.pass_by(seconds=RENAMED_WITHIN.total_seconds())
    look(world, stray)
    assert (world.reports(SITE), world.messages()) == ([], 1)
    assert page(world, view="site", site=SITE)["ignored"]["names"][0]["name"] == "upload-1a2b.csv"


def test_should_call_a_wrong_name_that_stays_a_failed_import_and_say_which_was_meant(world: World) -> None:
    for name, meant in (("Students.csv", "students.csv"), ("notes.txt", "")):
        stray = put(world, f"{SITE}/{name}")
        world.clock.pass_by(minutes=1)
        look(world, stray)
        look(world, stray)  # the message came twice
        (report,) = [each for each in world.reports(SITE) if each["file"] == name]
        assert (report["status"], report["reason"]) == ("failed", "file_name_unexpected")
        assert report["like"] == meant
    assert len(world.reports(SITE)) == 2
    assert not any("Students.csv" in str(told) for told in world.told("import_report"))


def test_should_read_the_message_that_has_an_upload_looked_at_again(world: World) -> None:
    stray = put(world, f"{SITE}/Students.csv")
    look(world, stray)
    world.client("sqs").set_queue_attributes(QueueUrl=world.queue_url, Attributes={"DelaySeconds": "0"})
    sent: list[str] = []

    class Sqs:
        def send_message(self, **message: Any) -> None:
            assert 0 < message["DelaySeconds"] <= 60
            sent.append(message["MessageBody"])

    importer = world.importer()
    importer.queue._sqs = Sqs()  # type: ignore[assignment]
    importer.strays.queue._sqs = Sqs()  # type: ignore[assignment]
    importer.strays.look(stray)
    assert read_message(sent[0]) == [stray]


def test_should_count_wrong_folders_for_the_overview_with_the_site_that_was_meant(world: World) -> None:
    world.importer().store.add_site("lakeside", "arn:somebody")
    for key in (
        "Lakeside/students.csv",
        "Lakeside/teachers.csv",
        "Lake Side/students.csv",
        "students.csv",
        ".DS_Store",
    ):
        look(world, put(world, key))
        world.clock.pass_by(seconds=1)
    outside = page(world)["outside"]
    assert [(each["folder"], each["count"], each["like"]) for each in outside] == [
        ("", 1, None),
        ("Lake Side/", 1, "lakeside"),
        ("Lakeside/", 2, "lakeside"),
    ]
    assert len(world.told("upload_ignored")) == 5
    assert "akeside" not in str(world.told("upload_ignored"))
