"""What a site's server has, against the newest version of its site. In: what is known of it. Out: its state.

Nothing is refused. The state of a server is told by `roster.watch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from roster.times import read_stamp
from roster.watch import ServerState, server_state

# A server asks every few minutes; that it did is written no more often than this, which is what it costs.
SEEN_EVERY = timedelta(minutes=15)


@dataclass(frozen=True)
class Server:
    """One enrolled server, as far as it is known.

    What it applied last, a version and its manifest's SHA-256 where it said so; when it asked last; when its last
    report came, and what was in it (`roster.server_report`). `newer_token`: it asked with the second of two tokens.
    """

    site: str
    server: str
    applied_version: int | None = None
    applied_manifest: str = ""
    last_seen: datetime | None = None
    reported_at: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)
    revoked_at: str = ""
    newer_token: bool = False

    @classmethod
    def from_item(cls, site: str, item: Mapping[str, Any]) -> Server:
        """A server from its item."""
        seen = item.get("last_seen")
        return cls(
            site,
            item["server"],
            item.get("applied_version"),
            item.get("applied_manifest", ""),
            read_stamp(seen) if seen else None,
            item.get("reported_at", ""),
            item.get("report", {}),
            item.get("revoked_at", ""),
        )

    def state(self, version: int, manifest_sha256: str, at: datetime) -> ServerState:
        """Whether it has a version with this manifest, the newest of its site."""
        if self.revoked_at:
            return "revoked"
        has_it = self.applied_version == version and not self.differs(version, manifest_sha256)
        return server_state(self.last_seen, at, has_newest=has_it)

    def differs(self, version: int, manifest_sha256: str) -> bool:
        """Whether it has other content under the number of the newest version: a restored cloud, or worse."""
        return self.applied_version == version and self.applied_manifest not in ("", manifest_sha256)

    @property
    def asks_again(self) -> bool:
        """Whether what was approved in the cloud may have to be approved on this server too."""
        return self.report.get("cloud_approval") != "accept"

    def news(self, have: int | None, manifest: str | None, at: datetime) -> dict[str, int | str | None] | None:
        """What becomes known of it when it asks and says what it has, as its item holds it; None when there is no news.

        It is news when it has something else than before, or asked last a while ago. A server that says nothing of what
        it has may still have it: its next report tells.
        """
        known = (self.applied_version, self.applied_manifest)
        has = known if have is None else (have, manifest or "")
        if has == known and self.last_seen and at - self.last_seen < SEEN_EVERY:
            return None
        return {} if has == known else {"applied_version": has[0], "applied_manifest": has[1]}

    def to_context(self) -> dict[str, str | int]:
        """What the authorizer hands on to the feed, which then need not read the server again: texts and numbers."""
        return {
            "site": self.site,
            "server": self.server,
            "applied_version": -1 if self.applied_version is None else self.applied_version,
            "applied_manifest": self.applied_manifest,
            "last_seen": self.last_seen.isoformat() if self.last_seen else "",
            "newer_token": int(self.newer_token),
        }

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Server:
        """The inverse of `to_context`; the gateway may have made texts of the numbers."""
        seen, applied = context["last_seen"], int(context["applied_version"])
        return cls(
            context["site"],
            context["server"],
            None if applied < 0 else applied,
            context["applied_manifest"],
            datetime.fromisoformat(seen) if seen else None,
            newer_token=bool(int(context["newer_token"])),
        )
