"""`roster-admin sites`: every site of a stack in one table, as the dashboard's overview has them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from rich.console import Console

from roster_commands.pages import printed
from roster_commands.site import Site
from roster_pages import page
from roster_pages.page_model import Form
from roster_pages.view_data import ListedRow, OverviewData

#: A request has to name a site, although the overview is of all of them.
OF_ALL = "all"


def all_sites(stack: str) -> Site:
    """What to ask about all the sites of a stack."""
    return Site(OF_ALL, stack)


def overviews(ask: Callable[..., Mapping[str, Any]], search: str = "") -> Iterator[OverviewData]:
    """The overview, page by page: what asks for somebody first. `ask` is as `Site.ask`, of the site `OF_ALL`."""
    number, pages = 0, 1
    while number < pages:
        number += 1
        said = ask("page", view="overview", sort="status", search=search, page=number)
        data = cast("OverviewData", said["page"])
        pages = data["pages"]
        yield data


def sites(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """List the sites: state, rejected rows, removals put off, since when stale, servers and their agents."""
    data: OverviewData | None = None
    rows: list[ListedRow] = []
    for each in overviews(all_sites(arguments.stack).ask, arguments.search):
        data = data or each
        rows += (row for row in each["sites"] if arguments.status in (None, row["status"]))
    if arguments.json:
        print(json.dumps(rows))
    elif data:
        shown = page({**data, "sites": rows, "matching": len(rows), "page": 1, "pages": 1})
        blocks = tuple(block for block in shown.blocks if not isinstance(block, Form))
        printed(shown._replace(buttons=(), blocks=blocks), out)
    return 0
