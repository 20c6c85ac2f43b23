"""Python values to DynamoDB's wire form and back: strings, whole numbers, booleans, lists (or tuples) and maps.

Not boto3's TypeSerializer: it asks a dozen questions about every member of every group, which for two million of
them takes longer than writing them.
"""

from __future__ import annotations

from typing import Any

#: An item, or part of one, in Python's values; `Wire` is the same as DynamoDB takes it.
Item = dict[str, Any]
Wire = dict[str, Any]


def to_wire(values: Item) -> Wire:
    """An item, or the values of an expression, as the client wants them; TypeError for a type not listed above."""
    return {name: _wrap(value) for name, value in values.items()}


def from_wire(item: Wire) -> Item:
    """The inverse of `to_wire`."""
    return {name: _unwrap(value) for name, value in item.items()}


def site_key(site: str, sort_key: str) -> dict[str, str]:
    """The key of an item about a site, but for its groups and rights (`items`)."""
    return {"pk": f"SITE#{site}", "sk": sort_key}


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
