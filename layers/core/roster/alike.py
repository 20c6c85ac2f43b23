"""Which names of a column are two and look like one, or mix alphabets so that they look like what they are not.

In: a judged table of names. Out: for each name that is alike to a plainer or an earlier one, by rank, that one.
Nothing is refused and nothing made one: identity is the folded key alone.

Two names are alike when their skeletons are equal (UTS 39, with case not counting and Weiß written Weiss). Nearly all
names are of ASCII, and all of them are compared at once; the data of Unicode is unpacked only where a name holds
something else than common Latin letters.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from functools import cache
from typing import NamedTuple

from roster.confusables import ORDINARY, confusables
from roster.names import Names

# What ASCII has: 1 I l | and 0 O; m and rn, of which the shorter one stands for both.
_ASCII = bytes.maketrans(b"01|`", b"oll'")
_OF_ASCII = bytes(range(0x80))
_UNCOMMON = re.compile(f"[^\x00-\x7f{ORDINARY}]")
_FULL_WIDTH = {0xFEE0 + point: point for point in range(0x21, 0x7F)}

# Scripts that are written together, Latin among them.
_TOGETHER = {"LATIN", "HAN", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"}


class Likeness(NamedTuple):
    """The rank of the name that a name looks like; None where it mixes alphabets and there is no other."""

    other: int | None


def look_alikes(table: Names) -> dict[int, Likeness]:
    """The names, by rank, that look like a plainer one or one seen earlier, and those that mix alphabets."""
    skeletons, uncommon = _skeletons(table.keys)
    found = {rank: Likeness(None) for rank in uncommon if table.is_accepted(rank) and is_mixed(table.spelled[rank])}
    groups: list[list[int]] = []
    if len(set(skeletons)) < len(skeletons):
        by_skeleton: defaultdict[bytes, list[int]] = defaultdict(list)
        for rank, skeleton in enumerate(skeletons):
            by_skeleton[skeleton].append(rank)
        groups += [ranks for ranks in by_skeleton.values() if len(ranks) > 1]
    groups += _with_capital_i(table.spelled, skeletons)
    groups += _with_foreign_capitals(table.spelled, skeletons, uncommon)
    if not groups:
        return found
    first_cells: dict[int, int] = {}
    grouped = {rank for ranks in groups for rank in ranks}
    for cell, rank in enumerate(table.rank):
        if rank in grouped:
            first_cells.setdefault(rank, cell)
    for ranks in groups:
        met: list[int] = []
        # The others are told to look like the plainest one, of those the one that was seen first.
        for rank in sorted(
            filter(table.is_accepted, ranks), key=lambda rank: (not table.spelled[rank].isascii(), first_cells[rank])
        ):
            value = table.spelled[rank]
            other = next((each for each in met if _is_alike(table.spelled[each], value)), None)
            if other is not None:
                found[rank] = Likeness(other)
            met.append(rank)
    return found


def _skeletons(keys: list[str]) -> tuple[list[bytes], list[int]]:
    """The skeletons of sort keys, and the places of those with characters that are not common in Latin."""
    column = "\n".join(keys).encode("latin-1")
    skeletons = _of_ascii(column).split(b"\n")
    if column.isascii():
        return skeletons, []
    if not _UNCOMMON.search(column.translate(None, _OF_ASCII).decode()):
        return skeletons, []
    foreign = {place: key.encode("latin-1").decode() for place, key in enumerate(keys) if not key.isascii()}
    for place, key in foreign.items():
        skeletons[place] = skeleton(key)
    return skeletons, [place for place, key in foreign.items() if _UNCOMMON.search(key)]


def _of_ascii(text: bytes) -> bytes:
    """The skeleton of ASCII text in lower case; more text may stand around it."""
    found = text.translate(_ASCII).replace(b"rn", b"m")
    return found.replace(b'"', b"''") if b'"' in found else found


def skeleton(value: str) -> bytes:
    """What a value looks like, as UTF-8, case aside."""
    return _of_ascii(_prototypes(value.casefold()).casefold().encode())


def _prototypes(value: str) -> str:
    """A value with each character as the one that stands for all that look like it."""
    seen = unicodedata.normalize("NFD", value.translate(_FULL_WIDTH))
    prototypes = confusables().prototypes
    while (changed := unicodedata.normalize("NFD", seen.translate(prototypes))) != seen:
        seen = changed  # the looks of a few characters hold others that look like something
    return seen


def _as_written(value: str) -> bytes:
    """The skeleton of a value by what its capitals look like: a Cyrillic Н is an H, and н is none."""
    return skeleton("".join(each if each.isascii() else _prototypes(each) for each in value))


def _with_capital_i(spelled: list[str], skeletons: list[bytes]) -> list[list[int]]:
    """Names of which one has a capital I where the other has an l: in lower case they are no longer alike."""
    if "I" not in "\n".join(spelled):
        return []
    by_skeleton: defaultdict[bytes, list[int]] = defaultdict(list)
    for rank, value in enumerate(spelled):
        if "I" in value and value.isascii():
            by_skeleton[_of_ascii(value.replace("I", "l").lower().encode())].append(rank)
    for rank, found in enumerate(skeletons):
        if found in by_skeleton and rank not in by_skeleton[found]:
            by_skeleton[found].append(rank)
    return [ranks for ranks in by_skeleton.values() if len(ranks) > 1]


def _with_foreign_capitals(spelled: list[str], skeletons: list[bytes], uncommon: list[int]) -> list[list[int]]:
    """Names of which one has capitals of another alphabet."""
    by_skeleton: defaultdict[bytes, list[int]] = defaultdict(list)
    for rank in uncommon:
        if (written := _as_written(spelled[rank])) != skeletons[rank]:
            by_skeleton[written].append(rank)
    if not by_skeleton:
        return []
    for rank, found in enumerate(skeletons):
        if found in by_skeleton:
            by_skeleton[found].append(rank)
    return [ranks for ranks in by_skeleton.values() if len(ranks) > 1]


def _is_alike(one: str, other: str) -> bool:
    """Whether two names whose skeletons are equal look alike as they are written.

    Of ASCII each place must: 10l looks like 101, and 10L does not, though case makes no difference.
    """
    if not (one.isascii() and other.isascii()):
        return True
    places = zip(_places(one), _places(other), strict=False)
    return all(a.lower() == b.lower() or seen_a == seen_b for (a, seen_a), (b, seen_b) in places)


def _places(value: str) -> list[tuple[str, str]]:
    """Each character, and what it looks like; m is two places, r and n."""
    places: list[tuple[str, str]] = []
    for character in value:
        if character in "mM":
            places += [(character, "r" if character == "m" else "M"), (character, "n" if character == "m" else "M")]
        elif character == '"':
            places += [(character, "'")] * 2
        else:
            places.append((character, _LOOKS.get(character, character)))
    return places


_LOOKS = {"1": "l", "I": "l", "|": "l", "0": "o", "O": "o", "`": "'"}


def is_mixed(value: str) -> bool:
    """Whether a word of a value mixes alphabets, or Latin stands beside letters that all look like Latin ones."""
    words = [_scripts(word) for word in re.findall(r"[^\W\d_]+", value)]
    if any(len(scripts) > 1 and not scripts <= _TOGETHER for scripts in words):
        return True
    if "LATIN" not in set().union(*words):
        return False
    others = "".join(character for character in value if not _scripts(character) <= _TOGETHER)
    return others != "" and _prototypes(others).isascii()


def _scripts(text: str) -> set[str]:
    found = {_script(character) for character in text}
    found.discard("")
    return found


@cache
def _starts() -> list[int]:
    return [first for first, _, _ in confusables().scripts]


def _script(character: str) -> str:
    """The script of a letter; empty where it has none of its own, or several."""
    point = ord(character)
    place = bisect_right(_starts(), point) - 1
    if place < 0:
        return ""
    _, last, script = confusables().scripts[place]
    return script if point <= last else ""
