"""Every status, guard, reason and finding has words, and a page says what somebody needs in thirty seconds."""

import re
from typing import Any, get_args

import pytest

from roster import guard
from roster.notices import catalogue
from roster.plan import Outcome
from roster.report import Report
from roster_pages import page, to_html
from roster_pages.moments import duration, moment, size
from roster_pages.page_model import Message
from roster_pages.wording import (
    ADVICE,
    GUARDS,
    REASONS,
    STATUS_MEANS,
    STATUSES,
    asking_text,
    held_text,
    kept_texts,
    people_text,
)
from tests.unit.pages import samples
from tests.unit.pages.reading import Seen, squeezed
from tests.unit.pages.texts import texts


def says(data: dict[str, Any], *expected: str) -> None:
    text = Seen(to_html(page(data), None)).text
    assert [each for each in expected if squeezed(each) not in text] == []


def test_every_guard_should_have_words() -> None:
    assert set(GUARDS) == set(guard.CODES)
    without_number = {"site_new", "file_has_no_rows", "file_may_be_cut", "review"}
    for code in GUARDS:
        assert ("7" in held_text({"code": code, "number": 7, "of": 9})) != (code in without_number), code
    named = {"code": "rows_rejected", "number": 1200, "of": 9000, "file": "students.csv"}
    assert held_text(named) == "students.csv: 1,200 of 9,000 rows are rejected"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ({"code": "site_new", "like": "lakeside"}, "nobody has added this site. Did you mean lakeside?"),
        ({"code": "site_new", "like": None}, "nobody has added this site"),
        (
            {"code": "students_as_teachers", "number": 750, "of": 750, "what": "either"},
            (
                "750 of 750 teachers would newly get the console and are pupils: the files may be swapped. "
                "Pupils of this pair are teachers now: either pair may be the swapped one"
            ),
        ),
        (
            {"code": "memberships_removed", "number": 868, "of": 900, "since": 12},
            "868 of 900 memberships would go since version 12 (7 days)",
        ),
        (
            {"code": "removals_unclear", "number": 40, "of": 3, "file": "students.csv", "rows": (3, 1007)},
            (
                "students.csv: 40 memberships would go, and unreadable rows may stand for 3 of them (rows 3, 1007): "
                "nobody can tell which"
            ),
        ),
        (
            {"code": "removals_unclear", "number": 9, "of": 1, "file": "teachers.csv", "rows": [7483]},
            (
                "teachers.csv: 9 classes of teachers would go, and unreadable rows may stand for 1 of them (row 7483): "
                "nobody can tell which"
            ),
        ),
        (
            {"code": "access_added", "number": 60, "of": 60, "what": "all groups"},
            "60 of 60 teachers would newly see all groups",
        ),
        (
            {"code": "access_added", "number": 400, "of": 250, "what": "pairs"},
            "teachers would see 400 more classes than the 250 they see now",
        ),
        (
            {"code": "half_removed", "number": 6, "of": 9, "what": "groups"},
            "6 of 9 groups, more than half, would go",
        ),
        ({"code": "of_a_newer_cloud", "number": 1, "of": 2}, "of_a_newer_cloud"),
    ],
)
def test_a_guard_should_speak_of_people_and_say_what_it_knows(reason: dict[str, Any], said: str) -> None:
    assert held_text(reason) == said


def test_every_refusal_of_the_cloud_should_have_words() -> None:
    assert {"import_unknown", "not_held", "plan_differs", "head_moved", "hold_expired"} <= set(REASONS)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"kept": 0}, []),
        ({}, []),
        (samples.KEEPING, ["25 removals were not made, because of row 7483 of students.csv, until 28 Sep."]),
        (
            samples.KEEPING | {"kept": 30},
            [
                "25 removals were not made, because of row 7483 of students.csv, until 28 Sep.",
                "5 more were not made, until 28 Sep.",
            ],
        ),
        ({"kept": 1, "kept_until": "2026-12-09T00:00:00+00:00"}, ["1 removal was not made, until 9 Dec."]),
        (
            {"kept": 3},
            ["3 removals were not made: a rejected row, or the setting “removals”, keeps what they would remove."],
        ),
        ({"not_removed": 2}, ["2 removals were not made, as the setting “removals” keeps all that stands."]),
        ({"kept_ended": 1}, ["1 removal that a bad row had put off was made."]),
    ],
)
def test_should_say_what_is_kept_with_its_row_and_its_end(kept: dict[str, Any], said: list[str]) -> None:
    assert kept_texts(Report("hogwarts", "an import", "ok", **kept)) == said


