"""What an import has to know for its plan, gathered: both files, the versions it is compared with, what is remembered.

The plan itself is pure (`roster.plan`). Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roster.csv_file import too_large
from roster.memory import Memory
from roster.next_step import ImportPair
from roster.pair import old_partner
from roster.plan import Base, Known, Plan, plan_import, refuse
from roster.site_head import Head
from roster.stray import site_like
from roster_aws.fleet import Fleet
from roster_aws.inbox import Inbox
from roster_aws.results import Results
from roster_aws.telemetry import Phases


@dataclass(frozen=True)
class Planning:
    """Gathers, and plans."""

    inbox: Inbox
    results: Results
    fleet: Fleet

    def plan(self, head: Head, step: ImportPair, phases: Phases, memory: Memory | None = None) -> Plan:
        """The plan of a step's pair; `memory` takes the place of what the site remembers."""
        pair = step.decision.pair
        large = [notice for upload in pair.values() if (notice := too_large(upload.file, upload.size))]
        if large:
            return refuse(large)
        files = {file: self.inbox.read(head.site, upload) for file, upload in pair.items()}
        base = self.results.base(self.results.manifest(head.site, head.manifest_sha256)) if head.version else None
        known = Known(
            import_id=step.import_id,
            now=step.at,
            memory=self.results.memory(head.site, head.memory_sha256) if memory is None else memory,
            earlier=self._earlier(head, step.at),
            site_new=resembled(head, self.fleet),
            school_year=head.school_year,
        )
        phases.end("fetch")
        plan = plan_import(files, step.settings, base, old_partner(pair), known)
        phases.end("plan")
        return plan

    def _earlier(self, head: Head, at: datetime) -> Base | None:
        """The version that steps are added up from, where that is another than the head's and still kept."""
        step = head.counted_from(at)
        return self.results.kept_base(head.site, step.manifest_sha256) if step else None


def resembled(head: Head, fleet: Fleet) -> str | None:
    """Of a site that nobody has added and that has no version: the known one that it resembles, or ""; else None."""
    if head.is_known:
        return None
    return site_like(head.site, [each.site for each in fleet.sites() if each.is_known])
