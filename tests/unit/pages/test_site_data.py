"""The data of a site: is there such a site, and what does its next import know?"""

from datetime import UTC, datetime
from typing import Any

import pytest

from roster.pair import Waiting
from roster.report import Report
from roster.site_head import Head
from roster_pages.site_data import imports_data, site_data, version_data
from roster_pages.view_data import IgnoredUploads, ManifestData

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOTHING: IgnoredUploads = {"total": 0, "names": []}
IGNORED: IgnoredUploads = {"total": 1, "names": []}
REPORT = Report("hogwarts", "20261126T110000Z-000001", "failed")
WAITING: Waiting = {"paused": True}


@pytest.mark.parametrize(
    ("head", "imports", "waiting", "ignored", "is_there"),
    [
        ({}, [], None, NOTHING, False),
        ({}, [REPORT], None, NOTHING, True),
        ({}, [], WAITING, NOTHING, True),
        ({}, [], None, IGNORED, True),
        ({"added_at": "2026"}, [], None, NOTHING, True),
        ({"version": 1}, [], None, NOTHING, True),
        ({"settings_version": "v"}, [], None, NOTHING, True),
        ({"paused": True}, [], None, NOTHING, True),
    ],
)
def test_a_site_should_be_there_as_soon_as_anything_is_known_of_it(
    head: dict[str, Any], imports: list[Report], waiting: Waiting | None, ignored: IgnoredUploads, is_there: bool
) -> None:
    data = site_data(NOW, Head("hogwarts", **head), imports, waiting, ignored, [], None, None, None)
    assert (data is not None) is is_there


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
