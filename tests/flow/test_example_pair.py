"""The guide's own example, all the way: uploaded with the AWS CLI, imported, pulled by a server.

format.md's *Reconciled example* must be found, no more and no less, wherever the roster can be seen.
"""

import hashlib
import json
from collections.abc import Callable, Iterator

import pytest

from local.cloud import Cloud
from roster.model import Group, Right
from roster_aws.projection import Projection
from roster_aws.results import Results
from tests.deployed import EXAMPLE, Site, client
from tests.flow.conftest import Command, Server

GROUPS = {
    "Dark Arts": ["Harry_Potter"],
    "Flying": ["Harry_Potter"],
    "Muggle Studies": ["Ron_Weasley"],
    "Potions": ["Harry_Potter", "Ron_Weasley"],
}
RIGHTS = {
    "Amycus_Carrow": ["Dark Arts"],
    "Charity_Burbage": ["Muggle Studies"],
    "Rolanda_Hooch": ["Flying"],
    "Severus_Snape": ["Dark Arts", "Potions"],
}
COUNTS = {"groups": 4, "members": 2, "memberships": 5, "teachers": 4}
FOLDER = {
    "students.csv": b"version,1\r\nusername,class\r\n"
    b"Harry_Potter,Dark Arts\r\nHarry_Potter,Flying\r\nHarry_Potter,Potions\r\n"
    b"Ron_Weasley,Muggle Studies\r\nRon_Weasley,Potions\r\n",
    "teachers.csv": b"version,1\r\nusername,class\r\n"
    b"Amycus_Carrow,Dark Arts\r\nCharity_Burbage,Muggle Studies\r\nRolanda_Hooch,Flying\r\n"
    b"Severus_Snape,Dark Arts\r\nSeverus_Snape,Potions\r\n",
}


@pytest.fixture(scope="module")
def hogwarts(cloud: Cloud, command: Command) -> Site:
    """The site, once its pair is published."""
    site = Site(cloud, "hogwarts")
    site.add()
    for file in ("teachers.csv", "students.csv"):
        command("aws", "s3", "cp", EXAMPLE / file, f"s3://{cloud.inbox_bucket}/{site.name}/{file}")
    site.report(lambda report: report["version"] == 1, "the first version")
    return site


@pytest.fixture(scope="module")
def server(hogwarts: Site, command: Command, new_server: Callable[[], Server]) -> Server:
    """A server of the site, enrolled as its admins would, that has pulled."""
    server = new_server()
    server.enrol(hogwarts, command("roster-admin", "enrol", hogwarts.name, "srv-01").stdout.strip())
    assert server.pull() == "applied"
    return server


def test_should_report_what_was_imported_without_any_finding(hogwarts: Site, command: Command) -> None:
    said = json.loads(command("roster-admin", "imports", hogwarts.name, "--json").stdout)
    (report,) = said["imports"]
    assert (said["version"], said["waiting"]) == (1, None)
    assert (report["status"], report["version"], report["notices"]) == ("ok", 1, {})
    assert report["counts"] == {"rows_read": 10, "rows_rejected": 0, **COUNTS}
    assert {name: n for name, n in report["changes"].items() if n} == {
        "groups_created": 4,
        "members_created": 5,
        "rights_created": 4,
    }
    assert "notices_key" not in report
    assert set(report["milliseconds"]) == {"fetch", "plan", "store", "settle", "project"}


def test_should_store_an_item_for_each_group_and_right_and_no_other(hogwarts: Site) -> None:
    groups = {
        f"GROUP#{name.casefold()}": {"key": name.casefold(), "name": name, "members": members, "parts": 1, "version": 1}
        for name, members in GROUPS.items()
    }
    rights = {
        f"RIGHT#{name.casefold()}": {
            "key": name.casefold(),
            "username": name,
            "groups": classes,
            "pending": [],
            "all_groups": False,
            "basic_console_only": False,
            "parts": 1,
            "version": 1,
        }
        for name, classes in RIGHTS.items()
    }
    items = hogwarts.items()
    where = {item["key"]: item.pop("pk") for item in items.values()}
    assert items == groups | rights
    assert where == {
        key: f"SITE#hogwarts#{hashlib.sha256(key.encode()).hexdigest()[0]}"
        for key in (name.casefold() for name in (*GROUPS, *RIGHTS))
    }


