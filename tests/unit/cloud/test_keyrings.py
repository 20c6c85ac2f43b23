"""What the table is asked for a keyring: the newest one, as it is at this moment, and each by its number once."""

from dataclasses import replace
from typing import Any

import pytest

from roster_aws.dynamo.table import to_wire
from roster_aws.signing import Keyring, Keyrings
from tests.unit.cloud.answers import CONDITION, FINE, Answer, Answers

RING = Keyring(2, {"a": "key a", "b": "key b"}, {"a": "signed", "b": "signed"}, {"a": "arn:a", "b": "arn:b"})


def stored(ring: Keyring) -> Any:
    return to_wire({"pk": "KEYRING", "sk": f"{ring.serial:010}", **vars(ring)})


def test_should_ask_for_the_one_with_the_greatest_number_as_it_is_now() -> None:
    """An answer of a moment ago would have a new stack's heads signed by a key that no keyring has."""
    answers = Answers((200, {"Items": [stored(RING)]}))
    assert Keyrings(answers.client, "table").newest() == RING
    (sent,) = answers.sent
    assert (sent["ScanIndexForward"], sent["ConsistentRead"], sent["Limit"]) == (False, True, 1)


def test_should_have_none_in_a_new_stack() -> None:
    assert Keyrings(Answers((200, {"Items": []})).client, "table").newest() is None


def test_should_read_each_once_since_none_ever_changes() -> None:
    answers = Answers((200, {"Item": stored(RING)}), (200, {"Item": stored(replace(RING, serial=3))}))
    keyrings = Keyrings(answers.client, "table")
    assert [keyrings.of(serial).serial for serial in (2, 3, 2, 3)] == [2, 3, 2, 3]
    assert [sent["Key"]["sk"]["S"] for sent in answers.sent] == ["0000000002", "0000000003"]


def test_should_say_that_one_is_gone() -> None:
    with pytest.raises(KeyError, match="serial 2 is gone"):
        Keyrings(Answers(FINE).client, "table").of(2)


@pytest.mark.parametrize(("answer", "added"), [(FINE, True), (CONDITION, False)])
def test_should_replace_none(answer: Answer, added: bool) -> None:
    answers = Answers(answer)
    assert Keyrings(answers.client, "table").add(RING) == added
    assert answers.sent[0]["ConditionExpression"] == "attribute_not_exists(pk)"


def test_should_know_a_key_by_what_it_is_called() -> None:
    assert (RING.key_id("arn:b"), RING.key_id("arn:c")) == ("b", None)
    assert RING.as_dict() == {"serial": 2, "keys": RING.keys, "signatures": RING.signatures}
