"""The main job, from start to finish, on this machine: an upload of the example pair reaches an Impero server's folder.

``python -m local.demo`` (``make demo``) starts a cloud of its own, deploys template.yaml to it, adds a site, uploads
the pair of the product's guide, waits for the import, enrols a server, pulls, prints what was stored and delivered,
writes the import's page to .local/import.html, and stops everything. Exit status: 0, or 1 with the reason.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from boto3.dynamodb.conditions import Key
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table

from local.cloud import Cloud
from local.deployment import STATE
from local.emulator import LocalCloudError, clean_environment
from local.progress import shown
from roster_commands.outcome import report_page
from roster_commands.pages import shown as shown_page

EXAMPLE = Path(__file__).with_name("example")
SITE = "hogwarts"
SERVER = "srv-01"
PAGE = STATE / "import.html"
_PATIENCE_SECONDS = 60


def main() -> int:
    """Run the demo; the exit status."""
    progress = shown()
    out = Console(highlight=False)
    try:
        with Cloud(progress=progress) as cloud, tempfile.TemporaryDirectory() as folder:
            with progress(f"Adding the site {SITE}"):
                _run(cloud, "roster-admin", "site", "add", SITE)
            with progress(f"Uploading teachers.csv and students.csv to s3://{cloud.inbox_bucket}/{SITE}/"):
                for file in sorted(EXAMPLE.glob("*.csv")):
                    cloud.client("s3").upload_file(str(file), cloud.inbox_bucket, f"{SITE}/{file.name}")
            with progress("Importing (S3 event, queue, Lambda)"):
                report = _wait_for_import(cloud)
            with progress("An Impero server enrols and pulls (HTTP API)"):
                csv_import = Path(folder, "CSVImport")
                _pull(cloud, csv_import, Path(folder, "state"))
            _run(cloud, "roster-admin", "report", SITE, report["import"], "--html", PAGE)
            _show(out, cloud, report, csv_import)
    except (LocalCloudError, _DemoFailed) as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    out.print(f"The import's page, as the dashboard shows it: [link={PAGE.as_uri()}]{os.path.relpath(PAGE)}[/link]")
    out.print("Everything is stopped. [cyan]make cloud[/] starts such a cloud and keeps it up for you to try.")
    return 0


class _DemoFailed(Exception):
    pass


def _wait_for_import(cloud: Cloud) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        said = json.loads(_run(cloud, "roster-admin", "imports", SITE, "--json"))
        for report in said["imports"]:
            if report["status"] != "fetching":
                return dict(report)
    raise _DemoFailed(f"the import did not end within {_PATIENCE_SECONDS} s; the log is {cloud.log}")


def _pull(cloud: Cloud, csv_import: Path, state: Path) -> None:
    csv_import.mkdir()
    code = _run(cloud, "roster-admin", "enrol", SITE, SERVER).strip()
    enrol = ("--feed", cloud.feed_url, "--site", SITE, "--code", code, "--folder", csv_import)
    _run(cloud, "roster-agent", "enrol", *enrol, "--state", state)
    _run(cloud, "roster-agent", "pull", "--state", state)


def _run(cloud: Cloud, program: str, *arguments: str | Path) -> str:
    """What one of the product's commands prints when it is run as a person runs it."""
    ran = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        env=clean_environment() | cloud.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise _DemoFailed(f"{program} {arguments[0]} ended with {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def _stored(cloud: Cloud, kind: str) -> list[dict[str, Any]]:
    """The items of one kind, GROUP or RIGHT, sorted by key."""
    table = cloud.resource("dynamodb").Table(cloud.table_name)
    of_kind = Key("sk").begins_with(f"{kind}#")
    found = [
        table.query(KeyConditionExpression=Key("pk").eq(f"SITE#{SITE}#{digit:x}") & of_kind) for digit in range(16)
    ]
    return sorted((item for page in found for item in page["Items"]), key=lambda item: str(item["key"]))


def _show(out: Console, cloud: Cloud, report: dict[str, Any], csv_import: Path) -> None:
    access = _table("Console user", "sees the groups")
    for right in _stored(cloud, "RIGHT"):
        access.add_row(right["username"], ", ".join(right["groups"]))
    groups = _table("Group", "members")
    for group in _stored(cloud, "GROUP"):
        groups.add_row(group["name"], ", ".join(group["members"]))
    out.print()
    out.print(_panel(f"The import of {SITE}", Group(*shown_page(report_page(report)))))
    out.print(_panel("Console access rights, in DynamoDB", access))
    out.print(_panel("Groups and their members, in DynamoDB", groups))
    for file in sorted(csv_import.iterdir()):
        out.print(_panel(f"CSVImport/{file.name} on {SERVER}", file.read_text(encoding="utf-8").strip()))


def _panel(title: str, content: RenderableType) -> Panel:
    return Panel(content, title=title, title_align="left", width=88)


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading)
    return table


if __name__ == "__main__":
    sys.exit(main())
