"""What people may ask of a site: enrol a server, import now, list imports. Bad input is answered, not raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roster.pair import is_site
from roster_aws.enrolment import Enrolment, is_server
from roster_aws.environment import now
from roster_aws.queue import Queue, Request
from roster_aws.store import Store
from roster_aws.telemetry import logger

_MOST_IMPORTS = 100


class Refused(ValueError):
    """The request is not one that can be carried out; the text says what to do."""


@dataclass(frozen=True)
class Management:
    """Carries out the requests of `manage_site`. `clock` gives the time in UTC."""

    store: Store
    queue: Queue
    enrolment: Enrolment
    clock: Callable[[], datetime]

    @classmethod
    def from_environment(cls) -> Management:
        """What people may ask of this process."""
        return cls(Store.from_environment(), Queue.from_environment(), Enrolment.from_environment(), now)

    def answer(self, asked: Any, request_id: str) -> dict[str, Any]:
        """{"ok": true, …} with what was asked for, or {"ok": false, "error": …, "message": …}."""
        actions: dict[str, Callable[[str, dict[str, Any], str], dict[str, Any]]] = {
            "enrol": self._enrol,
            "import": self._import,
            "imports": self._imports,
        }
        try:
            if not isinstance(asked, dict):
                raise Refused("the request: a JSON object with action and site")
            site, action = asked.get("site"), asked.get("action")
            if not isinstance(site, str) or not is_site(site):
                raise Refused("site: lower-case letters, digits and hyphens, at most 63, not starting with a hyphen")
            if not isinstance(action, str) or action not in actions:
                raise Refused(f"action: one of {', '.join(actions)}")
            said = actions[action](site, asked, request_id)
        except Refused as refused:
            return {"ok": False, "error": "bad_request", "message": str(refused)}
        logger.info("managed", extra={"action": action, "site": site})
        return {"ok": True, **said}

    def _enrol(self, site: str, asked: dict[str, Any], request_id: str) -> dict[str, Any]:
        server = asked.get("server")
        if not isinstance(server, str) or not is_server(server):
            raise Refused("server: lower-case letters, digits and hyphens, at most 63, not starting with a hyphen")
        code, expires_at = self.enrolment.give_code(site, server)
        return {"code": code, "expires_at": expires_at.isoformat(timespec="seconds")}

    def _import(self, site: str, asked: dict[str, Any], request_id: str) -> dict[str, Any]:
        self.queue.ask(Request(site, asked=request_id, asked_at=self.clock()))
        return {"asked": request_id}

    def _imports(self, site: str, asked: dict[str, Any], request_id: str) -> dict[str, Any]:
        limit = asked.get("limit", 20)
        if not isinstance(limit, int) or not 0 < limit <= _MOST_IMPORTS:
            raise Refused(f"limit: a whole number from 1 to {_MOST_IMPORTS}")
        head = self.store.head(site)
        return {
            "version": head.version,
            "published_at": head.published_at or None,
            "waiting": self.store.waiting(site),
            "imports": self.store.reports(site, limit),
        }