def test_people_should_come_first_where_an_import_is_held() -> None:
    said = "54 teachers stay, 8 come, 6 go; 600 pupils stay, 150 come, 150 go. It looks like a new school year."
    assert people_text(samples.PEOPLE) == said
    one = dict.fromkeys(samples.PEOPLE, 1) | {"new_school_year": False}
    assert people_text(one) == "1 teacher stays, 1 comes, 1 goes; 1 pupil stays, 1 comes, 1 goes."
    text = Seen(to_html(page(samples.EVERY["import, held"]), None)).text
    assert text.index(squeezed(said)) < text.index(squeezed("31 of 96 teachers"))


def test_a_held_import_should_list_console_access_that_goes_first() -> None:
    says(
        samples.EVERY["import, held"],
        "Console access that goes: 1",
        "Harry_Potter went loses 3 classes: 7X/0, 7X/1, 7X/2",
        "New console access: 1",
        "Groups that go: 3",
        "7X/0 2 members: Harry_Potter, Ron_Weasley",
    )
    said = texts(page(samples.EVERY["import, held"]))
    headings = [each for each in said if each.startswith(("Console", "New ", "Groups that"))]
    assert headings == [
        "Console access that goes: 1",
        "New console access: 1",
        "Console access that changes: 1",
        "Groups that go: 3",
        "New groups: 3",
    ]
    says(samples.import_(samples.held_report(), difference={"of": "another version"}), "have different versions")


def test_should_name_a_group_that_shrank_with_its_numbers() -> None:
    says(
        samples.EVERY["import, groups that shrank"],
        "Groups that lost more than half of their members Group 7X/Ma1 from 30 to 4, 3 of them stayed",
    )


def test_should_say_that_nobody_has_added_a_site_until_it_has_a_version() -> None:
    said = samples.EVERY["site, new and not added"]
    says(said, "Not added", "Nobody has added this site.", "Add this site: roster-admin site add hogwarts")
    assert "Nobody has added" not in str(page(said | {"version": 1}))
    assert "Nobody has added" not in str(page(said | {"added": True}))
    assert "Nobody has added" not in str(page(samples.site(version=0)))


def test_should_show_rejected_rows_and_what_is_kept_after_a_quiet_night_too() -> None:
    said = samples.EVERY["site, with rows still rejected"]
    says(
        said,
        "No change",
        "12 rows rejected",
        "25 removals put off",
        "12 rows of the current files are rejected.",
        "25 removals were not made, because of row 7483 of students.csv, until 28 Sep.",
        "Settle now: roster-admin settle hogwarts",
    )
    assert "put off" not in str(page(samples.site(rejected=0, kept={"facts": 0, "until": "", "rows": []})))


def test_should_list_what_was_ignored_with_what_may_be_meant() -> None:
    says(
        samples.EVERY["site, with ignored uploads"],
        "Ignored uploads: 41",
        ".DS_Store 40 2026-09-15 07:00",
        "students.csv.filepart 1 2026-09-15 08:00 just now did you mean students.csv?",
    )


def test_should_tell_an_error_in_the_settings_while_it_stands_and_no_longer() -> None:
    says(samples.EVERY["site, with bad settings"], "the last good settings stay in force", "/paused: This is text")
    text = Seen(to_html(page(samples.EVERY["site, with good settings again"]), None)).text
    assert "thelastgoodsettings" not in text
    assert squeezed(STATUS_MEANS["failed"]) not in text


def test_the_overview_should_say_where_uploads_got_lost_and_what_needs_a_look() -> None:
    says(
        samples.EVERY["overview, with uploads outside"],
        "4 uploads are in no site's folder.",
        "Lakeside/: 3 uploads — did you mean lakeside/?",
        "no folder at all: 1 upload",
        "lakeside No change 25 removals put off",
        "1,480 96 12 2 applied",
        "lakesid Held Not added",
    )


def test_every_finding_should_say_what_to_do() -> None:
    assert set(ADVICE) == {notice.code for notice in catalogue()}
    for notice in catalogue():
        found = {notice.code: {"severity": notice.severity, "total": 1234}}
        says(samples.import_(samples.report(notices=found)), notice.code, "1,234", ADVICE[notice.code], notice.severity)


@pytest.mark.parametrize("status", sorted({*STATUSES, *get_args(Outcome), "something_new"}))
def test_every_status_should_be_said_in_words(status: str) -> None:
    words = STATUSES[status][0] if status in STATUSES else "Something new"
    says(samples.overview([samples.overview_row(status=status)]), words)
    says(samples.site(imports=[samples.report(status=status)]), words)
    says(samples.import_(samples.report(status=status)), words)


def test_should_know_the_outcomes_of_a_plan() -> None:
    assert set(get_args(Outcome)) <= set(STATUSES)


def test_the_site_page_should_say_what_the_sis_integration_tab_shows() -> None:
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


