"""What a page is asked with, and which part of a long list it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

Asked = dict[str, Any]
Data = dict[str, Any]
Item = TypeVar("Item")


def text_of(asked: Asked, name: str) -> str:
    """A text that was asked with; "" when there is none, or something else in its place."""
    value = asked.get(name, "")
    return value if isinstance(value, str) else ""


def page_of(items: Sequence[Item], asked: Asked, size: int) -> tuple[int, int, list[Item]]:
    """The page that is asked for, or the nearest there is; how many there are; and what stands on it."""
    pages = max(1, -(-len(items) // size))
    wanted = asked.get("page", 1)
    number = min(max(wanted, 1), pages) if isinstance(wanted, int) else 1
    return number, pages, list(items[(number - 1) * size : number * size])
