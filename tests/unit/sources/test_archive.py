"""Zips as they come, and as they should not: each is read, or refused as a whole by a sentence that says what to do."""

import io
import zipfile
from types import ModuleType
from unittest.mock import patch

import pytest

from roster import limits
from roster.sources import archive
from tests.unit.sources.bundles import codes, groups, oneroster, plan, zipped

GOOD = oneroster()


def encrypted() -> bytes:
    """A zip whose directory says that its first file is encrypted."""
    data = bytearray(zipped(GOOD))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def damaged() -> bytes:
    """A zip of which a byte in the middle of a file was lost on the way."""
    data = bytearray(zipped({**GOOD, "users.csv": GOOD["users.csv"] * 50}, zipfile.ZIP_STORED))
    data[data.index(b"s2,student,ron") + 3] ^= 0xFF
    return bytes(data)


def bomb() -> bytes:
    return zipped({**GOOD, "demographics.csv": b"0" * (11 * 1024 * 1024)})


REFUSED = {
    "nothing": (b"", "file_empty", ""),
    "text": (b"version,1\nusername,class\n", "bundle_damaged", "no zip file"),
    "a page of errors": (b'{"error": "unauthorized"}', "json_document", ""),
    "a web page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web_page", ""),
    "a workbook": (zipped({"xl/workbook.xml": "", "[Content_Types].xml": ""}), "bundle_unsafe", "several folders"),
    "half of it": (zipped(GOOD)[:500], "bundle_damaged", "end is missing"),
    "a byte lost": (damaged(), "bundle_damaged", "users.csv in it cannot be unpacked"),
    "encrypted": (encrypted(), "bundle_damaged", "encrypted"),
    "empty": (zipped({}), "bundle_unknown", "nothing"),
    "a zip of a zip": (zipped({"export.zip": zipped(GOOD)}), "bundle_unknown", "another zip"),
    "a pair": (zipped({"teachers.csv": "", "students.csv": ""}), "bundle_unknown", "a pair"),
    "other files": (zipped({"grades.csv": "a,b", "notes.csv": ""}), "bundle_unknown", "CSV files"),
    "no CSV file": (zipped({"users.json": "{}"}), "bundle_unknown", "no CSV file"),
    "an absolute path": (zipped({**GOOD, "/etc/passwd": ""}), "bundle_unsafe", "leads out"),
    "a path upwards": (zipped({f"../{name}": text for name, text in GOOD.items()}), "bundle_unsafe", "leads out"),
    "a path of Windows": (zipped({**GOOD, "c:\\users.csv": ""}), "bundle_unsafe", ""),
    "two folders": (zipped({**GOOD, "more/demographics.csv": ""}), "bundle_unsafe", "several folders"),
    "two of one name": (zipped({**GOOD, "USERS.csv": ""}), "bundle_unsafe", "same name"),
    "many files": (zipped({**GOOD, **{f"{n}.csv": "" for n in range(200)}}), "bundle_unsafe", "more than 200 files"),
    "a bomb": (bomb(), "bundle_unsafe", "hundreds of times"),
}


@pytest.mark.parametrize(("data", "code", "why"), REFUSED.values(), ids=REFUSED)
def test_should_refuse_what_no_product_makes_and_say_why(data: bytes, code: str, why: str) -> None:
    made = plan(data)
    assert made.outcome == "failed"
    (notice,) = made.notices.listed()
    assert notice.code == code
    assert why in notice.details_text
    assert notice.file == ("users.csv" if code == "bundle_file_missing" else "oneroster.zip")


@pytest.mark.parametrize(("module", "limit"), [(limits, "BUNDLE_LIMIT"), (archive, "_UNPACKED_LIMIT")])
def test_should_refuse_what_is_too_large(module: ModuleType, limit: str) -> None:
    with patch.object(module, limit, 500):
        assert codes(plan(oneroster())) == {"bundle_too_large": 1}


@pytest.mark.parametrize("missing", ["users.csv", "classes.csv", "enrollments.csv"])
def test_should_name_a_file_that_is_missing(missing: str) -> None:
    made = plan({name: text for name, text in GOOD.items() if name != missing})
    assert [(n.code, n.file) for n in made.notices.listed()] == [("bundle_file_missing", missing)]
    assert made.outcome == "failed"


