"""A school that exports OneRoster, through the deployed stack: from its zip to the folder of its server."""

import json
from collections.abc import Callable
from pathlib import Path

from roster.notices import STUDENTS, TEACHERS
from tests.deployed import SEED, Site
from tests.flow.conftest import Command, Server
from tests.unit.sources.bundles import clever, oneroster, sample, zipped

SETTINGS = {"import_from": "oneroster", "time_zone": "America/Los_Angeles"}
ALWAYS = {"terms": ()}  # of no term, so that it counts on whatever day this runs


def test_should_bring_a_bundle_from_a_command_to_the_folder_of_a_server(
    command: Command, school: Site, enrol: Callable[[Site], Server], tmp_path: Path
) -> None:
    school.upload("settings.json", json.dumps(SETTINGS).encode())
    bundle = tmp_path / "export.zip"
    bundle.write_bytes(zipped(oneroster(**ALWAYS)))
    preview = json.loads(command("roster-admin", "preview", school.name, str(bundle), "--json").stdout)
    assert (preview["status"], preview["counts"]["memberships"]) == ("ok", 3)
    said = json.loads(command("roster-admin", "upload", school.name, str(bundle), "--yes", "--json").stdout)
    assert (said["status"], list(said["pair"])) == ("ok", ["oneroster.zip"])
    server = enrol(school)
    assert server.pull() == "applied"
    assert server.files()[TEACHERS] == b"version,1\r\nusername,class\r\nminerva,Transfiguration\r\n"
    assert server.files()[STUDENTS].splitlines()[2:] == [
        b"harry,Charms",
        b"harry,Transfiguration",
        b"ron,Transfiguration",
    ]

    # Another product's export of the same school says the same: whose it is shows in its files.
    again = school.import_of({"oneroster.zip": school.upload("oneroster.zip", zipped(clever()))})
    assert again["status"] == "no_change"

    # The pair does not count here, and neither do half an export or a program that is none.
    school.upload_pair(SEED)
    refused = school.report(lambda report: report["reason"] == "source_not_chosen", "the pair to be refused")
    assert refused["file"] in SEED
    broken = school.import_of({"oneroster.zip": school.upload("oneroster.zip", zipped(oneroster())[:700])})
    assert (broken["status"], broken["reason"], school.version()) == ("failed", "bundle_damaged", 1)
    other = command("roster-admin", "upload", school.name, str(Path("local/example").absolute()), "--yes", check=False)
    assert other.returncode == 1
    assert "the site imports from oneroster.zip" in other.stderr


def test_should_hold_an_export_of_years_past_and_say_in_which_files(school: Site) -> None:
    school.upload("settings.json", json.dumps(SETTINGS).encode())
    report = school.import_of({"oneroster.zip": school.upload("oneroster.zip", zipped(sample("ms-sds-v1-100")))})
    assert (report["status"], report["notices"]["class_name_shared"]["total"]) == ("held", 28)
    assert {reason["file"] for reason in report["held"]} == {
        "StudentEnrollment.csv (students)",
        "TeacherRoster.csv (teachers)",
    }
