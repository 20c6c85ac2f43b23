"""What a page is asked with, and which part of a long list it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

Asked = dict[str, Any]
Data = dict[str, Any]
Item = TypeVar("Item")


# Longer than any name or id, and short enough to stand on a page several times.
_LONGEST_TEXT = 1000


def text_of(asked: Asked, name: str) -> str:
    """A text that was asked with; "" when there is none, or something else in its place."""
    value = asked.get(name, "")
    return encodable(value)[:_LONGEST_TEXT] if isinstance(value, str) else ""


def encodable(text: str) -> str:
    """A text that can be looked for: JSON can hold half a character, which no UTF-8 can."""
    return text.encode(errors="replace").decode()


def page_of(items: Sequence[Item], asked: Asked, size: int) -> tuple[int, int, list[Item]]:
    """The page that is asked for, or the nearest there is; how many there are; and what stands on it."""
    pages = max(1, -(-len(items) // size))
    wanted = asked.get("page", 1)
    number = min(max(wanted, 1), pages) if isinstance(wanted, int) else 1
    return number, pages, list(items[(number - 1) * size : number * size])
