"""A file that is no CSV of the format is refused by what it is, with advice of its own."""

import codecs
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.csv_file import open_file
from roster.notices import FILES, STUDENTS, FileError, FileNotWrittenWhole, Notices
from roster.parse import read_pair
from tests.unit.roster.samples import DISTRICT, csv, found, groups, pair, plan, refused, rows

WHOLE = csv("Ron,A").decode()


def ole(*parts: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in parts:
            archive.writestr(part, "content")
    return out.getvalue()


def code_of(text: str | bytes) -> str:
    return refused(text if isinstance(text, bytes) else text.encode()).code


@pytest.mark.parametrize("data", ["", " ", "\n\n", "\r\n \t", "\ufeff", "\ufeff\r\n", "\x1a", "\u200b", "\r\n\x1a\r\n"])
def test_should_call_a_file_empty_that_holds_nothing(data: str) -> None:
    assert code_of(data) == "file_empty"
    assert code_of(codecs.BOM_UTF16_LE + data.encode("utf-16-le")) == "file_empty"


def test_should_look_through_blanks_however_many_there_are() -> None:
    assert code_of(" \n" * 20_000) == "file_empty"
    assert code_of(" \n" * 20_000 + "x") == "version_row_missing"


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html>\n<html>",
        "  \r\n<HTML lang=en>",
        "\ufeff<!doctype html>",
        "<!-- saved -->\n<html>",
        "<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0'>",
        "<script>location = '/login'</script>",
        "<meta http-equiv='refresh' content='0'>",
        "<head><title>Sign in</title>",
        "<table><tr><td>version</td>",
        "HTTP/1.1 302 Found\r\nLocation: /login",
        "</html>",
    ],
)
def test_should_know_a_web_page(text: str) -> None:
    assert code_of(text) == "web_page"
    assert code_of(text.encode() + b"\xe9") == "web_page"  # in whatever encoding


@pytest.mark.parametrize(
    "text",
    ["<?xml version='1.0'?><roster/>", "<Error><Code>AccessDenied</Code></Error>", "<students>\n", "<a:b x='1'/>"],
)
def test_should_know_an_xml_document(text: str) -> None:
    assert code_of(text) == "xml_document"


@pytest.mark.parametrize(
    "text", ['{"error": "x"}', "[]", "{}", "[\n  {", '{\n  "students": [', '[["Ron", "A"]]', "[1,2]"]
)
def test_should_know_a_json_document(text: str) -> None:
    assert code_of(text) == "json_document"


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        (ole("xl/workbook.bin"), ".xlsb"),
        (ole("xl/worksheets/sheet1.xml"), ".xlsx"),
        (ole("Index/Document.iwa"), ".numbers"),
        (ole("word/document.xml"), ".docx"),
        (b"PK\x03\x04" + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", ".ods"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"SQLite format 3\0", "SQLite"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"BM6\0\x0c\0\0\0\0\0", "BMP"),
        (b"\0\0\0\x18ftypheic", "image"),
    ],
)
def test_should_say_which_kind_of_file_it_is(data: bytes, looks_like: str) -> None:
    notice = refused(data)
    assert notice.code == "not_csv"
    assert looks_like in str(notice.details["looks_like"])


@pytest.mark.parametrize(
    ("data", "row", "lost"),
    [
        (csv("Ron,A") + bytes(64), 4, 64),
        (csv("Ron,A") + b"\0", 4, 1),
        (csv("Ron,A")[:-3] + bytes(4096), 3, 4096),
        (bytes(512) + csv("Ron,A"), 1, 512),
        (csv("Ron,A") + bytes(512) + csv("Ron,A"), 4, 512),
        (csv("Zo\u00eb,A")[:28] + bytes(100) + csv("Ron,A"), 3, 100),  # cut within a character
        (bytes(100), 1, 100),
    ],
)
def test_should_tell_what_a_disk_or_a_copy_left_out_from_what_is_binary(data: bytes, row: int, lost: int) -> None:
    assert refused(data) == FileNotWrittenWhole(STUDENTS, row, bytes_lost=lost)


