"""What people may ask of `erase_site`. In: a request. Out: {"ok": true, …} or what was refused. See `erasing`.

`count` is a dry run. `erase` takes `confirm`, the site's name once more, and does as much as one run can: whoever asks
does so again until `done`. `receipts` are those of every erasure that has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roster.pair import is_site
from roster_aws.leaving.erasing import Eraser


@dataclass(frozen=True)
class Leaving:
    """Carries out the requests of `erase_site`."""

    eraser: Eraser

    def answer(self, asked: Any, owner: str, alive_until: datetime) -> dict[str, Any]:
        """The answer to a request of a run that `owner` names and that must not live past `alive_until`."""
        if not isinstance(asked, dict) or not isinstance(asked.get("site"), str) or not is_site(asked["site"]):
            return _refused("site: lower-case letters, digits and hyphens, at most 63, not starting with a hyphen")
        site = asked["site"]
        match asked.get("action"):
            case "count":
                standing = self.eraser.tombstones.of(site)
                return {
                    "ok": True,
                    "counts": self.eraser.count(site),
                    "erasure": standing.as_dict() if standing else None,
                }
            case "receipts":
                return {"ok": True, "receipts": [each.as_dict() for each in self.eraser.tombstones.receipts(site)]}
            case "erase" if asked.get("confirm") == site:
                done = self.eraser.run(site, str(asked.get("by", "")), owner, alive_until)
                return {
                    "ok": True,
                    "done": bool(done.erasure.finished_at),
                    "deleted": done.deleted,
                    "erasure": done.erasure.as_dict(),
                }
            case "erase":
                return _refused("confirm: the name of the site, once more")
        return _refused("action: one of count, erase, receipts")


def _refused(message: str) -> dict[str, Any]:
    return {"ok": False, "error": "bad_request", "message": message}
