"""Every status, guard, reason and finding has words, and a page says what somebody needs in thirty seconds."""

from typing import Any, get_args

import pytest

from roster import guard
from roster.notices import catalogue
from roster.plan import Outcome
from roster.settings import Limits
from roster_pages import page, to_html
from roster_pages.times import duration, moment, size
from roster_pages.wording import ADVICE, GUARDS, STATUSES, held_text
from tests.unit.pages import samples
from tests.unit.pages.reading import Seen, squeezed
from tests.unit.pages.texts import texts


def says(data: dict[str, Any], *expected: str) -> None:
    text = Seen(to_html(page(data), None)).text
    assert [each for each in expected if squeezed(each) not in text] == []


def every_guard() -> set[str]:
    """The codes of an effect that no limit allows; what has no rows cannot have too many bad ones too."""
    effect = guard.Effect(
        first_import=False,
        published={"memberships": 1000, "teachers": 100, "groups": 100},
        removed={"memberships": 1000, "teachers": 100, "groups": 100},
        teachers=1000,
        teachers_added=1000,
        teachers_are_students=1000,
        classes=10,
        unmatched_classes=10,
        rows={"teachers.csv": (10, 10), "students.csv": (10, 9)},
    )
    return {reason.code for reason in guard.reasons(effect, Limits())}


def test_every_guard_has_words() -> None:
    assert every_guard() == set(GUARDS)
    for code in GUARDS:
        assert "7" in held_text({"code": code, "number": 7, "of": 9}) or code == "file_has_no_rows"
    named = {"code": "rows_rejected", "number": 1200, "of": 9000, "file": "students.csv"}
    assert held_text(named) == "students.csv: 1,200 of 9,000 rows are rejected"


def test_every_finding_says_what_to_do() -> None:
    assert set(ADVICE) == {notice.code for notice in catalogue()}
    for notice in catalogue():
        found = {notice.code: {"severity": notice.severity, "total": 1234}}
        says(samples.import_(samples.report(notices=found)), notice.code, "1,234", ADVICE[notice.code], notice.severity)


@pytest.mark.parametrize("status", sorted({*STATUSES, *get_args(Outcome), "something_new"}))
def test_every_status_is_said_in_words(status: str) -> None:
    words = STATUSES[status][0] if status in STATUSES else "Something new"
    says(samples.overview([samples.overview_row(status=status)]), words)
    says(samples.site(imports=[samples.report(status=status)]), words)
    says(samples.import_(samples.report(status=status)), words)


def test_the_outcomes_of_a_plan_are_known() -> None:
    assert set(get_args(Outcome)) <= set(STATUSES)


def test_the_site_page_says_what_the_sis_integration_tab_shows() -> None:
    says(
        samples.site(),
        "Import from CSV",
        "Status OK, with warnings",
        "Last import 2026-09-14 02:05 29 hours ago",
        "Username Email, completed with @school.org",
        "Restrict customisation yes",
        "Basic Console Only yes",
        "See all groups Minerva_McGonagall, Albus_Dumbledore",
        "Removals applied",
        "Published version 14",
        "srv-02 behind 12",
    )


def test_a_running_import_shows_how_far_it_is() -> None:
    said = texts(page(samples.EVERY["site, running"]))
    assert said[said.index("Running now") + 1 :][:4][1::2] == ["now", "to come"]
    says(samples.EVERY["site, running"], "Fetching…", "since 2026-09-15 07:59 1 minute ago")


def test_a_running_import_that_stands_already_has_only_the_table_left() -> None:
    said = texts(page(samples.import_(samples.running_report(outcome="ok"))))
    assert said[said.index("Running now") + 1 :][:4][1::2] == ["done", "now"]


def test_a_held_import_is_told_in_numbers() -> None:
    says(
        samples.EVERY["site, held"],
        "31 of 96 teachers would lose console access.",
        "students.csv: 1,200 of 9,000 rows are rejected.",
        "it would change: groups 2 created; memberships 30 created, 14 removed; rights 2 changed",
        "until 2026-09-16 02:05 UTC",
        "roster-admin approve hogwarts 20260915T020500Z-000015",
    )


def test_changes_are_told_with_the_words_and_numbers_of_the_roster() -> None:
    told = samples.report(changes={"groups_created": 90, "members_created": 2400})
    says(samples.site(imports=[told]), "groups 90 created; memberships 2,400 created")
    says(samples.import_(told), "Memberships 2,400 0 0")


def test_a_failed_import_says_why() -> None:
    says(samples.EVERY["site, failed"], "Nothing was changed", "not_utf8 (students.csv, row 3)", ADVICE["not_utf8"])
    says(samples.EVERY["import of settings"], "/paused", "This is text; write true or false, without quotes.")


