"""What a username or a class is: cleaned, judged once per distinct spelling, and identified by its folded key.

In: the raw cells of a pair. Out: `Names`, a table that numbers the distinct cells of one column over both files.
A roster repeats a username about seven times and a class thirty, so only the distinct cells are judged. Nothing is
refused here: a verdict only says which row error a value earns.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from itertools import compress, count
from typing import NamedTuple

from roster.notices import (
    ClassEmpty,
    ClassInvalidCharacters,
    ClassReserved,
    ClassTooLong,
    EmailShortened,
    InvisibleCharactersRemoved,
    Notice,
    QuoteUnbalanced,
    UsernameCollision,
    UsernameEmpty,
    UsernameInvalidCharacters,
    UsernameNotEmail,
    UsernameTooLong,
    UsernameWildcard,
    WhitespaceTrimmed,
)
from roster.quoting import unquote
from roster.settings import Settings

USERNAME_LIMIT = 254
CLASS_LIMIT = 200

# Unicode's White_Space property. str.strip() would also take U+001C to U+001F, which are control characters.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

# Characters that take no room on the screen, so that two names that look the same would be two users.
_INVISIBLE_RANGES = [(0xAD, 0xAD), (0x61C, 0x61C), (0x180E, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E)]
_INVISIBLE_RANGES += [(0x2060, 0x206F), (0xFEFF, 0xFEFF)]
_REMOVE_INVISIBLE = {point: None for first, last in _INVISIBLE_RANGES for point in range(first, last + 1)}

# Values made of these alone need no judging, but for white space around them, and for what is not ASCII.
_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-" + bytes(range(0x80, 0x100))

# Flags of a distinct cell, one byte each in `Names.flags`; zero for the ordinary value.
ERROR = 1
BLANK = 2
NOTED = 4
REREAD = 8  # not well quoted by itself, so its whole line has to be looked at
RESPELLED = 16  # its key has another spelling too
TOLD = 32  # of a line that was refused when it was read

Numbers = defaultdict[bytes, int]  # of raw cells: the bytes beside a separator, quotes included

# Numbers that every column has: of the empty cell, and of the cells of a line that is not two cells.
EMPTY = 0
REFUSED = 1


def fold(value: str) -> str:
    """The identity of a value: two spellings with one folded key are one user, or one group.

    NFC(casefold(NFC(value))), so that neither case nor the way an accent is typed makes a second user.
    """
    if value.isascii():
        return value.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())


class Verdict(NamedTuple):
    """What one cell is worth: the value as it is kept, what to tell people, and the row error if it earns one."""

    value: str
    error: type[Notice] | None = None
    notes: tuple[type[Notice], ...] = ()
    address: str | None = None  # folded e-mail address that a district username was cut from


def clean(text: str) -> tuple[str, tuple[type[Notice], ...]]:
    """A cell as it is kept: NFC, no white space around it, nothing invisible in it; and the warnings for that."""
    if text.isprintable() and text[:1] != " " and text[-1:] != " " and unicodedata.is_normalized("NFC", text):
        return text, ()
    normal = unicodedata.normalize("NFC", text)
    visible = normal.translate(_REMOVE_INVISIBLE)
    value = visible.strip(WHITE_SPACE)
    notes: tuple[type[Notice], ...] = ()
    if value != visible:
        notes += (WhitespaceTrimmed,)
    if visible != normal:
        notes += (InvisibleCharactersRemoved,)
        value = unicodedata.normalize("NFC", value)  # what stood around the removed character may compose now
    return value, notes


def judge_username(text: str, settings: Settings) -> Verdict:
    """The verdict on a username cell; errors in the order of format.md."""
    value, notes = clean(text)
    if not value:
        return Verdict("", UsernameEmpty)
    address = None
    if settings.username == "district" and "@" in value:
        address = fold(value)
        value = value[: value.index("@")].strip(WHITE_SPACE)
        notes += (EmailShortened,)
    elif settings.username == "email" and settings.email_domain and "@" not in value:
        value = f"{value}@{settings.email_domain}"
    error = _username_error(value, settings)
    return Verdict(value, error, () if error else notes, address)


def _username_error(value: str, settings: Settings) -> type[Notice] | None:
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
    elif fold(value) in _reserved_keys(settings.reserved_classes):
        error = ClassReserved
    return Verdict(value, error, () if error else notes)


@cache
def _reserved_keys(classes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, classes))


def has_control_character(value: str) -> bool:
    """Whether any character is of Unicode's category Cc."""
    return not value.isprintable() and any(unicodedata.category(character) == "Cc" for character in value)


