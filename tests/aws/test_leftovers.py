"""What is left of a run that died, of uploads that are gone, of a hold nobody ended: no site is stuck with it."""

import pytest

from roster.request import Request
from roster_aws.store import Store

from .conftest import LIFE, World, csv

SITE = "hogwarts"
TEACHERS = csv(*(f"teacher.{number},Class {number}" for number in range(10)))
STUDENTS = csv(*(f"student.{number:02},Class {number % 10}" for number in range(40)))
MORE_TEACHERS = TEACHERS + b"one.more,Class 0\n"
MORE_STUDENTS = STUDENTS + b"one.more,Class 0\n"


@pytest.fixture
def published(world: World) -> World:
    world.upload(SITE, teachers=TEACHERS, students=STUDENTS)
    world.run(SITE)
    return world


def store(world: World) -> Store:
    return world.store()


def version_id(world: World, file: str) -> str:
    return str(world.client("s3").head_object(Bucket=world.inbox, Key=f"{SITE}/{file}")["VersionId"])


def delete_for_good(world: World, file: str, version: str) -> None:
    """As the inbox's lifecycle does with an upload that was replaced or deleted 180 days ago."""
    world.client("s3").delete_object(Bucket=world.inbox, Key=f"{SITE}/{file}", VersionId=version)


def test_should_wait_for_a_new_partner_where_the_last_one_is_no_longer_kept(published: World) -> None:
    readable = version_id(published, "students.csv")
    published.upload(SITE, students=b"\xff")
    published.run(SITE, asked="now")
    delete_for_good(published, "students.csv", readable)
    published.upload(SITE, teachers=MORE_TEACHERS)
    published.settle()
    published.clock.pass_by(minutes=6)
    published.run(SITE)
    waiting = store(published).waiting(SITE)
    assert waiting is not None
    assert (waiting["file"], waiting["missing"], waiting["until"]) == ("teachers.csv", "students.csv", None)
    assert store(published).head(SITE).version == 1
    published.upload(SITE, students=STUDENTS)
    published.run(SITE)
    assert store(published).head(SITE).version == 2


def test_should_not_read_a_refused_file_again_with_the_next_upload_of_the_other(published: World) -> None:
    published.upload(SITE, teachers=b"\xff")
    published.run(SITE, asked="now")
    for number in (1, 2):
        published.upload(SITE, students=STUDENTS + f"pupil.{number},Class 0\n".encode())
        published.settle()
        published.clock.pass_by(minutes=6)
        published.run(SITE)
        published.run(SITE)
    assert [report["status"] for report in published.reports(SITE)].count("failed") == 1
    assert store(published).head(SITE).version == 3


def test_should_import_an_older_upload_that_shows_again_only_when_somebody_asks(published: World) -> None:
    head = published.client("s3").head_object(Bucket=published.inbox, Key=f"{SITE}/students.csv")
    while True:  # S3 tells the time of an upload in seconds
        published.upload(SITE, teachers=TEACHERS, students=MORE_STUDENTS)
        newer = published.client("s3").head_object(Bucket=published.inbox, Key=f"{SITE}/students.csv")
        if newer["LastModified"] > head["LastModified"]:
            break
        delete_for_good(published, "students.csv", newer["VersionId"])
    published.run(SITE)
    assert store(published).head(SITE).version == 2
    delete_for_good(published, "students.csv", newer["VersionId"])
    published.settle()
    published.clock.pass_by(minutes=6)
    published.run(SITE)
    assert store(published).head(SITE).version == 2
    assert "one.more" in published.groups(SITE)["Class 0"]
    published.run(SITE, asked="now")
    assert store(published).head(SITE).version == 3


@pytest.mark.parametrize("paused", [False, True], ids=["deleted", "paused"])
def test_should_not_show_a_dead_run_as_running_once_its_import_cannot_go_on(world: World, paused: bool) -> None:
    class Killed(BaseException):
        pass

    def kill(operation: str) -> None:
        if operation == "TransactWriteItems":
            raise Killed

    world.upload(SITE, teachers=TEACHERS, students=STUDENTS)
    world.settle()
    with pytest.raises(Killed):
        world.importer(kill).run(Request(SITE), "run", world.clock() + LIFE)
    assert [report["status"] for report in world.reports(SITE)] == ["fetching"]
    if paused:
        store(world).set_paused(SITE, paused=True)
    else:
        for name in ("teachers", "students"):
            world.client("s3").delete_object(Bucket=world.inbox, Key=f"{SITE}/{name}.csv")
    world.clock.pass_by(minutes=10)
    world.run(SITE)
    assert store(world).head(SITE).running == ""
    assert world.reports(SITE) == []
    store(world).set_paused(SITE, paused=False)
    world.upload(SITE, teachers=TEACHERS, students=STUDENTS)
    world.run(SITE)
    assert [report["status"] for report in world.reports(SITE)] == ["ok"]


def test_should_apply_settings_changed_during_a_hold_and_a_pause_once_the_site_is_resumed(published: World) -> None:
    few = csv(*(f"student.{number:02},Class {number}" for number in range(10)))
    published.upload(SITE, teachers=TEACHERS, students=few)
    published.run(SITE)
    store(published).set_paused(SITE, paused=True)
    published.client("s3").put_object(
        Bucket=published.inbox, Key=f"{SITE}/settings.json", Body=b'{"basic_console_only": true}'
    )
    published.run(SITE)
    assert published.approve(SITE)["version"] == 2
    assert not any(right.basic_console_only for right in published.rights(SITE).values())
    store(published).set_paused(SITE, paused=False)
    published.run(SITE)
    assert store(published).head(SITE).version == 3
    assert all(right.basic_console_only for right in published.rights(SITE).values())


def test_should_import_after_a_hold_with_a_report_that_is_no_longer_kept(published: World) -> None:
    published.upload(SITE, teachers=TEACHERS, students=csv())
    published.run(SITE)
    report = {"pk": {"S": f"SITE#{SITE}"}, "sk": {"S": f"IMPORT#{store(published).head(SITE).held}"}}
    published.client("dynamodb").delete_item(TableName=published.table, Key=report)
    published.upload(SITE, teachers=TEACHERS, students=MORE_STUDENTS)
    published.run(SITE)
    head = store(published).head(SITE)
    assert (head.version, head.held) == (2, "")


def test_should_not_show_an_import_as_running_once_an_approval_overtook_it(published: World) -> None:
    published.upload(SITE, students=csv("student.00,Class 0"), teachers=TEACHERS)
    published.run(SITE)
    published.upload(SITE, students=MORE_STUDENTS, teachers=MORE_TEACHERS)
    published.settle()

    def kill(operation: str) -> None:
        if operation == "PutObject":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        published.importer(kill).run(Request(SITE), "run", published.clock() + LIFE)
    assert published.reports(SITE)[0]["status"] == "fetching"
    published.clock.pass_by(minutes=10)
    assert published.approve(SITE)["version"] == 2
    assert "fetching" not in [report["status"] for report in published.reports(SITE)]
