"""`roster-admin source`: the credentials of a site's API, asked for without echo, stored and tried. Read from the top.

1. Ask which API it is, where it is, and for what it lets us in with; nothing of it is printed or an argument.
2. Store it in Secrets Manager, under the stack's and the site's own name: only `fetch_source` reads it there.
3. Have `fetch_source` try it: is it reachable, does it let us in, how many schools does it show.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from typing import Any

import boto3
from rich.console import Console

from roster_commands.acting import waiting
from roster_commands.site import Failed, Site
from roster_commands.stack import outputs_of
from roster_pages.wording import REASONS, several

_APIS = {
    "clever": "Clever, Data API 3.1, with a district token",
    "oneroster-1.1": "OneRoster 1.1, with a client's id and secret (OAuth 1.0a)",
    "oneroster-1.2": "OneRoster 1.2, with a client's id and secret (OAuth 2)",
}
_CLEVER = "https://api.clever.com"


def source(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Ask for a site's credentials, store and try them; or try, or remove, those that are stored."""
    site = Site(arguments.site, arguments.stack)
    site.version()  # which says so where there is no such site
    secrets = boto3.client("secretsmanager")
    name = f"{arguments.stack}/sources/{site.name}"
    if arguments.remove:
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        err.print(f"The credentials of {site.name} are gone. Its roster is fetched no more.", markup=False)
        return 0
    if not arguments.test:
        _store(secrets, name, json.dumps(_asked(arguments.api, getpass.getpass, _line)))
        err.print(f"Stored as {name}.", markup=False)
    with waiting(err, "Asking the API …"):
        said = _tried(arguments.stack, site.name)
    if arguments.json:
        print(json.dumps(said))
    elif said["ok"]:
        out.print(f"The API lets us in, and shows {several(said['schools'], 'school')}.", markup=False)
        api = (arguments.api or "oneroster").partition("-")[0]
        following = f'Next: in the settings.json of {site.name}, "import_from": "{api}" and "fetch_at": 2'
        out.print(following, markup=False, soft_wrap=True)
    else:
        err.print(REASONS[said["error"]], markup=False, soft_wrap=True)
    return 0 if said["ok"] else 1


def _asked(api: str | None, secretly: Callable[[str], str], openly: Callable[[str], str]) -> dict[str, str]:
    """What a secret holds, as a person answers; Failed where an answer is missing."""
    while api not in _APIS:
        kinds = "\n".join(f"  {kind:14} {what}" for kind, what in _APIS.items())
        api = openly(f"Which API is it?\n{kinds}\nAPI: ")
    url = openly(f"Its address{f' ({_CLEVER})' if api == 'clever' else ''}: ") or (_CLEVER if api == "clever" else "")
    said = {"api": api, "url": url}
    if api == "clever":
        said["token"] = secretly("District token: ")
    else:
        said |= {"client_id": openly("Client id: "), "client_secret": secretly("Client secret: ")}
    if api == "oneroster-1.2":
        said["token_url"] = openly("Address for tokens: ")
    if not all(said.values()):
        raise Failed("an answer is missing; nothing was stored")
    if not url.startswith("https://") and not url.startswith("http://127.0.0.1"):
        raise Failed("the address has to begin with https://; nothing was stored")
    return said


def _line(prompt: str) -> str:
    """A line from whoever runs this; prompts go to stderr, so that the output can be read by a program."""
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _store(secrets: Any, name: str, text: str) -> None:
    try:
        secrets.put_secret_value(SecretId=name, SecretString=text)
    except secrets.exceptions.ResourceNotFoundException:
        what = "How Impero SIS Import asks this site's API"
        secrets.create_secret(Name=name, Description=what, SecretString=text)


def _tried(stack: str, site: str) -> dict[str, Any]:
    function = outputs_of(stack)["FetchSourceFunctionName"]
    payload = json.dumps({"action": "test", "site": site}).encode()
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=payload)
    if "FunctionError" in answer:
        raise Failed("fetch_source broke off. Next: roster-admin doctor")
    return dict(json.loads(answer["Payload"].read()))


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `source` to those of `roster-admin`; `common` has the options that each of them has."""
    command = commands.add_parser(
        "source", parents=[common], help="the credentials of the API that a site's roster is fetched from"
    )
    command.add_argument("--api", choices=list(_APIS), help="which API it is (default: asks)")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--test", action="store_true", help="try what is stored, and ask for nothing")
    what.add_argument("--remove", action="store_true", help="remove what is stored")
    command.set_defaults(run=source)