def test_an_import_page_has_every_row_that_was_wrong() -> None:
    says(samples.EVERY["import"], "Row by row: 2,345 in all", "error field_count students.csv 3", "Page 1 of 24")
    says(samples.EVERY["import"], "There are more findings than are listed.", "works for a few minutes")


def test_a_failed_import_counts_no_roster() -> None:
    """Its files could not be read: that it has no groups would be news to the school."""
    for data in (samples.EVERY["site, failed"], samples.import_(samples.failed_report())):
        text = Seen(to_html(page(data), None)).text
        assert not [said for said in ("0Groups", "Groups0", "Failed9600") if said in text]
    says(samples.import_(samples.failed_report()), "Rows read 96")


def test_a_file_that_was_refused_is_told_and_is_no_import() -> None:
    refused = samples.EVERY["site, a file refused"]
    says(refused, "hogwarts OK", "Status OK", "Last import 2026-09-14 02:05", "file_name_unexpected (Students.csv)")
    says(samples.site(imports=[samples.refusal()], version=0), "hogwarts Failed")


def test_who_waits_for_what_is_said() -> None:
    says(samples.EVERY["site, waiting"], "teachers.csv has waited for students.csv", "with the last good students.csv")
    says(samples.EVERY["site, waiting for ever"], "Upload students.csv to import both.")
    says(samples.EVERY["site, paused"], "Paused", "Files wait since")
    says(samples.EVERY["site, paused by its settings"], "upload one without “paused”")
    says(samples.EVERY["site, stale"], "No files have come since 2026-09-11")


def test_a_server_is_shown_with_what_it_has_and_what_it_reported() -> None:
    says(
        samples.EVERY["site"],
        "srv-01 has the newest version 14",
        "1.4.0 applied,",
        "srv-02 behind 12",
        "held, a version is held on the server until somebody approves it there, its clock is 13 minutes ahead,",
        "srv-03 silent none",
        "srv-04 has other content under this number 14",
        "its clock is 10 years slow,",
    )


def test_the_overview_counts_servers_by_what_they_have() -> None:
    says(
        samples.EVERY["overview"],
        "hogwarts OK 2026-09-15 02:05 5 hours ago 14 412 1,480 96 2 applied 1 behind 1 silent",
    )
    says(samples.EVERY["overview"], "durmstrang Failed Paused No files since 2026-09-15")


def test_who_sees_what_is_said() -> None:
    says(samples.EVERY["console"], "Minerva all groups Flying Basic Console Only")
    says(samples.EVERY["user, student"], "no access", "2 groups Potions, Dark Arts")
    says(samples.EVERY["group, unknown"], "There is no such group.")


def test_a_chart_says_its_numbers_in_words_and_has_them_beside_it() -> None:
    seen = Seen(to_html(page(samples.site()), None))
    assert seen.names == [
        "Rows read: from 11,812 to 11,814, last 11,814",
        "Rows rejected: from 0 to 2, last 2",
    ]
    assert all(squeezed(name or "") in seen.text for name in seen.names)
    assert Seen(to_html(page(samples.site(imports=[samples.report()])), None)).names == []


@pytest.mark.parametrize(
    ("iso", "text", "age"),
    [
        ("2026-09-15T07:59:30+00:00", "2026-09-15 07:59", "just now"),
        ("2026-09-15T09:00:00+02:00", "2026-09-15 07:00", "1 hour ago"),
        ("2026-09-15T06:59:00+00:00", "2026-09-15 06:59", "1 hour ago"),
        ("2026-09-13T07:00:00+00:00", "2026-09-13 07:00", "2 days ago"),
        ("2026-01-15T08:00:00+00:00", "2026-01-15 08:00", "7 months ago"),
        ("2020-01-15T08:00:00+00:00", "2020-01-15 08:00", "6 years ago"),
        ("2026-09-15T08:30:00+00:00", "2026-09-15 08:30", "in 30 minutes"),
    ],
)
def test_a_time_has_its_age(iso: str, text: str, age: str) -> None:
    shown = moment(iso, samples.AT)
    assert not isinstance(shown, str)
    assert (shown.text, shown.age) == (text, age)


def test_what_is_no_time_is_shown_as_it_is() -> None:
    assert [moment(iso, samples.AT) for iso in (None, "", "soon", 7)] == ["never", "never", "soon", "7"]


def test_sizes_and_durations_have_units() -> None:
    assert [size(count) for count in (0, 999, 5120, 1234567)] == ["0 bytes", "999 bytes", "5.1 KB", "1.2 MB"]
    assert [duration(spent) for spent in (14, 999, 1500, 61_000)] == ["14 ms", "999 ms", "1.5 s", "1 min 1 s"]
