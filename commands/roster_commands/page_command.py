"""`roster-admin report`: the page of a site or of an import, in the terminal and as an HTML file."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from rich.console import Console

from roster_commands.pages import printed
from roster_commands.site import Failed, Site
from roster_pages import document, page


def report(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Print the page that the dashboard shows; with --html, write it to a file too."""
    site = Site(arguments.site, arguments.stack)
    view = {"view": "import", "import": arguments.import_id} if arguments.import_id else {"view": "site"}
    data = site.ask("page", **view)["page"]
    shown = page(data)
    if arguments.html:
        _write(arguments.html, document(shown))
    if arguments.json:
        print(json.dumps(data))
    else:
        printed(shown, out)
    if arguments.html:
        err.print(f"The page is in {arguments.html}", markup=False, soft_wrap=True)
    return 0


def _write(file: Path, text: str) -> None:
    """A page may name pupils, so only the owner can read a new file. A file that exists keeps its permissions."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(f"The command cannot write {file}: {error.strerror}.") from None