def test_the_site_page_should_say_which_product_a_site_imports_from() -> None:
    settings = {**samples.SETTINGS, "import_from": "oneroster"}
    says(samples.site(settings=settings), "Import from OneRoster or School Data Sync: oneroster.zip")
    nothing = samples.site(settings=settings, imports=[], version=0)
    says(nothing, "Nothing was imported yet: upload oneroster.zip.")


def test_a_running_import_should_show_how_far_it_is() -> None:
    said = texts(page(samples.EVERY["site, running"]))
    assert said[said.index("Running now") + 1 :][:4][1::2] == ["now", "to come"]
    says(samples.EVERY["site, running"], "Fetching…", "since 2026-09-15 07:59 1 minute ago")


def test_should_show_that_only_the_table_is_left_of_an_import_that_stands() -> None:
    said = texts(page(samples.import_(samples.running_report(outcome="ok"))))
    assert said[said.index("Running now") + 1 :][:4][1::2] == ["done", "now"]


def test_should_tell_a_held_import_in_numbers() -> None:
    says(
        samples.EVERY["site, held"],
        "31 of 96 teachers would lose console access.",
        "students.csv: 1,200 of 9,000 rows are rejected.",
        "it would change: groups 2 created; memberships 30 created, 14 removed; rights 2 changed",
        "until 2026-09-16 02:05 UTC",
        "roster-admin approve hogwarts 20260915T020500Z-000015",
    )


@pytest.mark.parametrize(
    ("asking", "said"),
    [
        ({"asking": 0, "servers": 2}, "Its servers then receive it, and ask nobody again."),
        (
            {"asking": 1, "servers": 2},
            "1 of 2 servers asks again if many memberships go: somebody has to run roster-agent approve there.",
        ),
    ],
)
@pytest.mark.parametrize("view", ["site", "import"])
def test_should_say_which_servers_ask_again_before_somebody_approves(
    view: str, asking: dict[str, int], said: str
) -> None:
    held = samples.held_report()
    data = samples.site(held=held, asking=asking) if view == "site" else samples.import_(held, asking=asking)
    message = next(block for block in page(data).blocks if isinstance(block, Message))
    assert said in message.lines
    (approve,) = (button for button in message.buttons if button.label == "Approve")
    assert approve.confirmation.endswith(said)


def test_should_say_nothing_of_servers_where_there_are_none() -> None:
    assert asking_text(0, 0) == ""


def test_should_tell_changes_with_the_words_and_numbers_of_the_roster() -> None:
    told = samples.report(changes={"groups_created": 90, "members_created": 2400})
    says(samples.site(imports=[told]), "groups 90 created; memberships 2,400 created")
    says(samples.import_(told), "Memberships 2,400 0 0")


def test_a_failed_import_should_say_why() -> None:
    says(samples.EVERY["site, failed"], "Nothing was changed", "not_utf8 (students.csv, row 3)", ADVICE["not_utf8"])
    says(samples.EVERY["import of settings"], "/paused", "This is text; write true or false, without quotes.")


def test_an_import_page_should_have_every_row_that_was_wrong() -> None:
    says(samples.EVERY["import"], "Row by row: 2,345 in all", "error field_count students.csv 3", "Page 1 of 24")
    says(samples.EVERY["import"], "There are more findings than are listed.", "works for a few minutes")


def test_a_failed_import_should_count_no_roster() -> None:
    """Its files could not be read: that it has no groups would be news to the school."""
    for data in (samples.EVERY["site, failed"], samples.import_(samples.failed_report())):
        text = Seen(to_html(page(data), None)).text
        assert not [said for said in ("0Groups", "Groups0", "Failed9600") if said in text]
    says(samples.import_(samples.failed_report()), "Rows read 96")


def test_should_tell_a_refused_file_and_not_as_an_import() -> None:
    refused = samples.EVERY["site, a file refused"]
    says(refused, "hogwarts OK", "Status OK", "Last import 2026-09-14 02:05", "file_name_unexpected (Students.csv)")
    says(samples.site(imports=[samples.refusal()], version=0), "hogwarts Failed")


def test_should_say_what_waits_for_what() -> None:
    says(
        samples.EVERY["site, waiting"],
        "teachers.csv has waited for students.csv",
        "with the last students.csv that took effect",
    )
    empty = {"file": "students.csv", "missing": "students.csv", "since": samples.AT, "until": samples.AT}
    says(samples.site(waiting=empty), "students.csv is empty, and has waited for its content", "refused as empty at")
    says(samples.EVERY["site, waiting for ever"], "Upload students.csv to import both.")
    says(samples.EVERY["site, paused"], "Paused", "Files wait since")
    says(samples.EVERY["site, paused by its settings"], "upload one without “paused”")
    says(samples.EVERY["site, stale"], "No files have come since 2026-09-11")


