"""What becomes of an upload that no import reads.

In a folder that is no site's: it is counted for the overview. In a site's folder: what systems and tools leave is
counted and nothing more. Any other name is looked at again after a minute, as some tools upload under a name of their
own and rename: what is gone by then is counted too, and what still stands is a failed import of its site.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from roster.pair import refusal_id
from roster.stray import file_like, is_left_by_a_tool
from roster_aws.environment import now
from roster_aws.ignored import Ignored
from roster_aws.inbox import Inbox
from roster_aws.queue import Queue, Stray
from roster_aws.reports import Reports
from roster_aws.store import Store
from roster_aws.table import stamp

# How long a name may be one that a tool renames.
RENAMED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Strays:
    """Looks at them. `clock` gives the time in UTC."""

    inbox: Inbox
    ignored: Ignored
    store: Store
    queue: Queue
    reports: Reports
    clock: Callable[[], datetime]

    @classmethod
    def from_environment(cls) -> Strays:
        """What this process does with them."""
        parts = Inbox.from_environment(), Ignored.from_environment(), Store.from_environment()
        return cls(*parts, Queue.from_environment(), Reports.from_environment(), now)

    def look(self, stray: Stray) -> None:
        """Count it, look at it again later, or tell of it."""
        name = stray.key.partition("/")[2]
        if stray.site is None:
            self._outside(stray)
        elif is_left_by_a_tool(name):
            self.ignored.count_of_site(stray.site, name)
        elif (left := stray.uploaded_at + RENAMED_WITHIN - self.clock()) > timedelta():
            self.queue.look_again(stray, left.total_seconds())
        elif self.inbox.newest(stray.site, name) is None:
            self.ignored.count_of_site(stray.site, name)
        else:
            self._refuse(stray, stray.site, name)

    def _outside(self, stray: Stray) -> None:
        if not is_left_by_a_tool(stray.key):
            self.ignored.count_outside(stray.key)
        # Its key may be anything, a name too, so only its version is told.
        about = {"reason": "outside_any_site", "version_id": stray.version_id, "bytes": stray.size}
        self.reports.tell([{"message": "upload_ignored", **about, "UploadsIgnored": 1}])

    def _refuse(self, stray: Stray, site: str, name: str) -> None:
        report = {
            "site": site,
            "import": refusal_id(stray.uploaded_at, stray.version_id),
            "status": "failed",
            "reason": "file_name_unexpected",
            "ended_at": stamp(stray.uploaded_at),
        }
        # The name may be anything, a pupil's too, so it is kept with the report and not told in the log.
        self.store.record_import(report | {"file": name, "like": file_like(name)})
        self.reports.tell_import(report)
