"""`roster-admin`: what a district's IT admin asks of the cloud. Every request goes through `manage_site`.

AWS credentials are found as every AWS program finds them; the stack is named by --stack or STACK_NAME. Exit status:
0 fine, 1 it failed or the data has errors, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from roster.pair import is_site
from roster_commands.reports import import_report, reason_text, status_text

_ENDED_WELL = {"ok", "ok_with_warnings", "no_change"}
_PATIENCE_SECONDS = 600

# Into a pipe or a file nothing is shortened, so that an id can be searched for.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
err = Console(stderr=True, highlight=False)


class Failed(Exception):
    """Something a person has to do something about; the text says what."""


class Site:
    """One site of a deployed stack, as `manage_site` answers for it."""

    def __init__(self, name: str, stack: str) -> None:
        self.name = name
        self._function = _function_name(stack)
        self._lambda = boto3.client("lambda")

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        """The answer to one request; Failed when it is refused or the function breaks off."""
        payload = json.dumps({"action": action, "site": self.name, **details})
        answer = self._lambda.invoke(FunctionName=self._function, Payload=payload)
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Failed(f"manage_site broke off ({said.get('errorType', 'unknown')}); its log in CloudWatch says why")
        if not said["ok"]:
            raise Failed(said["message"])
        return said


def _function_name(stack: str) -> str:
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    for output in described.get("Outputs", []):
        if output.get("OutputKey") == "ManageSiteFunctionName":
            return str(output["OutputValue"])
    raise Failed(f"the stack {stack} is not an Impero SIS Import: it has no output ManageSiteFunctionName")


def enrol(arguments: argparse.Namespace) -> int:
    """Print a single-use code that enrols a server."""
    said = Site(arguments.site, arguments.stack).ask("enrol", server=arguments.server)
    if arguments.json:
        print(json.dumps({"code": said["code"], "expires_at": said["expires_at"]}))
        return 0
    expires = datetime.fromisoformat(said["expires_at"]).astimezone()
    out.print(f"[bold]{said['code']}[/]")
    err.print(f"Enrols {arguments.server} of {arguments.site} once, until {expires:%H:%M}. On that server run:")
    err.print(
        f"  roster-agent enrol --feed URL --site {arguments.site} --code {said['code']} --folder CSVIMPORT",
        soft_wrap=True,
    )
    return 0


def import_now(arguments: argparse.Namespace) -> int:
    """Import the standing pair now, and wait for what comes of it."""
    site = Site(arguments.site, arguments.stack)
    asked = site.ask("import")["asked"]
    with err.status("Fetching …") if err.is_terminal else nullcontext():
        report = _outcome(site, asked)
    if arguments.json:
        print(json.dumps(report))
    elif report["status"] == "waiting":
        out.print(f"[cyan]waiting[/]: {report['file']} is there, {report['missing']} is not. Upload it to import both.")
    else:
        out.print(import_report(report))
    return 0 if report["status"] in _ENDED_WELL else 1


def _outcome(site: Site, asked: str) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        said = site.ask("imports", limit=5)
        if said["waiting"] and said["waiting"].get("asked") == asked:
            return {"status": "waiting", **said["waiting"]}
        for report in said["imports"]:
            if report.get("asked") == asked and report["status"] != "fetching":
                return dict(report)
        time.sleep(1)
    raise Failed("the import has not ended after ten minutes; `roster-admin imports` will show what comes of it")


def imports(arguments: argparse.Namespace) -> int:
    """List the newest imports of a site."""
    said = Site(arguments.site, arguments.stack).ask("imports", limit=arguments.limit)
    if arguments.json:
        print(json.dumps({name: said[name] for name in ("version", "published_at", "waiting", "imports")}))
        return 0
    published = (
        f"version {said['version']}, published {said['published_at']}" if said["version"] else "nothing published"
    )
    out.print(f"[bold]{arguments.site}[/]: {published}")
    if waiting := said["waiting"]:
        until = f", until {waiting['until']}" if waiting["until"] else ""
        out.print(f"[cyan]waiting[/]: {waiting['file']} since {waiting['since']}, for {waiting['missing']}{until}")
    if not said["imports"]:
        out.print("No import yet.")
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Import", "Status"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Version", "Rows", "Rejected", "Groups", "Teachers"):
        table.add_column(heading, justify="right")
    for report in said["imports"]:
        counts = report.get("counts", {})
        numbers = (
            report.get("version"),
            *(counts.get(name) for name in ("rows_read", "rows_rejected", "groups", "teachers")),
        )
        cells = ("" if number is None else str(number) for number in numbers)
        table.add_row(report["import"], status_text(report["status"]), *cells)
    out.print(table)
    for report in said["imports"]:
        if report.get("reason"):
            out.print(f"{report['import']}  {reason_text(report)}", markup=False)
    return 0


def _site(text: str) -> str:
    if not is_site(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no site: lower-case letters, digits and hyphens, at most 63")
    return text


def _server(text: str) -> str:
    if not is_site(text.lower()):
        raise argparse.ArgumentTypeError(f"{text!r} is no server name: letters, digits and hyphens, at most 63")
    return text.lower()


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError("a number from 1 to 100")
    return int(text)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--stack", default=os.environ.get("STACK_NAME"), help="the CloudFormation stack (default: STACK_NAME)"
    )
    common.add_argument("--json", action="store_true", help="print JSON")
    common.add_argument("site", type=_site, metavar="SITE", help="the site: the first folder of its uploads")
    parser = argparse.ArgumentParser(prog="roster-admin", description="Look after the sites of an Impero SIS Import.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("enrol", parents=[common], help="a code that enrols an Impero server")
    command.add_argument("server", metavar="SERVER", type=_server, help="a name for the server, such as srv-01")
    command.set_defaults(run=enrol)
    command = commands.add_parser("import", parents=[common], help="import the uploaded pair now")
    command.set_defaults(run=import_now)
    command = commands.add_parser("imports", parents=[common], help="the newest imports and what came of them")
    command.add_argument("--limit", type=_limit, default=20, metavar="N", help="how many, at most 100 (default: 20)")
    command.set_defaults(run=imports)
    arguments = parser.parse_args(argv)
    if not arguments.stack:
        parser.error("name the stack with --stack or STACK_NAME")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `roster-admin`."""
    arguments = _arguments(argv)
    try:
        run: int = arguments.run(arguments)
    except Failed as failed:
        err.print(f"roster-admin: {failed}", markup=False, style="red", soft_wrap=True)
    except (BotoCoreError, ClientError) as error:
        err.print(f"roster-admin: AWS says: {error}", markup=False, style="red", soft_wrap=True)
    except KeyboardInterrupt:
        return 130
    else:
        return run
    return 1


if __name__ == "__main__":
    sys.exit(main())
