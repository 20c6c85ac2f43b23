"""Heads are signed before they are committed, by a key that every enrolled server knows."""

import dataclasses
from base64 import b64decode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from roster.request import Rollback
from roster.site_head import Head
from roster.statement import head_bytes, keyring_bytes
from roster_aws.signing import KeyNotInKeyring, Keyring, Keyrings

from .conftest import MakeWorld, World, csv, new_client, new_signing_key

TEACHERS = csv("Severus_Snape,Potions")
STUDENTS = csv("Harry_Potter,Potions", "Ron_Weasley,Potions")


def publish(world: World, *more: str) -> Head:
    world.upload("hogwarts", teachers=TEACHERS, students=STUDENTS + "".join(f"{row}\n" for row in more).encode())
    world.run("hogwarts")
    return head(world)


def head(world: World) -> Head:
    return world.store().head("hogwarts")


def keyrings(world: World) -> Keyrings:
    return Keyrings(world.client("dynamodb"), world.table)


def is_signed(key: str, signature: str, said: bytes) -> bool:
    public = load_der_public_key(b64decode(key))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        public.verify(b64decode(signature), said, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def verified(world: World, head: Head) -> Keyring:
    """The keyring of a head whose signature is right."""
    keyring = keyrings(world).of(head.keyring_serial)
    said = head_bytes("hogwarts", head.epoch, head.version, head.manifest_sha256)
    assert is_signed(keyring.keys[head.signature["key_id"]], head.signature["signature"], said)
    return keyring


def test_should_sign_each_version_and_what_a_person_orders(world: World) -> None:
    first = publish(world)
    verified(world, first)
    second = publish(world, "Hermione_Granger,Potions")
    verified(world, second)
    assert first.signature != second.signature
    world.order("hogwarts", Rollback(1, "arn:somebody"))
    verified(world, head(world))
    assert head(world).version == 3


def test_should_sign_an_approved_version(world: World) -> None:
    world.upload(
        "hogwarts",
        teachers=TEACHERS,
        students=csv(*(f"student.{number},Potions" for number in range(40))),
    )
    world.run("hogwarts")
    before = head(world)
    world.upload("hogwarts", teachers=TEACHERS, students=csv("student.1,Potions"))
    world.run("hogwarts")
    assert head(world).signature == before.signature, "what is held is not signed"
    world.approve("hogwarts")
    assert head(world).version == 2
    verified(world, head(world))


def test_should_sign_for_one_site_epoch_version_and_manifest_alone(world: World) -> None:
    found = publish(world)
    key = verified(world, found).keys[found.signature["key_id"]]
    right = {"site": "hogwarts", "epoch": 1, "version": 1, "manifest_sha256": found.manifest_sha256}
    wrong = {"site": "durmstrang", "epoch": 2, "version": 2, "manifest_sha256": "0" * 64}
    for name, value in wrong.items():
        said = head_bytes(**(right | {name: value}))  # type: ignore[arg-type]
        assert not is_signed(key, found.signature["signature"], said), name


def test_should_sign_the_keyring_with_each_of_its_two_keys(world: World) -> None:
    publish(world)
    keyring = keyrings(world).newest()
    assert keyring
    assert (keyring.serial, len(keyring.keys)) == (1, 2)
    for key_id, key in keyring.keys.items():
        assert is_signed(key, keyring.signatures[key_id], keyring_bytes(1, keyring.keys))


def test_should_let_the_stand_by_key_take_over_without_a_new_keyring(world: World) -> None:
    first = publish(world)
    world.keys = world.keys[::-1]
    second = publish(world, "Hermione_Granger,Potions")
    verified(world, second)
    assert second.keyring_serial == 1
    assert first.signature["key_id"] != second.signature["key_id"]


def test_should_bring_a_new_key_in_a_keyring_that_a_known_key_has_signed(world: World) -> None:
    publish(world)
    known = verified(world, head(world))
    world.keys, world.keyring_serial = (world.keys[1], new_signing_key(world.cloud)), 2
    world.run("hogwarts")  # nothing was uploaded
    found = head(world)
    assert (found.version, found.keyring_serial) == (1, 2), "the head is signed anew"
    keyring = verified(world, found)
    (kept,) = known.keys.keys() & keyring.keys.keys()
    assert is_signed(known.keys[kept], keyring.signatures[kept], keyring_bytes(2, keyring.keys))


def test_should_publish_nothing_with_keys_that_no_server_can_know(world: World) -> None:
    before = publish(world)
    world.keys = (new_signing_key(world.cloud), new_signing_key(world.cloud))
    with pytest.raises(KeyNotInKeyring):
        publish(world, "Hermione_Granger,Potions")
    assert dataclasses.replace(head(world), running=before.running) == before
    world.keyring_serial = 2
    assert publish(world, "Ginny_Weasley,Potions").version == 2


def test_should_agree_on_one_keyring_when_two_processes_make_the_first_at_once(make_world: MakeWorld) -> None:
    world = make_world()
    one, other = world.importer().publisher.signer, world.importer().publisher.signer
    assert one.keyring() == other.keyring()
    dynamodb = new_client(world.cloud, "dynamodb")
    late = Keyrings(dynamodb, world.table)
    assert not late.add(one.keyring())
