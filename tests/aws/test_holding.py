"""What an admin can trust: holds, approval, rejection, rollback, pausing, settings, and rows that never delete."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from roster.request import Approval, Request, Rollback
from roster_aws.dynamo.site_items import HeadMoved

from .conftest import LIFE, World, csv

SITE = "hogwarts"
TEACHERS = csv(*(f"teacher.{number},Class {number}" for number in range(10)))
STUDENTS = csv(*(f"student.{number:02},Class {number % 10}" for number in range(40)))


@pytest.fixture
def published(world: World) -> World:
    world.upload(SITE, teachers=TEACHERS, students=STUDENTS)
    world.run(SITE)
    assert version(world) == 1
    return world


def version(world: World) -> int:
    return world.store().head(SITE).version


def upload(world: World, **files: bytes) -> dict[str, Any]:
    """Upload a pair, the other file as it was, and import it; its report."""
    world.upload(SITE, **{"teachers": TEACHERS, "students": STUDENTS} | files)
    world.run(SITE)
    return world.reports(SITE)[0]


def table(world: World) -> dict[Any, Any]:
    return {key: item for key, item in world.items().items() if key[0] != f"SITE#{SITE}"}


HARMFUL = {
    "an empty students.csv": ({"students": csv()}, "file_has_no_rows"),
    "swapped files": ({"teachers": STUDENTS, "students": TEACHERS}, "students_as_teachers"),
    "a file cut in half": ({"students": STUDENTS[: len(STUDENTS) // 3]}, "half_removed"),
    "another school's files": (
        {
            "teachers": csv(*(f"head.{number},Form {number}" for number in range(10))),
            "students": csv(*(f"pupil.{number},Form {number % 10}" for number in range(40))),
        },
        "memberships_removed",
    ),
    "a third of the rows unreadable": (
        {"students": csv(*(f"student.{n:02}{',' if n % 3 else ''}Class {n % 10}" for n in range(40)))},
        "rows_rejected",
    ),
    "a class list of last year": (
        {"teachers": csv(*(f"teacher.{number},Class {number} of 2025" for number in range(10)))},
        "classes_unmatched",
    ),
}


@pytest.mark.parametrize("harm", HARMFUL)
def test_should_hold_a_harmful_upload_and_change_nothing(published: World, harm: str) -> None:
    files, reason = HARMFUL[harm]
    before = table(published)
    report = upload(published, **files)
    assert report["status"] == "held"
    assert reason in [held["code"] for held in report["held"]]
    assert version(published) == 1
    assert table(published) == before


def test_should_publish_exactly_the_plan_that_is_approved(published: World) -> None:
    held = upload(published, students=csv("student.00,Class 0", *(f"new.{n},Class {n % 10}" for n in range(40))))
    answer = published.approve(SITE)
    assert (answer["import"], answer["status"], answer["version"]) == (held["import"], "ok", 2)
    assert answer["approved_by"] == "arn:somebody"
    results, head = published.importer().publisher.results, published.store().head(SITE)
    manifest = results.manifest(SITE, head.manifest_sha256)
    assert manifest._replace(approved=()).sha256 == held["plan"]["manifest_sha256"]
    assert "student.01" not in {name for members in published.groups(SITE).values() for name in members}


def approvals(world: World) -> list[tuple[int, str, datetime]]:
    """Which versions the manifest of the newest one says that people had published, who, and when."""
    head = world.store().head(SITE)
    manifest = world.importer().publisher.results.manifest(SITE, head.manifest_sha256)
    return [(each.version, each.by, datetime.fromisoformat(each.at)) for each in manifest.approved]


def test_should_say_in_every_later_manifest_what_people_had_published(published: World) -> None:
    upload(published, students=csv())
    at = published.clock()
    published.approve(SITE)
    assert approvals(published) == [(2, "arn:somebody", at)]
    assert upload(published, students=STUDENTS)["version"] == 3
    assert approvals(published) == [(2, "arn:somebody", at)]
    later = published.clock()
    assert published.order(SITE, Rollback(2, "arn:another"))["version"] == 4
    assert approvals(published) == [(2, "arn:somebody", at), (4, "arn:another", later)]


def test_should_name_the_delta_that_the_person_saw(published: World) -> None:
    upload(published, students=csv())
    published.approve(SITE)
    results, head = published.importer().publisher.results, published.store().head(SITE)
    manifest = results.manifest(SITE, head.manifest_sha256)
    assert [each.delta for each in manifest.approved] == [manifest.delta]


def test_should_refuse_a_second_approval(published: World) -> None:
    held = upload(published, students=csv())
    approval = Approval(held["import"], held["plan"]["manifest_sha256"], "arn:somebody")
    assert published.order(SITE, approval)["status"] == "ok_with_warnings"
    assert published.order(SITE, approval)["reason"] == "not_held"
    assert version(published) == 2


def test_should_refuse_an_approval_after_another_import(published: World) -> None:
    held = upload(published, students=csv())
    assert upload(published, students=STUDENTS + b"one.more,Class 0\n")["version"] == 2
    statuses = {report["import"]: report["status"] for report in published.reports(SITE)}
    assert statuses[held["import"]] == "superseded"
    approval = Approval(held["import"], held["plan"]["manifest_sha256"], "arn:somebody")
    assert published.order(SITE, approval)["reason"] == "not_held"
    assert version(published) == 2


def test_should_not_let_a_broken_upload_supersede_a_held_one(published: World) -> None:
    upload(published, students=csv())
    assert upload(published, students=b"\xff")["status"] == "failed"
    assert published.approve(SITE)["version"] == 2


def test_should_end_a_hold_that_is_rejected(published: World) -> None:
    held = upload(published, students=csv())
    store = published.store()
    assert store.reject(SITE, held["import"], "arn:somebody")
    assert not store.reject(SITE, held["import"], "arn:somebody")
    assert published.reports(SITE)[0]["status"] == "rejected"
    assert version(published) == 1


def test_should_not_publish_what_is_rejected_while_it_is_approved(published: World) -> None:
    held = upload(published, students=csv())
    store = published.store()
    ended: list[bool] = []

    def reject_at_the_last_moment(call: str) -> None:
        if call == "Sign":
            ended.append(store.reject(SITE, held["import"], "arn:somebody"))

    approval = Approval(held["import"], held["plan"]["manifest_sha256"], "arn:another")
    asked = Request(SITE, "asked", published.clock(), approval)
    with pytest.raises(HeadMoved):
        published.importer(reject_at_the_last_moment).run(asked, "one", published.clock() + LIFE)
    assert (ended, version(published)) == ([True], 1)
    published.importer().run(asked, "its next try", published.clock() + LIFE)
    assert [report["reason"] for report in published.reports(SITE) if report.get("asked") == "asked"] == ["not_held"]
    assert version(published) == 1


def test_should_publish_the_old_bytes_and_pause_the_site_on_a_rollback(published: World) -> None:
    importer = published.importer()
    first = importer.publisher.results.published(SITE, 1)
    upload(published, students=STUDENTS + b"one.more,Class 0\n")
    answer = published.order(SITE, Rollback(1, "arn:somebody"))
    assert (answer["status"], answer["version"], answer["rolled_back_to"]) == ("ok", 3, 1)
    third = importer.publisher.results.published(SITE, 3)
    assert first is not None
    assert third is not None
    assert third.snapshot == first.snapshot
    assert "one.more" not in published.groups(SITE)["Class 0"]
    upload(published, students=STUDENTS + b"another,Class 0\n")
    assert version(published) == 3
    waiting = importer.publisher.store.waiting(SITE)
    assert waiting is not None
    assert waiting["paused"]
    importer.publisher.store.set_paused(SITE, paused=False)
    published.run(SITE)
    assert version(published) == 4


def test_should_refuse_a_rollback_to_anything_but_an_older_version(published: World) -> None:
    upload(published, students=STUDENTS + b"one.more,Class 0\n")
    assert published.order(SITE, Rollback(3, "arn:somebody"))["reason"] == "version_unknown"
    assert version(published) == 2


def settings(world: World, **choices: object) -> None:
    world.client("s3").put_object(Bucket=world.inbox, Key=f"{SITE}/settings.json", Body=json.dumps(choices).encode())
    world.run(SITE)


def test_should_make_a_version_for_a_change_of_settings_alone(published: World) -> None:
    settings(published, all_groups_users=["teacher.0"], basic_console_only=True)
    assert version(published) == 2
    rights = published.rights(SITE)
    assert rights["teacher.0"].all_groups
    assert not rights["teacher.1"].all_groups
    assert all(right.basic_console_only for right in rights.values())
    published.run(SITE)
    assert len(published.reports(SITE)) == 2


def test_should_report_every_problem_of_bad_settings_and_keep_the_last_good_ones(published: World) -> None:
    settings(published, basic_console_only=True)
    settings(published, basic_console_only="yes", usernames="email")
    report = next(report for report in published.reports(SITE) if report.get("reason") == "settings_invalid")
    assert len(report["problems"]) == 2
    assert version(published) == 2
    upload(published, students=STUDENTS + b"one.more,Class 0\n")
    assert version(published) == 3
    assert all(right.basic_console_only for right in published.rights(SITE).values())


def test_should_import_the_uploads_of_a_paused_site_only_once_it_is_resumed(published: World) -> None:
    settings(published, paused=True)
    assert version(published) == 1
    assert upload(published, students=STUDENTS + b"one.more,Class 0\n")["version"] == 1
    settings(published, paused=False)
    assert version(published) == 2


def test_should_remove_nobody_where_the_settings_keep_removals_off(published: World) -> None:
    settings(published, removals="keep")
    report = upload(published, students=csv("new.one,Class 0"))
    assert (report["not_removed"], report["kept"], report["status"]) == (40, 0, "ok_with_warnings")
    assert set(published.groups(SITE)["Class 0"]) == {"new.one", *(f"student.{n:02}" for n in range(0, 40, 10))}


def test_should_keep_what_a_rejected_row_could_have_been_about(published: World) -> None:
    # student.00 lost its class, and of Class 7, of which one row is gone, a row lost its username.
    rows = [row for row in STUDENTS.decode().splitlines()[3:] if row != "student.07,Class 7"]
    report = upload(published, students=csv("student.00,", ",Class 7", *rows))
    assert (report["status"], report["kept"], report["kept_until"][:10]) == (
        "ok_with_warnings",
        2,
        f"{published.clock() + timedelta(days=14):%Y-%m-%d}",
    )
    assert "student.07" in published.groups(SITE)["Class 7"]
    assert "student.00" in published.groups(SITE)["Class 0"]


def expiring(world: World) -> set[str]:
    """The stored keys, but for findings, that S3 lets expire; without the site."""
    s3 = world.client("s3")
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=world.results)["Contents"]]
    tags = {
        key: s3.get_object_tagging(Bucket=world.results, Key=key)["TagSet"] for key in keys if "/imports/" not in key
    }
    assert all(tag in ([], [{"Key": "retention", "Value": "180-days"}]) for tag in tags.values())
    return {key.partition("/")[2] for key, tag in tags.items() if tag}


def everything_of(world: World, number: int) -> set[str]:
    manifest = world.importer().publisher.results.published(SITE, number)
    assert manifest
    blobs = [blob for blob in (manifest.snapshot, manifest.delta) if blob]
    objects = {f"objects/{digest}" for digest in (manifest.sha256, *(blob.sha256 for blob in blobs))}
    return objects | {f"versions/{number}/manifest.json"}


def test_should_let_a_version_expire_only_once_another_has_taken_its_place(published: World) -> None:
    assert expiring(published) == set()
    upload(published, students=STUDENTS + b"one.more,Class 0\n")
    assert expiring(published) == everything_of(published, 1)
    assert published.groups(SITE)["Class 0"]


def test_should_not_let_a_version_expire_that_the_site_went_back_to(published: World) -> None:
    upload(published, students=STUDENTS + b"one.more,Class 0\n")
    published.order(SITE, Rollback(1, "arn:somebody"))
    assert not expiring(published) & everything_of(published, 3)
    assert everything_of(published, 2) <= expiring(published)


def test_should_not_let_what_is_published_expire_with_a_held_plan_that_says_the_same(published: World) -> None:
    rows = STUDENTS.decode().splitlines()[2:]
    # Three rows have something in a third cell: too many are rejected, and all that they could have been about is kept.
    report = upload(published, students=csv(*(f"{row},x" for row in rows[:3]), *rows[3:]))
    assert (report["status"], report["kept"], sum(report["changes"].values())) == ("held", 3, 0)
    assert not expiring(published) & everything_of(published, 1)
    published.approve(SITE)
    assert not expiring(published) & everything_of(published, 2)


def test_should_let_a_held_plan_expire_unless_it_is_approved(published: World) -> None:
    held = upload(published, students=csv())
    planned = f"objects/{held['plan']['manifest_sha256']}"
    assert planned in expiring(published)
    published.approve(SITE)
    # What is published is another manifest: it says who approved it.
    assert expiring(published) == everything_of(published, 1) | {planned}
