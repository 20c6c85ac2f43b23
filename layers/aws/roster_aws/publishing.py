"""From a plan to a version: stored, and after the head has moved, shown in the table and told.

Objects first, under their digests, which is nobody's version yet. Then the manifest is signed, and `Store.settle` is
the commit. What comes after it, `finish`, can be done again from its beginning, and is, by the next run of the site,
when a run died in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from roster.encode import Manifest
from roster.plan import Base, Packed, Plan
from roster_aws.head import Head
from roster_aws.projection import Projection
from roster_aws.reports import Reports
from roster_aws.results import Results
from roster_aws.signing import Signer
from roster_aws.store import Store
from roster_aws.table import stamp
from roster_aws.telemetry import logger


@dataclass
class Phases:
    """How long each phase of an import took, in milliseconds."""

    milliseconds: dict[str, int] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def end(self, phase: str) -> None:
        """A phase has ended; the next begins."""
        now = time.monotonic()
        self.milliseconds[phase] = round((now - self._since) * 1000)
        self._since = now


@dataclass(frozen=True)
class Publisher:
    """Publishes versions. `clock` gives the time in UTC."""

    results: Results
    store: Store
    signer: Signer
    projection: Projection
    reports: Reports
    clock: Callable[[], datetime]

    def base(self, head: Head) -> Base:
        """The published version, for the next to be compared with."""
        return self.results.base(self.results.manifest(head.site, head.manifest_sha256))

    def store_version(self, head: Head, import_id: str, plan: Plan) -> Manifest | None:
        """Store what a plan's version consists of; its manifest, or None when it makes no version."""
        if not plan.snapshot:
            return None
        self.results.put_object(head.site, plan.snapshot)
        counts = {name: plan.counts[name] for name in ("groups", "members", "memberships", "teachers")}
        first = Manifest(head.site, head.epoch, head.version + 1, import_id, counts, plan.snapshot.blob)
        manifest = self.store_manifest(first, head, plan.delta)
        if plan.held:
            # It may say what is published, where rejected rows keep everything: then its snapshot is the head's too.
            published = self.results.manifest(head.site, head.manifest_sha256) if head.version else None
            self.results.let_expire(manifest, published)
        return manifest

    def store_manifest(self, manifest: Manifest, head: Head, delta: Packed | None) -> Manifest:
        """Store the manifest of a version whose snapshot is stored, with the delta that leads to it."""
        if delta:
            self.results.put_object(head.site, delta)
            manifest = manifest._replace(delta=delta.blob, delta_from=head.version)
        self.results.put_manifest(manifest)
        return manifest

    def sign_again(self, head: Head, owner: str) -> Head:
        """Sign a head anew that is not signed by a key of the newest keyring: servers enrolled since know no other."""
        if not head.version or head.keyring_serial == self.signer.keyring().serial:
            return head
        signed = self.signer.sign(self.results.manifest(head.site, head.manifest_sha256))
        return self.store.put_signature(head, owner, signed)

    def finish(self, head: Head, owner: str, phases: Phases) -> None:
        """Bring the table to the head's version and tell the open import."""
        if head.projected_version != head.version:
            manifest = self.results.show_manifest(head.site, head.version, head.manifest_sha256)
            old = self.results.published(head.site, head.projected_version) if head.projected_version else None
            self.projection.apply(manifest, old, 0, lambda done: None)
            if head.projected_version:
                self.results.retire(head.projected_version, manifest)
            phases.end("project")
        report = self.store.report(head.site, head.open_import)
        if report is None:  # it was written with the head, so this is a fault of ours
            raise LookupError(f"the report of import {head.open_import} is gone")
        report["status"] = report.pop("outcome")
        report |= {"milliseconds": phases.milliseconds, "ended_at": stamp(self.clock())}
        found = self.results.findings(head.site, report["import"]) if "notices_key" in report else ()
        self.reports.tell_import(report, found)
        logger.info("import_ended", extra={name: report[name] for name in ("site", "import", "status")})
        self.store.finish(head, owner, report)