def username_names(settings: Settings) -> Names:
    """The table of a pair's usernames."""
    return Names(judge_username, settings, _PLAIN if settings.username == "district" else b"", frozenset())


def class_names(settings: Settings) -> Names:
    """The table of a pair's classes."""
    reserved = frozenset(map(_sort_key, settings.reserved_classes))
    return Names(judge_class, settings, _PLAIN + b" ", reserved)


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
        reserved: frozenset[str],
    ) -> None:
        """`judge_cell` is asked about every cell but those of `ordinary` bytes whose sort key is not `reserved`."""
        self._judge_cell = judge_cell
        self._settings = settings
        self._ordinary = ordinary
        self._reserved = reserved
        # No cell holds a CR, which ends a line.
        self.numbers: Numbers = defaultdict(count(2).__next__, {b"": EMPTY, b"\r": REFUSED})
        self.values: list[str] = []
        self.flags = bytearray()
        self.rank = array("I")
        self.spelled: list[str] = []
        self.errors: dict[int, type[Notice]] = {}
        self.notes: dict[int, tuple[type[Notice], ...]] = {}

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
        if not column.isascii():
            for number, value in enumerate(self.values):
                if not value.isascii():
                    keys[number] = _sort_key(value)
                    if not value.isprintable() or not unicodedata.is_normalized("NFC", value):
                        judged.add(number)
        if self._reserved:
            judged.update(number for number, key in enumerate(keys) if key in self._reserved)
        del cells, column
        self.flags = bytearray(len(keys))
        addresses: dict[int, str] = {}
        for number in judged:
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
            if verdict.address and not verdict.error:
                addresses[number] = verdict.address
            if text is None:
                self.flags[number] |= REREAD
            elif not verdict.value and not verdict.address:
                self.flags[number] |= BLANK
        self.flags[REFUSED] = ERROR | TOLD
        self._refuse_collisions(addresses, keys)
        self._rank(keys)

    def marked(self) -> set[int]:
        """The cells that are not quite ordinary."""
        return set(compress(count(), self.flags))

    def key(self, rank: int) -> str:
        """The folded key of a rank."""
        return fold(self.spelled[rank])

    def ranks(self, column: Iterable[int]) -> set[int]:
        """The ranks of the cells in a column."""
        return {self.rank[cell] for cell in set(column)}

    def _refuse_collisions(self, addresses: dict[int, str], keys: list[str]) -> None:
        """Two different addresses that become one username: every cell that holds one of them earns the error."""
        of_key: defaultdict[str, set[str]] = defaultdict(set)
        for number, address in addresses.items():
            of_key[keys[number]].add(address)
        for number in addresses:
            if len(of_key[keys[number]]) > 1:
                self.errors[number] = UsernameCollision
                self.flags[number] = ERROR

    def _rank(self, keys: list[str]) -> None:
        """Rank the cells by key, and mark those whose key has other spellings too."""
        self.rank = ranks = array("I", bytes(4 * len(keys)))
        first_cells: list[int] = []
        shared: defaultdict[int, list[int]] = defaultdict(list)
        last = None
        for number in sorted(range(len(keys)), key=keys.__getitem__):
            if keys[number] == last:
                shared[len(first_cells) - 1].append(number)
            else:
                last = keys[number]
                first_cells.append(number)
            ranks[number] = len(first_cells) - 1
        self.spelled = [self.values[number] for number in first_cells]
        for rank, others in shared.items():
            accepted = [number for number in (first_cells[rank], *others) if not self.flags[number] & ERROR]
            spellings = {self.values[number] for number in accepted}
            if spellings:
                self.spelled[rank] = self.values[accepted[0]]
            if len(spellings) > 1:
                for number in accepted:
                    self.flags[number] |= RESPELLED


def _sort_key(value: str) -> str:
    """The folded key in a form that sorts the same: a character for each byte, as strings of those compare faster."""
    return fold(value).encode().decode("latin-1")


def _bare(cell: bytes) -> bytes:
    """A quoted cell without its quotes, where it is not empty and no other quote stands in it."""
    return cell[1:-1] if cell[:1] == b'"' == cell[-1:] and cell.count(b'"') == 2 < len(cell) else cell
