"""Uploads that no import reads: what tools leave and rename, wrong names, wrong folders."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from roster.request import Stray, Unnamed, read_message
from roster_aws.queue import Queue
from roster_aws.strays import RENAMED_WITHIN, Strays

from .conftest import World, csv

SITE = "hogwarts"
DATA = csv("Harry_Potter,Potions")


def put(world: World, key: str) -> Stray:
    """Put an upload into the inbox, whatever its name; what S3's event says of it."""
    stored = world.client("s3").put_object(Bucket=world.inbox, Key=key, Body=DATA)
    return Stray(key, stored["VersionId"], world.clock(), len(DATA))


def look(world: World, stray: Stray) -> None:
    world.strays().look(stray)


def look_again(world: World, stray: Stray) -> None:
    world.strays().look_again(stray.unnamed)


def page(world: World, **asked: Any) -> dict[str, Any]:
    return world.page(asked)


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
    look_again(world, stray)
    assert (world.reports(SITE), world.messages()) == ([], 1)
    assert page(world, view="site", site=SITE)["ignored"]["names"][0]["name"] == "upload-1a2b.csv"


def test_should_call_a_wrong_name_that_stays_a_failed_import_and_say_which_was_meant(world: World) -> None:
    for name, meant in (("Students.csv", "students.csv"), ("notes.txt", "")):
        stray = put(world, f"{SITE}/{name}")
        world.clock.pass_by(minutes=1)
        look_again(world, stray)
        look_again(world, stray)  # the message came twice
        look(world, stray)  # and S3's own came late
        (report,) = [each for each in world.reports(SITE) if each["file"] == name]
        assert (report["status"], report["reason"]) == ("failed", "file_name_unexpected")
        assert report["like"] == meant
    assert len(world.reports(SITE)) == 2
    assert not any("Students.csv" in str(told) for told in world.told("import_report"))


def sent(world: World) -> list[dict[str, Any]]:
    """The messages that wait in the queue; they are gone then."""
    sqs = world.client("sqs")
    taken = sqs.receive_message(QueueUrl=world.queue_url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in taken]


def failing(world: World, part: str) -> Strays:
    """What looks at strays, with one part that cannot do anything now."""

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("not now")

    queue = Queue(Undelayed(world), world.queue_url)  # type: ignore[arg-type]
    broken: dict[str, Any] = {part: Broken()}
    return replace(world.strays(), queue=queue, **broken)


@dataclass
class Undelayed:
    """The queue's client; what is for later can be received at once."""

    world: World

    def send_message(self, **message: Any) -> None:
        assert 0 < message["DelaySeconds"] <= 60
        self.world.client("sqs").send_message(**message | {"DelaySeconds": 0})


def test_should_have_an_upload_looked_at_again_by_its_version_alone(world: World) -> None:
    """A file is called what somebody likes, and a queue keeps a message for days."""
    stray = put(world, f"{SITE}/Padma Patil/Padma.csv")
    replace(world.strays(), queue=Queue(Undelayed(world), world.queue_url)).look(stray)  # type: ignore[arg-type]
    (message,) = sent(world)
    assert "Padma" not in str(message)
    world.clock.pass_by(minutes=1)
    (again,) = read_message(json.dumps(message))
    assert isinstance(again, Unnamed)
    world.strays().look_again(again)
    (report,) = world.reports(SITE)
    assert report["file"] == "Padma Patil/Padma.csv"


def test_should_find_a_name_among_many_versions_and_those_of_other_sites_not_at_all(world: World) -> None:
    inbox = world.importer().inbox
    first, second = put(world, f"{SITE}/Students.csv"), put(world, f"{SITE}/Students.csv")
    other, folder = put(world, f"{SITE}-2/Students.csv"), put(world, f"{SITE}/2026/students.csv")
    assert inbox.name_of(SITE, first.version_id) == inbox.name_of(SITE, second.version_id) == "Students.csv"
    assert inbox.name_of(SITE, folder.version_id) == "2026/students.csv"
    assert inbox.name_of(SITE, other.version_id) is None


def test_should_tell_nothing_of_an_upload_that_was_removed_for_good(world: World) -> None:
    stray = put(world, f"{SITE}/Students.csv")
    world.client("s3").delete_object(Bucket=world.inbox, Key=stray.key, VersionId=stray.version_id)
    world.clock.pass_by(minutes=1)
    look_again(world, stray)
    assert world.reports(SITE) == []
    assert world.ignored().of_site(SITE)["total"] == 0


@pytest.mark.parametrize(
    ("key", "part", "late"),
    [
        (f"{SITE}/Padma_Patil.csv.tmp", "ignored", False),
        (f"{SITE}/Padma_Patil.csv", "inbox", True),
        (f"{SITE}/Padma_Patil.csv", "store", True),
        (f"{SITE}/Padma_Patil.csv", "logbook", True),
        ("Padma_Patil/students.csv", "ignored", False),
        ("Padma_Patil/students.csv", "logbook", False),
    ],
)
def test_should_bring_no_key_among_the_dead_letters_for_a_fault_of_ours(
    key: str, part: str, late: bool, world: World
) -> None:
    stray = put(world, key)
    if late:
        world.clock.pass_by(minutes=2)
    failing(world, part).look(stray)
    (message,) = sent(world)
    assert "Padma" not in str(message)
    # The fault is over.
    (again,) = read_message(json.dumps(message))
    assert isinstance(again, Unnamed)
    world.strays().look_again(again)
    shown = world.ignored().of_site(SITE)["total"]
    assert (len(world.reports(SITE)), shown, len(world.told("upload_ignored"))) == {
        f"{SITE}/Padma_Patil.csv.tmp": (0, 1, 0),
        f"{SITE}/Padma_Patil.csv": (1, 0, 0),
        "Padma_Patil/students.csv": (0, 0, 1),
    }[key]


def test_should_let_a_message_without_a_name_fail_like_any_other(world: World) -> None:
    stray = put(world, f"{SITE}/Students.csv")
    world.clock.pass_by(minutes=2)
    with pytest.raises(RuntimeError, match="not now"):
        failing(world, "store").look_again(stray.unnamed)


def test_should_count_wrong_folders_for_the_overview_with_the_site_that_was_meant(world: World) -> None:
    world.store().add_site("lakeside", "arn:somebody")
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
