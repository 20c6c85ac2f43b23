"""Who is told of a site: an e-mail address, an HTTPS endpoint, or a channel of Microsoft Teams.

In: what a person asks for. Out: a `Contact`, and the sites that a subscription is for. Refused, with `BadContact`: what
is no address of its kind. A contact's own name is in no log; `str` shows as much of it as tells it from others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

Protocol = Literal["email", "https", "teams"]

#: SNS takes no filter with more values.
MOST_SITES = 150

_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
_LONGEST = 2000

# Where Power Automate takes the requests of a workflow, also in its clouds for governments. The connectors of Office
# 365 (*.webhook.office.com) are retired and not taken.
_TEAMS_HOSTS = (
    *(".logic.azure.com", ".api.powerplatform.com", ".logic.azure.us", ".api.gov.powerplatform.microsoft.us"),
    ".api.high.powerplatform.microsoft.us",
)


class BadContact(ValueError):
    """It is no address of this kind; the text says what one looks like."""


@dataclass(frozen=True)
class Contact:
    """One way to tell somebody of a site."""

    protocol: Protocol
    endpoint: str


def contact_of(asked: Any) -> Contact:
    """The contact that a request names: {"mail": …}, {"https": …} or {"teams": …}. BadContact for any other."""
    known = {"mail": _mail, "https": _https, "teams": _teams}
    named = [name for name in known if isinstance(asked, dict) and name in asked]
    if len(named) != 1:
        raise BadContact("name one of mail, https and teams")
    value = asked[named[0]]
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isascii() or not value.isprintable():
        raise BadContact(f"{named[0]}: a text of plain letters")
    return known[named[0]](value.strip())


def _mail(value: str) -> Contact:
    if not _MAIL.fullmatch(value):
        raise BadContact("mail: an address such as it@hogwarts.example")
    return Contact("email", value)


def _https(value: str) -> Contact:
    url = urlsplit(value)
    if url.scheme != "https" or not url.hostname or url.username or " " in value:
        raise BadContact("https: an address that begins with https://")
    if url.hostname.endswith((*_TEAMS_HOSTS, ".webhook.office.com")):
        raise BadContact("this is a webhook of Teams, which cannot confirm a subscription: use --teams-webhook")
    return Contact("https", value)


def _teams(value: str) -> Contact:
    url = urlsplit(value)
    if url.hostname and url.hostname.endswith(".webhook.office.com"):
        raise BadContact(
            "Microsoft has retired the connectors of Office 365: make a workflow in the channel instead "
            "(Workflows, 'Post to a channel when a webhook request is received')"
        )
    if url.scheme != "https" or not url.hostname or not url.hostname.endswith(_TEAMS_HOSTS) or " " in value:
        raise BadContact("teams: the address that a workflow of Teams shows, such as https://….api.powerplatform.com/…")
    return Contact("teams", value)


def filter_policy(sites: Iterable[str]) -> str:
    """The filter of a subscription that gets the alerts of these sites."""
    return json.dumps({"site": sorted(set(sites))})


def sites_of(policy: str | None) -> list[str] | None:
    """The sites that a subscription's filter lets through; None where it is not one of ours, or lets all through."""
    try:
        said = json.loads(policy or "")
    except ValueError:
        return None
    sites = said.get("site") if isinstance(said, dict) and said.keys() == {"site"} else None
    is_ours = isinstance(sites, list) and all(isinstance(site, str) for site in sites)
    return sites if is_ours else None
