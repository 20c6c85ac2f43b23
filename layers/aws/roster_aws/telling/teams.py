"""The channels of Microsoft Teams that are told of a site, and the way there.

Teams cannot confirm a subscription of the topic and wants a body of its own, so a function posts to it. Whoever knows
the address of a workflow may post to its channel: the addresses are in a partition of the table that this function and
manage_site read, and in no log. A channel that is gone for good is logged and left alone; what may pass is raised, so
that Lambda tries again.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from roster_aws.dynamo.table import from_wire, to_wire
from roster_aws.telemetry import logger
from roster_pages.teams_card import card_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PARTITION = "TEAMS"
_SECONDS = 10
_TOO_MANY = 429


class NotPosted(RuntimeError):
    """Teams did not take an alert and may take it later."""


class _SameAddress(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: an alert goes to the address that a person has named, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None, which makes the redirect an error."""


class Teams:
    """The channels of all sites, one item a site."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def of(self, site: str) -> list[str]:
        """The addresses of the channels that are told of a site."""
        got = self._dynamodb.get_item(TableName=self._table, Key=_key(site), ConsistentRead=True)
        urls: list[str] = from_wire(got["Item"])["urls"] if "Item" in got else []
        return urls

    def add(self, site: str, url: str) -> None:
        """Have a channel told of a site."""
        self._put(site, sorted({*self.of(site), url}))

    def remove(self, site: str, url: str) -> bool:
        """Have a channel told of a site no longer; False where it is not."""
        urls = self.of(site)
        if url not in urls:
            return False
        self._put(site, [each for each in urls if each != url])
        return True

    def remove_all(self, site: str) -> int:
        """Have no channel told of a site any longer; how many there were."""
        urls = self.of(site)
        if urls:
            self._put(site, [])
        return len(urls)

    def _put(self, site: str, urls: list[str]) -> None:
        self._dynamodb.put_item(TableName=self._table, Item={**_key(site), **to_wire({"urls": urls})})

    def post(self, message: Mapping[str, Any]) -> None:
        """Post an alert, as data, to every channel of its site. NotPosted when one of them may take it later."""
        body = json.dumps(card_of(message)).encode()
        later = [url for url in self.of(message["site"]) if not _is_posted(url, body, message["site"])]
        if later:
            raise NotPosted(f"{len(later)} channels did not take an alert")


def _is_posted(url: str, body: bytes, site: str) -> bool:
    """Whether the channel has taken it or never will; False when it may later."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 (checked when added)
    try:
        urllib.request.build_opener(_SameAddress).open(request, timeout=_SECONDS).close()
    except HTTPError as error:
        error.close()
        if error.code >= 500 or error.code == _TOO_MANY:
            return False
        logger.warning("teams_refused", extra={"site": site, "status": error.code})
    except (OSError, HTTPException):
        return False
    return True


def _key(site: str) -> dict[str, Any]:
    return to_wire({"pk": _PARTITION, "sk": site})
