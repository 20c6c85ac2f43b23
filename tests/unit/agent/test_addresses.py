"""The rules about addresses, without a network."""

import pytest

from roster_agent.failures import BadArgument
from roster_agent.net import addresses
from roster_agent.net.feed_failures import NotTheFeed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://feed.example.org", "https://feed.example.org"),
        ("https://feed.example.org/", "https://feed.example.org"),
        ("https://feed.example.org:8443/base/", "https://feed.example.org:8443/base"),
        ("http://127.0.0.1:4566/_aws/execute-api/a1/$default", "http://127.0.0.1:4566/_aws/execute-api/a1/$default"),
        ("http://127.8.9.1/", "http://127.8.9.1"),
        ("http://localhost:4566", "http://localhost:4566"),
        ("http://[::1]:4566", "http://[::1]:4566"),
    ],
)
def test_should_take_https_anywhere_and_http_on_this_machine(typed: str, kept: str) -> None:
    assert addresses.feed_url(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "http://feed.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://127.1",
        "http://192.168.1.10",
        "http://0.0.0.0",
        "ftp://127.0.0.1",
        "feed.example.org",
        "https://",
        "https://user:secret@feed.example.org",
        "https://feed.example.org?site=x",
        "https://feed.example.org#part",
        "https://feed.example.org:port",
        "https://[::1",
        "https://feed.exa\tmple.org",
        "https://feed.example.org/a b",
        "",
    ],
)
def test_should_refuse_any_other_address(typed: str) -> None:
    with pytest.raises(BadArgument):
        addresses.feed_url(typed)


def test_should_say_that_https_is_needed() -> None:
    with pytest.raises(BadArgument, match="https://"):
        addresses.feed_url("http://feed.example.org")


@pytest.mark.parametrize(
    ("requested", "location", "target"),
    [
        ("https://feed.example.org/o", "https://bucket.example.com/o?X=1", "https://bucket.example.com/o?X=1"),
        ("https://feed.example.org/v1/o", "/bucket/o", "https://feed.example.org/bucket/o"),
        ("http://127.0.0.1:4566/o", "http://localhost:4566/o", "http://localhost:4566/o"),
        ("http://127.0.0.1:4566/o", "https://bucket.example.com/o", "https://bucket.example.com/o"),
    ],
)
def test_should_follow_redirects_to_https_or_within_this_machine(requested: str, location: str, target: str) -> None:
    assert addresses.redirect_url(requested, location) == target


@pytest.mark.parametrize(
    ("requested", "location"),
    [
        ("https://feed.example.org/o", "http://bucket.example.com/o"),
        ("https://feed.example.org/o", "http://127.0.0.1/o"),
        ("http://127.0.0.1/o", "http://bucket.example.com/o"),
        ("https://feed.example.org/o", "https://user@bucket.example.com/o"),
        ("https://feed.example.org/o", "file:///etc/passwd"),
        ("https://feed.example.org/o", "https://["),
    ],
)
def test_should_refuse_redirects_that_leave_https(requested: str, location: str) -> None:
    with pytest.raises(NotTheFeed):
        addresses.redirect_url(requested, location)


@pytest.mark.parametrize("site", ["hogwarts", "a", "7-oaks", "a" * 63])
def test_should_take_the_id_of_a_site(site: str) -> None:
    assert addresses.site(site) == site


@pytest.mark.parametrize("site", ["", "-a", "Hogwarts", "a/b", "a.b", "a" * 64, "hogwarts\n"])
def test_should_refuse_what_cannot_be_a_site(site: str) -> None:
    with pytest.raises(BadArgument):
        addresses.site(site)
