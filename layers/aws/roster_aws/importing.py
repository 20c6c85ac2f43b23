"""An import, from a reason to look at a site's inbox to its report told. Read it from top to bottom.

1. Take the site's lease, or leave a mark for the one who holds it.
2. Tell what an earlier run of the same site left untold; carry out what a person ordered.
3. Decide from what the inbox holds: import now, wait, or nothing new.
4. Read both files, each at one pinned version; plan the import, which is pure.
5. Store the objects of the new version and sign it; settle, the one write that makes it the head.
6. Bring the groups and rights in the table to it, also where an earlier run broke off, and tell the report.
7. Let go of the lease, unless somebody left a mark: then again from 2.

A crash after any call leaves a state that step 2 finishes or step 3 decides anew. What is refused: data, as notices
in the report. What raises: our own faults, and the message comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from roster.memory import Memory
from roster.notices import FILES, SETTINGS
from roster.notices_file import notices_csv
from roster.pair import Decision, ImportNow, NothingNew, Rejected, Settle, Upload, Wait, decide, import_id, refusal_id
from roster.plan import Plan, refuse
from roster.report import FileRead, HeldPlan, Report, import_report
from roster.settings import Settings
from roster.settings_file import SIZE_LIMIT, as_dict, from_dict, read_settings
from roster.times import stamp
from roster_aws.environment import now
from roster_aws.head import Head
from roster_aws.inbox import Inbox
from roster_aws.logbook import Logbook
from roster_aws.orders import HOLD_LIFE, Orders
from roster_aws.outcome import head_after
from roster_aws.planning import Planning
from roster_aws.projection import Projection
from roster_aws.publishing import OutOfTime, Phases, Publisher
from roster_aws.queue import Queue, Request
from roster_aws.queue import Settle as EndWhatIsKept
from roster_aws.results import Results
from roster_aws.signing import Signer
from roster_aws.store import Store
from roster_aws.strays import Strays
from roster_aws.telemetry import audit, logger

# A message for later must not arrive a moment too early.
_SLACK_SECONDS = 2

_ASKED_AGAIN_SECONDS = 5

# Begun so often, and killed each time, an import is not tried again: the files would kill the next run too.
_MOST_KILLED = 2

# An import that comes this soon after its upload has the upload's time: however often it is tried, it is the same.
_AT_ONCE = timedelta(days=1)


@dataclass(frozen=True)
class Importer:
    """Imports sites. `clock` gives the time in UTC."""

    inbox: Inbox
    results: Results
    store: Store
    signer: Signer
    projection: Projection
    planning: Planning
    strays: Strays
    queue: Queue
    logbook: Logbook
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
            Planning.from_environment(),
            Strays.from_environment(),
            Queue.from_environment(),
            Logbook.from_environment(),
            now,
        )

    @property
    def publisher(self) -> Publisher:
        """What makes a plan a version."""
        return Publisher(self.results, self.store, self.signer, self.projection, self.logbook, self.clock)

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
            self._look_and_show(request, owner)
            while not self.store.lease.release(request.site, owner):
                self._look_and_show(Request(request.site), owner)
        except OutOfTime:
            self.store.lease.drop(request.site, owner)
            self.queue.ask(Request(request.site))
        except Exception:
            self.store.lease.drop(request.site, owner)
            raise

    def _look_and_show(self, request: Request, owner: str) -> None:
        """Do what there is to do, and have the table show what stands.

        In this order, so that a version that the table cannot be brought to is overtaken by the next one.
        """
        self._look(request, owner)
        self.publisher.project(self.store.head(request.site), owner)

    def _look(self, request: Request, owner: str) -> None:
        site = request.site
        head = self.store.head(site)
        if head.open_import:
            self.publisher.tell(head, owner, Phases())
            head = self.store.head(site)
        head = self.publisher.sign_again(head, owner)
        if request.order:
            head = self._carry_out(head, owner, request)
            request = Request(site)  # it has its answer
        head = self._read_settings(head, owner)
        settings = from_dict(head.settings)
        standing = self.inbox.standing(site)
        decision = self._decide(head, request, settings, standing)
        paused = head.paused or settings.paused
        goes_on = isinstance(decision, Settle) or (isinstance(decision, ImportNow) and not paused)
        if head.running and not goes_on:
            self.store.abandon(head, owner)
        if isinstance(decision, NothingNew | Rejected):
            self.store.drop_waiting(site)  # its file may have been deleted
            if request.asked:
                self.orders.refuse(request, "uploads_rejected" if isinstance(decision, Rejected) else "inbox_empty")
            else:
                logger.info("nothing_new", extra={"site": site})
        elif isinstance(decision, Settle):
            self.queue.ask(Request(site), (decision.until - self.clock()).total_seconds())
        elif paused:
            self.store.put_paused(site, request.asked)
            self.logbook.tell([{"message": "site_waiting", "site": site, "reason": "site_paused"}])
        elif isinstance(decision, ImportNow):
            self._import(head, owner, request, decision, settings)
        else:
            self._wait(request, decision)

    def _carry_out(self, head: Head, owner: str, request: Request) -> Head:
        """Do what a person ordered; the head after it."""
        if isinstance(request.order, EndWhatIsKept):
            self._end_what_is_kept(self._read_settings(head, owner), owner, request, request.order)
        else:
            self.orders.carry_out(head, owner, request)
        return self.store.head(head.site)

    def _decide(self, head: Head, request: Request, settings: Settings, standing: dict[str, Upload]) -> Decision:
        paused = head.paused or settings.paused
        decision = decide(
            standing,
            head.past,
            now=self.clock(),
            window=timedelta(minutes=settings.pair_window_minutes),
            first_at=self.inbox.first_at(head.site, standing, head.past),
            asked=bool(request.asked),
            again=head.settings_changed or (not paused and self._something_kept_ends(head)),
        )
        if isinstance(decision, ImportNow):
            return self._with_partner(head, decision, standing)
        return decision

    def _something_kept_ends(self, head: Head) -> bool:
        """Whether the time of a kept fact has passed. While a plan is held, everything waits for a person."""
        return bool(head.kept_until) and not head.held and datetime.fromisoformat(head.kept_until) <= self.clock()

    def _with_partner(self, head: Head, decision: ImportNow, standing: dict[str, Upload]) -> Decision:
        """The decision; where the upload that a lone file would go with is kept no longer, to wait for a new one."""
        gone = [file for file, upload in decision.pair.items() if not self._is_there(head.site, upload, standing)]
        if not gone:
            return decision
        if decision.seen == head.seen or len(gone) == len(FILES):
            return NothingNew()
        (arrived,) = (upload for file, upload in decision.pair.items() if file not in gone)
        return Wait(arrived, gone[0], None)

    def _is_there(self, site: str, upload: Upload, standing: dict[str, Upload]) -> bool:
        return standing.get(upload.file) == upload or self.inbox.keeps(site, upload)

    def _read_settings(self, head: Head, owner: str) -> Head:
        """Put a new upload of settings.json in force; a bad one is told, and the last good ones stay."""
        upload = self.inbox.newest(head.site, SETTINGS)
        if upload is None or upload.version_id == head.settings_version:
            return head
        settings, problems = read_settings(self.inbox.read(head.site, upload, SIZE_LIMIT + 1))
        if settings:
            return self.store.put_settings(head, owner, upload.version_id, as_dict(settings))
        report = Report(
            head.site,
            refusal_id(upload.uploaded_at, upload.version_id),
            "failed",
            reason="settings_invalid",
            ended_at=stamp(self.clock()),
            file=SETTINGS,
            problems=[{"path": problem.path, "message": problem.message} for problem in problems],
        )
        self.store.record_import(report)
        self.logbook.tell_import(report)
        return self.store.put_settings(head, owner, upload.version_id, None, problem=report.import_id)

    def _wait(self, request: Request, wait: Wait) -> None:
        self.store.put_waiting(request.site, wait, request.asked)
        reason = "content_missing" if wait.missing == wait.arrived.file else "partner_missing"
        about = {"site": request.site, "reason": reason, "missing": wait.missing}
        self.logbook.tell([{"message": "site_waiting", **about}])
        if wait.until:
            self.queue.ask(Request(request.site), (wait.until - self.clock()).total_seconds() + _SLACK_SECONDS)

    def _end_what_is_kept(self, head: Head, owner: str, request: Request, order: EndWhatIsKept) -> None:
        """Import what is in force again, as it would be once the time of every kept fact has passed."""
        if self.orders.is_answered(request):
            return
        memory = self.results.memory(head.site, head.memory_sha256)
        if not memory.kept:
            self.orders.refuse(request, "nothing_kept")
        elif len(head.effective) < len(FILES) or not all(map(self._keeper(head.site), head.effective.values())):
            self.orders.refuse(request, "uploads_gone")
        else:
            ended = memory.ending(stamp(request.asked_at or self.clock()))
            again = ImportNow(dict(head.effective), dict(head.seen))
            self._import(head, owner, request, again, from_dict(head.settings), ended, settled_by=order.by)
            audit("settle", site=head.site, by=order.by)

    def _keeper(self, site: str) -> Callable[[Upload], bool]:
        return lambda upload: self.inbox.keeps(site, upload)

    def _import(
        self,
        head: Head,
        owner: str,
        request: Request,
        decision: ImportNow,
        settings: Settings,
        memory: Memory | None = None,
        settled_by: str | None = None,
    ) -> None:
        """Import a pair. `memory` takes the place of what the site remembers, where `settled_by` wants that to end."""
        phases = Phases()
        if request.asked and self.store.was_told(request.site, request.asked):
            return  # the message came twice
        at = self._time_of(head, request, decision)
        this_import = head.running or import_id(decision.pair, head.imports + 1, request.asked_at)
        pinned: dict[str, FileRead] = {file: {"version_id": decision.pair[file].version_id} for file in FILES}
        self.store.begin_import(head, owner, this_import, pinned)
        killed = bool(head.running) and head.tries >= _MOST_KILLED
        if killed:
            plan = refuse(())
        else:
            plan = self.planning.plan(head, this_import, decision.pair, settings, phases, at=at, memory=memory)
        report = import_report(head.site, this_import, decision.pair, plan, head.version)
        report = replace(report, asked=request.asked or None, settled_by=settled_by)
        if killed:
            report = replace(report, reason="import_killed")
        after = head_after(
            replace(head, running=this_import, seen=decision.seen), decision.pair, plan, ending=memory is not None
        )
        if plan.held and self._renews_hold(head, owner, report, plan, after):
            return
        if plan.notices.totals or plan.kept:
            key = self.results.put_notices(head.site, this_import, notices_csv(plan))
            report = replace(report, notices_key=key)
        manifest = self.publisher.store_version(head, this_import, plan)
        if manifest and plan.held:
            report = replace(report, plan=self._plan_to_approve(head, plan, manifest.sha256))
            manifest = None
        elif plan.outcome != "failed":
            after = replace(after, memory_sha256=self.results.put_memory(head.site, plan.memory))
        signed = self.publisher.sign(head, manifest) if manifest else None
        phases.end("store")
        settled = self.store.settle(head, owner, report, signed, after=after)
        phases.end("settle")
        self.publisher.finish(settled, owner, phases)

    def _time_of(self, head: Head, request: Request, decision: ImportNow) -> datetime:
        """The time that a plan counts with: of the newest new upload, or of a request; of what is read again, now."""
        fresh = [upload.uploaded_at for file, upload in decision.seen.items() if upload != head.seen.get(file)]
        at = request.asked_at or max(fresh, default=None)
        return at if at and self.clock() - at < _AT_ONCE else self.clock()

    def _plan_to_approve(self, head: Head, plan: Plan, manifest_sha256: str) -> HeldPlan:
        """What a report says of a held plan, and what approving it puts in force."""
        return {
            "manifest_sha256": manifest_sha256,
            "snapshot_sha256": plan.snapshot.blob.sha256 if plan.snapshot else "",
            "memory_sha256": self.results.put_memory(head.site, plan.memory),
            "school_year": plan.school_year,
            "expires_at": stamp(self.clock() + HOLD_LIFE),
        }

    def _renews_hold(self, head: Head, owner: str, report: Report, plan: Plan, after: Head) -> bool:
        """Keep what is held, where this plan makes the very same version from the very same base; whether it does."""
        held = self.store.report(head.site, head.held) if head.held else None
        if held is None or held.status != "held" or plan.snapshot is None or held.base_version != head.version:
            return False
        if held.plan is None or held.plan.get("snapshot_sha256") != plan.snapshot.blob.sha256:
            return False
        to_approve = self._plan_to_approve(head, plan, held.plan["manifest_sha256"])
        renewed = replace(held, pair=report.pair, plan=to_approve, asked=report.asked or held.asked)
        self.store.renew_hold(head, owner, renewed, after)
        self.logbook.tell([{"message": "hold_renewed", "site": head.site, "import": head.held}])
        return True
