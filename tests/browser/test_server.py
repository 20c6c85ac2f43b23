"""Who is answered by the page's server, and with what. Every refusal is tried over a real connection."""

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.dashboard import MOST_BYTES, Dashboard
from local.emulator import HOST
from local.widget import Malformed
from tests.browser.scripted import Scripted

CALL = {"site": "", "endpoint": "arn:show", "params": {}, "context": {}}


class Client:
    def __init__(self, url: str) -> None:
        self.authority = re.sub(r"^http://|/$", "", url)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str | None] | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request as the page's browser sends it, except for the headers given; None leaves one out."""
        sent: dict[str, str | None] = {"Host": self.authority}
        if method == "POST":
            length = str(len(body or b""))
            sent |= {"Origin": f"http://{self.authority}", "Content-Type": "application/json", "Content-Length": length}
        sent |= headers or {}
        connection = http.client.HTTPConnection(self.authority, timeout=10)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer.status, answer.headers, said

    def call(self, path: str, sent: Any, headers: dict[str, str | None] | None = None) -> tuple[int, Any]:
        status, _, said = self.ask("POST", path, json.dumps(sent).encode(), headers)
        return status, json.loads(said)


@pytest.fixture
def widget() -> Scripted:
    return Scripted()


@pytest.fixture
def client(widget: Scripted) -> Iterator[Client]:
    with Dashboard(widget) as dashboard:
        yield Client(dashboard.url)


def test_should_listen_on_this_machine_only(widget: Scripted) -> None:
    with Dashboard(widget) as dashboard:
        assert dashboard.url.startswith(f"http://{HOST}:")
        assert dashboard._server.server_address[0] == HOST


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/", "text/html"), ("/?site=a", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")],
)
def test_should_send_every_file_of_the_page_with_a_policy_against_foreign_scripts(
    path: str, content_type: str, client: Client
) -> None:
    status, headers, body = client.ask("GET", path)
    assert (status, headers.get_content_type()) == (200, content_type)
    assert body
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "form-action 'none'" in policy
    assert not re.search(r"unsafe-eval|script-src[^;]*unsafe|https?:|\*", policy)
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_should_tell_the_page_what_the_dashboard_is(client: Client) -> None:
    status, _, body = client.ask("GET", "/dashboard.json")
    assert status == 200
    assert json.loads(body)["selector"] == {"label": "Site", "value": "ALL_SITES"}


@pytest.mark.parametrize("path", ["/page", "/page.js/", "/../cloud.py", "/%2e%2e/cloud.py", "/favicon.ico"])
def test_should_serve_no_other_file(path: str, client: Client) -> None:
    assert client.ask("GET", path)[0] == 404


def test_should_answer_a_call(client: Client, widget: Scripted) -> None:
    status, said = client.call("/act", CALL)
    assert (status, said) == (200, {"html": "<p>answer {}</p>"})
    assert widget.acts == [CALL]


def test_should_take_localhost_for_this_machine_too(client: Client) -> None:
    host = client.authority.replace(HOST, "localhost")
    assert client.call("/show", CALL, {"Host": host, "Origin": f"http://{host}"})[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1.evil.example", "", None])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_should_refuse_a_request_for_another_host(
    method: str, host: str | None, client: Client, widget: Scripted
) -> None:
    path = "/dashboard.json" if method == "GET" else "/act"
    origin = {"Origin": f"http://{host}"} if method == "POST" else {}
    status, _, said = client.ask(method, path, b"{}" if method == "POST" else None, {"Host": host, **origin})
    assert status == 421
    assert b"Site" not in said
    assert widget.acts == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": f"http://{HOST}"}, 403),
        ({"Origin": f"http://{HOST}:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": None}, 415),
        ({"Content-Length": None}, 411),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": str(MOST_BYTES + 1)}, 413),
    ],
    ids=str,
)
def test_should_refuse_a_call_that_the_page_did_not_make(
    headers: dict[str, str | None], status: int, client: Client, widget: Scripted
) -> None:
    assert client.call("/act", CALL, headers)[0] == status
    assert widget.acts == []


def test_should_refuse_another_origin_that_asks_for_permission(client: Client) -> None:
    status, headers, _ = client.ask("OPTIONS", "/act", headers={"Origin": "https://evil.example"})
    assert status == 501
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"a"', b"{", b"\xff", b"[" * 200_000], ids=lambda body: body[:9]
)
def test_should_refuse_what_is_not_a_call(body: bytes, client: Client, widget: Scripted) -> None:
    assert client.ask("POST", "/act", body)[0] == 400
    assert widget.acts == []


def test_should_refuse_a_function_that_is_not_the_dashboards(client: Client) -> None:
    status, said = client.call("/act", CALL | {"endpoint": "arn:not-allowed"})
    assert status == 403
    assert "not a function of this dashboard" in said["error"]


def test_should_say_what_is_wrong_with_a_call(client: Client, widget: Scripted) -> None:
    def malformed(_params: object) -> None:
        raise Malformed("params must be a JSON object")

    widget.answers = malformed
    assert client.call("/act", CALL) == (400, {"error": "params must be a JSON object"})


def test_should_refuse_other_calls(client: Client) -> None:
    assert client.call("/invoke", CALL)[0] == 404
