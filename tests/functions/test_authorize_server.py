"""`authorize_server`: a request's token to the site and server that it belongs to."""

from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import Site, event, invoke
from tests.functions.feed import enrolled

TOKEN = "hogwarts.srv-01.Zx8Q2v5T7yB1nM4kL6jH9gF3dS0aP-wE_rU1iO2cXzY"
NO = {"isAuthorized": False}


def answer(cloud: Cloud, authorization: str | None) -> Any:
    request = event("authorize_server/request")
    if authorization is None:
        del request["headers"]["authorization"]
    else:
        request["headers"]["authorization"] = authorization
    return invoke(cloud, "AuthorizeServerFunction", request)


def test_should_know_the_site_and_server_that_a_token_was_given_to(school: Site) -> None:
    token = enrolled(school, "srv-02")
    never = {"applied_version": -1, "applied_manifest": "", "last_seen": "", "newer_token": 0}
    known = {"isAuthorized": True, "context": {"site": school.name, "server": "srv-02", **never}}
    assert answer(school.cloud, f"Bearer {token}") == known
    assert answer(school.cloud, f"bearer  {token} ") == known


def test_should_know_each_server_by_a_token_of_its_own(school: Site) -> None:
    tokens = [enrolled(school, server) for server in ("srv-01", "srv-02")]
    assert [answer(school.cloud, f"Bearer {token}")["context"]["server"] for token in tokens] == ["srv-01", "srv-02"]
    mixed = tokens[0].replace("srv-01", "srv-02")
    assert answer(school.cloud, f"Bearer {mixed}") == NO


def test_should_refuse_the_former_token_of_a_server_that_enrolled_again(school: Site) -> None:
    former, token = enrolled(school, "srv-01"), enrolled(school, "srv-01")
    assert answer(school.cloud, f"Bearer {former}") == NO
    assert answer(school.cloud, f"Bearer {token}")["isAuthorized"]


def test_should_refuse_a_token_at_another_site_than_its_own(school: Site) -> None:
    token = enrolled(school, "srv-01")
    elsewhere = token.replace(school.name, f"{school.name[:60]}-2", 1)
    assert answer(school.cloud, f"Bearer {elsewhere}") == NO


def test_should_refuse_a_token_in_another_scheme_or_with_anything_added(school: Site) -> None:
    token = enrolled(school, "srv-01")
    for authorization in (token, f"Basic {token}", f"Bearer {token}x", f"Bearer {token[:-1]}", f"Bearer {token} x"):
        assert answer(school.cloud, authorization) == NO, authorization


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}",
        "Bearer ..",
        "Bearer hogwarts.srv-01.",
        "Bearer HOGWARTS.srv-01.x",
        "Bearer SITE#hogwarts.SERVER#srv-01.x",
        f"Bearer {'a' * 10_000}",
        "Bearer hogwarts.srv-01.\u0000\ud83d\ude00",
        "Bearer hogwarts.srv-01.\ud83d",
    ],
    ids=lambda authorization: ascii(authorization)[:30],
)
def test_should_refuse_whoever_is_unknown_and_not_fail(authorization: str | None, cloud: Cloud) -> None:
    assert answer(cloud, authorization) == NO
