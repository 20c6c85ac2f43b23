"""All the sites, and the servers of each: what the overview lists and the hourly watch looks through.

Sites come from the index `HEADS`, which DynamoDB keeps by itself, a moment behind the heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from roster.listed_site import ListedSite
from roster.server_report import ServerReport
from roster.servers import Server
from roster.site_head import Head
from roster.stray import site_like
from roster.times import stamp
from roster_aws.dynamo.table import Item, condition_failed, from_wire, server_key, site_key, to_wire
from roster_aws.leaving.tombstones import Tombstones

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: The index that lists the sites. It has another name whenever LISTED_OF_A_HEAD changes: an index cannot be changed.
HEADS = "heads-3"

#: What a list of sites has of each head; the index copies these and no more.
LISTED_OF_A_HEAD = (
    *("site", "version", "manifest_sha256", "published_at", "paused", "settings_paused", "running", "held"),
    *("last_import", "files_at", "succeeded_at", "stale_since", "added_at", "kept_until", "look_again_at"),
    *("fetch_at", "time_zone"),
)

# What is read of a server; its tokens are not.
_KNOWN = (
    *("server", "applied_version", "applied_manifest", "last_seen", "reported_at", "report", "revoked_at"),
    *("enrolled_at", "told"),
)


# Beside a site's servers, whose names have no capital letter: what people have been told of them.
_TOLD = "TOLD"


class Watched(NamedTuple):
    """The servers of a site, when each was enrolled, and the troubles that people have been told of each, by name."""

    servers: list[Server]
    enrolled: dict[str, str]
    told: dict[str, list[str]]


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
        return self.like(head.site)

    def like(self, name: str) -> str:
        """The known site that a name resembles, or ""."""
        return site_like(name, [each.site for each in self.sites() if each.is_known])

    def servers(self, site: str) -> list[Server]:
        """The servers of a site, by name."""
        return self.watched(site).servers

    def watched(self, site: str) -> Watched:
        """The servers of a site, by name, with what the hourly watch wants to know of them."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :servers",
            ProjectionExpression=", ".join(_KNOWN),
            ExpressionAttributeValues=to_wire({":servers": server_key(site, "")["pk"]}),
        )
        items = [from_wire(item) for page in pages for item in page["Items"]]
        known = [item for item in items if "server" in item]
        return Watched(
            [Server.from_item(site, item) for item in known],
            {item["server"]: item.get("enrolled_at", "") for item in known},
            next((item["told"] for item in items if "told" in item), {}),
        )

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
        with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(site_key(site, "HEAD")),
                UpdateExpression="SET stale_since = :since",
                ConditionExpression="attribute_exists(kind)",  # it may have been erased meanwhile
                ExpressionAttributeValues=to_wire({":since": since}),
            )

    def mark_told(self, site: str, told: dict[str, list[str]]) -> None:
        """Remember the troubles that people have been told of each server of a site."""
        put: Any = {"TableName": self._table, "Item": to_wire({**server_key(site, _TOLD), "told": told})}
        nobody_erases = Tombstones(self._dynamodb, self._table).nobody_erases(site)
        try:
            self._dynamodb.transact_write_items(TransactItems=[nobody_erases, {"Put": put}])
        except ClientError as error:
            if not condition_failed(error):
                raise
