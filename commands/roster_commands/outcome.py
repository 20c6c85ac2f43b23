"""What came of an order: an import's report, what the site waits for instead, or that nothing was ever published.

In: what `manage_site` says of it. Out: an `Outcome`, its exit status, and the page that says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from roster.pair import Waiting
from roster.report import SUCCEEDED, Report
from roster.times import stamp
from roster_pages.import_page import import_page
from roster_pages.page_model import Message, Page
from roster_pages.view_data import Asking, ImportData, ReportData
from roster_pages.wording import waiting_texts

#: The status of an order for a site that has published nothing.
NOTHING_PUBLISHED = "nothing_published"


@dataclass(frozen=True)
class Outcome:
    """A report, or else what waits; neither for a site that has published nothing. `data` is the same for JSON.

    `revoked` are the servers that were revoked with it, where it was about that.
    """

    data: Mapping[str, Any]
    report: Report | None = None
    waiting: Waiting | None = None
    revoked: Sequence[str] | None = None

    @property
    def is_good(self) -> bool:
        """Whether what was asked for is done."""
        return self.report is not None and self.report.status in SUCCEEDED

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to do, as the site has published nothing."""
        return self.report is None and self.waiting is None

    @property
    def page(self) -> Page:
        """What a person reads of it."""
        if self.report:
            return report_page(self.data)
        if self.waiting and self.waiting.get("missing"):
            heading, line = waiting_texts(self.waiting)
            return Page("Waiting", blocks=(Message("busy", heading, (line,)),))
        line = "The files are imported after `roster-admin resume`."
        return Page("Paused", blocks=(Message("quiet", "The site is paused.", (line,)),))


def report_page(report: ReportData, asking: Asking | None = None) -> Page:
    """An import's page by its report alone: without its findings row by row, which the cloud has.

    `asking` says which servers will ask again about a held one.
    """
    data: ImportData = {
        "view": "import",
        "at": stamp(datetime.now(UTC)),
        "site": report["site"],
        "report": report,
        "findings": [],
        "findings_total": 0,
        "page": 1,
        "pages": 1,
        "link": None,
    }
    if asking:
        data["asking"] = asking
    return import_page(data)._replace(trail=())
