"""A site's page: what the SIS Integration tab of the Impero Server shows, and how its imports and servers are.

In: the data of the view `site`. Out: a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from roster.pair import Waiting
from roster.report import SUCCEEDED, Report
from roster.settings import Settings
from roster.settings_file import as_dict
from roster_pages import buttons
from roster_pages.access_pages import lookup
from roster_pages.import_page import failed, held, status_badge, steps
from roster_pages.moments import as_of, moment, short, time_of
from roster_pages.overview_page import stale
from roster_pages.page_model import (
    Badge,
    Block,
    Button,
    Cell,
    Chart,
    Column,
    Facts,
    Message,
    Name,
    Page,
    Series,
    Several,
    Table,
    Tone,
    harmless,
    number,
)
from roster_pages.server_table import servers_table
from roster_pages.standing import ignored_table, standing, standing_badges
from roster_pages.view_data import SiteData
from roster_pages.wording import SOURCE_NAMES, STATUS_MEANS, changes_text, several, waiting_texts

_USERNAMES = {"district": "District username", "email": "Email"}
_REMOVALS = {
    "apply": "applied: who is no longer in the files is removed",
    "keep": "kept: imports only add",
}
# What is drawn of each import: its words, the number, and whether its bars begin below the least and not at nothing,
# because what matters of it is how it changes.
_DRAWN: tuple[tuple[str, Callable[[Report], int | None], Tone, bool], ...] = (
    ("Members", lambda report: report.counts.get("members"), "busy", True),
    ("Memberships added", lambda report: (report.changes or {}).get("members_created"), "good", False),
    ("Memberships removed", lambda report: (report.changes or {}).get("members_removed"), "warn", False),
    ("Rows rejected", lambda report: report.counts.get("rows_rejected"), "bad", False),
)
_SHOWN_NAMES = 20


def site_page(data: SiteData) -> Page:
    """The whole page of a site."""
    site, at = data["site"], data.get("at")
    imports = [Report.from_dict(each) for each in data.get("imports", ())]
    newest = next((report for report in imports if not report.is_refusal), imports[0] if imports else None)
    settings = data.get("settings", {})
    paused = bool(data.get("paused") or settings.get("paused"))
    badges = [status_badge(newest.status if newest else "new")]
    badges += [Badge("Paused", "quiet")] if paused else []
    badges += [stale(data["stale_since"])] if data.get("stale_since") else []
    badges += standing_badges(data)
    blocks: list[Block] = [*_first(data, imports, paused=paused)]
    if newest and newest.status == "fetching":
        blocks.append(steps(newest))
    blocks += [_integration(data, imports, newest), _settings(site, settings)]
    blocks += [servers_table(data.get("servers", ()), at), *ignored_table(data.get("ignored"), at)]
    blocks += [*_imports(data, imports), lookup(site)]
    return Page(site, buttons.trail(), tuple(badges), _buttons(site, settings, paused=paused), tuple(blocks), as_of(at))


def _buttons(site: str, settings: Mapping[str, Any], *, paused: bool) -> tuple[Button, ...]:
    refresh = buttons.refresh(buttons.site(site))
    if not paused:
        return (buttons.import_groups(site), buttons.pause(site), refresh)
    # What settings.json pauses, only another settings.json lets go on.
    return (refresh,) if settings.get("paused") else (buttons.resume(site), refresh)


def _first(data: SiteData, imports: Sequence[Report], *, paused: bool) -> list[Message]:
    """What should be read first."""
    site, at, waiting = data["site"], data.get("at"), data.get("waiting")
    said = []
    if not (imports or data.get("version") or waiting or paused):
        said.append(_new(site))
    if waits := data.get("held"):
        report = Report.from_dict(waits)
        look = Button("Look at it", "show", buttons.an_import(site, report.import_id))
        said.append(held(site, report, at, data.get("asking"), look))
    last = next(iter(imports), None)
    # A mistake in the settings stands for as long as it does, and is told below; its report would outlive its repair.
    if last and last.status == "failed" and last.reason != "settings_invalid":
        said.append(failed(last, Button("Look at it", "show", buttons.an_import(site, last.import_id))))
    if paused:
        by = "its settings.json: upload one without “paused”" if data.get("settings", {}).get("paused") else "somebody"
        lines = [f"This site was paused by {by}."]
        if waiting and waiting.get("paused"):
            lines.append(f"Files wait since {short(waiting.get('since'))}.")
        said.append(Message("quiet", "Paused: uploads are recorded and not imported.", tuple(lines)))
    elif waiting and waiting.get("missing"):
        said.append(_waiting(waiting))
    if data.get("stale_since"):
        lines = ["The upload from the school's information system may have stopped: look at the job that sends it."]
        said.append(Message("bad", f"No files have come since {short(data['stale_since'])}.", tuple(lines)))
    return [*said, *standing(data)]


def _new(site: str) -> Message:
    """What to do with a site that was added and has nothing yet."""
    lines = (
        f"1. Let its office upload: roster-admin upload-link {site}, or roster-admin uploader add {site} NAME.",
        f"2. Enrol its servers: roster-admin enrol {site} SERVER.",
        "Each teacher's first console access comes with the first import: look at the list before the first lesson.",
    )
    return Message("quiet", "A new site: its first files have not come yet.", lines)


def _waiting(waiting: Waiting) -> Message:
    heading, line = waiting_texts(waiting)
    return Message("busy", heading, (line,))


_NOTHING_YET = {
    "csv": "Nothing was imported yet: upload both files.",
    "oneroster": "Nothing was imported yet: upload oneroster.zip.",
    "clever": "Nothing was imported yet: upload clever.zip.",
}


def _integration(data: SiteData, imports: Sequence[Report], newest: Report | None) -> Facts:
    site, at = data["site"], data.get("at")
    version = data.get("version") or 0
    source = data.get("settings", {}).get("import_from", "csv")
    rows: list[tuple[str, Cell]] = [("Import from", SOURCE_NAMES.get(source, harmless(source)))]
    rows.append(("Status", _status(newest, at) if newest else _NOTHING_YET.get(source, _NOTHING_YET["csv"])))
    ended = [report for report in imports if report.ended_at]
    last = next((report for report in ended if not report.is_refusal), ended[0] if ended else None)
    rows.append(("Last import", moment(last.ended_at if last else None, at)))
    published = Several((f"version {number(version)},", moment(data.get("published_at"), at)), between=" ")
    rows.append(("Published", published if version else "nothing yet"))
    counts = _standing(imports)
    if counts:
        nouns = ("group", "member", "teacher")
        rows.append(("Roster", ", ".join(several(counts.get(f"{noun}s", 0), noun) for noun in nouns)))
    if version:
        lists = (Name("Groups", buttons.groups(site)), Name("Console access rights", buttons.console(site)))
        rows.append(("Who sees whom", Several(lists)))
    return Facts("SIS Integration", tuple(rows))


def _status(newest: Report, at: object) -> Cell:
    """How the newest import is; what a message says of it already is not said twice."""
    badge = status_badge(newest.status)
    if newest.status == "fetching":
        return Several((badge, "since", moment(time_of(newest.import_id), at)), between=" ")
    if newest.status in ("held", "failed") or newest.status not in STATUS_MEANS:
        return badge
    return Several((badge, STATUS_MEANS[newest.status]), between=" ")


def _standing(imports: Sequence[Report]) -> Mapping[str, int]:
    """The counts of the newest import that says what stands."""
    return next((report.counts for report in imports if report.status in SUCCEEDED and report.counts), {})


def _settings(site: str, settings: Mapping[str, Any]) -> Facts:
    has_none = not settings
    settings = settings or as_dict(Settings())
    users: list[str] = settings.get("all_groups_users") or []
    names = tuple(Name(user, buttons.about("user", site, user)) for user in users[:_SHOWN_NAMES])
    domain = settings.get("email_domain")
    username = _USERNAMES.get(settings.get("username", ""), str(settings.get("username", "")))
    rows: list[tuple[str, Cell]] = [
        ("Username", f"{username}, completed with @{domain!s}" if domain else username),
        ("See all groups", Several(names, len(users) - len(names)) if users else "nobody"),
        ("Restrict customisation", _yes(settings.get("restrict_customisation"))),
        ("Basic Console Only", _yes(settings.get("basic_console_only"))),
        ("Removals", _REMOVALS.get(settings.get("removals", ""), str(settings.get("removals", "")))),
        ("Paused", _yes(settings.get("paused"))),
        ("Waits for a partner", several(settings.get("pair_window_minutes", 0), "minute")),
        *_holding(settings),
    ]
    if has_none:
        rows.insert(0, ("Settings", "The default ones: this site has no valid settings.json."))
    return Facts("Settings in force", tuple(rows))


def _holding(settings: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    """What the settings say of bad rows and of people's looks, as far as they do."""
    if keep := settings.get("keep_days"):
        days = (several(int(keep.get(what, 0)), "day") for what in ("memberships", "rights"))
        yield "Bad rows put off", "removals of memberships for {}, of console access for {}".format(*days)
    if settings.get("review") == "always":
        yield "Review", "every change waits for a person"
    if starts := settings.get("school_year_starts"):
        yield "School year starts", str(starts)


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _imports(data: SiteData, imports: Sequence[Report]) -> list[Block]:
    """The last imports as a table, and as a chart where there is something to see in one."""
    table = imports_table(data["site"], data.get("version") or 0, imports, data.get("at"))
    counted = [report for report in reversed(imports) if report.counts and report.status != "failed"]
    return [_chart(counted), table] if len(counted) > 1 else [table]


