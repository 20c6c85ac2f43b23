"""`roster-admin erase`: a school that leaves. First what there is of it, then by typing its name, at last a receipt."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from rich.console import Console
from rich.progress import Progress

from roster.erasure import COUNTED
from roster_commands.stack import Failed, outputs_of

# A run lives for fifteen minutes; nothing is asked twice, as the first may still be at work.
_PATIENCE = Config(read_timeout=910, retries={"max_attempts": 0})
# An import that is running has ended by then.
_WAIT_SECONDS = 10
_MOST_RUNS_WITHOUT_PROGRESS = 60


def erase_options() -> argparse.ArgumentParser:
    """The options of `erase` beside the site."""
    options = argparse.ArgumentParser(add_help=False)
    how = options.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="only say what there is")
    how.add_argument("--receipt", action="store_true", help="show the receipts of earlier erasures")
    how.add_argument("--confirm", metavar="SITE", help="the site's name once more, instead of typing it")
    return options


def erase(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Erase all of a site: its uploads, versions, servers, groups and rights, reports and contacts."""
    erasing = _Erasing(arguments.site, arguments.stack)
    if arguments.receipt:
        return _receipts(erasing, arguments, out)
    said = erasing.ask("count")
    counts, standing = said["counts"], said["erasure"]
    unfinished = bool(standing) and not standing["finished_at"]
    if arguments.dry_run:
        _print_counts(counts, out, as_json=arguments.json)
        return 0
    if not unfinished and not any(counts.values()):
        raise Failed(
            f"there is nothing of {arguments.site}; `roster-admin erase {arguments.site} --receipt` may say why"
        )
    if not arguments.confirm:
        _print_counts(counts, err, as_json=False)
    if not _is_confirmed(arguments, err):
        return 1
    erasure = _until_done(erasing, sum(counts.values()), err)
    _print_receipt(erasure, out, as_json=arguments.json)
    return 0


class _Erasing:
    """The function that erases, of one site of a stack."""

    def __init__(self, site: str, stack: str) -> None:
        self._site = site
        outputs = outputs_of(stack)
        if "EraseSiteFunctionName" not in outputs:
            raise Failed("the stack is older than this command: deploy again")
        self._function = outputs["EraseSiteFunctionName"]
        self._lambda = boto3.client("lambda", config=_PATIENCE)

    def ask(self, action: str, **details: Any) -> dict[str, Any]:
        """The answer to one request. Failed where it is refused, or the function fails."""
        payload = json.dumps({"action": action, "site": self._site, **details})
        answer = self._lambda.invoke(FunctionName=self._function, Payload=payload)
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Failed("erase_site failed; its log says why. The same command goes on where it was")
        if not said["ok"]:
            raise Failed(said["message"])
        return said

    def go_on(self) -> dict[str, Any]:
        """Erase as much as one run can."""
        by = boto3.client("sts").get_caller_identity()["Arn"]
        return self.ask("erase", confirm=self._site, by=by)


def _is_confirmed(arguments: argparse.Namespace, err: Console) -> bool:
    typed = arguments.confirm
    if typed is None:
        if not sys.stdin.isatty():
            raise Failed(f"this asks before it acts: add --confirm {arguments.site} where nobody can answer")
        err.print("Nothing of this can be brought back. Type the site's name to erase it: ", end="")
        typed = sys.stdin.readline().strip()
    if typed != arguments.site:
        raise Failed("that is not the site's name; nothing was erased")
    return True


def _until_done(erasing: _Erasing, there: int, err: Console) -> dict[str, Any]:
    with Progress(console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task("Erasing …", total=there)
        idle = 0
        while idle < _MOST_RUNS_WITHOUT_PROGRESS:
            said = erasing.go_on()
            progress.advance(task, said["deleted"])
            if said["done"]:
                return dict(said["erasure"])
            idle = 0 if said["deleted"] else idle + 1
            if idle:
                time.sleep(_WAIT_SECONDS)
    raise Failed("an import of this site has not ended for ten minutes; the same command goes on where it was")


def _print_counts(counts: Mapping[str, int], to: Console, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(counts))
        return
    for name, words in COUNTED.items():
        to.print(f"{counts.get(name, 0):>10,}  {words}", highlight=False)


def _print_receipt(erasure: Mapping[str, Any], out: Console, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(erasure))
        return
    out.print(f"[bold]{erasure['site']}[/] was erased. Nothing of it is left in the buckets and the table.")
    out.print(f"Begun {erasure['started_at']}, ended {erasure['finished_at']}, by {erasure['by']}", soft_wrap=True)
    _print_counts(erasure["counts"], out, as_json=False)


def _receipts(erasing: _Erasing, arguments: argparse.Namespace, out: Console) -> int:
    receipts = erasing.ask("receipts")["receipts"]
    if arguments.json:
        print(json.dumps(receipts))
    elif not receipts:
        out.print(f"{arguments.site} was never erased.")
    else:
        for receipt in receipts:
            _print_receipt(receipt, out, as_json=False)
    return 0 if receipts else 1
