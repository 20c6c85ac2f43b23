"""A site as the data of its views: what stands, its imports, its servers, and what its next import knows.

In: its head, and what was read of it. Out: the data of the view `site`, or what `imports`, `servers` and `version`
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from roster.encode import Manifest
from roster.pair import Waiting
from roster.report import Report
from roster.servers import Server
from roster.site_head import Head
from roster.times import stamp
from roster_pages.view_data import (
    IgnoredUploads,
    ImportsData,
    ManifestData,
    ServersData,
    SiteData,
    VersionData,
    asking,
    kept_facts,
    server_data,
    stale_since,
)


def site_data(
    at: datetime,
    head: Head,
    imports: Sequence[Report],
    waiting: Waiting | None,
    ignored: IgnoredUploads,
    servers: Iterable[Server],
    held: Report | None,
    in_force: Report | None,
    problem: Report | None,
) -> SiteData:
    """A site at a time.

    `held`, `in_force` and `problem` are the reports that the head names: of what waits for approval, of what took
    effect last, of settings that are bad.
    """
    servers = list(servers)
    data: SiteData = {
        "view": "site",
        "at": stamp(at),
        "site": head.site,
        "added": bool(head.added_at),
        "kept": kept_facts(in_force),
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
        "servers": [server_data(server, head, at) for server in servers],
        "held": held.as_dict() if held else None,
    }
    if held:
        data["asking"] = asking(servers)
    return data


def imports_data(head: Head, imports: Iterable[Report], waiting: Waiting | None) -> ImportsData:
    """Some imports of a site, and whether the next one will run."""
    return {
        "version": head.version,
        "published_at": head.published_at or None,
        "paused": head.is_paused,
        "paused_by_settings": bool(head.settings.get("paused")),
        "added": bool(head.added_at),
        "held": head.held or None,
        "waiting": waiting,
        "imports": [report.as_dict() for report in imports],
    }


def servers_data(at: datetime, head: Head, servers: Iterable[Server]) -> ServersData:
    """The servers of a site at a time, and the version that they should have."""
    servers = list(servers)
    return {
        "at": stamp(at),
        "version": head.version,
        "epoch": head.epoch,
        "manifest_sha256": head.manifest_sha256,
        "published_at": head.published_at or None,
        "servers": [server_data(server, head, at) for server in servers],
        "asking": asking(servers),
    }


def manifest_data(manifest: Manifest, link: str) -> ManifestData:
    """What a version consists of, with a link to its snapshot."""
    return {
        "version": manifest.version,
        "counts": manifest.counts,
        "snapshot": manifest.snapshot._asdict(),
        "link": link,
    }


def version_data(
    head: Head,
    version: ManifestData | None,
    earlier: ManifestData | None,
    memory_link: str | None,
    like: str | None,
    no_console: Iterable[str],
) -> VersionData:
    """A version, and what the next import knows besides its pair, so that a preview knows it too.

    `earlier` is the version that steps are added up from, `like` the known site that a new one resembles.
    `no_console` are those who get no right, by folded username.
    """
    known: VersionData = {
        "version": 0,
        "settings": head.settings,
        "memory_link": memory_link,
        "school_year": head.school_year,
        "site_new": like,
        "earlier": earlier,
        "no_console": sorted(no_console),
    }
    return {**known, **version} if version else known
