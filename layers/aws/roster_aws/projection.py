"""Groups and rights in the table, brought from one version to the next.

Every write puts a whole item or deletes one, so a projection that was cut off is simply done again from its beginning.
Reads nothing, except where a group may have been so large that it had further parts.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any

from roster.delta import Kind, Step, place, read_step
from roster.encode import Corrupt, Manifest, entry
from roster.model import Entry
from roster_aws.environment import client, variable
from roster_aws.items import SURELY_ONE_PART, Address, Item, address, entries_of, items, part_prefix
from roster_aws.results import Results
from roster_aws.table import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 25  # the most that one BatchWriteItem takes
_THREADS = 16  # one for each partition that a site's entries are spread over
_WAVE = _THREADS * 4  # batches held at once
_TRIES = 10


class Projection:
    """Writes versions into the table."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, results: Results) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._results = results

    @classmethod
    def from_environment(cls) -> Projection:
        """The projection into this process's table."""
        return cls(client("dynamodb"), variable("TABLE_NAME"), Results.from_environment())

    def apply(self, manifest: Manifest, projected_version: int) -> None:
        """Bring the site's items from `projected_version` (0: none) to the manifest's version."""
        steps: Iterator[Step]
        if projected_version == 0:
            lines = self._results.lines(manifest.site, manifest.snapshot)
            next(lines)
            steps = (_created(line) for line in lines)
        elif manifest.delta and manifest.delta_from == projected_version:
            lines = self._results.lines(manifest.site, manifest.delta)
            next(lines)
            steps = map(read_step, lines)
        else:
            raise Corrupt(f"version {manifest.version} does not follow version {projected_version}")
        batches = _batches(write for step in steps for write in self._writes(manifest, step))
        with ThreadPoolExecutor(_THREADS) as threads:
            while wave := list(islice(batches, _WAVE)):
                list(threads.map(self._write, wave))

    def entries(self, site: str) -> Iterator[Entry]:
        """Every group and right that the table shows for a site, in no particular order."""
        for digit in "0123456789abcdef":
            yield from self.entries_in(site, digit)

    def entries_in(self, site: str, digit: str, kind: str = "") -> Iterator[Entry]:
        """The groups and rights of one of a site's sixteen partitions; `kind` is `GROUP#`, `RIGHT#` or both."""
        return self._read(f"SITE#{site}#{digit}", kind)

    def entry(self, site: str, kind: Kind, key: str) -> Entry | None:
        """One group or right, by its folded key."""
        where = address(site, kind, key)
        return next((found for found in self._read(where.pk, where.sk) if found.key == key), None)

    def _read(self, partition: str, prefix: str) -> Iterator[Entry]:
        condition = "pk = :pk AND begins_with(sk, :prefix)" if prefix else "pk = :pk"
        values = {":pk": partition, ":prefix": prefix} if prefix else {":pk": partition}
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table, KeyConditionExpression=condition, ExpressionAttributeValues=to_wire(values)
        )
        yield from entries_of(from_wire(item) for page in pages for item in page["Items"])

    def _writes(self, manifest: Manifest, step: Step) -> Iterator[Item | Address]:
        """The items that a step puts, and the addresses of those it removes."""
        put = list(items(manifest.site, step.entry, manifest.version)) if step.entry else []
        yield from put
        first = address(manifest.site, step.kind, step.key)
        if not put:
            yield first
        if step.members_before > SURELY_ONE_PART:
            kept = {item["sk"] for item in put}
            yield from (part for part in self._parts(first) if part.sk not in kept)

    def _parts(self, first: Address) -> Iterator[Address]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :part)",
            ExpressionAttributeValues=to_wire({":pk": first.pk, ":part": part_prefix(first)}),
            ProjectionExpression="sk",
        )
        for page in pages:
            for item in page["Items"]:
                yield Address(first.pk, item["sk"]["S"])

    def _write(self, batch: list[Item | Address]) -> None:
        left: list[Any] = [_request(write) for write in batch]
        for attempt in range(_TRIES):
            answer = self._dynamodb.batch_write_item(RequestItems={self._table: left})
            left = answer["UnprocessedItems"].get(self._table, [])
            if not left:
                return
            time.sleep(random.uniform(0, min(5, 0.05 * 2**attempt)))  # noqa: S311 (jitter, not a secret)
        raise TimeoutError(f"the table refused {len(left)} writes {_TRIES} times")


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
