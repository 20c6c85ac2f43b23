"""The data of a site: is it paused, and what does its next import know?"""

from datetime import UTC, datetime
from typing import Any

from roster.pair import Waiting
from roster.report import Report
from roster.site_head import Head
from roster_pages.site_data import imports_data, version_data
from roster_pages.view_data import IgnoredUploads, ManifestData

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOTHING: IgnoredUploads = {"total": 0, "names": []}
IGNORED: IgnoredUploads = {"total": 1, "names": []}
REPORT = Report("hogwarts", "20261126T110000Z-000001", "failed")
WAITING: Waiting = {"paused": True}


def test_a_site_should_be_paused_by_a_person_or_by_its_settings() -> None:
    for head, by_settings in ((Head("a", paused=True), False), (Head("a", settings={"paused": True}), True)):
        data = imports_data(head, [REPORT], None)
        assert (data["paused"], data["paused_by_settings"]) == (True, by_settings)
        assert data["imports"] == [REPORT.as_dict()]


def test_should_say_what_the_next_import_knows_with_or_without_a_version() -> None:
    version: ManifestData = {"version": 7, "counts": {}, "snapshot": {}, "link": "https://there"}
    head = Head("hogwarts", school_year="2026-08-20")
    known: dict[str, Any] = {
        "settings": {},
        "memory_link": None,
        "school_year": "2026-08-20",
        "site_new": "",
        "earlier": None,
        "no_console": ["hooch", "snape"],
    }
    barred = {"snape", "hooch"}
    assert version_data(head, None, None, None, "", barred) == {"version": 0, **known}
    assert version_data(head, version, None, None, "", barred) == {**version, **known}
