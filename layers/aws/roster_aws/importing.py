"""An import, from a reason to look at a site's inbox to its report told. Read it from top to bottom.

1. Take the site's lease, or leave a mark for the one who holds it.
2. Finish what an earlier run of the same site left undone.
3. Decide from what the inbox holds: import now, wait, or nothing new.
4. Read both files, each at one pinned version; plan the import, which is pure.
5. Store the objects of the new version and sign it; settle, the one write that makes it the head.
6. Bring the groups and rights in the table to it, and tell the report.
7. Let go of the lease, unless somebody left a mark: then again from 2.

A crash after any call leaves a state that step 2 finishes or step 3 decides anew. What is refused: data, as notices
in the report. What raises: our own faults, and the message comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from roster.csv_file import too_large
from roster.notices import FILES, SETTINGS, FileError
from roster.pair import ImportNow, NothingNew, Settle, Upload, Wait, decide, import_id, old_partner, refusal_id
from roster.plan import Plan, plan_import, refuse
from roster.report import import_report, notices_csv
from roster.settings import Settings
from roster.settings_file import SIZE_LIMIT, as_dict, from_dict, read_settings
from roster_aws.environment import now
from roster_aws.head import Head
from roster_aws.inbox import Inbox
from roster_aws.orders import HOLD_LIFE, Orders
from roster_aws.projection import Projection
from roster_aws.publishing import Phases, Publisher
from roster_aws.queue import Queue, Request, Stray
from roster_aws.reports import Reports
from roster_aws.results import Results
from roster_aws.signing import Signer
from roster_aws.store import Store
from roster_aws.table import stamp
from roster_aws.telemetry import logger

# A message for later must not arrive a moment too early.
_SLACK_SECONDS = 2

_ASKED_AGAIN_SECONDS = 5


@dataclass(frozen=True)
class Importer:
    """Imports sites. `clock` gives the time in UTC."""

    inbox: Inbox
    results: Results
    store: Store
    signer: Signer
    projection: Projection
    queue: Queue
    reports: Reports
    clock: Callable[[], datetime]

    @classmethod
    def from_environment(cls) -> Importer:
        """The importer of this process."""
        return cls(
            Inbox.from_environment(),
            Results.from_environment(),
            Store.from_environment(),
            Signer.from_environment(),
            Projection.from_environment(),
            Queue.from_environment(),
            Reports.from_environment(),
            now,
        )

    @property
    def publisher(self) -> Publisher:
        """What makes a plan a version."""
        return Publisher(self.results, self.store, self.signer, self.projection, self.reports, self.clock)

    @property
    def orders(self) -> Orders:
        """What people may order."""
        return Orders(self.publisher, self.store, self.results, self.clock)

    def run(self, request: Request, owner: str, alive_until: datetime) -> None:
        """Do whatever the site's inbox asks for now. `owner` names this run; it must not live past `alive_until`."""
        held_until = self.store.lease.take(request.site, owner, alive_until)
        if held_until:
            # The holder looks again before it lets go: this message is for the case that it dies first. What a person
            # asked for, the holder does not know.
            left = (held_until - self.clock()).total_seconds() + _SLACK_SECONDS
            self.queue.ask(request, min(left, _ASKED_AGAIN_SECONDS) if request.asked else left)
            return
        try:
            self._look(request, owner)
            while not self.store.lease.release(request.site, owner):
                self._look(Request(request.site), owner)
        except Exception:
            self.store.lease.drop(request.site, owner)
            raise

    def _look(self, request: Request, owner: str) -> None:
        site = request.site
        head = self.store.head(site)
        if head.open_import:
            self.publisher.finish(head, owner, Phases())
            head = self.store.head(site)
        head = self.publisher.sign_again(head, owner)
        if request.order:
            self.orders.carry_out(head, owner, request)
            head = self.store.head(site)
        head = self._read_settings(head, owner)
        settings = from_dict(head.settings)
        standing = self.inbox.standing(site)
        decision = decide(
            standing,
            head.seen,
            head.readable,
            now=self.clock(),
            window=timedelta(minutes=settings.pair_window_minutes),
            asked=bool(request.asked) and not request.order,
            again=head.settings_changed,
        )
        if isinstance(decision, ImportNow):
            decision = self._with_partner(site, decision, standing)
        paused = head.paused or settings.paused
        goes_on = isinstance(decision, Settle) or (isinstance(decision, ImportNow) and not paused)
        if head.running and not goes_on:
            self.store.abandon(head, owner)
        if isinstance(decision, NothingNew):
            self.store.drop_waiting(site)  # its file may have been deleted
            if request.asked and not request.order:
                self.orders.refuse(request, "inbox_empty")
            else:
                logger.info("nothing_new", extra={"site": site})
        elif isinstance(decision, Settle):
            self.queue.ask(Request(site), (decision.until - self.clock()).total_seconds())
        elif paused:
            self.store.put_paused(site, request.asked)
            self.reports.tell([{"message": "site_waiting", "site": site, "reason": "site_paused"}])
        elif isinstance(decision, ImportNow):
            # Of a file that was refused and stands, the upload before it goes along; the refused one stays dealt with.
            dealt_with = {file: standing.get(file, upload).version_id for file, upload in decision.pair.items()}
            self._import(replace(head, seen=dealt_with), owner, request, decision.pair, settings)
        else:
            self._wait(request, decision)

    def _with_partner(self, site: str, decision: ImportNow, standing: dict[str, Upload]) -> ImportNow | Wait:
        """The decision; where the upload that a lone file would go with is kept no longer, to wait for a new one."""
        for upload in decision.pair.values():
            if standing.get(upload.file) != upload and not self.inbox.keeps(site, upload):
                (arrived,) = (other for other in decision.pair.values() if other != upload)
                return Wait(arrived, upload.file, None)
        return decision

    def _read_settings(self, head: Head, owner: str) -> Head:
        """Put a new upload of settings.json in force; a bad one is told, and the last good ones stay."""
        upload = self.inbox.newest(head.site, SETTINGS)
        if upload is None or upload.version_id == head.settings_version:
            return head
        settings, problems = read_settings(self.inbox.read(head.site, upload, SIZE_LIMIT + 1))
        if settings is None:
            about = {"site": head.site, "import": refusal_id(upload.uploaded_at, upload.version_id)}
            said = [{"path": problem.path, "message": problem.message} for problem in problems]
            why = {"status": "failed", "reason": "settings_invalid", "ended_at": stamp(self.clock())}
            report = {**about, **why, "file": SETTINGS, "problems": said}
            self.store.record_import(report)
            self.reports.tell_import(report)
        return self.store.put_settings(head, owner, upload.version_id, as_dict(settings) if settings else None)

    def _wait(self, request: Request, wait: Wait) -> None:
        self.store.put_waiting(request.site, wait, request.asked)
        about = {"site": request.site, "reason": "partner_missing", "missing": wait.missing}
        self.reports.tell([{"message": "site_waiting", **about}])
        if wait.until:
            self.queue.ask(Request(request.site), (wait.until - self.clock()).total_seconds() + _SLACK_SECONDS)

    def _import(self, head: Head, owner: str, request: Request, pair: dict[str, Upload], settings: Settings) -> None:
        phases = Phases()
        if request.asked and self.store.was_told(request.site, request.asked):
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
        manifest = self.publisher.store_version(head, this_import, plan)
        if manifest and plan.held:
            report["plan"] = {"manifest_sha256": manifest.sha256, "expires_at": stamp(self.clock() + HOLD_LIFE)}
            manifest = None
        signed = self.signer.sign(manifest) if manifest else None
        phases.end("store")
        refused = {notice.file for notice in plan.notices.listed() if isinstance(notice, FileError)}
        readable = head.readable | {file: upload for file, upload in pair.items() if file not in refused}
        settled = self.store.settle(head, owner, report, signed, seen=head.seen, readable=readable)
        phases.end("settle")
        self.publisher.finish(settled, owner, phases)

    def _plan(self, head: Head, pair: dict[str, Upload], settings: Settings, phases: Phases) -> Plan:
        large = [notice for upload in pair.values() if (notice := too_large(upload.file, upload.size))]
        if large:
            return refuse(large)
        files = {file: self.inbox.read(head.site, upload) for file, upload in pair.items()}
        base = None
        if head.version:
            base = self.publisher.base(head)
        phases.end("fetch")
        plan = plan_import(files, settings, base, old_partner(pair))
        phases.end("plan")
        return plan

    def refuse(self, stray: Stray) -> None:
        """Tell of an upload that no import reads: among its site's imports, or if it has no site in the log."""
        if stray.site is None:
            # Its key may be anything, a name too, so only its version is told.
            about = {"reason": "outside_any_site", "version_id": stray.version_id, "bytes": stray.size}
            self.reports.tell([{"message": "upload_ignored", **about, "UploadsIgnored": 1}])
            return
        report = {
            "site": stray.site,
            "import": refusal_id(stray.uploaded_at, stray.version_id),
            "status": "failed",
            "reason": "file_name_unexpected",
            "ended_at": stamp(stray.uploaded_at),
        }
        # The name may be anything, a pupil's too, so it is kept with the report and not told in the log.
        self.store.record_import(report | {"file": stray.key.partition("/")[2]})
        self.reports.tell_import(report)
