"""A table that was restored from a backup: the runbook of docs/deploying.md, as far as the emulator goes.

The table is put back to what it was; the buckets and the servers are where they are. What only AWS can do, to make the
restored table one of the same name, is in the runbook.
"""

import time
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from roster.request import NewEpoch, Request, Rollback, read_message
from roster_aws.admin import Admin
from roster_aws.enrolment import CodeInvalid
from roster_aws.intake.upload_items import UploadRecords
from roster_aws.intake.uploader_admin import UploaderAdmin
from roster_aws.signing import Keyrings
from roster_aws.telling.contacts import Contacts
from roster_aws.telling.teams import Teams

from .conftest import LIFE, World, csv

SITE = "hogwarts"
_numbers = count(1)
OLDEST = {"students": csv("Harry_Potter,Potions"), "teachers": csv("Snape,Potions")}
NEWER = {"students": csv("Harry_Potter,Potions", "Ron_Weasley,Potions"), "teachers": OLDEST["teachers"]}
NEWEST = {"students": csv("Harry_Potter,Potions", "Hermione_Granger,Potions"), "teachers": OLDEST["teachers"]}


def admin(world: World) -> Admin:
    importer = world.importer()
    keyrings = Keyrings(world.client("dynamodb"), world.table)
    results, store = importer.publisher.results, world.store()
    records = UploadRecords(world.client("dynamodb"), world.table)
    uploaders = UploaderAdmin(world.uploaders(), records, world.views(), world.clock)
    contacts = Contacts(world.client("sns"), world.topic, Teams(world.client("dynamodb"), world.table))
    return Admin(
        *(world.views(), store, importer.queue, importer.queue.ask, world.enrolment(), uploaders, keyrings, results),
        contacts,
        world.clock,
    )


def publish(world: World, pair: dict[str, bytes]) -> int:
    world.clock.pass_by(minutes=1)
    world.upload(SITE, **pair)
    world.run(SITE)
    return world.store().head(SITE).version


