"""What a row may hold: the order of its errors, how values are cleaned, and what is one user and one class."""

import unicodedata
from collections.abc import Callable

import pytest

from roster.names import clean, fold
from roster.notices import InvisibleCharactersRemoved, Notice, WhitespaceTrimmed
from roster.settings import RESERVED_CLASSES, Settings
from tests.unit.roster import reference
from tests.unit.roster.samples import (
    DOMAIN,
    EMAIL,
    csv,
    found,
    groups,
    plan,
    rights,
    rows,
)

# Each row has its fault and, as far as one row can have them all, those of the lines below it.
LONG, LONG_CLASS = "u" * 254, "c" * 200
BY_ORDER = [
    ('"@x,', "quote_unbalanced"),
    ('*\x01,Sound Muted,more,"x', "quote_unbalanced"),
    (",,more", "field_count"),
    ("*\x01", "field_count"),
    ("@x,", "username_empty"),
    (",\x01x", "username_empty"),
    (f'"",{LONG_CLASS}c', "username_empty"),
    ("*\x01x,", "class_empty"),
    (f"{LONG}*,\u200b", "class_empty"),
    (f"*\x01{LONG},\x01{LONG_CLASS}", "username_invalid_characters"),
    ("!\x1f,Sound Muted", "username_invalid_characters"),
    (f"*{LONG},\x01{LONG_CLASS}", "class_invalid_characters"),
    (f"*{LONG},{LONG_CLASS}c", "username_too_long"),
    (f"*{LONG},Sound Muted", "username_too_long"),
    (f"*,{LONG_CLASS}c", "class_too_long"),
    ("*,Sound Muted", "username_wildcard"),
    ("!harry@a.org,A", "username_wildcard"),
    ("Ron,Sound Muted", "class_reserved"),
    ("harry@a.org,Sound Muted", "class_reserved"),
    ("harry@a.org,A", "username_collision"),
    ("harry@b.org,A", "username_collision"),
]


def test_should_take_a_hundred_empty_cells_for_padding_and_a_line_of_nothing_else_for_no_row() -> None:
    padded, endless = "Harry,A" + ',""' * 100, "Ron,A" + ',""' * 100_000
    made = plan(csv(padded, endless))
    assert found(made) == [("field_count", 4, None)]
    assert groups(made) == {"A": ["Harry"]}


@pytest.mark.parametrize(("row", "code"), BY_ORDER)
def test_should_give_a_row_the_first_error_that_applies(row: str, code: str) -> None:
    # The two rows around it make a collision of harry's addresses.
    made = plan(csv("harry@a.org,X", row, "harry@b.org,X"))
    assert [code for code, number, _ in found(made) if number == 4] == [code]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("Ron,Sound Muted", "class_reserved"),
        ("*,A", "username_wildcard"),
        (f"{LONG}u,A", "username_too_long"),
        ("Ron,A", "username_not_email"),
    ],
)
def test_should_ask_last_whether_a_username_is_an_address(row: str, code: str) -> None:
    assert found(plan(csv(row), settings=EMAIL)) == [(code, 3, code.split("_")[0])]


def test_should_tell_nothing_else_of_a_rejected_row() -> None:
    made = plan(csv(" Ron \u200b,", "ron@x , *\x01", "Ron,A", "ron,", "ROn,A,B"))
    assert found(made) == [
        ("class_empty", 3, "class"),
        ("class_invalid_characters", 4, "class"),
        ("class_empty", 6, "class"),
        ("field_count", 7, None),
    ]
    assert (made.counts["rows_read"], made.counts["rows_rejected"]) == (5, 4)


# Quotes


