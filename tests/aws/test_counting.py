"""Which upload counts: the one that took effect last. What was held, refused, rejected or undone is no partner."""

import pytest

from roster.notices import STUDENTS
from roster.request import NewEpoch, Rollback

from .conftest import World, csv

SITE = "hogwarts"
GOOD_TEACHERS = csv(*(f"teacher.{number},Class {number}" for number in range(10)))
GOOD_STUDENTS = csv(*(f"student.{number:02},Class {number % 10}" for number in range(40)))
MORE_STUDENTS = GOOD_STUDENTS + b"one.more,Class 0\n"
# Held: half of the teachers lose the console.
FEW_TEACHERS = csv(*(f"teacher.{number},Class {number}" for number in range(3)))


@pytest.fixture
def published(world: World) -> World:
    world.upload(SITE, teachers=GOOD_TEACHERS, students=GOOD_STUDENTS)
    world.run(SITE)
    return world


def later(world: World) -> None:
    """The window of a lone file has passed."""
    world.settle()
    world.clock.pass_by(minutes=6)
    world.run(SITE)


def version(world: World) -> int:
    return world.store().head(SITE).version


def held(world: World) -> World:
    world.upload(SITE, teachers=FEW_TEACHERS)
    later(world)
    assert world.held(SITE)
    return world


def test_should_not_pair_a_lone_file_with_one_that_is_held(published: World) -> None:
    held(published).upload(SITE, students=MORE_STUDENTS)
    later(published)
    assert version(published) == 2
    assert len(published.rights(SITE)) == 10


def test_should_not_publish_what_a_person_rejected_without_another_upload(published: World) -> None:
    store = published.store()
    assert store.reject(SITE, held(published).held(SITE)["import"], "arn:somebody")
    put_settings(published, b'{"basic_console_only": true}')
    published.run(SITE)
    assert (version(published), len(published.rights(SITE))) == (2, 10), "changed settings"
    published.upload(SITE, students=MORE_STUDENTS)
    later(published)
    assert (version(published), len(published.rights(SITE))) == (3, 10), "a lone file"
    published.run(SITE, asked="somebody")
    assert (version(published), len(published.rights(SITE))) == (3, 10), "Import Groups"
    published.upload(SITE, teachers=FEW_TEACHERS)
    later(published)
    assert published.held(SITE), "a new upload"


def test_should_refuse_to_import_what_was_rejected_where_nothing_else_stands(published: World) -> None:
    published.upload(SITE, teachers=FEW_TEACHERS, students=csv())
    published.run(SITE)
    store = published.store()
    assert store.reject(SITE, published.held(SITE)["import"], "arn:somebody")
    published.run(SITE, asked="somebody")
    assert next(each for each in published.reports(SITE) if each.get("asked"))["reason"] == "uploads_rejected"


def put_settings(world: World, data: bytes) -> None:
    world.client("s3").put_object(Bucket=world.inbox, Key=f"{SITE}/settings.json", Body=data)


def test_should_read_a_held_pair_again_with_changed_settings(published: World) -> None:
    held(published)
    put_settings(published, b'{"hold": {"teachers_removed": {"count": 50, "percent": 50}}}')
    published.run(SITE)
    assert {each.version_id for each in published.store().head(SITE).undecided.values()} == {
        about["version_id"] for about in published.held(SITE)["pair"].values()
    }
    assert version(published) == 1


def test_should_not_publish_what_was_gone_back_from(published: World) -> None:
    published.upload(SITE, teachers=GOOD_TEACHERS, students=MORE_STUDENTS)
    published.run(SITE)
    first = published.store().report(SITE, published.reports(SITE)[-1]["import"])
    published.order(SITE, Rollback(1, "arn:somebody"))
    store = published.store()
    head = store.head(SITE)
    assert first
    assert head.effective == first.uploads()
    store.set_paused(SITE, paused=False)
    for asked in ("", "somebody"):
        published.run(SITE, asked=asked)
        assert version(published) == 3
    assert next(each for each in published.reports(SITE) if each.get("asked") == "somebody")["reason"] == (
        "uploads_rejected"
    )
    put_settings(published, b'{"basic_console_only": true}')
    published.run(SITE)
    assert version(published) == 4
    assert "one.more" not in published.groups(SITE)["Class 0"]
    published.order(SITE, NewEpoch(10, "arn:somebody"))
    published.upload(SITE, teachers=GOOD_TEACHERS, students=csv("a,b"))
    published.run(SITE)
    published.order(SITE, Rollback(3, "arn:somebody"))
    assert store.head(SITE).effective == head.effective, "behind a version that was gone back to"


def test_should_import_what_was_refused_for_the_other_file_alone_when_that_is_mended(published: World) -> None:
    published.upload(SITE, teachers=GOOD_TEACHERS + b"new.teacher,Class 0\n", students=b"\xff")
    published.run(SITE)
    assert published.reports(SITE)[0]["status"] == "failed"
    published.upload(SITE, students=MORE_STUDENTS)
    published.run(SITE)
    assert version(published) == 2
    assert "new.teacher" in published.rights(SITE)
    assert published.store().head(SITE).unread == {}


def test_should_import_a_file_that_is_uploaded_again_and_again_when_its_first_window_ends(published: World) -> None:
    published.upload(SITE, students=MORE_STUDENTS)
    published.settle()
    published.run(SITE)
    first = published.store().waiting(SITE)
    assert first
    published.upload(SITE, students=MORE_STUDENTS + b"two.more,Class 0\n")
    published.run(SITE)
    again = published.store().waiting(SITE)
    assert again
    assert again["until"] == first["until"]


def test_should_wait_for_the_content_of_an_empty_file(published: World) -> None:
    published.upload(SITE, teachers=GOOD_TEACHERS, students=b"")
    published.run(SITE)
    waiting = published.store().waiting(SITE)
    assert waiting
    assert (waiting["file"], waiting["missing"]) == (STUDENTS, STUDENTS)
    published.upload(SITE, students=MORE_STUDENTS)
    published.run(SITE)
    assert (version(published), published.store().waiting(SITE)) == (2, None)