def restore(world: World, backup: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Put the table back to what it was."""
    dynamodb = world.client("dynamodb")
    for pk, sk in world.items():
        dynamodb.delete_item(TableName=world.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    for item in backup.values():
        dynamodb.put_item(TableName=world.table, Item=item)


def ask(world: World, action: str, **details: Any) -> Any:
    return admin(world).answer(
        {"action": action, "site": SITE, "by": "arn:admin", **details}, f"{action} {next(_numbers)}"
    )


def carry_out(world: World) -> None:
    """What import_pair does with the messages that wait."""
    sqs = world.client("sqs")
    while messages := sqs.receive_message(QueueUrl=world.queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            for request in read_message(message["Body"]):
                assert isinstance(request, Request)
                world.importer().run(request, "run", world.clock() + LIFE)
            sqs.delete_message(QueueUrl=world.queue_url, ReceiptHandle=message["ReceiptHandle"])


def enrolled(world: World, server: str) -> str:
    code, _ = world.enrolment().give_code(SITE, server)
    return world.enrolment().enrol(code)["token"]


def test_should_keep_revoked_which_uploaders_were_revoked(world: World) -> None:
    publish(world, OLDEST)
    uploaders = world.uploaders()
    kept, revoked = (
        uploaders.enrol(uploaders.give_code(SITE, name, timedelta(days=1))[0])["token"]
        for name in ("office", "mis-vendor")
    )
    unused, _ = uploaders.give_code(SITE, "mis-vendor", timedelta(days=1))
    backup = world.items()
    world.clock.pass_by(minutes=1)
    assert ask(world, "uploader-revoke", uploader="mis-vendor")["ok"]
    restore(world, backup)
    assert uploaders.recognise(revoked), "else there would be nothing to do"
    assert ask(world, "new-epoch")["revoked"] == ["mis-vendor (uploader)"]
    assert uploaders.recognise(kept)
    assert not uploaders.recognise(revoked)
    with pytest.raises(CodeInvalid):
        uploaders.enrol(unused)
    assert ask(world, "new-epoch")["revoked"] == []


def test_should_go_on_above_every_version_and_keep_revoked_what_was_revoked(world: World) -> None:
    assert publish(world, OLDEST) == 1
    kept, revoked, back = (enrolled(world, name) for name in ("srv-kept", "srv-revoked", "srv-back"))
    backup = world.items()

    assert publish(world, NEWER) == 2
    world.clock.pass_by(minutes=1)
    for server in ("srv-revoked", "srv-back"):
        assert ask(world, "revoke", server=server)["ok"]
    world.clock.pass_by(minutes=1)
    again = enrolled(world, "srv-back")
    assert publish(world, NEWEST) == 3

    restore(world, backup)
    assert world.store().head(SITE).version == 1
    assert world.enrolment().recognise(revoked), "else there would be nothing to do"
    said = ask(world, "new-epoch")
    assert (said["ok"], said["above"] >= 3, said["revoked"]) == (True, True, ["srv-back", "srv-revoked"])
    carry_out(world)

    head = world.store().head(SITE)
    assert (head.version, head.epoch) == (said["above"] + 1, 2)
    assert world.groups(SITE)["Potions"] == ("Harry_Potter", "Hermione_Granger")
    known = world.enrolment().recognise
    assert known(kept)
    assert not known(revoked)
    # Its enrolment after that was lost with the table: it is enrolled once more, and from then on stays so.
    assert not known(back)
    assert not known(again)
    world.clock.pass_by(minutes=1)
    once_more = enrolled(world, "srv-back")
    assert ask(world, "new-epoch")["revoked"] == []
    carry_out(world)
    assert known(once_more)
    before = world.store().head(SITE).version
    assert publish(world, {"students": NEWEST["students"] + b"one.more,Potions\n"}) == before + 1


def test_should_have_a_site_that_is_newer_than_the_backup_upload_first(world: World) -> None:
    backup = world.items()
    assert publish(world, OLDEST) == 1
    assert publish(world, NEWER) == 2
    restore(world, backup)
    said = ask(world, "new-epoch")
    assert not said["ok"]
    assert "import the pair" in said["message"]
    time.sleep(1.1)  # an upload's time has no fractions, and this one is later
    assert publish(world, NEWEST) == 1
    above = ask(world, "new-epoch")["above"]
    assert above >= 2
    carry_out(world)
    assert world.store().head(SITE).version == above + 1
    assert world.groups(SITE)["Potions"] == ("Harry_Potter", "Hermione_Granger"), "what was uploaded after the restore"


MANY = {"students": csv(*(f"pupil.{number},Potions" for number in range(80))), "teachers": csv("Snape,Potions")}
FEW = {"students": csv(*(f"pupil.{number},Potions" for number in range(40))), "teachers": MANY["teachers"]}


def begin_epochs(world: World, times: int = 1) -> None:
    for _ in range(times):
        assert ask(world, "new-epoch")["ok"]
        carry_out(world)


def test_should_never_give_servers_the_roster_of_the_backup_again(world: World) -> None:
    """Forty pupils left, and a person approved it: nobody gets them back, and nobody is asked once more."""
    publish(world, MANY)
    backup = world.items()
    assert publish(world, FEW) == 1
    assert world.approve(SITE)["status"] == "ok"
    left = world.importer().publisher.results.published(SITE, 2)
    assert left is not None
    restore(world, backup)
    begin_epochs(world)
    told = {report["import"]: report for report in world.reports(SITE)}
    assert "held" not in {report["status"] for report in told.values()}
    head = world.store().head(SITE)
    again = world.importer().publisher.results.manifest(SITE, head.manifest_sha256)
    assert (again.epoch, again.snapshot, again.counts) == (2, left.snapshot, left.counts)
    assert told[again.import_id]["restored_version"] == 2
    assert len(world.groups(SITE)["Potions"]) == 40
    # What comes next is counted from there, and not from the table of then.
    assert publish(world, FEW | {"students": FEW["students"] + b"one.more,Potions\n"}) == head.version + 1


def test_should_begin_an_epoch_above_every_servers_however_often_the_table_was_restored(world: World) -> None:
    publish(world, OLDEST)
    backup = world.items()
    publish(world, NEWER)
    restore(world, backup)
    begin_epochs(world, times=3)
    servers_have = world.store().head(SITE)
    assert servers_have.epoch == 4
    restore(world, backup)
    begin_epochs(world)
    head = world.store().head(SITE)
    assert (head.epoch, head.version > servers_have.version) == (5, True)


def test_should_begin_above_a_version_that_was_not_shown_yet(world: World) -> None:
    publish(world, OLDEST)
    backup = world.items()
    publish(world, NEWER)
    assert publish(world, NEWEST) == 3
    # Its run died between the commit and the copy of the manifest under its number.
    world.client("s3").delete_object(Bucket=world.results, Key=f"{SITE}/versions/3/manifest.json")
    restore(world, backup)
    assert ask(world, "new-epoch")["above"] >= 3


def test_should_let_the_version_that_the_table_forgot_expire_like_any_other(world: World) -> None:
    publish(world, OLDEST)
    backup = world.items()
    publish(world, NEWER)
    results, s3 = world.importer().publisher.results, world.client("s3")
    forgotten = results.published(SITE, 2)
    assert forgotten is not None
    restore(world, backup)
    begin_epochs(world)

    def expires(key: str) -> bool:
        return bool(s3.get_object_tagging(Bucket=world.results, Key=f"{SITE}/{key}")["TagSet"])

    assert expires("versions/2/manifest.json")
    assert expires(f"objects/{forgotten.sha256}")
    assert not expires(f"objects/{forgotten.snapshot.sha256}"), "which the new epoch has"
    assert not expires(f"objects/{world.store().head(SITE).manifest_sha256}")


def test_should_refuse_a_number_below_what_was_ever_published(world: World) -> None:
    publish(world, OLDEST)
    backup = world.items()
    publish(world, NEWER)
    restore(world, backup)
    said = ask(world, "new-epoch", above=1)
    assert not said["ok"]
    assert "from 2" in said["message"]
    assert world.order(SITE, NewEpoch(1, "arn:somebody"))["reason"] == "version_below"


def test_should_ask_for_nothing_at_a_site_that_never_published_anything(world: World) -> None:
    assert publish(world, {"students": b"no,such\nfile,really\n", "teachers": OLDEST["teachers"]}) == 0
    assert world.stored(), "its import left its findings"
    said = ask(world, "new-epoch")
    assert (said["ok"], said["asked"], said["above"]) == (True, "", 0)
    assert not world.messages()


def test_should_accept_a_token_that_was_replaced_since_until_its_server_enrols_once_more(world: World) -> None:
    """Not as one would wish it, and so the runbook says it."""
    publish(world, OLDEST)
    first = enrolled(world, "srv-01")
    backup = world.items()
    enrolment = world.enrolment()
    server = enrolment.recognise(first)
    assert server
    second = enrolment.second_token(server, first)
    enrolment.end_older_token(server, second)
    restore(world, backup)
    begin_epochs(world)
    assert enrolment.recognise(first)
    assert not enrolment.recognise(second)
    third = enrolled(world, "srv-01")
    assert enrolment.recognise(third)
    assert not enrolment.recognise(first)


def test_should_keep_what_was_rolled_back_since_where_the_site_is_paused_first(world: World) -> None:
    publish(world, OLDEST)
    backup = world.items()
    publish(world, NEWER)
    world.clock.pass_by(minutes=1)
    assert world.order(SITE, Rollback(1, "arn:somebody"))["version"] == 3
    restore(world, backup)
    assert ask(world, "pause")["ok"]
    begin_epochs(world)
    assert world.groups(SITE)["Potions"] == ("Harry_Potter",)
    assert world.store().head(SITE).version > 3


def test_should_let_a_version_expire_that_lost_its_number_to_an_import_after_the_restore(world: World) -> None:
    publish(world, OLDEST)
    backup = world.items()
    publish(world, NEWER)
    results, s3 = world.importer().publisher.results, world.client("s3")
    forgotten = results.published(SITE, 2)
    assert forgotten is not None
    restore(world, backup)
    time.sleep(1.1)  # an upload's time has no fractions, and this one is later
    assert publish(world, NEWEST) == 2
    begin_epochs(world)

    def expires(digest: str) -> bool:
        return bool(s3.get_object_tagging(Bucket=world.results, Key=f"{SITE}/objects/{digest}")["TagSet"])

    assert expires(forgotten.sha256)
    assert expires(forgotten.snapshot.sha256)
    head = results.manifest(SITE, world.store().head(SITE).manifest_sha256)
    assert not expires(head.sha256)
    assert not expires(head.snapshot.sha256)
