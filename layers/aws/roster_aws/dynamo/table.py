"""How the table is talked to: values in DynamoDB's wire form and back, keys, and writes that met another one.

Values are strings, whole numbers, booleans, lists (or tuples) and maps. Not boto3's TypeSerializer: it asks a dozen
questions about every member of every group, which for two million of them takes longer than writing them.

A transaction conflicts with any other write to one of its items, and a plain write with a transaction under way. Every
pair sends two messages, so the mark of the second often meets the commit of the first. Nothing was written then, and a
moment later nothing stands in the way. botocore tries other errors again and not this one, so `retry_conflicts` has a
client do it for some seconds. A condition that does not hold is no conflict: the answer to it is the caller's to give,
at once, whatever else was in the way of the transaction.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: An item, or part of one, in Python's values; `Wire` is the same as DynamoDB takes it.
Item = dict[str, Any]
Wire = dict[str, Any]

# Some four seconds in all on the average: no transaction takes that long, and an import has minutes.
_CONFLICT_TRIES = 10
_FIRST_SECONDS, _MOST_SECONDS = 0.05, 1.0

# Of a transaction's parts that were in nobody's way there is no reason but this.
_FINE = "None"
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def to_wire(values: Item) -> Wire:
    """An item, or the values of an expression, as the client wants them; TypeError for a type not listed above."""
    return {name: _wrap(value) for name, value in values.items()}


def from_wire(item: Wire) -> Item:
    """The inverse of `to_wire`."""
    return {name: _unwrap(value) for name, value in item.items()}


def site_key(site: str, sort_key: str) -> dict[str, str]:
    """The key of an item about a site, but for its groups and rights (`items`)."""
    return {"pk": f"SITE#{site}", "sk": sort_key}


def server_key(site: str, server: str) -> dict[str, str]:
    """The key of a server's item: in a partition apart from its site's, the only one that the feed may write to."""
    return {"pk": f"SERVERS#{site}", "sk": server}


def uploader_key(site: str, uploader: str) -> dict[str, str]:
    """The key of an uploader's item, in a partition apart from the site's too: the feed writes there who enrols."""
    return {"pk": f"UPLOADERS#{site}", "sk": uploader}


def _wrap(value: Any) -> Wire:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, list | tuple):
        return {"L": [{"S": each} if type(each) is str else _wrap(each) for each in value]}
    if isinstance(value, dict):
        return {"M": to_wire(value)}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"a {type(value).__name__} has no place in the table")


def _unwrap(wire: Wire) -> Any:
    ((kind, value),) = wire.items()
    match kind:
        case "N":
            return int(value)
        case "L":
            return [_unwrap(each) for each in value]
        case "M":
            return from_wire(value)
        case "NULL":
            return None
        case _:
            return value


# Writes that met another one


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
    if response is None or attempts >= _CONFLICT_TRIES or not _passes(response[1]):
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