def imports_table(site: str, head: int, imports: Sequence[Report], at: object) -> Table:
    """Some imports of a site whose newest version is `head`."""
    columns = (
        Column("Import of"),
        Column("Import", shown="without buttons"),
        Column("Status"),
        *(Column(heading, number=True) for heading in ("Version", "Rows", "Rejected", "Groups", "Teachers")),
        Column("Changes"),
        Column("Go back", shown="with buttons"),
    )
    rows = tuple(_import_row(site, head, report, at) for report in imports)
    return Table("Last imports", columns, rows, "No import yet: upload teachers.csv and students.csv.")


def _import_row(site: str, head: int, report: Report, at: object) -> tuple[Cell, ...]:
    of = moment(time_of(report.import_id) or report.import_id, at)
    to = buttons.an_import(site, report.import_id)
    when = (Name(of, to),) if isinstance(of, str) else (Name(of.text, to, kept=True), Name(of.age, kept=True))
    changes = changes_text(report.changes) if report.changes else ""
    if report.status == "failed" and report.reason:
        where = report.file or report.place
        changes = f"{harmless(report.reason)} ({harmless(where)})" if where else harmless(report.reason)
    if report.rolled_back_to:
        changes = f"back to version {report.rolled_back_to}: {changes}"
    made = (report.version or 0) if report.published else 0
    counts = report.counts
    return (
        Several(when, between=" "),
        Name(report.import_id, code=True),
        status_badge(report.status),
        made or "",
        *(counts.get(name, "") for name in ("rows_read", "rows_rejected")),
        *("" if report.status == "failed" else counts.get(name, "") for name in ("groups", "teachers")),
        changes,
        buttons.roll_back(site, made, head, report.import_id) if 0 < made < head else "",
    )


def _chart(counted: Sequence[Report]) -> Chart:
    days = [short(time_of(report.import_id)) or report.import_id for report in counted]
    series = []
    for words, of, tone, of_changes in _DRAWN:
        values = tuple(of(report) or 0 for report in counted)
        least, most = min(values), max(values)
        said = f"from {number(least)} to {number(most)}, last {number(values[-1])}"
        said = said if least != most else f"{number(least)} in each"
        # A quarter below the least, so that the least is a bar as well.
        floor = max(0, least - max(1, (most - least) // 4)) if of_changes and least != most else 0
        said += f"; the bars begin at {number(floor)}" if floor else ""
        series.append(Series(f"{words}: {said}", values, tuple(days), tone, floor))
    return Chart(f"Last {len(counted)} imports", tuple(series), f"From {days[0]} to {days[-1]}, oldest first.")