@pytest.mark.parametrize(
    "data", [csv("Ron,A\0B"), WHOLE.encode("utf-16-le"), bytes(range(256)), b"a" + bytes(9) + b"\1"]
)
def test_should_not_take_binary_data_for_a_file_that_was_not_written_whole(data: bytes) -> None:
    assert code_of(data) == "not_csv"


def test_should_see_padding_in_utf16_too() -> None:
    assert code_of(codecs.BOM_UTF16_LE + WHOLE.encode("utf-16-le") + bytes(64)) == "file_not_written_whole"


@pytest.mark.parametrize(
    "text", ['#TYPE System.Object\n"version","1"', '"#TYPE x"\n', "#type Selected.x\r\n", "\ufeff#TYPE x"]
)
def test_should_know_the_type_line_of_powershell(text: str) -> None:
    assert code_of(text) == "powershell_type_line"


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('"version,1"\n"username,class"\n', 1),
        ('\ufeff"version,1"\r\n', 1),
        ('"version;1"\n', 1),
        ('"version\t1"\n', 1),
        ('"""version"",""1"""\n"""username"",""class"""\n', 1),
        ('"version,1",,\n', 1),
        ('version,1\n"username,class"\n', 2),
    ],
)
def test_should_know_lines_that_are_quoted_whole(text: str, row: int) -> None:
    notice = refused(text.encode())
    assert (notice.code, notice.row) == ("lines_quoted_whole", row)


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        ("|", "vertical bar"),
        (":", "colon"),
        (" ", "blank"),
        ("    ", "blank"),
        ("^", "circumflex accent"),
        ("~", "tilde"),
        ("=", "equals sign"),
        ("\uff0c", "fullwidth comma"),
        ("\u060c", "arabic comma"),
        ("\x1f", "U+001F"),
        ("||", "vertical bar"),
        (" : ", "colon"),
    ],
)
def test_should_name_the_separator_that_it_does_not_know(mark: str, name: str) -> None:
    for text in (WHOLE.replace(",", mark), f'"version"{mark}"1"\n', f"\ufeffVersion{mark}1\r\nusername{mark}class\r\n"):
        notice = refused(text.encode())
        assert (notice.code, notice.row, notice.details) == ("delimiter_unknown", 1, {"separator": name})


@pytest.mark.parametrize(
    ("header", "product"),
    [
        ("School_id,Student_id,Student_number,State_id,Last_name,Middle_name,First_name,Grade", "Clever"),
        ("School_id,Teacher_id,Teacher_number,State_teacher_id,Teacher_email", "Clever"),
        ("School_id,Section_id,Student_id", "Clever"),
        ('"School_id"\t"Section_id"\t"Teacher_id"', "Clever"),
        ("sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username", "OneRoster"),
        ("sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role", "OneRoster"),
        ("propertyName,value", "OneRoster"),
        ("SIS ID,School SIS ID,First Name,Last Name,Username,Password", "School Data Sync"),
        ("Section SIS ID,SIS ID", "School Data Sync"),
        ("sourcedId,username,givenName,familyName,password", "School Data Sync"),
        ("classSourcedId,userSourcedId,role", "School Data Sync"),
        ("user_id,login_id,password,first_name,last_name,email,status", "Canvas"),
        ("course_id,user_id,role,section_id,status", "Canvas"),
        ("Student,ID,SIS User ID,SIS Login ID,Section,Essay", "Canvas"),
    ],
)
@pytest.mark.parametrize("before", ["", "version,1\n", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";", "|"])
def test_should_know_another_products_export(header: str, product: str, before: str, separator: str) -> None:
    notice = refused((before + header.replace(",", separator) + "\n1,2,3\n").encode())
    assert (notice.code, notice.details["product"]) == ("other_export", product)


@pytest.mark.parametrize(
    ("text", "seems"),
    [
        ("version,1\nclass,username\n", "the columns swapped"),
        ("version,1\nusername,class,year\n", "more columns than two"),
        ("version,1\nusername;class\n", "separated otherwise than row 1"),
        ("version,1\n\nusername,class\n", "empty"),
        ("version,1\nlogin,group\n", ""),
    ],
)
def test_should_say_what_a_wrong_header_row_seems_to_be(text: str, seems: str) -> None:
    notice = refused(text.encode())
    assert (notice.code, notice.row, notice.details) == ("header_row_unexpected", 2, {"seems": seems})


