"""`erase_site`: what is no request is answered and erases nothing; `tests/flow/test_leaving.py` has the rest."""

from typing import Any

import pytest

from local.cloud import Cloud
from roster.erasure import COUNTED
from tests.deployed import Site, event, invoke


def ask(cloud: Cloud, sent: Any) -> Any:
    return invoke(cloud, "EraseSiteFunction", sent)


def test_should_count_what_there_is_and_leave_it(running: Site) -> None:
    said = ask(running.cloud, event("erase_site/count", {"hogwarts": running.name}))
    assert said["ok"]
    assert list(said["counts"]) == list(COUNTED)
    assert said["counts"]["groups_and_rights"] > 0
    assert running.version() == 1


@pytest.mark.parametrize("confirm", [None, "", "durmstrang", 7, ["hogwarts"]])
def test_should_erase_nothing_without_the_name_once_more(published: Site, confirm: object) -> None:
    sent = event("erase_site/erase", {"hogwarts": published.name}) | {"confirm": confirm}
    said = ask(published.cloud, sent)
    assert (said["ok"], said["error"]) == (False, "bad_request")
    assert published.version() == 1


@pytest.mark.parametrize("sent", [None, [], {}, {"site": "a/b", "action": "count"}, {"site": "hogwarts", "action": []}])
def test_should_refuse_what_is_no_request(cloud: Cloud, sent: object) -> None:
    assert ask(cloud, sent)["error"] == "bad_request"


def test_should_have_no_receipt_of_a_site_that_was_never_erased(published: Site) -> None:
    assert ask(published.cloud, {"action": "receipts", "site": published.name})["receipts"] == []
