"""The whole stack on this machine: an emulator with template.yaml deployed to it.

In: a port (or none, for a free one). Out: a `Cloud` with its endpoint, the environment to reach it by, clients, and the
names of what was deployed. Refused: a taken port, a failing build or deployment (`local.emulator.LocalCloudError`).

`local.widget` and `local.dashboard` look at a cloud; `local.run_cloud` runs both for a person.
"""

import shlex
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import boto3

from local import deployment
from local.deployment import STACK_NAME, STATE
from local.emulator import REGION, Emulator, clean_environment, credentials, free_port
from local.mailbox import Mailbox
from local.progress import Progress, silent


class Cloud:
    """A deployed stack, while the context is open. Several may be up at once, each on its own port."""

    def __init__(
        self,
        port: int | None = None,
        progress: Progress = silent,
        folder: Path | None = None,
        *,
        deployed: bool = True,
    ) -> None:
        """Prepare only. ``progress`` wraps each step of the start. With ``deployed=False`` the cloud is empty.

        ``folder`` takes the log and temporary files. A cloud that was given neither port nor folder removes its folder
        when all went well; otherwise the log stays, so that it can be read.
        """
        self.port = port or free_port()
        self.folder = folder or STATE / str(self.port)
        self._keeps_folder = bool(port or folder)
        self._deployed = deployed
        self.outputs: dict[str, str] = {}
        self._progress = progress
        self._emulator = Emulator(self.port, self.folder)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start the emulator, build, deploy. Raises LocalCloudError."""
        with ExitStack() as starting:
            with self._progress("Starting the emulator"):
                starting.enter_context(self._emulator)
            starting.callback(shutil.rmtree, self.folder / "tmp", ignore_errors=True)
            if self._deployed:
                self._deploy()
            self._running = starting.pop_all()
        return self

    def _deploy(self) -> None:
        environment = clean_environment() | self.aws_environment
        with self._progress("Building (sam build)"):
            built = deployment.build(environment)
        with self._progress("Deploying (sam deploy)"):
            deployment.deploy(built, environment, {"LocalCloud": "true"})
            stack = self.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
            self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
            topic, folder = self.outputs["AlertTopicArn"], self.folder / "messages"
            self.mailbox = Mailbox(self.client("sqs"), self.client("sns"), topic, folder)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the emulator. All that it stored is gone."""
        self._running.close()
        if error is None and not self._keeps_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def endpoint_url(self) -> str:
        """The address at which all of AWS answers."""
        return self._emulator.endpoint_url

    @property
    def log(self) -> Path:
        """The emulator's log, with the output of every function."""
        return self._emulator.log

    @property
    def aws_environment(self) -> dict[str, str]:
        """What any AWS client needs in its environment."""
        return {"AWS_ENDPOINT_URL": self.endpoint_url, **credentials()}

    @property
    def environment(self) -> dict[str, str]:
        """`aws_environment`, and the names of what was deployed: what our commands and a person's shell need."""
        return {
            **self.aws_environment,
            "STACK_NAME": STACK_NAME,
            "INBOX_BUCKET": self.inbox_bucket,
            "RESULTS_BUCKET": self.results_bucket,
            "TABLE_NAME": self.table_name,
            "FEED_URL": self.feed_url,
        }

    @property
    def inbox_bucket(self) -> str:
        """The bucket that takes uploads."""
        return self.outputs["InboxBucketName"]

    @property
    def results_bucket(self) -> str:
        """The bucket of published versions."""
        return self.outputs["ResultsBucketName"]

    @property
    def table_name(self) -> str:
        """The table."""
        return self.outputs["TableName"]

    @property
    def feed_url(self) -> str:
        """The feed's address: the emulator serves each API below a path of its own."""
        host = urlsplit(self.outputs["FeedUrl"]).hostname or ""
        return f"{self.endpoint_url}/_aws/execute-api/{host.split('.')[0]}/$default"

    def session(self) -> boto3.Session:
        """A session with the emulator's credentials; its clients still need ``endpoint_url``."""
        return boto3.Session(
            aws_access_key_id=credentials()["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials()["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

    def client(self, service: str) -> Any:
        """A client of one service of this cloud."""
        return self.session().client(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]

    def resource(self, service: str) -> Any:
        """A resource of one service of this cloud."""
        return self.session().resource(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]

    def shell_environment(self, more: Mapping[str, str] | None = None) -> str:
        """`environment`, and `more`, as a script for ``. FILE`` in any shell. It unsets other AWS settings."""
        named = {**self.environment, **(more or {})}
        lines = ["unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_CA_BUNDLE"]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in named.items()]
        return "\n".join(lines) + "\n"
