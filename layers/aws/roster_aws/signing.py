"""Signs heads, so that an agent believes no version that the publisher did not publish, whoever answers it.

In: a manifest that is about to become a head. Out: its signature, by the key in use, and the serial number of the
keyring that the key is in. The private keys never leave KMS, and only import_pair may use them.
Refused, with `KeyNotInKeyring`: to sign with a key that no agent could know.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING

from roster.encode import Manifest
from roster.statement import Signed, head_bytes, keyring_bytes
from roster_aws.keyrings import Keyring, Keyrings

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_KEY_ID_LENGTH = 16


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
