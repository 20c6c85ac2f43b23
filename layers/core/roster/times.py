"""Time stamps as the table, reports and messages hold them: ISO 8601 with an offset, in whole seconds."""

from __future__ import annotations

from datetime import datetime


def stamp(at: datetime) -> str:
    """An aware time as a stamp."""
    return at.isoformat(timespec="seconds")


def read_stamp(text: str) -> datetime:
    """The time of a stamp; ValueError for any other text."""
    return datetime.fromisoformat(text)
