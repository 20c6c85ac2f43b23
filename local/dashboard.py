"""Serves the dashboard page on this machine: the stand-in for CloudWatch, with the deployed functions behind it.

In: the widget of a local cloud, and a port (or none, for a free one). Out: an address on 127.0.0.1 with a page that
shows the widget, carries out its actions and sends its forms. Refused: every request that does not come from this page.
Another page in the same browser can reach 127.0.0.1 too. So each request must name this host (DNS rebinding), and a
call must come from this origin, as JSON.

The answers of the functions are sanitised (`local.sanitise`); the page's Content-Security-Policy, which allows no
script but the page's own and no address but this one, is the second wall.
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from local.emulator import HOST
from local.widget import Malformed, NotAllowed

PAGE = Path(__file__).with_name("page")
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
MOST_BYTES = 256 * 1024
#: Styles are inline since those of a widget are; they can load nothing.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Shown(Protocol):
    """What is served: the widget of a dashboard (see `local.widget.Widget`)."""

    @property
    def dashboard(self) -> str:
        """The dashboard's name."""

    @property
    def title(self) -> str:
        """The widget's title."""

    @property
    def selector(self) -> dict[str, Any]:
        """The site selector: {"label", "value": what it begins with}."""

    def show(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What the widget shows first: {"html"}, {"text"} or {"error"}. Raises Malformed."""

    def act(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What an action of the widget answers, as `show` does. Raises Malformed, NotAllowed."""


class Dashboard:
    """The served page, between ``__enter__`` and ``__exit__``."""

    def __init__(self, widget: Shown, port: int = 0) -> None:
        """Take the port; 0 means any free one. Raises OSError if it is taken."""
        self._server = _Server((HOST, port), _Handler)
        self._server.widget = widget
        self.url = f"http://{HOST}:{self._server.server_port}/"

    def __enter__(self) -> Self:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    #: Closing does not wait for a browser that keeps its connection open.
    block_on_close = False
    widget: Shown


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "dashboard"
    sys_version = ""
    #: A silent connection is closed after so many seconds.
    timeout = 60

    def do_GET(self) -> None:
        """Answer with a file of the page, or with what the page must know about the dashboard."""
        try:
            self._check_host()
            if self.path.partition("?")[0] == "/dashboard.json":
                widget = self.server.widget
                about = {"title": widget.title, "dashboard": widget.dashboard, "selector": widget.selector}
                self._answer_json(HTTPStatus.OK, about)
                return
            if self.path.partition("?")[0] not in FILES:
                raise _Refused(HTTPStatus.NOT_FOUND, "There is no such page.")
            name, content_type = FILES[self.path.partition("?")[0]]
            self._answer(HTTPStatus.OK, (PAGE / name).read_bytes(), content_type)
        except _Refused as refused:
            self._refuse(refused)

    def do_POST(self) -> None:
        """Answer with what the function of the widget, or of an action, says."""
        try:
            self._check_host()
            self._check_origin()
            ways = {"/show": self.server.widget.show, "/act": self.server.widget.act}
            if self.path not in ways:
                raise _Refused(HTTPStatus.NOT_FOUND, "There is no such call.")
            self._answer_json(HTTPStatus.OK, ways[self.path](self._sent()))
        except NotAllowed as error:
            self._refuse(_Refused(HTTPStatus.FORBIDDEN, str(error)))
        except Malformed as error:
            self._refuse(_Refused(HTTPStatus.BAD_REQUEST, str(error)))
        except _Refused as refused:
            self._refuse(refused)

    def _check_host(self) -> None:
        port = self.server.server_port
        if self.headers.get_all("Host") not in ([f"{HOST}:{port}"], [f"localhost:{port}"]):
            raise _Refused(HTTPStatus.MISDIRECTED_REQUEST, "The request is for another host.")

    def _check_origin(self) -> None:
        if self.headers.get("Origin") != f"http://{self.headers['Host']}":
            raise _Refused(HTTPStatus.FORBIDDEN, "Only the page itself may call.")
        if self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise _Refused(HTTPStatus.FORBIDDEN, "Only the page itself may call.")
        # Another page cannot send JSON without asking first, and this server does not answer that question.
        if self.headers.get_content_type() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A call must be JSON.")

    def _sent(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "The call does not say how long it is.")
        if int(length) > MOST_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The call is too long.")
        try:
            sent = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError) as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, "The call is not JSON.") from error
        if not isinstance(sent, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST, "A call must be a JSON object.")
        return sent

    def _refuse(self, refused: _Refused) -> None:
        # The body may not have been read, so nothing else can come on this connection.
        self.close_connection = True
        self._answer_json(refused.status, {"error": str(refused)})

    def _answer_json(self, status: HTTPStatus, said: dict[str, Any]) -> None:
        self._answer(status, json.dumps(said).encode(), "application/json")

    def _answer(self, status: HTTPStatus, body: bytes, content_type: str) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": content_type, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Say nothing: the terminal is for the cloud's messages."""
