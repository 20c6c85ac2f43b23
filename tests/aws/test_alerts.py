"""What people are told of a school: once for each event, once for its end, also when a run dies, and to whom."""

from typing import Any

import pytest

from roster.contact import Contact
from roster.request import Request, Stray
from roster.servers import Server
from roster_aws.telling.contacts import Contacts, NotNow
from roster_aws.telling.teams import Teams

from .conftest import LIFE, World, csv
from .test_kill import FIRST, SITE, THIRD, Killed, Killer
from .test_watching import enrolled

NAMES = ("Potter", "Snape", "Potions", "Assembly", "student.", "teacher.")


def upload(world: World, pair: dict[str, bytes]) -> None:
    world.upload(SITE, **pair)
    world.run(SITE)


def told(world: World) -> list[tuple[str, Any]]:
    return [(alert["kind"], alert["about"]) for alert in world.alerts()]


def test_should_tell_a_hold_once_and_its_approval_as_its_end(world: World) -> None:
    upload(world, FIRST)
    assert told(world) == []
    upload(world, THIRD)
    (alert,) = world.alerts()
    assert (alert["site"], alert["kind"]) == (SITE, "held")
    assert f"roster-admin approve {SITE}" in alert["next"]
    assert not [name for name in NAMES if name in str(alert)]
    upload(world, THIRD)  # the same again: the hold is renewed, which is no event
    world.watch().look()
    assert told(world) == []
    world.approve(SITE)
    assert told(world) == [("recovered", ["held"])]
    world.run(SITE)
    assert told(world) == []


def test_should_tell_that_a_hold_was_rejected(world: World) -> None:
    upload(world, FIRST)
    upload(world, THIRD)
    assert told(world) == [("held", ["held"])]
    assert world.store().reject(SITE, world.held(SITE)["import"], "arn:somebody")
    world.run(SITE)
    world.run(SITE)
    assert told(world) == [("recovered", ["held"])]


def test_should_tell_a_failure_and_that_the_files_are_imported_again(world: World) -> None:
    upload(world, FIRST)
    upload(world, {**FIRST, "students": b"\xff\xfe\x00"})
    assert told(world) == [("failed", ["failed"])]
    upload(world, FIRST)
    assert told(world) == [("recovered", ["failed"])]


def test_should_tell_a_refused_file_without_its_name_and_its_end(world: World) -> None:
    upload(world, FIRST)
    key = f"{SITE}/Harry_Potter.csv"
    put = world.client("s3").put_object(Bucket=world.inbox, Key=key, Body=b"x")
    stray = Stray(key, put["VersionId"], world.clock(), 1)
    world.clock.pass_by(minutes=5)
    world.strays().look(stray)
    (alert,) = world.alerts()
    assert alert["kind"] == "refused_file"
    assert "Potter" not in str(alert)
    upload(world, FIRST)
    assert told(world) == [("recovered", ["refused_file"])]


def test_should_tell_bad_settings_once_and_good_ones(world: World) -> None:
    upload(world, FIRST)
    for body, expected in (
        (b'{"paused": 7}', [("refused_file", ["refused_file"])]),
        (b"{}", [("recovered", ["refused_file"])]),
        (b"{}", []),
    ):
        world.client("s3").put_object(Bucket=world.inbox, Key=f"{SITE}/settings.json", Body=body)
        world.run(SITE)
        world.run(SITE)
        assert told(world) == expected


def test_should_tell_a_stale_site_and_each_silent_or_held_server_once(world: World) -> None:
    upload(world, FIRST)
    server = enrolled(world, SITE, "srv-01")
    world.fleet().saw(server, 1)
    look(world)
    assert told(world) == []
    world.clock.pass_by(days=5)
    look(world)
    look(world)
    assert sorted(told(world)) == [("silent", ["silent"]), ("stale", ["stale"])]
    world.fleet().reported(server, report(held=True))
    look(world)
    look(world)
    assert sorted(told(world)) == [("held_on_server", ["held_on_server"]), ("recovered", ["silent"])]
    world.fleet().reported(server, report(held=False))
    look(world)
    assert told(world) == [("recovered", ["held_on_server"])]
    assert [known.server for known in world.fleet().servers(SITE)] == ["srv-01"]


