"""What people look at, as the data of one page. In: what was asked for. Out: a JSON object that `roster_pages` shows.

Pages: `overview` of the sites, a `site`, an `import`, the `console` access list, a `group`, a `user`; a question that
has no answer gives a `problem` that says why. Nothing is ever changed here.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from roster import difference
from roster.model import Group, Right
from roster.names import fold
from roster.pair import is_import, is_site
from roster.report import Report
from roster.site_head import Head
from roster.stray import file_like
from roster.times import stamp
from roster_aws.asked import Asked, Data, page_of, text_of
from roster_aws.fleet import Fleet
from roster_aws.overview import overview, stale_since
from roster_aws.projection import Projection
from roster_aws.results import Results
from roster_aws.store import Store
from roster_aws.strays import Ignored

_IMPORTS_SHOWN = 20
_FINDINGS_SHOWN = 100
_RIGHTS_SHOWN = 50
_MEMBERS_SHOWN = 200
_CHANGES_SHOWN = 100

_PARTS = 16  # partitions that a site's groups and rights are spread over


class NothingToShow(ValueError):
    """There is no such page; the text says what to ask for instead."""


@dataclass(frozen=True)
class Looking:
    """Reads pages. `clock` gives the time in UTC."""

    fleet: Fleet
    ignored: Ignored
    store: Store
    results: Results
    projection: Projection
    clock: Callable[[], datetime]

    def page(self, asked: Asked) -> Data:
        """The data of the page that is asked for: `view`, and what that view needs of site, import, name, page, search,
        sort.
        """
        views: dict[str, Callable[[Asked], Data]] = {
            "overview": partial(overview, self.fleet, self.ignored),
            "site": self._site,
            "import": self._import,
            "console": self._console,
            "group": self._group,
            "user": self._user,
        }
        view = text_of(asked, "view") or "overview"
        at = {"at": stamp(self.clock())}
        try:
            if view not in views:
                raise NothingToShow(f"There is no page of this name; there are {', '.join(views)}.")
            if view != "overview" and not is_site(text_of(asked, "site")):
                raise NothingToShow("A site's name has lower-case letters, digits and hyphens only.")
            return {"view": view, **at, **views[view](asked)}
        except NothingToShow as nothing:
            # There is no way back to a site that there is not.
            about = {"site": asked["site"]} if view != "site" and is_site(text_of(asked, "site")) else {}
            return {"view": "problem", **at, "message": str(nothing), **about}

    def _site(self, asked: Asked) -> Data:
        site = text_of(asked, "site")
        head = self.store.head(site)
        imports = self.store.reports(site, _IMPORTS_SHOWN)
        waiting = self.store.waiting(site)
        ignored = self._ignored(site)
        known = head.version or head.added_at or head.settings_version or head.paused
        if not (known or imports or waiting or ignored["total"]):
            raise NothingToShow(
                "Nothing was uploaded to this site yet. A site's name is the first folder of its uploads."
            )
        held = self.store.report(site, head.held) if head.held else None
        in_force = self.store.report(site, head.in_force) if head.in_force else None
        problem = self.store.report(site, head.settings_problem) if head.settings_problem else None
        return {
            "site": site,
            "added": bool(head.added_at),
            "kept": _kept(in_force),
            "rejected": in_force.rows_rejected if in_force else 0,
            "ignored": ignored,
            "settings_problem": problem.as_dict() if problem else None,
            "version": head.version,
            "published_at": head.published_at or None,
            "paused": head.is_paused,
            "stale_since": stale_since(head.stale_since, head.files_at),
            "waiting": waiting,
            "settings": head.settings,
            "imports": [report.as_dict() for report in imports],
            "servers": self.servers(head),
            "held": held.as_dict() if held else None,
        }

    def _ignored(self, site: str) -> Data:
        """What was ignored of a site, each name with the file that was meant."""
        found = self.ignored.of_site(site)
        return {**found, "names": [each | {"like": file_like(each["name"]) or None} for each in found["names"]]}

    def servers(self, head: Head) -> list[Data]:
        """The servers of a site, each with what it applied against the head, and what it last reported."""
        return [
            {
                "server": server.server,
                "state": server.state(head.version, head.manifest_sha256, self.clock()),
                "applied_version": server.applied_version,
                "applied_manifest": server.applied_manifest,
                "differs": server.differs(head.version, head.manifest_sha256),
                "last_seen": stamp(server.last_seen) if server.last_seen else None,
                "reported_at": server.reported_at or None,
                "report": server.report,
            }
            for server in self.fleet.servers(head.site)
        ]

    def _import(self, asked: Asked) -> Data:
        site = text_of(asked, "site")
        import_id = text_of(asked, "import")
        report = self.store.report(site, import_id) if is_import(import_id) else None
        if report is None:
            raise NothingToShow("There is no such import of this site; reports are kept for 400 days.")
        found: list[Data] = self._findings(site, report) if report.notices_key else []
        page, pages, shown = page_of(found, asked, _FINDINGS_SHOWN)
        return {
            "site": site,
            "report": report.as_dict(),
            "findings": shown,
            "findings_total": len(found),
            "page": page,
            "pages": pages,
            "link": self.results.notices_link(site, report.import_id) if found else None,
            "difference": self._difference(site, report),
        }

    def _findings(self, site: str, report: Report) -> list[Data]:
        """The findings of an import; those about a group that has shrunk have its `class` and what is `said` of it."""
        found: list[Data] = [dict(each) for each in self.results.findings(site, report.import_id)]
        shrank = [each for each in found if each["code"] == "group_shrank"]
        if shrank:
            for each, shrunk in zip(shrank, self.results.shrunk_classes(site, report.import_id), strict=False):
                each |= {"class": shrunk.class_, "said": shrunk.said}
        return [each for each in found if each["code"] != "kept"]

    def _difference(self, site: str, report: Report) -> Data | None:
        """What a held import would change, by name, as `roster.difference` has it; None of any other."""
        head = self.store.head(site)
        if report.status != "held" or head.held != report.import_id or report.base_version != head.version:
            return None
        if report.plan is None:
            return None
        planned = self.results.manifest(site, report.plan["manifest_sha256"])
        published = self.results.manifest(site, head.manifest_sha256) if head.version else None
        old = self.results.lines(site, published.snapshot) if published else iter(())
        new = self.results.lines(site, planned.snapshot)
        return difference.of_versions(old, new, _CHANGES_SHOWN).as_dict()

    def _console(self, asked: Asked) -> Data:
        site, search = text_of(asked, "site"), text_of(asked, "search").strip()
        rights = [right for right in self._entries(site, "RIGHT#") if isinstance(right, Right)]
        wanted = fold(search)
        matching = sorted((right for right in rights if wanted in right.key), key=lambda right: right.key)
        page, pages, shown = page_of(matching, asked, _RIGHTS_SHOWN)
        return {
            "site": site,
            "rights": [right_data(right) for right in shown],
            "total": len(rights),
            "matching": len(matching),
            "page": page,
            "pages": pages,
            "search": search,
        }

    def _group(self, asked: Asked) -> Data:
        site, name = text_of(asked, "site"), text_of(asked, "name")
        group = self.projection.entry(site, "group", fold(name)) if name else None
        if not isinstance(group, Group):
            return {"site": site, "name": name, "group": None, "teachers": [], "page": 1, "pages": 1}
        rights = (right for right in self._entries(site, "RIGHT#") if isinstance(right, Right))
        teachers = sorted(right.username for right in rights if right.all_groups or group.name in right.groups)
        page, pages, members = page_of(group.members, asked, _MEMBERS_SHOWN)
        shown = {"name": group.name, "members": members, "total": len(group.members)}
        return {"site": site, "name": name, "group": shown, "teachers": teachers, "page": page, "pages": pages}

    def _user(self, asked: Asked) -> Data:
        site, name = text_of(asked, "site"), text_of(asked, "name")
        key = fold(name)
        right = self.projection.entry(site, "right", key) if name else None
        groups = (group for group in self._entries(site, "GROUP#") if isinstance(group, Group))
        member_of = sorted(group.name for group in groups if key in map(fold, group.members)) if name else []
        console = right_data(right) if isinstance(right, Right) else None
        return {"site": site, "name": name, "console": console, "member_of": member_of}

    def _entries(self, site: str, kind: str) -> list[Group | Right]:
        with ThreadPoolExecutor(_PARTS) as threads:
            parts = threads.map(lambda part: list(self.projection.entries_in(site, f"{part:x}", kind)), range(_PARTS))
            return [entry for part in parts for entry in part]


def _kept(report: Report | None) -> Data | None:
    """What bad rows keep, by the report of the import that is in force; None where that is nothing."""
    if report is None or not report.kept:
        return None
    return {"facts": report.kept, "until": report.kept_until, "rows": report.kept_rows or []}


def right_data(right: Right) -> Data:
    """A right as pages and answers show it."""
    return {
        "username": right.username,
        "groups": list(right.groups),
        "pending": list(right.pending),
        "all_groups": right.all_groups,
        "basic_console_only": right.basic_console_only,
    }
