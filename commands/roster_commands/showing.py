"""What `roster-admin` shows of a site without changing anything: imports, console access, versions, previews."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from roster.settings_file import from_dict
from roster_commands.differences import between, of_plan, print_difference
from roster_commands.folder import read_pair_of
from roster_commands.import_text import import_report, status_text
from roster_commands.plan_report import checked, kept_facts, report_of
from roster_commands.site import Site
from roster_pages.wording import changes_text, held_text, reason_text, waiting_texts


def imports(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """List the newest imports of a site."""
    said = Site(arguments.site, arguments.stack).ask("imports", limit=arguments.limit)
    if arguments.json:
        print(json.dumps({name: said[name] for name in ("version", "published_at", "paused", "waiting", "imports")}))
        return 0
    published = f"version {said['version']}, published {said['published_at']}"
    out.print(f"[bold]{arguments.site}[/]: {published if said['version'] else 'nothing published'}")
    if said["paused"]:
        until = "settings.json comes without `paused`" if said["paused_by_settings"] else "`roster-admin resume`"
        out.print(f"[yellow]paused[/]: uploads are recorded and not imported, until {until}")
    elif said["waiting"] and said["waiting"].get("missing"):
        out.print(f"[cyan]waiting[/]: {' '.join(waiting_texts(said['waiting']))}", soft_wrap=True)
    if said.get("added") is False and not said["version"]:
        out.print(f"[yellow]not added[/]: `roster-admin site add {arguments.site}` makes it a site", soft_wrap=True)
    if not said["imports"]:
        out.print("No import yet.")
        return 0
    out.print(_imports_table(said["imports"]))
    for report in said["imports"]:
        if report.get("held"):
            for reason in report["held"] if report["status"] == "held" else report["held"][:1]:
                said_of = f"{report['import']}  {reason['code']}: {held_text(reason)}"
                out.print(said_of, markup=False, soft_wrap=True)
        elif report.get("reason"):
            out.print(f"{report['import']}  {reason_text(report)}", markup=False, soft_wrap=True)
    return 0


def _imports_table(reports: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Import", "Status"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Version", "Rows", "Rejected", "Groups", "Teachers"):
        table.add_column(heading, justify="right")
    for report in reports:
        counts = report.get("counts", {})
        counted = (counts.get(name) for name in ("rows_read", "rows_rejected", "groups", "teachers"))
        cells = ("" if number is None else str(number) for number in (report.get("version"), *counted))
        table.add_row(report["import"], status_text(report["status"]), *cells)
    return table


def history(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """List the versions of a site, newest first: which import made each, and what it changed."""
    reports = Site(arguments.site, arguments.stack).reports()
    made = [report for report in reports if report.get("version", 0) > report.get("base_version", 0)]
    made = [report for report in made if report["status"] in ("ok", "ok_with_warnings")]
    if arguments.json:
        print(json.dumps(made))
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Version", "Published", "Import", "Changes", ""):
        table.add_column(heading)
    for report in made:
        note = f"rolled back to {report['rolled_back_to']}" if "rolled_back_to" in report else ""
        note = "approved" if "approved_by" in report else note
        changes = changes_text(report["changes"])
        table.add_row(str(report["version"]), report["ended_at"], report["import"], changes, note)
    out.print(table if made else "Nothing published yet.")
    return 0


def show(arguments: argparse.Namespace, out: Console, err: Console) -> int:
    """Show who has access to what, the members of a group, or all about a user."""
    site = Site(arguments.site, arguments.stack)
    if arguments.what == "console":
        rights = [right for part in site.parts("console") for right in part["rights"]]
        rights.sort(key=lambda right: right["username"])
        if arguments.json:
            print(json.dumps(rights))
            return 0
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("Console user", "Sees the groups", "Waits for students in"):
            table.add_column(heading)
        for right in rights:
            groups = "all groups" if right["all_groups"] else ", ".join(right["groups"])
            # A name may hold what rich would take for markup.
            table.add_row(*map(Text, (right["username"], groups, ", ".join(right["pending"]))))
        out.print(table)
        return 0
    if not arguments.name:
        err.print(f"roster-admin show SITE {arguments.what} NAME: the name is missing")
        return 2
    if arguments.what == "group":
        group = site.ask("group", name=arguments.name)["group"]
        if group is None:
            err.print("There is no such group.")
            return 1
        print(json.dumps(group) if arguments.json else "\n".join(group["members"]))
        return 0
    return _show_user(site, arguments, out, err)


def _show_user(site: Site, arguments: argparse.Namespace, out: Console, err: Console) -> int:
    parts = list(site.parts("user", name=arguments.name))
    console, member_of = parts[0]["console"], sorted(name for part in parts for name in part["member_of"])
    if arguments.json:
        print(json.dumps({"username": arguments.name, "console": console, "member_of": member_of}))
    elif console or member_of:
        out.print(f"member of: {', '.join(member_of) or 'no group'}", markup=False, soft_wrap=True)
        if console:
            groups = "all groups" if console["all_groups"] else ", ".join(console["groups"]) or "no group"
            out.print(f"console access: {groups}", markup=False, soft_wrap=True)
            if console["pending"]:
                out.print(f"waits for students in: {', '.join(console['pending'])}", markup=False, soft_wrap=True)
    if not (console or member_of):
        err.print("There is no such user.")
        return 1
    return 0


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
    plan = read_pair_of(arguments.folder, from_dict(said["settings"]), base, site.known(said))
    told = of_plan(plan, base, arguments)
    if arguments.json:
        also = {"changes": plan.changes, "difference": told.as_dict()}
        print(json.dumps({"held": []} | checked(plan) | kept_facts(plan) | also))
    else:
        for part in report_of(arguments.folder, plan):
            out.print(part)
        out.print(f"\nChanges  {changes_text(plan.changes)}")
        print_difference(told, out)
    return 1 if plan.notices.severities["error"] or plan.held else 0


def shown_report(report: dict[str, Any], out: Console, *, as_json: bool) -> None:
    """Print the report of an import."""
    if as_json:
        print(json.dumps(report))
    elif report["status"] == "waiting" and report.get("paused"):
        out.print("[yellow]paused[/]: the uploads are imported after `roster-admin resume`.")
    elif report["status"] == "waiting":
        out.print(f"[cyan]waiting[/]: {' '.join(waiting_texts(report))}", soft_wrap=True)
    else:
        out.print(import_report(report))
