"""The keys that this server trusts to sign heads, and how they come to be others.

Comes in: a keyring as the feed sends it; statements and their signatures. Goes out: a typed keyring, and whether a key
has signed a statement. A keyring holds the key in use and the one to come, so a change of keys needs nobody in a
school. Refused (``WronglySigned``): a newer keyring that no trusted key has signed, and a first one, which comes with
the enrolment, that its own keys have not. An older or equal one is passed over, so that keys never go backwards.
Signatures are ECDSA with SHA-256 over the curve P-256. No IO.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from roster.statement import keyring_bytes
from roster_agent.failures import NotTheFeed
from roster_agent.trust.refusals import WronglySigned

_MOST_KEYS = 8
_LONGEST = 512


@dataclass(frozen=True)
class Keyring:
    """Public keys by their ids, base64 of DER; with the signatures under them, so that it can be handed on."""

    serial: int
    keys: Mapping[str, str]
    signatures: Mapping[str, str]

    def to_json(self) -> dict[str, object]:
        """The inverse of `read`."""
        return asdict(self)

    @property
    def statement(self) -> bytes:
        return keyring_bytes(self.serial, self.keys)


def read(answer: object) -> Keyring:
    """The keyring in an answer; NotTheFeed when it has not the form of one."""
    match answer:
        case {"serial": int(serial), "keys": dict(keys), "signatures": dict(signatures)}:
            texts = [*keys, *keys.values(), *signatures, *signatures.values()]
            fits = all(isinstance(text, str) and 0 < len(text) <= _LONGEST and text.isascii() for text in texts)
            if type(serial) is int and serial >= 1 and 1 <= len(keys) <= _MOST_KEYS and fits:
                return Keyring(serial, keys, signatures)
    raise NotTheFeed("its keyring is malformed")


def read_stored(data: bytes) -> Keyring:
    """The keyring of a file that this agent wrote; NotTheFeed when that was changed since."""
    try:
        return read(json.loads(data))
    except (ValueError, RecursionError):
        raise NotTheFeed("its keyring is malformed") from None


def first(offered: Keyring) -> Keyring:
    """The keyring that comes with an enrolment: believed for the sake of the connection, if it holds together."""
    if not all(
        has_signed(offered, key_id, offered.signatures.get(key_id, ""), offered.statement) for key_id in offered.keys
    ):
        raise WronglySigned("a key of the keyring has not signed it")
    return offered


def newer(trusted: Keyring, offered: Keyring) -> Keyring:
    """The keyring to trust from now on: the offered one, when it is newer and a trusted key has signed it."""
    if offered.serial <= trusted.serial:
        return trusted
    signed = ((key_id, offered.signatures.get(key_id, "")) for key_id in trusted.keys)
    if not any(has_signed(trusted, key_id, signature, offered.statement) for key_id, signature in signed):
        raise WronglySigned("no key that this server trusts has signed the new keyring")
    return offered


def has_signed(keyring: Keyring, key_id: str, signature: str, statement: bytes) -> bool:
    """Whether a key of the keyring, found by its id, made this signature (base64 of DER) under the statement."""
    # Slow to import, and no question to the mirror needs it.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if key_id not in keyring.keys:
        return False
    try:
        key = load_der_public_key(base64.b64decode(keyring.keys[key_id], validate=True))
        if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
            return False
        key.verify(base64.b64decode(signature, validate=True), statement, ec.ECDSA(hashes.SHA256()))
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        return False
    return True
