"""The data of each view: what a reader of the cloud writes, and what its page shows.

In: the core's values. Out: JSON objects, of which each has `view`, its name, and `at`, when this was so. Times are time
stamps. A `ReportData` is a `roster.report.Report` as data; a page reads it with `Report.from_dict`. What may be missing
is NotRequired: a cloud that is older, or newer, than whoever shows its data leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict, cast

from roster.listed_site import ListedSite
from roster.model import Right
from roster.notices_file import Finding
from roster.pair import Waiting
from roster.report import Report
from roster.servers import Server
from roster.shrunk import Shrunk
from roster.site_head import Head
from roster.stray import file_like
from roster.times import stamp

ReportData = Mapping[str, Any]


class ServerCounts(TypedDict):
    """How many servers of a site have its newest version, have an older one, or are not heard of."""

    applied: int
    behind: int
    silent: int


_OfAnImport = TypedDict("_OfAnImport", {"import": str})


class SiteRow(_OfAnImport):
    """A site as the overview lists it: `roster.listed_site.ListedSite`, and the import that ended last.

    `rejected` and `kept` are what that import, or the last one that took effect, refused and put off.
    """

    site: str
    status: str
    last_import_at: str | None
    version: int
    counts: Mapping[str, int]
    rejected: NotRequired[int]
    kept: NotRequired[int]
    kept_until: NotRequired[str | None]
    added: NotRequired[bool]
    paused: bool
    held: str
    stale_since: str


class ListedRow(SiteRow):
    """A site of the overview, with its servers, and how many of them have which version of the agent."""

    servers: ServerCounts
    agents: NotRequired[Mapping[str, int]]


class OutsideFolder(TypedDict):
    """A folder of uploads that belongs to no site ("": none at all), and the site that was meant, if it is like one."""

    folder: str
    count: int
    last_at: str
    like: str | None


class Paged(TypedDict):
    """Which page of a long list this is, from 1, and how many there are."""

    page: int
    pages: int


class OverviewData(Paged):
    """The sites of `total` that match a search and have a `status`, one page of them; `states` counts all statuses."""

    view: Literal["overview"]
    at: str
    sites: Sequence[ListedRow]
    total: int
    matching: int
    search: str
    sort: str
    status: NotRequired[str]
    states: NotRequired[Mapping[str, int]]
    outside: NotRequired[Sequence[OutsideFolder]]


class IgnoredName(TypedDict):
    """Uploads of one name that no import reads, and the file that was meant, if it is like one."""

    name: str
    count: int
    last_at: str
    like: str | None


class IgnoredUploads(TypedDict):
    """The uploads of a site that no import reads: how many, and the newest of them by name."""

    total: int
    names: Sequence[IgnoredName]


class KeptFacts(TypedDict):
    """How many facts bad rows keep, until when, and because of which rows (`roster.protect.KeptRow`)."""

    facts: int
    until: str | None
    rows: Sequence[Mapping[str, Any]]


class ServerData(TypedDict):
    """A server, what it applied, and what it reported last (`roster.server_report.ServerReport`, or nothing).

    `differs`: it has other content under the number of the newest version.
    """

    server: str
    state: str
    applied_version: int | None
    applied_manifest: str
    differs: bool
    last_seen: str | None
    reported_at: str | None
    report: Mapping[str, Any]


class ImportsData(TypedDict):
    """The newest imports of a site, newest first, and whether the next one will run: what `imports` answers.

    `held` is the id of the import that waits for approval.
    """

    site: NotRequired[str]
    version: int
    published_at: str | None
    paused: bool
    paused_by_settings: bool
    added: bool
    held: str | None
    waiting: Waiting | None
    imports: Sequence[ReportData]


class Asking(TypedDict):
    """How many of a site's servers ask again about what was approved in the cloud, and how many servers it has."""

    asking: int
    servers: int


class ServersData(TypedDict):
    """The servers of a site, and the version that they should have: what `servers` answers."""

    at: NotRequired[str]
    version: int
    epoch: int
    manifest_sha256: str
    published_at: str | None
    servers: Sequence[ServerData]
    asking: NotRequired[Asking]


class SiteData(TypedDict):
    """A site: what stands, its settings in force, its newest imports, its servers."""

    view: Literal["site"]
    at: str
    site: str
    added: NotRequired[bool]
    kept: NotRequired[KeptFacts | None]
    rejected: NotRequired[int]
    ignored: NotRequired[IgnoredUploads]
    settings_problem: NotRequired[ReportData | None]
    version: int
    published_at: str | None
    paused: bool
    stale_since: str
    waiting: Waiting | None
    settings: Mapping[str, Any]
    imports: Sequence[ReportData]
    servers: Sequence[ServerData]
    held: ReportData | None
    asking: NotRequired[Asking]


_OfAClass = TypedDict("_OfAClass", {"class": str}, total=False)


class ShownFinding(Finding, _OfAClass, total=False):
    """A finding; one about a group that has shrunk has its class, and what is said of it."""

    said: str


class ImportData(Paged):
    """An import: its report, a page of its findings, and a link to the file that has the rows.

    While it is held, `difference` is what it would change (`roster.difference.Difference` as data), and `asking` is
    which servers will ask again.
    """

    view: Literal["import"]
    at: str
    site: str
    report: ReportData
    findings: Sequence[ShownFinding]
    findings_total: int
    link: str | None
    difference: NotRequired[Mapping[str, Any] | None]
    asking: NotRequired[Asking]


