"""The rules without IO, each limit from both of its sides."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from roster.encode import Blob, Manifest
from roster_agent.failures import AgentError
from roster_agent.net.feed_failures import NotTheFeed
from roster_agent.trust import rules, trusted_keys
from roster_agent.trust.refusals import CorruptDownload, VersionRewritten, VersionWentBackwards, WronglySigned
from roster_agent.trust.rules import Delta, Head, Seen
from roster_agent.trust.trusted_keys import Keyring
from tests.feed_simulator import Keys

STATEMENT = b"what is said"


def _public(key: Any) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _ecdsa(curve: ec.EllipticCurve, digest: hashes.HashAlgorithm) -> tuple[Any, bytes]:
    key = ec.generate_private_key(curve)
    return key, key.sign(STATEMENT, ec.ECDSA(digest))


def _edwards() -> tuple[Any, bytes]:
    key = ed25519.Ed25519PrivateKey.generate()
    return key, key.sign(STATEMENT)


SIGNED: dict[str, tuple[Callable[[], tuple[Any, bytes]], bool]] = {
    "P-256": (lambda: _ecdsa(ec.SECP256R1(), hashes.SHA256()), True),
    "P-384": (lambda: _ecdsa(ec.SECP384R1(), hashes.SHA256()), False),
    "P-521": (lambda: _ecdsa(ec.SECP521R1(), hashes.SHA256()), False),
    "P-224": (lambda: _ecdsa(ec.SECP224R1(), hashes.SHA256()), False),
    "secp256k1": (lambda: _ecdsa(ec.SECP256K1(), hashes.SHA256()), False),
    "SHA-1": (lambda: _ecdsa(ec.SECP256R1(), hashes.SHA1()), False),  # noqa: S303 - to be refused
    "SHA-512": (lambda: _ecdsa(ec.SECP256R1(), hashes.SHA512()), False),
    "Ed25519": (_edwards, False),
    "RSA": (lambda: (rsa.generate_private_key(65537, 2048), b"x"), False),
}


@pytest.mark.parametrize("kind", SIGNED)
def test_should_believe_one_kind_of_signature(kind: str) -> None:
    make, believed = SIGNED[kind]
    key, signature = make()
    ring = Keyring(1, {"a": _public(key)}, {})
    plain = base64.b64encode(signature).decode()
    assert trusted_keys.has_signed(ring, "a", plain, STATEMENT) == believed
    assert not trusted_keys.has_signed(ring, "a", plain, STATEMENT + b".")
    assert not trusted_keys.has_signed(ring, "b", plain, STATEMENT)
    spaced = base64.encodebytes(signature).decode() + " "
    assert not trusted_keys.has_signed(ring, "a", spaced, STATEMENT)
    assert not trusted_keys.has_signed(replace(ring, keys={"a": ring.keys["a"] + "\n"}), "a", plain, STATEMENT)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({"keys": {str(k): "x" for k in range(8)}}, True),
        ({"keys": {str(k): "x" for k in range(9)}}, False),
        ({"keys": {}}, False),
        ({"keys": {"k" * 512: "x" * 512}}, True),
        ({"keys": {"k" * 513: "x"}}, False),
        ({"keys": {"k": "x" * 513}}, False),
        ({"keys": {"": "x"}}, False),
        ({"signatures": {"k": "x" * 513}}, False),
        ({"signatures": {"k" * 513: "x"}}, False),
        ({"signatures": {}}, True),
        ({"serial": 0}, False),
        ({"serial": -1}, False),
        ({"serial": True}, False),
        ({"serial": 1.0}, False),
    ],
    ids=str,
)
def test_should_read_a_keyring_within_its_limits(change: dict[str, Any], fits: bool) -> None:
    answer = {"serial": 1, "keys": {"k": "x"}, "signatures": {"k": "x"}} | change
    if fits:
        assert trusted_keys.read(answer).to_json() == answer
    else:
        with pytest.raises(NotTheFeed):
            trusted_keys.read(answer)


def test_should_take_no_keyring_that_is_not_newer() -> None:
    keys = Keys("first", "second")
    trusted, other = trusted_keys.read(keys.keyring()), trusted_keys.read(Keys("third", "fourth").keyring())
    assert trusted_keys.newer(trusted, other) is trusted
    assert trusted_keys.newer(replace(trusted, serial=2), replace(other, serial=1)).keys == trusted.keys
    keys.change("second", "third")
    newer = trusted_keys.read(keys.keyring())
    assert trusted_keys.newer(trusted, newer) is newer
    with pytest.raises(WronglySigned):
        trusted_keys.newer(trusted, replace(newer, signatures={"third": newer.signatures["third"]}))


def test_should_begin_with_a_keyring_that_each_of_its_keys_has_signed() -> None:
    ring = trusted_keys.read(Keys("first", "second").keyring())
    assert trusted_keys.first(ring) is ring
    for missing in ("first", "second"):
        signatures = {key_id: signed for key_id, signed in ring.signatures.items() if key_id != missing}
        with pytest.raises(WronglySigned):
            trusted_keys.first(replace(ring, signatures=signatures))


HEAD: dict[str, Any] = {"site": "hogwarts", "epoch": 1, "version": 1, "manifest_sha256": "0" * 64}
SIGNATURE = {"signature": {"key_id": "a", "signature": "b"}}


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"epoch": 0}, False),
        ({"version": 0}, False),
        ({"epoch": True}, False),
        ({"version": True}, False),
        ({"version": 1.0}, False),
        ({"version": (1 << 53) - 1, "epoch": (1 << 53) - 1}, True),
        ({"version": 1 << 53}, False),
        ({"epoch": 1 << 53}, False),
        ({"site": "durmstrang"}, False),
        ({"manifest_sha256": "0" * 63}, False),
        ({"manifest_sha256": "0" * 64 + "\n"}, False),
        ({"manifest_sha256": "A" * 64}, False),
    ],
    ids=str,
)
def test_should_read_a_head_within_its_limits(change: dict[str, Any], fits: bool) -> None:
    answer = HEAD | SIGNATURE | change
    if fits:
        assert rules.offer(answer, "hogwarts").head == Head(**{name: answer[name] for name in HEAD})
    else:
        with pytest.raises(NotTheFeed):
            rules.offer(answer, "hogwarts")


def _said(base: int, **change: Any) -> dict[str, Any]:
    blob = {"sha256": "0" * 64, "bytes": 1, "content_sha256": "", "content_bytes": 1}
    return {"from": base, "version": base + 1, **blob} | change


def test_should_read_no_more_deltas_than_a_feed_offers() -> None:
    for number, read in ((64, 64), (65, 0)):
        answer = HEAD | SIGNATURE | {"deltas": list(map(_said, range(number)))}
        assert len(rules.offer(answer, "hogwarts").deltas) == read


@pytest.mark.parametrize(
    "deltas", [None, {}, [_said(1), {}], [_said(1, sha256="0" * 63)], [_said(1, bytes="1")]], ids=str
)
def test_should_read_no_deltas_where_one_has_not_its_form(deltas: object) -> None:
    assert rules.offer(HEAD | SIGNATURE | {"deltas": deltas}, "hogwarts").deltas == ()


def _delta(base: int, version: int, size: int = 10, content: int = 100) -> Delta:
    return Delta(base, version, Blob("0" * 64, size, "0" * 64, content))


HAVE = Head("hogwarts", 1, 4, "0" * 64)
CONTENT = b"{}\n" * 100
PROMISED = Manifest("hogwarts", 1, 6, "i", {}, Blob("0" * 64, 20, hashlib.sha256(CONTENT).hexdigest(), 300))


@pytest.mark.parametrize(
    ("deltas", "chain"),
    [
        ([_delta(4, 5), _delta(5, 6)], True),
        ([_delta(4, 6, 20, 300)], True),
        ([_delta(4, 6, 21, 300)], False),
        ([_delta(4, 6, 20, 301)], False),
        ([_delta(4, 5, 10, 150), _delta(5, 6, 10, 151)], False),
        ([_delta(4, 5, 10), _delta(5, 6, 11)], False),
        ([_delta(4, 5), _delta(4, 6)], False),
        ([_delta(3, 5), _delta(5, 6)], False),
        ([_delta(4, 5)], False),
        ([_delta(4, 5, 0), _delta(5, 6)], False),
        ([_delta(4, 5, -1), _delta(5, 6)], False),
        ([_delta(4, 5, 10, 0), _delta(5, 6)], False),
        ([], False),
    ],
)
def test_should_know_a_chain(deltas: list[Delta], chain: bool) -> None:
    assert rules.is_chain(deltas, HAVE, PROMISED) == chain
    assert not rules.is_chain(deltas, replace(HAVE, epoch=2), PROMISED)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({}, None),
        ({"version": 5}, None),
        ({"version": 5, "epoch": 2}, None),
        ({"version": 3}, VersionWentBackwards),
        ({"version": 3, "epoch": 2}, VersionWentBackwards),
        ({"version": 5, "epoch": 0}, VersionWentBackwards),
        ({"epoch": 2}, VersionRewritten),
        ({"manifest_sha256": "1" * 64}, VersionRewritten),
    ],
    ids=str,
)
def test_should_never_go_back(change: dict[str, Any], refused: type[AgentError] | None) -> None:
    seen = Seen(1, 4, "0" * 64)
    rules.refuse_backwards(None, HAVE)
    if refused is None:
        rules.refuse_backwards(seen, replace(HAVE, **change))
    else:
        with pytest.raises(refused):
            rules.refuse_backwards(seen, replace(HAVE, **change))


@pytest.mark.parametrize(
    ("blob", "fits"),
    [
        ({}, True),
        ({"bytes": rules.MAX_SNAPSHOT_BYTES, "content_bytes": rules.MAX_CONTENT_BYTES}, True),
        ({"bytes": rules.MAX_SNAPSHOT_BYTES + 1}, False),
        ({"content_bytes": rules.MAX_CONTENT_BYTES + 1}, False),
        ({"bytes": 0}, False),
        ({"content_bytes": 0}, False),
        ({"sha256": "../" + "0" * 61}, False),
        ({"content_sha256": "0" * 63}, False),
    ],
    ids=str,
)
def test_should_read_a_manifest_within_its_limits(blob: dict[str, Any], fits: bool) -> None:
    promised = PROMISED._replace(snapshot=PROMISED.snapshot._replace(**blob))
    data = promised.to_bytes()
    head = Head("hogwarts", 1, 6, promised.sha256)
    if fits:
        assert rules.manifest(data, head) == promised
    else:
        with pytest.raises(CorruptDownload):
            rules.manifest(data, head)


@pytest.mark.parametrize(
    "change", [{"site": "durmstrang"}, {"epoch": 2}, {"version": 7}, {"manifest_sha256": "0" * 64}]
)
def test_should_take_no_other_manifest_than_the_heads(change: dict[str, Any]) -> None:
    head = Head("hogwarts", 1, 6, PROMISED.sha256)
    with pytest.raises(CorruptDownload):
        rules.manifest(PROMISED.to_bytes(), replace(head, **change))


@pytest.mark.parametrize("data", [CONTENT[:-1], CONTENT + b"\n", CONTENT[:-1] + b" ", b""])
def test_should_take_no_other_content_than_the_manifests(data: bytes) -> None:
    assert rules.content(CONTENT, PROMISED) == CONTENT
    with pytest.raises(CorruptDownload):
        rules.content(data, PROMISED)
    # The length is looked at as well as the digest.
    with pytest.raises(CorruptDownload):
        rules.content(CONTENT, PROMISED._replace(snapshot=PROMISED.snapshot._replace(content_bytes=301)))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 16, True),
        ("x" * 15, False),
        ("x" * 4096, True),
        ("x" * 4097, False),
        (f"!~{'x' * 14}", True),
        (f"{'x' * 16}\n", False),
        (f"{'x' * 16} ", False),
        (f"{'x' * 16}\x7f", False),
        (f"{'x' * 16}ä", False),
        (7, False),
    ],
)
def test_should_take_a_token_within_its_limits(text: object, fits: bool) -> None:
    if fits:
        assert rules.token(text) == text
    else:
        with pytest.raises(NotTheFeed):
            rules.token(text)
