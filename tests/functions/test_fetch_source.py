"""`fetch_source`: what is no request is refused, a site without credentials is told so. `tests/flow` has the rest."""

import json

import pytest

from tests.deployed import Site, client, event, function, invoke


@pytest.mark.parametrize("name", ["nightly", "asked"])
def test_should_tell_of_a_site_without_credentials_as_of_a_failed_import(name: str, school: Site) -> None:
    said = invoke(school.cloud, "FetchSourceFunction", event(f"fetch_source/{name}", {"hogwarts": school.name}))
    assert said == {"ok": False, "error": "source_not_set", "what": ""}
    (report,) = school.imports()
    assert (report["status"], report["reason"]) == ("failed", "source_not_set")
    assert (report.get("asked") or "") == event("fetch_source/" + name)["asked"]
    assert school.ask("imports")["waiting"] is None


def test_should_only_try_what_is_stored(school: Site) -> None:
    said = invoke(school.cloud, "FetchSourceFunction", event("fetch_source/test", {"hogwarts": school.name}))
    assert said == {"ok": False, "error": "source_not_set", "what": ""}
    assert school.imports() == []


@pytest.mark.parametrize("sent", [{}, {"site": "../hogwarts"}, {"site": ""}])
def test_should_refuse_what_names_no_site(sent: dict[str, str], school: Site) -> None:
    name = function(school.cloud, "FetchSourceFunction")
    answer = client(school.cloud, "lambda").invoke(FunctionName=name, Payload=json.dumps(sent).encode())
    assert answer["FunctionError"]
