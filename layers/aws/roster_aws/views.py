"""The one reader behind the dashboard and the commands: what people look at, and what a command asks. Changes nothing.

In: what is asked for. Out: the data of a page (`roster_pages.view_data`), or the answer to a question: `imports`,
`report`, `version`, `servers`, `page`. Refused, with `Refused`: bad input, and what there is not; of a page, the page
says so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from roster import difference
from roster.approval import is_still_held
from roster.encode import Manifest
from roster.names import fold
from roster.pair import is_import, is_site
from roster.report import Report
from roster.times import stamp
from roster_aws.fleet import Fleet
from roster_aws.projection import Projection
from roster_aws.results import Results
from roster_aws.store import Store
from roster_aws.strays import Ignored
from roster_pages.access_data import console_data, group_data, groups_data, user_data
from roster_pages.asked import IMPORTS_SHOWN, MOST_IMPORTS, Asked, encodable, page_of
from roster_pages.overview_data import SITES_SHOWN, outside_folders, overview_data, sites_on_page
from roster_pages.site_data import imports_data, manifest_data, servers_data, site_data, version_data
from roster_pages.view_data import (
    ImportData,
    ImportsData,
    ManifestData,
    ServersData,
    SiteData,
    VersionData,
    ViewData,
    asking,
    ignored_uploads,
    shown_findings,
)
from roster_pages.wording import REASONS, erased_text, no_site_text

_FINDINGS_SHOWN = 100
_CHANGES_SHOWN = 100

# A function's answer may have 6 MB; this leaves room for what stands around a list.
_ROOM_BYTES = 5_000_000

# Of a code that works once.
_SHORTEST_LIFE = timedelta(minutes=1)
_LONGEST_LIFE = timedelta(days=7)

#: A JSON object, as it was sent or is answered.
Json = Mapping[str, object]


class Refused(ValueError):
    """This cannot be done or shown; the text says why, and what to do."""


@dataclass(frozen=True)
class Views:
    """Reads pages and answers questions. `clock` gives the time in UTC, `room` says how large a whole list may be."""

    fleet: Fleet
    ignored: Ignored
    store: Store
    results: Results
    projection: Projection
    clock: Callable[[], datetime]
    room: int = _ROOM_BYTES

    def page(self, said: Json) -> ViewData:
        """The page that is asked for; where there is none, the page that says why."""
        try:
            return self._page(said)
        except Refused as refused:
            asked = Asked.read(said)
            at = stamp(self.clock())
            # There is no way back to a site that there is not.
            if asked.view != "site" and is_site(asked.site):
                return {"view": "problem", "at": at, "message": str(refused), "site": asked.site}
            return {"view": "problem", "at": at, "message": str(refused)}

    def _page(self, said: Json) -> ViewData:
        asked, at = Asked.read(said), stamp(self.clock())
        views: dict[str, Callable[[str, Asked], ViewData]] = {
            "overview": self._overview,
            "site": self._site,
            "import": self._import,
            "console": self._console,
            "groups": self._groups,
            "group": self._group,
            "user": self._user,
        }
        if asked.view not in views:
            raise Refused(f"There is no page of this name. The pages are {', '.join(views)}.")
        if asked.view != "overview" and not is_site(asked.site):
            raise Refused("A site's name has lower-case letters, digits and hyphens only.")
        if asked.view != "overview":
            self.demand_there(asked.site)
        return views[asked.view](at, asked)

    def demand_there(self, site: str) -> None:
        """Refuse a site of which nothing is known, and say which one may have been meant."""
        if self.store.is_there(site):
            return
        if self.store.tombstones.of(site):
            raise Refused(erased_text(site))
        raise Refused(no_site_text(site, self.fleet.like(site)))

    def demand_added(self, site: str) -> None:
        """Refuse a site that nobody has added and that has published nothing: a typo must not become a school."""
        if not self.store.head(site).is_known:
            raise Refused(no_site_text(site, self.fleet.like(site)))

    @property
    def questions(self) -> dict[str, Callable[[str, Json], Json]]:
        """The questions by name; each takes the site and the request, and raises Refused."""
        return {
            "imports": self._imports,
            "report": self._report,
            "version": self._version,
            "servers": self._servers,
            "no-console": self._no_console,
            "page": lambda _, said: {"page": self._page(said)},
        }

    # Pages

    def _overview(self, _at: str, asked: Asked) -> ViewData:
        sites = list(self.fleet.sites())
        shown = sites_on_page(asked, sites)
        with ThreadPoolExecutor(SITES_SHOWN) as threads:
            servers = list(threads.map(self.fleet.servers, [each.site for each in shown.sites]))
        return overview_data(self.clock(), asked, shown, servers, outside_folders(self.ignored.outside(), sites))

    def _site(self, _at: str, asked: Asked) -> SiteData:
        site = asked.site
        head = self.store.head(site)
        named = (
            self.store.report(site, each) if each else None
            for each in (head.held, head.in_force, head.settings_problem)
        )
        imports, waiting = self.store.reports(site, asked.imports), self.store.waiting(site)
        ignored = ignored_uploads(**self.ignored.of_site(site))
        return site_data(self.clock(), head, imports, waiting, ignored, self.fleet.servers(site), *named)

    def _import(self, at: str, asked: Asked) -> ImportData:
        site, import_id = asked.site, asked.import_id
        report = self.store.report(site, import_id) if is_import(import_id) else None
        if report is None:
            raise Refused("There is no such import of this site; reports are kept for 400 days.")
        found = self.results.findings(site, import_id) if report.notices_key else []
        shrank = any(each["code"] == "group_shrank" for each in found)
        findings = shown_findings(found, self.results.shrunk_classes(site, import_id) if shrank else ())
        page, pages, shown = page_of(findings, asked.page, _FINDINGS_SHOWN)
        data: ImportData = {
            "view": "import",
            "at": at,
            "site": site,
            "report": report.as_dict(),
            "findings": shown,
            "findings_total": len(findings),
            "page": page,
            "pages": pages,
            "link": self.results.notices_link(site, import_id) if findings else None,
            "difference": self._difference(site, report),
        }
        if report.status == "held":
            data["asking"] = asking(self.fleet.servers(site))
        return data

    def _difference(self, site: str, report: Report) -> Json | None:
        """What a held import would change, by name, as `roster.difference` has it; None of any other."""
        head = self.store.head(site)
        if not is_still_held(report, head) or report.plan is None:
            return None
        planned = self.results.manifest(site, report.plan["manifest_sha256"])
        published = self.results.manifest(site, head.manifest_sha256) if head.version else None
        old = self.results.lines(site, published.snapshot) if published else iter(())
        return difference.of_versions(old, self.results.lines(site, planned.snapshot), _CHANGES_SHOWN).as_dict()

    def _console(self, at: str, asked: Asked) -> ViewData:
        return console_data(at, asked, self.projection.entries(asked.site, "RIGHT#"), self.room)

    def _groups(self, at: str, asked: Asked) -> ViewData:
        return groups_data(at, asked, self.projection.entries(asked.site))

    def _group(self, at: str, asked: Asked) -> ViewData:
        group = self.projection.entry(asked.site, "group", fold(asked.name)) if asked.name else None
        rights = self.projection.entries(asked.site, "RIGHT#") if group else ()
        return group_data(at, asked, group, rights, self.room)

    def _user(self, at: str, asked: Asked) -> ViewData:
        right = self.projection.entry(asked.site, "right", fold(asked.name)) if asked.name else None
        groups = self.projection.entries(asked.site, "GROUP#") if asked.name else ()
        return user_data(at, asked, right, groups, self.room)

    # Questions

    def _imports(self, site: str, said: Json) -> ImportsData:
        """The newest imports, at most `limit`; with `before`, the newest before the import of that id."""
        limit = said.get("limit", IMPORTS_SHOWN)
        if type(limit) is not int or not 0 < limit <= MOST_IMPORTS:
            raise Refused(f"limit: a whole number from 1 to {MOST_IMPORTS}.")
        before = text(said, "before") if "before" in said else ""
        if before and not is_import(before):
            raise Refused("before: the id of an import.")
        imports = self.store.reports(site, limit, before)
        return imports_data(self.store.head(site), imports, self.store.waiting(site))

    def _report(self, site: str, said: Json) -> Json:
        report = self.store.report(site, import_of(said))
        if report is None:
            raise Refused(REASONS["import_unknown"])
        return {"report": report.as_dict()}

    def _servers(self, site: str, _said: Json) -> ServersData:
        return servers_data(self.clock(), self.store.head(site), self.fleet.servers(site))

    def _no_console(self, site: str, _said: Json) -> Json:
        """Who has no console, whatever the files say."""
        return {"no_console": [vars(barred) for barred in self.store.no_console.of(site)]}

    def _version(self, site: str, said: Json) -> VersionData:
        """A version with a link to its snapshot, and what the next import knows; `version` 0: the head's.

        With `import`, the version that this held import would publish.
        """
        head = self.store.head(site)
        number = said.get("version", 0) or head.version
        if number and not head.version:
            raise Refused("Nothing is published yet.")
        if type(number) is not int or not 0 <= number <= head.version:
            raise Refused(f"version: a whole number from 1 to {head.version}.")
        manifest = None
        if "import" in said:
            manifest = self._held(site, said)
        elif number:
            manifest = self.results.published(site, number)
            if manifest is None:
                raise Refused(f"Version {number} is no longer kept.")
        step = head.counted_from(self.clock())
        earlier = self.results.kept_manifest(site, step.manifest_sha256) if step else None
        memory_link = self.results.link(site, head.memory_sha256) if head.memory_sha256 else None
        like = self.fleet.resembled(head)
        barred = self.store.no_console.keys(site)
        return version_data(head, self._linked(manifest), self._linked(earlier), memory_link, like, barred)

    def _linked(self, manifest: Manifest | None) -> ManifestData | None:
        return manifest_data(manifest, self.results.link(manifest.site, manifest.snapshot.sha256)) if manifest else None

    def _held(self, site: str, said: Json) -> Manifest:
        report = self.store.report(site, import_of(said))
        if report is None or report.plan is None:
            raise Refused(REASONS["not_held"])
        return self.results.manifest(site, report.plan["manifest_sha256"])


def life_of(said: Json, default: timedelta) -> timedelta:
    """How long a code is to live, where a request says so in seconds: from a minute to seven days."""
    seconds = said.get("valid_seconds", int(default.total_seconds()))
    if type(seconds) is not int or not _SHORTEST_LIFE <= timedelta(seconds=seconds) <= _LONGEST_LIFE:
        raise Refused("valid_seconds: a whole number from 60, a minute, to 604800, seven days.")
    return timedelta(seconds=seconds)


def text(said: Json, name: str) -> str:
    """A text of a request that must not be empty."""
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(f"{name}: a text that is not empty.")
    return encodable(value)


def import_of(said: Json) -> str:
    """The import that a request names."""
    value = text(said, "import")
    if not is_import(value):
        raise Refused(REASONS["import_unknown"])
    return value
