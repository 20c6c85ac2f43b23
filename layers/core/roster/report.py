"""The report of an import, or of a request that was refused: what the table, the log, pages and commands know of it.

In: a plan and where it came from, or the JSON-like data of a report that was stored. Out: a `Report`, and its data.
It names nobody: no username, no class. What a finding is about stands in the notices file (`roster.notices_file`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from roster.notices import FileError, catalogue
from roster.pair import Upload
from roster.plan import Plan
from roster.times import read_stamp, stamp

Status = Literal["fetching", "ok", "ok_with_warnings", "no_change", "held", "rejected", "superseded", "failed"]

#: What an import ends with that takes effect, or has nothing to change.
SUCCEEDED: frozenset[str] = frozenset(("ok", "ok_with_warnings", "no_change"))

#: What an import ends with that makes a version.
PUBLISHED: frozenset[str] = frozenset(("ok", "ok_with_warnings"))

_SEVERITY = {notice.code: notice.severity for notice in catalogue()}

# Of the rows that keep something; the notices file has every fact.
_KEPT_ROWS = 20

# What only a plan says, and then also when it is nothing.
_SAID_WITH_A_PLAN = ("reason", "kept_until")


class FileRead(TypedDict):
    """One file of a pair, by the inbox's version of it; while it is read, no more is said.

    `uploaded_at` is a time stamp.
    """

    version_id: str
    uploaded_at: NotRequired[str]
    bytes: NotRequired[int]


class Found(TypedDict):
    """How many findings of one code there are."""

    severity: Literal["error", "warning", "info"]
    total: int


class HeldPlan(TypedDict):
    """What approving a held import puts in force; `expires_at` is a time stamp."""

    manifest_sha256: str
    snapshot_sha256: NotRequired[str]
    memory_sha256: NotRequired[str]
    school_year: NotRequired[str]
    expires_at: str


class Problem(TypedDict):
    """What is wrong in settings.json: where, and what to write."""

    path: str
    message: str


@dataclass(frozen=True)
class Report:
    """One import. None and {} stand for what is not known, or not yet.

    `status` is "fetching" until everything is done; `outcome` is the status to come, where it stands already. `reason`
    explains a failed or held one, by the code of its first file error or guard; where a file was refused, `place` says
    which, in which row, and for what.

    `pair` are the files by name, `counts` and `changes` are a plan's, `notices` the findings by code, `people` has the
    fields of `roster.people.People`, `held` those of each `roster.guard.Reason`, and `kept_rows` of each
    `roster.protect.KeptRow`. `kept` counts the facts that bad rows keep, until `kept_until` at the least; `kept_ended`
    those that go now, `not_removed` those that a setting keeps. `version` is what stands after it.

    `asked` is the id of the request that it answers. `plan` is there while approving can make it a version.
    `notices_key` says where the notices file is. `…_by` are ARNs, times are time stamps. `file` (with `like`, the name
    that was meant) is an upload that no import reads, or settings.json with its `problems`.
    """

    site: str
    import_id: str
    status: Status
    outcome: Status | None = None
    reason: str | None = None
    place: str | None = None
    pair: Mapping[str, FileRead] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    changes: Mapping[str, int] | None = None
    notices: Mapping[str, Found] | None = None
    kept: int | None = None
    kept_until: str | None = None
    kept_rows: Sequence[Mapping[str, Any]] | None = None
    kept_ended: int | None = None
    not_removed: int | None = None
    held: Sequence[Mapping[str, Any]] | None = None
    people: Mapping[str, Any] | None = None
    notices_truncated: bool | None = None
    base_version: int | None = None
    version: int | None = None
    asked: str | None = None
    notices_key: str | None = None
    plan: HeldPlan | None = None
    milliseconds: Mapping[str, int] | None = None
    ended_at: str | None = None
    approved_by: str | None = None
    rejected_by: str | None = None
    settled_by: str | None = None
    superseded_by: str | None = None
    rolled_back_to: int | None = None
    rolled_back_by: str | None = None
    epoch: int | None = None
    epoch_by: str | None = None
    console_by: str | None = None
    restored_version: int | None = None
    file: str | None = None
    like: str | None = None
    problems: Sequence[Problem] | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """The report that was stored as data. What is None is not said; what only a newer product says is left out.

        KeyError for data that name no site, import or status.
        """
        known = {name: data[name] for name in _NAMES & data.keys() if name != "import" and data[name] is not None}
        return cls(site=known.pop("site"), import_id=data["import"], status=known.pop("status"), **known)

    def as_dict(self) -> dict[str, Any]:
        """The report as data, fit for JSON: what is None is left out, but for what a plan always says."""
        always = _SAID_WITH_A_PLAN if self.kept is not None else ()
        data = {name: value for name, value in vars(self).items() if value is not None or name in always}
        data["import"] = data.pop("import_id")
        return {name: value for name, value in data.items() if value != {} or name not in ("pair", "counts")}

    def untold(self) -> Report:
        """The same while the table is not brought to it yet: its status is the outcome to come."""
        return replace(self, status="fetching", outcome=self.status)

    def ended(self, milliseconds: Mapping[str, int], at: datetime) -> Report:
        """The untold report once everything is done, at a time: how long each phase took is told with it."""
        status = self.outcome or self.status
        return replace(self, status=status, outcome=None, milliseconds=dict(milliseconds), ended_at=stamp(at))

    def approved(self, version: int, by: str, asked: str) -> Report:
        """The report of a held import once `by` has approved it, by the request `asked`: it publishes this version."""
        found = {notice["severity"] for notice in (self.notices or {}).values()}
        status: Status = "ok_with_warnings" if found & {"error", "warning"} else "ok"
        return replace(self, status=status, version=version, approved_by=by, asked=asked)

    @property
    def same_content_as(self) -> int | None:
        """The version whose content a person had published again under this one's number; None for any other import."""
        if self.epoch_by:
            return self.restored_version or self.base_version
        if self.console_by:  # less somebody's rights, of the same pair
            return self.base_version
        return self.rolled_back_to

    @property
    def rows_rejected(self) -> int:
        """How many rows were refused."""
        return self.counts.get("rows_rejected", 0)

    @property
    def published(self) -> bool:
        """Whether it made a version."""
        made = self.version is not None and self.base_version is not None and self.version > self.base_version
        return made and self.status in PUBLISHED

    @property
    def is_refusal(self) -> bool:
        """Whether it is no import of a pair, but of a file or a request that was refused."""
        return self.status == "failed" and not self.pair

    @property
    def of_a_person(self) -> bool:
        """Whether a person decided that this version is published."""
        return bool(self.approved_by or self.rolled_back_by or self.epoch_by)

    def uploads(self) -> dict[str, Upload]:
        """The uploads that it read, by file name; none where it read no pair."""
        return {
            file: Upload(file, read["version_id"], read_stamp(read["uploaded_at"]), read["bytes"])
            for file, read in self.pair.items()
            if "bytes" in read
        }


