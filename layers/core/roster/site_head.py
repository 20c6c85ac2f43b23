"""A site's head: its newest version, what its next import builds on, and what each outcome makes of it.

In: a head, and an import's report, a plan, or what a person ordered. Out: the head after it. `from_item` and the
`values…` are the form that the table has it in. Nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from roster.listed_site import LastImport, is_time_to_read_again
from roster.memory import Memory
from roster.notices import FileError
from roster.pair import ImportNow, Past, Upload, barred
from roster.plan import Plan
from roster.report import SUCCEEDED, Report
from roster.statement import Signed
from roster.steps import Step, counted_from, with_step
from roster.times import read_stamp, stamp

# What an import's outcome leaves as it is.
_NOT_SETTLED = {
    *("site", "running", "projected_version", "settings", "settings_version", "settings_problem", "paused"),
    *("stale_since", "added_at", "added_by", "last_import", "lease_until", "tries", "told", "refused"),
}
_UPLOADS = ("seen", "effective", "undecided", "unread")
# What a newer pair changes of a head whose hold it renews.
_RENEWED = ("seen", "undecided", "unread", "files_at", "settings_changed", "look_again_at")

#: What people are told of when it begins, and when it has ended; the last two are of a server.
Trouble = Literal["held", "failed", "refused_file", "stale", "silent", "held_on_server"]

Values = dict[str, Any]


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

    `memory_sha256` is what the site remembers ("": nothing), `kept_until` when the first kept fact of it ends, and
    `look_again_at` when the files in force say something else, since a date in them comes ("": never); `steps` are the
    versions that guards count from, `school_year` the expected roll-over that was used up. `settings` are the last good
    ones, `settings_version` the upload last read for them, `settings_problem` the report of one that is bad;
    `settings_changed` says that no pair was imported with them yet. `added_at` and `added_by`: who says that there is
    such a site. `stale_since` is the watch's. `told` are the troubles of imports that people have been told of and that
    have not ended, `refused` the refusal of an upload that they were told of last (`roster.alert`). `signature`
    {key_id, signature} is over epoch, version and manifest, by a key of the keyring `keyring_serial`.
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
    last_import: LastImport | None = None
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
    look_again_at: str = ""
    steps: list[Step] = field(default_factory=list)
    school_year: str = ""
    added_at: str = ""
    added_by: str = ""
    files_at: str = ""
    stale_since: str = ""
    told: list[Trouble] = field(default_factory=list)
    refused: str = ""
    lease_until: int = 0

    @classmethod
    def from_item(cls, site: str, item: Mapping[str, Any]) -> Head:
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

    @property
    def is_paused(self) -> bool:
        """Whether uploads are recorded and not imported: a person wants it so, or the settings do."""
        return self.paused or bool(self.settings.get("paused"))

    @property
    def is_known(self) -> bool:
        """Whether somebody says that there is such a site, or it has published something."""
        return bool(self.version or self.added_at)

    def counted_from(self, now: datetime) -> Step | None:
        """The version that its steps are added up from, where that is not its own."""
        step = counted_from(self.steps, now)
        return step if step and step.manifest_sha256 != self.manifest_sha256 else None

    @property
    def problem_is_all(self) -> bool:
        """Whether bad settings are all that was ever uploaded, so that nothing else is there to list the site with."""
        problem = self.settings_problem
        return bool(problem) and self.last_import is not None and self.last_import["import"] == problem

    def has_to_be_read_again(self, now: datetime) -> bool:
        """Whether the files in force are to be read again (`is_time_to_read_again`)."""
        return is_time_to_read_again(self.kept_until, self.look_again_at, self.held, now)

    # What an outcome leaves of uploads, memory and settings

    def after_import(self, decision: ImportNow, plan: Plan, *, ending: bool = False) -> Head:
        """The head once a plan's outcome stands, but for its version, and for what is stored under a digest.

        `ending`: only what is kept ends; what is held is read again after it.
        """
        pair = decision.pair
        files_at = max(stamp(upload.uploaded_at) for upload in pair.values())
        seen = replace(
            self, seen=decision.seen, settings_changed=False, unread={}, files_at=max(self.files_at, files_at)
        )
        if plan.outcome == "failed":
            return replace(seen, unread=_unread(self, pair, plan))
        seen = replace(seen, look_again_at=plan.look_again_at)
        if plan.held:
            return replace(seen, undecided=pair)
        return replace(
            seen,
            effective=pair,
            undecided=self.undecided if ending else {},
            settings_changed=ending and bool(self.undecided),
            kept_until=plan.memory.until,
            school_year=plan.school_year,
        )

    def after_approval(self, held: Report, memory: Memory, memory_sha256: str) -> Head:
        """The head once a held import is published as its report says; `memory` is what its plan remembers."""
        return replace(
            self,
            effective=held.uploads(),
            undecided={},
            memory_sha256=memory_sha256,
            kept_until=memory.until,
            school_year=held.plan.get("school_year", self.school_year) if held.plan else self.school_year,
        )

    def after_rollback(self, effective: Mapping[str, Upload], memory_sha256: str) -> Head:
        """The head once an old version's content is published again, which these uploads had made.

        `memory_sha256` is what is left to remember: the names of a bundle's sections and users.
        """
        undone = [*self.effective.values(), *self.undecided.values(), *self.unread.values()]
        return replace(
            self,
            effective=dict(effective),
            undecided={},
            unread={},
            barred=barred(self.barred, undone, effective),
            memory_sha256=memory_sha256,
            kept_until="",
            look_again_at="",
            settings_changed=False,  # they must not bring back what was undone
        )

    def after_console_revoked(self) -> Head:
        """The head once somebody has no console: what is held was planned with their rights, so it is read again."""
        return replace(self, settings_changed=self.settings_changed or bool(self.undecided))

    def after_new_epoch(self) -> Head:
        """The head once an epoch begins: what is held was planned on the version before."""
        return replace(self, undecided={})

    def settled(self, report: Report, signed: Signed | None, at: datetime) -> Head:
        """The head once an import's outcome stands, which published what is signed."""
        settled = replace(self, open_import=report.import_id, imports=self.imports + 1)
        if report.status != "failed":
            settled = replace(settled, held=report.import_id if report.status == "held" else "")
        if report.status in SUCCEEDED:
            settled = replace(settled, in_force=report.import_id)
        if not signed:
            return settled
        published_at = at.replace(microsecond=0)
        overtaken = [] if self.projected_version == self.version else [self.version]
        return replace(
            settled,
            version=signed.version,
            epoch=signed.epoch,
            manifest_sha256=signed.manifest_sha256,
            published_at=stamp(published_at),
            projected_steps=0,
            overtaken=[*self.overtaken, *overtaken],
            steps=self._steps_with(report, Step(signed.version, signed.manifest_sha256, published_at, False)),
        ).signed_by(signed)

    def signed_by(self, signed: Signed) -> Head:
        """The head with this signature."""
        signature = {"key_id": signed.key_id, "signature": signed.signature}
        return replace(self, signature=signature, keyring_serial=signed.keyring_serial)

    def _steps_with(self, report: Report, new: Step) -> list[Step]:
        if report.epoch_by and not report.restored_version:  # the same content under another number
            return self.steps
        before = self.steps
        if not before and self.version:  # from before steps were remembered
            before = [Step(self.version, self.manifest_sha256, read_stamp(self.published_at), False)]
        return with_step(before, new._replace(approved=report.of_a_person))

    # As the item holds it

    def values_of_settled(self) -> Values:
        """What `settled` may have changed."""
        return self._values(set(vars(self)) - _NOT_SETTLED)

    def values_of_renewed(self) -> Values:
        """What a newer pair changes of a head whose hold it renews."""
        return self._values(_RENEWED)

    def values_of_signature(self) -> Values:
        """What a new signature changes."""
        return self._values(("signature", "keyring_serial"))

    def _values(self, names: Collection[str]) -> Values:
        values = {name: value for name, value in vars(self).items() if name in names}
        for name in _UPLOADS & values.keys():
            values[name] = stored_uploads(values[name])
        if "steps" in values:
            values["steps"] = [_stored_step(step) for step in self.steps]
        return values


def _unread(head: Head, pair: Mapping[str, Upload], plan: Plan) -> dict[str, Upload]:
    """What was refused for the other file's sake alone, and is not in force already."""
    refused = {notice.file for notice in plan.notices.listed() if isinstance(notice, FileError)}
    return {file: upload for file, upload in pair.items() if file not in refused and upload != head.effective.get(file)}


def stored_uploads(uploads: Mapping[str, Upload]) -> Values:
    """Uploads by file name, as the item of a head holds them."""
    return {file: _stored(upload) for file, upload in uploads.items()}


def _stored(upload: Upload) -> Values:
    return {"version_id": upload.version_id, "uploaded_at": stamp(upload.uploaded_at), "size": upload.size}


def _upload(file: str, stored: Mapping[str, Any]) -> Upload:
    return Upload(file, stored["version_id"], read_stamp(stored["uploaded_at"]), stored["size"])


def _stored_step(step: Step) -> list[str | int]:
    return [step.version, step.manifest_sha256, stamp(step.published_at), step.approved]


def _step(stored: tuple[int, str, str, bool]) -> Step:
    version, manifest_sha256, published_at, approved = stored
    return Step(version, manifest_sha256, read_stamp(published_at), approved)
