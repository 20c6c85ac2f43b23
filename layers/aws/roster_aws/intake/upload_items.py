"""The uploaders of a site, and the uploads that they asked for.

An uploader enrols by a code that works once, and is known afterwards by a token that never changes.

An uploader's item counts its enrolments and revocations, and a code is good for one count alone. So a code that is
still out there ends when another one is used, or when the uploader is revoked.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from roster.times import read_stamp, stamp
from roster.uploaders import Uploader, read_token, token_of_uploader
from roster.uploads import KEPT, Asked, Content
from roster_aws.dynamo.table import Item, condition_failed, from_wire, to_wire, uploader_key
from roster_aws.enrolment import CodeInvalid, Codes, digest, matching
from roster_aws.leaving.tombstones import Tombstones

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What is over once somebody enrols.
_ENDED = "revoked_at, link_until"

# What is read of an uploader where it is listed; its token is not.
_KNOWN = ("uploader", "added_at", "enrolled_at", "revoked_at", "link_until")


# The newest uploads that are looked through for the last one of each uploader.
_NEWEST = 500


class Uploaders:
    """The items `UPLOADERS#{site}` of the table. `clock` gives the time in UTC."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        self._codes = Codes(dynamodb, table, clock)

    def give_code(self, site: str, uploader: str, life: timedelta) -> tuple[str, datetime]:
        """A new code that enrols this uploader of this site, and when it expires. A token that it has stays good."""
        updated = self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire(uploader_key(site, uploader)),
            UpdateExpression="SET uploader = :name, added_at = if_not_exists(added_at, :at) ADD enrolments :none",
            ExpressionAttributeValues=to_wire({":name": uploader, ":at": stamp(self._clock()), ":none": 0}),
            ReturnValues="ALL_NEW",
        )
        count = from_wire(updated["Attributes"])["enrolments"]
        return self._codes.give(life, site=site, uploader=uploader, enrolments=count)

    def give_link(self, site: str, uploader: str, life: timedelta) -> tuple[str, datetime]:
        """A token for the address of an upload page, and when it ends; a former token and every code end now."""
        token, ends_at = token_of_uploader(site, uploader, secrets.token_urlsafe(32)), self._clock() + life
        values = {":name": uploader, ":at": stamp(self._clock()), ":tokens": [digest(token)], ":until": stamp(ends_at)}
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire(uploader_key(site, uploader)),
            UpdateExpression="SET uploader = :name, added_at = if_not_exists(added_at, :at), enrolled_at = :at, "
            "tokens = :tokens, link_until = :until ADD enrolments :one REMOVE revoked_at",
            ExpressionAttributeValues=to_wire(values | {":one": 1}),
        )
        return token, ends_at

    def enrol(self, code: str, site: str | None = None) -> dict[str, str]:
        """Use up a code: site, uploader and its token, which is shown this once; a former token ends.

        CodeInvalid, SiteDiffers, KindDiffers.
        """
        known, use_up = self._codes.find(code, "uploader", site)
        token = token_of_uploader(known["site"], known["uploader"], secrets.token_urlsafe(32))
        values = {":tokens": [digest(token)], ":at": stamp(self._clock()), ":one": 1, ":count": known["enrolments"]}
        enrolled: Any = {
            "TableName": self._table,
            "Key": to_wire(uploader_key(known["site"], known["uploader"])),
            "UpdateExpression": f"SET tokens = :tokens, enrolled_at = :at ADD enrolments :one REMOVE {_ENDED}",
            "ConditionExpression": "enrolments = :count",
            "ExpressionAttributeValues": to_wire(values),
        }
        nobody_erases = Tombstones(self._dynamodb, self._table).nobody_erases(known["site"])
        writes: Any = [nobody_erases, use_up, {"Update": enrolled}]
        try:
            self._dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            if condition_failed(error):
                raise CodeInvalid("the code is unknown, used or expired") from None
            raise
        return {"site": known["site"], "uploader": known["uploader"], "token": token}

    def recognise(self, token: str) -> Uploader | None:
        """The uploader that a token belongs to; None when it belongs to none, or to an address that has ended."""
        named = read_token(token)
        if named is None:
            return None
        # Consistent, so that a token which was revoked is refused from that moment on.
        key = to_wire(uploader_key(*named))
        known = from_wire(self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {}))
        if not any(matching(token, known.get("tokens", []))):
            return None
        uploader = Uploader.from_item(named.site, known)
        return None if uploader.has_ended(self._clock()) else uploader

    def of_site(self, site: str) -> list[Uploader]:
        """The uploaders of a site, by name."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :uploaders",
            ProjectionExpression=", ".join(_KNOWN),
            ExpressionAttributeValues=to_wire({":uploaders": uploader_key(site, "")["pk"]}),
        )
        return [Uploader.from_item(site, from_wire(item)) for page in pages for item in page["Items"]]

    def revoke(self, site: str, uploader: str) -> bool:
        """End an uploader's token, and every code that was made for it; False when there is no such uploader."""
        try:
            self._end(site, uploader, stamp(self._clock()), "attribute_exists(uploader)")
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def revoke_again(self, site: str, revoked: Mapping[str, str]) -> list[str]:
        """Revoke those that were revoked at these times and do not know it: a restored table's. Their names.

        Whoever enrolled after that has another token, and keeps it.
        """
        again = []
        for uploader, at in sorted(revoked.items()):
            unknown = "attribute_exists(uploader) AND attribute_not_exists(revoked_at)"
            before = "(attribute_not_exists(enrolled_at) OR enrolled_at <= :at)"
            with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):
                self._end(site, uploader, at, f"{unknown} AND {before}")
                again.append(uploader)
        return again

    def _end(self, site: str, uploader: str, at: str, condition: str) -> None:
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire(uploader_key(site, uploader)),
            UpdateExpression="SET tokens = :none, revoked_at = :at ADD enrolments :one",
            ConditionExpression=condition,
            ExpressionAttributeValues=to_wire({":none": [], ":at": at, ":one": 1}),
        )


