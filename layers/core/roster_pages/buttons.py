"""The buttons of pages: which function each calls and with what, and what it asks before it does something.

Buttons of `show` lead to a page; those of `manage` change something, and ask first in a sentence that says what will
happen. No question has a name from a roster in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roster.report import HeldPlan, Report
from roster_pages.moments import short, time_of
from roster_pages.page_model import Button, Name, Payload
from roster_pages.wording import changes_text, people_text, several


def overview() -> Payload:
    """The page with all sites."""
    return {"view": "overview"}


def site(name: str) -> Payload:
    """A site's page."""
    return {"view": "site", "site": name}


def an_import(site_name: str, import_id: str) -> Payload:
    """An import's page."""
    return {"view": "import", "site": site_name, "import": import_id}


def about(view: str, site_name: str, name: str) -> Payload:
    """The page of a group or of a user."""
    return {"view": view, "site": site_name, "name": name}


def console(site_name: str) -> Payload:
    """The console access list."""
    return {"view": "console", "site": site_name}


def groups(site_name: str) -> Payload:
    """The list of groups."""
    return {"view": "groups", "site": site_name}


def refresh(payload: Payload) -> Button:
    """The same page, as it is now."""
    return Button("Refresh", "show", payload)


def trail(site_name: str = "", *more: Name) -> tuple[Name, ...]:
    """The way from all sites to a page below them."""
    first = Name("All sites", overview())
    return (first, Name(site_name, site(site_name)), *more) if site_name else (first,)


def paging(payload: Mapping[str, Any], page: int, pages: int) -> tuple[Button, ...]:
    """To the page before and the page after."""
    before = Button("Previous page", "show", {**payload, "page": page - 1})
    after = Button("Next page", "show", {**payload, "page": page + 1})
    return ((before,) if page > 1 else ()) + ((after,) if page < pages else ())


def import_groups(name: str) -> Button:
    """Import now."""
    asks = f"Import the files in the folder of {name} now? The import takes effect unless it is held."
    command = f"roster-admin import {name}"
    return Button("Import Groups", "manage", {"action": "import", "site": name}, asks, "primary", command)


def approve(name: str, import_id: str, plan: HeldPlan, report: Report, servers: str) -> Button:
    """Publish a held import, as its plan says. `servers` says in words which of them will ask again."""
    payload = {"action": "approve", "site": name, "import": import_id, "plan": plan["manifest_sha256"]}
    changes = changes_text(report.changes or {})
    people = f" {people_text(report.people)}" if report.people else ""
    asks = f"Publish the held import of {name} exactly as shown?{people} Its changes: {changes}. {servers}".rstrip()
    return Button("Approve", "manage", payload, asks, command=f"roster-admin approve {name} {import_id}")


def reject(name: str, import_id: str) -> Button:
    """End a held import."""
    asks = f"Reject the held import of {name}? Nothing changes, and it can no longer be approved."
    payload = {"action": "reject", "site": name, "import": import_id}
    return Button("Reject", "manage", payload, asks, "danger", f"roster-admin reject {name} {import_id}")


def roll_back(name: str, version: int, head: int, made_by: str) -> Button:
    """Go back to an older version."""
    made = short(time_of(made_by))
    asks = (
        f"Take {name} back from version {head} to version {version}{f' of {made}' if made else ''}? "
        f"It is published as version {head + 1}, the servers receive it, and imports pause until somebody resumes them."
    )
    payload = {"action": "rollback", "site": name, "version": version}
    return Button(f"Roll back to {version}", "manage", payload, asks, "danger")


def settle(name: str, facts: int) -> Button:
    """End what bad rows keep."""
    asks = (
        f"Bad rows put off {several(facts, 'removal')} of {name}. Make {'it' if facts == 1 else 'them'} now? "
        f"The files no longer list what is removed. The servers then receive the change."
    )
    payload = {"action": "settle", "site": name}
    return Button("Settle now", "manage", payload, asks, "danger", f"roster-admin settle {name}")


def add_site(name: str) -> Button:
    """Say that a site is one."""
    asks = f"Add {name} as a site? Its next import is then no longer held just because the site is new."
    payload = {"action": "site-add", "site": name}
    return Button("Add this site", "manage", payload, asks, command=f"roster-admin site add {name}")


def pause(name: str) -> Button:
    """Import nothing for a while."""
    asks = f"Pause {name}? Uploads are recorded and not imported, until somebody resumes it."
    return Button("Pause", "manage", {"action": "pause", "site": name}, asks, command=f"roster-admin pause {name}")


def resume(name: str) -> Button:
    """Import again."""
    asks = f"Resume {name}? What was uploaded in the meantime is imported at once."
    payload = {"action": "resume", "site": name}
    return Button("Resume", "manage", payload, asks, "primary", f"roster-admin resume {name}")
