"""The fast reader against a slow one that is plain to see through, on text that nobody would upload on purpose."""

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from roster.encode import entries
from roster.model import Right
from roster.notices import STUDENTS, TEACHERS, Notices, Suspicious
from roster.parse import read_pair
from roster.reconcile import all_groups_users, apply_settings, reconcile
from roster.rows import Pair
from roster.settings import Settings
from tests.unit.roster import reference
from tests.unit.roster.samples import DISTRICT, DOMAIN, EMAIL, blocks_of, plan, roster_of

# What rows are made of: words that meet each other in several spellings, and everything that could break a row.
WORDS = ["harry", "Harry", "HARRY", "ron", "harry@a.org", "Harry@A.org", "harry@b.org", "@a.org", "ron@", "a@b@c"]
WORDS += ["Potions", "potions", "POTIONS", "Entire Network", "sound muted", "\u00e9", "e\u0301", "\u00c9", "ß", "SS"]
WORDS += ["\u212a", "k", "\u0130", "i\u0307", "\u0345", "\u03b9", "\u1e9e", "\uac00", "\u1100\u1161"]
WORDS += [
    "version",
    "username",
    "class",
    "1",
    "NULL",
    "(none)",
    "--",
    "#N/A",
    "#REF!",
    "1.5E+3",
    "1E5",
    "\ufffd",
    "\x1a",
]
WORDS += ["Sound  Muted", "'007", '="007"', '="a""b"', "\u3164", "\ufe0f", "Weiß", "WEISS", "2,5e1"]
WORDS += ["x" * 199, "y" * 254]
MARKS = [",", ",", ",", ",", ";", "\t", '"', '"', '""', " ", "*", "!", "@", "'", "|", "\\"]
ENDS = ["\n", "\n", "\n", "\r\n", "\r", "\n\n"]
ODD = ["\u2028", "\u2029", "\x85", "\f", "\v", "\x1c", "\x1e", "\x1f", "\x7f", "\x01", "\xa0", "\u3000", "\u2003"]
ODD += ["\u200b", "\u200d", "\xad", "\ufeff", "\u2060", "\u0301", "\u202e", "\U0001f600", "\x1b[0m"]

pieces = st.sampled_from(WORDS) | st.sampled_from(MARKS) | st.sampled_from(ENDS) | st.sampled_from(ODD)
cells = st.sampled_from(WORDS) | st.lists(pieces.filter(lambda piece: piece not in ENDS), max_size=3).map("".join)
quoted_cells = cells.map(lambda cell: '"' + cell.replace('"', '""') + '"')
lines = st.lists(cells | quoted_cells, min_size=1, max_size=4).map(",".join)
line_texts = st.lists(st.tuples(lines, st.sampled_from(ENDS)).map("".join), max_size=12).map("".join)
bodies = line_texts | st.lists(pieces, max_size=40).map("".join) | st.text(max_size=30)
settings_used = st.sampled_from(
    [DISTRICT, DISTRICT, EMAIL, DOMAIN, Settings(reserved_classes=("potions", "É")), Settings(reserved_classes=())]
)
separators = st.sampled_from([",", ",", ";", "\t"])
block_sizes = st.sampled_from([1, 2, 3, 7, 30, 1 << 14])


def whole(body: str, separator: str = ",", end: str = "\n") -> str:
    return f"version{separator}1{end}username{separator}class{end}{body}".replace("\0", "")


def read(texts: dict[str, str], settings: Settings) -> tuple[Pair, Notices]:
    notices = Notices()
    return read_pair({file: text.encode() for file, text in texts.items()}, settings, notices), notices


def accepted(pair: Pair) -> list[reference.Accepted]:
    return [
        (rows.file, rows.row(place), pair.usernames.values[username], pair.classes.values[class_])
        for rows in pair.files
        for place, (username, class_) in enumerate(zip(rows.usernames, rows.classes, strict=True))
    ]