@pytest.mark.parametrize(
    ("row", "username", "class_"),
    [
        ('"Ron","Dark Arts"', "Ron", "Dark Arts"),
        ('"Weasley, Ron",A', "Weasley, Ron", "A"),
        ('Ron,"A ""B"", C"', "Ron", 'A "B", C'),
        ('"""Ron""",""""', '"Ron"', '"'),
        ('R"o"n,A"', 'R"o"n', 'A"'),
        ("Ron,A''", "Ron", "A''"),
        (' "Ron",A', "Ron", "A"),
        ('"Ron" ,A', "Ron", "A"),
        ('\ufeff"Ron"\u200b, "A"\xa0', "Ron", "A"),
        ('\t"Ron", "A, B"\t', "Ron", "A, B"),
        (' "Ron ""R"" W" , A', 'Ron "R" W', "A"),
        ('Ron,"A",,"",', "Ron", "A"),
        ('Ron,A, ,"\u200b"', "Ron", "A"),
    ],
)
def test_should_read_quoted_values(row: str, username: str, class_: str) -> None:
    assert groups(plan(csv(row))) == {class_: [username]}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ('"Ron', "username"),
        ('"Ron,A', "username"),
        ('"Ron"x,A', "username"),
        (' "Ron"x ,A', "username"),
        ('"Ron" x,A', "username"),
        (' "Ron,A', "username"),
        ('"Ron"",A', "username"),
        ('"', "username"),
        ('Ron,"A', "class"),
        ('Ron,"A"B"', "class"),
        ('Ron,"', "class"),
        ('Ron,A,"', None),
        ('Ron,A,B,C,"D', None),
        (',"', "class"),
    ],
)
def test_should_refuse_a_quoted_value_that_does_not_end(row: str, column: str | None) -> None:
    assert found(plan(csv(row))) == [("quote_unbalanced", 3, column)]


# Blank rows


@pytest.mark.parametrize("row", ["", " ", ",", ",,,,,", "\u200b,\xa0", '"",""', '"",,""', "\t", "\u3000,\xad,\ufeff"])
def test_should_skip_and_count_rows_that_hold_nothing(row: str) -> None:
    made = plan(csv("Ron,A", row, row, "Ron,B"), csv(row, "Snape,A"))
    assert rows("blank_rows", made) == [4, 5, 3]
    assert (made.counts["rows_read"], made.counts["rows_rejected"], made.outcome) == (3, 0, "ok")
    assert groups(made) == {"A": ["Ron"], "B": ["Ron"]}


@pytest.mark.parametrize("row", ["0", '","', '" , "', ",,.", "@", "@,", "\x1c,"])
def test_should_not_take_a_row_for_blank_that_holds_anything(row: str) -> None:
    made = plan(csv(row))
    assert made.notices.totals["blank_rows"] == 0
    assert (made.counts["rows_read"], made.counts["rows_rejected"]) == (1, 1)


# Cleaning

WHITE = [
    character for point in range(0x11000) if unicodedata.bidirectional(character := chr(point)) in ("WS", "B", "S")
]
WHITE += ["\xa0", "\u202f"]
WHITE = [character for character in WHITE if character not in "\n\r\x1c\x1d\x1e\x1f"]


def test_should_know_all_white_space_of_unicode() -> None:
    assert len(WHITE) == 25 - len("\r\n")


@pytest.mark.parametrize("character", WHITE)
def test_should_say_that_white_space_was_trimmed(character: str) -> None:
    made = plan(csv(f"{character}Ron{character}{character},A", "Ron,B", f'Ron,"{character}C D"'))
    assert groups(made) == {"A": ["Ron"], "B": ["Ron"], "C D": ["Ron"]}
    assert found(made) == [("whitespace_trimmed", 3, "username"), ("whitespace_trimmed", 5, "class")]


IGNORABLE = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\xad", "\u034f", "\u115f", "\u1160", "\u17b5", "\u180e"]
IGNORABLE += ["\u3164", "\ufe00", "\ufe0f", "\uffa0", "\ufff0", "\U0001bca1", "\U0001d175", "\U000e0001", "\U000e01ef"]


@pytest.mark.parametrize("character", IGNORABLE)
def test_should_remove_what_cannot_be_seen(character: str) -> None:
    made = plan(csv(f"R{character}on,{character}A{character}"))
    assert groups(made) == {"A": ["Ron"]}
    assert found(made) == [("invisible_characters_removed", 3, column) for column in ("username", "class")]


def test_should_say_both_where_both_were_removed() -> None:
    made = plan(csv("Ron\xa0\u200b,A"))
    assert found(made) == [
        ("invisible_characters_removed", 3, "username"),
        ("whitespace_trimmed", 3, "username"),
    ]