_NAMES = {"import", *(each.name for each in fields(Report))} - {"import_id"}


def import_report(site: str, import_id: str, pair: Mapping[str, Upload], plan: Plan, base_version: int) -> Report:
    """The report of an import that was planned, before anything of it stands."""
    refused = next((notice for notice in plan.notices.listed() if isinstance(notice, FileError)), None)
    publishes = plan.snapshot is not None and not plan.held
    return Report(
        site,
        import_id,
        plan.outcome,
        reason=refused.code if refused else plan.held[0].code if plan.held else None,
        place=refused.place if refused else None,
        pair={file: _described(upload) for file, upload in sorted(pair.items())},
        counts=plan.counts,
        changes=plan.changes,
        notices={
            code: {"severity": _SEVERITY[code], "total": total} for code, total in sorted(plan.notices.totals.items())
        },
        kept=len(plan.kept),
        kept_until=plan.memory.until or None,
        kept_rows=[row._asdict() for row in plan.kept_rows[:_KEPT_ROWS]],
        kept_ended=plan.ended,
        not_removed=plan.not_removed,
        held=[reason.as_dict() for reason in plan.held],
        people=plan.people._asdict() if plan.people else None,
        notices_truncated=plan.notices.truncated,
        base_version=base_version,
        version=base_version + 1 if publishes else base_version,
    )


def _described(upload: Upload) -> FileRead:
    return {"version_id": upload.version_id, "uploaded_at": stamp(upload.uploaded_at), "bytes": upload.size}
