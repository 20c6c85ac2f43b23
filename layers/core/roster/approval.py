"""May what a person orders be carried out, and if not, why not. In: what stands, and the order. Out: a reason's code.

An order is looked at twice: when it is given, so that the answer is immediate, and under the site's lease, since the
head may have moved after somebody read what was to be approved. The words for each code are `roster_pages.wording`'s.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from roster.encode import Approved, Manifest
from roster.memory import Memory
from roster.pair import is_whole
from roster.plan import Plan
from roster.report import HeldPlan, Report
from roster.request import Request
from roster.site_head import Head
from roster.times import read_stamp, stamp

#: How long a hold can be approved: over a weekend.
HOLD_LIFE = timedelta(hours=72)

# How long an order can be carried out. One that lay among the dead letters for days would undo what came since.
_ORDER_LIFE = timedelta(hours=1)


# So many versions that people had published are told of in a manifest; a server that is further behind asks again.
_MOST_APPROVED = 20


def is_too_old(request: Request, now: datetime) -> bool:
    """Whether so much time passed since a person gave an order that it must not be carried out any more."""
    return request.asked_at is not None and now - request.asked_at > _ORDER_LIFE


def why_not_approved(report: Report | None, plan: str, version: int, now: datetime) -> str | None:
    """Why a held import, by its report, cannot be approved at this version and time; None when it can.

    `plan` is the digest that was approved: that of the manifest which the import would publish.
    """
    if report is None:
        return "import_unknown"
    if report.status != "held":
        return "not_held"
    if report.plan is None or report.plan["manifest_sha256"] != plan:
        return "plan_differs"
    if report.base_version != version:
        return "head_moved"
    if now > read_stamp(report.plan["expires_at"]):
        return "hold_expired"
    return None


def why_not_rolled_back(head: Head, version: int) -> str | None:
    """Why there is no going back to a version, as far as the head can tell; None when there may be."""
    return None if 0 < version < head.version else "version_unknown"


def why_no_new_epoch(head: Head, above: int, highest: int) -> str | None:
    """Why no epoch may begin above a number; None when one may. `highest`: the highest version ever published."""
    return None if head.version and above >= max(head.version, highest) else "version_below"


def why_not_ended(head: Head, memory: Memory, gone: Collection[str]) -> str | None:
    """Why what bad rows keep cannot end now; None when it can. `gone`: the files in force that are kept no longer."""
    if not memory.kept:
        return "nothing_kept"
    return "uploads_gone" if gone or not is_whole(head.effective) else None


def to_approve(plan: Plan, manifest_sha256: str, memory_sha256: str, now: datetime) -> HeldPlan:
    """What the report of a held plan says of it, and what approving it puts in force."""
    return {
        "manifest_sha256": manifest_sha256,
        "snapshot_sha256": plan.snapshot.blob.sha256 if plan.snapshot else "",
        "memory_sha256": memory_sha256,
        "school_year": plan.school_year,
        "expires_at": stamp(now + HOLD_LIFE),
    }


def is_same_hold(held: Report | None, plan: Plan, version: int) -> bool:
    """Whether a plan makes the very version that an import is held for already, from the very same base."""
    if held is None or held.status != "held" or held.plan is None or plan.snapshot is None:
        return False
    return held.base_version == version and held.plan.get("snapshot_sha256") == plan.snapshot.blob.sha256


def is_still_held(report: Report, head: Head) -> bool:
    """Whether an import is the one that its site's head holds, and would still be published on this very head."""
    return report.status == "held" and head.held == report.import_id and report.base_version == head.version


def of_a_person(manifest: Manifest, by: str, at: datetime) -> Manifest:
    """The manifest of a version that a person has published: it says who and when, so that servers need not ask again.

    A version without a delta, as the first one, removes nothing, and says nothing.
    """
    if manifest.delta is None:
        return manifest
    said = Approved(manifest.version, by, stamp(at), manifest.delta)
    return manifest._replace(approved=(*manifest.approved, said)[-_MOST_APPROVED:])
