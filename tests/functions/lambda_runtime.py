"""A function in a process of its own, run by AWS's own runtime client, which this serves with the runtime API.

In: the name of a function's folder and its environment. Out: for each event, what the process posted back: a response
or an error. The layers are on the path as Lambda puts them there; the Python is the one that runs the tests.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.emulator import HOST, clean_environment, credentials
from tests.deployed import ROOT

API = "/2018-06-01/runtime"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Posted:
    """What the process posted: `to` is init/error, response or error."""

    to: str
    headers: dict[str, str]
    body: Any


class LambdaRuntime:
    """A warm function between ``__enter__`` and ``__exit__``."""

    def __init__(self, name: str, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._events: queue.Queue[tuple[dict[str, str], bytes] | None] = queue.Queue()
        self._posted: queue.Queue[Posted] = queue.Queue()
        self._asked = threading.Event()
        self._server = ThreadingHTTPServer((HOST, 0), self._requests())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._environment = {
            **clean_environment(),
            **credentials(),
            **environment,
            "PYTHONPATH": os.pathsep.join(str(ROOT / "layers" / layer) for layer in ("core", "aws")),
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self._server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            # As template.yaml asks for it: the runtime then logs in JSON too, beside what the function logs.
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "LAMBDA_TASK_ROOT": str(ROOT / "functions" / name),
            "POWERTOOLS_SERVICE_NAME": name,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", "handler.handler"],
                cwd=self._environment["LAMBDA_TASK_ROOT"],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        self._events.put(None)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def start(self) -> float:
        """Wait until it asks for its first event; how many seconds it has taken."""
        since = time.monotonic()
        assert self._asked.wait(PATIENCE_SECONDS), self.told()
        return time.monotonic() - since

    def invoke(self, event: Any, request_id: str, lives_seconds: int = 60) -> Posted:
        """What it posts back to an event."""
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + lives_seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-2:111122223333:function:under-test",
            "Content-Type": "application/json",
        }
        self._events.put((headers, json.dumps(event).encode()))
        return self.posted()

    def posted(self) -> Posted:
        """The next thing that it posts."""
        try:
            return self._posted.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise AssertionError(self.told()) from None

    def told(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _requests(self) -> type[BaseHTTPRequestHandler]:
        runtime = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                assert self.path == f"{API}/invocation/next"
                runtime._asked.set()
                given = runtime._events.get()
                if given is None:  # the process is gone
                    self.close_connection = True
                    return
                headers, body = given
                self._answer(200, headers, body)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                to = self.path.removeprefix(f"{API}/").removeprefix("invocation/")
                to = to if to == "init/error" else to.partition("/")[2]
                self._answer(202, {}, b'{"status":"OK"}')
                runtime._posted.put(Posted(to, {name.lower(): value for name, value in self.headers.items()}, body))

            def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has in the base class
                pass

        return Requests
