"""The Impero servers of a site, or of several: what is published, what each has applied, and what it said of itself.

In: the servers as the data of the view `site` has them. Out: a table, and the words that the terminal shares with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from roster_pages.moments import moment
from roster_pages.page_model import Badge, Cell, Column, Several, Table, Tone, harmless
from roster_pages.view_data import ServerData
from roster_pages.wording import several

_STATES: dict[str, tuple[str, Tone]] = {
    "applied": ("has the newest version", "good"),
    "behind": ("behind", "warn"),
    "silent": ("silent", "bad"),
    "revoked": ("revoked", "quiet"),
}
_DIFFERS: tuple[str, Tone] = ("has other content under this number", "bad")

# An agent's own times are of use up to here; certificates and codes suffer long after it.
_CLOCK_SECONDS = 5 * 60
_UNITS = (("year", 365 * 24 * 3600), ("day", 24 * 3600), ("hour", 3600), ("minute", 60))

_OUTCOMES = {"nothing_new": "nothing new", "applied": "applied", "nothing_published": "nothing published"}


_COLUMNS = (
    Column("Server"),
    Column("State"),
    Column("Version", number=True),
    Column("Asked last"),
    Column("Agent"),
    Column("Last report"),
)
_NONE = "No server is enrolled: roster-admin enrol gives a code for one."


def servers_table(servers: Sequence[ServerData], at: object) -> Table:
    """All servers of a site, by name."""
    return Table("Impero servers", _COLUMNS, tuple(_row(server, at) for server in servers), _NONE)


def fleet_table(servers: Iterable[tuple[str, ServerData]], at: object) -> Table:
    """The servers of several sites, each with its site."""
    rows = tuple((harmless(site), *_row(server, at)) for site, server in servers)
    return Table("Impero servers", (Column("Site"), *_COLUMNS), rows, _NONE)


def _row(server: ServerData, at: object) -> tuple[Cell, ...]:
    applied, report = server.get("applied_version"), server.get("report") or {}
    said: list[Cell] = [f"{text}," for text in remarks(server)]
    return (
        harmless(server["server"]),
        Badge(*state(server)),
        "none" if applied is None else applied,
        moment(server.get("last_seen"), at),
        harmless(report.get("agent", "")),
        Several((*said, moment(server.get("reported_at"), at)), between=" ") if report else "",
    )


def state(server: ServerData) -> tuple[str, Tone]:
    """A server's state in words, and what its colour means."""
    if server.get("differs"):
        return _DIFFERS
    return _STATES.get(server["state"], (harmless(server["state"]), "quiet"))


def remarks(server: ServerData) -> list[str]:
    """What a server's last report says: how its last attempt ended, and what somebody should look at."""
    report = server.get("report") or {}
    if not report:
        return []
    outcome = str(report.get("outcome", ""))
    said = [_OUTCOMES.get(outcome) or harmless(outcome)]
    if report.get("held"):
        said.append("a version is held on the server until somebody approves it there")
    offset = report.get("clock_offset", 0)
    if abs(offset) > _CLOCK_SECONDS:
        said.append(f"its clock is {_long(abs(offset))} {'ahead' if offset > 0 else 'slow'}")
    return said


def _long(seconds: int) -> str:
    unit, length = next((unit, length) for unit, length in _UNITS if seconds >= length)
    return several(seconds // length, unit)
