"""Who may put files into one site's inbox and do nothing else. In: what is known of one. Out: an `Uploader`.

A token says by its form that it is an uploader's, so that it can be taken for no server's. Nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from roster.pair import is_site
from roster.times import read_stamp

# No site's id has this letter, with which a server's token begins.
_MARK = "uploader~"


@dataclass(frozen=True)
class Uploader:
    """One uploader of a site. Times are time stamps, "" for never: when its code was made, when it enrolled.

    `link_until` is when the address of its upload page ends; only whoever has such an address uses the page.
    """

    site: str
    uploader: str
    added_at: str = ""
    enrolled_at: str = ""
    revoked_at: str = ""
    link_until: str = ""

    @classmethod
    def from_item(cls, site: str, item: Mapping[str, Any]) -> Uploader:
        """An uploader from its item."""
        times = (item.get(name, "") for name in ("added_at", "enrolled_at", "revoked_at", "link_until"))
        return cls(site, item["uploader"], *times)

    def to_context(self) -> dict[str, str | int]:
        """What the authorizer hands on."""
        until = {"link_until": self.link_until} if self.link_until else {}
        return {"site": self.site, "uploader": self.uploader, **until}

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Uploader | None:
        """The inverse of `to_context`; None where a server asks."""
        if not context.get("uploader"):
            return None
        return cls(context["site"], context["uploader"], link_until=context.get("link_until", ""))

    def has_ended(self, at: datetime) -> bool:
        """Whether the time of its address has passed."""
        return bool(self.link_until) and read_stamp(self.link_until) <= at


class TokenName(NamedTuple):
    """Whose token one says that it is."""

    site: str
    uploader: str


def token_of_uploader(site: str, uploader: str, secret: str) -> str:
    """The token of an uploader."""
    return f"{_MARK}{site}.{uploader}.{secret}"


def read_token(token: str) -> TokenName | None:
    """Whose token this says that it is; None where it is not the form of an uploader's."""
    site, _, rest = token.removeprefix(_MARK).partition(".")
    uploader, _, secret = rest.partition(".")
    if not (token.startswith(_MARK) and is_site(site) and is_site(uploader) and secret):
        return None
    return TokenName(site, uploader)
