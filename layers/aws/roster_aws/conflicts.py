"""Writes that met another one of the same item at the same moment: DynamoDB refuses one, and it is tried again.

A transaction conflicts with any other write to one of its items, and a plain write with a transaction under way. Every
pair sends two messages, so the mark of the second often meets the commit of the first. Nothing was written then, and a
moment later nothing stands in the way. botocore tries other errors again and not this one.

In: a DynamoDB client. Out: the same client, which tries such calls again for some seconds. A condition that does not
hold is no conflict: the answer to it is the caller's to give, at once, whatever else was in the way of the transaction.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Some four seconds in all on the average: no transaction takes that long, and an import has minutes.
_TRIES = 10
_FIRST_SECONDS, _MOST_SECONDS = 0.05, 1.0

# Of a transaction's parts that were in nobody's way there is no reason but this.
_FINE = "None"
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def retry_conflicts(dynamodb: DynamoDBClient) -> DynamoDBClient:
    """Have a client try again what met another write; what botocore tries again is its own affair."""
    # The stubs know of no handler that says something; those of this event say how long to wait.
    dynamodb.meta.events.register("needs-retry.dynamodb", _pause, unique_id="retry-conflicts")  # type: ignore[arg-type]
    return dynamodb


def condition_failed(error: ClientError) -> bool:
    """Whether a transaction was refused for a condition of it, and not for anything that would pass."""
    return "ConditionalCheckFailed" in _reasons(error.response)


def _pause(attempts: int, response: Any = None, **_: Any) -> float | None:
    """How many seconds to wait before the next try; None when there is none. `response` is (HTTP status, answer)."""
    if response is None or attempts >= _TRIES or not _passes(response[1]):
        return None
    # Anything up to the longest, so that two who met do not meet again.
    return random.uniform(0, min(_MOST_SECONDS, _FIRST_SECONDS * 2**attempts))  # noqa: S311 (no secret)


def _passes(answer: Any) -> bool:
    match answer.get("Error", {}).get("Code"):
        case "TransactionConflictException":
            return True
        case "TransactionCanceledException":
            reasons = _reasons(answer) - {_FINE}
            return bool(reasons) and reasons <= _PASSING
    return False


def _reasons(answer: Any) -> set[str]:
    return {reason.get("Code", _FINE) for reason in answer.get("CancellationReasons", [])}
