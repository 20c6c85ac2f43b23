"""A site's head: its newest version, and all that the next import of the site builds on.

In: a head's item. Out: a `Head`; the one that an import leaves behind; the values of its item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from roster.pair import Past, Upload
from roster.report import SUCCEEDED, Report
from roster.steps import Step, counted_from, with_step
from roster.times import stamp
from roster_aws.signing import Signed

# What an import's outcome leaves as it is.
_NOT_SETTLED = {
    *("site", "running", "projected_version", "settings", "settings_version", "settings_problem", "paused"),
    *("stale_since", "added_at", "added_by", "last_import", "lease_until", "tries"),
}
_UPLOADS = ("seen", "effective", "undecided", "unread")


@dataclass(frozen=True)
class Head:
    """The newest version of a site (0: none yet), and how far the import that made it has come.

    `imports` counts those that have settled; `running` is the id of one that has not, this run's or a dead one's, and
    `tries` how often it was begun and neither ended nor broke off: killed, for want of time or memory.
    `seen`, `effective`, `undecided`, `unread` and `barred` are what became of its uploads (`roster.pair.Past`),
    `files_at` is when the newest upload that was imported came; `open_import` is an import whose outcome stands but has
    not been told yet; `held` is one that waits for approval, `in_force` the one that took effect last; `last_import`
    says how the last one ended.

    `projected_version` is the version that the groups and rights in the table show, or showed before they were brought
    to a newer one, of which `projected_steps` are written; `overtaken` are those that another took the place of before
    the table showed them. `lease_until` is when the run that has the lease has ended, in seconds since 1970.

    `memory_sha256` is what the site remembers ("": nothing), `kept_until` when the first kept fact of it ends; `steps`
    are the versions that guards count from, `school_year` the expected roll-over that was used up. `settings` are the
    last good ones, `settings_version` the upload last read for them, `settings_problem` the report of one that is bad;
    `settings_changed` says that no pair was imported with them yet. `added_at` and `added_by`: who says that there is
    such a site. `stale_since` is the watch's.
    `signature` {key_id, signature} is over epoch, version and manifest, by a key of the keyring `keyring_serial`.
    """

    site: str
    version: int = 0
    epoch: int = 1
    manifest_sha256: str = ""
    published_at: str = ""
    signature: dict[str, str] = field(default_factory=dict)
    keyring_serial: int = 0
    projected_version: int = 0
    projected_steps: int = 0
    overtaken: list[int] = field(default_factory=list)
    imports: int = 0
    running: str = ""
    tries: int = 0
    open_import: str = ""
    paused: bool = False
    held: str = ""
    in_force: str = ""
    last_import: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    settings_version: str = ""
    settings_problem: str = ""
    settings_changed: bool = False
    seen: dict[str, Upload] = field(default_factory=dict)
    effective: dict[str, Upload] = field(default_factory=dict)
    undecided: dict[str, Upload] = field(default_factory=dict)
    unread: dict[str, Upload] = field(default_factory=dict)
    barred: list[str] = field(default_factory=list)
    memory_sha256: str = ""
    kept_until: str = ""
    steps: list[Step] = field(default_factory=list)
    school_year: str = ""
    added_at: str = ""
    added_by: str = ""
    files_at: str = ""
    stale_since: str = ""
    lease_until: int = 0

    @classmethod
    def from_item(cls, site: str, item: dict[str, Any]) -> Head:
        """The head that an item holds; an empty one is that of a new site."""
        known = {name: value for name, value in item.items() if name in cls.__dataclass_fields__}
        for name in _UPLOADS:
            known[name] = {file: _upload(file, stored) for file, stored in item.get(name, {}).items()}
        known["steps"] = [_step(stored) for stored in item.get("steps", [])]
        return cls(**known | {"site": site})

    @property
    def past(self) -> Past:
        """What became of the site's uploads."""
        return Past(self.seen, self.effective, self.undecided, self.unread, frozenset(self.barred))

    def counted_from(self, now: datetime) -> Step | None:
        """The version that its steps are added up from, where that is not its own."""
        step = counted_from(self.steps, now)
        return step if step and step.manifest_sha256 != self.manifest_sha256 else None

    def settled(self, report: Report, signed: Signed | None, at: datetime) -> Head:
        """The head once an import's outcome stands, which published what is signed."""
        settled = replace(self, open_import=report.import_id, imports=self.imports + 1)
        if report.status != "failed":
            settled = replace(settled, held=report.import_id if report.status == "held" else "")
        if report.status in SUCCEEDED:
            settled = replace(settled, in_force=report.import_id)
        if signed:
            published_at = at.replace(microsecond=0)
            settled = replace(
                settled,
                version=signed.version,
                epoch=signed.epoch,
                manifest_sha256=signed.manifest_sha256,
                published_at=stamp(published_at),
                projected_steps=0,
                overtaken=[*self.overtaken, *([] if self.projected_version == self.version else [self.version])],
                steps=self._steps_with(report, Step(signed.version, signed.manifest_sha256, published_at, False)),
                **signature_of(signed),
            )
        return settled

    def _steps_with(self, report: Report, new: Step) -> list[Step]:
        if report.epoch_by and not report.restored_version:  # the same content under another number
            return self.steps
        before = self.steps
        if not before and self.version:  # from before steps were remembered
            since = datetime.fromisoformat(self.published_at)
            before = [Step(self.version, self.manifest_sha256, since, False)]
        return with_step(before, new._replace(approved=report.of_a_person))

    def values_of_settled(self) -> dict[str, Any]:
        """What `settled` may have changed, as the item holds it."""
        values = {name: value for name, value in vars(self).items() if name not in _NOT_SETTLED}
        for name in _UPLOADS:
            values[name] = stored_uploads(values[name])
        return values | {"steps": [_stored_step(step) for step in self.steps]}


def signature_of(signed: Signed) -> dict[str, Any]:
    """The fields of a head that its signature takes."""
    signature = {"key_id": signed.key_id, "signature": signed.signature}
    return {"signature": signature, "keyring_serial": signed.keyring_serial}


def stored_uploads(uploads: Mapping[str, Upload]) -> dict[str, Any]:
    """Uploads by file name, as the item of a head holds them."""
    return {file: _stored(upload) for file, upload in uploads.items()}


def _stored(upload: Upload) -> dict[str, Any]:
    return {"version_id": upload.version_id, "uploaded_at": stamp(upload.uploaded_at), "size": upload.size}


def _upload(file: str, stored: dict[str, Any]) -> Upload:
    return Upload(file, stored["version_id"], datetime.fromisoformat(stored["uploaded_at"]), stored["size"])


def _stored_step(step: Step) -> list[Any]:
    return [step.version, step.manifest_sha256, stamp(step.published_at), step.approved]


def _step(stored: list[Any]) -> Step:
    version, manifest_sha256, published_at, approved = stored
    return Step(version, manifest_sha256, datetime.fromisoformat(published_at), approved)
