"""What an import has to know for its plan, gathered: both files, the versions it is compared with, what is remembered.

The plan itself is pure (`roster.plan`). Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from roster.csv_file import too_large
from roster.memory import Memory
from roster.pair import Upload, old_partner
from roster.plan import Base, Known, Plan, plan_import, refuse
from roster.settings import Settings
from roster.stray import site_like
from roster_aws.environment import now
from roster_aws.fleet import Fleet
from roster_aws.head import Head
from roster_aws.inbox import Inbox
from roster_aws.publishing import Phases
from roster_aws.results import Results


@dataclass(frozen=True)
class Planning:
    """Plans imports. `clock` gives the time in UTC."""

    inbox: Inbox
    results: Results
    fleet: Fleet
    clock: Callable[[], datetime]

    @classmethod
    def from_environment(cls) -> Planning:
        """The planning of this process."""
        return cls(Inbox.from_environment(), Results.from_environment(), Fleet.from_environment(), now)

    def plan(
        self,
        head: Head,
        import_id: str,
        pair: dict[str, Upload],
        settings: Settings,
        phases: Phases,
        *,
        at: datetime,
        memory: Memory | None = None,
    ) -> Plan:
        """The plan of a pair at a time; `memory` takes the place of what the site remembers."""
        large = [notice for upload in pair.values() if (notice := too_large(upload.file, upload.size))]
        if large:
            return refuse(large)
        files = {file: self.inbox.read(head.site, upload) for file, upload in pair.items()}
        base = self.results.base(self.results.manifest(head.site, head.manifest_sha256)) if head.version else None
        known = Known(
            import_id=import_id,
            now=at,
            memory=self.results.memory(head.site, head.memory_sha256) if memory is None else memory,
            earlier=self._earlier(head, at),
            site_new=resembled(head, self.fleet),
            school_year=head.school_year,
        )
        phases.end("fetch")
        plan = plan_import(files, settings, base, old_partner(pair), known)
        phases.end("plan")
        return plan

    def _earlier(self, head: Head, at: datetime) -> Base | None:
        """The version that steps are added up from, where that is another than the head's and still kept."""
        step = head.counted_from(at)
        return self.results.kept_base(head.site, step.manifest_sha256) if step else None


def resembled(head: Head, fleet: Fleet) -> str | None:
    """Of a site that nobody has added and that has no version: the known one that it resembles, or ""; else None."""
    if head.version or head.added_at:
        return None
    known = [each["site"] for each in fleet.sites() if each.get("added_at") or each.get("version")]
    return site_like(head.site, known)
