"""From a plan to a version: stored, and after the head has moved, shown in the table and told.

Objects first, under their digests, which is nobody's version yet. Then the manifest is signed, and `Store.settle` is
the commit. What comes after it, `finish`, the next run of the site goes on with when a run died in it. None of it
stands in a newer version's way: that one overtakes a version that the table could not be brought to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from roster.alert import of_ended_hold, of_import
from roster.encode import Manifest
from roster.no_console import repacked
from roster.notices_file import Finding
from roster.plan import Base, Packed, Plan
from roster.report import Report
from roster.site_head import Head
from roster.statement import Signed
from roster_aws.dynamo.items import prove
from roster_aws.logbook import Logbook
from roster_aws.projection import Projection
from roster_aws.results import Results
from roster_aws.signing import Signer
from roster_aws.store import Store
from roster_aws.telemetry import Phases, logger
from roster_aws.telling.alerts import Alerts

# Seconds of its life that a run keeps for what comes after the writing of groups and rights.
_TIME_TO_END = 60


class NotOurs(RuntimeError):
    """What was about to be signed is not what this product has committed or planned: somebody has changed the table."""


class OutOfTime(RuntimeError):
    """The table is not at the head's version yet, and this run must end: the next one goes on."""


@dataclass(frozen=True)
class Publisher:
    """Publishes versions. `clock` gives the time in UTC."""

    results: Results
    store: Store
    signer: Signer
    projection: Projection
    logbook: Logbook
    alerts: Alerts
    clock: Callable[[], datetime]

    def base(self, head: Head) -> Base:
        """The published version, for the next to be compared with."""
        return self.results.base(self.results.manifest(head.site, head.manifest_sha256))

    def store_version(self, head: Head, import_id: str, plan: Plan) -> Manifest | None:
        """Store what a plan's version consists of; its manifest, or None when it makes no version.

        Unstorable where the table could not show that version, ever.
        """
        if not plan.snapshot:
            return None
        if plan.roster:
            prove([*plan.roster.groups, *plan.roster.rights])
        self.results.put_object(head.site, plan.snapshot)
        counts = {name: plan.counts[name] for name in ("groups", "members", "memberships", "teachers")}
        published = self.results.manifest(head.site, head.manifest_sha256) if head.version else None
        first = Manifest(head.site, head.epoch, head.version + 1, import_id, counts, plan.snapshot.blob)
        first = first._replace(approved=published.approved if published else ())
        manifest = self.store_delta(first, head, plan.delta) if plan.delta else first
        self.results.put_manifest(manifest)
        if plan.held:
            # It may say what is published, where rejected rows keep everything: then its snapshot is the head's too.
            self.results.let_expire(manifest, published)
        return manifest

    def without_console(self, manifest: Manifest) -> Manifest:
        """A version as it may be published: without the rights of those on the site's list. Itself where it has none.

        Another one's snapshot is stored, and no delta leads to it yet.
        """
        barred = self.store.no_console.keys(manifest.site)
        if not barred:
            return manifest
        packed, lost = repacked(self.results.lines(manifest.site, manifest.snapshot), barred)
        if not lost:
            return manifest
        self.results.put_object(manifest.site, packed)
        counts = {**manifest.counts, "teachers": manifest.counts["teachers"] - lost}
        return manifest._replace(snapshot=packed.blob, counts=counts, delta=None, delta_from=None)

    def store_delta(self, manifest: Manifest, head: Head, delta: Packed) -> Manifest:
        """Store the delta that leads from the head to a version; the version's manifest, which now names it."""
        self.results.put_object(head.site, delta)
        return manifest._replace(delta=delta.blob, delta_from=head.version)

    def sign(self, head: Head, manifest: Manifest) -> Signed:
        """Sign a manifest whose version is about to follow the head; NotOurs when it does not."""
        # A head that was restored may be several epochs behind.
        follows = manifest.epoch >= head.epoch and manifest.version > head.version
        if manifest.site != head.site or not follows:
            raise NotOurs("a version that does not follow the site's head is not signed")
        return self.signer.sign(manifest)

    def finish_earlier(self, head: Head, owner: str) -> Head:
        """Finish what an earlier run left: its import is told, and the head signed by a key of the newest keyring."""
        if head.open_import:
            self._tell_earlier(head, owner)
            head = self.store.head(head.site)
        return self._sign_again(self._tell_ended_hold(head, owner), owner)

    def _tell_ended_hold(self, head: Head, owner: str) -> Head:
        """Tell people that what was held is so no longer, where a person has rejected it."""
        due = of_ended_hold(head)
        if due is None:
            return head
        self.alerts.tell(due.alerts)
        return self.store.put_told(head, owner, due.told)

    def _tell_earlier(self, head: Head, owner: str) -> None:
        report = self.store.report(head.site, head.open_import)
        if report is None:  # it was written with the head; somebody has deleted it, which is no reason to stop
            logger.error("report_gone", extra={"site": head.site, "import": head.open_import})
            self.store.forget_open_import(head, owner)
            return
        found = self.results.findings(head.site, report.import_id) if report.notices_key else ()
        self._tell(head, owner, report, Phases(), found)

    def _sign_again(self, head: Head, owner: str) -> Head:
        """Sign a head anew that is not signed by a key of the newest keyring: servers enrolled since know no other.

        What stands in the head may be another's writing, so what is signed is compared with what was committed; NotOurs
        when it is not the same. A version that is not shown yet, for its run died, is signed again by the next run.
        """
        is_shown = head.version and head.projected_version == head.version
        if not is_shown or head.keyring_serial == self.signer.keyring().serial:
            return head
        committed = self.results.published(head.site, head.version)
        if committed is None or committed.sha256 != head.manifest_sha256:
            raise NotOurs("a head that is not the version that was committed is not signed")
        if (committed.site, committed.epoch, committed.version) != (head.site, head.epoch, head.version):
            raise NotOurs("a head with another site, epoch or version than its manifest is not signed")
        return self.store.put_signature(head, owner, self.signer.sign(committed))

    def finish(self, head: Head, owner: str, report: Report, phases: Phases, findings: Iterable[Finding] = ()) -> None:
        """Bring the table to the head's version and tell the import, which is told whatever becomes of the table.

        `report` is the one that was settled, `findings` are those about its rows. OutOfTime when another run has to go
        on with the table.
        """
        try:
            self.project(head, owner)
            phases.end("project")
        finally:
            self._tell(head, owner, report, phases, findings)

    def _tell(self, head: Head, owner: str, report: Report, phases: Phases, findings: Iterable[Finding]) -> None:
        ended = report.ended(phases.milliseconds, self.clock())
        self.logbook.tell_import(ended, findings)
        due = of_import(head, ended)
        self.alerts.tell(due.alerts)
        logger.info("import_ended", extra={"site": head.site, "import": ended.import_id, "status": ended.status})
        self.store.tell(head, owner, ended, due.told)

    def project(self, head: Head, owner: str) -> None:
        """Bring the table to the head's version, from where an earlier run broke off."""
        if head.projected_version == head.version:
            return
        manifest = self.results.show_manifest(head.site, head.version, head.manifest_sha256)
        before = [version for version in (head.projected_version, *head.overtaken) if version]
        old = self.results.published(head.site, head.projected_version) if head.projected_version else None

        def save(done: int) -> None:
            self.store.put_projected_steps(head, owner, done)
            if self.clock().timestamp() > head.lease_until - _TIME_TO_END:
                raise OutOfTime("the table takes longer than a run lives")

        if head.overtaken or (before and old is None):
            # What was overtaken may be written in part, so that nobody knows what the table shows.
            self.projection.mend(manifest, head.projected_steps, save)
        else:
            self.projection.apply(manifest, old, head.projected_steps, save)
        for version in before:
            self.results.retire(version, manifest)
        self.store.put_projected(head, owner)
