"""The reports log group, which CloudWatch shows imports and the fleet by: `roster.log_events`, written.

An event that was told before a crash may be told again by the run that finishes the import.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from roster.log_events import NAMESPACE, Event, import_events, with_metrics
from roster.notices_file import Finding
from roster.report import Report

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

# PutLogEvents takes a mebibyte, with 26 bytes on top of each event, and ten thousand events.
_CALL_BYTES = 1_000_000
_EVENT_BYTES = 26
_CALL_EVENTS = 10_000


class Logbook:
    """Writes to the reports log group, each process into a stream of its own. `clock` gives the time in UTC.

    The metrics of the events are put into `namespace`.
    """

    def __init__(
        self, logs: CloudWatchLogsClient, group: str, clock: Callable[[], datetime], namespace: str = NAMESPACE
    ) -> None:
        self._logs = logs
        self._group = group
        self._clock = clock
        self._namespace = namespace
        self._stream = ""

    def tell_import(self, report: Report, findings: Iterable[Finding] = ()) -> None:
        """Tell of an import that has ended, and of the `findings` that are about a row."""
        self.tell(import_events(report, findings))

    def tell(self, events: Iterable[Event]) -> None:
        """Write events, each with its `message` and, if METRICS knows that, its metrics among its fields."""
        at = round(self._clock().timestamp() * 1000)
        for batch in _batches(with_metrics(event, at, self._namespace) for event in events):
            written: list[InputLogEventTypeDef] = [{"timestamp": at, "message": message} for message in batch]
            self._logs.put_log_events(logGroupName=self._group, logStreamName=self._own_stream(), logEvents=written)

    def _own_stream(self) -> str:
        if not self._stream:
            name = f"{self._clock():%Y/%m/%d}/{uuid.uuid4().hex}"
            try:
                self._logs.create_log_stream(logGroupName=self._group, logStreamName=name)
            except ClientError as error:
                # Nobody else's: the answer to making it was lost, and the call was made once more.
                if error.response.get("Error", {}).get("Code") != "ResourceAlreadyExistsException":
                    raise
            self._stream = name
        return self._stream


def _batches(messages: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for message in messages:
        needs = len(message.encode()) + _EVENT_BYTES
        if batch and (size + needs > _CALL_BYTES or len(batch) == _CALL_EVENTS):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += needs
    if batch:
        yield batch