@pytest.mark.parametrize("number", ["1.0", "1,0", "01", "2", "one"])
def test_should_say_that_the_version_must_be_1(number: str) -> None:
    notice = refused(f"version,{number}\nusername,class\n".encode())
    assert notice.code == "version_unsupported"
    assert "exactly `version,1`" in notice.advice


def test_should_give_each_kind_advice_of_its_own() -> None:
    advice = [kind().advice for kind in FileError.__subclasses__()]
    assert len(set(advice)) == len(advice)


@given(st.text(max_size=60) | st.binary(max_size=60), st.sampled_from(FILES))
def test_should_give_every_file_one_error_or_none(data: str | bytes, file: str) -> None:
    notices = Notices()
    data = data if isinstance(data, bytes) else data.encode(errors="replace")
    opened = open_file(file, data, notices)
    assert (opened is None) == (notices.severities["error"] == 1)
    assert notices.severities["error"] < 2


# The line that a spreadsheet is told the separator by


@pytest.mark.parametrize("line", ["sep=,", "SEP=,", '"sep=,"', "\ufeffsep=,", "sep=,,", "Sep=, "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_should_skip_a_separator_line_and_count_it_as_a_row(line: str, end: str) -> None:
    made = plan(f"{line}{end}".encode() + csv("Ron,A", "x", "Luna,", " Cho,A", end=end), csv("Snape,A"))
    assert groups(made) == {"A": ["Cho", "Ron"]}
    assert found(made) == [
        ("separator_line_skipped", 1, None),
        ("field_count", 5, None),
        ("class_empty", 6, "class"),
        ("whitespace_trimmed", 7, "username"),
    ]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_should_read_by_the_separator_that_the_line_names(mark: str) -> None:
    made = plan(f"sep={mark}\n".encode() + csv("Ron,A").replace(b",", mark.encode()))
    assert groups(made) == {"A": ["Ron"]}
    assert rows("delimiter_not_comma", made) == [2]


@pytest.mark.parametrize("mark", ["|", ":", "^", "x"])
def test_should_refuse_another_separator_that_the_line_names(mark: str) -> None:
    assert code_of(f"sep={mark}\nversion{mark}1\nusername{mark}class\n") == "delimiter_unknown"


def test_should_number_the_rows_behind_a_separator_line_alike_for_everybody() -> None:
    notices = Notices()
    read = read_pair(pair(b"sep=,\n" + csv("Ron,A", "x", "Luna,B")), DISTRICT, notices).students
    assert (read.first_row, [bad.row for bad in read.bad], [bad.line for bad in read.bad]) == (4, [5], ["x"])
    assert [read.row(0), read.row(1)] == [4, 6]


# The end mark of DOS


@pytest.mark.parametrize("mark", ["\x1a", "\x1a\r\n", "\x1a\n", "\x1a\x1a\x1a", "\x1a" * 2000, "\x1a \n"])
def test_should_say_nothing_of_an_end_mark(mark: str) -> None:
    for data in (WHOLE + mark, "\ufeff" + WHOLE + mark):
        made = plan(data.encode())
        assert (groups(made), found(made)) == ({"A": ["Ron"]}, [])
    utf16 = plan(codecs.BOM_UTF16_BE + (WHOLE + mark).encode("utf-16-be"))
    assert found(utf16) == [("utf16_decoded", None, None)]


def test_should_take_the_line_before_an_end_mark_for_whole() -> None:
    read = read_pair(pair(WHOLE.encode() + b"Luna,A\x1a"), DISTRICT, Notices()).students
    assert len(read.usernames) == 2
    assert read.cut is None


@pytest.mark.parametrize("body", ["Ron\x1a,A\n", "Ron,A\x1a\nLuna,A\n", "Ron,\x1aA\n", "Ron,A\x1a\r\n"])
def test_should_take_an_end_mark_amid_the_data_for_a_control_character(body: str) -> None:
    made = plan(csv() + body.encode())
    assert found(made)[0][0].endswith("_invalid_characters")
