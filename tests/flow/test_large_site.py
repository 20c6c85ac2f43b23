"""A district's pair of 200,000 rows, through the whole stack to a server's folder, and a small school meanwhile."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from local.cloud import Cloud
from tests.deployed import SEED, Site, client, eventually
from tests.flow.conftest import Command, Server

ROWS = 200_000
CLASSES_A_STUDENT = 7
CLASS_SIZE = 30

# Below this, boto3 sends a file whole; S3 takes no smaller parts.
IN_PARTS = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)


def students() -> bytes:
    """Every value quoted or not, some beyond ASCII, one row in a thousand bad, and no two usernames alike.

    A username ends in letters that do not compress, as a directory's ids do: the snapshot becomes too large for a
    function's answer, so a server is sent to the bucket for it.
    """
    lines = ["version,1", "username,class"]
    classes = ROWS // CLASS_SIZE
    for row in range(ROWS):
        number, which = divmod(row, CLASSES_A_STUDENT)
        group = (number * CLASSES_A_STUDENT + which * 953) % classes
        username, name = username_of(number), class_of(group)
        if row % 1000 == 999:
            username, name = [("*", name), (username, ""), (username, f'"{name}')][row // 1000 % 3]
        elif row % 10 == 0:
            username = f'"{username}"'
        lines.append(f"{username},{name}")
    return "\r\n".join(lines).encode()


def teachers() -> bytes:
    lines = ["version,1", "username,class"]
    for group in range(ROWS // CLASS_SIZE):
        lines.append(f"teacher.{group // 5},{class_of(group)}")
        if group % 50 == 0:
            lines.append(f"teacher.{group // 5},Abolished {group}")
    return "\n".join(lines).encode()


def username_of(number: int) -> str:
    return f"{('pupil', 'Zoë', 'Łukasz')[number % 3]}-{hashlib.sha256(str(number).encode()).hexdigest()[:40]}"


def class_of(group: int) -> str:
    plain = f"{('Maths', 'Français', 'Ελληνικά')[group % 3]} {group}"
    return f'"{plain}, ""set {group % 4}"""' if group % 7 == 0 else plain


@dataclass(frozen=True)
class District:
    """The large site once it is published, and how the small one fared at the same time."""

    site: Site
    folder: Path
    report: dict[str, Any]
    small_report: dict[str, Any]
    large_was: list[str]


@pytest.fixture(scope="module")
def district(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> District:
    folder = tmp_path_factory.mktemp("upload")
    (folder / "students.csv").write_bytes(students())
    (folder / "teachers.csv").write_bytes(teachers())
    site, small = Site(cloud, "a-large-district"), Site(cloud, "a-small-school")
    site.add()
    s3 = client(cloud, "s3")
    for file in ("teachers.csv", "students.csv"):
        s3.upload_file(str(folder / file), cloud.inbox_bucket, f"{site.name}/{file}", Config=IN_PARTS)
    eventually(cloud, lambda: site.ask("imports")["imports"], "the large import to begin")
    small_report = small.publish(SEED)
    large_was = [report["status"] for report in site.ask("imports")["imports"]]
    report = site.report(lambda report: report["version"] == 1, "the large version")
    return District(site, folder, report, small_report, large_was)


@pytest.fixture(scope="module")
def server(district: District, enrol: Callable[[Site], Server]) -> Server:
    server = enrol(district.site)
    assert server.pull() == "applied"
    return server


def test_should_publish_a_large_pair_uploaded_in_parts(district: District) -> None:
    s3 = client(district.site.cloud, "s3")
    head = s3.head_object(Bucket=district.site.cloud.inbox_bucket, Key=f"{district.site.name}/students.csv")
    assert int(head["ETag"].strip('"').rpartition("-")[2]) > 1, "several parts"
    assert (district.report["status"], district.report["version"]) == ("ok_with_warnings", 1)


def test_should_count_every_row_and_every_bad_one_in_its_report(district: District) -> None:
    counts, notices = district.report["counts"], district.report["notices"]
    assert counts["rows_read"] == ROWS + ROWS // CLASS_SIZE + 134
    assert counts["rows_rejected"] == ROWS // 1000
    assert counts["memberships"] == ROWS - ROWS // 1000
    assert counts["groups"] == ROWS // CLASS_SIZE
    assert counts["teachers"] == 1334
    totals = {code: notice["total"] for code, notice in notices.items()}
    rejected = {"username_wildcard": 67, "class_empty": 67, "quote_unbalanced": 66}
    assert {code: total for code, total in totals.items() if notices[code]["severity"] == "error"} == rejected
    assert totals["class_without_students"] == 134


def test_should_publish_a_small_school_while_the_large_import_runs(district: District) -> None:
    assert district.small_report["version"] == 1
    assert district.large_was == ["fetching"]
    assert district.small_report["ended_at"] <= district.report["ended_at"]


def test_roster_check_should_count_the_same(district: District, command: Command) -> None:
    said = json.loads(command("roster", "check", district.folder, "--json", check=False).stdout)
    assert said["counts"] == district.report["counts"]
    assert said["notice_totals"] == {code: about["total"] for code, about in district.report["notices"].items()}


def test_should_store_an_item_for_each_group_and_right(district: District) -> None:
    kinds = [sort_key.partition("#")[0] for sort_key in district.site.items()]
    assert kinds.count("GROUP") == district.report["counts"]["groups"]
    assert kinds.count("RIGHT") == district.report["counts"]["teachers"]
    assert len(kinds) == kinds.count("GROUP") + kinds.count("RIGHT")


def test_should_deliver_a_snapshot_that_is_more_than_a_function_can_answer(district: District, server: Server) -> None:
    cloud = district.site.cloud
    listed = client(cloud, "s3").list_objects_v2(Bucket=cloud.results_bucket, Prefix=f"{district.site.name}/objects/")
    assert max(stored["Size"] for stored in listed["Contents"]) > 4_000_000
    counts = server.says("status")["counts"]
    assert counts == {name: district.report["counts"][name] for name in counts}


def test_should_deliver_the_roster_of_the_upload_to_the_folder(
    district: District, server: Server, command: Command
) -> None:
    of_folder, of_upload = (
        json.loads(command("roster", "show", folder, "--json").stdout) for folder in (server.folder, district.folder)
    )
    assert of_folder == of_upload
    assert sum(len(members) for members in of_upload["groups"].values()) == ROWS - ROWS // 1000


def test_the_mirror_should_answer_for_one_of_its_pupils(server: Server) -> None:
    username = username_of(20_000)
    said = server.says("user", username.upper())
    assert (said["username"], len(said["member_of"]), said["console"]) == (username, CLASSES_A_STUDENT, None)
