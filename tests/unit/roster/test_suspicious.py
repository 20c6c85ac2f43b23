"""Values that are well formed and hardly meant: destroyed ones are refused, others told once."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster.names import fold
from roster.nonsense import (
    has_stray_quotes,
    is_destroyed,
    is_destroyed_class,
    looks_garbled,
    looks_like_date,
    placeholder_key,
)
from roster.notices import STUDENTS, TEACHERS, Suspicious
from roster.plan import Plan
from roster.settings import Settings
from tests.unit.roster.samples import DOMAIN, EMAIL, csv, found, groups, only, plan, rows

FAMILY = [kind.code for kind in Suspicious.__subclasses__()]


def told(made: Plan, file: str = STUDENTS) -> list[tuple[str, int | None, str | None]]:
    return [each for each in found(made, file) if each[0] in FAMILY]


def students(values: Iterable[str]) -> list[str]:
    return [f"s{number},{value}" for number, value in enumerate(values)]


# Destroyed values

ENGLISH = [
    "#N/A",
    "#REF!",
    "#NAME?",
    "#VALUE!",
    "#DIV/0!",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
]
ENGLISH += ["#CONNECT!", "#UNKNOWN!", "#BUSY!", "#GETTING_DATA", "###", "##########", "#n/a", "#ERROR!", "#PYTHON!"]
OTHERS = [
    "#NV",
    "#BEZUG!",
    "#WERT!",
    "#ZAHL!",
    "#NOM?",
    "#VALEUR!",
    "#NOMBRE?",
    "#¡VALOR!",
    "#¡REF!",
    "#¿NOMBRE?",
    "#N/D",
]
OTHERS += ["#ИМЯ?", "#Н/Д", "#ÜBERLAUF!", "#VERW!", "#DEEL/0!", "#SAKNAS!", "Err:502", "Err:522", "Fehler:508"]
SCIENTIFIC = ["1.23457E+11", "1,23457E+11", "1E+11", "9.1E-05", "1.2E11", "1.23457e+11", "-1.5E+10", "2E+05"]


@pytest.mark.parametrize("value", [*ENGLISH, *OTHERS, *SCIENTIFIC, "Zo\ufffd", "\ufffd"])
def test_should_refuse_a_value_of_which_nobody_can_know_what_it_was(value: str) -> None:
    quoted = f'"{value}"'
    made = plan([f"{quoted},A", f"Ron,{quoted}", "Luna,A"])
    assert found(made) == [("value_destroyed", 3, "username"), ("value_destroyed", 4, "class")]
    assert groups(made) == {"A": ["Luna"]}


@pytest.mark.parametrize(
    "value",
    ["7E2", "9E1", "10E", "12E3", "#maths", "# year 9", "#1", "##", "C#", "Err", "E+1", "1E", "No. 5", "Error: x"],
)
def test_should_not_take_an_ordinary_value_for_a_destroyed_one(value: str) -> None:
    assert not is_destroyed(value)


def test_should_take_a_class_of_year_and_set_for_a_class() -> None:
    assert not is_destroyed_class("9E-1")
    assert is_destroyed_class("9E-01")
    assert is_destroyed("9E-1")


def test_should_look_at_a_username_before_its_domain() -> None:
    assert rows("value_destroyed", plan(["1.5E+10@a.org,A", "#N/A,B"])) == [3, 4]
    assert rows("value_destroyed", plan(["1.5E+10,A", "1.5E+10@b.org,A"], settings=DOMAIN)) == [3, 4]
    assert rows("username_not_email", plan(["#N/A,A"], settings=EMAIL)) == [3]


# Placeholders


@pytest.mark.parametrize(
    "value",
    [
        "NULL",
        "null",
        "(null)",
        "<NULL>",
        "[none]",
        "{None}",
        "n/a",
        "N/A",
        "tba",
        "TBC",
        "Vacant",
        "UNKNOWN",
        "total",
        "-",
        "--",
        "—",
        "–",
        "---",
        "( n/a )",
        "((null))",
        " NULL ",
        "vacant@a.org",
        "NULL@",
        "‐−",
    ],
)
def test_should_refuse_a_word_for_nobody(value: str) -> None:
    made = plan([f"{value},A", "Ron,A"], [f"{value},A", "Snape,A"])
    assert rows("username_placeholder", made) == [3, 3]
    assert made.counts["rows_rejected"] == 2


@pytest.mark.parametrize(
    "value", ["nulla", "none1", "totally", "-a", "a-", "_", "nan", "unknown.person", "Tba.c", "(x)"]
)
def test_should_not_take_a_name_for_a_word_for_nobody(value: str) -> None:
    assert plan([f"{value},A"]).counts["rows_rejected"] == 0


def test_should_replace_the_words_for_nobody_by_those_of_the_site() -> None:
    made = plan(
        ["NULL,A", "Lehrkraft,A", "LEHRKRAFT\xa0 FEHLT,A", "–,A"],
        settings=Settings(placeholder_usernames=("lehrkraft fehlt",)),
    )
    assert rows("username_placeholder", made) == [5]
    assert plan(["--,A"], settings=Settings(placeholder_usernames=("-",))).counts["rows_rejected"] == 1


def test_should_see_a_word_for_nobody_before_a_domain_is_put_behind_it() -> None:
    made = plan(["NULL,A", "null@hogwarts.org,A", "ron,A"], settings=DOMAIN)
    assert rows("username_placeholder", made) == [3, 4]


@pytest.mark.parametrize("value", ["NULL", "(null)", "None", "n/a", "--", "tbc", "Unassigned", "no class", "vacant"])
def test_should_warn_of_a_class_that_is_a_word_for_none(value: str) -> None:
    assert told(plan([f"Ron,{value}", "Luna,B"])) == [("placeholder_class", 3, "class")]


# Reserved rows


@pytest.mark.parametrize(
    "row", ["version,1", "username,class", "VERSION , 1", '"Username","CLASS"', "\ufeffversion,1,,"]
)
def test_should_refuse_a_reserved_row_among_the_data(row: str) -> None:
    made = plan(["Ron,A", row], ["Snape,A", row])
    assert rows("reserved_row_repeated", made) == [4, 4]
    assert groups(made) == {"A": ["Ron"]}


@pytest.mark.parametrize("row", ["version,2", "version,A", "username,A", "class,username", "1,version", "versions,1"])
def test_should_not_refuse_a_user_whose_name_is_one_of_those_words(row: str) -> None:
    assert plan([row]).counts["rows_rejected"] == 0


def test_should_refuse_a_repeated_row_where_usernames_get_a_domain() -> None:
    assert rows("reserved_row_repeated", plan(["version,1", "username,class"], settings=DOMAIN)) == [3, 4]


# Dates

DATES = ["10-Jan", "Jan-10", "10-Jan-26", "1 Jan 2026", "2026-01-10", "01/10/2026", "10.01.2026", "10.01.2026 00:00:00"]
DATES += [
    "2026-01-10T00:00:00",
    "01/02/2026 12:00 AM",
    "10. Jan",
    "1. Januar 2026",
    "3-mai",
    "janv-26",
    "10-ene",
    "10-gen",
]
DATES += [
    "set-01",
    "2026/1/10",
    "1/2/26",
    "Sep-09",
    "7-Dec",
    "12-oct.",
    "10.янв",
    "2026年1月10日",
    "May 3, 2026",
    "1-févr",
]
DATES += ["3rd March 2026", "Sunday, 10 January 2026", "Okt 26", "2026-01-10 10:00:00.000", "1-FEB", "01-02-2026"]
NO_DATES = [
    "10-1",
    "9/2",
    "9a/Ma1",
    "Set 1",
    "Set-1",
    "7MAR",
    "Mars 1",
    "March",
    "Year 10",
    "10.1",
    "10.1.2",
    "2026",
    "9-11",
]
NO_DATES += [
    "1-2-3",
    "Maths 10-1",
    "12/13 Maths",
    "jan.2010",
    "may10",
    "april.may",
    "10A-Mar1",
    "S-10",
    "10/2026",
    "45-Jan",
]
NO_DATES += ["june.smith", "20261234", "99.99.2026", "Class of 2026", "Dec", "10-Janet"]


@pytest.mark.parametrize("value", DATES)
def test_should_warn_of_what_a_spreadsheet_made_a_date_of(value: str) -> None:
    made = plan([f'Ron,"{value}"', f'Luna,"{value}"', f'"{value}",B'])
    assert told(made) == [("looks_like_date", 3, "class"), ("looks_like_date", 5, "username")]


@pytest.mark.parametrize("value", NO_DATES)
def test_should_not_take_a_class_for_a_date(value: str) -> None:
    assert not looks_like_date(value)


# Text in a wrong encoding


def misread(text: str, encoding: str) -> str:
    return "".join(bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850", "cp437"])
@pytest.mark.parametrize(
    "text", ["é", "à", "í", "ß", "ü", "ñ", "Ł", "ő", "ș", "ế", "O’Brien", "“x”", "–", "Ж и", "Ελ", "😀"]
)
def test_should_see_what_was_read_in_a_wrong_encoding(text: str, encoding: str) -> None:
    assert looks_garbled(f"x{misread(text, encoding)}y")
    assert looks_garbled(f"x{misread(misread(text, encoding), encoding)}y")


@pytest.mark.parametrize(
    "value",
    [
        "Zoë",
        "Łucja",
        "Øyvind",
        "Ångström",
        "CAFÉ’S",
        "ÉÈ",
        "Nguyễn",
        "Привет",
        "Ελλάδα",
        "日本語",
        "GUÐ“",
        "Müller–Ärzte",
        "ÄÖÜß",
        "Þórður",
        "NOËL…",
        "«École»",
        "N°1",
        "10€",
        "½",
        "Œuvre",
        "İçöz",
        "Ğüş",
        "한국",
        "SEÑOR®",
        "Â",
        "Ã",
    ],
)
def test_should_not_take_text_for_garbled(value: str) -> None:
    assert not looks_garbled(value)


def test_should_see_it_in_a_cell_though_cleaning_takes_some_of_it_away() -> None:
    made = plan(["Garc" + misread("í", "cp1252") + "a,A", "Ron,Fran" + misread("ç", "cp1252") + "ais"])
    assert told(made) == [("looks_garbled", 3, "username"), ("looks_garbled", 4, "class")]


# Quotes, comments, marks of text


@pytest.mark.parametrize(
    "value", ["“Ron”", "‘Ron’", "'Ron'", "„Ron“", "«Ron»", "`Ron`", "'Ron", "’Ron", "“Ron", "Ron”", "´a´"]
)
def test_should_warn_of_quotes_that_are_none_to_csv(value: str) -> None:
    made = plan([f"{value},A", f"Luna,{value}"])
    assert told(made) == [("stray_quotes", 3, "username"), ("stray_quotes", 4, "class")]
    assert value in groups(made)


@pytest.mark.parametrize("value", ["O'Brien", "Girls'", "D’Arcy", "Boys’", '12"', 'R"on"', "o'neil's", "5'"])
def test_should_not_warn_of_an_apostrophe(value: str) -> None:
    assert not has_stray_quotes(value)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('="0012345"', "0012345"),
        ('"=""0012345"""', "0012345"),
        (' ="0012345" ', "0012345"),
        ('=" 0012345 "', "0012345"),
        ("'0012345", "0012345"),
        ("'=x", "=x"),
        ("'-5", "-5"),
        ("'+44", "+44"),
        ('="a""b"', 'a"b'),
        ('\'="007"', "007"),
    ],
)
def test_should_take_off_a_spreadsheets_mark_of_text(cell: str, value: str) -> None:
    made = plan([f"{cell},A", f"Luna,{cell}"], [])
    assert groups(made) == {"A": [value], value: ["Luna"]}
    assert found(made, besides="whitespace_trimmed class_without_teacher stray_quotes") == [
        ("text_mark_removed", 3, "username"),
        ("text_mark_removed", 4, "class"),
    ]


