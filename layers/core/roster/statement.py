"""What is signed, as bytes: that a version is the newest of its site, and which keys may sign that.

In: the facts. Out: canonical JSON, the same on the side that signs and the side that verifies. Each statement says
what type it is, so that a signature of one can never stand for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from roster.encode import to_json


class Signed(NamedTuple):
    """A version about to be the head: what its manifest says of it, and the signature (DER, base64) over that.

    The signature is by the key `key_id` of the keyring with this serial number.
    """

    version: int
    epoch: int
    manifest_sha256: str
    key_id: str
    signature: str
    keyring_serial: int


def head_bytes(site: str, epoch: int, version: int, manifest_sha256: str) -> bytes:
    """The statement that this version, by its manifest's SHA-256 (hex), is the newest of a site."""
    said = {"site": site, "epoch": epoch, "version": version, "manifest_sha256": manifest_sha256}
    return to_json({"format": 1, "type": "head", **said}).encode()


def keyring_bytes(serial: int, keys: Mapping[str, str]) -> bytes:
    """The statement that from this serial number on these keys sign: DER in base64, by key id."""
    return to_json({"format": 1, "type": "keyring", "serial": serial, "keys": dict(keys)}).encode()
