"""All the sites, and the servers of each: what the overview lists and the hourly watch looks through.

Sites come from the index `heads`, which DynamoDB keeps by itself, a moment behind the heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roster.watch import ServerState, server_state
from roster_aws.environment import client, now, variable
from roster_aws.table import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A server asks every few minutes; that it did is written no more often than this, which is what it costs.
_SEEN_EVERY = timedelta(minutes=15)


@dataclass(frozen=True)
class Server:
    """One enrolled server, as far as it is known: the version it applied last, and when it asked last."""

    site: str
    server: str
    applied_version: int | None = None
    last_seen: datetime | None = None

    def state(self, version: int, at: datetime) -> ServerState:
        """Whether it has a version, the newest of its site."""
        return server_state(version, self.applied_version, self.last_seen, at)

    def to_context(self) -> dict[str, str | int]:
        """What the authorizer hands on to the feed, which then need not read the server again: texts and numbers."""
        seen = self.last_seen.isoformat() if self.last_seen else ""
        applied = -1 if self.applied_version is None else self.applied_version
        return {"site": self.site, "server": self.server, "applied_version": applied, "last_seen": seen}

    @classmethod
    def from_context(cls, context: dict[str, Any]) -> Server:
        """The inverse of `to_context`; the gateway may have made texts of the numbers."""
        seen, applied = context["last_seen"], int(context["applied_version"])
        return cls(
            context["site"],
            context["server"],
            None if applied < 0 else applied,
            datetime.fromisoformat(seen) if seen else None,
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
        """Every site, by name: site, paused, and as far as there are any version, published_at, held, running,
        last_import {import, status, ended_at, counts}, files_at, succeeded_at, stale_since.
        """
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="heads",
            KeyConditionExpression="kind = :head",
            ExpressionAttributeValues=to_wire({":head": "head"}),
        )
        for page in pages:
            for item in map(from_wire, page["Items"]):
                yield item | {"paused": item.get("paused", False) or item.get("settings_paused", False)}

    def servers(self, site: str) -> list[Server]:
        """The servers of a site, by name."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :site AND begins_with(sk, :servers)",
            ProjectionExpression="server, applied_version, last_seen",
            ExpressionAttributeValues=to_wire({":site": f"SITE#{site}", ":servers": "SERVER#"}),
        )
        return [known_server(site, from_wire(item)) for page in pages for item in page["Items"]]

    def saw(self, server: Server, have: int | None) -> None:
        """Note that a server asked, with the version it has; written when that is news, or a while after the last."""
        at = self._clock()
        if have == server.applied_version and server.last_seen and at - server.last_seen < _SEEN_EVERY:
            return
        # A server that is enrolled no more must not come back as half of one.
        with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire({"pk": f"SITE#{server.site}", "sk": f"SERVER#{server.server}"}),
                UpdateExpression="SET applied_version = :have, last_seen = :at",
                ConditionExpression="attribute_exists(server)",
                ExpressionAttributeValues=to_wire({":have": have, ":at": at.isoformat(timespec="seconds")}),
            )

    def mark_stale(self, site: str, since: str) -> None:
        """Remember since when a site is stale; "" when it is not any more."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire({"pk": f"SITE#{site}", "sk": "HEAD"}),
            UpdateExpression="SET stale_since = :since",
            ExpressionAttributeValues=to_wire({":since": since}),
        )


def known_server(site: str, item: dict[str, Any]) -> Server:
    """A server from its item."""
    seen = item.get("last_seen")
    return Server(site, item["server"], item.get("applied_version"), datetime.fromisoformat(seen) if seen else None)
