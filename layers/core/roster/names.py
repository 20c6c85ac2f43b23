"""What a username or a class is: cleaned, judged once per distinct spelling, and identified by its folded key.

In: the raw cells of a pair. Out: `Names`, a table that numbers the distinct cells of one column over both files.
A roster repeats a username about seven times and a class thirty, so only the distinct cells are judged. Nothing is
refused here: a verdict only says which row error a value earns.
"""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import accumulate, chain, compress, count
from operator import ne, not_
from typing import NamedTuple

from roster.characters import INVISIBLE, WHITE_SPACE, has_control_character, one_blank
from roster.nonsense import (
    DATE_BEGINNINGS,
    UNUSUAL,
    has_stray_quotes,
    is_comment,
    is_destroyed,
    is_destroyed_class,
    looks_garbled,
    looks_like_date,
    placeholder_key,
)
from roster.notices import (
    ClassEmpty,
    ClassInvalidCharacters,
    ClassReserved,
    ClassTooLong,
    CommentLine,
    EmailShortened,
    InvisibleCharactersRemoved,
    LooksGarbled,
    LooksLikeDate,
    Notice,
    PlaceholderClass,
    QuoteUnbalanced,
    StrayQuotes,
    Suspicious,
    TextMarkRemoved,
    UsernameCollision,
    UsernameEmpty,
    UsernameInvalidCharacters,
    UsernameNotEmail,
    UsernamePlaceholder,
    UsernameTooLong,
    UsernameWildcard,
    ValueDestroyed,
    WhitespaceTrimmed,
)
from roster.quoting import unquote
from roster.settings import Settings

USERNAME_LIMIT = 254
CLASS_LIMIT = 200

# Values made of these alone need no judging, but for white space around them, and for what is not ASCII.
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-" + bytes(range(0x80, 0x100))

# Flags of a distinct cell, one byte each in `Names.flags`; zero for the ordinary value.
ERROR = 1
BLANK = 2
NOTED = 4
REREAD = 8  # not well quoted by itself, so its whole line has to be looked at
RESPELLED = 16  # its key has another spelling too
TOLD = 32  # of a line that was refused when it was read
REPEATS = 64  # a reserved row's username

# The reserved rows, each by its username: what stands beside it there.
_RESERVED_ROWS = {"version": "1", "username": "class"}

# What stands in a class column for no class, besides the placeholders of usernames.
_NO_CLASS = ("no class", "unassigned", "not assigned", "undefined", "nan", "nil")

Numbers = defaultdict[bytes, int]  # of raw cells: the bytes beside a separator, quotes included

# Numbers that every column has: of the empty cell, and of the cells of a line that is not two cells.
EMPTY = 0
REFUSED = 1


def fold(value: str) -> str:
    """The identity of a value: two spellings with one folded key are one user, or one group.

    NFC(lower(NFC(value))), so that neither case nor the way an accent is typed makes a second user. Not the full case
    folding, which makes Weiß and Weiss one.
    """
    if value.isascii():
        return value.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).lower())


class Verdict(NamedTuple):
    """What one cell is worth: the value as it is kept, what to tell people, and the row error if it earns one."""

    value: str
    error: type[Notice] | None = None
    notes: tuple[type[Notice], ...] = ()
    address: str | None = None  # folded e-mail address that a district username was cut from
    doubts: tuple[type[Suspicious], ...] = ()  # what makes it hardly meant
    repeats_beside: str | None = None  # the class beside which this username makes a reserved row again


def clean(text: str) -> tuple[str, tuple[type[Notice], ...]]:
    """A cell as it is kept: NFC, no white space around it, nothing invisible in it; and the warnings for that.

    A spreadsheet's text mark is taken off too: ="0012345" and '0012345 are 0012345.
    """
    value, notes = _visible(text)
    while (inner := _without_text_mark(value)) is not None:
        value, more = _visible(inner)
        notes = tuple(dict.fromkeys((*notes, TextMarkRemoved, *more)))
    return value, notes


def _visible(text: str) -> tuple[str, tuple[type[Notice], ...]]:
    if text.isascii():
        if text.isprintable() and text[:1] != " " and text[-1:] != " ":
            return text, ()
        value = text.strip(WHITE_SPACE)
        return value, (WhitespaceTrimmed,) if value != text else ()
    normal = unicodedata.normalize("NFC", text)
    visible = INVISIBLE.sub("", normal)
    value = visible.strip(WHITE_SPACE)
    notes: tuple[type[Notice], ...] = ()
    if value != visible:
        notes += (WhitespaceTrimmed,)
    if visible != normal:
        notes += (InvisibleCharactersRemoved,)
        value = unicodedata.normalize("NFC", value)  # what stood around the removed character may compose now
    return value, notes