def look(world: World) -> None:
    world.watch().look()


def report(*, held: bool) -> Any:
    known = {"version": 1, "epoch": 1, "manifest_sha256": "a" * 64, "files": {}, "outcome": "applied"}
    return {**known, "agent": "1.0", "held": held, "clock_offset": 0}


def test_a_server_that_enrols_anew_should_end_its_silence(world: World) -> None:
    upload(world, FIRST)
    enrolled(world, SITE, "srv-01")
    world.clock.pass_by(days=2)
    look(world)
    assert ("silent", ["silent"]) in told(world)
    world.fleet().saw(Server(SITE, enrolled(world, SITE, "srv-01").server), 1)
    look(world)
    assert ("recovered", ["silent"]) in told(world)


def test_should_lose_no_message_when_a_run_is_killed_at_any_call(world: World) -> None:
    """Killed between the commit and the mark, the next run tells: perhaps twice, never not at all."""
    upload(world, FIRST)
    for number in range(20, 40):
        world.upload(SITE, **(THIRD if number % 2 else {**THIRD, "students": csv("Ron_Weasley,Assembly")}))
        world.settle()
        killed = False
        try:
            world.importer(Killer(last=number)).run(Request(SITE), "run", world.clock() + LIFE)
        except Killed:
            killed = True
        world.clock.pass_by(minutes=10)
        world.run(SITE)
        kinds = [kind for kind, _ in told(world)]
        assert kinds in (["held"], ["held", "held"]) if killed else kinds == ["held"], number


def test_what_the_topic_refuses_should_be_counted_and_stand_in_nobody_s_way(world: World) -> None:
    upload(world, FIRST)
    topic, world.topic = world.topic, f"{world.topic}-gone"
    upload(world, THIRD)
    world.topic = topic
    (event,) = world.told("alert_not_told")
    assert (event["site"], event["kind"], event["AlertsNotTold"]) == (SITE, "held", 1)
    assert world.approve(SITE)["version"] == 2


@pytest.fixture
def contacts(world: World) -> Contacts:
    return Contacts(world.client("sns"), world.topic, Teams(world.client("dynamodb"), world.table))


MAIL, CHANNEL = Contact("email", "it@hogwarts.example"), Contact("teams", "https://x.logic.azure.com/a")


def test_one_address_should_be_told_of_each_of_its_sites(world: World, contacts: Contacts) -> None:
    assert not contacts.add(SITE, MAIL)  # the emulator confirms by itself
    contacts.add("durmstrang", MAIL)
    contacts.add("durmstrang", MAIL)
    assert contacts.of(SITE) == contacts.of("durmstrang") == [MAIL]
    assert contacts.of("beauxbatons") == []
    contacts.remove(SITE, MAIL)
    assert (contacts.of(SITE), contacts.of("durmstrang")) == ([], [MAIL])
    with pytest.raises(NotNow):
        contacts.remove(SITE, MAIL)
    contacts.remove("durmstrang", MAIL)
    mails = world.client("sns").list_subscriptions_by_topic(TopicArn=world.topic)["Subscriptions"]
    assert [each["Protocol"] for each in mails] == ["sqs"]


def test_a_subscription_of_another_kind_should_be_left_alone(world: World, contacts: Contacts) -> None:
    world.client("sns").subscribe(TopicArn=world.topic, Protocol="email", Endpoint=MAIL.endpoint)
    for refused in (contacts.add, contacts.remove):
        with pytest.raises(NotNow):
            refused(SITE, MAIL)
    assert contacts.of(SITE) == []


def test_a_channel_should_be_told_of_its_site(contacts: Contacts) -> None:
    contacts.add(SITE, CHANNEL)
    contacts.add(SITE, CHANNEL)
    contacts.add(SITE, MAIL)
    assert contacts.of(SITE) == [MAIL, CHANNEL]
    assert contacts.remove_all(SITE) == 2
    assert contacts.of(SITE) == []
    with pytest.raises(NotNow):
        contacts.remove(SITE, CHANNEL)
