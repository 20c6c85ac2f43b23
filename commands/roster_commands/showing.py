"""What `roster-admin` shows of a site without changing anything: imports, console access, versions, previews.

Where the dashboard has a page for it, its blocks are shown; `--json` prints the data.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from roster.plan import plan_import
from roster.report import Report
from roster.settings_file import from_dict
from roster.times import stamp
from roster_commands.differences import between, of_plan, print_difference
from roster_commands.folder import files_to_upload
from roster_commands.outcome import Outcome
from roster_commands.pages import printed
from roster_commands.plan_report import checked, kept_facts, print_report
from roster_commands.site import Site
from roster_pages.access_data import AccessData
from roster_pages.access_pages import console_page, group_page, user_page
from roster_pages.page_model import Column, Message, Page, Table
from roster_pages.site_page import imports_table, site_page
from roster_pages.wording import changes_text


def imports(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """List the newest imports of a site, below what should be read first."""
    site = Site(arguments.site, arguments.stack)
    if arguments.json:
        said = site.ask("imports", limit=arguments.limit)
        print(json.dumps({name: said[name] for name in ("version", "published_at", "paused", "waiting", "imports")}))
        return 0
    data = site.ask("page", view="site", limit=arguments.limit)["page"]
    page = site_page(data)
    first = [block for block in page.blocks if isinstance(block, Message)]
    reports = [Report.from_dict(report) for report in data["imports"]]
    table = imports_table(site.name, data["version"], reports, data["at"])
    printed(page._replace(trail=(), buttons=(), blocks=(*first, table)), out)
    return 0


def history(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """List the versions of a site, newest first: which import made each, and what it changed."""
    made = [data for data in Site(arguments.site, arguments.stack).reports() if Report.from_dict(data).published]
    if arguments.json:
        print(json.dumps(made))
        return 0
    table = imports_table(arguments.site, 0, list(map(Report.from_dict, made)), stamp(datetime.now(UTC)))
    table = table._replace(caption="Versions", empty="Nothing is published yet.")
    printed(Page(arguments.site, blocks=(table,), note="Times are UTC."), out)
    return 0


def show(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Show who has access to what, the members of a group, or all about a user."""
    site = Site(arguments.site, arguments.stack)
    if arguments.what == "no-console":
        return _show_no_console(site, out, as_json=arguments.json)
    if arguments.what != "console" and not arguments.name:
        command = f"roster-admin show {arguments.site} {arguments.what} NAME"
        err.print(f"roster-admin: Which {arguments.what}? Give its name: {command}", markup=False, soft_wrap=True)
        return 2
    data = site.whole(arguments.what, arguments.name or "")
    page = _page_of(data)
    # Of a user that there is not, a program gets what it gets of any other.
    if arguments.json and (page or data["view"] == "user"):
        print(json.dumps(_for_json(data, arguments.name)))
    elif page:
        printed(page._replace(trail=()), out)
    if page is None:
        err.print("There is no such user." if data["view"] == "user" else "There is no such group.")
        return 1
    return 0


def _page_of(data: AccessData) -> Page | None:
    """The page of a console access list, a group or a user; None where there is no such group or user."""
    if data["view"] == "console":
        return console_page(data)
    if data["view"] == "group":
        return group_page(data) if data["group"] else None
    return user_page(data) if data["console"] or data["member_of"] else None


def _for_json(data: AccessData, name: str) -> object:
    if data["view"] == "console":
        return sorted(data["rights"], key=lambda right: right["username"])
    if data["view"] == "group":
        return {name: value for name, value in (data["group"] or {}).items() if name != "total"}
    return {"username": name, "console": data["console"], "member_of": data["member_of"]}


def _show_no_console(site: Site, out: Console, *, as_json: bool) -> int:
    """List who has no console, whatever the files say."""
    listed = site.ask("no-console")["no_console"]
    if as_json:
        print(json.dumps(listed))
        return 0
    columns = tuple(map(Column, ("Without the console", "Since", "Until", "By")))
    rows = tuple((each["username"], each["since"], _until(each), each["by"]) for each in listed)
    printed(Page("", blocks=(Table("", columns, rows, empty="Nobody is on this list."),)), out)
    return 0


def _until(barred: Mapping[str, Any]) -> str:
    return "`roster-admin allow-console`" if barred["for_good"] else "the files no longer name them"


def difference(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """Show what changed from one version to another."""
    site = Site(arguments.site, arguments.stack)
    (_, old), (_, new) = site.version(arguments.old), site.version(arguments.new)
    told = between(old, new, arguments)
    if arguments.json:
        print(json.dumps(told.as_dict()))
        return 0
    out.print(changes_text(told.changes))
    print_difference(told, out)
    return 0


def preview(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """Show what uploading a folder's pair would do, by the very code that would do it; nothing is uploaded."""
    site = Site(arguments.site, arguments.stack)
    said, base = site.version()
    settings = from_dict(said["settings"])
    known = site.known(said)._replace(day=arguments.on, all_dates=arguments.all_dates)
    plan = plan_import(files_to_upload(arguments.folder, settings), settings, base, known=known)
    told = of_plan(plan, base, arguments)
    if arguments.json:
        also = {"changes": plan.changes, "difference": told.as_dict()}
        print(json.dumps({"held": []} | checked(plan) | kept_facts(plan) | also))
    else:
        print_report(arguments.folder, plan, out)
        out.print(f"\nIt would change: {changes_text(plan.changes)}", markup=False, soft_wrap=True)
        print_difference(told, out)
    return 1 if plan.notices.severities["error"] or plan.held else 0


def show_outcome(outcome: Outcome, out: Console, *, as_json: bool) -> None:
    """Print what came of an order."""
    if as_json:
        print(json.dumps(outcome.data))
    else:
        printed(outcome.page, out)
