"""The erasure of a site that leaves, from its tombstone to the receipt. Read it from top to bottom.

1. A tombstone: from now on nothing of the site begins. What there is is counted, once: that is what the receipt says.
2. The servers and uploaders go, and with them every token.
3. The site's lease: an import that is running has ended once it is to be had, and the next finds the tombstone.
4. Every version, delete marker and unfinished upload of both buckets; groups and rights; whoever is told of the site.
5. Whatever else in the table is of the site, wherever it stands, such as codes; its reports; its head at last.
6. Everything is looked at once more. When nothing is left, the receipt is written.

Each step deletes what it finds, so a run that is killed or runs out of time is gone on with by the next, which ends
alike. A table is read through in step 5: its place is not kept, so that step has to fit into one run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from roster.erasure import COUNTED, Erasure
from roster.times import stamp
from roster_aws.dynamo.items import DIGITS
from roster_aws.dynamo.lease import Lease
from roster_aws.dynamo.table import server_key, site_key, to_wire, uploader_key
from roster_aws.intake.staging import STAGED
from roster_aws.intake.upload_items import upload_key
from roster_aws.leaving.tombstones import Tombstones
from roster_aws.telemetry import audit
from roster_aws.telling.contacts import Contacts, NotNow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_TO_END = timedelta(seconds=30)
_OBJECTS_AT_ONCE = 1000
_ITEMS_AT_ONCE = 25
_HEAD = "HEAD"
# So many threads read the table: ten gigabytes take a minute.
_SEGMENTS = 8
# Tombstones and receipts, which tell of the erasure.
_KEPT = ("ERASED", "RECEIPTS")

Key = tuple[str, str]


class OutOfTime(RuntimeError):
    """This run must end, and something is left: the next one goes on."""


class Progress(NamedTuple):
    """How far an erasure has come, and how many objects and items this run has deleted."""

    erasure: Erasure
    deleted: int


@dataclass
class _Run:
    """One run: until when it may work, and what it has deleted."""

    clock: Callable[[], datetime]
    ends_at: datetime
    deleted: int = 0

    def deletes(self, many: int) -> None:
        """So much is deleted next; OutOfTime where the run must end."""
        if self.clock() > self.ends_at:
            raise OutOfTime("more is left than one run can erase")
        self.deleted += many


@dataclass(frozen=True)
class Places:
    """Where a site's data are: both buckets and the table."""

    s3: S3Client
    inbox: str
    results: str
    dynamodb: DynamoDBClient
    table: str


