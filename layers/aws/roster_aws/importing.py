"""An import, from a reason to look at a site's inbox to its report told. Read it from top to bottom.

1. Take the site's lease, or leave a mark for the one who holds it.
2. Finish what an earlier run of the same site left undone.
3. Decide from what the inbox holds: import now, wait, or nothing new.
4. Read both files, each at one pinned version; plan the import, which is pure.
5. Store the objects of the new version; settle, the one write that makes it the head.
6. Bring the groups and rights in the table to it, and tell the report.
7. Let go of the lease, unless somebody left a mark: then again from 2.

A crash after any call leaves a state that step 2 finishes or step 3 decides anew. What is refused: data, as notices
in the report. What raises: our own faults, and the message comes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from roster.csv_file import too_large
from roster.encode import Manifest
from roster.notices import FILES, FileError
from roster.pair import ImportNow, Upload, Wait, decide, import_id, old_partner, refusal_id
from roster.plan import Plan, plan_import, refuse
from roster.report import import_report, notices_csv
from roster.settings import Settings
from roster_aws.environment import now
from roster_aws.inbox import Inbox
from roster_aws.projection import Projection
from roster_aws.queue import Queue, Request, Stray
from roster_aws.results import Results
from roster_aws.store import Head, Store
from roster_aws.telemetry import logger, tell_report, tell_stray

# A message for later must not arrive a moment too early.
_SLACK_SECONDS = 2

_ASKED_AGAIN_SECONDS = 5

# A message that comes twice comes within minutes.
_RECENT_REPORTS = 20


@dataclass(frozen=True)
class Importer:
    """Imports sites. `clock` gives the time in UTC."""

    inbox: Inbox
    results: Results
    store: Store
    projection: Projection
    queue: Queue
    clock: Callable[[], datetime]

    @classmethod
    def from_environment(cls) -> Importer:
        """The importer of this process."""
        return cls(
            Inbox.from_environment(),
            Results.from_environment(),
            Store.from_environment(),
            Projection.from_environment(),
            Queue.from_environment(),
            now,
        )

    def run(self, request: Request, owner: str, alive_until: datetime) -> None:
        """Do whatever the site's inbox asks for now. `owner` names this run; it must not live past `alive_until`."""
        held_until = self.store.take_lease(request.site, owner, alive_until)
        if held_until:
            # The holder looks again before it lets go: this message is for the case that it dies first. What a person
            # asked for, the holder does not know.
            left = (held_until - self.clock()).total_seconds() + _SLACK_SECONDS
            self.queue.ask(request, min(left, _ASKED_AGAIN_SECONDS) if request.asked else left)
            return
        try:
            self._look(request, owner)
            while not self.store.release_lease(request.site, owner):
                self._look(Request(request.site), owner)
        except Exception:
            self.store.drop_lease(request.site, owner)
            raise

    def _look(self, request: Request, owner: str) -> None:
        site = request.site
        head = self.store.head(site)
        if head.open_import:
            self._finish(head, owner, _Phases())
            head = self.store.head(site)
        settings = Settings()
        decision = decide(
            self.inbox.standing(site),
            head.seen,
            head.readable,
            now=self.clock(),
            window=timedelta(minutes=settings.pair_window_minutes),
            asked=bool(request.asked),
        )
        if isinstance(decision, ImportNow):
            self._import(head, owner, request, decision.pair, settings)
        elif isinstance(decision, Wait):
            self._wait(request, decision)
        elif request.asked:
            self._tell_empty(request)
        else:
            logger.info("nothing_new", extra={"site": site})

    def _wait(self, request: Request, wait: Wait) -> None:
        self.store.put_waiting(request.site, wait, request.asked)
        about = {"status": "waiting", "reason": "partner_missing", "missing": wait.missing}
        tell_report({"site": request.site, **about})
        if wait.until:
            self.queue.ask(Request(request.site), (wait.until - self.clock()).total_seconds() + _SLACK_SECONDS)

    def _tell_empty(self, request: Request) -> None:
        """A person asked for an import where there is no file at all, and waits for an answer."""
        asked_at = request.asked_at or self.clock()
        this_refusal = refusal_id(asked_at, request.asked)
        about = {"site": request.site, "import": this_refusal, "asked": request.asked}
        report = {**about, "status": "failed", "reason": "inbox_empty"}
        self.store.record_import(report)
        tell_report(report)

    def _import(self, head: Head, owner: str, request: Request, pair: dict[str, Upload], settings: Settings) -> None:
        phases = _Phases()
        if request.asked and self._was_told(request):
            return  # the message came twice
        this_import = head.running or import_id(pair, head.imports + 1, request.asked_at)
        pinned = {file: {"version_id": pair[file].version_id} for file in FILES}
        self.store.begin_import(head, owner, this_import, pinned)
        plan = self._plan(head, pair, settings, phases)
        report = import_report(head.site, this_import, pair, plan, head.version)
        if request.asked:
            report["asked"] = request.asked
        if plan.notices.totals:
            report["notices_key"] = self.results.put_notices(head.site, this_import, notices_csv(plan))
        manifest_sha256 = self._store_version(head, this_import, plan)
        phases.end("store")
        refused = {notice.file for notice in plan.notices.listed() if isinstance(notice, FileError)}
        readable = head.readable | {file: upload for file, upload in pair.items() if file not in refused}
        settled = self.store.settle(head, owner, report, readable, manifest_sha256)
        phases.end("settle")
        self._finish(settled, owner, phases)

    def _was_told(self, request: Request) -> bool:
        told = self.store.reports(request.site, _RECENT_REPORTS)
        return any(report.get("asked") == request.asked and report["status"] != "fetching" for report in told)

    def _plan(self, head: Head, pair: dict[str, Upload], settings: Settings, phases: _Phases) -> Plan:
        large = [notice for upload in pair.values() if (notice := too_large(upload.file, upload.size))]
        if large:
            return refuse(large)
        files = {file: self.inbox.read(head.site, upload) for file, upload in pair.items()}
        base = None
        if head.version:
            base = self.results.base(self.results.manifest(head.site, head.manifest_sha256))
        phases.end("fetch")
        plan = plan_import(files, settings, base, old_partner(pair))
        phases.end("plan")
        return plan

    def _store_version(self, head: Head, this_import: str, plan: Plan) -> str | None:
        """Store what the next version consists of; the digest of its manifest, or None when there is no new version."""
        if not plan.snapshot:
            return None
        self.results.put_object(head.site, plan.snapshot)
        if plan.delta:
            self.results.put_object(head.site, plan.delta)
        counts = {name: plan.counts[name] for name in ("groups", "members", "memberships", "teachers")}
        manifest = Manifest(
            site=head.site,
            epoch=head.epoch,
            version=head.version + 1,
            import_id=this_import,
            counts=counts,
            snapshot=plan.snapshot.blob,
            delta=plan.delta.blob if plan.delta else None,
            delta_from=head.version if plan.delta else None,
        )
        return self.results.put_manifest(manifest)

    def _finish(self, head: Head, owner: str, phases: _Phases) -> None:
        """Bring the table to the head's version and tell the open import; after a crash, again from the beginning."""
        if head.projected_version != head.version:
            self.results.show_manifest(head.site, head.version, head.manifest_sha256)
            manifest = self.results.manifest(head.site, head.manifest_sha256)
            self.projection.apply(manifest, head.projected_version)
            phases.end("project")
        report = self.store.report(head.site, head.open_import)
        if report is None:  # it was written with the head, so this is a fault of ours
            raise LookupError(f"the report of import {head.open_import} is gone")
        report["status"] = report.pop("outcome")
        report |= {"milliseconds": phases.milliseconds, "ended_at": self.clock().isoformat(timespec="seconds")}
        tell_report(report)
        self.store.finish(head, owner, report)

    def refuse(self, stray: Stray) -> None:
        """Tell of an upload that no import reads: among its site's imports, or if it has no site in the log."""
        if stray.site is None:
            tell_stray(stray)
            return
        report = {
            "site": stray.site,
            "import": refusal_id(stray.uploaded_at, stray.version_id),
            "status": "failed",
            "reason": "file_name_unexpected",
            "ended_at": stray.uploaded_at.isoformat(timespec="seconds"),
        }
        # The name may be anything, a pupil's too, so it is kept with the report and not told in the log.
        self.store.record_import(report | {"file": stray.key.partition("/")[2]})
        tell_report(report)


@dataclass
class _Phases:
    """How long each phase of an import took, in milliseconds."""

    milliseconds: dict[str, int] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def end(self, phase: str) -> None:
        now = time.monotonic()
        self.milliseconds[phase] = round((now - self._since) * 1000)
        self._since = now
