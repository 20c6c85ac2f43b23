"""An HTTP server on this machine that sends exactly the answers it is given, lies and silences included.

In: what decides the answer to a request. Out: a running server. An agent that hangs up on what it refuses is no error;
anything else that goes wrong while answering shows in the test's output.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.feed_faults import Answer


@dataclass(frozen=True)
class Asked:
    """A request. `query` begins with its question mark, if there is one."""

    method: str
    path: str
    query: str
    authorization: str | None
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Answering(ThreadingHTTPServer):
    """Answers what `answer` says; `origin` is its address."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _handler(answer))
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(answer_to: Callable[[Asked], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def do_PUT(self) -> None:
            self.do_POST()

        def _answer(self, body: bytes) -> None:
            address = urlsplit(self.path)
            query = f"?{address.query}" if address.query else ""
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = answer_to(Asked(self.command, address.path, query, headers.get("authorization"), body, headers))
            time.sleep(answer.silence)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status not in (204, 304):
                self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
            self.end_headers()
            self._send(answer)
            self.close_connection = answer.length is not None

        def _send(self, answer: Answer) -> None:
            if not answer.drip:
                self.wfile.write(answer.body)
                return
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                time.sleep(answer.drip)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
