"""A site that leaves: nothing of it is left, other sites are as they were, and nothing of it comes back."""

import json
from datetime import timedelta
from typing import Any

import pytest

from roster.contact import Contact
from roster.erasure import COUNTED
from roster.request import Request, Stray
from roster.uploads import Asked, Content, new_upload_id
from roster_aws.enrolment import CodeInvalid
from roster_aws.intake.staging import STAGED
from roster_aws.intake.upload_items import UploadRecords
from roster_aws.leaving.erasing import Progress

from .conftest import LIFE, MakeWorld, World
from .test_kill import FIRST, SECOND, SITE, THIRD, Killed, Killer

OTHER = "hogwarts-2"  # begins as the other does
NAMES = ("potter", "snape", "hooch", "potions", "assembly", "dark arts", "student.", "teacher.", "granger")


def lived_in(world: World) -> None:
    """Two sites with everything that a site can have."""
    for site in (OTHER, SITE):
        for pair in (FIRST, SECOND, THIRD):  # the last is held
            world.upload(site, **pair)
            world.run(site)
        code, _ = world.enrolment().give_code(site, "srv-01")
        world.enrolment().enrol(code)
        world.enrolment().give_code(site, "srv-02")
        code, _ = world.uploaders().give_code(site, "sis", timedelta(days=7))
        world.uploaders().enrol(code)
        world.uploaders().give_code(site, "office", timedelta(days=7))
        asked = Asked(new_upload_id(world.clock()), "sis", world.clock(), {"students.csv": Content(4, "0" * 64)})
        UploadRecords(world.client("dynamodb"), world.table).put(site, asked)
        world.uploaders().give_link(site, "office-page", timedelta(days=7))
        staged = f"{STAGED}/{site}/{asked.upload}/students.csv"
        world.client("s3").put_object(Bucket=world.results, Key=staged, Body=b"Harry_Potter")
        for name in ("Harry_Potter.csv", ".DS_Store"):
            put = world.client("s3").put_object(Bucket=world.inbox, Key=f"{site}/{name}", Body=b"Potter")
            world.clock.pass_by(minutes=5)
            world.strays().look(Stray(f"{site}/{name}", put["VersionId"], world.clock(), 6))
        world.client("s3").delete_object(Bucket=world.inbox, Key=f"{site}/.DS_Store")
        world.client("s3").create_multipart_upload(Bucket=world.inbox, Key=f"{site}/students.csv")
        for contact in (Contact("email", "it@example.org"), Contact("teams", f"https://x.logic.azure.com/{site}")):
            world.eraser().contacts.add(site, contact)
    world.clock.pass_by(days=2)
    world.watch().look()
    world.alerts()


def erase(world: World, calls: Killer | None = None) -> Progress:
    return world.eraser(calls).run(SITE, "arn:somebody", "eraser", world.clock() + LIFE)


def everything(world: World) -> dict[str, Any]:
    """All that is stored anywhere, by where it is; without what tells of erasures."""
    found: dict[str, Any] = {
        f"table {pk} {sk}": item for (pk, sk), item in world.items().items() if pk not in ("ERASED", "RECEIPTS")
    }
    s3 = world.client("s3")
    for bucket in (world.inbox, world.results):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                found[f"{bucket} {each['Key']} {each['VersionId']}"] = each.get("ETag", "deleted")
        for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            found[f"{bucket} {upload['Key']} {upload['UploadId']}"] = "unfinished"
    return found


def of_site(world: World, site: str) -> dict[str, Any]:
    marks = (f" {site}/", f"#{site} ", f"#{site}#", f"TEAMS {site} ")
    return {
        where: what
        for where, what in everything(world).items()
        if any(mark in f"{where} " for mark in marks) or (isinstance(what, dict) and what.get("site") == {"S": site})
    }


def test_should_leave_nothing_of_the_site_and_everything_of_others(world: World) -> None:
    lived_in(world)
    before = of_site(world, OTHER)
    counted = world.eraser().count(SITE)
    assert all(counted[name] for name in COUNTED if name != "results_unfinished"), counted
    progress = erase(world)
    assert progress.erasure.finished_at
    assert progress.erasure.counts == counted
    assert of_site(world, SITE) == {}
    assert of_site(world, OTHER) == before
    assert world.eraser().contacts.of(OTHER) == [
        Contact("email", "it@example.org"),
        Contact("teams", f"https://x.logic.azure.com/{OTHER}"),
    ]
    assert [listed.site for listed in world.fleet().sites()] == [OTHER]
    (receipt,) = world.eraser().tombstones.receipts(SITE)
    assert receipt == progress.erasure
    assert not [name for name in NAMES if name in json.dumps(receipt.as_dict()).lower()]


