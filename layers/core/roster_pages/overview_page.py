"""The page with all sites: how each is, in one line. In: the data of the view `overview`. Out: a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from roster_pages import buttons
from roster_pages.moments import as_of, moment, short
from roster_pages.overview_data import STALE
from roster_pages.page_model import (
    Badge,
    Block,
    Button,
    Cell,
    Column,
    Facts,
    Form,
    Name,
    Page,
    Paging,
    Several,
    Table,
    Tone,
    harmless,
    number,
)
from roster_pages.standing import is_unknown, kept_badge, outside_message
from roster_pages.view_data import ListedRow, OverviewData, ServerCounts
from roster_pages.wording import several, status_tone, status_words

_SERVERS: tuple[tuple[Literal["applied", "behind", "silent"], Tone], ...] = (
    ("applied", "good"),
    ("behind", "warn"),
    ("silent", "bad"),
)


def overview_page(data: OverviewData) -> Page:
    """Search, sort, and a table of the sites."""
    search, sort = data.get("search", ""), data.get("sort", "site")
    page, pages = data.get("page", 1), data.get("pages", 1)
    matching, total = data.get("matching", 0), data.get("total", 0)
    here = {"view": "overview", "search": search, "sort": sort}
    status = data.get("status", "")
    here |= {"status": status} if status else {}
    find = [Button("Search", "show", {"view": "overview", "sort": sort})]
    if search:
        find.append(Button("Show all sites", "show", {"view": "overview", "sort": sort, "search": ""}))
    caption = several(total, "site")
    if search:
        caption = f"{number(matching)} of {several(total, 'site')} with “{search}”"
    rows = tuple(_row(site, data.get("at")) for site in data.get("sites", []))
    if status:
        caption = f"{caption}: {_state_words(status)}"
    columns = (
        _column("Site", "site", here, sort),
        _column("Status", "status", here, sort),
        _column("Last import", "last_import", here, sort),
        _column("Version", "version", here, sort, is_number=True),
        _column("Groups", "groups", here, sort, is_number=True),
        Column("Members", number=True),
        Column("Teachers", number=True),
        Column("Rejected", number=True),
        Column("Servers"),
        Column("Agent"),
    )
    empty = "No site yet: add one with roster-admin site add."
    if search or status:
        empty = "No site is so." if status else "No site's name contains this."
    blocks: list[Block] = [
        *outside_message(data.get("outside") or []),
        Form("Find a site", "search", search, tuple(find)),
        *_by_state(data.get("states") or {}, {**here, "status": ""}, status),
        Table(caption, columns, rows, empty),
    ]
    if pages > 1:
        blocks.append(Paging(f"Page {number(page)} of {number(pages)}", buttons.paging(here, page, pages)))
    refresh = buttons.refresh({**here, "page": page})
    return Page("Sites", buttons=(refresh,), blocks=tuple(blocks), note=as_of(data.get("at")))


def _by_state(states: Mapping[str, int], all_of_them: Mapping[str, Any], status: str) -> list[Block]:
    """How many sites there are in each state, each a way to these alone."""
    if len(states) < 2 and not status:
        return []
    links: list[Cell] = [
        Name(f"{_state_words(state)} {number(many)}", {**all_of_them, "status": state})
        for state, many in states.items()
    ]
    if status:
        links.insert(0, Name("All", all_of_them))
    return [Facts("", (("Show only", Several(tuple(links), between=" · ")),))]


def _state_words(state: str) -> str:
    return "No files for days" if state == STALE else status_words(state)


def _column(heading: str, name: str, here: Mapping[str, Any], sort: str, *, is_number: bool = False) -> Column:
    return Column(heading, is_number, {**here, "sort": name}, sort == name)


def _row(site: ListedRow, at: object) -> tuple[Cell, ...]:
    counts = site.get("counts", {})
    counted = (counts.get(name, "") for name in ("groups", "members", "teachers"))
    name = Name(site["site"], buttons.site(site["site"]))
    version = site.get("version") or "none"
    rejected = _rejected(site)
    last = moment(site.get("last_import_at"), at)
    shown: Cell = Badge(number(rejected), "warn") if rejected else ""
    return (name, _status(site), last, version, *counted, shown, servers(site["servers"]), _agents(site))


def _rejected(site: ListedRow) -> int:
    """The rows that the last import refused; on a night without changes it refuses them all the same."""
    return int(site.get("rejected", site.get("counts", {}).get("rows_rejected", 0)) or 0)


def _agents(site: ListedRow) -> str:
    """The versions of the agent, each with how many servers have it where there are several."""
    agents = site.get("agents") or {}
    if len(agents) < 2:
        return harmless(next(iter(agents), ""))
    return ", ".join(f"{harmless(agent)} ({number(many)})" for agent, many in agents.items())


def _status(site: ListedRow) -> Several:
    status = site.get("status") or "new"
    badges: list[Cell] = [Badge(status_words(status), status_tone(status))]
    if site.get("held") and status != "held":
        badges.append(Badge("Held", "warn"))
    if site.get("paused"):
        badges.append(Badge("Paused", "quiet"))
    if site.get("stale_since"):
        badges.append(stale(site["stale_since"]))
    if is_unknown(site):
        badges.append(Badge("Not added", "warn"))
    if site.get("kept"):
        badges.append(kept_badge(int(site["kept"])))
    return Several(tuple(badges), between=" ")


def stale(since: str) -> Badge:
    """That a site has stopped syncing."""
    return Badge(f"No files since {short(since)[:10]}", "bad")


def servers(counts: ServerCounts) -> Cell:
    """How many servers have the newest version, have an older one, or are not heard of."""
    badges = [Badge(f"{number(counts[state])} {state}", tone) for state, tone in _SERVERS if counts.get(state)]
    return Several(tuple(badges), between=" ") if badges else "none"
