"""Which event of a site is told to people, and not told again: one alert for each event, and one for its end.

In: a site's head and the report of an import, a look at a server, an event of the hourly watch. Out: the alerts that
are due, and what people have been told of after them. Nothing is refused, and an alert names no person and no class.

What was told is remembered where the next look finds it, so the end of something is told only if its beginning was:
`Head.told` and `Head.refused` for imports, `Head.stale_since` for stale sites, the servers' own list for servers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from roster.notices import SETTINGS
from roster.report import SUCCEEDED, Report
from roster.servers import Server
from roster.site_head import Head, Trouble
from roster.times import read_stamp
from roster.watch import SILENT_AFTER

Kind = Literal[Trouble, "recovered"]

#: Every kind of alert, in the order in which the page about them has them.
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Alert:
    """Something that somebody should know of a site.

    `about` are the troubles that are meant: of `recovered` those that have ended, of any other kind itself.
    `server` is set where it is about one server, `report` where it is about an import or a file. `since` is a time
    stamp: of the newest files of a stale site, of the last question of a silent server.
    """

    site: str
    kind: Kind
    about: tuple[Trouble, ...]
    server: str = ""
    report: Report | None = None
    since: str = ""


class Told(NamedTuple):
    """The alerts that are due, and the troubles that people have been told of, once they are out."""

    alerts: list[Alert]
    told: tuple[Trouble, ...]


def of_import(head: Head, report: Report) -> Told:
    """What an import that has ended makes due. `head` is the site's, from before the import is marked as told.

    A held import takes the place of a failed one: its files could be read, so the failure has ended, and nobody has to
    be told of that beside the hold. A failed one leaves what is held as it is.
    """
    told = tuple(head.told)
    if report.status == "held":
        return Told([_begun(report, "held")], _with(_without(told, ("failed",)), "held"))
    if report.status == "failed":
        return Told([_begun(report, "failed")], _with(told, "failed"))
    if report.status not in SUCCEEDED:
        return Told([], told)
    # An order is about what is held, and says nothing of the files.
    may_end: tuple[Trouble, ...] = ("held", "failed", "refused_file") if report.pair else ("held",)
    known = _with(told, "refused_file") if head.refused else told
    ended = tuple(trouble for trouble in known if trouble in may_end)
    alerts = [Alert(report.site, "recovered", ended, report=report)] if ended else []
    return Told(alerts, _without(told, ended))


def of_ended_hold(head: Head) -> Told | None:
    """What is due when a held import was rejected, which is no import's doing; None where nothing is."""
    if "held" not in head.told or head.held or head.open_import:
        return None
    return Told([Alert(head.site, "recovered", ("held",))], _without(head.told, ("held",)))


def of_refused_file(report: Report) -> Alert:
    """The alert of an upload that no import can read, by the report of its refusal."""
    return _begun(report, "refused_file")


def of_good_settings(site: str) -> Alert:
    """The alert that settings.json can be read again."""
    return Alert(site, "recovered", ("refused_file",), report=Report(site, "", "ok", file=SETTINGS))


def of_watch(event: Mapping[str, Any]) -> Alert:
    """The alert of what the hourly watch tells of a site: that it has become stale, or is so no longer."""
    if event["message"] == "site_stale":
        return Alert(event["site"], "stale", ("stale",), since=event["files_at"])
    return Alert(event["site"], "recovered", ("stale",), since=event["stale_since"])


def of_server(server: Server, enrolled_at: str, told: Collection[str], now: datetime) -> Told:
    """What is due of one server; `told` are the troubles that people have been told of it.

    One that was enrolled and never asked is silent a day after it was enrolled.
    """
    if server.revoked_at:
        return Told([], ())
    heard = server.last_seen or (read_stamp(enrolled_at) if enrolled_at else None)
    is_so: dict[Trouble, bool] = {
        "silent": heard is None or now - heard > SILENT_AFTER,
        "held_on_server": bool(server.report.get("held")),
    }
    since = heard.isoformat() if heard else ""
    alerts: list[Alert] = []
    for trouble, begun in is_so.items():
        if begun and trouble not in told:
            alerts.append(Alert(server.site, trouble, (trouble,), server.server, since=since))
        elif not begun and trouble in told:
            alerts.append(Alert(server.site, "recovered", (trouble,), server.server, since=since))
    return Told(alerts, tuple(trouble for trouble, begun in is_so.items() if begun))


def _begun(report: Report, trouble: Trouble) -> Alert:
    return Alert(report.site, trouble, (trouble,), report=report)


def _with(told: Sequence[Trouble], trouble: Trouble) -> tuple[Trouble, ...]:
    return (*told, trouble) if trouble not in told else tuple(told)


def _without(told: Sequence[Trouble], ended: Collection[str]) -> tuple[Trouble, ...]:
    return tuple(trouble for trouble in told if trouble not in ended)