def _without_text_mark(value: str) -> str | None:
    """What a spreadsheet was told to take for text, not for a number; None of a value without such a mark."""
    if value.startswith('="') and value.endswith('"') and len(value) > 2:
        inner = value[2:-1].replace('""', "\0")  # no file that is read holds a NUL
        return None if '"' in inner else inner.replace("\0", '"')
    if value[:1] == "'" and value[-1:] != "'" and (value[1] in "=+-@" or value[1].isdigit()):
        return value[1:]
    return None


def judge_username(text: str, settings: Settings) -> Verdict:
    """The verdict on a username cell; errors in the order of format.md."""
    written, notes = clean(text)
    if not written:
        return Verdict("", UsernameEmpty)
    value, address = written, None
    if settings.username == "district" and "@" in written:
        address = fold(written)
        value = written[: written.index("@")].strip(WHITE_SPACE)
        notes += (EmailShortened,)
    elif settings.username == "email" and settings.email_domain and "@" not in written:
        value = f"{written}@{settings.email_domain}"
    if error := _username_error(value, written, settings):
        return Verdict(value, error, address=address)
    doubts = tuple(_doubts(text, value, written))
    if is_comment(value):
        doubts += (CommentLine,)
    return Verdict(value, None, notes, address, doubts, _RESERVED_ROWS.get(fold(written)))


def _username_error(value: str, written: str, settings: Settings) -> type[Notice] | None:
    """The error of a username; `written` is what it was before a domain was put behind it, or cut off."""
    if not value:
        return UsernameEmpty
    if has_control_character(value):
        return UsernameInvalidCharacters
    if len(value) > USERNAME_LIMIT:
        return UsernameTooLong
    if "*" in value or value.startswith("!"):
        return UsernameWildcard
    if settings.username == "email" and not _is_address(value):
        return UsernameNotEmail
    name = written.partition("@")[0].strip(WHITE_SPACE)
    if is_destroyed(name) or is_destroyed(written):
        return ValueDestroyed
    if placeholder_key(fold(name)) in _placeholders(settings.placeholder_usernames):
        return UsernamePlaceholder
    return None


def _is_address(value: str) -> bool:
    local, at, domain = value.partition("@")
    return bool(local and at and domain) and "@" not in domain and not any(map(str.isspace, value))


def judge_class(text: str, settings: Settings) -> Verdict:
    """The verdict on a class cell; errors in the order of format.md."""
    value, notes = clean(text)
    error: type[Notice] | None = None
    if not value:
        error = ClassEmpty
    elif has_control_character(value):
        error = ClassInvalidCharacters
    elif len(value) > CLASS_LIMIT:
        error = ClassTooLong
    elif one_blank(fold(value)) in _plain_keys(settings.reserved_classes):
        error = ClassReserved
    elif is_destroyed_class(value):
        error = ValueDestroyed
    if error:
        return Verdict(value, error)
    doubts = tuple(_doubts(text, value, value))
    if placeholder_key(fold(value)) in _placeholders(settings.placeholder_usernames) | _placeholders(_NO_CLASS):
        doubts += (PlaceholderClass,)
    return Verdict(value, None, notes, doubts=doubts)


def _doubts(text: str, value: str, written: str) -> Iterator[type[Suspicious]]:
    """What makes it hardly meant that a cell of this text has this value."""
    if looks_like_date(value) or looks_like_date(written):
        yield LooksLikeDate
    if looks_garbled(text):
        yield LooksGarbled
    if has_stray_quotes(value):
        yield StrayQuotes


@cache
def _plain_keys(values: tuple[str, ...]) -> frozenset[str]:
    """The folded keys of values, inner white space made one blank."""
    return frozenset(one_blank(fold(value)) for value in values)


