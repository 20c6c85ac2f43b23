"""A site in a list of sites: what is shown of its head, and of the import that ended last.

In: a head's item as the list has it, or a report. Out: `ListedSite` and `LastImport`. Nothing is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from roster.report import Report
from roster.times import read_stamp

_COUNTED = ("groups", "members", "memberships", "teachers")

#: An import that has ended; the numbers are those of what stands: of the last import that succeeded.
LastImport = TypedDict(
    "LastImport",
    {"import": str, "status": str, "ended_at": str, "counts": Mapping[str, int], "rows_rejected": int, "kept": int},
)


def last_import(report: Report) -> LastImport:
    """What a list shows of an import that has ended."""
    return {
        "import": report.import_id,
        "status": report.status,
        "ended_at": report.ended_at or "",
        "counts": {name: report.counts[name] for name in _COUNTED} if report.counts else {},
        "rows_rejected": report.rows_rejected,
        "kept": report.kept or 0,
    }


def last_import_after(report: Report, before: LastImport | None) -> LastImport:
    """The same of one that took no effect: what stands is what the last good one, shown `before`, counted."""
    last = last_import(report)
    last["counts"] = before.get("counts", {}) if before else {}
    last["rows_rejected"] = before.get("rows_rejected", 0) if before else 0
    last["kept"] = before.get("kept", 0) if before else 0
    return last


@dataclass(frozen=True)
class ListedSite:
    """What a list of sites has of each head, by the head's own names; `paused`: by a person or by its settings.

    `fetch_at` is the hour, in its `time_zone`, at which its API is asked. `stale_since` is what the watch has seen;
    `succeeded_at` is when an import last ended that took effect.
    """

    site: str
    version: int = 0
    manifest_sha256: str = ""
    published_at: str = ""
    paused: bool = False
    running: str = ""
    held: str = ""
    last_import: LastImport | None = None
    files_at: str = ""
    succeeded_at: str = ""
    stale_since: str = ""
    added_at: str = ""
    kept_until: str = ""
    look_again_at: str = ""
    fetch_at: int | None = None
    time_zone: str = "UTC"

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> ListedSite:
        """The site of a list's item."""
        known = {name: item[name] for name in cls.__dataclass_fields__.keys() & item.keys()}
        return cls(**known | {"paused": bool(item.get("paused") or item.get("settings_paused"))})

    @property
    def is_known(self) -> bool:
        """Whether somebody says that there is such a site, or it has published something."""
        return bool(self.version or self.added_at)

    @property
    def status(self) -> str:
        """The status of its newest import; "new" when there was none."""
        if self.running:
            return "fetching"
        if self.held:
            return "held"
        status = self.last_import["status"] if self.last_import else "new"
        return "rejected" if status == "held" else status  # held no more, and nothing came after it

    def has_to_be_read_again(self, now: datetime) -> bool:
        """Whether the files in force are to be read again (`is_time_to_read_again`)."""
        return is_time_to_read_again(self.kept_until, self.look_again_at, self.held, now)


def is_time_to_read_again(kept_until: str, look_again_at: str, held: str, now: datetime) -> bool:
    """Whether the time of a kept fact has passed, or a date in the files has come; both are time stamps, or "".

    While a plan is held, everything waits for a person.
    """
    return not held and any(at and read_stamp(at) <= now for at in (kept_until, look_again_at))