@pytest.mark.parametrize("value", ["é", "가", "ộ", "Ω", "ﬁ"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_should_keep_values_in_nfc_without_a_word(value: str, form: str) -> None:
    typed = unicodedata.normalize(form, value)  # type: ignore[arg-type]
    made = plan(csv(f"{typed},{typed}x"), csv(f"{value},{value}x"))
    kept = unicodedata.normalize("NFC", value)
    assert groups(made) == {f"{kept}x": [kept]}
    assert found(made, besides="class_without_teacher looks_alike") == []  # Ωx mixes alphabets


def test_should_compose_what_an_invisible_character_kept_apart() -> None:
    assert groups(plan(csv("Zoe\u200b\u0308,A"), csv())) == {"A": ["Zoë"]}


def test_should_remove_exactly_what_cannot_be_seen_and_white_space_around() -> None:
    for character in map(chr, range(0x20, 0xFFFF)):
        if not 0xD800 <= ord(character) < 0xE000:
            for text in (f"R{character}n", f"R{character}"):
                assert clean(text) == by_reference(text), hex(ord(character))


def by_reference(text: str) -> tuple[str, tuple[type[Notice], ...]]:
    value, codes = reference.cleaned(text)
    return value, tuple(notice for notice in (WhitespaceTrimmed, InvisibleCharactersRemoved) if notice.code in codes)


# Identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harry_Potter", "harry_potter"),
        ("Zoë", "ZOE\u0308"),
        ("\u212a", "k"),
        ("\u03a3", "\u03c3"),
        ("\u1e9e", "ß"),
        ("\u0390", "\u03b9\u0308\u0301"),
        ("\u1fb3", "\u03b1\u0345"),
    ],
)
def test_should_take_two_spellings_of_a_value_for_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    made = plan(csv(f"{one},{one}x", f"{other},{other}x"), csv(f"{other},{one}x"))
    one, other = (unicodedata.normalize("NFC", each) for each in (one, other))
    assert groups(made) == {f"{one}x": [other]}
    assert rights(made) == {other: [f"{one}x"]}
    assert rows("row_duplicate", made) == [4]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoe", "Zoë"),
        ("Harry_Potter", "Harry-Potter"),
        ("\u0131", "i"),
        ("H", "Н"),
        ("A B", "A\xa0B"),
        ("Weiß", "Weiss"),
        ("\u03c3", "\u03c2"),
        ("\ufb01n", "fin"),
        ("\u1fb3", "\u03b1\u03b9"),
    ],
)
def test_should_take_different_values_for_different_ones(one: str, other: str) -> None:
    assert fold(one) != fold(other)
    assert len(groups(plan(csv(f"x,{one}", f"x,{other}")))) == 2


# Lengths


def test_should_measure_a_value_as_it_is_kept() -> None:
    composed = "é" * 254
    made = plan(csv(f" {unicodedata.normalize('NFD', composed)}\u200b ,A", f"{'u' * 254}@{'d' * 300},A"))
    assert made.counts["rows_rejected"] == 0
    assert groups(made) == {"A": ["u" * 254, composed]}


def test_should_measure_a_completed_address_whole() -> None:
    room = 254 - len("@hogwarts.org")
    made = plan(csv(f"{'u' * room},A", f"{'v' * (room + 1)},A"), settings=DOMAIN)
    assert found(made) == [("username_too_long", 4, "username")]


# Control characters


def test_should_refuse_control_characters_and_only_those() -> None:
    controls = [chr(point) for point in (*range(1, 32), *range(127, 160)) if chr(point) not in "\n\r"]
    made = plan(csv(*(f"R{character}n,A" for character in controls)))
    assert made.notices.totals["username_invalid_characters"] == len(controls) == 62
    made = plan(csv(*(f"R,A{character}B" for character in controls)))
    assert made.notices.totals["class_invalid_characters"] == len(controls)
    assert found(plan(csv("Rn\ue000\U0001f9d9,A|B\\C/D:?<>"))) == []


@pytest.mark.parametrize("character", ["\u2028", "\u2029"])
def test_should_refuse_what_ends_a_line_to_unicode_inside_a_value(character: str) -> None:
    made = plan(csv(f"R{character}n,A", f"Ron,A{character}B", f"Ron{character},{character}A"))
    assert [(code, row) for code, row, _ in found(made, besides="whitespace_trimmed class_without_teacher")] == [
        ("username_invalid_characters", 3),
        ("class_invalid_characters", 4),
    ]


# Wildcards


@pytest.mark.parametrize("username", ["*", "Ron*", "R*n", "!Ron", "!", " !Ron", "\u200b!Ron", '"!Ron"', "*@a.org"])
def test_should_refuse_what_means_everyone_or_except_to_impero(username: str) -> None:
    assert found(plan(csv(f"{username},A"))) == [("username_wildcard", 3, "username")]


def test_should_allow_a_wildcard_behind_the_at_of_an_address() -> None:
    assert groups(plan(csv("Ron@*!,A"))) == {"A": ["Ron"]}


# Reserved classes


