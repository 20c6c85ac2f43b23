"""Which sites are erased, or being erased: the items `ERASED`, and the receipts of those that have ended, `RECEIPTS`.

From the moment that a tombstone stands, nothing of its site is imported, enrolled or written, until somebody adds the
site again. Writes that hold no lease are made on the condition `nobody_erases`, so that none comes after the erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from roster.erasure import Erasure
from roster_aws.dynamo.table import Item, from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PARTITION, _RECEIPTS = "ERASED", "RECEIPTS"


class Tombstones:
    """The tombstones and receipts of all sites."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def of(self, site: str) -> Erasure | None:
        """The erasure of a site that stands; None where it was never erased, or was added again."""
        got = self._dynamodb.get_item(TableName=self._table, Key=_key(site), ConsistentRead=True)
        return Erasure.from_item(from_wire(got["Item"])) if "Item" in got else None

    def begin(self, erasure: Erasure) -> Erasure:
        """Put a tombstone, unless an erasure that has not ended stands; the one that stands now."""
        unfinished = "attribute_not_exists(pk) OR finished_at <> :unfinished"
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={**_key(erasure.site), **to_wire(erasure.as_dict())},
                ConditionExpression=unfinished,
                ExpressionAttributeValues=to_wire({":unfinished": ""}),
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return self.of(erasure.site) or erasure
        return erasure

    def put_counts(self, site: str, counts: Mapping[str, int]) -> None:
        """Remember what there is to erase."""
        self._update(site, "SET counts = :counts", {":counts": dict(counts)})

    def end(self, erasure: Erasure) -> None:
        """Mark an erasure as ended and keep its receipt, both or neither."""
        receipt = {"pk": _RECEIPTS, "sk": f"{erasure.site}#{erasure.started_at}", **erasure.as_dict()}
        ended: Any = {
            "TableName": self._table,
            "Key": _key(erasure.site),
            "UpdateExpression": "SET finished_at = :at",
            "ConditionExpression": "started_at = :started",
            "ExpressionAttributeValues": to_wire({":at": erasure.finished_at, ":started": erasure.started_at}),
        }
        put: Any = {"TableName": self._table, "Item": to_wire(receipt)}
        self._dynamodb.transact_write_items(TransactItems=[{"Update": ended}, {"Put": put}])

    def count_upload(self, site: str) -> int:
        """Count an upload of an erased site; how many there were with it."""
        return int(self._update(site, "ADD uploads :one", {":one": 1})["uploads"])

    def lift(self, site: str) -> None:
        """Take the tombstone away: the site is added again. Its receipts stay."""
        self._dynamodb.delete_item(TableName=self._table, Key=_key(site))

    def receipts(self, site: str) -> list[Erasure]:
        """The receipts of a site, the oldest first."""
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :site)",
            ExpressionAttributeValues=to_wire({":pk": _RECEIPTS, ":site": f"{site}#"}),
        )
        return [Erasure.from_item(from_wire(item)) for item in found["Items"]]

    def nobody_erases(self, site: str) -> Any:
        """The part of a transaction that has it fail for a site with a tombstone."""
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _key(site),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _update(self, site: str, update: str, values: Item) -> Item:
        updated = self._dynamodb.update_item(
            TableName=self._table,
            Key=_key(site),
            UpdateExpression=update,
            ExpressionAttributeValues=to_wire(values),
            ReturnValues="ALL_NEW",
        )
        return from_wire(updated["Attributes"])


def _key(site: str) -> dict[str, Any]:
    return to_wire({"pk": _PARTITION, "sk": site})
