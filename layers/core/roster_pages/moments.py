"""Times and sizes as people read them. In: ISO texts and numbers as reports have them. Out: texts; times are in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from roster_pages.page_model import Moment, harmless, number

_DAY = 24 * 60 * 60
# Not those of the machine's language: the sentence is English.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_IMPORT_ID = re.compile(r"(\d{8}T\d{6})Z-")


def moment(iso: object, at: object) -> Moment | str:
    """A time, with how long before `at` it is; the text itself when it is none."""
    when, now = _read(iso), _read(at)
    if when is None:
        return harmless(iso or "never")
    age = _age((now - when).total_seconds()) if now else ""
    return Moment(f"{when:%Y-%m-%d %H:%M}", age, when.isoformat(timespec="seconds"))


def is_over(iso: object, at: object) -> bool:
    """Whether a time was before `at`; False when either is none."""
    when, now = _read(iso), _read(at)
    return when is not None and now is not None and when < now


def time_of(import_id: object) -> str:
    """The ISO time that an import's id begins with; "" when it has none."""
    found = _IMPORT_ID.match(str(import_id))
    try:
        return datetime.strptime(f"{found[1]}+0000", "%Y%m%dT%H%M%S%z").isoformat() if found else ""
    except ValueError:
        return ""


def as_of(at: object) -> str:
    """The foot of a page: when this was so."""
    when = _read(at)
    return f"As of {when:%Y-%m-%d %H:%M:%S}. Times are UTC." if when else "Times are UTC."


def short(iso: object) -> str:
    """A time without its age."""
    when = _read(iso)
    return f"{when:%Y-%m-%d %H:%M}" if when else harmless(iso or "")


def day(iso: object) -> str:
    """The day of a time, as a sentence has it: 9 Dec."""
    when = _read(iso)
    return f"{when.day} {_MONTHS[when.month - 1]}" if when else harmless(iso or "")


def duration(milliseconds: float) -> str:
    """How long something took."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def phases_text(milliseconds: Mapping[str, float]) -> str:
    """How long each part of an import took."""
    phases = ", ".join(f"{harmless(phase)} {duration(spent)}" for phase, spent in milliseconds.items())
    return f"{duration(sum(milliseconds.values()))}: {phases}"


def size(count: float) -> str:
    """How large a file is."""
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _read(iso: object) -> datetime | None:
    try:
        when = datetime.fromisoformat(iso) if isinstance(iso, str) else None
    except ValueError:
        return None
    if when is None:
        return None
    try:
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None


def _age(seconds: float) -> str:
    if seconds < -60:
        return f"in {_long(-seconds)}"
    return "just now" if seconds < 60 else f"{_long(seconds)} ago"


def _long(seconds: float) -> str:
    for unit, length, until in (("minute", 60, 3600), ("hour", 3600, 2 * _DAY), ("day", _DAY, 60 * _DAY)):
        if seconds < until:
            many = int(seconds // length)
            return f"{many} {unit}" if many == 1 else f"{many} {unit}s"
    months = int(seconds // (30.44 * _DAY))
    return f"{number(months)} months" if months < 24 else f"{number(months // 12)} years"
