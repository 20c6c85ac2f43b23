"""The overview of the sites: searched, sorted, and a page of them with the state of their servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from roster.stray import site_like
from roster.watch import ServerState
from roster_aws.asked import Asked, Data, page_of, text_of
from roster_aws.fleet import Fleet
from roster_aws.ignored import Ignored

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
    matching = [head for head in heads if search in head["site"]]
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


def _outside(ignored: Ignored, heads: list[dict[str, Any]]) -> list[Data]:
    """The folders of uploads that belong to no site, each with the known site that was meant."""
    folders = ignored.outside()[:_FOLDERS_SHOWN]
    known = [head["site"] for head in heads if head.get("added_at") or head.get("version")] if folders else []
    return [each | {"like": site_like(each["folder"], known) or None} for each in folders]


def _counted(states: list[ServerState]) -> dict[str, int]:
    return {state: states.count(state) for state in ("applied", "behind", "silent")}


def _summary(head: dict[str, Any]) -> Data:
    """What the overview says of a site, from its item of the index."""
    last = head.get("last_import", {})
    return {
        "site": head["site"],
        "status": _status(head),
        "import": last.get("import", ""),
        "last_import_at": last.get("ended_at"),
        "version": head.get("version", 0),
        "counts": last.get("counts", {}),
        "rejected": last.get("rows_rejected", 0),
        "kept": last.get("kept", 0),
        "kept_until": head.get("kept_until") or None,
        "added": bool(head.get("added_at")),
        "paused": head["paused"],
        "held": head.get("held", ""),
        "stale_since": stale_since(head),
    }


def stale_since(head: Mapping[str, Any]) -> str:
    """Since when a site is stale; "" also when files came since, which the watch sees within the hour."""
    since: str = head.get("stale_since", "")
    return since if since == head.get("files_at", "") else ""


def _status(head: dict[str, Any]) -> str:
    """The status of a site's newest import; "new" when there was none."""
    if head.get("running"):
        return "fetching"
    if head.get("held"):
        return "held"
    status: str = head.get("last_import", {}).get("status", "new")
    return "rejected" if status == "held" else status  # held no more, and nothing came after it


def _urgency(site: Data) -> int:
    return _URGENCY.index(site["status"]) if site["status"] in _URGENCY else len(_URGENCY)


_SORT_KEYS: dict[str, Callable[[Data], Any]] = {
    "site": lambda site: site["site"],
    "status": lambda site: (not site["stale_since"], _urgency(site), site["site"]),
    "last_import": lambda site: (site["last_import_at"] or "", site["site"]),
    "version": lambda site: (-site["version"], site["site"]),
    "groups": lambda site: (-site["counts"].get("groups", 0), site["site"]),
}
