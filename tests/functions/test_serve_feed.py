"""`serve_feed`: requests of the HTTP API, already authorized where a token is needed, to the feed's answers."""

import gzip
import hashlib
import json
import os
from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from roster.statement import head_bytes
from tests.deployed import SEED, Site, client, event
from tests.functions.feed import EXAMPLE_SHA256, Answer, enrol, serve

# So large that a few changes are less than the whole.
LARGE = SEED | {
    "students.csv": SEED["students.csv"] + b"".join(b"pupil.%d,Class %d\n" % (n, n % 17) for n in range(900))
}


def ask(site: Site, name: str, **path: str) -> Answer:
    """One of events/serve_feed for a site, its path filled in."""
    return serve(site, request(site, name, **path))


def request(site: Site, name: str, **path: str) -> Any:
    asked = event(f"serve_feed/{name}", {"hogwarts": site.name})
    asked["pathParameters"] |= path
    return asked


def head(site: Site, have: str | None) -> Answer:
    asked = request(site, "head")
    if have is None:
        del asked["queryStringParameters"]
        asked["rawQueryString"] = ""
    else:
        asked["queryStringParameters"] = {"have": have}
    return serve(site, asked)


def asked_with(site: Site, cursor: dict[str, str]) -> Answer:
    asked = request(site, "head")
    asked["queryStringParameters"] = cursor
    return serve(site, asked)


def store(site: Site, data: bytes) -> str:
    """Put an object among a site's results; its digest."""
    digest = hashlib.sha256(data).hexdigest()
    client(site.cloud, "s3").put_object(
        Bucket=site.cloud.results_bucket, Key=f"{site.name}/objects/{digest}", Body=data
    )
    return digest


# The head


def test_the_head_should_say_what_is_published_and_when_to_ask_again(published: Site) -> None:
    answer = head(published, None)
    said = answer.json()
    assert answer.status == 200
    assert said["site"] == published.name
    assert (said["epoch"], said["version"], said["deltas"]) == (1, 1, [])
    assert 60 <= said["poll_after_seconds"] <= 3600
    assert datetime.fromisoformat(said["published_at"]).utcoffset() == timedelta(0)
    assert len(said["manifest_sha256"]) == 64


def test_should_sign_the_head_by_a_key_that_the_server_knows(published: Site) -> None:
    said = head(published, None).json()
    key = said["keyring"]["keys"][said["signature"]["key_id"]]
    public = load_der_public_key(b64decode(key))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    statement = head_bytes(said["site"], said["epoch"], said["version"], said["manifest_sha256"])
    public.verify(b64decode(said["signature"]["signature"]), statement, ec.ECDSA(SHA256()))
    enrolled_with = enrol(published, published.ask("enrol", server="srv-keys")["code"]).json()["keyring"]
    assert enrolled_with == said["keyring"]


def test_should_tell_a_server_that_has_the_head_nothing_new(published: Site) -> None:
    known = head(published, None).json()
    for cursor in ({"have": "1"}, {"have": "1", "epoch": "1", "manifest": known["manifest_sha256"]}):
        answer = asked_with(published, cursor)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["poll-after-seconds"] == str(known["poll_after_seconds"])


@pytest.mark.parametrize("have", ["0", "-1", "", "one", "1.0", "\u0661", "9" * 40])
def test_should_answer_what_cannot_be_a_version_as_a_bad_request(have: str, published: Site) -> None:
    answer = head(published, have)
    assert (answer.status, answer.error) == (400, "bad_request")


@pytest.mark.parametrize(
    "more", [{"epoch": "0"}, {"epoch": "x"}, {"manifest": ""}, {"manifest": "0" * 63}, {"manifest": "A" * 64}]
)
def test_should_answer_a_malformed_epoch_or_manifest_as_a_bad_request(more: dict[str, str], published: Site) -> None:
    assert asked_with(published, {"have": "1"} | more).status == 400


@pytest.mark.parametrize(
    "cursor",
    [{"have": "2"}, {"have": "1", "epoch": "2"}, {"have": "1", "epoch": "1", "manifest": "0" * 64}],
    ids=["above the head", "another epoch", "other bytes"],
)
def test_should_answer_a_version_that_was_never_published_as_gone(cursor: dict[str, str], published: Site) -> None:
    answer = asked_with(published, cursor)
    assert (answer.status, answer.error) == (410, "cursor_unknown")


def test_should_show_a_server_one_version_behind_the_way(running: Site) -> None:
    running.publish(LARGE)
    running.publish(LARGE | {"students.csv": LARGE["students.csv"] + b"One.More,Potions\n"})
    said = head(running, "2").json()
    manifest = ask(running, "manifest", version="3").json()
    (delta,) = said["deltas"]
    assert delta == {"version": 3, **manifest["delta"]}
    packed = ask(running, "object", sha256=delta["sha256"]).body
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == delta["content_sha256"]


def test_should_have_servers_ask_each_minute_while_a_version_is_new(published: Site) -> None:
    answer = head(published, None)
    assert (answer.json()["poll_after_seconds"], answer.headers["poll-after-seconds"]) == (60, "60")


