"""An import, from a reason to look at a site's inbox to its report told. Read it from top to bottom.

1. Take the site's lease, or leave a mark for the one who holds it.
2. Finish what an earlier run of the same site left: tell its import, sign its head. Read new settings.
3. Decide what to do next (`roster.next_step`), from the head and from what the inbox holds.
4. Do it. An import reads both files, each at one pinned version, and plans, which is pure; it stores the objects of the
   new version and signs it, settles, the one write that makes it the head, and finishes.
5. Bring the groups and rights in the table to the head, also where an earlier run broke off.
6. Let go of the lease, unless somebody left a mark: then again from 2.

A crash after any call leaves a state that step 2 finishes or step 3 decides anew. What is refused: data, as notices
in the report. What raises: our own faults, and the message comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from roster import next_step
from roster.alert import of_good_settings, of_refused_file
from roster.approval import is_same_hold, to_approve, why_not_ended
from roster.limits import too_large
from roster.memory import Memory
from roster.next_step import (
    CarryOut,
    ImportPair,
    LookAgain,
    NothingToDo,
    StayPaused,
    WaitForMore,
    ends_what_ran,
)
from roster.no_console import agreed
from roster.notices import BUNDLES, FILES, SETTINGS, SOURCES
from roster.notices_file import findings_of, notices_csv
from roster.pair import ImportNow, Wait, old_partner, refusal_id
from roster.plan import Plan, plan_import, refuse
from roster.report import Report, import_report
from roster.request import EndKept, Request
from roster.settings_file import SIZE_LIMIT, from_dict, read_settings
from roster.site_head import Head
from roster.times import read_stamp, stamp
from roster_aws.commit import OutOfTime, Publisher
from roster_aws.gathering import Gathering
from roster_aws.inbox import Inbox
from roster_aws.orders import Orders
from roster_aws.queue import Queue
from roster_aws.telemetry import Phases, audit, logger

# A message for later must not arrive a moment too early.
_SLACK_SECONDS = 2

_ASKED_AGAIN_SECONDS = 5


@dataclass(frozen=True)
class Importer:
    """Imports sites. `clock` gives the time in UTC."""

    inbox: Inbox
    gathering: Gathering
    publisher: Publisher
    orders: Orders
    queue: Queue
    clock: Callable[[], datetime]

    def run(self, request: Request, owner: str, alive_until: datetime) -> None:
        """Do whatever is to be done about a site now. `owner` names this run; it must not live past `alive_until`."""
        store = self.publisher.store
        site = request.site
        if self._is_erased(site):
            return
        taken_until = store.lease.take(site, owner, alive_until)
        if taken_until:
            # The holder looks again before it lets go: this message is for the case that it dies first. What a person
            # asked for, the holder does not know.
            left = (taken_until - self.clock()).total_seconds() + _SLACK_SECONDS
            self.queue.ask(request, min(left, _ASKED_AGAIN_SECONDS) if request.asked else left)
            return
        if store.tombstones.of(site):  # which came between the question and the lease
            store.leave_erased(site, owner)
            return
        try:
            self._look(request, owner)
            if request.order:  # which is a step of its own; what lies in the inbox is the next
                self._look(Request(site), owner)
            while not store.lease.release(site, owner):
                self._look(Request(site), owner)
        except OutOfTime:
            store.lease.drop(site, owner)
            self.queue.ask(Request(site))
        except Exception:
            store.lease.drop(site, owner)
            raise

    def _is_erased(self, site: str) -> bool:
        """Whether the site is erased, or being erased; what is uploaded afterwards is told once and counted."""
        erasure = self.publisher.store.tombstones.of(site)
        if erasure is None:
            return False
        if erasure.finished_at and self.inbox.standing(site, (*FILES, *BUNDLES)):
            if not erasure.uploads:
                refusal = refusal_id(self.clock(), site)
                self.publisher.alerts.tell([of_refused_file(Report(site, refusal, "failed", reason="site_erased"))])
            self.publisher.store.tombstones.count_upload(site)
            self.publisher.logbook.tell([{"message": "upload_of_erased_site", "site": site}])
        return True

    def _look(self, request: Request, owner: str) -> None:
        """Finish what was left, do the next step, and have the table show what stands.

        In this order, so that a version that the table cannot be brought to is overtaken by the next one.
        """
        store = self.publisher.store
        head = self.publisher.finish_earlier(store.head(request.site), owner)
        head = self._read_settings(head, owner)
        step = next_step.next_step(head, request, lambda: self.inbox.of_site(head), self.clock())
        if ends_what_ran(head, step):
            store.abandon(head, owner)
        self._do(head, owner, request, step)
        self.publisher.project(store.head(request.site), owner)

    def _do(self, head: Head, owner: str, request: Request, step: next_step.Step) -> None:
        match step:
            case CarryOut(EndKept() as order):
                self._end_kept(head, owner, request, order)
            case CarryOut():
                self.orders.carry_out(head, owner, request)
            case ImportPair():
                self._import(head, owner, request, step)
            case LookAgain(until):
                self.queue.ask(Request(head.site), (until - self.clock()).total_seconds())
            case WaitForMore(wait):
                self._wait(request, wait)
            case StayPaused():
                self.publisher.store.put_paused(head.site, request.asked)
                self.publisher.logbook.tell([{"message": "site_waiting", "site": head.site, "reason": "site_paused"}])
            case NothingToDo(reason):
                self._tell_other_sources(head)
                self._answer_nothing(request, reason)

    def _read_settings(self, head: Head, owner: str) -> Head:
        """Put a new upload of settings.json in force; a bad one is told, and the last good ones stay."""
        store = self.publisher.store
        upload = self.inbox.newest(head.site, SETTINGS)
        if upload is None or upload.version_id == head.settings_version:
            return head
        settings, problems = read_settings(self.inbox.read(head.site, upload, SIZE_LIMIT + 1))
        if settings:
            if head.settings_problem:
                self.publisher.alerts.tell([of_good_settings(head.site)])
            return store.put_settings(head, owner, upload.version_id, settings)
        report = Report(
            head.site,
            refusal_id(upload.uploaded_at, upload.version_id),
            "failed",
            reason="settings_invalid",
            ended_at=stamp(self.clock()),
            file=SETTINGS,
            problems=[{"path": problem.path, "message": problem.message} for problem in problems],
        )
        store.record_import(report)
        self.publisher.logbook.tell_import(report)
        self.publisher.alerts.tell([of_refused_file(report)])
        return store.put_settings(head, owner, upload.version_id, None, problem=report.import_id)

    def _tell_other_sources(self, head: Head) -> None:
        """Tell of each upload that is new and of a source that the settings do not import from, once."""
        store, counting = self.publisher.store, SOURCES[from_dict(head.settings).import_from]
        others = [file for file in (*FILES, *BUNDLES) if file not in counting]
        for upload in self.inbox.standing(head.site, others).values():
            refusal = refusal_id(upload.uploaded_at, upload.version_id)
            if not head.past.is_news(upload) or store.report(head.site, refusal):
                continue
            ended_at = stamp(self.clock())
            report = Report(
                head.site, refusal, "failed", reason="source_not_chosen", ended_at=ended_at, file=upload.file
            )
            if store.record_import(report):
                self.publisher.logbook.tell_import(report)
                self.publisher.alerts.tell([of_refused_file(report)])
                store.mark_refused(report)

    def _answer_nothing(self, request: Request, reason: str) -> None:
        self.publisher.store.drop_waiting(request.site)  # its file may have been deleted
        if request.asked:
            self.orders.refuse(request, reason)
        else:
            logger.info("nothing_new", extra={"site": request.site})

    def _wait(self, request: Request, wait: Wait) -> None:
        self.publisher.store.put_waiting(request.site, wait, request.asked)
        reason = "content_missing" if wait.missing == wait.arrived.file else "partner_missing"
        about = {"site": request.site, "reason": reason, "missing": wait.missing}
        self.publisher.logbook.tell([{"message": "site_waiting", **about}])
        if wait.until:
            self.queue.ask(Request(request.site), (wait.until - self.clock()).total_seconds() + _SLACK_SECONDS)

    def _end_kept(self, head: Head, owner: str, request: Request, order: EndKept) -> None:
        """Import what is in force again, as it would be once the time of every kept fact has passed."""
        if self.orders.is_answered(request):
            return
        memory = self.publisher.results.memory(head.site, head.memory_sha256)
        gone = [file for file, upload in head.effective.items() if not self.inbox.keeps(head.site, upload)]
        refused = why_not_ended(head, memory, gone)
        if refused:
            self.orders.refuse(request, refused)
            return
        again = ImportNow(dict(head.effective), dict(head.seen))
        step = next_step.import_of(head, request, again, from_dict(head.settings), self.clock())
        ended = memory.ending(stamp(request.asked_at or self.clock()))
        self._import(head, owner, request, step, ended, settled_by=order.by)
        audit("settle", site=head.site, by=order.by)

    def _import(
        self,
        head: Head,
        owner: str,
        request: Request,
        step: ImportPair,
        memory: Memory | None = None,
        settled_by: str | None = None,
    ) -> None:
        """Import a pair. `memory` takes the place of what the site remembers, where `settled_by` wants that to end."""
        store, results = self.publisher.store, self.publisher.results
        if request.asked and store.was_told(request.site, request.asked):
            return  # the message came twice
        if (done := self._done_since(head, request, step)) is not None:
            store.record_import(replace(done, asked=request.asked))
            return
        phases = Phases()
        pair = step.decision.pair
        store.begin_import(head, owner, step.import_id, pair)
        plan = self._plan(head, step, phases, memory)
        report = import_report(head.site, step.import_id, pair, plan, head.version)
        report = replace(report, asked=request.asked or None, settled_by=settled_by)
        if step.killed:
            report = replace(report, reason="import_killed")
        after = replace(head, running=step.import_id).after_import(step.decision, plan, ending=memory is not None)
        if plan.held and self._renew_hold(head, owner, report, plan, after):
            return
        if plan.notices.totals or plan.kept:
            key = results.put_notices(head.site, step.import_id, notices_csv(plan))
            report = replace(report, notices_key=key)
        manifest = self.publisher.store_version(head, step.import_id, plan)
        if manifest and plan.held:
            report, manifest = self._to_approve(head, report, plan, manifest.sha256), None
        elif plan.outcome != "failed":
            after = replace(after, memory_sha256=results.put_memory(head.site, plan.memory))
        signed = self.publisher.sign(head, manifest) if manifest else None
        phases.end("store")
        took_effect = plan.outcome != "failed" and not plan.held
        off = agreed(store.no_console.of(head.site), plan.unnamed) if took_effect and plan.unnamed else []
        settled = store.settle(head, owner, report, signed, after=after, off_the_list=off)
        phases.end("settle")
        self.publisher.finish(settled, owner, report, phases, findings_of(plan))

    def _done_since(self, head: Head, request: Request, step: ImportPair) -> Report | None:
        """The import of these very uploads, where it has ended since somebody asked for it: as after a fetch, whose
        upload begins one too.
        """
        if not request.asked or request.asked_at is None or step.decision.seen != head.seen:
            return None
        newest = next(iter(self.publisher.store.reports(head.site, 1)), None)
        if newest is None or newest.asked or not newest.ended_at or newest.uploads() != step.decision.pair:
            return None
        return newest if read_stamp(newest.ended_at) > request.asked_at else None

    def _plan(self, head: Head, step: ImportPair, phases: Phases, memory: Memory | None) -> Plan:
        """The plan of a step's pair; `memory` takes the place of what the site remembers."""
        pair = step.decision.pair
        large = [notice for upload in pair.values() if (notice := too_large(upload.file, upload.size))]
        if step.killed or large:
            return refuse(large)
        gathered = self.gathering.gather(head, step, memory)
        phases.end("fetch")
        plan = plan_import(gathered.files, step.settings, gathered.base, old_partner(pair), gathered.known)
        phases.end("plan")
        return plan

    def _to_approve(self, head: Head, report: Report, plan: Plan, manifest_sha256: str) -> Report:
        memory_sha256 = self.publisher.results.put_memory(head.site, plan.memory)
        return replace(report, plan=to_approve(plan, manifest_sha256, memory_sha256, self.clock()))

    def _renew_hold(self, head: Head, owner: str, report: Report, plan: Plan, after: Head) -> bool:
        """Keep what is held, where this plan makes the very same version from the very same base; whether it does."""
        held = self.publisher.store.report(head.site, head.held) if head.held else None
        if held is None or held.plan is None or not is_same_hold(held, plan, head.version):
            return False
        renewed = replace(held, pair=report.pair, asked=report.asked or held.asked)
        renewed = self._to_approve(head, renewed, plan, held.plan["manifest_sha256"])
        self.publisher.store.renew_hold(head, owner, renewed, after)
        self.publisher.logbook.tell([{"message": "hold_renewed", "site": head.site, "import": head.held}])
        return True
