"""A site that leaves: what is erased, in which order, and the receipt that says so. It counts, and names nobody.

In: what was found of a site, and what a run left of it. Out: an `Erasure`, which is the tombstone while it stands and
the receipt once it has ended. Nothing is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: What is counted of a site, with its words, in the order in which it goes.
COUNTED = {
    "servers": "servers, with their tokens",
    "uploaders": "uploaders, with their tokens",
    "inbox_versions": "versions of uploads, deleted ones too",
    "inbox_unfinished": "unfinished uploads in parts",
    "results_versions": "versions of stored results",
    "results_unfinished": "unfinished results in parts",
    "groups_and_rights": "items of groups and console rights",
    "contacts": "contacts that are told of the site",
    "codes": "codes that were not used yet",
    "reports": "reports of imports",
    "others": "other items of the site",
}


@dataclass(frozen=True)
class Erasure:
    """The erasure of a site that `by` began at `started_at`, a time stamp.

    `counts` is what there was when it began, by COUNTED; empty until it was counted. `finished_at` is "" until nothing
    of it is left. `uploads` counts those that came afterwards and that no import reads.
    """

    site: str
    by: str
    started_at: str
    counts: Mapping[str, int] = field(default_factory=dict)
    finished_at: str = ""
    uploads: int = 0

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Erasure:
        """The erasure of an item, or of data."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__.keys() & item.keys()})

    def as_dict(self) -> dict[str, Any]:
        """The erasure as data, and as an item holds it."""
        return {**vars(self), "counts": dict(self.counts)}
