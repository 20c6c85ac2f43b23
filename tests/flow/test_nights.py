"""A school's year and its bad nights, through the deployed stack: uploaded, held, approved, settled, delivered."""

import json
from collections.abc import Callable
from typing import Any

from roster.notices import STUDENTS, TEACHERS
from tests.deployed import Site
from tests.flow.conftest import Command, Server
from tests.school import files


def night(school: Site, name: str) -> dict[str, Any]:
    """The report of the import of a night's upload."""
    return school.import_of(school.upload_pair(files(name)))


def console(server: Server) -> set[str]:
    """Who has console access on a server, by the file that was delivered."""
    rows = server.files()[TEACHERS].decode().splitlines()[2:]
    return {row.partition(",")[0] for row in rows}


def test_should_bring_a_school_through_its_year(
    command: Command, school: Site, enrol: Callable[[Site], Server]
) -> None:
    first = night(school, "year-2025")
    assert (first["status"], first["notices"]) == ("ok", {})
    server = enrol(school)
    assert server.pull() == "applied"
    assert len(console(server)) == 60

    # The ordinary leaver, whose classes are exported without him, has no console the same night.
    assert night(school, "leaver-vacancy")["status"] == "ok_with_warnings"
    assert server.pull() == "applied"
    assert "t05" not in console(server)

    # A row without its username keeps who may be meant, says so, and goes when a person says so.
    kept = night(school, "empty-seat")
    assert (kept["status"], kept["kept"], kept["kept_rows"][0]["file"]) == ("ok_with_warnings", 1, STUDENTS)
    assert kept["kept_until"]
    command("roster-admin", "settle", school.name, "--yes")
    server.pull()
    assert b"25.001,7x/Ma1" not in server.files()[STUDENTS]

    # A line of noise disarms no guard; approved, the new year is there once and nobody twice.
    held = night(school, "year-2026-noise")
    assert held["status"] == "held"
    assert held["people"]["new_school_year"]
    approved = json.loads(command("roster-admin", "approve", school.name, "--yes", "--json").stdout)
    assert (approved["import"], approved["counts"]["memberships"]) == (held["import"], 7500)
    # What a person has approved in the cloud is not asked again on the server.
    assert server.pull() == "applied"
    assert len(server.files()[STUDENTS].splitlines()) == 2 + 7500
    assert len(console(server)) == 62


def test_should_hold_swapped_files_in_the_folder_of_a_school_that_nobody_has_added(school: Site) -> None:
    unknown = Site(school.cloud, f"{school.name}-x")
    for file, data in files("first-swapped").items():
        school.cloud.client("s3").put_object(Bucket=school.cloud.inbox_bucket, Key=f"{unknown.name}/{file}", Body=data)
    report = unknown.report(lambda said: said["status"] == "held", "the first import of a school that nobody knows")
    codes = {reason["code"]: reason for reason in report["held"]}
    assert {"site_new", "teachers_outnumber_students"} <= codes.keys()
    assert codes["site_new"]["like"] == school.name
    assert unknown.version() == 0