def test_should_end_alike_when_it_is_killed_at_any_call(make_world: MakeWorld) -> None:
    world = make_world()
    lived_in(world)
    last, ended = 1, False
    while not ended:
        killer = Killer(last=last)
        try:
            ended = bool(erase(world, killer).erasure.finished_at)
        except Killed:
            world.clock.pass_by(minutes=10)
            standing = world.eraser().tombstones.of(SITE)
            ended = standing is not None and bool(standing.finished_at)  # killed after the very last call
        last += 1
        assert last < 400
    assert of_site(world, SITE) == {}
    assert world.eraser().tombstones.of(SITE) == world.eraser().tombstones.receipts(SITE)[0]
    assert len(world.eraser().tombstones.receipts(SITE)) == 1


def test_should_go_on_where_a_run_had_no_time_left(world: World) -> None:
    lived_in(world)
    short = world.eraser().run(SITE, "arn:somebody", "eraser", world.clock())
    assert not short.erasure.finished_at
    assert short.erasure.counts
    done = erase(world)
    assert done.erasure.started_at == short.erasure.started_at
    assert done.erasure.counts == short.erasure.counts
    assert of_site(world, SITE) == {}


def test_should_wait_for_an_import_that_is_running_which_then_writes_nothing_more(world: World) -> None:
    lived_in(world)
    world.store().lease.take(SITE, "an import", world.clock() + LIFE)
    waits = erase(world)
    assert not waits.erasure.finished_at
    world.store().lease.drop(SITE, "an import")
    world.upload_only(SITE, **SECOND)
    world.run(SITE)
    assert world.store().head(SITE).version == 2
    assert erase(world).erasure.finished_at
    assert of_site(world, SITE) == {}


def test_an_import_that_gets_the_lease_after_the_erasure_should_leave_nothing(world: World) -> None:
    lived_in(world)
    erased: list[Progress] = []

    def erase_in_between(operation: str) -> None:
        if operation == "GetItem" and not erased:  # it has seen no tombstone, and takes the lease next
            erased.append(erase(world))

    world.importer(erase_in_between).run(Request(SITE), "run", world.clock() + LIFE)
    assert erased[0].erasure.finished_at
    assert of_site(world, SITE) == {}


def test_what_is_uploaded_afterwards_should_be_told_once_counted_and_never_imported(world: World) -> None:
    lived_in(world)
    erase(world)
    world.alerts()
    for _ in range(2):
        world.upload_only(SITE, **FIRST)
        world.run(SITE)
    (alert,) = world.alerts()
    assert "was erased" in alert["why"]
    tombstone = world.eraser().tombstones.of(SITE)
    assert tombstone is not None
    assert tombstone.uploads == 2
    assert len(world.told("upload_of_erased_site")) == 2
    assert not [where for where in of_site(world, SITE) if where.startswith("table")]
    world.clock.pass_by(minutes=1)
    assert erase(world).erasure.counts["inbox_versions"] == 4
    assert of_site(world, SITE) == {}
    assert len(world.eraser().tombstones.receipts(SITE)) == 2


def test_a_stray_should_leave_nothing_in_the_table_of_an_erased_site(world: World) -> None:
    lived_in(world)
    erase(world)
    put = world.client("s3").put_object(Bucket=world.inbox, Key=f"{SITE}/Harry_Potter.csv", Body=b"x")
    stray = Stray(f"{SITE}/Harry_Potter.csv", put["VersionId"], world.clock(), 1)
    world.clock.pass_by(minutes=5)
    world.strays().look(stray)
    assert not [where for where in of_site(world, SITE) if where.startswith("table")]
    assert not world.store().record_import(world.store().reports(OTHER, 1)[0].__class__(SITE, "i", "failed"))
    assert not [where for where in of_site(world, SITE) if where.startswith("table")]


def test_nobody_should_enrol_with_a_code_of_an_erased_site(world: World) -> None:
    lived_in(world)
    code, _ = world.enrolment().give_code(OTHER, "srv-03")
    erase(world)
    late, _ = world.enrolment().give_code(SITE, "srv-03")
    with pytest.raises(CodeInvalid):
        world.enrolment().enrol(late)
    late, _ = world.uploaders().give_code(SITE, "sis-2", timedelta(days=7))
    with pytest.raises(CodeInvalid):
        world.uploaders().enrol(late)
    assert world.enrolment().enrol(code)["site"] == OTHER


def test_a_site_that_is_added_again_should_begin_as_a_new_one(world: World) -> None:
    lived_in(world)
    erase(world)
    world.eraser().tombstones.lift(SITE)
    world.upload(SITE, **FIRST)
    world.run(SITE)
    assert world.store().head(SITE).version == 1
    assert len(world.eraser().tombstones.receipts(SITE)) == 1
