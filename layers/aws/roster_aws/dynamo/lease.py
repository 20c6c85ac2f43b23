"""The lease of a site lets one import of it run at a time.

It lasts exactly as long as the function that holds it may live, so a holder is gone before its lease is. Whoever comes
while it is held leaves a mark, and the holder looks again before it lets go.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from roster_aws.dynamo.site_items import LISTED, SiteItems, listed

# Between the two questions one holder lets go and another takes it, at most.
_TRIES = 10


class Lease:
    """The leases of all sites, each on its site's head. `clock` gives the time in UTC."""

    def __init__(self, items: SiteItems, clock: Callable[[], datetime]) -> None:
        self._items = items
        self._clock = clock

    def take(self, site: str, owner: str, until: datetime) -> datetime | None:
        """Take the site's lease; None when that is done, else when the one that holds it ends, having left a mark."""
        for _ in range(_TRIES):
            now = self._clock().timestamp()
            took = self._items.update_head(
                site,
                f"SET lease_owner = :owner, lease_until = :until, {LISTED} REMOVE wanted",
                # Its own, where the answer to taking it was lost and the call was made once more.
                "attribute_not_exists(lease_owner) OR lease_until < :now OR lease_owner = :owner",
                {"owner": owner, "until": int(until.timestamp()) + 1, "now": int(now), **listed(site)},
            )
            if took is not None:
                return None
            marking = {"yes": True, "now": int(now)}
            held = self._items.update_head(site, "SET wanted = :yes", "lease_until >= :now", marking)
            if held is not None:
                return datetime.fromtimestamp(held["lease_until"], tz=until.tzinfo)
        raise TimeoutError("the lease is neither to be had nor held by anybody")

    def release(self, site: str, owner: str) -> bool:
        """Let go of the lease; False, and it is kept, when somebody left a mark meanwhile."""
        mine = "lease_owner = :owner"
        unmarked = f"{mine} AND attribute_not_exists(wanted)"
        released = self._items.update_head(site, "REMOVE lease_owner, lease_until", unmarked, {"owner": owner})
        if released is not None:
            return True
        return self._items.update_head(site, "REMOVE wanted", mine, {"owner": owner}) is None

    def drop(self, site: str, owner: str) -> None:
        """Let go of the lease whatever marks there are; those who left one have sent a message for later too.

        A run that comes to this was not killed: the import that it began is tried again as for the first time.
        """
        everything = "REMOVE lease_owner, lease_until, wanted, tries"
        self._items.update_head(site, everything, "lease_owner = :owner", {"owner": owner})
