"""All the sites, and the servers of each: what the overview lists and the hourly watch looks through.

Sites come from the index `HEADS`, which DynamoDB keeps by itself, a moment behind the heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from roster.listed_site import ListedSite
from roster.server_report import ServerReport
from roster.servers import Server
from roster.site_head import Head
from roster.stray import site_like
from roster.times import stamp
from roster.watch import ServerState
from roster_aws.table import Item, from_wire, server_key, site_key, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: The index that lists the sites. It has another name whenever LISTED_OF_A_HEAD changes: an index cannot be changed.
HEADS = "heads-2"

#: What a list of sites has of each head; the index copies these and no more.
LISTED_OF_A_HEAD = (
    *("site", "version", "manifest_sha256", "published_at", "paused", "settings_paused", "running", "held"),
    *("last_import", "files_at", "succeeded_at", "stale_since", "added_at", "kept_until"),
)

# What is read of a server; its tokens are not.
_KNOWN = ("server", "applied_version", "applied_manifest", "last_seen", "reported_at", "report", "revoked_at")


class Fleet:
    """The sites and servers in the table. `clock` gives the time in UTC."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def sites(self) -> Iterator[ListedSite]:
        """Every site, by name."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=HEADS,
            KeyConditionExpression="kind = :head",
            ProjectionExpression=", ".join(LISTED_OF_A_HEAD),
            ExpressionAttributeValues=to_wire({":head": "head"}),
        )
        for page in pages:
            yield from (ListedSite.from_item(from_wire(item)) for item in page["Items"])

    def resembled(self, head: Head) -> str | None:
        """The known site that a site resembles which nobody has added and which has no version, or ""; else None."""
        if head.is_known:
            return None
        return site_like(head.site, [each.site for each in self.sites() if each.is_known])

    def servers(self, site: str) -> list[Server]:
        """The servers of a site, by name."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :servers",
            ProjectionExpression=", ".join(_KNOWN),
            ExpressionAttributeValues=to_wire({":servers": server_key(site, "")["pk"]}),
        )
        return [Server.from_item(site, from_wire(item)) for page in pages for item in page["Items"]]

    def states(self, listed: ListedSite) -> list[ServerState]:
        """The state of each server of one of `sites`, by the server's name."""
        at = self._clock()
        return [server.state(listed.version, listed.manifest_sha256, at) for server in self.servers(listed.site)]

    def saw(self, server: Server, have: int | None, manifest: str | None = None) -> None:
        """Note that a server asked, and what it has; written when that is news, or a while after the last."""
        at = self._clock()
        news = server.news(have, manifest, at)
        if news is not None:
            self._note(server, {**news, "last_seen": stamp(at)})

    def reported(self, server: Server, report: ServerReport) -> None:
        """Keep a server's report, in the place of the one before; what it says of versions is as new as a question."""
        at = stamp(self._clock())
        applied = {"applied_version": report["version"], "applied_manifest": report["manifest_sha256"] or ""}
        self._note(server, {**applied, "last_seen": at, "reported_at": at, "report": report})

    def _note(self, server: Server, values: Item) -> None:
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