@cache
def _placeholders(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(placeholder_key(fold(value)) for value in values)


def username_names(settings: Settings) -> Names:
    """The table of a pair's usernames."""
    special = {*_placeholders(settings.placeholder_usernames), *_RESERVED_ROWS}
    return Names(judge_username, settings, _PLAIN if settings.username == "district" else b"", special)


def class_names(settings: Settings) -> Names:
    """The table of a pair's classes."""
    placeholders = _placeholders(settings.placeholder_usernames) | _placeholders(_NO_CLASS)
    return Names(judge_class, settings, _PLAIN + b" ", {*_plain_keys(settings.reserved_classes), *placeholders})


class Names:
    """The distinct cells of one column over a pair, numbered from 0 in the order they are first seen.

    While files are read, `numbers` gives a raw cell its number. Then `judge` fills what is known of cell n:
    `values[n]` as kept, `flags[n]`, and `rank[n]`, which sorts as the folded keys do. Cells with one rank are one user,
    or one class; `spelled[rank]` is a spelling of it.
    """

    def __init__(
        self,
        judge_cell: Callable[[str, Settings], Verdict],
        settings: Settings,
        ordinary: bytes,
        special: Iterable[str],
    ) -> None:
        """`judge_cell` is asked about every cell but those of `ordinary` bytes whose folded key is not `special`."""
        self._judge_cell = judge_cell
        self._settings = settings
        self._ordinary = ordinary
        self._special = sorted(map(_sort_key, special))
        # No cell holds a CR, which ends a line.
        self.numbers: Numbers = defaultdict(count(2).__next__, {b"": EMPTY, b"\r": REFUSED})
        self.values: list[str] = []
        self.flags = bytearray()
        self.rank = array("I")
        self.spelled: list[str] = []
        self.errors: dict[int, type[Notice]] = {}
        self.notes: dict[int, tuple[type[Notice], ...]] = {}
        self._addresses: dict[str, set[str]] = {}
        self.doubts: dict[int, tuple[type[Suspicious], ...]] = {}
        self.repeats_beside: dict[int, str] = {}
        self.judged: set[int] = set()
        self.keys: list[str] = []
        self._refused: set[int] = set()

    def judge(self) -> None:
        """Judge every distinct cell, once all are known; the cells themselves are forgotten."""
        cells = list(self.numbers)
        self.numbers.clear()
        # Whole-column operations: a call for each cell would take most of the time.
        column = b"\n".join(cells)
        if b'"' in column:
            cells = list(map(_bare, cells))
            column = b"\n".join(cells)
        self.values = column.decode().split("\n")
        # Right for the ordinary ones; the others get their keys when they are judged.
        keys = column.lower().decode("latin-1").split("\n")
        judged = {EMPTY, *compress(count(), column.translate(None, self._ordinary).split(b"\n"))}
        if max(map(len, cells)) > CLASS_LIMIT:
            judged.update(number for number, cell in enumerate(cells) if len(cell) > CLASS_LIMIT)
        if b" " in self._ordinary:
            judged.update(number for number, cell in enumerate(cells) if cell.strip(b" ") != cell)
            if b"  " in column:  # Impero's own groups are known with any white space between their words
                judged.update(number for number, cell in enumerate(cells) if b"  " in cell)
        if not column.isascii():
            judged.update(self._foreign(keys))
        del cells, column
        self.flags = bytearray(len(keys))
        addresses: dict[int, str] = {}
        for number in judged:
            self._judge(number, keys, addresses)
        order = sorted(range(len(keys)), key=keys.__getitem__)
        late = set(self._special_ones(order, keys)) - judged
        for number in late:  # of ordinary bytes, so that their keys are right
            self._judge(number, keys, addresses)
        self.judged = judged | late
        self.flags[REFUSED] = ERROR | TOLD
        self._refuse_collisions(addresses, keys)
        self._rank(order, keys)

    def _judge(self, number: int, keys: list[str], addresses: dict[int, str]) -> None:
        text = unquote(self.values[number])
        verdict = Verdict("", QuoteUnbalanced) if text is None else self._judge_cell(text, self._settings)
        self.values[number] = verdict.value
        keys[number] = _sort_key(verdict.value)
        if verdict.error:
            self.errors[number] = verdict.error
            self.flags[number] = ERROR
        elif verdict.notes:
            self.notes[number] = verdict.notes
            self.flags[number] = NOTED
        if verdict.doubts:
            self.doubts[number] = verdict.doubts
        if verdict.repeats_beside:
            self.repeats_beside[number] = verdict.repeats_beside
            self.flags[number] |= REPEATS
        if verdict.address and not verdict.error:
            addresses[number] = verdict.address
        if text is None:
            self.flags[number] |= REREAD
        elif not verdict.value and not verdict.address:
            self.flags[number] |= BLANK

    def _foreign(self, keys: list[str]) -> Iterator[int]:
        """Give the cells that are not ASCII their keys; those of them that have to be judged."""
        values = self.values
        foreign = [number for number, value in enumerate(values) if not value.isascii()]
        for number in foreign:
            keys[number] = _sort_key(values[number])
        text = " ".join([values[number] for number in foreign])
        if text.isprintable() and unicodedata.is_normalized("NFC", text) and not UNUSUAL.search(text):
            return
        for number in foreign:
            value = values[number]
            if not value.isprintable() or not unicodedata.is_normalized("NFC", value) or UNUSUAL.search(value):
                yield number

    def _special_ones(self, order: list[int], keys: list[str]) -> Iterator[int]:
        """The cells that have to be judged though they are of ordinary bytes, found by what they begin with."""
        key = keys.__getitem__
        for special in self._special:
            yield from order[bisect_left(order, special, key=key) : bisect_right(order, special, key=key)]
        for beginning, end in _BEGINNINGS:
            for number in order[bisect_left(order, beginning, key=key) : bisect_left(order, end, key=key)]:
                value = self.values[number]
                if not value.isdecimal() and (looks_like_date(value) or is_destroyed(value) or value[0] == "-"):
                    yield number

    def marked(self) -> set[int]:
        """The cells that are not quite ordinary."""
        return set(compress(count(), self.flags))

    def key(self, rank: int) -> str:
        """The folded key of a rank."""
        return fold(self.spelled[rank])

    def is_accepted(self, rank: int) -> bool:
        """Whether any cell of a rank may stand in a row that counts."""
        return rank not in self._refused

    def has(self, value: str) -> bool:
        """Whether a value is a name of this column; asked before `forget`."""
        key = _sort_key(value)
        rank = bisect_left(self.keys, key)
        return rank < len(self.keys) and self.keys[rank] == key and self.is_accepted(rank)

    def has_others(self, number: int) -> bool:
        """Whether there are more than so many names in this column."""
        return len(self.keys) - len(self._refused) > number

    def addresses_of(self, key: str) -> set[str]:
        """The e-mail addresses, folded, that became the username of a folded key."""
        return self._addresses.get(_sort_key(key), set())

    def forget(self) -> None:
        """Give free what only judging needs."""
        self.keys, self.judged = [], set()
        self.doubts.clear()

    def ranks(self, column: Iterable[int]) -> set[int]:
        """The ranks of the cells in a column."""
        return {self.rank[cell] for cell in set(column)}

    def _refuse_collisions(self, addresses: dict[int, str], keys: list[str]) -> None:
        """Two different addresses that become one username: every cell that holds one of them earns the error."""
        of_key: defaultdict[str, set[str]] = defaultdict(set)
        for number, address in addresses.items():
            of_key[keys[number]].add(address)
        self._addresses = of_key
        for number in addresses:
            if len(of_key[keys[number]]) > 1:
                self.errors[number] = UsernameCollision
                self.flags[number] = ERROR

    def _rank(self, order: list[int], keys: list[str]) -> None:
        """Rank the cells by key, and mark those whose key has other spellings too."""
        # Whole-column operations again: nearly every key is another one than the key before.
        ordered = list(map(keys.__getitem__, order))
        is_first = list(map(ne, ordered, chain((None,), ordered)))
        self.rank = ranks = array("I", bytes(4 * len(keys)))
        places = accumulate(is_first, initial=-1)
        next(places)
        deque(map(ranks.__setitem__, order, places), maxlen=0)
        first_cells = list(compress(order, is_first))
        shared: defaultdict[int, list[int]] = defaultdict(list)
        for number in compress(order, map(not_, is_first)):
            shared[ranks[number]].append(number)
        self.keys = list(compress(ordered, is_first))
        self.spelled = [self.values[number] for number in first_cells]
        self._refused = {ranks[number] for number in self.errors}
        for rank, others in shared.items():
            accepted = [number for number in (first_cells[rank], *others) if not self.flags[number] & ERROR]
            spellings = {self.values[number] for number in accepted}
            if spellings:
                self.spelled[rank] = self.values[accepted[0]]
                self._refused.discard(rank)
            if len(spellings) > 1:
                for number in accepted:
                    self.flags[number] |= RESPELLED


def _sort_key(value: str) -> str:
    """The folded key in a form that sorts the same: a character for each byte, as strings of those compare faster."""
    return fold(value).encode().decode("latin-1")


# Of sort keys: where those begin, and end, that may be a date, a number in scientific form, or dashes alone.
_BEGINNINGS = [("-", "."), ("0", ":")]
_BEGINNINGS += [(_sort_key(name), _sort_key(name) + "\xff") for name in DATE_BEGINNINGS]


def _bare(cell: bytes) -> bytes:
    """A quoted cell without its quotes, where it is not empty and no other quote stands in it."""
    return cell[1:-1] if cell[:1] == b'"' == cell[-1:] and cell.count(b'"') == 2 < len(cell) else cell
