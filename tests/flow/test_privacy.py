"""Nothing that the cloud logs names a pupil, a teacher or a class, whatever comes of an upload.

The names are found where they belong: in the table, the results bucket and on the school's server.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from local.cloud import Cloud
from tests.deployed import Site, client, eventually, eventually_logged, function, log_events, queue_is_quiet
from tests.flow.conftest import Command, Server

# Nobody and nothing else in the tests is called so, in any case or form.
XANTHIPPE, YSOLDE, ZACHARIAS, THADDEUS = "Xanthippe_Quill", "Ysolde_Fenwick", "Zacharias_Ödhran", "Thaddeus_Grubb"
REPAIR, WANDLORE, SNITCHOLOGY = "Quaffle Repair 7Q", "Wandlore 9Z", "Snitchology"
NAMES = (XANTHIPPE, YSOLDE, ZACHARIAS, THADDEUS, REPAIR, WANDLORE, SNITCHOLOGY)

TEACHERS = f"version,1\nusername,class\n{THADDEUS},{REPAIR}\n{THADDEUS},{SNITCHOLOGY}\n".encode()
GOOD = f"version,1\nusername,class\n{XANTHIPPE},{REPAIR}\n{YSOLDE},{WANDLORE}\n{YSOLDE},{SNITCHOLOGY}\n".encode()
# A row for every remark and every error that there is to make about one.
BAD = f"""version,1
username,class
{XANTHIPPE},{REPAIR}
{XANTHIPPE.upper()},{REPAIR.lower()}
{XANTHIPPE},{REPAIR}
 {YSOLDE} ,{WANDLORE}\u200b
{YSOLDE}@school.org,{WANDLORE}
{ZACHARIAS}@school.org,{WANDLORE}
{ZACHARIAS}@other.org,{REPAIR}
!{YSOLDE},{WANDLORE}
{ZACHARIAS},
,{REPAIR}
"{ZACHARIAS},{REPAIR}
{ZACHARIAS},{REPAIR},{YSOLDE}
{ZACHARIAS},Internet Banned
{ZACHARIAS},{REPAIR}\x07
{ZACHARIAS * 20},{REPAIR}
""".encode()


@pytest.fixture(scope="module")
def site(cloud: Cloud, command: Command, enrol: Callable[[Site], Server]) -> Site:
    """A site to which everything has happened that makes something be logged."""
    site = Site(cloud, "a-site-with-everything")
    site.add()
    for folder in (site.name, f"{site.name}/{SNITCHOLOGY}", YSOLDE):  # first, as they are looked at again in a minute
        client(cloud, "s3").put_object(Bucket=cloud.inbox_bucket, Key=f"{folder}/{XANTHIPPE}.csv", Body=GOOD)
    assert site.publish({"students.csv": BAD, "teachers.csv": TEACHERS})["counts"]["rows_rejected"] >= 9
    server = enrol(site)
    assert server.pull() == "applied"
    other = BAD.replace(b"Internet Banned", b"Screens Locked") + GOOD.splitlines()[-1]
    held = site.import_of(site.upload_pair({"students.csv": other, "teachers.csv": TEACHERS}))
    assert (held["status"], held["reason"]) == ("held", "rows_rejected")
    site.publish({"students.csv": GOOD, "teachers.csv": TEACHERS})
    assert server.pull() == "applied"
    for students, teachers in ((GOOD + b"\xff", b"PK\3\4" + TEACHERS), (GOOD.split(b"\n", 2)[2], TEACHERS)):
        refused = site.import_of(site.upload_pair({"students.csv": students, "teachers.csv": teachers}))
        assert refused["status"] == "failed"
    for said in (("user", XANTHIPPE), ("user", "nobody"), ("group", REPAIR), ("console",)):
        command("roster-admin", "show", site.name, *said, check=False)
    command("roster-admin", "import", site.name, check=False)

    def is_over() -> bool:
        strays = [report for report in site.imports() if report["reason"] == "file_name_unexpected"]
        return len(strays) == 2 and queue_is_quiet(cloud)

    eventually(cloud, is_over, "everything to be dealt with")
    return site


def named_in(text: str) -> list[str]:
    """Which of the names a text holds, in any case, whole or escaped as JSON and URLs do."""
    forms = {
        name: {name, name.replace(" ", "+"), name.replace(" ", "%20"), json.dumps(name).strip('"')} for name in NAMES
    }
    return [name for name, written in forms.items() if any(form.casefold() in text.casefold() for form in written)]


def test_should_name_nobody_in_a_log_event(site: Site, cloud: Cloud) -> None:
    groups = set()
    for group, message in log_events(cloud):
        groups.add(group)
        assert named_in(message) == [], f"{group}: {message}"
    wanted = ("ImportPairLogs", "ServeFeedLogs", "ManageSiteLogs", "ReportsLogs")
    assert {function(cloud, name) for name in wanted} <= groups


def test_should_name_nobody_in_what_the_functions_print(site: Site, cloud: Cloud) -> None:
    printed = cloud.log.read_text(encoding="utf-8", errors="replace")
    assert "import_ended" in printed
    assert named_in(printed) == []


def test_should_report_every_import_in_the_log_all_the_same(site: Site, cloud: Cloud) -> None:
    for report in site.imports():
        told = eventually_logged(cloud, "import_report", partial(tells_of, site, report["import"]), "the report")
        # A held import was told as such, before it was approved or a newer pair superseded it.
        assert report["status"].replace("superseded", "held") in [each["status"] for each in told]
        assert len(told) == 1 + ("approved_by" in report)


def tells_of(site: Site, this_import: str, told: dict[str, Any]) -> bool:
    return {"site": site.name, "import": this_import}.items() <= told.items()


def test_should_have_the_names_where_they_belong(site: Site, cloud: Cloud) -> None:
    """Else the tests above would prove nothing."""
    assert set(named_in(json.dumps(site.items(), default=str))) == set(NAMES) - {ZACHARIAS}
    first = site.imports()[-1]
    with client(cloud, "s3").get_object(Bucket=cloud.results_bucket, Key=first["notices_key"])["Body"] as body:
        assert {YSOLDE, ZACHARIAS, WANDLORE} <= set(named_in(body.read().decode("utf-8-sig")))
    assert XANTHIPPE in json.dumps(site.imports()), "the name of a file that no import reads"