def test_should_show_a_server_with_what_it_has_and_what_it_reported() -> None:
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


def test_the_overview_should_count_servers_by_what_they_have() -> None:
    says(
        samples.EVERY["overview"],
        "hogwarts OK 2026-09-15 02:05 5 hours ago 14 412 1,480 96 2 applied 1 behind 1 silent",
    )
    says(samples.EVERY["overview"], "durmstrang Failed Paused No files since 2026-09-15")


def test_should_say_who_sees_what() -> None:
    says(samples.EVERY["console"], "Minerva all groups Flying Basic Console Only")
    says(samples.EVERY["user, student"], "no access", "2 groups Potions, Dark Arts")
    says(samples.EVERY["group, unknown"], "There is no such group.")


def test_a_chart_should_say_its_numbers_in_words_and_have_them_beside_it() -> None:
    seen = Seen(to_html(page(samples.site()), None))
    assert seen.names == [
        "Members: 1,480 in each",
        "Memberships added: 30 in each",
        "Memberships removed: 14 in each",
        "Rows rejected: from 0 to 2, last 2",
    ]
    assert all(squeezed(name or "") in seen.text for name in seen.names)
    assert Seen(to_html(page(samples.site(imports=[samples.report()])), None)).names == []


def test_a_chart_of_members_should_show_how_they_change_and_say_where_its_bars_begin() -> None:
    def counted(number: int, members: int) -> dict[str, Any]:
        return samples.report(number, counts={"members": members}, changes={})

    site = samples.site(imports=[counted(3, 1020), counted(2, 1000), counted(1, 1016)])
    drawn = to_html(page(site), None)
    assert Seen(drawn).names[0] == "Members: from 1,000 to 1,020, last 1,020; the bars begin at 995"
    heights = [float(height) for height in re.findall(r'sis-bar-busy"[^>]* height="([0-9.]+)"', drawn)]
    assert heights == [33.6, 8, 40]


def test_a_failed_import_should_say_in_its_row_why_and_which_file() -> None:
    says(samples.site(imports=[samples.failed_report(), samples.report()]), "not_utf8 (students.csv, row 3)")


def test_a_site_without_settings_should_show_the_default_ones() -> None:
    says(samples.site(settings={}), "The default ones", "Username", "District username", "5 minutes")


def test_a_new_site_should_say_what_to_do_next() -> None:
    new = samples.site(imports=[], version=0, settings={}, servers=[], added=True)
    says(new, "A new site: its first files have not come yet.", "upload-link hogwarts", "roster-admin enrol hogwarts")


def test_a_name_that_nobody_has_should_be_told_from_one_without_access() -> None:
    says(samples.user("Harry_Potter", None, ["Potions"]), "no access: the user is in no row of teachers.csv")
    says(samples.user("Nobody", None, []), "There is no such user.")


def test_the_groups_should_show_their_sizes_and_teachers() -> None:
    listed = ("2 groups", "Potions", "31", "Severus_Snape", "nobody by name", "1 user sees all groups")
    says(samples.EVERY["groups"], *listed)


def test_the_overview_should_count_the_states_and_lead_to_each() -> None:
    says(samples.EVERY["overview, held"], "Held 2", "No files for days 1", "All", "Held")


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
def test_a_time_should_have_its_age(iso: str, text: str, age: str) -> None:
    shown = moment(iso, samples.AT)
    assert not isinstance(shown, str)
    assert (shown.text, shown.age) == (text, age)


def test_should_show_what_is_no_time_as_it_is() -> None:
    assert [moment(iso, samples.AT) for iso in (None, "", "soon", 7)] == ["never", "never", "soon", "7"]


def test_sizes_and_durations_should_have_units() -> None:
    assert [size(count) for count in (0, 999, 5120, 1234567)] == ["0 bytes", "999 bytes", "5.1 KB", "1.2 MB"]
    assert [duration(spent) for spent in (14, 999, 1500, 61_000)] == ["14 ms", "999 ms", "1.5 s", "1 min 1 s"]


_PARTS = sorted({*samples.held_report(), *samples.failed_report(), "people", "kept_rows", "outcome", "problems"})


@pytest.mark.parametrize("part", [part for part in _PARTS if part not in ("site", "import", "status")])
def test_should_show_a_report_of_which_a_part_is_null_as_if_it_were_not_there(part: str) -> None:
    for report in (samples.report(), samples.held_report(), samples.failed_report()):
        without = {name: value for name, value in report.items() if name != part}
        null = without | {part: None}
        assert page(samples.import_(null)) == page(samples.import_(without))
        assert page(samples.site(imports=[null])) == page(samples.site(imports=[without]))