@pytest.mark.parametrize("cell", ["'Ron", "'007'", '="a"&"b"', "=A1", "'"])
def test_should_keep_what_is_no_mark_of_text(cell: str) -> None:
    made = plan([f"Ron,{cell}"])
    assert groups(made) == {cell: ["Ron"]}
    assert made.notices.totals["text_mark_removed"] == 0


@pytest.mark.parametrize("value", ["# year 9", "#", "//ron"])
def test_should_warn_of_a_row_that_begins_as_a_comment_does(value: str) -> None:
    assert told(plan([f"{value},A", f"Ron,{value}"])) == [("comment_line", 3, "username")]


# Several values in a cell


@pytest.mark.parametrize(
    "value", ["ron;luna", "ron|x", "ron; ", "ron luna", "ron/luna", "ron & luna", '"ron, luna"', "Ron  LUNA"]
)
def test_should_warn_of_several_users_in_a_cell(value: str) -> None:
    assert told(plan([f"{value},A", "ron,A", "luna,A"])) == [("several_values", 3, "username")]


@pytest.mark.parametrize("value", ["ron lovegood", "ron/x", '"Weasley, ron"', "ron", "ron-luna"])
def test_should_not_take_a_users_name_for_several(value: str) -> None:
    assert told(plan([f"{value},A", "ron,A", "luna,A"])) == []


