"""Two writes to one item at one moment: the one that DynamoDB refused is tried again; a condition is a condition."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from roster.servers import Server
from roster_aws.dynamo import table
from roster_aws.dynamo.lease import Lease
from roster_aws.dynamo.site_items import HeadMoved, SiteItems
from roster_aws.dynamo.table import to_wire
from roster_aws.enrolment import CodeInvalid, Enrolment
from tests.unit.cloud.answers import CONDITION, CONFLICT, FINE, Answer, Answers, cancelled

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
BUSY = cancelled("None", "TransactionConflict")


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, which take no time here."""
    paused: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", paused.append)
    return paused


def moving(items: SiteItems) -> None:
    update = items.updating("hogwarts", "HEAD", "SET version = :next", "version = :base", {"next": 2, "base": 1})
    items.transact([update, items.deleting("hogwarts", "WAITING")])


@pytest.mark.parametrize(
    "busy",
    [BUSY, cancelled("TransactionConflict", "TransactionConflict"), cancelled("ThrottlingError", "None"), CONFLICT],
)
@pytest.mark.parametrize("times", [1, 2, 7])
def test_a_transaction_that_met_another_write_should_be_tried_again(
    times: int, busy: Answer, pauses: list[float]
) -> None:
    answers = Answers(*[busy] * times, FINE)
    moving(SiteItems(answers.client, "table"))
    assert answers.calls == ["TransactWriteItems"] * (times + 1)
    assert len(pauses) == times
    assert all(0 <= pause <= 1 for pause in pauses)


def test_two_who_met_should_not_wait_equally_long(pauses: list[float]) -> None:
    moving(SiteItems(Answers(*[BUSY] * 7, FINE).client, "table"))
    assert len(set(pauses)) == 7


def test_a_try_should_be_the_same_transaction_to_dynamodb(pauses: list[float]) -> None:
    """Else an answer that was lost on its way would make it happen twice, or look as if the head had moved."""
    answers = Answers(BUSY, (500, {"__type": "InternalServerError"}), FINE)
    moving(SiteItems(answers.client, "table"))
    assert len({sent["ClientRequestToken"] for sent in answers.sent}) == 1


@pytest.mark.parametrize(
    "answer",
    [
        cancelled("ConditionalCheckFailed", "None"),
        cancelled("ConditionalCheckFailed", "TransactionConflict"),
        cancelled("TransactionConflict", "ConditionalCheckFailed"),
    ],
)
def test_a_condition_that_does_not_hold_should_be_told_at_once(answer: Answer, pauses: list[float]) -> None:
    answers = Answers(answer)
    with pytest.raises(HeadMoved):
        moving(SiteItems(answers.client, "table"))
    assert len(answers.calls) == 1


def test_a_condition_should_be_told_after_a_conflict_too(pauses: list[float]) -> None:
    answers = Answers(BUSY, cancelled("ConditionalCheckFailed", "None"))
    with pytest.raises(HeadMoved):
        moving(SiteItems(answers.client, "table"))
    assert len(answers.calls) == 2


@pytest.mark.parametrize("answer", [cancelled("ItemCollectionSizeLimitExceeded"), cancelled("ValidationError", "None")])
def test_what_will_not_pass_should_neither_be_repeated_nor_taken_for_a_condition(
    answer: Answer, pauses: list[float]
) -> None:
    answers = Answers(answer)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        moving(SiteItems(answers.client, "table"))
    assert len(answers.calls) == 1


def test_a_conflict_that_does_not_end_should_be_told_as_what_it_is(pauses: list[float]) -> None:
    answers = Answers(BUSY)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        moving(SiteItems(answers.client, "table"))
    assert len(answers.calls) == table._CONFLICT_TRIES
    assert sum(pauses) < 10


def test_a_mark_on_a_head_that_is_being_settled_should_be_tried_again(pauses: list[float]) -> None:
    """Of a plain write the refusal has another name."""
    held: Answer = (200, {"Attributes": to_wire({"lease_until": int(NOW.timestamp()) + 60})})
    answers = Answers(CONDITION, CONFLICT, CONFLICT, held)
    lease = Lease(SiteItems(answers.client, "table"), lambda: NOW)
    until = lease.take("hogwarts", "second", NOW)
    assert until is not None
    assert answers.calls == ["UpdateItem"] * 4


def code_of(expires_at: int) -> Answer:
    return 200, {"Item": to_wire({"site": "hogwarts", "server": "srv-01", "expires_at": expires_at})}


LATER = int(NOW.timestamp()) + 60


def test_a_code_should_stay_good_through_a_conflict(pauses: list[float]) -> None:
    answers = Answers(code_of(LATER), BUSY, BUSY, FINE)
    enrolled = Enrolment(answers.client, "table", lambda: NOW).enrol("CODE")
    assert enrolled["server"] == "srv-01"


def test_a_code_that_another_machine_used_up_should_be_unknown(pauses: list[float]) -> None:
    answers = Answers(code_of(LATER), cancelled("ConditionalCheckFailed", "TransactionConflict"))
    with pytest.raises(CodeInvalid):
        Enrolment(answers.client, "table", lambda: NOW).enrol("CODE")


@pytest.mark.parametrize("answer", [BUSY, cancelled("ValidationError", "None")])
def test_a_fault_of_ours_should_not_make_a_code_unknown(answer: Answer, pauses: list[float]) -> None:
    with pytest.raises(ClientError):
        Enrolment(Answers(code_of(LATER), answer).client, "table", lambda: NOW).enrol("CODE")


def test_a_new_token_should_outlast_a_conflict(pauses: list[float]) -> None:
    answers = Answers(CONFLICT, FINE)
    Enrolment(answers.client, "table", lambda: NOW).second_token(Server("hogwarts", "srv-01"), "token")
    assert answers.calls == ["UpdateItem"] * 2
