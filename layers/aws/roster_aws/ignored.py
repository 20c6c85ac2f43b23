"""Uploads that no import reads and nobody need be woken for: counted, so that a page can show them.

Of a site: what tools leave in its folder, as one item `SITE#{site}`, `IGNORED`. Outside any site: one item a folder,
`IGNORED`, `{folder}/`. Both end 30 days after the last upload. A message that comes twice is counted twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roster.stray import folder_of, shortened
from roster.times import stamp
from roster_aws.table import from_wire, site_key, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT = timedelta(days=30)
_NAMES_KEPT = 20
_FOLDERS_READ = 200
_TRIES = 20

_PARTITION = "IGNORED"


class Ignored:
    """The counts in one table. `clock` gives the time in UTC."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def count_of_site(self, site: str, name: str) -> None:
        """Count an upload to a site's folder. TimeoutError where many others are counted in the same moment."""
        for _ in range(_TRIES):
            before = self._get(site)
            if self._put(site, _with(before, shortened(name), self._clock()), before):
                return
        raise TimeoutError("the count of ignored uploads changes too often")

    def of_site(self, site: str) -> dict[str, Any]:
        """What was ignored of a site: `total`, and the newest `names` {name, count, last_at}, newest first."""
        item = self._get(site)
        names = [{"name": name, **about} for name, about in item.get("names", {}).items()]
        return {"total": item.get("total", 0), "names": sorted(names, key=lambda each: each["last_at"], reverse=True)}

    def count_outside(self, key: str) -> None:
        """Count an upload whose key names no site, by its folder."""
        at = self._clock()
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire({"pk": _PARTITION, "sk": folder_of(key)}),
            UpdateExpression="SET last_at = :at, expires_at = :end ADD #count :one",
            ExpressionAttributeNames={"#count": "count"},
            ExpressionAttributeValues=to_wire({":at": stamp(at), ":end": _end(at), ":one": 1}),
        )

    def outside(self) -> list[dict[str, Any]]:
        """The folders that are no site's {folder, count, last_at}, the newest first; "" is no folder at all."""
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_wire({":pk": _PARTITION}),
            Limit=_FOLDERS_READ,
        )
        items = map(from_wire, found["Items"])
        folders = [
            {"folder": item["sk"].removeprefix("/"), "count": item["count"], "last_at": item["last_at"]}
            for item in items
        ]
        return sorted(folders, key=lambda each: each["last_at"], reverse=True)

    def _get(self, site: str) -> dict[str, Any]:
        key = to_wire(site_key(site, _PARTITION))
        return from_wire(self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {}))

    def _put(self, site: str, item: dict[str, Any], before: dict[str, Any]) -> bool:
        """Write the item where it still is as it was before; whether that was so."""
        same: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before:
            same = {
                "ConditionExpression": "#total = :total",
                "ExpressionAttributeNames": {"#total": "total"},
                "ExpressionAttributeValues": to_wire({":total": before["total"]}),
            }
        try:
            self._dynamodb.put_item(TableName=self._table, Item=to_wire({**item, **site_key(site, _PARTITION)}), **same)
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _with(item: dict[str, Any], name: str, at: datetime) -> dict[str, Any]:
    names = dict(item.get("names", {}))
    count = names.pop(name, {}).get("count", 0) + 1
    newest = sorted(names.items(), key=lambda each: each[1]["last_at"], reverse=True)[: _NAMES_KEPT - 1]
    known = {name: {"count": count, "last_at": stamp(at)}, **dict(newest)}
    return {"total": item.get("total", 0) + 1, "names": known, "expires_at": _end(at)}


def _end(at: datetime) -> int:
    return int((at + _KEPT).timestamp())