@pytest.mark.parametrize("value", ["A;B", "A|B", '"A, B"', "A; x", '"A,B"', "a ; b", '"A,B,"'])
def test_should_warn_of_several_classes_in_a_cell(value: str) -> None:
    assert told(plan([f"ron,{value}", "luna,A", "cho,B"])) == [("several_values", 3, "class")]


@pytest.mark.parametrize("value", ['"A, advanced"', "x;y", "A/B", "A B", "A & B"])
def test_should_not_take_a_class_for_several(value: str) -> None:
    assert told(plan([f"ron,{value}", "luna,A", "cho,B"])) == []


def test_should_know_a_class_or_a_user_of_the_other_file() -> None:
    made = plan(["ron,A;B"], ["snape,A", "ron luna,B", "luna,B"])
    assert told(made) == [("several_values", 3, "class")]
    assert told(made, TEACHERS) == [("several_values", 4, "username")]


# Domains


def test_should_warn_of_a_domain_where_others_have_none() -> None:
    made = plan(["SCHOOL\\ron,A", "SCHOOL\\luna,A", "SCHOOL\\ron,B", "ron,A"], ["SCHOOL\\snape,A"])
    assert told(made) == [("domain_prefix", 3, "username"), ("domain_prefix", 4, "username")]
    assert told(made, TEACHERS) == [("domain_prefix", 3, "username")]


