"""Who may be told of a site: an address of its kind, and no other."""

from typing import Any

import pytest

from roster.contact import BadContact, Contact, contact_of, filter_policy, sites_of

WORKFLOW = "https://default1234.56.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/a"


@pytest.mark.parametrize(
    ("asked", "contact"),
    [
        ({"mail": " it@hogwarts.example "}, Contact("email", "it@hogwarts.example")),
        ({"https": "https://hooks.example/sns"}, Contact("https", "https://hooks.example/sns")),
        ({"teams": WORKFLOW}, Contact("teams", WORKFLOW)),
        (
            {"teams": "https://prod-1.westeurope.logic.azure.com/workflows/1"},
            Contact("teams", "https://prod-1.westeurope.logic.azure.com/workflows/1"),
        ),
    ],
)
def test_should_take_an_address_of_each_kind(asked: Any, contact: Contact) -> None:
    assert contact_of(asked) == contact


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (None, "name one of"),
        ({}, "name one of"),
        ({"mail": "a@b.example", "https": "https://hooks.example"}, "name one of"),
        ({"mail": "hogwarts"}, "such as it@hogwarts.example"),
        ({"mail": "a b@hogwarts.example"}, "such as it@hogwarts.example"),
        ({"mail": ["a@b.example"]}, "a text"),
        ({"mail": f"a@{'b' * 3000}.example"}, "a text"),
        ({"https": "http://hooks.example"}, "https://"),
        ({"https": "https://user:secret@hooks.example"}, "https://"),
        ({"https": WORKFLOW}, "--teams-webhook"),
        ({"teams": "https://hooks.example"}, "a workflow of Teams shows"),
        ({"teams": "https://evil.example/.logic.azure.com"}, "a workflow of Teams shows"),
        ({"teams": "https://logic.azure.com.evil.example/"}, "a workflow of Teams shows"),
        ({"teams": "https://school.webhook.office.com/webhookb2/1"}, "retired"),
    ],
)
def test_should_say_what_is_wrong_with_any_other(asked: Any, why: str) -> None:
    with pytest.raises(BadContact, match=why):
        contact_of(asked)


def test_should_find_the_sites_of_a_filter_of_ours_and_leave_others_alone() -> None:
    assert sites_of(filter_policy(["b", "a", "b"])) == ["a", "b"]
    for other in (
        None,
        "",
        "{}",
        '{"kind": ["held"]}',
        '{"site": ["a"], "kind": ["held"]}',
        '{"site": [{"prefix": "a"}]}',
    ):
        assert sites_of(other) is None
