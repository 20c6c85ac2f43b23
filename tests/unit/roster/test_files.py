"""What makes an upload a CSV file of the format, and what is said when it is not."""

import codecs
import io
import tracemalloc
import zipfile

import pytest

from roster.csv_file import blocks, lines_at
from roster.limits import FILE_LIMIT, too_large
from roster.notices import FILES, STUDENTS, TEACHERS, FileTooLarge, HeaderRowUnexpected, NotCsv, Notices, NotUtf8
from roster.parse import read_pair
from roster.plan import plan_import
from tests.unit.roster.samples import (
    DISTRICT,
    SEED,
    blocks_of,
    csv,
    found,
    groups,
    pair,
    plan,
    refused,
    rows,
)

BODY = "Harry_Potter,Potions\nRon_Weasley,Flying\n"
HEADER = "username,class\n"


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return out.getvalue()


# Reserved rows


@pytest.mark.parametrize(
    "reserved",
    [
        "version,1\nusername,class\n",
        "VERSION,1\nUserName,CLASS\n",
        '"version","1"\n"username","class"\n',
        'version,"1"\n"Username",class\n',
        "version,1,,,\nusername,class,,\n",
        'version,1,"",\nusername,class,""\n',
        " version , 1 \n\xa0username,\tclass \n",
        "\ufeffversion,1\nusername,class\n",
        "ver\u00adsion,1\nuser\u200bname,class\n",
        "version,1\r\nusername,class\r\n",
        "version,1\rusername,class\r",
        "version,1\r\nusername,class\r",
    ],
)
def test_should_accept_the_reserved_rows_in_any_disguise(reserved: str) -> None:
    made = plan((reserved + BODY).encode())
    assert groups(made) == {"Flying": ["Ron_Weasley"], "Potions": ["Harry_Potter"]}
    assert found(made) == []


@pytest.mark.parametrize(
    ("reserved", "code", "row"),
    [
        ("\n", "version_row_missing", 1),
        ("\nversion,1\nusername,class\n", "version_row_missing", 1),
        ("username,class\n", "version_row_missing", 1),
        ("username,class\nversion,1\n", "version_row_missing", 1),
        ("Harry_Potter,Potions\n", "version_row_missing", 1),
        ("1,version\nusername,class\n", "version_row_missing", 1),
        (",version,1\nusername,class\n", "version_row_missing", 1),
        ("versions,1\nusername,class\n", "version_row_missing", 1),
        ('"version,1\nusername,class\n', "version_row_missing", 1),
        ('""version"",1\nusername,class\n', "version_row_missing", 1),
        ("version1\nusername,class\n", "version_row_missing", 1),
        ("version,2\nusername,class\n", "version_unsupported", 1),
        ("version,1.0\nusername,class\n", "version_unsupported", 1),
        ("version,\nusername,class\n", "version_unsupported", 1),
        ("version\nusername,class\n", "version_unsupported", 1),
        ("version,1,1\nusername,class\n", "version_unsupported", 1),
        ("version,,1\nusername,class\n", "version_unsupported", 1),
        ("version,1", "header_row_unexpected", 2),
        ("version,1\n", "header_row_unexpected", 2),
        ("version,1\n\nusername,class\n", "header_row_unexpected", 2),
        ("version,1\nclass,username\n", "header_row_unexpected", 2),
        ("version,1\nuser,class\n", "header_row_unexpected", 2),
        ("version,1\nusername,class,year\n", "header_row_unexpected", 2),
        ("version,1\nusername,,class\n", "header_row_unexpected", 2),
        ("version,1\nusername;class\n", "header_row_unexpected", 2),
        ("version;1\nusername,class\n", "header_row_unexpected", 2),
        ("version,1\nversion,1\nusername,class\n", "header_row_unexpected", 2),
        ("version,1\nHarry_Potter,Potions\n", "header_row_unexpected", 2),
        ("version,1\u2028username,class\n", "version_unsupported", 1),
        ("version,1\fusername,class\n", "version_unsupported", 1),
    ],
)
@pytest.mark.parametrize("file", FILES)
def test_should_refuse_a_file_whose_reserved_rows_are_not_as_they_must_be(
    reserved: str, code: str, row: int, file: str
) -> None:
    notice = refused((reserved + BODY if reserved.endswith("\n") else reserved).encode(), file)
    said = {name: value for name, value in notice.as_dict().items() if name != "seems"}
    assert said == {"code": code, "severity": "error", "file": file, "row": row, "column": None}


def test_should_read_a_file_without_data_and_leave_it_to_a_person() -> None:
    made = plan(b"version,1\nusername,class", b"version,1\r\nusername,class\r\n")
    assert (made.outcome, made.counts["rows_read"], made.counts["groups"]) == ("held", 0, 0)
    assert {reason.code for reason in made.held} == {"file_has_no_rows"}