def found(notices: Notices) -> Counter[reference.Found]:
    """Every notice about a row of data, counted, but those of values that are hardly meant."""
    assert not notices.truncated
    return Counter(
        (notice.code, str(notice.file), notice.row, notice.column)
        for notice in notices.listed()
        if notice.row is not None and notice.row > reference.RESERVED_LINES and not isinstance(notice, Suspicious)
    )


@given(bodies, bodies, settings_used, separators, st.sampled_from(["\n", "\r\n", "\r"]), block_sizes)
@example("a,b\r", "\rc,d", DISTRICT, ",", "\r", 1)  # a block that would end between CR and LF
@example('"harry,Potions"\n"ron,",\n,"', '","\n"",""\n",', DISTRICT, ",", "\n", 7)
@example(' "Ron" ,\u200b"A"\ufeff,\n"\t"\t, "b"x\n', "", DISTRICT, ",", "\n", 7)
@example("version,1\nUSERNAME, class\nNULL,#N/A\n\x1a\r\n", "1.5E+3,A\nx,--\x1a", DISTRICT, ",", "\n", 7)
@example('"\u200b";"\xa0"\n"a""b";c\n"""";""', "", DISTRICT, ";", "\n", 3)
def test_should_read_every_row_as_the_reference_does(
    students: str, teachers: str, settings: Settings, separator: str, end: str, block: int
) -> None:
    texts = {STUDENTS: whole(students, separator, end), TEACHERS: whole(teachers, separator, end)}
    with blocks_of(block):
        pair, notices = read(texts, settings)
    expected = reference.read(texts, settings, separator)
    assert accepted(pair) == expected.accepted
    assert found(notices) == expected.found
    assert sum(rows.read for rows in pair.files) == expected.rows_read
    assert sum(rows.rejected for rows in pair.files) == expected.rows_rejected


@given(bodies, bodies, bodies, bodies, settings_used)
def test_should_reconcile_as_the_reference_does(
    students: str, teachers: str, old_students: str, old_teachers: str, settings: Settings
) -> None:
    published = roster_of(plan(whole(old_students).encode(), whole(old_teachers).encode(), settings))
    users = {member for group in published.groups for member in group.members}
    users |= {right.username for right in published.rights}
    classes = {group.name for group in published.groups}
    classes |= {name for right in published.rights for name in right.pending}

    texts = {STUDENTS: whole(students), TEACHERS: whole(teachers)}
    pair, notices = read(texts, settings)
    roster = reconcile(pair, notices, lambda: entries(published))
    roster = apply_settings(roster, settings, all_groups_users(settings, pair.usernames, roster, notices))
    reading = reference.read(texts, settings)
    expected = reference.reconcile(reading.accepted, users, classes)

    assert {group.name: set(group.members) for group in roster.groups} == expected.groups
    assert {right.username: (set(right.groups), set(right.pending)) for right in roster.rights} == expected.rights
    assert found(notices) == reading.found + expected.found
    made = plan(whole(students).encode(), whole(teachers).encode(), settings)
    assert made.counts == {
        "rows_read": reading.rows_read,
        "rows_rejected": reading.rows_rejected,
        "groups": len(expected.groups),
        "members": len(set().union(*expected.groups.values())),
        "memberships": sum(map(len, expected.groups.values())),
        "teachers": len(expected.rights),
    }


@given(bodies, bodies, settings_used)
def test_should_sort_by_key_and_say_nothing_twice(students: str, teachers: str, settings: Settings) -> None:
    roster = roster_of(plan(whole(students).encode(), whole(teachers).encode(), settings))
    for names in (
        [group.name for group in roster.groups],
        [right.username for right in roster.rights],
        *(group.members for group in roster.groups),
        *(names for right in roster.rights for names in (right.groups, right.pending)),
    ):
        keys = [reference.identity(name) for name in names]
        assert keys == sorted(set(keys))
    for entry in entries(roster):
        assert entry.key == reference.identity(entry.username if isinstance(entry, Right) else entry.name)
    assert all(group.members for group in roster.groups)
