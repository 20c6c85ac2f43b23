"""What people ask about the uploaders of a site: `uploader-add`, `uploader-link`, `uploader-revoke`, and `uploaders`.

The part of `manage_site` that is about uploaders; `admin` says how it is asked, and who hears of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from roster.pair import is_site
from roster.times import stamp
from roster_aws.intake.upload_items import Uploaders, UploadRecords
from roster_aws.views import Json, Refused, Views, life_of

_CODE_LIFE = timedelta(days=1)
_LINK_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class UploaderAdmin:
    """Carries it out. `clock` gives the time in UTC."""

    uploaders: Uploaders
    records: UploadRecords
    views: Views
    clock: Callable[[], datetime]

    @property
    def reading(self) -> dict[str, Callable[[str, Json], Json]]:
        """The questions by name; each takes the site and the request."""
        return {"uploaders": self._list}

    @property
    def changing(self) -> dict[str, Callable[[str, Json, str], Json]]:
        """The changes by name; each takes the site, the request and its id."""
        return {"uploader-add": self._add, "uploader-link": self._link, "uploader-revoke": self._revoke}

    def revoke_again(self, site: str) -> list[str]:
        """Revoke whom a restored table does not know as revoked; their names."""
        return self.uploaders.revoke_again(site, self.views.results.revoked(site, "uploader"))

    def _list(self, site: str, asked: Json) -> Json:
        last = self.records.last_of_each(site)
        listed = [asdict(each) | {"asked_at": last.get(each.uploader, "")} for each in self.uploaders.of_site(site)]
        return {"uploaders": [{name: each[name] for name in each if name != "site"} for each in listed]}

    def _add(self, site: str, asked: Json, request_id: str) -> Json:
        """A code for an uploader of a site that somebody has added: a mistyped name must not become a school."""
        uploader, life = _uploader(asked), life_of(asked, _CODE_LIFE)
        self.views.demand_added(site)
        code, expires_at = self.uploaders.give_code(site, uploader, life)
        return {"code": code, "expires_at": stamp(expires_at)}

    def _link(self, site: str, asked: Json, request_id: str) -> Json:
        """The token of an upload page's address, for a site that somebody has added."""
        uploader, life = _uploader(asked), life_of(asked, _LINK_LIFE)
        self.views.demand_added(site)
        token, expires_at = self.uploaders.give_link(site, uploader, life)
        return {"token": token, "expires_at": stamp(expires_at)}

    def _revoke(self, site: str, asked: Json, request_id: str) -> Json:
        uploader = _uploader(asked)
        if not self.uploaders.revoke(site, uploader):
            raise Refused("There is no such uploader; `uploader list` has them.")
        self.views.results.put_revoked(site, uploader, stamp(self.clock()), "uploader")
        return {}


def _uploader(asked: Json) -> str:
    uploader = asked.get("uploader")
    if not isinstance(uploader, str) or not is_site(uploader):
        raise Refused("uploader: lower-case letters, digits and hyphens, at most 63, not starting with a hyphen.")
    return uploader