def test_should_tell_what_is_wrong_with_both_files_at_once() -> None:
    made = plan(b"version,1\nclass,username\n", b"nonsense")
    assert [(notice.code, notice.file) for notice in made.notices.listed()] == [
        ("header_row_unexpected", STUDENTS),
        ("version_row_missing", TEACHERS),
    ]


def test_should_tell_of_the_rows_of_one_file_when_the_other_is_refused() -> None:
    made = plan(csv("Harry_Potter,", "Ron_Weasley,Potions"), b"nonsense")
    assert made.outcome == "failed"
    assert made.roster is None
    assert made.snapshot is None
    assert found(made) == [("class_empty", 3, "class")]
    assert (made.counts["rows_read"], made.counts["rows_rejected"]) == (2, 1)


# Separators


@pytest.mark.parametrize("separator", [";", "\t"])
def test_should_take_the_separator_that_row_1_uses(separator: str) -> None:
    text = csv("Harry_Potter,Potions", '"Ron_Weasley",Dark Arts,,').decode().replace(",", separator)
    made = plan((text + f"Lavender{separator}Potions, advanced\n").encode())
    assert groups(made) == {
        "Dark Arts": ["Ron_Weasley"],
        "Potions": ["Harry_Potter"],
        "Potions, advanced": ["Lavender"],
    }
    assert found(made) == [("delimiter_not_comma", 1, None)]


def test_should_keep_the_other_separators_in_values() -> None:
    made = plan(csv("Harry_Potter,Potions; advanced", 'Ron_Weasley,"Potions, for all"'))
    assert groups(made) == {"Potions, for all": ["Ron_Weasley"], "Potions; advanced": ["Harry_Potter"]}
    assert found(made) == []


def test_should_let_each_file_have_its_own_separator() -> None:
    made = plan(csv("Harry_Potter;Potions").replace(b",", b";"), csv("Severus_Snape,Potions"))
    assert groups(made) == {"Potions": ["Harry_Potter"]}
    assert [(notice.code, notice.file) for notice in made.notices.listed()] == [("delimiter_not_comma", STUDENTS)]


@pytest.mark.parametrize(
    ("class_", "refused_rows", "pending"),
    [("Maths,1", [3], []), ("Maths,", [], ["Maths"]), ('"Maths",', [], ["Maths"])],
)
def test_should_not_read_a_row_by_what_the_other_files_separator_left_unquoted(
    class_: str, refused_rows: list[int], pending: list[str]
) -> None:
    """What is a class where semicolons separate is a class and something behind it where commas do."""
    students = f"version;1\nusername;class\nHarry;{class_}\n".encode()
    made = plan(students, csv(f"Snape,{class_}"))
    assert made.roster
    assert rows("field_count", made) == refused_rows
    assert [name for right in made.roster.rights for name in (*right.groups, *right.pending)] == pending


@pytest.mark.parametrize("separator", [",", ";"])
def test_should_read_a_quoted_class_alike_whenever_it_was_met_before(separator: str) -> None:
    class_ = f'"Maths{separator}""1"""'
    lines = [f"u{number}{separator}{class_}{separator * (number % 3)}" for number in range(3000)]
    lines += [
        f'"v"{separator}{class_}',
        f"{separator}{class_}",
        f"x{separator}{class_}x",
        f"y{separator}{class_[1:-1]}",
    ]
    head = [f"version{separator}1", f"username{separator}class"]
    file = "".join(f"{line}\n" for line in (*head, *lines)).encode()
    made = plan(file, file)
    members = groups(made)[f'Maths{separator}"1"']
    assert len(members) == 3001
    assert {row for code in ("username_empty", "quote_unbalanced", "field_count") for row in rows(code, made)} == {
        3004,
        3005,
        3006,
    }


# Encodings


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_should_decode_utf16_with_a_byte_order_mark(encoding: str) -> None:
    text = "\ufeff" + csv("Zoë,Potions", "Ron,Tränke 🧪").decode()
    made = plan(text.encode(encoding))
    assert groups(made) == {"Potions": ["Zoë"], "Tränke 🧪": ["Ron"]}
    assert found(made) == [("utf16_decoded", None, None)]


def test_should_drop_a_byte_order_mark_without_a_word() -> None:
    made = plan(codecs.BOM_UTF8 + csv("Zoë,Potions"))
    assert (groups(made), found(made)) == ({"Potions": ["Zoë"]}, [])


