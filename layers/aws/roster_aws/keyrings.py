"""The public keys that agents verify a head with, as the table keeps them: one item a serial number, never changed.

The feed reads them here, and so needs no permission on a key. `roster_aws.signing` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from roster_aws.table import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PARTITION = "KEYRING"


@dataclass(frozen=True)
class Keyring:
    """The key in use and the next one.

    `keys` are public keys (DER, base64) by key id, `signatures` those of each key over `statement.keyring_bytes`, and
    `arns` says what each key is called in KMS, which is nobody's business but ours.
    """

    serial: int
    keys: dict[str, str]
    signatures: dict[str, str]
    arns: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """What a server is told."""
        return {"serial": self.serial, "keys": self.keys, "signatures": self.signatures}

    def key_id(self, arn: str) -> str | None:
        """The id of the key that KMS calls so; None when it is not in this keyring."""
        return next((key_id for key_id, known in self.arns.items() if known == arn), None)


class Keyrings:
    """The keyrings in the table."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        # Two or three in the life of a stack, and none ever changes.
        self.of = lru_cache(maxsize=16)(self._read)

    def _read(self, serial: int) -> Keyring:
        """The keyring of a serial number that a head names; KeyError when it is gone, which is a fault of ours."""
        got = self._dynamodb.get_item(TableName=self._table, Key=to_wire(_key(serial)))
        if "Item" not in got:
            raise KeyError(f"the keyring with serial {serial} is gone")
        return _keyring(from_wire(got["Item"]))

    def newest(self) -> Keyring | None:
        """The newest keyring; None in a stack that has none yet."""
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :keyring",
            ExpressionAttributeValues=to_wire({":keyring": _PARTITION}),
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )
        return _keyring(from_wire(found["Items"][0])) if found["Items"] else None

    def add(self, keyring: Keyring) -> bool:
        """Keep a new keyring; False when somebody else has just made the one with this serial number."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=to_wire({**_key(keyring.serial), **vars(keyring)}),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _key(serial: int) -> dict[str, str]:
    return {"pk": _PARTITION, "sk": f"{serial:010}"}


def _keyring(item: dict[str, Any]) -> Keyring:
    return Keyring(item["serial"], item["keys"], item["signatures"], item["arns"])
