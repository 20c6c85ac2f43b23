"""The sites as the overview lists them: searched, sorted, and one page of them.

In: all sites, what was asked for, and then the servers of the sites on that page. Out: the view's data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from roster.listed_site import ListedSite
from roster.servers import Server
from roster.stray import site_like
from roster.times import stamp
from roster_pages.asked import Asked, page_of
from roster_pages.view_data import ListedRow, OutsideFolder, OverviewData, ServerCounts, SiteRow, site_row

#: How many sites stand on one page.
SITES_SHOWN = 50

#: What is asked for to see the sites whose files have stopped coming, beside the statuses.
STALE = "stale"

_FOLDERS_SHOWN = 20

#: The statuses of a site: what asks for somebody comes first.
STATUSES = ("failed", "held", "waiting", "fetching", "rejected", "ok_with_warnings", "ok", "no_change", "new")


class SitesOnPage(NamedTuple):
    """The sites of one page, which page that is, and of how many that match the search, and that there are.

    `states` counts those with the searched name by status, and the stale ones.
    """

    sites: list[ListedSite]
    page: int
    pages: int
    matching: int
    total: int
    search: str
    states: Mapping[str, int]


def sites_on_page(asked: Asked, sites: Sequence[ListedSite]) -> SitesOnPage:
    """The sites to show, in the order that was asked for."""
    search = asked.search.lower()
    found = [site for site in sites if search in site.site]
    matching = [site for site in found if asked.status in ("", *_states(site))]
    matching.sort(key=lambda site: _SORT_KEYS[asked.sort](site_row(site)))
    page, pages, shown = page_of(matching, asked.page, SITES_SHOWN)
    counted = Counter(state for site in found for state in _states(site))
    states = {state: counted[state] for state in (*STATUSES, STALE) if counted[state]}
    return SitesOnPage(shown, page, pages, len(matching), len(sites), search, states)


def _states(site: ListedSite) -> list[str]:
    """What a site is found by: its status, and that its files have stopped coming."""
    row = site_row(site)
    return [row["status"], STALE] if row["stale_since"] else [row["status"]]


def overview_data(
    at: datetime,
    asked: Asked,
    shown: SitesOnPage,
    servers: Iterable[Sequence[Server]],
    outside: Sequence[OutsideFolder],
) -> OverviewData:
    """The data of the overview; `servers` are those of each site that is shown."""
    rows = [
        ListedRow(**site_row(site), servers=_counted(site, each, at), agents=_agents(each))
        for site, each in zip(shown.sites, servers, strict=True)
    ]
    return {
        "view": "overview",
        "at": stamp(at),
        "sites": rows,
        "total": shown.total,
        "matching": shown.matching,
        "page": shown.page,
        "pages": shown.pages,
        "search": shown.search,
        "sort": asked.sort,
        "status": asked.status,
        "states": shown.states,
        "outside": outside,
    }


def outside_folders(folders: Sequence[Mapping[str, Any]], sites: Iterable[ListedSite]) -> list[OutsideFolder]:
    """The first of the folders {folder, count, last_at} that belong to no site, each with the site that was meant."""
    known = [site.site for site in sites if site.is_known] if folders else []
    return [
        OutsideFolder(
            folder=each["folder"],
            count=each["count"],
            last_at=each["last_at"],
            like=site_like(each["folder"], known) or None,
        )
        for each in folders[:_FOLDERS_SHOWN]
    ]


def _counted(site: ListedSite, servers: Iterable[Server], at: datetime) -> ServerCounts:
    states = [server.state(site.version, site.manifest_sha256, at) for server in servers]
    return {"applied": states.count("applied"), "behind": states.count("behind"), "silent": states.count("silent")}


def _agents(servers: Iterable[Server]) -> dict[str, int]:
    """How many servers have which version of the agent, as far as they said so; those that are revoked are left out."""
    said = (server.report.get("agent") for server in servers if not server.revoked_at)
    return dict(sorted(Counter(agent for agent in said if agent).items()))


def _urgency(site: SiteRow) -> int:
    return STATUSES.index(site["status"]) if site["status"] in STATUSES else len(STATUSES)


_SORT_KEYS: dict[str, Callable[[SiteRow], Any]] = {
    "site": lambda site: site["site"],
    "status": lambda site: (not site["stale_since"], _urgency(site), site["site"]),
    "last_import": lambda site: (site["last_import_at"] or "", site["site"]),
    "version": lambda site: (-site["version"], site["site"]),
    "groups": lambda site: (-site["counts"].get("groups", 0), site["site"]),
}
