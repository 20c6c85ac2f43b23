"""A page stays short enough for a dashboard however large a district is, and says what it leaves out."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roster.notices import catalogue
from roster_pages import document, page, to_html
from roster_pages.build import LIMIT
from tests.unit.pages import samples
from tests.unit.pages.reading import Seen, squeezed

LONG = ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:" + "x" * 64,) * 2
LONGEST_SITE = "s" * 63
NOTICES = {notice.code: {"severity": notice.severity, "total": 10_000} for notice in catalogue()}
GROUPS = [f"Year {year} set {letter} of Mathematics" for year in range(50) for letter in range(20)]

LARGE: dict[str, dict[str, Any]] = {
    "500 sites": samples.overview(
        [samples.overview_row(f"{LONGEST_SITE[:60]}{number:03}", stale_since=samples.AT) for number in range(500)]
    ),
    "a page of 500 sites": samples.overview(
        [samples.overview_row(f"{LONGEST_SITE[:60]}{n:03}") for n in range(25)], total=500, matching=500, pages=20
    ),
    "10,000 findings": samples.import_(
        samples.report(notices=NOTICES), findings=[samples.FINDING] * 10_000, findings_total=10_000
    ),
    "a page of 10,000 findings": samples.import_(
        samples.report(notices=NOTICES), findings=[samples.FINDING] * 100, findings_total=10_000, pages=100
    ),
    "5,000 rights": samples.console([samples.right(f"teacher{n}", groups=GROUPS) for n in range(5000)]),
    "a page of 5,000 rights": samples.console(
        [samples.right(f"teacher{n}", groups=GROUPS) for n in range(50)], total=5000, pages=100
    ),
    "2,000 members": samples.group("Year 7", [f"student{n}" for n in range(2000)], [f"teacher{n}" for n in range(500)]),
    "500 of 2,000 members": samples.group("Year 7", [f"student{n}" for n in range(500)], ["t"], pages=4),
    "all groups": samples.user("head", samples.right("head", groups=GROUPS, pending=GROUPS), GROUPS),
    "1,000 users who see all": samples.site(
        settings=samples.SETTINGS | {"all_groups_users": [f"user{n}" for n in range(1000)]},
        imports=[samples.report(n, notices=NOTICES) for n in range(14, 1, -1)] * 2,
        servers=[samples.site()["servers"][0]] * 50,
    ),
    "the longest names": samples.console(
        [samples.right("\U0001f9d9" * 254, groups=["\U0001f9d9" * 200] * 50, pending=["&" * 200] * 50)] * 50
    ),
    "everybody changes": samples.import_(
        samples.held_report(people=samples.PEOPLE),
        difference=samples.difference(["\U0001f9d9" * 200 + str(n) for n in range(40)], groups=300),
    ),
    "all that can stand": samples.site(
        kept=samples.KEPT,
        rejected=10**6,
        added=False,
        version=0,
        ignored={"total": 10**6, "names": [{"name": "&" * 900, "count": 1, "last_at": samples.AT}] * 20},
        settings_problem=samples.refusal(problems=[{"path": "/a" * 40, "message": "Write another. " * 9}] * 101),
    ),
    "uploads outside": samples.overview([], outside=[{"folder": "&" * 60, "count": 9, "like": "s" * 63}] * 500),
    "problems": samples.import_(
        samples.report(problems=[{"path": "/a" * 40, "message": "Write another one, please. " * 4}] * 101)
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_the_largest_page_should_be_short_enough(name: str) -> None:
    shown = page(LARGE[name])
    assert len(to_html(shown, LONG).encode()) <= LIMIT <= 100 * 1024
    assert len(document(shown).encode()) <= LIMIT


@pytest.mark.parametrize("name", [name for name in LARGE if name.startswith(("a page", "500 of"))])
def test_should_leave_no_row_out_of_a_page_of_a_list(name: str) -> None:
    data = LARGE[name]
    lists = [data.get(name, []) for name in ("sites", "findings", "rights")]
    listed = max(*lists, data.get("group", {}).get("members", []), key=len)
    html = to_html(page(data), samples.ENDPOINTS)
    assert html.count("<tr>") >= len(listed)
    assert "more</p>" not in html


def test_should_list_console_access_of_a_held_school_whatever_else_is_left_out() -> None:
    data = samples.import_(samples.held_report(), difference=samples.difference(["p" * 60] * 40, groups=300))
    seen = Seen(to_html(page(data), LONG))
    assert squeezed("Console access that goes: 1") in seen.text
    assert squeezed("New groups: 300") in seen.text
    assert "more" in seen.text


def test_should_still_say_who_comes_and_goes_in_a_held_import_of_ninety_classes() -> None:
    found = [samples.FINDING | {"code": "group_shrank", "class": f"10A Biology {n}"} for n in range(100)]
    names = [f"amelia.adams{n:03}" for n in range(10)]
    data = samples.import_(
        samples.held_report(people=samples.PEOPLE),
        findings=found,
        findings_total=100,
        difference=samples.difference(names, groups=45),
    )
    text = Seen(to_html(page(data), LONG)).text
    assert text.count("amelia.adams000,amelia.adams001") == 90


def test_should_leave_out_no_more_than_it_has_to() -> None:
    rights = [samples.right(f"teacher{n}", groups=[name * 3 for name in GROUPS]) for n in range(50)]
    html = to_html(page(samples.console(rights)), LONG)
    assert html.count("Year 0 set 0") >= 50
    assert LIMIT / 3 < len(html.encode()) <= LIMIT


def test_should_count_what_is_left_out() -> None:
    text = Seen(to_html(page(LARGE["all groups"]), samples.ENDPOINTS)).text
    assert "more" in text
    assert "1,000groups" in text
    few = samples.console([samples.right("snape", groups=GROUPS[:20])])
    assert "and12more" in Seen(to_html(page(few), samples.ENDPOINTS)).text


@given(st.lists(st.text("<&\U0001f9d9é", min_size=100, max_size=254), min_size=1, max_size=60), st.integers(1, 20))
@settings(max_examples=8, deadline=None)
def test_no_list_of_names_should_be_too_long(names: list[str], groups: int) -> None:
    rights = [samples.right(name, groups=names[:groups], pending=names) for name in names]
    for data in (samples.console(rights), samples.group(names[0], names * 4, names), samples.user("x", None, names)):
        assert len(to_html(page(data), LONG).encode()) <= LIMIT