@pytest.mark.parametrize(
    ("data", "row", "offset", "byte"),
    [
        (csv("Zoë,Potions").replace("ë".encode(), b"\xeb"), 3, 27, "0xEB"),
        (csv("Ron,Flying", "Ron,Tränke").replace("ä".encode(), b"\xe4"), 4, 42, "0xE4"),
        (b"version,1\r\nusername,class\r\nRon,\x80", 3, 31, "0x80"),
        (b"version,1\rusername,class\rRon,A\rRon,\xff", 4, 35, "0xFF"),
        (b"\xa9version,1\n", 1, 0, "0xA9"),
        (b"\n\xa9version,1\n", 2, 1, "0xA9"),
        (csv() + b"Zo\xc3", 3, 27, "0xC3"),  # ends within a character
        (csv() + b"\xed\xa0\x80,Potions\n", 3, 25, "0xED"),  # half a surrogate pair
        (csv() + b"\xc0\xaf,Potions\n", 3, 25, "0xC0"),  # longer than it need be
        (csv(*("Ron,é" for _ in range(200_000))) + b"\xe9,Potions\n", 200_003, 1_400_025, "0xE9"),
    ],
)
def test_should_name_row_and_byte_of_what_is_not_utf8(data: bytes, row: int, offset: int, byte: str) -> None:
    notice = refused(data)
    assert notice == NotUtf8(STUDENTS, row, offset=offset, byte=byte)
    with pytest.raises(UnicodeDecodeError) as truth:
        data.decode()
    assert (truth.value.start, data[offset]) == (offset, int(byte, 16))
    assert notice.as_dict() == {
        "code": "not_utf8",
        "severity": "error",
        "file": STUDENTS,
        "row": row,
        "column": None,
        "offset": offset,
        "byte": byte,
    }


@pytest.mark.parametrize("shift", range(8))
def test_should_find_the_first_bad_byte_wherever_the_pieces_of_a_long_file_end(shift: int) -> None:
    sound = csv("é" * shift + "x" * shift + ",A") + "€😀é".encode() * 300_000
    assert plan(sound).outcome != "failed"
    notice = refused(sound + b"\xe2\x82" + sound)
    assert isinstance(notice, NotUtf8)
    assert notice.offset == len(sound)


@pytest.mark.parametrize(
    ("body", "offset", "row"),
    [
        ("Ron,A\n".encode("utf-16-le") + b"\x00", 64, 4),  # half a character at the end
        ("Ron,".encode("utf-16-le") + b"\x00\xd8" + "A\n".encode("utf-16-le"), 60, 3),  # half a surrogate pair
    ],
)
def test_should_name_row_and_byte_of_what_is_not_utf16(body: bytes, offset: int, row: int) -> None:
    notice = refused(codecs.BOM_UTF16_LE + csv().decode().encode("utf-16-le") + body)
    assert isinstance(notice, NotUtf8)
    assert (notice.offset, notice.row) == (offset, row)


# Other things than CSV files


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "Excel workbook (.xlsx)"),
        (zipped("students.csv"), "zip"),
        (zipped(), "zip"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), ".xls"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "gzip"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(20), "7-Zip"),
        (b"{\\rtf1 version,1}", "Rich Text"),
        (csv("Ron,A\0B"), "binary data"),
        (csv("Ron,Potions").decode().encode("utf-16-le"), "without a byte order mark"),
        (csv("Zoë,Tränke").decode().encode("utf-16-be"), "without a byte order mark"),
        (codecs.BOM_UTF32_LE + csv("Ron,A").decode().encode("utf-32-le"), "binary data"),
        (codecs.BOM_UTF16_LE + csv("Ron,A\0B").decode().encode("utf-16-le"), "binary data"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image"),
        (b"\0\0\1\0\1\0 \0\0\0", "binary data"),
    ],
)
@pytest.mark.parametrize("file", FILES)
def test_should_say_what_a_file_is_that_is_not_csv(data: bytes, looks_like: str, file: str) -> None:
    notice = refused(data, file)
    assert isinstance(notice, NotCsv)
    assert looks_like in notice.looks_like
    assert "CSV UTF-8" in notice.advice


def test_should_not_take_the_name_of_a_class_for_another_kind_of_file() -> None:
    assert found(plan(csv("PK,7z", "%PDF,Rar!", "PK\x03\x04,A"))) == [("username_invalid_characters", 5, "username")]


def test_should_refuse_a_file_over_the_limit_before_it_is_read() -> None:
    assert too_large(STUDENTS, FILE_LIMIT) is None
    notice = too_large(STUDENTS, FILE_LIMIT + 1)
    assert notice == FileTooLarge(STUDENTS, bytes=FILE_LIMIT + 1, limit=FILE_LIMIT)
    assert refused(csv() + bytes(FILE_LIMIT)).code == "file_too_large"


# Lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "\n", "\r", "\r\n"])
def test_should_end_lines_at_lf_crlf_and_cr(end: str, last: str) -> None:
    text = end.join(("version,1", "username,class", "Ron,A", "Harry,A", "Harry")) + last
    for block in (1, 2, 3, 10, 1000):
        with blocks_of(block):
            made = plan(text.encode())
        assert groups(made) == {"A": ["Harry", "Ron"]}
        assert found(made) == [("field_count", 5, None)]


def test_should_end_each_line_of_a_mixed_file_where_it_ends() -> None:
    data = b"version,1\rusername,class\r\nRon,A\nx\r\rx\r\n\nx\n\rx\r\n\r\nx"
    for block in range(1, len(data) + 1):
        with blocks_of(block):
            made = plan(data)
        assert rows("field_count", made) == [4, 6, 8, 10, 12]
        assert rows("blank_rows", made) == [5, 7, 9, 11]


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\f", "\v", "\x1c", "\x1d", "\x1e"])
def test_should_end_a_line_at_nothing_else(character: str) -> None:
    made = plan(csv(f"Ron,Dark{character}Arts", f"Harry,Potions{character}", "x"))
    assert made.counts["rows_read"] == 3
    assert rows("field_count", made) == [5]


def test_should_not_let_a_stray_quote_cost_another_row() -> None:
    made = plan(csv('"Ron,A', "Harry,A", 'Ron,"A', "Lavender,A", 'Ron,A"'))
    assert groups(made) == {"A": ["Harry", "Lavender"], 'A"': ["Ron"]}
    assert found(made) == [("quote_unbalanced", 3, "username"), ("quote_unbalanced", 5, "class")]


def test_should_read_one_endless_line_in_reasonable_time() -> None:
    """Pupils' names do not fill megabytes, but the wrong export does: it must not keep the import busy for hours."""
    made = plan(csv("x" * 20_000_000, "," * 5_000_000, '"' * 5_000_001, ",".join("abc" * 500_000), "Ron,A"))
    assert groups(made) == {"A": ["Ron"]}
    codes = ["field_count", "blank_rows", "quote_unbalanced", "field_count"]
    assert [(code, row) for code, row, _ in found(made)] == list(zip(codes, range(3, 7), strict=True))


@pytest.mark.parametrize(
    ("cell", "code"), [(",", "blank_rows"), ("a,", "field_count"), ('"",', "field_count"), ("a,\u00e9", "field_count")]
)
def test_should_read_one_endless_line_in_little_memory(cell: str, code: str) -> None:
    """A list of its cells takes a hundred times the line, which no function has the memory for."""
    data = pair(csv(cell * (2_000_000 // len(cell)), "Ron,A"))
    tracemalloc.start()
    made = plan_import(data, DISTRICT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made.notices.totals[code] == 1
    assert groups(made) == {"A": ["Ron"]}
    assert peak < 40_000_000


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_should_cut_a_file_of_long_lines_into_blocks_in_linear_time(end: bytes) -> None:
    line = b"x" * 1999 + b"," + end
    with blocks_of(1000):
        cut = list(blocks(line * 20_000))
    assert len(cut) == 20_000
    assert set(cut) == {line.rstrip() + b"\n"}


def test_should_give_blocks_of_whole_lines_that_end_in_lf() -> None:
    data = b"".join(b"%d,A" % number + (b"\n", b"\r\n", b"\r")[number % 3] for number in range(50_000))
    cut = list(blocks(data))
    assert len(cut) > 10
    assert all(block.endswith(b"\n") and b"\r" not in block for block in cut)
    assert b"".join(cut).split(b"\n") == [*(b"%d,A" % number for number in range(50_000)), b""]


def test_should_show_the_text_of_rows() -> None:
    data = b"version,1\r\nusername,class\r\nZo\xc3\xab,A\r\n" + b"Ron,A\r\n" * 5000 + b"last"
    assert lines_at(data, [3, 1, 5004, 3, 9999]) == {1: "version,1", 3: "Zoë,A", 5004: "last"}


def test_should_keep_readable_texts_for_the_rows_that_a_report_shows() -> None:
    utf16 = "\ufeff" + csv("Zoë,").decode()
    notices = Notices()
    read = read_pair(pair(utf16.encode("utf-16-le"), b"nonsense"), DISTRICT, notices)
    assert {file: lines_at(text, [3]) for file, text in read.texts.items()} == {STUDENTS: {3: "Zoë,"}}
    assert read.refused


def test_should_need_both_files() -> None:
    with pytest.raises(KeyError):
        read_pair({STUDENTS: SEED[STUDENTS]}, DISTRICT, Notices())


def test_should_call_swapped_columns_by_the_row_that_shows_it() -> None:
    assert refused(b"version,1\nclass,username\nPotions,Ron\n") == HeaderRowUnexpected(
        STUDENTS, 2, seems="the columns swapped"
    )
