"""What people may order of a site: approve a held import, go back to an old version, begin a new epoch, or take the
console from somebody at once.

(To have all end that bad rows keep is an import of its own: `Importer`.)

An order comes through the import queue and is carried out under the site's lease. It is checked again then, since the
head may have moved after somebody read what was to be approved. What is refused is told as a report with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from roster.approval import is_too_old, of_a_person, why_no_new_epoch, why_not_approved, why_not_rolled_back
from roster.delta import CHANGES
from roster.encode import Manifest
from roster.memory import NOTHING
from roster.pair import Upload, import_id, refusal_id
from roster.plan import nothing_changed, plan_rollback
from roster.report import Report
from roster.request import Approval, NewEpoch, Request, RevokeConsole, Rollback
from roster.site_head import Head
from roster.times import stamp
from roster_aws.commit import Publisher
from roster_aws.telemetry import Phases, audit


@dataclass(frozen=True)
class Orders:
    """Carries out orders. `clock` gives the time in UTC."""

    publisher: Publisher
    clock: Callable[[], datetime]

    def carry_out(self, head: Head, owner: str, request: Request) -> None:
        """Do what a person ordered, unless the message came twice or too late."""
        if self.is_answered(request):
            return
        if isinstance(request.order, Approval):
            self._approve(head, owner, request, request.order)
        elif isinstance(request.order, Rollback):
            self._roll_back(head, owner, request, request.order)
        elif isinstance(request.order, NewEpoch):
            self._begin_epoch(head, owner, request, request.order)
        elif isinstance(request.order, RevokeConsole):
            self._revoke_console(head, owner, request, request.order)

    def is_answered(self, request: Request) -> bool:
        """Whether a person's order has its answer, and nothing is to be done: now it has, if it comes too late."""
        if self.publisher.store.was_told(request.site, request.asked):
            return True
        if is_too_old(request, self.clock()):
            self.refuse(request, "order_too_old")
            return True
        return False

    def _approve(self, head: Head, owner: str, request: Request, approval: Approval) -> None:
        """Publish a held import exactly as its plan says."""
        store, results = self.publisher.store, self.publisher.results
        report = store.report(head.site, approval.import_id)
        refused = why_not_approved(report, approval.plan, head.version, self.clock())
        if report is None or report.plan is None or refused:
            self.refuse(request, refused or "import_unknown", report.superseded_by if report else None)
            return
        planned = results.manifest(head.site, approval.plan)
        if self.publisher.without_console(planned) is not planned:
            self.refuse(request, "console_revoked_since")
            return
        manifest = of_a_person(planned, approval.by, request.asked_at or self.clock())
        results.put_manifest(manifest)
        results.keep(manifest)
        memory = results.memory(head.site, report.plan.get("memory_sha256", ""))
        report = report.approved(head.version + 1, approval.by, request.asked)
        after = head.after_approval(report, memory, results.put_memory(head.site, memory))
        settled = store.settle(head, owner, report, self.publisher.sign(head, manifest), after=after)
        audit("approve", site=head.site, by=approval.by, **{"import": report.import_id})
        found = results.findings(head.site, report.import_id) if report.notices_key else ()
        self.publisher.finish(settled, owner, report, Phases(), found)

    def _roll_back(self, head: Head, owner: str, request: Request, order: Rollback) -> None:
        """Publish an old version's content as a new version, and pause the site so that no upload undoes it."""
        store, results = self.publisher.store, self.publisher.results
        phases = Phases()
        refused = why_not_rolled_back(head, order.version)
        old = None if refused else results.published(head.site, order.version)
        if old is None:
            self.refuse(request, refused or "version_unknown")
            return
        old = self.publisher.without_console(old)
        this_import = head.running or import_id({}, head.imports + 1, request.asked_at)
        store.begin_import(head, owner, this_import, {})
        delta, changes = plan_rollback(self.publisher.base(head), results.lines(head.site, old.snapshot))
        phases.end("plan")
        signed = None
        if delta:
            again = old._replace(epoch=head.epoch, version=head.version + 1, import_id=this_import, delta=None)
            again = again._replace(approved=results.manifest(head.site, head.manifest_sha256).approved)
            again = self.publisher.store_delta(again, head, delta)
            again = of_a_person(again, order.by, request.asked_at or self.clock())
            results.put_manifest(again)
            results.keep(again)
            signed = self.publisher.sign(head, again)
        phases.end("store")
        report = Report(
            head.site,
            this_import,
            "ok" if delta else "no_change",
            asked=request.asked,
            reason="rolled_back",
            rolled_back_to=order.version,
            rolled_back_by=order.by,
            counts=old.counts,
            changes=changes,
            notices={},
            base_version=head.version,
            version=head.version + 1 if delta else head.version,
        )
        named = results.memory(head.site, head.memory_sha256).named
        left = results.put_memory(head.site, NOTHING._replace(named=named))
        after = head.after_rollback(self._pair_behind(head.site, old), left)
        settled = store.settle(head, owner, report, signed, after=after, pause=True)
        audit("rollback", site=head.site, by=order.by, **{"import": this_import})
        self.publisher.finish(settled, owner, report, phases)

    def _pair_behind(self, site: str, manifest: Manifest | None) -> dict[str, Upload]:
        """The uploads that a version was made of, as its import's report has them; {} where that is not known."""
        store, results = self.publisher.store, self.publisher.results
        while manifest:
            made_by = store.report(site, manifest.import_id)
            if made_by is None or made_by.same_content_as is None:
                return made_by.uploads() if made_by else {}
            older = made_by.same_content_as
            manifest = results.published(site, older) if older < manifest.version else None
        return {}

    def _begin_epoch(self, head: Head, owner: str, request: Request, order: NewEpoch) -> None:
        """Publish what servers have again, in the next epoch, with a number above every one that was ever published.

        For a cloud whose table was restored from a backup: servers have newer versions than it knows of, and refuse
        whatever is below them. What they have is the highest version that was ever published, which the bucket still
        has: what the table knows is older, and would give people back what was taken from them since. Unless it was
        imported after the restore. Servers that have an older epoch take the snapshot.
        """
        store, results = self.publisher.store, self.publisher.results
        highest = results.highest_version(head.site)
        refused = why_no_new_epoch(head, order.above, highest)
        if refused:
            self.refuse(request, refused)
            return
        phases = Phases()
        this_import = head.running or import_id({}, head.imports + 1, request.asked_at)
        store.begin_import(head, owner, this_import, {})
        of_the_table = results.manifest(head.site, head.manifest_sha256)
        lost = results.published(head.site, highest) if highest > head.version else None
        # An import's id begins with the time of its files, or of the order that it carried out.
        newest = lost if lost and lost.import_id > of_the_table.import_id else None
        old = self.publisher.without_console(newest or of_the_table)
        base, is_another = self.publisher.base(head), old is not of_the_table
        delta, changes = plan_rollback(base, results.lines(head.site, old.snapshot)) if is_another else (None, {})
        if delta is None:
            delta, changes = nothing_changed(base)
        epoch = max(head.epoch, (lost or old).epoch) + 1
        again = old._replace(epoch=epoch, version=order.above + 1, import_id=this_import, delta=None, delta_from=None)
        again = self.publisher.store_delta(again, head, delta)
        results.put_manifest(again)
        if lost:  # the table does not know it, and so would never let it go
            results.retire(lost.version, again)
        results.keep(again)
        phases.end("store")
        report = Report(
            head.site,
            this_import,
            "ok",
            asked=request.asked,
            reason="new_epoch",
            epoch=again.epoch,
            epoch_by=order.by,
            counts=old.counts,
            changes=changes,
            notices={},
            base_version=head.version,
            version=again.version,
            restored_version=newest.version if newest else None,
        )
        settled = store.settle(head, owner, report, self.publisher.sign(head, again), after=head.after_new_epoch())
        audit("new_epoch", site=head.site, by=order.by, **{"import": this_import})
        self.publisher.finish(settled, owner, report, phases)

    def _revoke_console(self, head: Head, owner: str, request: Request, order: RevokeConsole) -> None:
        """Publish what is published without the rights of those on the site's list, whatever is held.

        What is held was planned with those rights: another plan takes its place.
        """
        store, results = self.publisher.store, self.publisher.results
        phases = Phases()
        this_import = head.running or import_id({}, head.imports + 1, request.asked_at)
        store.begin_import(head, owner, this_import, {})
        published = results.manifest(head.site, head.manifest_sha256) if head.version else None
        allowed = self.publisher.without_console(published) if published else None
        changes, signed = dict.fromkeys(CHANGES, 0), None
        if allowed and allowed is not published:
            delta, changes = plan_rollback(self.publisher.base(head), results.lines(head.site, allowed.snapshot))
            again = allowed._replace(epoch=head.epoch, version=head.version + 1, import_id=this_import)
            if delta:
                again = self.publisher.store_delta(again, head, delta)
            again = of_a_person(again, order.by, request.asked_at or self.clock())
            results.put_manifest(again)
            results.keep(again)
            signed = self.publisher.sign(head, again)
        phases.end("store")
        report = Report(
            head.site,
            this_import,
            "ok" if signed else "no_change",
            asked=request.asked,
            reason="console_revoked",
            console_by=order.by,
            counts=allowed.counts if allowed else {},
            changes=changes,
            notices={},
            base_version=head.version,
            version=signed.version if signed else head.version,
        )
        settled = store.settle(head, owner, report, signed, after=head.after_console_revoked())
        audit("console_revoked", site=head.site, by=order.by, **{"import": this_import})
        self.publisher.finish(settled, owner, report, phases)

    def refuse(self, request: Request, reason: str, successor: str | None = None) -> None:
        """Answer a person whose request cannot be carried out, with a report: of which import is the `successor`."""
        now = self.clock()
        refusal = refusal_id(request.asked_at or now, request.asked)
        about = {"site": request.site, "import": refusal, "asked": request.asked}
        self.publisher.store.record_import(
            Report(
                request.site,
                refusal,
                "failed",
                asked=request.asked,
                reason=reason,
                ended_at=stamp(now),
                superseded_by=successor,
            )
        )
        # Not an import that failed: whoever asked has the answer, and nobody else need be woken.
        self.publisher.logbook.tell([{"message": "request_refused", **about, "reason": reason}])
