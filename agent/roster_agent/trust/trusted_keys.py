"""The keys that this server trusts: who may sign what, and what is checked before a signature counts. No IO.

Comes in: a keyring as the feed sends it; statements and their signatures. Goes out: a typed keyring, and whether a key
has signed a statement. Refused: what does not have the form of a keyring (``NotTheFeed``), signatures that do not count
(``WronglySigned``). Signatures are ECDSA with SHA-256 over the curve P-256; `roster.statement` has what is signed.

The parties, and their keys::

    import_pair (cloud)   may use two private keys, A and B, which never leave KMS; one of them is in use
      signs a head        with the key in use: this version, by its manifest's SHA-256, is the newest of this site
      signs a keyring     with both: from this serial number on, these public keys sign
    the feed, a bundle    hold signatures and public keys; they sign nothing and pass on what import_pair signed
    this server           holds the public keys, and a token that says who asks; it signs nothing

Both kinds of statement name their type, so that a signature of one never stands for the other. There is one tier of
keys: whoever may sign heads may name the next keys (docs/decisions/2026-11-26-one-tier-of-keys.md). The key that is not
in use is known everywhere already, so that a change of keys needs nobody in a school.

What a server checks, in this order (`rules.signed` and what follows it in `rules`):

1. The keyring has the form of one: a serial number from 1, and no more keys than anybody needs (`read`).
2. With the enrolment it comes by a connection that is trusted, and each of its keys has signed it (`first`).
3. Later, one with a serial number that is not higher is passed over: keys never go backwards. A higher one counts when
   a key that is trusted already has signed it (`newer`).
4. A key of the keyring that now counts has signed the head (`has_signed`).
5. The head does not go backwards; the manifest has the head's SHA-256, and the content the manifest's.

What a thief can do::

    with the token          read this site's rosters, report as this server, and lock it out with a token of its own,
                            until it is revoked; change nothing that a server delivers
    as the feed, a proxy,   read; withhold, so that servers keep the version that they have, which the cloud sees. At an
    a carrier of bundles    enrolment alone, whom TLS trusts there can hand out keys: enrol on a network you trust
    as import_pair          publish any roster to any site, and keys of its own. Versions still never go backwards, and
                            a server's limit still holds what removes too much. Then every server is enrolled again
    in the state folder     choose what this one server delivers (``StateNotOurs`` refuses a folder open to others)
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from roster.statement import keyring_bytes
from roster_agent.net.feed_failures import NotTheFeed
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
        """What the signatures are under."""
        return keyring_bytes(self.serial, self.keys)


def read(answer: object) -> Keyring:
    """The keyring in an answer; NotTheFeed when it does not have the form of one."""
    match answer:
        case {"serial": int(serial), "keys": dict(keys), "signatures": dict(signatures)}:
            texts = [*keys, *keys.values(), *signatures, *signatures.values()]
            fits = all(isinstance(text, str) and 0 < len(text) <= _LONGEST and text.isascii() for text in texts)
            if type(serial) is int and serial >= 1 and 1 <= len(keys) <= _MOST_KEYS and fits:
                return Keyring(serial, keys, signatures)
    raise NotTheFeed("its keyring is malformed")


def read_stored(data: bytes) -> Keyring:
    """The keyring of a file that this agent wrote; NotTheFeed when it was changed since."""
    try:
        return read(json.loads(data))
    except (ValueError, RecursionError):
        raise NotTheFeed("its keyring is malformed") from None


def first(offered: Keyring) -> Keyring:
    """The keyring that comes with an enrolment: believed for its connection, if each key in it has signed it."""
    if not all(
        has_signed(offered, key_id, offered.signatures.get(key_id, ""), offered.statement) for key_id in offered.keys
    ):
        raise WronglySigned("one of its keys has not signed the keyring")
    return offered


def newer(trusted: Keyring, offered: Keyring) -> Keyring:
    """The keyring to trust from now on: the offered one, if it is newer and a trusted key has signed it.

    WronglySigned if it is newer and no trusted key has signed it.
    """
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
