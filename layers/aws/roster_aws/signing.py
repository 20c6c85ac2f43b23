"""Signs heads, so that an agent believes no version that the publisher did not publish, whoever answers it.

In: a manifest that is about to become a head. Out: its signature, by the key in use, and the serial number of the
keyring that the key is in. The private keys never leave KMS, and only import_pair may use them.
Refused, with `KeyNotInKeyring`: to sign with a key that no agent could know.

The table keeps the public keys, one item a serial number, never changed: the feed reads them there, and so needs no
permission on a key.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from roster.encode import Manifest
from roster.statement import Signed, head_bytes, keyring_bytes
from roster_aws.dynamo.table import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient

_KEY_ID_LENGTH = 16


_PARTITION = "KEYRING"


class KeyNotInKeyring(RuntimeError):
    """The key in use is not in the newest keyring: the keys were changed without a higher KeyringSerial."""


class Signer:
    """Signs with the key `in_use`, one of `keys` (ARNs); together with `serial` they make the keyring."""

    def __init__(self, kms: KMSClient, keyrings: Keyrings, keys: list[str], in_use: str, serial: int) -> None:
        self._kms = kms
        self._keyrings = keyrings
        self._keys = keys
        self._in_use = in_use
        self._serial = serial
        self._keyring: Keyring | None = None

    def sign(self, manifest: Manifest) -> Signed:
        """The statement that a manifest's version is the newest of its site, signed."""
        keyring = self.keyring()
        key_id = keyring.key_id(self._in_use)
        if key_id is None:
            raise KeyNotInKeyring("the signing keys were changed: deploy with a higher KeyringSerial")
        said = head_bytes(manifest.site, manifest.epoch, manifest.version, manifest.sha256)
        signature = self._sign(self._in_use, said)
        return Signed(manifest.version, manifest.epoch, manifest.sha256, key_id, signature, keyring.serial)

    def keyring(self) -> Keyring:
        """The newest keyring, which the first process of a stack makes, and the first one with new keys again."""
        if self._keyring is None:
            self._keyring = self._newest()
        return self._keyring

    def _newest(self) -> Keyring:
        kept = self._keyrings.newest()
        if kept and kept.serial >= self._serial:
            return kept
        made = self._make()
        return made if self._keyrings.add(made) else self._keyrings.of(made.serial)

    def _make(self) -> Keyring:
        public = {arn: self._kms.get_public_key(KeyId=arn)["PublicKey"] for arn in self._keys}
        # Named by what it is, so that a key id can never come to mean another key.
        arns = {hashlib.sha256(der).hexdigest()[:_KEY_ID_LENGTH]: arn for arn, der in public.items()}
        keys = {key_id: b64encode(public[arn]).decode() for key_id, arn in arns.items()}
        said = keyring_bytes(self._serial, keys)
        return Keyring(self._serial, keys, {key_id: self._sign(arn, said) for key_id, arn in arns.items()}, arns)

    def _sign(self, key: str, said: bytes) -> str:
        signed = self._kms.sign(KeyId=key, Message=said, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")
        return b64encode(signed["Signature"]).decode()


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
