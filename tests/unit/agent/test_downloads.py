"""Whatever the network or the cloud answers: a version that is not exactly what was published changes nothing."""

import gzip
import hashlib
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from roster.encode import Blob, Manifest
from roster_agent.net import transport
from roster_agent.net.feed_failures import FeedFailed
from roster_agent.update.pull import pull
from tests.feed_faults import FAULTS, SLOW, Answer, Change, break_off, flip_a_bit, other_bytes, other_json, page
from tests.feed_simulator import BASE, NEXT, SEED, FeedSimulator, make_roster, snapshot
from tests.unit.agent.server import NEXT_FILES, SITE, Server


@pytest.mark.parametrize("fault", FAULTS)
def test_should_change_nothing_when(server: Server, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = server.left()
    server.feed.publish(SITE, NEXT)
    route, change, code = FAULTS[fault]
    server.feed.spoil(route, change)
    with monkeypatch.context() as impatient:
        if fault in SLOW:
            impatient.setattr(transport, "_TIMEOUT", httpx2.Timeout(1))
            impatient.setattr(transport, "_LONGEST_ANSWER_SECONDS", 0.5)
        assert server.pull() == 1
    assert server.outcome() == code, server.err
    assert server.left() == before
    assert "Nothing was changed" in server.err
    assert "Traceback" not in server.err

    server.feed.heal()
    assert server.pull() == 0, server.err
    assert server.files() == NEXT_FILES


def test_should_change_nothing_when_the_feed_is_away(server: Server) -> None:
    before = server.left()
    enrolment = server.state.enrolment()
    server.state.save_enrolment(replace(enrolment, feed="http://127.0.0.1:9/feed"))
    assert server.pull() == 1
    assert server.outcome() == "feed_unreachable"
    assert "Connection refused" in server.err
    assert server.left() == before


def test_should_reach_a_feed_on_this_machine_past_any_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert server.pull() == 0, server.err


@pytest.mark.parametrize("proxy", ["http://user:secret@127.0.0.1:9", "socks5://user:secret@127.0.0.1:9", "secret://x"])
def test_should_say_it_when_the_proxy_is_of_no_use(server: Server, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    before = server.left()
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    server.state.save_enrolment(replace(server.state.enrolment(), feed="https://feed.invalid"))
    assert server.pull() == 1
    assert server.outcome() == "feed_unreachable"
    assert "proxy" in server.err
    assert "secret" not in server.err
    assert server.left() == before


def test_should_keep_the_time_that_a_busy_feed_asks_for(server: Server) -> None:
    for status, header, seconds in ((429, "120", 120), (503, "Wed, 21 Oct 2015 07:30:00 GMT", 0), (503, "soon", None)):
        server.feed.spoil("head", other_json(status, {}, Retry_After=header))
        with pytest.raises(FeedFailed) as failed:
            pull(server.state)
        assert failed.value.retry_after == seconds


# What the publisher itself got wrong, so that every digest is right.


def _publish(server: Server, content: bytes) -> None:
    server.feed.publish(SITE, NEXT, content=content)


@pytest.mark.parametrize(
    "content",
    [
        snapshot(NEXT).replace(b'"format":1', b'"format":2'),
        snapshot(NEXT).rstrip(b"\n"),
        snapshot(NEXT).replace(b"\n", b"\n\n", 1),
        snapshot(NEXT) + b'{"alien":1}\n',
        snapshot(NEXT) + snapshot(NEXT).splitlines(keepends=True)[-1],
        snapshot(NEXT) + b"\xff\n",
        b"not a snapshot\n",
        gzip.compress(b"twice"),
    ],
    ids=["format 2", "no end", "blank line", "alien line", "key twice", "not utf-8", "no snapshot", "zipped"],
)
def test_should_refuse_content_that_it_cannot_read(server: Server, content: bytes) -> None:
    before = server.left()
    _publish(server, content)
    assert server.pull() == 1
    assert server.outcome() == "corrupt_download", server.err
    assert server.left() == before


@pytest.mark.parametrize(
    "blob",
    [
        Blob("../../head", 10, "0" * 64, 10),
        Blob("0" * 64, 1 << 40, "0" * 64, 10),
        Blob("0" * 64, 10, "0" * 64, 1 << 40),
        Blob("0" * 64, -1, "0" * 64, 10),
        Blob("0" * 64, 10, "", 0),
    ],
    ids=["path for a digest", "huge", "huge content", "negative", "empty"],
)
def test_should_refuse_a_manifest_that_promises_nonsense(server: Server, blob: Blob) -> None:
    before = server.left()
    published = server.feed.publish(SITE, NEXT)
    published.manifest = Manifest.from_bytes(published.manifest)._replace(snapshot=blob).to_bytes()
    assert server.pull() == 1
    assert server.outcome() == "corrupt_download"
    assert server.left() == before
    assert not [path for path in server.feed.paths() if "/objects/" in path]


@pytest.mark.parametrize("change", [{"site": "durmstrang"}, {"epoch": 7}, {"version": 1}], ids=str)
def test_should_refuse_a_manifest_of_anything_else(server: Server, change: dict[str, Any]) -> None:
    before = server.left()
    published = server.feed.publish(SITE, NEXT)
    published.manifest = Manifest.from_bytes(published.manifest)._replace(**change).to_bytes()
    assert server.pull() == 1
    assert server.outcome() == "corrupt_download"
    assert server.left() == before


@pytest.mark.parametrize("manifest", [b"{}", b"[]", b"null", b"[" * 60_000, b'{"format":2}', b'{"format":"x"}'])
def test_should_refuse_a_manifest_that_it_cannot_read(server: Server, manifest: bytes) -> None:
    before = server.left()
    published = server.feed.publish(SITE, NEXT)
    published.manifest = manifest
    assert server.pull() == 1
    assert server.outcome() == "corrupt_download"
    assert server.left() == before


def test_should_unzip_no_more_than_was_promised(server: Server) -> None:
    before = server.left()
    bomb = gzip.compress(bytes(64 << 20))
    published = server.feed.publish(SITE, NEXT)
    blob = Blob(hashlib.sha256(bomb).hexdigest(), len(bomb), "0" * 64, 1000)
    published.objects = {blob.sha256: bomb}
    published.manifest = Manifest.from_bytes(published.manifest)._replace(snapshot=blob).to_bytes()
    assert server.pull() == 1
    assert server.outcome() == "corrupt_download"
    assert server.left() == before


# A version never goes backwards, and never changes.


@pytest.mark.parametrize(("version", "epoch"), [(2, 1), (2, 2), (4, 1), (9, 1)])
def test_should_refuse_to_go_backwards(server: Server, version: int, epoch: int) -> None:
    server.feed.publish(SITE, SEED, version=5, epoch=2)
    assert server.pull() == 0
    before = server.left()
    server.feed.publish(SITE, NEXT, version=version, epoch=epoch)
    assert server.pull() == 1
    assert server.outcome() == "version_went_backwards"
    assert server.left() == before


def test_should_follow_a_restored_cloud_that_jumped_ahead(server: Server) -> None:
    server.feed.publish(SITE, NEXT, version=1000, epoch=2)
    assert server.pull() == 0
    assert server.files() == NEXT_FILES


@pytest.mark.parametrize("epoch", [1, 2])
def test_should_refuse_other_contents_under_the_same_number(server: Server, epoch: int) -> None:
    before = server.left()
    published = server.feed.publish(SITE, NEXT, version=1, epoch=epoch)
    server.feed.spoil("head", other_json(200, server.feed.head(SITE, published)))
    assert server.pull() == 1
    assert server.outcome() == "version_rewritten"
    assert server.left() == before


def test_should_not_go_backwards_when_the_mirror_was_lost(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.pull()
    server.state.mirror.unlink()
    server.feed.published[SITE].pop()
    assert server.pull() == 1
    assert server.outcome() == "version_went_backwards"
    assert server.files() == NEXT_FILES


def test_should_note_what_it_has_seen_also_when_the_pull_before_was_killed(server: Server) -> None:
    server.feed.publish(SITE, NEXT)
    server.pull()
    (server.state.folder / "seen.json").unlink()
    server.pull()
    server.state.mirror.unlink()
    server.feed.published[SITE].pop()
    assert server.pull() == 1
    assert server.outcome() == "version_went_backwards"


def test_should_not_go_backwards_when_an_old_mirror_was_put_back(server: Server) -> None:
    old = server.state.mirror.read_bytes()
    server.feed.publish(SITE, NEXT)
    server.pull()
    server.state.mirror.write_bytes(old)
    server.feed.published[SITE].pop()
    assert server.pull() == 1
    assert server.outcome() == "version_went_backwards"
    assert server.files() == NEXT_FILES


def test_should_deliver_nothing_of_an_old_mirror_that_was_put_back(server: Server) -> None:
    old = server.state.mirror.read_bytes()
    server.feed.publish(SITE, NEXT)
    server.pull()
    server.state.mirror.write_bytes(old)
    server.feed.spoil("head", lambda answer: type(answer)(503))
    assert server.pull() == 1
    assert server.files() == NEXT_FILES
    server.feed.heal()
    assert server.pull() == 0
    assert server.left() == (NEXT_FILES, (2, snapshot(NEXT)))


def test_should_take_unchanged_answers_of_the_newest_version_as_nothing_new(server: Server) -> None:
    server.feed.spoil("head", other_json(200, server.feed.head(SITE, server.feed.published[SITE][0])))
    assert server.pull() == 0
    assert server.outcome() == "nothing_new"


# The token goes to the feed alone.


def test_should_follow_a_redirect_of_an_object_without_the_token(server: Server) -> None:
    server.feed.redirects = True
    server.feed.publish(SITE, NEXT)
    assert server.pull() == 0, server.err
    assert server.files() == NEXT_FILES
    asked = {request.path.rpartition("/")[0]: request.authorization for request in server.feed.requests}
    token = server.state.enrolment().token
    assert asked == {
        f"{BASE}/v1/sites/hogwarts": f"Bearer {token}",
        f"{BASE}/v1/sites/hogwarts/versions/2": f"Bearer {token}",
        f"{BASE}/v1/sites/hogwarts/objects": f"Bearer {token}",
        f"{BASE}/v1/sites/hogwarts/servers/library": f"Bearer {token}",
        "/bucket": None,
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (other_bytes(flip_a_bit), "corrupt_download"),
        (other_bytes(lambda b: b + b"x"), "corrupt_download"),
        (page(200), "not_the_feed"),
        (lambda _: Answer(403, b"<Error><Code>AccessDenied</Code></Error>"), "feed_failed"),
        (lambda _: Answer(503), "feed_failed"),
        (lambda _: Answer(302, headers={"Location": "https://elsewhere.invalid/"}), "not_the_feed"),
        (break_off, "feed_unreachable"),
    ],
    ids=["flipped bit", "longer", "login page", "expired", "busy", "redirects again", "breaks off"],
)
def test_should_change_nothing_when_a_redirected_download_fails(server: Server, change: Change, code: str) -> None:
    before = server.left()
    server.feed.redirects = True
    server.feed.publish(SITE, NEXT)
    server.feed.spoil("download", change)
    assert server.pull() == 1
    assert server.outcome() == code, server.err
    assert server.left() == before


def test_should_not_read_the_versions_of_another_site(server: Server, feed: FeedSimulator) -> None:
    feed.publish("durmstrang", NEXT)
    server.state.save_enrolment(replace(server.state.enrolment(), site="durmstrang"))
    before = server.files()
    assert server.pull() == 1
    assert server.outcome() == "token_refused"
    assert server.files() == before


def test_should_name_nobody_in_any_failure(server: Server) -> None:
    server.feed.publish(SITE, make_roster({"Potions": ["Harry_Potter"]}))
    token = server.state.enrolment().token
    for route, change, _ in FAULTS.values():
        server.feed.heal()
        server.feed.spoil(route, change)
        server.pull()
        attempt = server.state.last_attempt()
        said = server.out + server.err + str(attempt)
        assert not [secret for secret in ("Harry", "Potions", token) if secret in said]
