"""`roster-admin site add`: a site, or many from a list, with what each school has to know to begin.

Adding a site twice changes nothing. Codes are given to servers and uploaders that have not enrolled yet; with --to, or
with a list, each site's are in a file of its own, to hand over.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import Progress

from roster_commands.codes import enrol_command, give, life, push_command, until
from roster_commands.site import Failed, Site
from roster_commands.wanted_sites import BadList, WantedSite, contact, read_list, server_names, uploader_names


class Added(NamedTuple):
    """What was made of a wanted site: the id of an import that is held, whether its contact has to confirm first, and
    the codes {server or uploader, code, expires_at}; those who have enrolled already need none.
    """

    wanted: WantedSite
    held: str
    pending: bool
    servers: Sequence[Mapping[str, Any]]
    uploaders: Sequence[Mapping[str, Any]]
    enrolled: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """What --json prints of it."""
        return {
            "added": self.wanted.site,
            "held": self.held,
            "contact_pending": self.pending,
            "servers": list(self.servers),
            "uploaders": list(self.uploaders),
            "enrolled": list(self.enrolled),
        }


def add(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Say that sites are some, give codes to whoever they need, and print or write what each has to know."""
    wanted = _wanted(arguments)
    folder: Path | None = arguments.to or (Path("handover") if arguments.list else None)
    stack_site = Site(wanted[0].site, arguments.stack)
    done: list[Added] = []
    with Progress(console=err, transient=True, disable=not err.is_terminal or len(wanted) == 1) as progress:
        for each in progress.track(wanted, description="Adding sites"):
            site = stack_site.other(each.site)
            try:
                added = _add(site, each, arguments.valid)
            except Failed as failed:
                raise Failed(f"{each.site}: {failed}{_so_far(done, wanted)}") from None
            if folder:
                _write(folder / f"{each.site}.txt", handover(site, added))
            done.append(added)
    if arguments.json:
        said = [added.as_dict() for added in done]
        print(json.dumps(said if arguments.list else said[0]))
    elif folder:
        several = "1 site is added" if len(done) == 1 else f"{len(done)} sites are added"
        out.print(
            f"{several}. Hand over to each what is in {folder}: its codes are secrets until they are used.",
            markup=False,
            soft_wrap=True,
        )
    else:
        out.print(handover(stack_site, done[0]), markup=False, soft_wrap=True, end="")
    return 0


def _wanted(arguments: argparse.Namespace) -> list[WantedSite]:
    """The sites that the command line names, in itself or in a list. Failed for what cannot be."""
    if bool(arguments.site) == bool(arguments.list):
        raise Failed("Name a site, or a list of sites with --from.")
    try:
        if arguments.list:
            if arguments.servers or arguments.uploaders or arguments.contact:
                raise Failed("With --from, servers, uploaders and contacts are in the list.")
            return read_list(arguments.list)
        return [
            WantedSite(
                arguments.site,
                contact(arguments.contact) if arguments.contact else "",
                server_names(arguments.servers),
                uploader_names(arguments.uploaders),
            )
        ]
    except BadList as bad:
        raise Failed(f"Nothing was added.\n{bad}") from None


def _so_far(done: Sequence[Added], wanted: Sequence[WantedSite]) -> str:
    if len(wanted) == 1:
        return ""
    return f"\n{len(done)} of {len(wanted)} sites were added before. Run the command again: it goes on where it was."


def _add(site: Site, wanted: WantedSite, valid: int) -> Added:
    site.change("site-add")
    held = site.ask("imports", limit=1).get("held") or ""
    pending = bool(wanted.contact) and bool(site.change("notify", contact={"mail": wanted.contact})["pending"])
    servers = _enrolled(site, "servers", "server") if wanted.servers else set()
    uploaders = _enrolled(site, "uploaders", "uploader") if wanted.uploaders else set()
    return Added(
        wanted,
        held,
        pending,
        give(site, "enrol", "server", [name for name in wanted.servers if name not in servers], valid),
        give(site, "uploader-add", "uploader", [name for name in wanted.uploaders if name not in uploaders], valid),
        [name for name in (*wanted.servers, *wanted.uploaders) if name in servers | uploaders],
    )


def _enrolled(site: Site, question: str, kind: str) -> set[str]:
    """Who has used a code already and was not revoked since."""
    said = site.ask(question)[question]
    return {each[kind] for each in said if each.get("enrolled_at", "yes") and not _is_revoked(each)}


def _is_revoked(each: Mapping[str, Any]) -> bool:
    return bool(each.get("revoked_at")) or each.get("state") == "revoked"


def handover(site: Site, added: Added) -> str:
    """What a school has to know to begin, as a text to hand over."""
    said = [f"{site.name} is a site now.", ""]
    if added.held:
        said += ["An import is held, because nobody had added the site. Have it read again:"]
        said += [f"  roster-admin import {site.name}", ""]
    if added.wanted.contact:
        waits = ", who has to confirm first: Amazon SNS has sent a link" if added.pending else ""
        said += [f"Told of it: {added.wanted.contact}{waits}.", ""]
    said += _steps(
        "Upload its files",
        [(each["uploader"], until(each), push_command(site, each["code"])) for each in added.uploaders],
        f"  without an AWS account:  roster-admin uploader add {site.name} NAME\n"
        f"  with one:                roster-admin upload {site.name} DIR",
        is_wanted=not added.wanted.uploaders,
    )
    said += _steps(
        "Enrol its servers",
        [(each["server"], until(each), enrol_command(site, each["code"])) for each in added.servers],
        f"  roster-admin enrol {site.name} SERVER",
        is_wanted=not added.wanted.servers,
    )
    if added.enrolled:
        said += [f"Enrolled already, and need no code: {', '.join(added.enrolled)}.", ""]
    said += [f"How it is: roster-admin report {site.name}"]
    return "\n".join(said) + "\n"


def _steps(heading: str, codes: Sequence[tuple[str, str, str]], advice: str, *, is_wanted: bool) -> list[str]:
    """A step of the text: a command for each code, or which command gives one."""
    if codes:
        said = [f"{heading}. Each code works once."]
        for name, expires, command in codes:
            said += [f"  {name}, until {expires}:", f"    {command}"]
        return [*said, ""]
    return [f"{heading}:", advice, ""] if is_wanted else []


def _write(file: Path, text: str) -> None:
    """Write what only the owner may read, as there are codes in it; Failed where that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            file.unlink()
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise Failed(f"{file} cannot be written: {error.strerror}.") from None


def add_options() -> argparse.ArgumentParser:
    """The options of `site add` beside the stack."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument(
        "--from",
        dest="list",
        type=Path,
        metavar="FILE",
        help="a CSV file of sites: site, and where wanted contact, servers, uploaders",
    )
    options.add_argument("--contact", metavar="MAIL", help="who is told of the site")
    options.add_argument("--servers", default="", metavar="N", help="codes for so many servers, or for these")
    options.add_argument("--uploaders", default="", metavar="NAMES", help="codes for these uploaders")
    options.add_argument(
        "--valid", type=life, default="7d", metavar="TIME", help="how long the codes live: 30m, 12h, 7d (default: 7d)"
    )
    options.add_argument(
        "--to", type=Path, metavar="DIR", help="write a file for each site to hand over (with --from: handover)"
    )
    return options
