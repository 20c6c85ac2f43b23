"""What an import has to know for its plan: both files, the versions it is compared with, what is remembered.

The plan itself is pure (`roster.plan`). Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from roster.memory import Memory
from roster.next_step import ImportPair
from roster.plan import Base, Known
from roster.site_head import Head
from roster_aws.dynamo.barred import NoConsole
from roster_aws.fleet import Fleet
from roster_aws.inbox import Inbox
from roster_aws.results import Results


class Gathered(NamedTuple):
    """The arguments of `roster.plan.plan_import`: the bytes of both files, the published version, and what is known."""

    files: dict[str, bytes]
    base: Base | None
    known: Known


@dataclass(frozen=True)
class Gathering:
    """Gathers it from the inbox, the results and the list of sites."""

    inbox: Inbox
    results: Results
    fleet: Fleet
    no_console: NoConsole

    def gather(self, head: Head, step: ImportPair, memory: Memory | None = None) -> Gathered:
        """What the plan of a step needs; `memory` takes the place of what the site remembers."""
        files = {file: self.inbox.read(head.site, upload) for file, upload in step.decision.pair.items()}
        return self.of(head, files, step.at, step.import_id, memory)

    def of(
        self, head: Head, files: dict[str, bytes], at: datetime, import_id: str = "", memory: Memory | None = None
    ) -> Gathered:
        """What the plan of these files needs, at a time; without an id, of an import that there is not."""
        base = self.results.base(self.results.manifest(head.site, head.manifest_sha256)) if head.version else None
        known = Known(
            import_id=import_id,
            now=at,
            memory=self.results.memory(head.site, head.memory_sha256) if memory is None else memory,
            earlier=self._earlier(head, at),
            site_new=self.fleet.resembled(head),
            school_year=head.school_year,
            no_console=self.no_console.keys(head.site),
        )
        return Gathered(files, base, known)

    def _earlier(self, head: Head, at: datetime) -> Base | None:
        """The version that steps are added up from, where that is another than the head's and still kept."""
        step = head.counted_from(at)
        return self.results.kept_base(head.site, step.manifest_sha256) if step else None
