"""The overview of the sites: searched, sorted, and a page of them with the state of their servers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from roster.listed_site import ListedSite
from roster.stray import site_like
from roster.watch import ServerState
from roster_aws.asked import Asked, Data, page_of, text_of
from roster_aws.fleet import Fleet
from roster_aws.strays import Ignored

SORTS = ("site", "status", "last_import", "version", "groups")

_SITES_SHOWN = 25
_FOLDERS_SHOWN = 20

# What asks for somebody comes first.
_URGENCY = ("failed", "held", "waiting", "fetching", "rejected", "ok_with_warnings", "ok", "no_change", "new")


def overview(fleet: Fleet, ignored: Ignored, asked: Asked) -> Data:
    """The data of the overview: `asked` may have search, sort and page."""
    search, sort = text_of(asked, "search").strip().lower(), asked.get("sort")
    sort = sort if sort in SORTS else "status"
    heads = list(fleet.sites())
    matching = [head for head in heads if search in head.site]
    matching.sort(key=lambda head: _SORT_KEYS[sort](_summary(head)))
    page, pages, shown = page_of(matching, asked, _SITES_SHOWN)
    with ThreadPoolExecutor(_SITES_SHOWN) as threads:
        states = list(threads.map(fleet.states, shown))
    return {
        "sites": [_summary(head) | {"servers": _counted(each)} for head, each in zip(shown, states, strict=True)],
        "total": len(heads),
        "matching": len(matching),
        "page": page,
        "pages": pages,
        "search": search,
        "sort": sort,
        "outside": _outside(ignored, heads),
    }


def _outside(ignored: Ignored, heads: list[ListedSite]) -> list[Data]:
    """The folders of uploads that belong to no site, each with the known site that was meant."""
    folders = ignored.outside()[:_FOLDERS_SHOWN]
    known = [head.site for head in heads if head.is_known] if folders else []
    return [each | {"like": site_like(each["folder"], known) or None} for each in folders]


def _counted(states: list[ServerState]) -> dict[str, int]:
    return {state: states.count(state) for state in ("applied", "behind", "silent")}


def _summary(site: ListedSite) -> Data:
    """What the overview says of a site."""
    last = site.last_import
    return {
        "site": site.site,
        "status": site.status,
        "import": last["import"] if last else "",
        "last_import_at": last["ended_at"] if last else None,
        "version": site.version,
        "counts": last["counts"] if last else {},
        "rejected": last.get("rows_rejected", 0) if last else 0,
        "kept": last.get("kept", 0) if last else 0,
        "kept_until": site.kept_until or None,
        "added": bool(site.added_at),
        "paused": site.paused,
        "held": site.held,
        "stale_since": stale_since(site.stale_since, site.files_at),
    }


def stale_since(since: str, files_at: str) -> str:
    """Since when a site is stale; "" also when files came since, which the watch sees within the hour."""
    return since if since == files_at else ""


def _urgency(site: Data) -> int:
    return _URGENCY.index(site["status"]) if site["status"] in _URGENCY else len(_URGENCY)


_SORT_KEYS: dict[str, Callable[[Data], Any]] = {
    "site": lambda site: site["site"],
    "status": lambda site: (not site["stale_since"], _urgency(site), site["site"]),
    "last_import": lambda site: (site["last_import_at"] or "", site["site"]),
    "version": lambda site: (-site["version"], site["site"]),
    "groups": lambda site: (-site["counts"].get("groups", 0), site["site"]),
}