SPELLINGS: list[Callable[[str], str]] = [str, str.upper, str.lower, "  {}\xa0".format, '"{}"'.format, "\ufe0f{}".format]
SPELLINGS += [lambda name: name.replace(" ", "  "), lambda name: name.replace(" ", "\xa0 \u2003")]


@pytest.mark.parametrize("name", RESERVED_CLASSES)
@pytest.mark.parametrize("spell", SPELLINGS)
def test_should_refuse_the_groups_of_impero_itself(name: str, spell: Callable[[str], str]) -> None:
    assert found(plan(csv(f"Ron,{spell(name)}"))) == [("class_reserved", 3, "class")]


def test_should_know_all_of_them() -> None:
    assert len(RESERVED_CLASSES) == 6


def test_should_replace_the_reserved_classes_by_those_of_the_site() -> None:
    made = plan(
        csv("Ron,Sound Muted", "Ron,ÜBUNG", "Ron,Flying"), settings=Settings(reserved_classes=("übung", "flying"))
    )
    assert groups(made) == {"Sound Muted": ["Ron"]}
    assert rows("class_reserved", made) == [4, 5]


# District usernames and addresses


def test_should_cut_an_address_at_the_first_at() -> None:
    made = plan(csv("harry@a.org,A", "ron@b@c,A", "luna @a.org,A"))
    assert groups(made) == {"A": ["harry", "luna", "ron"]}
    assert found(made) == [("email_shortened", row, "username") for row in (3, 4, 5)]


@pytest.mark.parametrize("username", ["@a.org", " @a.org", "\u200b@", "@"])
def test_should_refuse_an_address_with_nothing_before_the_at(username: str) -> None:
    assert found(plan(csv(f"{username},A"))) == [("username_empty", 3, "username")]


def test_should_refuse_every_row_of_two_addresses_that_become_one_name() -> None:
    made = plan(
        csv("harry@a.org,A", "ron@a.org,A", "HARRY@b.org,B", "harry@a.org,C"), csv("Harry@A.ORG,A", "harry,B", "ron,A")
    )
    assert found(made) == [
        ("username_collision", 3, "username"),
        ("email_shortened", 4, "username"),
        ("username_collision", 5, "username"),
        ("username_collision", 6, "username"),
    ]
    assert rows("username_collision", made) == [3, 5, 6, 3]
    assert groups(made) == {"A": ["ron"]}
    assert rights(made) == {"harry": [], "ron": ["A"]}


def test_should_see_a_collision_across_the_two_files() -> None:
    made = plan(csv("harry@a.org,A"), csv("harry@b.org,A"))
    assert made.notices.totals["username_collision"] == 2
    assert made.counts["rows_rejected"] == 2


@pytest.mark.parametrize(
    "same",
    [("harry", "harry@a.org"), ("harry@a.org", "HARRY@A.ORG"), ("zoë@a.org", "zoe\u0308@a.org"), (" h@a", "h@\xada")],
)
def test_should_not_see_a_collision_in_one_user(same: tuple[str, str]) -> None:
    made = plan(csv(*(f"{username},{username[-1]}" for username in same)))
    assert made.counts["rows_rejected"] == 0
    assert made.counts["members"] == 1


def test_should_see_no_collision_where_usernames_are_addresses() -> None:
    made = plan(csv("harry@a.org,A", "harry@b.org,A"), settings=EMAIL)
    assert groups(made) == {"A": ["harry@a.org", "harry@b.org"]}


@pytest.mark.parametrize(
    "username", ["Ron", "@a.org", "ron@", "ron@a@b", "ron weasley@a.org", "ron@a\u2003b", "@", "a@b@"]
)
def test_should_refuse_what_is_no_address_where_usernames_are_addresses(username: str) -> None:
    assert found(plan(csv(f"{username},A"), settings=EMAIL)) == [("username_not_email", 3, "username")]


def test_should_complete_usernames_with_the_domain_of_the_site() -> None:
    made = plan(csv("Ron,A", "harry@other.org,A", "RON@Hogwarts.org,B"), settings=DOMAIN)
    assert groups(made) == {"A": ["harry@other.org", "Ron@hogwarts.org"], "B": ["Ron@hogwarts.org"]}
    assert found(made) == [("username_spelling_differs", 5, "username")]
    assert found(plan(csv("@x.org,A", "Ron Weasley,A"), settings=DOMAIN)) == [
        ("username_not_email", 3, "username"),
        ("username_not_email", 4, "username"),
    ]


def test_should_not_complete_an_empty_username() -> None:
    assert found(plan(csv(",A"), settings=DOMAIN)) == [("username_empty", 3, "username")]
