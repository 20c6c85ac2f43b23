"""`post_to_teams`: an alert of the topic comes to the channels of its site as a card, as deployed."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.cloud import Cloud
from local.emulator import HOST
from tests.deployed import Site, client, event, eventually, function


class Channel:
    """A workflow of Teams that answers with a status."""

    def __init__(self) -> None:
        self.cards: list[Any] = []
        self.status = 202


@contextmanager
def serving(channel: Channel) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            channel.cards.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(channel.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/workflow"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def channel(cloud: Cloud, site: str) -> Iterator[Channel]:
    """A channel that is told of the site of the test."""
    known = Channel()
    with serving(known) as url:
        item = {"pk": {"S": "TEAMS"}, "sk": {"S": site}, "urls": {"L": [{"S": url}]}}
        client(cloud, "dynamodb").put_item(TableName=cloud.table_name, Item=item)
        yield known


def posted(cloud: Cloud, site: str) -> bool:
    """Have an alert of the site posted; whether the function ended well."""
    sent = json.dumps(event("post_to_teams/alert", {"hogwarts": site}))
    answer = client(cloud, "lambda").invoke(FunctionName=function(cloud, "PostToTeamsFunction"), Payload=sent)
    return "FunctionError" not in answer


def test_should_post_a_card_of_the_alert(cloud: Cloud, site: str, channel: Channel) -> None:
    assert posted(cloud, site)
    ((attachment,),) = (card["attachments"] for card in channel.cards)
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert site in attachment["content"]["body"][0]["text"]


@pytest.mark.parametrize(("status", "is_done"), [(503, False), (429, False), (404, True), (302, True)])
def test_should_be_tried_again_only_where_that_may_help(
    cloud: Cloud, site: str, channel: Channel, status: int, is_done: bool
) -> None:
    channel.status = status
    assert posted(cloud, site) == is_done
    assert len(channel.cards) == 1


def test_should_do_nothing_where_no_channel_is_told(cloud: Cloud, site: str) -> None:
    assert posted(cloud, site)


def test_what_happens_to_a_school_should_come_to_its_channel_and_contacts(
    school: Site, site: str, channel: Channel
) -> None:
    cloud = school.cloud
    school.ask("notify", contact={"mail": "it@hogwarts.example"})
    assert school.ask("contacts")["contacts"][0] == {"protocol": "email", "endpoint": "it@hogwarts.example"}
    school.upload_pair({"teachers.csv": b"PK\x03\x04", "students.csv": b"PK\x03\x04"})

    def told() -> list[Any]:
        return [message for message in cloud.mailbox.collect() if message["site"] == site]

    eventually(cloud, lambda: told() and channel.cards, "the message that the import failed")
    (message,) = told()
    assert message["kind"] == "failed"
    assert "#dashboards/dashboard/impero-sis" in message["link"]
    school.ask("notify-remove", contact={"mail": "it@hogwarts.example"})
