"""Nothing that the cloud logs names a pupil, a teacher or a class, whatever comes of an upload.

The names are found where they belong: in the table, the results bucket and on the school's server.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import Site, client, eventually, eventually_logged, log_events, queue_is_quiet
from tests.flow.conftest import Command, Server

# Nobody and nothing else in the tests is called so, in any case or form.
NAMES = ("Xanthippe_Quill", "Ysolde_Fenwick", "Zacharias_Ödhran", "Quaffle Repair 7Q", "Wandlore 9Z", "Snitchology")

ROWS = f"""version,1
username,class
{NAMES[0]},{NAMES[3]}
{NAMES[0].upper()},{NAMES[3].lower()}
{NAMES[0]},{NAMES[3]}
 {NAMES[1]} ,{NAMES[4]}\u200b
{NAMES[1]}@school.org,{NAMES[4]}
{NAMES[1]}@other.org,{NAMES[3]}
!{NAMES[1]},{NAMES[4]}
{NAMES[2]},
,{NAMES[3]}
"{NAMES[2]},{NAMES[3]}
{NAMES[2]},{NAMES[3]},{NAMES[1]}
{NAMES[2]},Internet Banned
{NAMES[2]}\t,{NAMES[3]}\x07
{NAMES[2] * 20},{NAMES[3]}
"""


@pytest.fixture(scope="module")
def site(cloud: Cloud, command: Command, enrol: Callable[[Site], Server]) -> Site:
    """A site to which everything has happened that makes something be logged."""
    site = Site(cloud, "a-site-with-everything")
    students = ROWS.encode()
    teachers = f"version,1\nusername,class\n{NAMES[0]},{NAMES[3]}\n{NAMES[2]},{NAMES[5]}\n".encode()
    report = site.publish({"students.csv": students, "teachers.csv": teachers})
    assert report["counts"]["rows_rejected"] >= 6
    server = enrol(site)
    server.pull()
    # Another version, whose changes name some of them again; then pairs that are refused.
    site.publish({"students.csv": students.replace(NAMES[3].encode(), NAMES[4].encode()), "teachers.csv": teachers})
    server.pull()
    for refused in (students.decode().encode("cp1252", "replace"), students.split(b"\n", 2)[2], b"PK\3\4" + students):
        report = site.import_of(site.upload_pair({"students.csv": refused, "teachers.csv": teachers}))
        assert report["status"] == "failed"
    site.upload(f"{NAMES[0]}.csv", students)
    site.upload(f"{NAMES[5]}/students.csv", students)
    client(cloud, "s3").put_object(Bucket=cloud.inbox_bucket, Key=f"{NAMES[1]}/students.csv", Body=students)
    command("roster-admin", "import", site.name, check=False)
    command("roster-admin", "imports", site.name)
    strays = [report for report in site.imports() if report["reason"] == "file_name_unexpected"]
    eventually(cloud, lambda: len(strays) == 2 and queue_is_quiet(cloud), "everything to be dealt with")
    return site


def named_in(text: str) -> list[str]:
    """Which of the names a text holds, in any case, whole or escaped as JSON and URLs do."""
    forms = {
        name: {name, name.replace(" ", "+"), name.replace(" ", "%20"), json.dumps(name).strip('"')} for name in NAMES
    }
    return [name for name, written in forms.items() if any(form.casefold() in text.casefold() for form in written)]


def test_no_log_event_names_anybody(site: Site, cloud: Cloud) -> None:
    groups = set()
    for group, message in log_events(cloud):
        groups.add(group.rpartition("/")[2])
        assert named_in(message) == [], f"{group}: {message}"
    assert {"import-pair", "serve-feed", "manage-site"} <= groups


def test_nothing_that_the_functions_print_names_anybody(site: Site, cloud: Cloud) -> None:
    printed = cloud.log.read_text(encoding="utf-8", errors="replace")
    assert "import_report" in printed
    assert named_in(printed) == []


def test_every_import_is_told_in_the_log_all_the_same(site: Site, cloud: Cloud) -> None:
    for report in site.imports():
        (told,) = eventually_logged(cloud, "import_report", partial(tells_of, site, report["import"]), "the report")
        assert told["report"]["status"] == report["status"]


def tells_of(site: Site, this_import: str, told: dict[str, Any]) -> bool:
    return {"site": site.name, "import": this_import}.items() <= dict(told["report"]).items()


def test_the_names_are_where_they_belong(site: Site, cloud: Cloud, command: Command) -> None:
    """Else the tests above would prove nothing."""
    assert set(named_in(json.dumps(site.items(), default=str))) >= {NAMES[0], NAMES[3], NAMES[4], NAMES[5]}
    (first, *_) = (report for report in reversed(site.imports()) if "notices_key" in report)
    with client(cloud, "s3").get_object(Bucket=cloud.results_bucket, Key=first["notices_key"])["Body"] as body:
        assert set(named_in(body.read().decode("utf-8-sig"))) >= {NAMES[1], NAMES[2]}
    assert NAMES[0] in json.dumps(site.imports())
