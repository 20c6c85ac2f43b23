"""The list of those without console access, one item each: `SITE#{site}`, `NO_CONSOLE#{digest of the key}`.

It is remembered outside the table as well, since one that is restored from a backup would give the console back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from roster.no_console import Barred
from roster_aws.dynamo.table import Item, from_wire, site_key, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PREFIX = "NO_CONSOLE#"
# How long one that was taken off is still there, for nobody to read.
_OFF_KEPT = timedelta(days=1)


class NoConsole:
    """The lists of all sites. `clock` gives the time in UTC."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def put(self, site: str, barred: Barred) -> None:
        """Put somebody on a site's list."""
        item: Item = {**site_key(site, sort_key(barred.key)), **vars(barred)}
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(item))

    def take_off(self, site: str, key: str) -> bool:
        """Take somebody off a site's list; False where they are not on it."""
        ends = int((self._clock() + _OFF_KEPT).timestamp())
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(site_key(site, sort_key(key))),
                UpdateExpression="SET off = :yes, expires_at = :ends",
                ConditionExpression="attribute_exists(pk) AND attribute_not_exists(off)",
                ExpressionAttributeValues=to_wire({":yes": True, ":ends": ends}),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def of(self, site: str) -> list[Barred]:
        """A site's list, in the order of the names."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ConsistentRead=True,
            ExpressionAttributeValues=to_wire({":pk": site_key(site, "")["pk"], ":prefix": _PREFIX}),
        )
        items = (from_wire(item) for page in pages for item in page["Items"])
        return sorted((Barred.from_data(item) for item in items if "off" not in item), key=lambda each: each.key)

    def keys(self, site: str) -> frozenset[str]:
        """The folded usernames on a site's list."""
        return frozenset(each.key for each in self.of(site))

    def put_again(self, site: str, remembered: Iterable[Barred]) -> int:
        """Put those on the list who are remembered outside a restored table; how many were not on it."""
        known = self.keys(site)
        missing = [each for each in remembered if each.key not in known]
        for each in missing:
            self.put(site, each)
        return len(missing)


def sort_key(key: str) -> str:
    """Where an entry stands, by the folded username, which may be too long for a sort key."""
    return f"{_PREFIX}{digest_of(key)}"


def digest_of(key: str) -> str:
    """A folded username's digest, by which the list is kept outside the table."""
    return hashlib.sha256(key.encode()).hexdigest()
