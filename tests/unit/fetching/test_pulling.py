"""A roster pulled from servers of all three APIs: one and the same, whatever happens on the way; or nothing at all."""

import time
from collections.abc import Callable, Iterator

import pytest

from roster.sources.pulling import Bundle, PullFailed, count_schools, pull
from roster_aws.fetching import source_client
from roster_aws.fetching.source_client import Credentials, SourceClient
from tests.source_servers import FAULTS, School, SourceServer, serving
from tests.unit.sources.bundles import groups, plan, rights, sample

APIS = ("clever", "oneroster-1.1", "oneroster-1.2")
SCHOOL = School(sample("ms-sds-v1-100"))
#: The same school as its own system exports it.
EXPORTED = plan(sample("ms-sds-v1-100"), all_dates=True)

Pull = Callable[..., Bundle]


@pytest.fixture(params=APIS)
def server(request: pytest.FixtureRequest) -> Iterator[SourceServer]:
    with serving(SourceServer(SCHOOL, request.param)) as server:
        yield server


def pulled(server: SourceServer, seconds: float = 30, **changed: str) -> Bundle:
    """What a pull brings; it waits a hundredth of what it is told to."""
    credentials = Credentials(**server.credentials() | changed)
    deadline = time.monotonic() + seconds
    wait = lambda pause: time.sleep(pause / 100)  # noqa: E731
    with SourceClient(credentials, deadline, allow_http=True, wait=wait) as client:
        return pull(credentials.api, client.ask)


def failure(server: SourceServer, seconds: float = 30, **changed: str) -> str:
    with pytest.raises(PullFailed) as failed:
        pulled(server, seconds, **changed)
    return failed.value.code


def test_should_pull_the_roster_that_the_school_exports(server: SourceServer) -> None:
    server.page = 20
    made = plan(pulled(server).data)
    assert (groups(made), rights(made)) == (groups(EXPORTED), rights(EXPORTED))
    assert len(server.asked) > len(set(server.asked)) + 2, "in pages"


def test_should_make_the_same_bytes_in_whatever_pages_it_comes(server: SourceServer) -> None:
    first = pulled(server).data
    server.page = 7
    assert pulled(server).data == first


def test_should_make_one_version_of_all_three_apis() -> None:
    made = [EXPORTED.snapshot]
    for api in APIS:
        with serving(SourceServer(SCHOOL, api)) as server:
            made.append(plan(pulled(server).data).snapshot)
    assert len({each.blob.content_sha256 for each in made if each}) == 1
    assert all(made)


@pytest.mark.parametrize("fault", ["busy_once", "broken_once"])
def test_should_wait_for_a_server_that_is_busy(server: SourceServer, fault: str) -> None:
    server.fault = fault
    assert pulled(server).counts


@pytest.mark.parametrize("fault", FAULTS)
def test_should_take_nothing_where_anything_is_doubtful(
    server: SourceServer, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_clever = server.api == "clever"
    if is_clever and fault in ("short", "moved"):
        return  # its pages follow ids, and it announces no count
    monkeypatch.setattr(source_client, "_LONGEST_ANSWER_SECONDS", 0.5 if fault == "drip" else 30)
    server.fault = fault
    of_all = fault in ("grows", "moved", "short")
    server.fault_at = "" if of_all else "sections" if is_clever else "classes"
    assert failure(server) == FAULTS[fault]


def test_should_end_alike_after_it_was_killed_at_any_request(server: SourceServer) -> None:
    server.page = 400
    whole = pulled(server).data
    requests = len(server.asked)
    for dies_after in range(requests):
        server.asked.clear()
        server.dies_after = dies_after
        assert failure(server) == "source_unreachable"
    server.asked.clear()
    server.dies_after = None
    assert pulled(server).data == whole


def test_should_not_be_let_in_with_other_credentials(server: SourceServer) -> None:
    key = "token" if server.api == "clever" else "client_secret"
    changed = {key: "another"}
    assert failure(server, 30, **changed) == "source_refused"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2/", "http://school.example/", "ftp://127.0.0.1/", "127.0.0.1", "https://"]
)
def test_should_send_credentials_to_nothing_but_https(server: SourceServer, url: str) -> None:
    assert failure(server, url=url) == "source_not_https"
    assert server.asked == []


def test_should_send_them_over_http_only_where_that_is_allowed(server: SourceServer) -> None:
    credentials = Credentials(**server.credentials())
    with pytest.raises(PullFailed, match="source_not_https"):
        SourceClient(credentials, time.monotonic() + 9)


def test_should_end_when_its_time_is_over(server: SourceServer) -> None:
    assert failure(server, seconds=-1) == "source_too_slow"


def test_should_say_that_nobody_is_there() -> None:
    with serving(SourceServer(SCHOOL, "clever")) as gone:
        pass
    assert failure(gone) == "source_unreachable"


def test_should_count_the_schools_that_it_sees(server: SourceServer) -> None:
    credentials = Credentials(**server.credentials())
    with SourceClient(credentials, time.monotonic() + 30, allow_http=True) as client:
        assert count_schools(credentials.api, client.ask) == 2


@pytest.mark.parametrize(
    "secret",
    [
        *("", "{", "[]", '"x"', "{}"),
        '{"api": "sftp", "url": "https://a", "token": "b"}',
        '{"api": "clever", "url": "https://a"}',
        '{"api": "clever", "url": "https://a", "token": "b", "password": "c"}',
    ],
)
def test_should_refuse_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(PullFailed, match="source_not_set"):
        Credentials.from_secret(secret)


def test_should_show_no_credential() -> None:
    assert "the-secret" not in repr(Credentials("clever", "https://a", token="the-secret", client_secret="the-secret"))
