"""Kinds of characters that a roster's values are cleaned of, by their properties in Unicode 17.0."""

from __future__ import annotations

import re
import unicodedata

# White_Space. str.strip() would also take U+001C to U+001F, which are control characters.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

# Default_Ignorable_Code_Point: they take no room on the screen, so that two users would have names that look the same.
_RANGES = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
INVISIBLE_RANGES = "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES)  # for a regular expression

INVISIBLE = re.compile(f"[{INVISIBLE_RANGES}]")

# What does not count before an opening quote and behind a closing one.
PADDING = re.compile(f"[{WHITE_SPACE}{INVISIBLE_RANGES}]*")
PADDING_BUT_TAB = re.compile(f"[{WHITE_SPACE.replace(chr(9), '')}{INVISIBLE_RANGES}]*")

_BLANKS = re.compile(f"[{WHITE_SPACE}]+")


def one_blank(value: str) -> str:
    """A value with each stretch of white space in it made one plain blank."""
    return _BLANKS.sub(" ", value)


def has_control_character(value: str) -> bool:
    """Whether any character is of Unicode's category Cc, or one of the two that end a line or a paragraph."""
    return not value.isprintable() and any(unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in value)
