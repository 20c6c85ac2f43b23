"""Groups and rights in the table, brought from one version to another.

Every write puts a whole item or deletes one, and the order of the writes is the same each time, so a projection that
was cut off goes on where it was. One that was cut off on the way to a version that is no longer the newest is mended:
then everything of the newest version is put, and what it does not have is removed.
Reads nothing but the versions' objects, except where an entry may have been so large that it had further parts.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from roster.delta import Kind, Step, change_line, changes, place, read_step
from roster.encode import Manifest, entry
from roster.model import Entry
from roster_aws.dynamo.items import DIGITS, SURELY_ONE_PART, Address, address, entries_of, items, part_prefix
from roster_aws.dynamo.table import Item, from_wire, to_wire
from roster_aws.results import Results

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 25  # the most that one BatchWriteItem takes
_THREADS = len(DIGITS)  # one for each partition
_WAVE = _THREADS * 4 * _BATCH  # entries written between two notes of how far it is
_TRIES = 10

# A batch of which the table takes nothing at all is refused, instead of being handed back.
_TRY_AGAIN = {
    *("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "InternalServerError"),
    *("ServiceUnavailable", "LimitExceededException"),
}


class Projection:
    """Writes versions into the table."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, results: Results) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._results = results

    def apply(self, new: Manifest, old: Manifest | None, done: int, save: Callable[[int], None]) -> None:
        """Bring the site's items from a version (None: none yet) to another, of which `done` steps are written.

        `save` is told how many are, every few thousand writes. The delta is read where it leads from the one version to
        the other; else both snapshots are compared.
        """
        self._carry_out(new, self._steps(new, old), done, save)

    def mend(self, new: Manifest, done: int, save: Callable[[int], None]) -> None:
        """Make the site's items those of a version, whatever they are; of its own entries `done` are written."""
        self._carry_out(new, self._all_of(new), done, save)
        wanted = {Address(item["pk"], item["sk"]) for step in self._all_of(new) for item in _items(new, step)}
        stored = (where for digit in DIGITS for where in self._addresses(f"SITE#{new.site}#{digit}", ""))
        self._write_all(where for where in stored if where not in wanted)

    def _steps(self, new: Manifest, old: Manifest | None) -> Iterator[Step]:
        if old is None:
            return self._all_of(new)
        if new.delta and new.delta_from == old.version:
            steps = self._results.lines(new.site, new.delta)
            next(steps)
            return map(read_step, steps)
        before, after = (self._results.lines(each.site, each.snapshot) for each in (old, new))
        next(before)
        next(after)
        changed = changes(before, ((entry(text), text) for text in after))
        return (read_step(change_line(change)) for change in changed)

    def _all_of(self, manifest: Manifest) -> Iterator[Step]:
        stored = self._results.lines(manifest.site, manifest.snapshot)
        next(stored)
        return map(_created, stored)

    def _carry_out(self, new: Manifest, steps: Iterator[Step], done: int, save: Callable[[int], None]) -> None:
        steps = islice(steps, done, None)
        wave = list(islice(steps, _WAVE))
        with ThreadPoolExecutor(_THREADS) as threads:
            while wave:
                batches = _batches(write for step in wave for write in self._writes(new, step))
                list(threads.map(self._write, batches))
                done += len(wave)
                wave = list(islice(steps, _WAVE))
                if wave:
                    save(done)

    def _write_all(self, writes: Iterable[Item | Address]) -> None:
        batches = _batches(writes)
        with ThreadPoolExecutor(_THREADS) as threads:
            while some := list(islice(batches, _THREADS)):
                list(threads.map(self._write, some))

    def entries(self, site: str, kind: str = "") -> list[Entry]:
        """Every group and right that the table shows for a site; only `GROUP#` or `RIGHT#` where `kind` says so.

        They come in no particular order. The partitions are read at once.
        """

        def read(digit: str) -> list[Entry]:
            return list(entries_of(from_wire(item) for item in self._query(f"SITE#{site}#{digit}", kind)))

        with ThreadPoolExecutor(_THREADS) as threads:
            return [entry for part in threads.map(read, DIGITS) for entry in part]

    def entry(self, site: str, kind: Kind, key: str) -> Entry | None:
        """One group or right, by its folded key."""
        where = address(site, kind, key)
        got = self._dynamodb.get_item(TableName=self._table, Key=to_wire(where._asdict()), ConsistentRead=True)
        if "Item" not in got:
            return None
        first = from_wire(got["Item"])
        more = self._query(where.pk, part_prefix(where)) if first.get("parts", 1) > 1 else ()
        return next(entries_of([first, *map(from_wire, more)]), None)

    def _query(self, partition: str, prefix: str, **only: str) -> Iterator[Any]:
        condition = "pk = :pk AND begins_with(sk, :prefix)" if prefix else "pk = :pk"
        values = {":pk": partition, ":prefix": prefix} if prefix else {":pk": partition}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_wire(values),
            **only,  # type: ignore[arg-type]
        )
        return (item for page in pages for item in page["Items"])

    def _addresses(self, partition: str, prefix: str) -> Iterator[Address]:
        return (
            Address(partition, item["sk"]["S"]) for item in self._query(partition, prefix, ProjectionExpression="sk")
        )

    def _writes(self, manifest: Manifest, step: Step) -> Iterator[Item | Address]:
        """The items that a step puts, and the addresses of those it removes."""
        put = _items(manifest, step)
        yield from put
        first = address(manifest.site, step.kind, step.key)
        if not put:
            yield first
        if step.names_before > SURELY_ONE_PART:
            kept = {item["sk"] for item in put}
            parts = self._addresses(first.pk, part_prefix(first))
            yield from (part for part in parts if part.sk not in kept)

    def _write(self, batch: list[Item | Address]) -> None:
        left: list[Any] = [_request(write) for write in batch]
        for attempt in range(_TRIES):
            left = self._unprocessed(left)
            if not left:
                return
            time.sleep(random.uniform(0, min(5, 0.05 * 2**attempt)))  # noqa: S311 (jitter, not a secret)
        raise TimeoutError(f"the table refused {len(left)} writes {_TRIES} times")

    def _unprocessed(self, requests: list[Any]) -> list[Any]:
        """What of a batch was not written: a part of it, or, where nothing could be, all of it."""
        try:
            answer = self._dynamodb.batch_write_item(RequestItems={self._table: requests})
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _TRY_AGAIN:
                raise
            return requests
        return answer["UnprocessedItems"].get(self._table, [])


def _items(manifest: Manifest, step: Step) -> list[Item]:
    return list(items(manifest.site, step.entry, manifest.version)) if step.entry else []


def _created(line: bytes) -> Step:
    new = entry(line)
    return Step(*place(new), new, 0)


def _request(write: Item | Address) -> dict[str, Any]:
    if isinstance(write, Address):
        return {"DeleteRequest": {"Key": to_wire(write._asdict())}}
    return {"PutRequest": {"Item": to_wire(write)}}


def _batches(writes: Iterable[Item | Address]) -> Iterator[list[Item | Address]]:
    writes = iter(writes)
    while batch := list(islice(writes, _BATCH)):
        yield batch
