"""What becomes of an upload that no import reads.

In a folder that is no site's: it is counted for the overview. In a site's folder: what systems and tools leave is
counted and nothing more. Any other name is looked at again after a minute, as some tools upload under a name of their
own and rename: what is gone by then is counted too, and what still stands is a failed import of its site.

A name may be a pupil's. So what is to be looked at again, also for a fault of ours, goes into the queue as the bucket's
version and the site, and its name is looked for in the bucket then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from roster.alert import of_refused_file
from roster.pair import refusal_id
from roster.report import Report
from roster.request import Stray, Unnamed
from roster.stray import file_like, folder_of, is_left_by_a_tool, shortened
from roster.times import stamp
from roster_aws.dynamo.table import from_wire, site_key, to_wire
from roster_aws.inbox import Inbox
from roster_aws.logbook import Logbook
from roster_aws.queue import Queue
from roster_aws.store import Store
from roster_aws.telemetry import logger
from roster_aws.telling.alerts import Alerts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# How long a name may be one that a tool renames.
RENAMED_WITHIN = timedelta(minutes=1)

_COUNTS_KEPT = timedelta(days=30)
_NAMES_KEPT = 20
_FOLDERS_READ = 200
_TRIES = 20

_PARTITION = "IGNORED"


@dataclass(frozen=True)
class Strays:
    """Looks at them. `clock` gives the time in UTC."""

    inbox: Inbox
    ignored: Ignored
    store: Store
    queue: Queue
    logbook: Logbook
    alerts: Alerts
    clock: Callable[[], datetime]

    def look(self, stray: Stray) -> None:
        """Count it, have it looked at again later, or tell of it; raises only where the queue takes nothing.

        What S3 says of it must not come back and end among the dead letters, since its key stands there.
        """
        try:
            if stray.unnamed.site:
                self._inside(stray.unnamed, stray.key.partition("/")[2])
            else:
                self._outside(stray)
        except Exception:
            logger.exception("stray_broke_off")
            self.queue.look_again(stray.unnamed, RENAMED_WITHIN.total_seconds())

    def look_again(self, stray: Unnamed) -> None:
        """The same of one that was looked at before."""
        if not stray.site:
            self._tell_outside(stray)  # where it lay, nobody can say any more
            return
        name = self.inbox.name_of(stray.site, stray.version_id)
        if name is not None:  # else it was removed for good, and its name with it
            self._inside(stray, name)

    def _inside(self, stray: Unnamed, name: str) -> None:
        """What lies in a site's folder under a name."""
        if self.store.tombstones.of(stray.site):
            self.store.tombstones.count_upload(stray.site)
        elif is_left_by_a_tool(name):
            self.ignored.count_of_site(stray.site, name)
        elif (left := stray.uploaded_at + RENAMED_WITHIN - self.clock()) > timedelta():
            self.queue.look_again(stray, left.total_seconds())
        elif self.inbox.newest(stray.site, name) is None:
            self.ignored.count_of_site(stray.site, name)
        else:
            self._refuse(stray, name)

    def _outside(self, stray: Stray) -> None:
        if not is_left_by_a_tool(stray.key):
            self.ignored.count_outside(stray.key)
        self._tell_outside(stray.unnamed)

    def _tell_outside(self, stray: Unnamed) -> None:
        about = {"reason": "outside_any_site", "version_id": stray.version_id, "bytes": stray.size}
        self.logbook.tell([{"message": "upload_ignored", **about, "UploadsIgnored": 1}])

    def _refuse(self, stray: Unnamed, name: str) -> None:
        report = Report(
            stray.site,
            refusal_id(stray.uploaded_at, stray.version_id),
            "failed",
            reason="file_name_unexpected",
            ended_at=stamp(stray.uploaded_at),
            file=name,
            like=file_like(name),
        )
        if not self.store.record_import(report):
            return
        self.logbook.tell_import(report)
        self.alerts.tell([of_refused_file(report)])
        self.store.mark_refused(report)


class Ignored:
    """Uploads that nobody need be woken for: counted in the table, so that a page can show them.

    Of a site: what tools leave in its folder, as one item `SITE#{site}`, `IGNORED`. Outside any site: one item a
    folder, `IGNORED`, `{folder}/`. Both end 30 days after the last upload. A message that comes twice is counted twice.
    `clock` gives the time in UTC.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def count_of_site(self, site: str, name: str) -> None:
        """Count an upload to a site's folder. TimeoutError where many others are counted in the same moment."""
        for _ in range(_TRIES):
            before = self._get(site)
            if self._put(site, _with(before, shortened(name), self._clock()), before):
                return
        raise TimeoutError("the count of ignored uploads changes too often")

    def of_site(self, site: str) -> dict[str, Any]:
        """What was ignored of a site: `total`, and the newest `names` {name, count, last_at}, newest first."""
        item = self._get(site)
        names = [{"name": name, **about} for name, about in item.get("names", {}).items()]
        return {"total": item.get("total", 0), "names": sorted(names, key=lambda each: each["last_at"], reverse=True)}

    def count_outside(self, key: str) -> None:
        """Count an upload whose key names no site, by its folder."""
        at = self._clock()
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire({"pk": _PARTITION, "sk": folder_of(key)}),
            UpdateExpression="SET last_at = :at, expires_at = :end ADD #count :one",
            ExpressionAttributeNames={"#count": "count"},
            ExpressionAttributeValues=to_wire({":at": stamp(at), ":end": _end(at), ":one": 1}),
        )

    def outside(self) -> list[dict[str, Any]]:
        """The folders that are no site's {folder, count, last_at}, the newest first; "" is no folder at all."""
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_wire({":pk": _PARTITION}),
            Limit=_FOLDERS_READ,
        )
        items = map(from_wire, found["Items"])
        folders = [
            {"folder": item["sk"].removeprefix("/"), "count": item["count"], "last_at": item["last_at"]}
            for item in items
        ]
        return sorted(folders, key=lambda each: each["last_at"], reverse=True)

    def _get(self, site: str) -> dict[str, Any]:
        key = to_wire(site_key(site, _PARTITION))
        return from_wire(self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {}))

    def _put(self, site: str, item: dict[str, Any], before: dict[str, Any]) -> bool:
        """Write the item where it still is as it was before; whether that was so."""
        same: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before:
            same = {
                "ConditionExpression": "#total = :total",
                "ExpressionAttributeNames": {"#total": "total"},
                "ExpressionAttributeValues": to_wire({":total": before["total"]}),
            }
        try:
            self._dynamodb.put_item(TableName=self._table, Item=to_wire({**item, **site_key(site, _PARTITION)}), **same)
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _with(item: dict[str, Any], name: str, at: datetime) -> dict[str, Any]:
    names = dict(item.get("names", {}))
    count = names.pop(name, {}).get("count", 0) + 1
    newest = sorted(names.items(), key=lambda each: each[1]["last_at"], reverse=True)[: _NAMES_KEPT - 1]
    known = {name: {"count": count, "last_at": stamp(at)}, **dict(newest)}
    return {"total": item.get("total", 0) + 1, "names": known, "expires_at": _end(at)}


def _end(at: datetime) -> int:
    return int((at + _COUNTS_KEPT).timestamp())
