"""What is signed is exactly these bytes: an agent in a school verifies them long after the code has changed."""

from roster.statement import head_bytes, keyring_bytes


def test_should_state_a_head_in_canonical_json() -> None:
    assert head_bytes("hogwarts", 2, 14, "9f86") == (
        b'{"epoch":2,"format":1,"manifest_sha256":"9f86","site":"hogwarts","type":"head","version":14}'
    )


def test_should_state_a_keyring_in_canonical_json_whatever_the_order_of_its_keys() -> None:
    stated = b'{"format":1,"keys":{"a":"MFkw+/=","b":"MFkx"},"serial":3,"type":"keyring"}'
    assert keyring_bytes(3, {"b": "MFkx", "a": "MFkw+/="}) == keyring_bytes(3, {"a": "MFkw+/=", "b": "MFkx"}) == stated
