"""What an alert says: which site, what happened, why, what to do next, and where the page is.

In: a `roster.alert.Alert`, and the address of the dashboard. Out: a `Message`, for a mail and as data. Nothing is
refused. No person, no class and no name of an unexpected file stands in it: a mail leaves the account.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from roster.alert import Alert, Kind
from roster.notices import SETTINGS
from roster.report import Report
from roster.site_head import Trouble
from roster_pages.wording import held_text, reason_text

_WHAT: dict[Kind, str] = {
    "held": "An import of {site} waits for a person",
    "failed": "The files of {site} could not be imported",
    "refused_file": "An upload of {site} cannot be read",
    "stale": "No files come from {site} any more",
    "silent": "The server {server} of {site} does not ask any more",
    "held_on_server": "A version waits for a person on the server {server} of {site}",
}
# As the end of "recovered: …".
_ENDED: dict[Trouble, str] = {
    "held": "no import of {site} waits for a person any more",
    "failed": "the files of {site} are imported again",
    "refused_file": "the uploads of {site} can be read again",
    "stale": "files come from {site} again",
    "silent": "the server {server} of {site} asks again",
    "held_on_server": "no version waits on the server {server} of {site} any more",
}
_NEXT: dict[Kind, str] = {
    "held": "roster-admin approve {site}   shows who comes and goes, and asks before it publishes\n"
    "roster-admin reject {site}    ends it; nothing is changed",
    "failed": "roster-admin report {site} {import_id}",
    "refused_file": "roster-admin report {site} {import_id}",
    "stale": "Ask the school why its nightly export does not arrive. In holidays: roster-admin pause {site}",
    "silent": "roster-agent doctor   on that server",
    "held_on_server": "roster-agent approve   on that server",
    "recovered": "Nothing has to be done.",
}
_NEXT_OF_ERASED = (
    "roster-admin erase {site}      removes what came since, and whoever uploads has to stop\n"
    "roster-admin site add {site}   makes it a site again"
)
# SNS takes no longer subject. A site's and a server's name have 63 characters each.
_SUBJECT = 100


@dataclass(frozen=True)
class Message:
    """A message in its parts; `subject` is ASCII without line breaks, at most 100 characters."""

    site: str
    kind: str
    about: tuple[str, ...]
    server: str
    subject: str
    what: str
    why: str
    next: str
    link: str

    @property
    def text(self) -> str:
        """The whole message as a mail has it."""
        page = f"Page: {self.link} (type {self.site} into its Site box)"
        return "\n\n".join(part for part in (f"{self.what}.", self.why, f"Next:\n{self.next}", page) if part) + "\n"

    def as_dict(self) -> dict[str, str | list[str]]:
        """The message as data: its parts, and the text."""
        return {**vars(self), "about": list(self.about), "text": self.text}


def message_of(alert: Alert, dashboard: str) -> Message:
    """What an alert says; `dashboard` is the address of the page that it leads to."""
    names = {
        "site": alert.site,
        "server": alert.server,
        "import_id": alert.report.import_id if alert.report else "",
    }
    if alert.kind == "recovered":
        ended = " and ".join(_ENDED[trouble].format(**names) for trouble in alert.about)
        what = ended[0].upper() + ended[1:]
        about = "recovered"
    else:
        what, about = _WHAT[alert.kind].format(**names), alert.kind.replace("_", " ")
    subject = f"{alert.site}: {about}{f' ({alert.server})' if alert.server else ''}"
    return Message(
        alert.site,
        alert.kind,
        alert.about,
        alert.server,
        subject[:_SUBJECT],
        what,
        _why(alert),
        _next(alert).format(**names),
        dashboard,
    )


def _next(alert: Alert) -> str:
    is_erased = alert.report is not None and alert.report.reason == "site_erased"
    return _NEXT_OF_ERASED if is_erased else _NEXT[alert.kind]


def _why(alert: Alert) -> str:
    match alert.kind:
        case "held":
            reasons = alert.report.held if alert.report else None
            return "\n".join(f"{reason['code']}: {held_text(reason)}" for reason in reasons or ())
        case "failed" | "refused_file":
            return _refused(alert.report) if alert.report else ""
        case "stale":
            return f"The newest came at {alert.since}: more than 48 hours ago, not counting weekends."
        case "silent":
            since = f"It asked last at {alert.since}" if alert.since else "It has never asked"
            return f"{since}. It is off, or its agent stopped, or a firewall is in its way."
        case "held_on_server":
            return "It would remove more than the server's own limits allow."
        case "recovered":
            return _ended(alert.report) if alert.report else ""


def _refused(report: Report) -> str:
    """Why an import failed, or a file was refused. Only settings.json is named: another name may be a person's."""
    shown = report if report.file == SETTINGS else replace(report, file=None)
    why = reason_text(replace(shown, reason=shown.reason or "failed"))
    meant = f" Did you mean {report.like}?" if report.like else ""
    stays = "" if shown.reason == "site_erased" else " What was published before stays in force."
    return f"{why}{meant}{stays}"


def _ended(report: Report) -> str:
    if report.file:
        return f"{report.file} can be read, and is in force."
    if report.approved_by:
        return f"The import was approved: version {report.version} is published."
    if report.console_by:
        return "Somebody took a person's console access away, so another plan takes the place of what was held."
    if report.rolled_back_to:
        return f"Somebody went back to version {report.rolled_back_to}, and the site is paused."
    return f"The newest import ended well: version {report.version} stands."
