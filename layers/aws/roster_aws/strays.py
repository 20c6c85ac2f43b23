"""What becomes of an upload that no import reads.

In a folder that is no site's: it is counted for the overview. In a site's folder: what systems and tools leave is
counted and nothing more. Any other name is looked at again after a minute, as some tools upload under a name of their
own and rename: what is gone by then is counted too, and what still stands is a failed import of its site.

A name may be a pupil's. So what is to be looked at again, also for a fault of ours, goes into the queue as the bucket's
version and the site, and its name is looked for in the bucket then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from roster.pair import refusal_id
from roster.report import Report
from roster.request import Stray, Unnamed
from roster.stray import file_like, is_left_by_a_tool
from roster.times import stamp
from roster_aws.ignored import Ignored
from roster_aws.inbox import Inbox
from roster_aws.logbook import Logbook
from roster_aws.queue import Queue
from roster_aws.store import Store
from roster_aws.telemetry import logger

# How long a name may be one that a tool renames.
RENAMED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True)
class Strays:
    """Looks at them. `clock` gives the time in UTC."""

    inbox: Inbox
    ignored: Ignored
    store: Store
    queue: Queue
    logbook: Logbook
    clock: Callable[[], datetime]

    def look(self, stray: Stray) -> None:
        """Count it, have it looked at again later, or tell of it; raises only where the queue takes nothing.

        What S3 says of it must not come back and end among the dead letters, since its key stands there.
        """
        try:
            if stray.unnamed.site:
                self._inside(stray.unnamed, stray.key.partition("/")[2])
            else:
                self._outside(stray)
        except Exception:
            logger.exception("stray_broke_off")
            self.queue.look_again(stray.unnamed, RENAMED_WITHIN.total_seconds())

    def look_again(self, stray: Unnamed) -> None:
        """The same of one that was looked at before."""
        if not stray.site:
            self._tell_outside(stray)  # where it lay, nobody can say any more
            return
        name = self.inbox.name_of(stray.site, stray.version_id)
        if name is not None:  # else it was removed for good, and its name with it
            self._inside(stray, name)

    def _inside(self, stray: Unnamed, name: str) -> None:
        """What lies in a site's folder under a name."""
        if is_left_by_a_tool(name):
            self.ignored.count_of_site(stray.site, name)
        elif (left := stray.uploaded_at + RENAMED_WITHIN - self.clock()) > timedelta():
            self.queue.look_again(stray, left.total_seconds())
        elif self.inbox.newest(stray.site, name) is None:
            self.ignored.count_of_site(stray.site, name)
        else:
            self._refuse(stray, name)

    def _outside(self, stray: Stray) -> None:
        if not is_left_by_a_tool(stray.key):
            self.ignored.count_outside(stray.key)
        self._tell_outside(stray.unnamed)

    def _tell_outside(self, stray: Unnamed) -> None:
        about = {"reason": "outside_any_site", "version_id": stray.version_id, "bytes": stray.size}
        self.logbook.tell([{"message": "upload_ignored", **about, "UploadsIgnored": 1}])

    def _refuse(self, stray: Unnamed, name: str) -> None:
        report = Report(
            stray.site,
            refusal_id(stray.uploaded_at, stray.version_id),
            "failed",
            reason="file_name_unexpected",
            ended_at=stamp(stray.uploaded_at),
            file=name,
            like=file_like(name),
        )
        self.store.record_import(report)
        self.logbook.tell_import(report)
