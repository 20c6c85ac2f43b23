"""Keeps a local cloud and its dashboard page up for a person, until Ctrl-C.

``python -m local.run_cloud`` (``make cloud``): CLOUD_PORT chooses the cloud's port. The page takes the next port, or a
free one if that is taken. A file for the shell (`--env-file`) says how to reach both.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from rich.console import Console

from local.cloud import Cloud
from local.dashboard import Dashboard
from local.deployment import STATE
from local.emulator import LocalCloudError
from local.progress import shown
from local.widget import Widget

DEFAULT_PORT = 4566
ENV_FILE = STATE / "cloud.env"
# How often what people would be told of is put into the folder of messages.
_COLLECTED_SECONDS = 2


def dashboard_beside(cloud: Cloud) -> Dashboard:
    """The page beside a cloud: at the port after the cloud's, or at a free one."""
    widget = Widget(cloud)
    try:
        return Dashboard(widget, cloud.port + 1)
    except (OSError, OverflowError):
        return Dashboard(widget)


def _explain(cloud: Cloud, dashboard: Dashboard, env_file: Path, console: Console) -> None:
    console.print(
        f"""
[bold]The cloud is up[/] at {cloud.endpoint_url}, log in {os.path.relpath(cloud.log)}
[bold]The dashboard page[/] is at [link={dashboard.url}]{dashboard.url}[/link]
[bold]What people would be told[/] is in {os.path.relpath(cloud.mailbox.folder)}

In another terminal, from this folder:

  [cyan]. {os.path.relpath(env_file)}; export PATH="$PWD/.venv/bin:$PATH"[/]

  add a site        [cyan]roster-admin site add hogwarts[/]
  upload a pair     [cyan]aws s3 cp local/example/teachers.csv s3://$INBOX_BUCKET/hogwarts/teachers.csv[/]
                    [cyan]aws s3 cp local/example/students.csv s3://$INBOX_BUCKET/hogwarts/students.csv[/]
  see the import    [cyan]roster-admin imports hogwarts[/]
  enrol a server    [cyan]roster-admin enrol hogwarts server-1[/]
                    [cyan]AT=$(mktemp -d); mkdir $AT/CSVImport; export ROSTER_AGENT_STATE=$AT/state[/]
                    [cyan]roster-agent enrol --feed "$FEED_URL" --site hogwarts --code CODE --folder $AT/CSVImport[/]
  pull the roster   [cyan]roster-agent pull[/]

Ctrl-C stops it. Nothing is kept.""",
        soft_wrap=True,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.run_cloud", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--port",
        default=os.environ.get("CLOUD_PORT") or str(DEFAULT_PORT),
        help="default: CLOUD_PORT, else %(default)s",
    )
    parser.add_argument(
        "--env-file", type=Path, default=ENV_FILE, metavar="FILE", help="where to write the environment for a shell"
    )
    arguments = parser.parse_args()
    if not arguments.port.isdecimal() or not 0 < int(arguments.port) < 65536:
        parser.error(f"CLOUD_PORT or --port must be a port from 1 to 65535, not {arguments.port!r}")
    return arguments


def main() -> int:
    """Keep a cloud up until Ctrl-C (or SIGTERM). Exit status: 0, 1 if it did not start, 2 for wrong usage."""
    arguments = _arguments()
    console = Console(stderr=True, highlight=False)
    port, env_file = int(arguments.port), arguments.env_file.resolve()
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # A second Ctrl-C must not interrupt the stopping.
        nonlocal stopping
        if not stopping:
            stopping = True
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        with Cloud(port, shown(console), env_file.parent / str(port)) as cloud, dashboard_beside(cloud) as dashboard:
            written = cloud.shell_environment({"DASHBOARD_URL": dashboard.url})
            try:
                env_file.write_text(written, encoding="utf-8")
                _explain(cloud, dashboard, env_file, console)
                while True:
                    cloud.mailbox.collect()
                    time.sleep(_COLLECTED_SECONDS)
            finally:
                # Another cloud may have written its own file there since.
                if env_file.exists() and env_file.read_text(encoding="utf-8") == written:
                    env_file.unlink()
    except KeyboardInterrupt:
        console.print("\nThe cloud is stopped.")
        return 0
    except LocalCloudError as error:
        console.print(str(error), markup=False, style="red", soft_wrap=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