def test_should_let_only_what_never_changes_be_cached(published: Site) -> None:
    snapshot = ask(published, "manifest").json()["snapshot"]["sha256"]
    for answer in (ask(published, "manifest"), ask(published, "object", sha256=snapshot)):
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    for answer in (head(published, None), head(published, "1"), ask(published, "manifest", version="9")):
        assert answer.headers["cache-control"] == "no-store"


def test_should_answer_that_a_site_without_a_version_has_no_head(school: Site) -> None:
    answer = ask(school, "head")
    assert (answer.status, answer.error) == (404, "nothing_published")


# Manifests


def test_should_serve_the_manifest_in_the_very_bytes_that_the_head_names(published: Site) -> None:
    answer = ask(published, "manifest")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert hashlib.sha256(answer.body).hexdigest() == head(published, None).json()["manifest_sha256"]
    said = json.loads(answer.body)
    assert (said["site"], said["version"], said["delta"]) == (published.name, 1, None)
    assert said["counts"] == {"groups": 4, "members": 2, "memberships": 5, "teachers": 4}


def test_should_keep_the_manifest_of_a_version_that_is_no_longer_the_head(running: Site) -> None:
    first = ask(running, "manifest").body
    running.publish(SEED | {"students.csv": SEED["students.csv"] + b"Hermione_Granger,Potions\n"})
    assert ask(running, "manifest", version="1").body == first
    second = ask(running, "manifest", version="2").json()
    assert (second["version"], second["delta"]["from"]) == (2, 1)


@pytest.mark.parametrize("version", ["0", "2", "-1", "one", "01x", "9" * 40, "../1", "\u0000", ""])
def test_should_not_find_a_version_that_does_not_exist(version: str, published: Site) -> None:
    answer = ask(published, "manifest", version=version)
    assert (answer.status, answer.error) == (404, "version_unknown")


def test_should_not_serve_a_manifest_that_was_stored_but_never_committed(published: Site) -> None:
    key = f"{published.name}/versions/2/manifest.json"
    client(published.cloud, "s3").put_object(Bucket=published.cloud.results_bucket, Key=key, Body=b"{}")
    assert ask(published, "manifest", version="2").status == 404


# Objects


def test_should_serve_an_object_in_the_very_bytes_that_the_manifest_names(published: Site) -> None:
    snapshot = ask(published, "manifest").json()["snapshot"]
    answer = ask(published, "object", sha256=snapshot["sha256"])
    assert (answer.status, answer.headers["content-type"]) == (200, "application/gzip")
    assert len(answer.body) == snapshot["bytes"]
    assert hashlib.sha256(answer.body).hexdigest() == snapshot["sha256"]
    content = gzip.decompress(answer.body)
    assert len(content) == snapshot["content_bytes"]
    assert hashlib.sha256(content).hexdigest() == snapshot["content_sha256"]


@pytest.mark.parametrize(
    "digest",
    [EXAMPLE_SHA256, "x", "A" * 64, "a" * 2000, "\u0000", "..", "../imports", "../versions/1/manifest.json", "١" * 64],
    ids=lambda digest: ascii(digest)[:20],
)
def test_should_not_find_an_object_that_does_not_exist(digest: str, published: Site) -> None:
    answer = ask(published, "object", sha256=digest)
    assert (answer.status, answer.error) == (404, "object_unknown")


def test_should_still_put_an_object_of_four_megabytes_into_the_answer(school: Site) -> None:
    data = os.urandom(4_000_000)
    answer = ask(school, "object", sha256=store(school, data))
    assert (answer.status, answer.body) == (200, data)


def test_should_answer_a_larger_object_with_a_link_that_needs_no_token(school: Site) -> None:
    data = os.urandom(4_000_001)
    digest = store(school, data)
    answer = ask(school, "object", sha256=digest)
    assert (answer.status, answer.body) == (302, b"")
    link = httpx2.URL(answer.headers["location"])
    assert 0 < int(link.params["X-Amz-Expires"]) <= 300
    with httpx2.Client() as anybody:
        assert anybody.get(link).content == data
        unsigned = anybody.get(link.copy_with(query=None))
        other = anybody.get(str(link).replace(digest, EXAMPLE_SHA256))
    assert (unsigned.status_code, other.status_code) == (403, 403)


# Whose token it is


@pytest.mark.parametrize("name", ["head", "manifest", "object", "report", "token"])
def test_should_let_a_token_read_its_own_site_only(name: str, published: Site, school: Site) -> None:
    asked = request(published, name)
    asked["requestContext"]["authorizer"]["lambda"]["site"] = school.name
    answer = serve(published, asked)
    assert (answer.status, answer.error) == (403, "site_forbidden")


def test_should_not_find_objects_of_another_site_under_ones_own(published: Site, school: Site) -> None:
    snapshot = ask(published, "manifest").json()["snapshot"]["sha256"]
    assert ask(school, "object", sha256=snapshot).status == 404