def test_should_not_warn_where_all_have_a_domain() -> None:
    assert told(plan(["SCHOOL\\ron,A", "SCHOOL\\luna,A"], ["SCHOOL\\snape,A"])) == []
    assert told(plan(["SCHOOL\\ron,A", "*,A"])) == []


# Names that look alike

ALIKE = [
    ("9a/Ma1", "9\u0430/Ma1"),
    ("Weiss", "Weiß"),
    ("WEISS", "weiß"),
    ("paypal", "р\u0430ура1"),
    ("harry", "h\u0430rry"),
]
ALIKE += [
    ("HARRY", "\u041dARRY"),
    ("s10", "sl0"),
    ("Maths", "\uff2daths"),
    ("fin", "\ufb01n"),
    ("σα", "ςα"),
    ("lan", "Ian"),
]
ALIKE += [
    ("0liver", "OLIVER"),
    ("corner", "comer"),
    ("101", "10l"),
    ("lI", "II"),
    ("kin", "k\u0131n"),
    ("Art 1", "Art I"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_should_warn_of_two_names_that_look_like_one(one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        made = plan([f"{first},A", f"{second},B", "ron,A"])
        assert len(rows("looks_alike", made)) == 1
        notice = only(made, "looks_alike")
        assert notice.details["like_file"] == STUDENTS
        assert {notice.row, notice.details["like_row"]} == {3, 4}
        assert told(plan([f"x,{first}", f"y,{second}"])) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10L", "101"),
        ("Zoe", "Zoë"),
        ("Mary", "rnary"),
        ("7L1", "711"),
        ("harry", "larry"),
        ("Łucja", "Lucja"),
        ("a.b", "ab"),
    ],
)
def test_should_not_warn_of_names_that_do_not(one: str, other: str) -> None:
    assert told(plan([f"{one},{one}x", f"{other},{other}x"])) == []


def test_should_tell_of_the_plainest_of_names_that_are_alike_and_in_each_file() -> None:
    made = plan(["x,9\u0430", "y,9a", "z,9\u0430"], ["t,Q", "t,9\u0430"])
    assert told(made) == [("looks_alike", 3, "class")]
    assert told(made, TEACHERS) == [("looks_alike", 4, "class")]
    by_file = {notice.file: notice.details for notice in made.notices.listed() if notice.code == "looks_alike"}
    assert by_file[STUDENTS] == {"rows": 2, "like_file": STUDENTS, "like_row": 4}
    assert by_file[TEACHERS] == {"rows": 1, "like_file": STUDENTS, "like_row": 4}


def test_should_not_compare_with_a_name_that_no_row_counts_of() -> None:
    assert told(plan(["NULL,A", "NU11,A"])) == []


@pytest.mark.parametrize(
    "value",
    ["harr\u0443", "\u04111 M\u0430ths", "\u0391rt", "M\u0430тематика", "10\u0430 Maths", "\u13bbarry", "\u0555liver"],
)
def test_should_warn_of_one_name_that_mixes_alphabets(value: str) -> None:
    made = plan([f"Ron,{value}"])
    assert told(made) == [("looks_alike", 3, "class")]
    assert only(made, "looks_alike").details == {"rows": 1, "like_file": "", "like_row": 0}


@pytest.mark.parametrize(
    "value",
    [
        "Русский A",
        "Русский",
        "Τμήμα A",
        "β-blockers",
        "日本A組",
        "Maths한국",
        "カナ漢字",
        "µm",
        "Maths Ж",
        "9А класс",
        "Zoë",
        "हिन्दी A",
    ],
)
def test_should_not_warn_of_alphabets_side_by_side(value: str) -> None:
    assert told(plan([f"Ron,{value}"])) == []


# Once for each value


def test_should_tell_each_value_once_with_the_number_of_its_rows() -> None:
    made = plan(["a,10-Jan", "b,10-Jan", "c,10-JAN", "d,11-Jan", ",10-Jan"], ["t,10-Jan"])
    assert told(made) == [("looks_like_date", 3, "class"), ("looks_like_date", 6, "class")]
    assert [notice.details for notice in made.notices.listed() if notice.code == "looks_like_date"] == [
        {"rows": 3},
        {"rows": 1},
        {"rows": 1},
    ]


def test_should_tell_nothing_of_a_value_whose_rows_are_all_refused() -> None:
    made = plan(["*,10-Jan", "10-Jan,", "“x”,#N/A"])
    assert told(made) == []


values = st.text(st.sampled_from("aA1lI|0O;,/&' \"#-=.E+@\\\u0430\u00eb\u00c3\u00a9\u201c\ufffd"), max_size=7)


@given(st.lists(st.tuples(values, values), max_size=6), st.lists(st.tuples(values, values), max_size=4))
def test_should_warn_only_at_rows_that_count_and_change_no_value(
    some: list[tuple[str, str]], others: list[tuple[str, str]]
) -> None:
    def quoted(lines: list[tuple[str, str]]) -> list[str]:
        return [",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines]

    made = plan(csv(*quoted(some)), csv(*quoted(others)))
    refused = {(each.file, each.row) for each in made.notices.listed() if each.severity == "error"}
    refused |= {(each.file, each.row) for each in made.notices.listed() if each.code == "blank_rows"}
    for notice in made.notices.listed():
        if isinstance(notice, Suspicious):
            assert (notice.file, notice.row) not in refused
            assert 1 <= notice.rows <= len(some if notice.file == STUDENTS else others)


@given(values)
def test_should_judge_any_value_without_a_fault(value: str) -> None:
    assert isinstance(looks_like_date(value) or looks_garbled(value) or is_destroyed(value), bool)
    assert placeholder_key(placeholder_key(fold(value))) == placeholder_key(fold(value))
