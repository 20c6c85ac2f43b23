"""The items with partition key `SITE#{site}`, as they are read and written: one at a time, or several as one.

A head (sort key `HEAD`) changes only under a condition. HeadMoved: it no longer held, and nothing was written.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from roster_aws.dynamo.table import Item, condition_failed, from_wire, site_key, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: One part of a transaction.
Write = dict[str, Any]

HEAD = "HEAD"

# Every head has these, by which the index `heads-3` lists the sites; `listed` gives the values.
LISTED = "kind = :kind, site = :site"


class HeadMoved(RuntimeError):
    """The lease or the base version is no longer ours; the import has to start again from the new head."""


class SiteItems:
    """One table's items about sites; values in and out are Python's (see `roster_aws.dynamo.table`)."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, site: str, sort_key: str) -> Item | None:
        """An item as it is now, without its key; None when there is none."""
        got = self._dynamodb.get_item(TableName=self._table, Key=to_wire(site_key(site, sort_key)), ConsistentRead=True)
        return _without_key(from_wire(got["Item"])) if "Item" in got else None

    def newest(self, site: str, prefix: str, limit: int, before: str = "") -> list[Item]:
        """The items with the greatest sort keys of those that begin so, greatest first; only those below `before`."""
        start: Item = {"ExclusiveStartKey": to_wire(site_key(site, before))} if before else {}
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=to_wire({":pk": f"SITE#{site}", ":prefix": prefix}),
            ScanIndexForward=False,
            Limit=limit,
            **start,
        )
        return [_without_key(from_wire(item)) for item in found["Items"]]

    def has_any(self, site: str) -> bool:
        """Whether there is anything of a site: its head, an import, what waits, or what was ignored."""
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_wire({":pk": f"SITE#{site}"}),
            ProjectionExpression="pk",
            ConsistentRead=True,
            Limit=1,
        )
        return bool(found["Items"])

    def put(self, item: Item) -> None:
        """Write an item, with its key."""
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(item))

    def delete(self, site: str, sort_key: str) -> None:
        """Remove an item, if there is one."""
        self._dynamodb.delete_item(TableName=self._table, Key=to_wire(site_key(site, sort_key)))

    def set_on_head(self, site: str, update: str, values: Item) -> None:
        """Update a head whatever it is."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire(site_key(site, HEAD)),
            UpdateExpression=update,
            ExpressionAttributeValues=to_wire(_named(values)),
        )

    def update_head(self, site: str, update: str, condition: str, values: Item) -> Item | None:
        """The head after a conditional update; None when the condition does not hold."""
        try:
            updated = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(site_key(site, HEAD)),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=to_wire(_named(values)),
                ReturnValues="ALL_NEW",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return None
        return from_wire(updated["Attributes"])

    def delete_head(self, site: str, condition: str, values: Item) -> None:
        """Remove a head, where the condition holds."""
        with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=to_wire(site_key(site, HEAD)),
                ConditionExpression=condition,
                ExpressionAttributeValues=to_wire(_named(values)),
            )

    # The parts of a transaction

    def updating(self, site: str, sort_key: str, update: str, condition: str, values: Item, **names: str) -> Write:
        """An update, under a condition if there is one.

        `names` stand in it as `#name`, for those that DynamoDB keeps to itself.
        """
        written: Write = {
            "Update": {
                "TableName": self._table,
                "Key": to_wire(site_key(site, sort_key)),
                "UpdateExpression": update,
                "ExpressionAttributeValues": to_wire(_named(values)),
            }
        }
        if condition:
            written["Update"]["ConditionExpression"] = condition
        if names:
            written["Update"]["ExpressionAttributeNames"] = {f"#{name}": real for name, real in names.items()}
        return written

    def putting(self, item: Item) -> Write:
        """An item written, with its key."""
        return {"Put": {"TableName": self._table, "Item": to_wire(item)}}

    def deleting(self, site: str, sort_key: str) -> Write:
        """An item gone, if there is one."""
        return {"Delete": {"TableName": self._table, "Key": to_wire(site_key(site, sort_key))}}

    def transact(self, writes: list[Any]) -> None:
        """All of it, or with HeadMoved nothing."""
        try:
            self._dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if condition_failed(error):
                raise HeadMoved("the site's head moved, or its lease was lost") from None
            raise


def listed(site: str) -> dict[str, str]:
    """What `LISTED` sets."""
    return {"kind": "head", "site": site}


def _named(values: Item) -> Item:
    return {f":{name}": value for name, value in values.items()}


def _without_key(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in ("pk", "sk", "expires_at")}