@dataclass(frozen=True)
class Eraser:
    """Erases sites. `clock` gives the time in UTC."""

    places: Places
    tombstones: Tombstones
    lease: Lease
    contacts: Contacts
    clock: Callable[[], datetime]

    def count(self, site: str) -> dict[str, int]:
        """What there is of a site, by COUNTED: a dry run."""
        p = self.places
        counts = Counter(_kind(site, key) for key in self._items(site))
        counts["contacts"] += len(self.contacts.of(site))
        for name, bucket in (("inbox", p.inbox), ("results", p.results)):
            counts[f"{name}_versions"] = sum(1 for _ in self._versions(bucket, site))
            counts[f"{name}_unfinished"] = sum(1 for _ in self._unfinished(bucket, site))
        return {name: counts[name] for name in COUNTED}

    def run(self, site: str, by: str, owner: str, alive_until: datetime) -> Progress:
        """Erase a site as far as this run gets; it has ended when the erasure's `finished_at` is set.

        `owner` names the run, which must not live past `alive_until`.
        """
        begun = self.tombstones.begin(Erasure(site, by, stamp(self.clock())))
        run = _Run(self.clock, alive_until - _TO_END)
        if not begun.counts:
            begun = replace(begun, counts=self.count(site))
            self.tombstones.put_counts(site, begun.counts)
        try:
            for partition in (server_key(site, "")["pk"], uploader_key(site, "")["pk"]):
                self._delete_items(self._in(partition), run)
            if self.lease.take(site, owner, alive_until):
                return Progress(begun, run.deleted)  # an import is running: it ends within minutes
            self._erase(site, run)
        except OutOfTime:
            self.lease.drop(site, owner)
            return Progress(begun, run.deleted)
        except Exception:
            self.lease.drop(site, owner)
            raise
        ended = replace(begun, finished_at=stamp(self.clock()))
        self.tombstones.end(ended)
        audit("erased", site=site, by=begun.by, **dict(begun.counts))
        return Progress(ended, run.deleted)

    def _erase(self, site: str, run: _Run) -> None:
        p = self.places
        while True:
            for bucket in (p.inbox, p.results):
                self._delete_objects(bucket, site, run)
            for digit in DIGITS:
                self._delete_items(self._in(f"SITE#{site}#{digit}"), run)
            with suppress(NotNow):
                self.contacts.remove_all(site)
            head = tuple(site_key(site, _HEAD).values())
            self._delete_items((key for key in self._items(site) if key != head), run)
            if sum(self.count(site).values()) <= 1:  # the head, which has the lease
                break
        self._delete_items([(site_key(site, _HEAD)["pk"], _HEAD)], run)

    # The buckets

    def _versions(self, bucket: str, site: str) -> Iterator[dict[str, Any]]:
        for prefix in _prefixes(site):
            pages = self.places.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                for found in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                    yield {"Key": found["Key"], "VersionId": found["VersionId"]}

    def _unfinished(self, bucket: str, site: str) -> Iterator[dict[str, Any]]:
        for prefix in _prefixes(site):
            pages = self.places.s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                for found in page.get("Uploads", []):
                    yield {"Key": found["Key"], "UploadId": found["UploadId"]}

    def _delete_objects(self, bucket: str, site: str, run: _Run) -> None:
        for upload in self._unfinished(bucket, site):
            run.deletes(1)
            with suppress(self.places.s3.exceptions.NoSuchUpload):
                self.places.s3.abort_multipart_upload(Bucket=bucket, **upload)
        found = self._versions(bucket, site)
        while some := list(islice(found, _OBJECTS_AT_ONCE)):
            run.deletes(len(some))
            said = self.places.s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})  # type: ignore[typeddict-item]
            if said.get("Errors"):
                raise RuntimeError(f"{len(said['Errors'])} objects were not deleted: {said['Errors'][0].get('Code')}")

    # The table

    def _in(self, partition: str) -> Iterator[Key]:
        pages = self.places.dynamodb.get_paginator("query").paginate(
            TableName=self.places.table,
            KeyConditionExpression="pk = :pk",
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
            ExpressionAttributeValues=to_wire({":pk": partition}),
        )
        return ((item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"])

    def _items(self, site: str) -> Iterator[Key]:
        """The keys of every item of a site: in its own partitions, and elsewhere what names it as its `site`.

        But for tombstones and receipts. The whole table is read, since nothing else finds a code by its site.
        """
        for partition in (*_own(site), *(f"SITE#{site}#{digit}" for digit in DIGITS)):
            yield from self._in(partition)
        yield from self._elsewhere(site)

    def _elsewhere(self, site: str) -> Iterator[Key]:
        with ThreadPoolExecutor(_SEGMENTS) as threads:
            for keys in threads.map(lambda segment: list(self._scanned(site, segment)), range(_SEGMENTS)):
                yield from keys

    def _scanned(self, site: str, segment: int) -> Iterator[Key]:
        own = [*_own(site), *_KEPT]
        names = [f":own{number}" for number in range(len(own))]
        pages = self.places.dynamodb.get_paginator("scan").paginate(
            TableName=self.places.table,
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
            FilterExpression=f"(#site = :site OR (pk = :teams AND sk = :site)) AND NOT (pk IN ({', '.join(names)}))",
            ExpressionAttributeNames={"#site": "site"},
            ExpressionAttributeValues=to_wire({":site": site, ":teams": "TEAMS", **dict(zip(names, own, strict=True))}),
            Segment=segment,
            TotalSegments=_SEGMENTS,
        )
        return ((item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"])

    def _delete_items(self, keys: Iterable[Key], run: _Run) -> None:
        keys = iter(keys)
        while some := list(islice(keys, _ITEMS_AT_ONCE)):
            run.deletes(len(some))
            left: Any = [{"DeleteRequest": {"Key": to_wire({"pk": pk, "sk": sk})}} for pk, sk in some]
            while left:
                said = self.places.dynamodb.batch_write_item(RequestItems={self.places.table: left})
                left = said["UnprocessedItems"].get(self.places.table, [])


def _own(site: str) -> list[str]:
    """The partitions of a site, but for those of its groups and rights."""
    return [f"SITE#{site}", *(key(site, "")["pk"] for key in (server_key, uploader_key, upload_key))]


def _kind(site: str, key: Key) -> str:
    """What an item is counted as."""
    pk, sk = key
    if pk == server_key(site, "")["pk"]:
        return "servers" if sk.islower() else "others"  # beside them, what people were told of them
    if pk == uploader_key(site, "")["pk"]:
        return "uploaders"
    if pk == f"SITE#{site}":
        return "reports" if sk.startswith("IMPORT#") else "others"
    if pk.startswith(f"SITE#{site}#"):
        return "groups_and_rights"
    return "codes" if pk.startswith("CODE#") else "others"


def _prefixes(site: str) -> tuple[str, str]:
    """Where a site's objects lie in either bucket: its own, and what an upload page put there for a day."""
    return f"{site}/", f"{STAGED}/{site}/"
