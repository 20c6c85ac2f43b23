"""A table that was restored from a backup: the runbook of docs/deploying.md, as far as the emulator goes.

The table is put back to what it was; the buckets and the servers are where they are. What only AWS can do, to make the
restored table one of the same name, is in the runbook.
"""

from itertools import count
from typing import Any

from roster_aws.keyring import Keyrings
from roster_aws.management import Management
from roster_aws.questions import Questions
from roster_aws.queue import Request, read_message

from .conftest import LIFE, World, csv

SITE = "hogwarts"
_numbers = count(1)
OLDEST = {"students": csv("Harry_Potter,Potions"), "teachers": csv("Snape,Potions")}
NEWER = {"students": csv("Harry_Potter,Potions", "Ron_Weasley,Potions"), "teachers": OLDEST["teachers"]}
NEWEST = {"students": csv("Harry_Potter,Potions", "Hermione_Granger,Potions"), "teachers": OLDEST["teachers"]}


def management(world: World) -> Management:
    importer = world.importer()
    questions = Questions(importer.store, importer.results, importer.projection, world.looking())
    keyrings = Keyrings(world.client("dynamodb"), world.table)
    return Management(
        questions, importer.store, importer.queue, world.enrolment(), keyrings, importer.results, world.clock
    )


def publish(world: World, pair: dict[str, bytes]) -> int:
    world.clock.pass_by(minutes=1)
    world.upload(SITE, **pair)
    world.run(SITE)
    return world.importer().store.head(SITE).version


def restore(world: World, backup: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Put the table back to what it was."""
    dynamodb = world.client("dynamodb")
    for pk, sk in world.items():
        dynamodb.delete_item(TableName=world.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    for item in backup.values():
        dynamodb.put_item(TableName=world.table, Item=item)


def ask(world: World, action: str, **details: Any) -> dict[str, Any]:
    return management(world).answer(
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


def test_the_runbook_leads_to_versions_above_every_one_and_what_was_revoked_stays_revoked(world: World) -> None:
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
    assert world.importer().store.head(SITE).version == 1
    assert world.enrolment().recognise(revoked), "else there would be nothing to do"
    said = ask(world, "new-epoch")
    assert (said["ok"], said["above"], said["revoked"]) == (True, 3, ["srv-back", "srv-revoked"])
    carry_out(world)

    head = world.importer().store.head(SITE)
    # The pair that stands in the inbox is imported after it, by itself.
    assert sorted(report["version"] for report in world.reports(SITE)) == [1, 4, 5]
    assert (head.version, head.epoch) == (5, 2)
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
    assert publish(world, {"students": NEWEST["students"] + b"one.more,Potions\n"}) == 7


def test_a_site_that_is_newer_than_the_backup_is_told_to_upload_first(world: World) -> None:
    backup = world.items()
    assert publish(world, OLDEST) == 1
    assert publish(world, NEWER) == 2
    restore(world, backup)
    said = ask(world, "new-epoch")
    assert not said["ok"]
    assert "import the pair" in said["message"]
    assert publish(world, NEWEST) == 1
    assert ask(world, "new-epoch")["above"] == 2
    carry_out(world)
    assert world.importer().store.head(SITE).version == 3
