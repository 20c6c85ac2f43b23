"""What `roster-admin` shows of a site without changing anything: imports, console access, versions, previews."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from roster import delta
from roster.encode import entry, line
from roster.model import Group
from roster.plan import Base
from roster.settings_file import from_dict
from roster_commands.check import checked, read_pair_of, report_of
from roster_commands.reports import import_report, status_text
from roster_commands.site import Site
from roster_pages.wording import changes_text, held_text, kept_text, reason_text

_SHOWN_CHANGES = 50


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
    elif waiting := said["waiting"]:
        until = f", until {waiting['until']}" if waiting.get("until") else ""
        out.print(
            f"[cyan]waiting[/]: {waiting.get('file')} since {waiting['since']}, for {waiting.get('missing')}{until}"
        )
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
    tally, shown = between(old, new)
    if arguments.json:
        print(json.dumps({"changes": tally, "entries": shown}))
        return 0
    out.print(changes_text(tally))
    print_changes(shown, out)
    return 0


def between(old: Base | None, new: Base | None) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """What changes from one version to another: in numbers, and each group and right."""
    before, after = (base.lines() if base else iter(()) for base in (old, new))
    next(before, None)
    next(after, None)
    tally = Counter(dict.fromkeys(delta.CHANGES, 0))
    shown = []
    for change in delta.changes(before, ((each, line(each)) for each in map(entry, after))):
        delta.count(tally, change)
        shown.append(_change(change))
    return dict(tally), shown


def print_changes(shown: list[dict[str, Any]], out: Console) -> None:
    """Print the first of the groups and rights that change."""
    for each in shown[:_SHOWN_CHANGES]:
        members = f" ({' → '.join(map(str, each['members']))} members)" if each["members"] else ""
        out.print(f"  {each['change']} {each['kind']} {each['name']}{members}", markup=False)
    if len(shown) > _SHOWN_CHANGES:
        out.print(f"  and {len(shown) - _SHOWN_CHANGES} more")


def _change(change: delta.Change) -> dict[str, Any]:
    """One group or right that changes; `members` are a group's numbers before and after, as far as it is there."""
    verb = "changed" if change.was and change.now else "created" if change.now else "removed"
    for there in (change.now, change.was):
        if isinstance(there, Group):
            sizes = [len(each.members) for each in change if isinstance(each, Group)]
            return {"change": verb, "kind": "group", "name": there.name, "members": sizes}
        if there:
            return {"change": verb, "kind": "right", "name": there.username, "members": []}
    raise ValueError("a change has an entry before or after it")


def preview(arguments: argparse.Namespace, out: Console, _err: Console) -> int:
    """Show what uploading a folder's pair would do, by the very code that would do it; nothing is uploaded."""
    said, base = Site(arguments.site, arguments.stack).version()
    plan = read_pair_of(arguments.folder, from_dict(said["settings"]), base)
    if arguments.json:
        print(json.dumps({"held": []} | checked(plan) | {"changes": plan.changes, "kept": len(plan.kept)}))
    else:
        for part in report_of(arguments.folder, plan):
            out.print(part)
        out.print(f"\nChanges  {changes_text(plan.changes)}")
        if plan.kept:
            out.print(f"Kept     {kept_text(len(plan.kept))}")
    return 1 if plan.notices.severities["error"] or plan.held else 0


def shown_report(report: dict[str, Any], out: Console, *, as_json: bool) -> None:
    """Print the report of an import."""
    if as_json:
        print(json.dumps(report))
    elif report["status"] == "waiting" and report.get("paused"):
        out.print("[yellow]paused[/]: the uploads are imported after `roster-admin resume`.")
    elif report["status"] == "waiting":
        out.print(f"[cyan]waiting[/]: {report['file']} is there, {report['missing']} is not. Upload it to import both.")
    else:
        out.print(import_report(report))
