"""An HTTP server of a test's own: what a function answers is sent, with the lies and the slowness that it asks for."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.feed_faults import Answer


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: str
    authorization: str | None


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """An agent that hangs up on what it refuses is no error; anything else must show in the test's output."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class AnswerServer:
    """Bound to a port of this machine at once; answers while it is `serving`."""

    def __init__(self, answer: Callable[[Asked, bytes], Answer]) -> None:
        self._server = _Server(("127.0.0.1", 0), _handler(answer))
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def _handler(answer: Callable[[Asked, bytes], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            address = urlsplit(self.path)
            query = f"?{address.query}" if address.query else ""
            said = answer(Asked(self.command, address.path, query, self.headers["Authorization"]), body)
            time.sleep(said.silence)
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.status not in (204, 304):
                self.send_header("Content-Length", str(len(said.body) if said.length is None else said.length))
            self.end_headers()
            self._send(said)
            self.close_connection = said.length is not None

        def _send(self, said: Answer) -> None:
            if not said.drip:
                self.wfile.write(said.body)
                return
            for byte in said.body:
                self.wfile.write(bytes([byte]))
                time.sleep(said.drip)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
