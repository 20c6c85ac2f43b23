"""The overview's data: which sites are shown, in which order, and what is said of uploads outside any site."""

from collections.abc import Mapping
from typing import Any

import pytest

from roster.listed_site import LastImport, ListedSite
from roster.servers import Server
from roster.times import read_stamp
from roster_pages.asked import SORTS, Asked
from roster_pages.overview_data import SITES_SHOWN, outside_folders, overview_data, sites_on_page

AT = "2026-11-26T12:00:00+00:00"


def site(name: str, status: str = "ok", **more: Any) -> ListedSite:
    last: LastImport = {
        "import": f"{name}-1",
        "status": status,
        "ended_at": more.pop("ended_at", AT),
        "counts": {"groups": more.pop("groups", 0)},
        "rows_rejected": 0,
        "kept": 0,
    }
    return ListedSite(name, last_import=last, **more)


SITES = [
    site("abbey", groups=5, version=3, ended_at="2026-11-26T03:00:00+00:00"),
    site("brook", "failed", version=9, ended_at="2026-11-26T01:00:00+00:00"),
    site("creek", held="x", groups=7, ended_at="2026-11-26T02:00:00+00:00"),
    site("delta", stale_since="2026-11-20", files_at="2026-11-20", ended_at="2026-11-20T02:00:00+00:00"),
    site("early", stale_since="2026-11-20", files_at="2026-11-21", ended_at="2026-11-26T04:00:00+00:00"),
]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("status", "delta brook creek abbey early"),
        ("site", "abbey brook creek delta early"),
        ("last_import", "delta brook creek abbey early"),
        ("version", "brook abbey creek delta early"),
        ("groups", "creek abbey brook delta early"),
    ],
)
def test_should_sort_the_sites_with_what_asks_for_somebody_first(sort: str, names: str) -> None:
    assert [each.site for each in sites_on_page(Asked("overview", sort=sort), SITES).sites] == names.split()
    assert sort in SORTS


def test_should_show_a_page_of_the_sites_that_match() -> None:
    many = [site(f"north-{number:02}") for number in range(60)] + SITES
    shown = sites_on_page(Asked("overview", search="NORTH", sort="site", page=2), many)
    assert [each.site for each in shown.sites] == [f"north-{number}" for number in range(50, 60)]
    assert (shown.page, shown.pages, shown.matching, shown.total) == (2, -(-60 // SITES_SHOWN), 60, 65)


@pytest.mark.parametrize(
    ("status", "names"), [("", "delta brook creek abbey early"), ("held", "creek"), ("stale", "delta"), ("new", "")]
)
def test_should_show_the_sites_of_one_state_and_count_all_states(status: str, names: str) -> None:
    shown = sites_on_page(Asked("overview", status=status), SITES)
    assert [each.site for each in shown.sites] == names.split()
    assert shown.states == {"failed": 1, "held": 1, "ok": 3, "stale": 1}
    assert (shown.matching, shown.total) == (len(names.split()), 5)


def test_should_count_the_servers_of_each_site_that_is_shown() -> None:
    asked = Asked("overview", sort="site")
    seen = read_stamp(AT)
    servers = [
        Server("abbey", "srv-01", 3, last_seen=seen, report={"agent": "1.4"}),
        Server("abbey", "srv-02", 3, report={"agent": "1.3"}),
        Server("abbey", "srv-03", 3, last_seen=seen, report={"agent": "1.4"}),
        Server("abbey", "srv-04", 3, last_seen=seen, report={"agent": "1.2"}, revoked_at=AT),
    ]
    data = overview_data(seen, asked, sites_on_page(asked, SITES[:1]), [servers], [])
    (row,) = data["sites"]
    assert row["servers"] == {"applied": 2, "behind": 0, "silent": 1}
    assert row["agents"] == {"1.3": 1, "1.4": 2}
    assert (row["site"], row["import"], row["status"], data["sort"]) == ("abbey", "abbey-1", "ok", "site")


@pytest.mark.parametrize(
    ("folder", "like"),
    [("Hogwarts", "hogwarts"), ("hogwart", "hogwarts"), ("", None), ("xyz", None), ("mistyped2", None)],
)
def test_should_say_which_known_site_was_meant_by_a_folder(folder: str, like: str | None) -> None:
    sites = [site("hogwarts", added_at=AT), site("mistyped")]
    found: list[Mapping[str, Any]] = [{"folder": folder, "count": 2, "last_at": AT}]
    assert outside_folders(found, sites) == [{"folder": folder, "count": 2, "last_at": AT, "like": like}]


def test_should_list_no_more_folders_than_there_is_room_for() -> None:
    found = [{"folder": f"folder {number}", "count": 1, "last_at": AT} for number in range(30)]
    assert [each["folder"] for each in outside_folders(found, [])] == [each["folder"] for each in found[:20]]