@pytest.mark.parametrize("missing", ["manifest.csv", "orgs.csv", "academicSessions.csv"])
def test_should_do_without_a_file_that_need_not_be_there(missing: str) -> None:
    assert groups(plan({name: text for name, text in GOOD.items() if name != missing}))


def test_should_name_a_column_that_is_missing() -> None:
    made = plan({**GOOD, "enrollments.csv": "classSourcedId,userSourcedId\r\nc1,s1\r\n"})
    (notice,) = [n for n in made.notices.listed() if n.severity == "error"]
    assert (notice.code, notice.file, notice.column) == ("bundle_column_missing", "enrollments.csv", "role")
    assert made.outcome == "failed"


def test_should_refuse_an_export_of_changes_alone() -> None:
    made = plan({**GOOD, "manifest.csv": "propertyName,value\r\nfile.users,delta\r\n"})
    assert [(n.code, n.file) for n in made.notices.listed()] == [("bundle_is_delta", "users.csv")]


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        (b"", "file_empty", None),
        (b"\r\n", "file_empty", None),
        (GOOD["users.csv"].encode() + b"s9,student,Zo\xeb\r\n", "not_utf8", 5),
        (GOOD["users.csv"].replace("\r\n", "\r").encode() + b"s9,student,Zo\xeb", "not_utf8", 5),
        (b"sourcedId,role,username\r\ns1,student,\xc3", "not_utf8", 2),
        (b"\xff\r\n", "not_utf8", 1),
        (b"<html><body>Sign in</body></html>", "web_page", None),
        (
            b'sourcedId,role,username\r\ns1,student,harry\r\ns2,"student,ron\r\ns3,student,luna\r\n',
            "quote_never_closed",
            3,
        ),
        (b'sourcedId,role,username\r\ns1,"student,harry\r\ns2,student"\r\n', "quote_never_closed", 2),
        (b"sourcedId,role,username\r\ns1,student," + b"h" * 200_000 + b"\r\n", "quote_never_closed", 2),
    ],
)
def test_should_refuse_a_file_that_cannot_be_read_to_its_end(text: bytes, code: str, row: int | None) -> None:
    made = plan({**GOOD, "users.csv": text})
    assert made.outcome == "failed"
    assert [(n.code, n.file, n.row) for n in made.notices.listed() if n.severity == "error"] == [
        (code, "users.csv", row)
    ]


@pytest.mark.parametrize("name", ["users.csv", "enrollments.csv"])
@pytest.mark.parametrize("begins", [b"", b"classSourcedId,userSourcedId,role,sourcedId,username\n"])
def test_should_refuse_a_line_without_an_end(name: str, begins: bytes) -> None:
    endless = begins + b"x" * (12 << 20)
    made = plan(zipped({**GOOD, name: endless, "padding.csv": bytes(1 << 20)}, zipfile.ZIP_STORED))
    (notice,) = [n for n in made.notices.listed() if n.severity == "error"]
    assert (notice.code, notice.details_text) == ("bundle_damaged", f"why a line of {name} in it does not end")


def test_should_find_the_byte_that_is_not_utf8_far_behind_the_first() -> None:
    rows = "".join(f"s{n},student,ünï{n}\r\n" for n in range(300_000)).encode()
    text = b"sourcedId,role,username\r\n" + rows + b"x,student,\xe9\r\n"
    (notice,) = [n for n in plan({**GOOD, "users.csv": text}).notices.listed() if n.severity == "error"]
    assert (notice.row, notice.details) == (300_002, {"offset": len(text) - 3, "byte": "0xE9"})


def test_should_read_a_zip_of_a_folder_and_what_a_mac_puts_beside_it() -> None:
    files: dict[str, str | bytes] = {f"export 2026/{name}": text for name, text in GOOD.items()}
    files |= {"__MACOSX/export 2026/._users.csv": b"\x00\x05\x16", "export 2026/.DS_Store": b"\x00"}
    assert groups(plan(files)) == groups(plan(GOOD))


def test_should_read_a_bundle_of_fifty_megabytes() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as bundle:
        for name, text in GOOD.items():
            bundle.writestr(name, text)
        bundle.writestr("demographics.csv", b"0" * (50 * 1024 * 1024))
    assert groups(plan(packed.getvalue())) == groups(plan(GOOD))
