"""Each sample roster, read by an independent program: the csv module and a dictionary, no code of the core."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable
from datetime import date

import pytest

from roster.settings import Settings
from tests.unit.sources.bundles import groups, plan, rights, sample

Pairs = set[tuple[str, str]]  # of section and user, by id


def records(files: dict[str, str], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name])))


Said = tuple[dict[str, str], dict[str, str], Pairs, Pairs]  # usernames, titles, who is enrolled where, who teaches


def of_oneroster(files: dict[str, str]) -> Said:
    users = {user["sourcedId"]: user["username"] for user in records(files, "users.csv")}
    sections = {section["sourcedId"]: section["title"] for section in records(files, "classes.csv")}
    enrolled: Pairs = set()
    taught: Pairs = set()
    for row in records(files, "enrollments.csv"):
        (enrolled if row["role"] == "student" else taught).add((row["classSourcedId"], row["userSourcedId"]))
    return users, sections, enrolled, taught


def of_school_data_sync(files: dict[str, str]) -> Said:
    people = records(files, "Student.csv") + records(files, "Teacher.csv")
    users = {user["SIS ID"]: user["Username"] for user in people}
    sections = {section["SIS ID"]: section["Section Name"] for section in records(files, "Section.csv")}
    enrolled = {(row["Section SIS ID"], row["SIS ID"]) for row in records(files, "StudentEnrollment.csv")}
    taught = {(row["Section SIS ID"], row["SIS ID"]) for row in records(files, "TeacherRoster.csv")}
    return users, sections, enrolled, taught


READ = {
    "edfi-oneroster-1.1": of_oneroster,
    "ms-sds-v1-100": of_school_data_sync,
    "ms-sds-v2.1": of_oneroster,
}


@pytest.mark.parametrize(("name", "read"), READ.items())
def test_should_make_the_groups_members_and_rights_of_each_sample(
    name: str, read: Callable[[dict[str, str]], Said]
) -> None:
    files = sample(name)
    users, sections, enrolled, taught = read(files)
    made = plan(files, all_dates=True)
    # Of an address the username is what stands before the @; the class of a section begins with its title.
    members = defaultdict(set)
    for section, user in enrolled:
        members[section].add(users[user].partition("@")[0])
    sees = defaultdict(set)
    for section, user in taught:
        sees[users[user].partition("@")[0]].add(section)
    found = groups(made)
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, members.values()))
    assert {user: len(classes) for user, classes in rights(made).items()} == {u: len(each) for u, each in sees.items()}
    titles = sorted(sections[section] for section in members)
    assert all(name.startswith(title) for name, title in zip(sorted(found), titles, strict=True))


def test_should_show_no_teacher_a_pupil_whom_no_common_section_names() -> None:
    files = sample("ms-sds-v1-100")
    users, _, enrolled, taught = of_school_data_sync(files)
    pupils = defaultdict(set)
    for section, user in enrolled:
        pupils[section].add(users[user])
    rightful = {(users[teacher], pupil) for section, teacher in taught for pupil in pupils[section]}
    made = plan(files, all_dates=True)
    members = groups(made)
    seen = {
        (teacher, pupil)
        for teacher, classes in rights(made).items()
        for name in classes
        for pupil in members.get(name, ())
    }
    assert seen == rightful
    assert len(rightful) == 370


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2020, 8, 16), 0),
        (date(2020, 8, 17), 10),
        (date(2020, 12, 18), 10),
        (date(2020, 12, 26), 10),  # between two terms everybody stays
        (date(2021, 5, 28), 10),
        (date(2021, 5, 29), 0),
    ],
)
def test_should_follow_the_dates_of_a_sample(on: date, expected: int) -> None:
    made = plan(sample("edfi-oneroster-1.1"), on=on)
    assert made.counts["memberships"] == expected


def test_should_say_which_product_a_bundle_is_of() -> None:
    said = {}
    for name in READ:
        made = plan(sample(name), Settings(), all_dates=True)
        said[name] = next(each.details["format"] for each in made.notices.listed() if each.code == "bundle_read")
    assert said == {
        "edfi-oneroster-1.1": "OneRoster 1.1",
        "ms-sds-v1-100": "School Data Sync 1",
        "ms-sds-v2.1": "School Data Sync 2.1",
    }
