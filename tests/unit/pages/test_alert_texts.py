"""What an alert says: each kind names its site, what to do next and the page, and nobody."""

import json

import pytest

from docs.build import EXAMPLES
from roster.alert import KINDS, Alert
from roster.report import Report
from roster_pages.alert_text import message_of
from roster_pages.teams_card import card_of

PAGE = "https://console.example/#dashboards/dashboard/impero-sis-rosters"


def test_there_should_be_an_example_of_every_kind() -> None:
    assert list(dict.fromkeys(alert.kind for alert in EXAMPLES)) == list(KINDS)


@pytest.mark.parametrize("alert", EXAMPLES, ids=lambda alert: f"{alert.kind}-{alert.about[0]}")
def test_every_message_should_say_site_why_next_and_where(alert: Alert) -> None:
    message = message_of(alert, PAGE)
    assert message.subject.startswith(f"{alert.site}: ")
    assert message.subject.isascii()
    assert len(message.subject) <= 100
    assert alert.site in message.what
    assert message.why
    assert message.next
    assert PAGE in message.text
    assert json.loads(json.dumps(message.as_dict()))["text"] == message.text


def test_a_refused_file_should_not_be_named_whose_name_nobody_knows() -> None:
    """It may be a pupil's."""
    report = Report(
        "hogwarts", "i", "failed", reason="file_name_unexpected", file="Harry_Potter.csv", like="students.csv"
    )
    text = message_of(Alert("hogwarts", "refused_file", ("refused_file",), report=report), PAGE).text
    assert "Harry" not in text
    assert "Did you mean students.csv?" in text


def test_the_longest_names_should_leave_a_subject_that_sns_takes() -> None:
    message = message_of(Alert("a" * 63, "held_on_server", ("held_on_server",), server="b" * 63), PAGE)
    assert len(message.subject) == 100


def test_a_card_should_hold_no_markdown_that_came_from_elsewhere() -> None:
    message = message_of(EXAMPLES[0], PAGE).as_dict() | {"what": "[a](https://evil.example) **b**"}
    (attachment,) = card_of(message)["attachments"]
    assert attachment["content"]["type"] == "AdaptiveCard"
    assert attachment["content"]["body"][0]["text"] == r"\[a\](https://evil.example) \*\*b\*\*"
    assert len(json.dumps(card_of(message))) < 28_000