class UploadRecords:
    """The items `UPLOADS#{site}` of the table, by an id that sorts by time; kept for thirty days."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put(self, site: str, asked: Asked) -> None:
        """Remember that an upload was asked for."""
        files: Item = {name: content._asdict() for name, content in asked.files.items()}
        about = {"uploader": asked.uploader, "asked_at": stamp(asked.at), "files": files}
        expires_at = int((asked.at + KEPT).timestamp())
        item = {**upload_key(site, asked.upload), **about, "expires_at": expires_at}
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(item))

    def get(self, site: str, upload: str) -> Asked | None:
        """The upload of an id; None when there is none, or it is kept no longer."""
        got = self._dynamodb.get_item(TableName=self._table, Key=to_wire(upload_key(site, upload)), ConsistentRead=True)
        return _asked(from_wire(got["Item"])) if "Item" in got else None

    def last_of_each(self, site: str) -> dict[str, str]:
        """When each uploader of a site asked last, as time stamps by its name."""
        found: Any = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :uploads",
            ExpressionAttributeValues=to_wire({":uploads": upload_key(site, "")["pk"]}),
            ScanIndexForward=False,
            Limit=_NEWEST,
        )
        newest_last = [_asked(from_wire(item)) for item in reversed(found["Items"])]
        return {asked.uploader: stamp(asked.at) for asked in newest_last}


def _asked(item: Item) -> Asked:
    files = {name: Content(**content) for name, content in item["files"].items()}
    return Asked(item["sk"], item["uploader"], read_stamp(item["asked_at"]), files)


def upload_key(site: str, upload: str) -> dict[str, str]:
    """The key of the item that remembers an upload."""
    return {"pk": f"UPLOADS#{site}", "sk": upload}
