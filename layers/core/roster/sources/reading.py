"""What the readers of all products share: telling what is wrong, dates with their notice, and choices of the settings.

In: values of records. Out: the same, understood. Nothing is refused: a date that cannot be read is told, and is none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from roster.names import fold
from roster.notices import DateUnreadable
from roster.settings import Settings
from roster.sources.dates import Calendar, Span, read_date
from roster.sources.tables import Tell, column_key


@dataclass(frozen=True)
class Reading:
    """How an export is read: by which settings, as of which day, and where findings go."""

    settings: Settings
    calendar: Calendar
    tell: Tell

    def span(self, file: str, row: int, starts: str, ends: str) -> Span:
        """The span of two dates of a record."""
        return Span(self._date(file, row, starts), self._date(file, row, ends))

    def _date(self, file: str, row: int, text: str) -> str:
        try:
            return read_date(text) if text else ""
        except ValueError:
            self.tell(DateUnreadable(file, row))
            return ""


def username_of(username_from: str, value: str) -> str:
    """The username that a value of a record makes, by the setting `username_from`."""
    return value.partition("@")[0] if username_from == "email_local" else value


def person_key(role: str, id_: str) -> str:
    """The key of a person where students and teachers have ids of their own, which may be equal."""
    return f"{role} {id_.strip()}"


def is_wanted_school(wanted: Collection[str], id_: str, name: str) -> bool:
    """Whether a school is one of those that the settings name, by id or by name; all are, where they name none."""
    return not wanted or id_ in wanted or fold(name) in {fold(each) for each in wanted}


def means_no(text: str) -> bool:
    """Whether a status says that a record counts no longer."""
    return column_key(text) in ("tobedeleted", "inactive", "deleted", "disabled", "false", "no", "0")
