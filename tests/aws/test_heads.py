"""What the feed says of a head: when to ask again, and with which keys it is verified."""

from roster.chain import Cursor
from roster.feed_answer import Answer
from roster_aws.server_calls import ServerCalls
from roster_aws.serving import Feed, Manifests
from roster_aws.signing import Keyrings

from .conftest import World, csv, new_signing_key

TEACHERS = csv("Severus_Snape,Potions")
STUDENTS = csv("Harry_Potter,Potions")


def publish(world: World, site: str = "hogwarts") -> None:
    world.upload(site, teachers=TEACHERS, students=STUDENTS)
    world.run(site)


def head(world: World, cursor: Cursor | None = None) -> Answer:
    results = world.importer().publisher.results
    keyrings = Keyrings(world.client("dynamodb"), world.table)
    feed = Feed(world.store(), results, keyrings, Manifests(results), 300, world.clock)
    return feed.head("hogwarts", cursor)


def keyring_at_enrolment(world: World, site: str) -> int:
    keyrings = Keyrings(world.client("dynamodb"), world.table)
    servers = ServerCalls(world.enrolment(), world.uploaders(), world.fleet(), world.store(), keyrings, world.clock)
    code, _ = world.enrolment().give_code(site, "srv-01")
    answer = servers.enrol(b'{"code": "%s"}' % code.encode(), "203.0.113.80")
    assert answer.status == 200
    assert b'"serial": ' in answer.body
    return int(answer.body.partition(b'"serial": ')[2].partition(b",")[0])


def test_should_have_servers_ask_often_while_a_version_is_new_and_then_as_the_stack_says(world: World) -> None:
    publish(world)
    for minutes, seconds in ((0, "60"), (14, "60"), (1, "300"), (60 * 24 * 90, "300")):
        world.clock.pass_by(minutes=minutes)
        assert head(world).headers["poll-after-seconds"] == seconds
        assert head(world, Cursor(1)).headers["poll-after-seconds"] == seconds


def test_should_offer_a_version_from_before_there_were_signatures_once_it_is_signed(world: World) -> None:
    publish(world)
    world.client("dynamodb").update_item(
        TableName=world.table,
        Key={"pk": {"S": "SITE#hogwarts"}, "sk": {"S": "HEAD"}},
        UpdateExpression="REMOVE signature, keyring_serial",
    )
    assert head(world).status == 503
    world.run("hogwarts")  # nothing new was uploaded
    assert head(world).status == 200


def test_should_tell_a_server_that_has_the_newest_version_of_newer_keys(world: World) -> None:
    publish(world)
    assert head(world, Cursor(1, keyring=1)).status == 304
    world.keys, world.keyring_serial = (world.keys[1], new_signing_key(world.cloud)), 2
    assert head(world, Cursor(1, keyring=1)).status == 304, "its head is not signed anew yet"
    world.run("hogwarts")  # nothing new was uploaded
    assert head(world, Cursor(1)).status == 304, "a server that says nothing of keys"
    assert head(world, Cursor(1, keyring=2)).status == 304
    told = head(world, Cursor(1, keyring=1))
    assert told.status == 200
    assert (b'"version": 1' in told.body, b'"serial": 2' in told.body, b'"deltas": []' in told.body) == (True,) * 3


def test_should_enrol_a_server_with_the_keys_of_its_sites_head(world: World) -> None:
    publish(world)
    world.keys, world.keyring_serial = (world.keys[1], new_signing_key(world.cloud)), 2
    publish(world, "durmstrang")
    assert keyring_at_enrolment(world, "hogwarts") == 1, "its head is not signed anew yet"
    assert keyring_at_enrolment(world, "durmstrang") == 2
    assert keyring_at_enrolment(world, "beauxbatons") == 2, "a site without a version gets the newest"