def test_should_read_the_roster_back_from_the_table(hogwarts: Site, cloud: Cloud) -> None:
    results = Results(client(cloud, "s3"), cloud.results_bucket)
    shown = list(Projection(client(cloud, "dynamodb"), cloud.table_name, results).entries("hogwarts"))
    groups = {entry.name: list(entry.members) for entry in shown if isinstance(entry, Group)}
    rights = {entry.username: entry for entry in shown if isinstance(entry, Right)}
    assert (groups, len(shown)) == (GROUPS, 8)
    assert {name: list(right.groups) for name, right in rights.items()} == RIGHTS
    assert not any(right.pending or right.all_groups or right.basic_console_only for right in rights.values())


def test_roster_show_should_make_the_same_of_it_without_a_cloud(command: Command) -> None:
    rights = {name: {"groups": classes, "pending": [], "all_groups": False} for name, classes in RIGHTS.items()}
    shown = json.loads(command("roster", "show", EXAMPLE, "--json").stdout)
    assert shown == {"groups": GROUPS, "rights": rights}
    assert list(shown["groups"]) == sorted(GROUPS)


def test_roster_check_should_say_before_an_upload_what_its_report_will_say(hogwarts: Site, command: Command) -> None:
    checked = json.loads(command("roster", "check", EXAMPLE, "--json").stdout)
    (report,) = hogwarts.imports()
    assert (checked["status"], checked["counts"]) == (report["status"], report["counts"])
    assert (checked["notice_totals"], checked["notices"]) == ({}, [])


def test_the_mirror_should_answer_for_every_group(server: Server) -> None:
    for name, members in GROUPS.items():
        assert server.says("group", name.upper()) == {"group": name, "members": members}


def test_the_mirror_should_answer_for_every_user(server: Server) -> None:
    console = {"pending": [], "all_groups": False, "basic_console_only": False}
    for name, classes in RIGHTS.items():
        assert server.says("user", name) == {
            "username": name,
            "member_of": [],
            "console": {"groups": classes, **console},
        }
    for name in ("Harry_Potter", "Ron_Weasley"):
        of = [group for group, members in GROUPS.items() if name in members]
        assert server.says("user", name.lower()) == {"username": name, "member_of": of, "console": None}


def test_should_deliver_the_two_files_and_nothing_else(server: Server) -> None:
    assert server.files() == FOLDER


def test_the_server_should_know_what_it_holds(server: Server) -> None:
    said = server.says("status")
    assert (said["site"], said["server"], said["version"], said["counts"]) == ("hogwarts", "srv-01", 1, COUNTS)
    assert set(said["files"]) == set(FOLDER)


def test_should_find_nothing_new_and_leave_the_folder_when_it_pulls_again(server: Server) -> None:
    assert server.pull() == "nothing_new"
    assert server.files() == FOLDER


@pytest.fixture
def tampered(server: Server) -> Iterator[Server]:
    (server.folder / "students.csv").write_bytes(b"version,1\r\nusername,class\r\n")
    (server.folder / "teachers.csv").unlink()
    yield server
    server.pull()


def test_should_deliver_a_file_again_that_somebody_changed_or_took_away(tampered: Server) -> None:
    tampered.pull()
    assert tampered.files() == FOLDER


def test_should_deliver_files_that_make_the_same_roster_again(server: Server, command: Command) -> None:
    shown = [command("roster", "show", folder, "--json").stdout for folder in (server.folder, EXAMPLE)]
    assert shown[0] == shown[1]