class ManifestData(TypedDict):
    """A version: its number and counts, its snapshot (`roster.encode.Blob` as data), and a link to that for minutes."""

    version: int
    counts: Mapping[str, int]
    snapshot: Mapping[str, Any]
    link: str


class VersionData(TypedDict):
    """What `version` answers: a version, and what the next import knows besides its pair (`roster.plan.Known`).

    Where nothing is published `version` is 0, and there is no snapshot.
    """

    version: int
    counts: NotRequired[Mapping[str, int]]
    snapshot: NotRequired[Mapping[str, Any]]
    link: NotRequired[str]
    settings: Mapping[str, Any]
    memory_link: str | None
    school_year: str
    site_new: str | None
    earlier: ManifestData | None
    no_console: Sequence[str]


class RightData(TypedDict):
    """A user's console access."""

    username: str
    groups: Sequence[str]
    pending: Sequence[str]
    all_groups: bool
    basic_console_only: bool


class ConsoleData(Paged):
    """The console access rights of `total` that match a search, one page of them.

    In this and the next two views `next` is there where a whole list is asked for: the key to go on from, or "".
    """

    view: Literal["console"]
    at: str
    site: str
    rights: Sequence[RightData]
    total: int
    matching: int
    search: str
    next: NotRequired[str]


class ListedGroup(TypedDict):
    """A group, how many members it has, and the teachers who see it by name."""

    name: str
    members: int
    teachers: Sequence[str]


class GroupsData(Paged):
    """The groups of `total` whose name matches a search, one page of them; `see_all` counts who sees all groups."""

    view: Literal["groups"]
    at: str
    site: str
    groups: Sequence[ListedGroup]
    total: int
    matching: int
    search: str
    see_all: int


class GroupMembers(TypedDict):
    """A group, and a page of its `total` members."""

    name: str
    members: Sequence[str]
    total: int


class GroupData(Paged):
    """A group by the name that was asked for, and who sees it; None where there is no such group."""

    view: Literal["group"]
    at: str
    site: str
    name: str
    group: GroupMembers | None
    teachers: Sequence[str]
    next: NotRequired[str]


class UserData(TypedDict):
    """A user by the name that was asked for: console access, if any, and the groups that the user is a member of."""

    view: Literal["user"]
    at: str
    site: str
    name: str
    console: RightData | None
    member_of: Sequence[str]
    next: NotRequired[str]


class ProblemData(TypedDict):
    """Why there is no such page, and the site to go back to."""

    view: Literal["problem"]
    at: str
    message: str
    site: NotRequired[str]


class DoneData(TypedDict):
    """What came of a button, and the site to go back to."""

    view: Literal["done"]
    at: str
    ok: bool
    message: str
    site: NotRequired[str]


ViewData = (
    OverviewData | SiteData | ImportData | ConsoleData | GroupsData | GroupData | UserData | ProblemData | DoneData
)


def site_row(site: ListedSite) -> SiteRow:
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


def server_data(server: Server, head: Head, at: datetime) -> ServerData:
    """A server against its site's newest version, at a time."""
    return {
        "server": server.server,
        "state": server.state(head.version, head.manifest_sha256, at),
        "applied_version": server.applied_version,
        "applied_manifest": server.applied_manifest,
        "differs": server.differs(head.version, head.manifest_sha256),
        "last_seen": stamp(server.last_seen) if server.last_seen else None,
        "reported_at": server.reported_at or None,
        "report": server.report,
    }


def asking(servers: Iterable[Server]) -> Asking:
    """How many of a site's servers ask again; those that are revoked receive nothing."""
    asks = [server.asks_again for server in servers if not server.revoked_at]
    return {"asking": sum(asks), "servers": len(asks)}


def ignored_uploads(total: int, names: Iterable[Mapping[str, Any]]) -> IgnoredUploads:
    """What was ignored of a site, by its names {name, count, last_at}, each with the file that was meant."""
    return {
        "total": total,
        "names": [
            IgnoredName(
                name=each["name"], count=each["count"], last_at=each["last_at"], like=file_like(each["name"]) or None
            )
            for each in names
        ],
    }


def shown_findings(found: Iterable[Finding], shrunk: Sequence[Shrunk]) -> list[ShownFinding]:
    """The findings of an import without what is kept; the groups that have shrunk come in the findings' order."""
    shown: list[ShownFinding] = []
    groups = iter(shrunk)
    for each in found:
        if each["code"] == "group_shrank" and (group := next(groups, None)):
            shown.append({**each, "class": group.class_, "said": group.said})
        elif each["code"] != "kept":
            shown.append(cast("ShownFinding", each))
    return shown


def kept_facts(report: Report | None) -> KeptFacts | None:
    """What bad rows keep, by the report of the import that is in force; None where that is nothing."""
    if report is None or not report.kept:
        return None
    return {"facts": report.kept, "until": report.kept_until, "rows": report.kept_rows or []}


def right_data(right: Right) -> RightData:
    """A user's console access from its entry in the roster."""
    return {
        "username": right.username,
        "groups": list(right.groups),
        "pending": list(right.pending),
        "all_groups": right.all_groups,
        "basic_console_only": right.basic_console_only,
    }
