"""All the sites, and the servers of each: what the overview lists and the hourly watch looks through.

Sites come from the index `HEADS`, which DynamoDB keeps by itself, a moment behind the heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roster.times import stamp
from roster.watch import ServerState, server_state
from roster_aws.environment import client, now, variable
from roster_aws.table import from_wire, site_key, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A server asks every few minutes; that it did is written no more often than this, which is what it costs.
_SEEN_EVERY = timedelta(minutes=15)

#: The index that lists the sites. It has another name whenever LISTED_OF_A_HEAD changes: an index cannot be changed.
HEADS = "heads-2"

#: What a list of sites has of each head; the index copies these and no more.
LISTED_OF_A_HEAD = (
    *("site", "version", "manifest_sha256", "published_at", "paused", "settings_paused", "running", "held"),
    *("last_import", "files_at", "succeeded_at", "stale_since", "added_at", "kept_until"),
)

# What is read of a server; its tokens are not.
_KNOWN = ("server", "applied_version", "applied_manifest", "last_seen", "reported_at", "report", "revoked_at")


@dataclass(frozen=True)
class Server:
    """One enrolled server, as far as it is known.

    What it applied last, a version and its manifest's SHA-256 where it said so; when it asked last; when its last
    report came, and what was in it (`roster.server_report`). `newer_token`: it asked with the second of two tokens.
    """

    site: str
    server: str
    applied_version: int | None = None
    applied_manifest: str = ""
    last_seen: datetime | None = None
    reported_at: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    revoked_at: str = ""
    newer_token: bool = False

    def state(self, version: int, manifest_sha256: str, at: datetime) -> ServerState:
        """Whether it has a version with this manifest, the newest of its site."""
        if self.revoked_at:
            return "revoked"
        has_it = self.applied_version == version and not self.differs(version, manifest_sha256)
        return server_state(self.last_seen, at, has_newest=has_it)

    def differs(self, version: int, manifest_sha256: str) -> bool:
        """Whether it has other content under the number of the newest version: a restored cloud, or worse."""
        return self.applied_version == version and self.applied_manifest not in ("", manifest_sha256)

    def to_context(self) -> dict[str, str | int]:
        """What the authorizer hands on to the feed, which then need not read the server again: texts and numbers."""
        return {
            "site": self.site,
            "server": self.server,
            "applied_version": -1 if self.applied_version is None else self.applied_version,
            "applied_manifest": self.applied_manifest,
            "last_seen": self.last_seen.isoformat() if self.last_seen else "",
            "newer_token": int(self.newer_token),
        }

    @classmethod
    def from_context(cls, context: dict[str, Any]) -> Server:
        """The inverse of `to_context`; the gateway may have made texts of the numbers."""
        seen, applied = context["last_seen"], int(context["applied_version"])
        return cls(
            context["site"],
            context["server"],
            None if applied < 0 else applied,
            context["applied_manifest"],
            datetime.fromisoformat(seen) if seen else None,
            newer_token=bool(int(context["newer_token"])),
        )


class Fleet:
    """The sites and servers in the table. `clock` gives the time in UTC."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    @classmethod
    def from_environment(cls) -> Fleet:
        """The fleet of this process's table."""
        return cls(client("dynamodb"), variable("TABLE_NAME"), now)

    def sites(self) -> Iterator[dict[str, Any]]:
        """Every site, by name: site, paused, and as far as there are any version, manifest_sha256, published_at, held,
        running, last_import {import, status, ended_at, counts, rows_rejected, kept}, files_at, succeeded_at,
        stale_since, added_at, kept_until.
        """
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=HEADS,
            KeyConditionExpression="kind = :head",
            ProjectionExpression=", ".join(LISTED_OF_A_HEAD),
            ExpressionAttributeValues=to_wire({":head": "head"}),
        )
        for page in pages:
            for item in map(from_wire, page["Items"]):
                yield item | {"paused": item.get("paused", False) or item.get("settings_paused", False)}

    def servers(self, site: str) -> list[Server]:
        """The servers of a site, by name."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :servers",
            ProjectionExpression=", ".join(_KNOWN),
            ExpressionAttributeValues=to_wire({":servers": server_key(site, "")["pk"]}),
        )
        return [known_server(site, from_wire(item)) for page in pages for item in page["Items"]]

    def states(self, listed: dict[str, Any]) -> list[ServerState]:
        """The state of each server of one of `sites`, by the server's name."""
        version, manifest, at = listed.get("version", 0), listed.get("manifest_sha256", ""), self._clock()
        return [server.state(version, manifest, at) for server in self.servers(listed["site"])]

    def saw(self, server: Server, have: int | None, manifest: str | None = None) -> None:
        """Note that a server asked, and what it has; written when that is news, or a while after the last.

        A server that says nothing of what it has may still have it: its next report tells.
        """
        at = self._clock()
        has = (server.applied_version, server.applied_manifest) if have is None else (have, manifest or "")
        is_news = has != (server.applied_version, server.applied_manifest)
        if not is_news and server.last_seen and at - server.last_seen < _SEEN_EVERY:
            return
        applied = {"applied_version": has[0], "applied_manifest": has[1]} if is_news else {}
        self._note(server, {**applied, "last_seen": stamp(at)})

    def reported(self, server: Server, report: dict[str, Any]) -> None:
        """Keep a server's report, in the place of the one before; what it says of versions is as new as a question."""
        at = stamp(self._clock())
        applied = {"applied_version": report["version"], "applied_manifest": report["manifest_sha256"] or ""}
        self._note(server, {**applied, "last_seen": at, "reported_at": at, "report": report})

    def _note(self, server: Server, values: dict[str, Any]) -> None:
        # A server that is enrolled no more must not come back as half of one.
        with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(server_key(server.site, server.server)),
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                ConditionExpression="attribute_exists(server)",
                ExpressionAttributeValues=to_wire({f":{name}": value for name, value in values.items()}),
            )

    def mark_stale(self, site: str, since: str) -> None:
        """Remember since when a site is stale; "" when it is not any more."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire(site_key(site, "HEAD")),
            UpdateExpression="SET stale_since = :since",
            ExpressionAttributeValues=to_wire({":since": since}),
        )


def server_key(site: str, server: str) -> dict[str, str]:
    """The key of a server's item: in a partition apart from its site's, the only one that the feed may write to."""
    return {"pk": f"SERVERS#{site}", "sk": server}


def known_server(site: str, item: dict[str, Any]) -> Server:
    """A server from its item."""
    seen = item.get("last_seen")
    return Server(
        site,
        item["server"],
        item.get("applied_version"),
        item.get("applied_manifest", ""),
        datetime.fromisoformat(seen) if seen else None,
        item.get("reported_at", ""),
        item.get("report", {}),
        item.get("revoked_at", ""),
    )
