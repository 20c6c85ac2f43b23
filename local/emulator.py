"""One emulator of AWS as a process of ours: started, waited for, stopped.

In: a port and a folder for its log and temporary files. Out: an empty AWS that answers on 127.0.0.1 only. Refused: a
port that is taken, and an emulator that does not start.

However the parent ends, nothing keeps running: the emulator has a process group of its own, and ends when the pipe from
its parent closes (see ``run_ministack.py``).
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

REGION = "eu-west-2"
HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 10
RUNNER = Path(__file__).with_name("run_ministack.py")


class LocalCloudError(Exception):
    """The local cloud cannot be started; the text says why, and what to do about it."""


class PortTaken(LocalCloudError):
    """Another program listens on the port."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def credentials() -> dict[str, str]:
    """The environment with which any AWS client is the emulator's one user. The endpoint is not in it."""
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }


def clean_environment() -> dict[str, str]:
    """This process's environment without anybody's own AWS settings, and with our tools first on the PATH."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_", "MAKE", "MFLAGS"))
    }
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": HOST,
    }


class Emulator:
    """A running emulator, while the context is open."""

    def __init__(self, port: int, folder: Path) -> None:
        """Prepare only; ``folder`` is made when the emulator starts."""
        self.port = port
        self.folder = folder
        self.endpoint_url = f"http://{HOST}:{port}"
        self.log = folder / "emulator.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Start, and return when requests are answered. Raises PortTaken, LocalCloudError."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise PortTaken(
                    f"Port {self.port} of {HOST} is taken, perhaps by another local cloud. "
                    f"Choose another one: CLOUD_PORT={self.port + 1} make cloud"
                ) from error
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        self._output = self.log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, RUNNER],
            cwd=self.folder,
            env=clean_environment()
            | credentials()
            | {
                # Otherwise it would listen on every interface of the machine.
                "BIND_HOST": HOST,
                "GATEWAY_PORT": str(self.port),
                "MINISTACK_REGION": REGION,
                "MINISTACK_HOST": HOST,
                # The template's roles and policies apply as they do on AWS: what they forbid fails here too.
                "AUTH": "true",
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
                "LAMBDA_EXECUTOR": "local",
                "TMPDIR": str(temporary),
            },
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """End this emulator and the functions that it runs, and no other process. May be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # Only the processes of its functions are in the group that it leads.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdin:
            process.stdin.close()
        if self._output:
            self._output.close()

    def _wait_until_healthy(self) -> None:
        process = self._process
        deadline = time.monotonic() + START_SECONDS
        while process is not None and process.poll() is None and time.monotonic() < deadline:
            connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
            try:
                connection.request("GET", "/_ministack/health")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                connection.close()
        raise LocalCloudError(f"The emulator did not start; its log is {self.log}")
