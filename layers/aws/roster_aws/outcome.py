"""What an import leaves behind on its site's head, by its plan: which uploads count, and what is remembered.

In: the head before, the pair and its plan. Out: the head after, but for the version and what is stored under a digest.
Nothing is refused.
"""

from __future__ import annotations

from dataclasses import replace

from roster.notices import FileError
from roster.pair import Upload
from roster.plan import Plan
from roster.times import stamp
from roster_aws.head import Head


def head_after(head: Head, pair: dict[str, Upload], plan: Plan, *, ending: bool = False) -> Head:
    """The head once a plan's outcome stands. `ending`: only what is kept ends; what is held is read again after it."""
    files_at = max(stamp(upload.uploaded_at) for upload in pair.values())
    after = replace(head, settings_changed=False, unread={}, files_at=max(head.files_at, files_at))
    if plan.outcome == "failed":
        return replace(after, unread=_unread(head, pair, plan))
    if plan.held:
        return replace(after, undecided=pair)
    return replace(
        after,
        effective=pair,
        undecided=head.undecided if ending else {},
        settings_changed=ending and bool(head.undecided),
        kept_until=plan.memory.until,
        school_year=plan.school_year,
    )


def _unread(head: Head, pair: dict[str, Upload], plan: Plan) -> dict[str, Upload]:
    """What was refused for the other file's sake alone, and is not in force already."""
    refused = {notice.file for notice in plan.notices.listed() if isinstance(notice, FileError)}
    return {file: upload for file, upload in pair.items() if file not in refused and upload != head.effective.get(file)}
