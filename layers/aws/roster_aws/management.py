"""What people may ask of a site. In: a request as `manage_site` gets it. Out: {"ok": true, …} or what was refused.

Reading is `questions`. Changing: `site-add`, `enrol`, `revoke`, `import`, `approve`, `reject`, `settle`, `rollback`,
`new-epoch`, `pause`, `resume`; each, done or refused, leaves an audit event with `by`, the ARN that the caller says it
is (CloudTrail has the proof). What needs the site's lease is checked here, so that the answer is immediate, and then
sent through the import queue, where it is checked again. Bad input is answered, not raised.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roster.approval import why_not_approved
from roster.pair import is_import, is_site
from roster.request import Approval, EndKept, NewEpoch, Order, Request, Rollback
from roster.site_head import Head
from roster.times import stamp
from roster_aws.enrolment import Enrolment, is_server
from roster_aws.questions import WHY_NOT, Asked, Questions, Refused, import_of, text
from roster_aws.queue import Queue
from roster_aws.results import Results
from roster_aws.signing import Keyrings
from roster_aws.store import Store
from roster_aws.telemetry import audit

_MOST_VERSIONS = 10**9
# A run that dies right after its commit leaves a version that servers may have and that is not found by its number yet.
_NOT_SHOWN_YET = 10
# A first keyring takes an import function's cold start.
_KEYRING_SECONDS = 20
_NAME = "lower-case letters, digits and hyphens, at most 63, not starting with a hyphen"

_DONE = {
    "import": "The import has been asked for; it takes a few seconds.",
    "approve": "The import is approved; it is published in a moment.",
    "reject": "The import is rejected; nothing was changed.",
    "revoke": "The server is revoked; nothing it sends is answered until it enrols again.",
    "new-epoch": "A new epoch has been asked for; it is published in a moment.",
    "settle": "What is kept ends: it is published in a moment.",
    "site-add": "The site is added.",
    "rollback": "Going back has been asked for: the version is published in a moment, and imports are paused.",
    "pause": "The site is paused: uploads are recorded and not imported.",
    "resume": "The site is resumed; what was uploaded meanwhile is imported now.",
}


# What the audit event of a change says of it; only what that change has checked, as a log takes no other text.
_AUDITED = {
    "enrol": ("server",),
    "revoke": ("server",),
    "approve": ("import",),
    "reject": ("import",),
    "rollback": ("version",),
    "new-epoch": ("above", "revoked"),
}


@dataclass(frozen=True)
class Management:
    """Carries out the requests of `manage_site`. `clock` gives the time in UTC."""

    questions: Questions
    store: Store
    queue: Queue
    enrolment: Enrolment
    keyrings: Keyrings
    results: Results
    clock: Callable[[], datetime]

    def answer(self, asked: Any, request_id: str) -> Asked:
        """{"ok": true, …} with what was asked for, or {"ok": false, "error": …, "message": …}."""
        reading = self.questions.actions
        changing = {
            "site-add": self._add_site,
            "enrol": self._enrol,
            "revoke": self._revoke,
            "import": self._import,
            "approve": self._approve,
            "reject": self._reject,
            "settle": self._settle,
            "rollback": self._rollback,
            "new-epoch": self._new_epoch,
            "pause": self._pause,
            "resume": self._resume,
        }
        try:
            if not isinstance(asked, dict):
                raise Refused("the request: a JSON object with action and site")
            site, action = asked.get("site"), asked.get("action")
            if not isinstance(site, str) or not is_site(site):
                raise Refused(f"site: {_NAME}")
            if not isinstance(action, str) or action not in reading | changing:
                raise Refused(f"action: one of {', '.join(reading | changing)}")
            if action in reading:
                return {"ok": True, **reading[action](site, asked)}
            return {"ok": True, **self._change(changing[action], site, asked, request_id)}
        except Refused as refused:
            return {"ok": False, "error": "bad_request", "message": str(refused)}

    def _change(self, change: Callable[[str, Asked, str], Asked], site: str, asked: Asked, request_id: str) -> Asked:
        """What a change answers; done or refused, it leaves an audit event."""
        action, by = asked["action"], str(asked.get("by", ""))
        try:
            said = change(site, asked, request_id)
        except Refused as refused:
            audit("change_refused", site=site, by=by, change=action, reason=str(refused))
            raise
        known = asked | said
        audit(action, site=site, by=by, **{name: known[name] for name in _AUDITED.get(action, ()) if name in known})
        return said

    def answer_button(self, asked: Asked, request_id: str) -> Asked:
        """What a button of a page asked for, done; the data of the page `done`, which says so."""
        said = self.answer(asked, request_id)
        message = _DONE.get(asked.get("action", ""), "Done.") if said["ok"] else f"{said['message']}."
        about = {"site": asked["site"]} if is_site(str(asked.get("site", ""))) else {}
        return {"view": "done", "at": stamp(self.clock()), "ok": said["ok"], "message": message, **about}

    def _enrol(self, site: str, asked: Asked, request_id: str) -> Asked:
        server = _server(asked)
        self._await_keyring()
        code, expires_at = self.enrolment.give_code(site, server)
        return {"code": code, "expires_at": expires_at.isoformat(timespec="seconds")}

    def _await_keyring(self) -> None:
        """Have the stack's first keyring made before the first code is given out: whoever enrols gets it."""
        if self.keyrings.newest():
            return
        self.queue.ask_for_keyring()
        deadline = time.monotonic() + _KEYRING_SECONDS
        while not self.keyrings.newest():
            if time.monotonic() > deadline:
                raise Refused("the keys that servers are given are not made yet; try again in a minute")
            time.sleep(0.2)

    def _revoke(self, site: str, asked: Asked, request_id: str) -> Asked:
        server = _server(asked)
        if not self.enrolment.revoke(site, server):
            raise Refused("there is no such server; `servers` lists them")
        self.results.put_revoked(site, server, stamp(self.clock()))
        return {}

    def _import(self, site: str, asked: Asked, request_id: str) -> Asked:
        self.queue.ask(Request(site, asked=request_id, asked_at=self.clock()))
        return {"asked": request_id}

    def _add_site(self, site: str, asked: Asked, request_id: str) -> Asked:
        """Say that there is such a site; adding it twice is fine. What is held because nobody had, is read again."""
        head = self.store.head(site)
        report = self.store.report(site, head.held) if head.held and not head.version else None
        waits = report is not None and any(reason["code"] == "site_new" for reason in report.held or ())
        self.store.add_site(site, str(asked.get("by", "")), again=waits)
        if waits:
            self.queue.ask(Request(site))
        return {"added_at": head.added_at or stamp(self.clock())}

    def _settle(self, site: str, asked: Asked, request_id: str) -> Asked:
        if not self.store.head(site).kept_until:
            raise Refused("nothing is kept")
        self._order(site, request_id, EndKept(str(asked.get("by", ""))))
        return {"asked": request_id}

    def _approve(self, site: str, asked: Asked, request_id: str) -> Asked:
        """Approve an import by its plan; the one that is held, where none is named."""
        head, plan = self.store.head(site), text(asked, "plan")
        import_id = import_of(asked) if "import" in asked else head.held
        if not import_id:
            raise Refused("no import is held")
        report = self.store.report(site, import_id)
        refused = why_not_approved(report, plan, head.version, self.clock())
        if refused:
            successor = report.superseded_by if report else None
            raise Refused(f"{successor} has taken its place: look at that one" if successor else WHY_NOT[refused])
        self._order(site, request_id, Approval(import_id, plan, str(asked.get("by", ""))))
        return {"asked": request_id, "import": import_id}

    def _reject(self, site: str, asked: Asked, request_id: str) -> Asked:
        import_id, by = text(asked, "import"), str(asked.get("by", ""))
        if not is_import(import_id) or not self.store.reject(site, import_id, by):
            raise Refused(WHY_NOT["not_held"])
        return {}

    def _rollback(self, site: str, asked: Asked, request_id: str) -> Asked:
        head = self.store.head(site)
        version = asked.get("version")
        if type(version) is not int or not 0 < version < head.version:
            raise Refused(_older_than(head))
        self._order(site, request_id, Rollback(version, str(asked.get("by", ""))))
        return {"asked": request_id}

    def _new_epoch(self, site: str, asked: Asked, request_id: str) -> Asked:
        """Begin an epoch above every version that was ever published, or above one that is named.

        What is revoked stays revoked: the table may be one that was restored from before. `asked` is "" for a site that
        never published anything.
        """
        head = self.store.head(site)
        revoked = self.enrolment.revoke_again(site, self.results.revoked(site))
        highest = max(head.version, self.results.highest_version(site))
        if not highest and "above" not in asked:
            return {"asked": "", "above": 0, "revoked": revoked}  # no server has anything of it
        if not head.version:
            raise Refused("nothing is published yet; import the pair, then begin the new epoch")
        above = asked["above"] if "above" in asked else highest + _NOT_SHOWN_YET
        if type(above) is not int or not highest <= above < _MOST_VERSIONS:
            raise Refused(f"above: a whole number from {highest}, the highest version that was ever published")
        self._order(site, request_id, NewEpoch(above, str(asked.get("by", ""))))
        return {"asked": request_id, "above": above, "revoked": revoked}

    def _pause(self, site: str, asked: Asked, request_id: str) -> Asked:
        self.store.set_paused(site, paused=True)
        return {}

    def _resume(self, site: str, asked: Asked, request_id: str) -> Asked:
        """`paused` says whether the site is paused all the same, by its settings."""
        self.store.set_paused(site, paused=False)
        self.queue.ask(Request(site))  # what was uploaded meanwhile
        return {"paused": bool(self.store.head(site).settings.get("paused"))}

    def _order(self, site: str, request_id: str, order: Order) -> None:
        self.queue.ask(Request(site, asked=request_id, asked_at=self.clock(), order=order))


def _server(asked: Asked) -> str:
    server = asked.get("server")
    if not isinstance(server, str) or not is_server(server):
        raise Refused(f"server: {_NAME}")
    return server


def _older_than(head: Head) -> str:
    if head.version < 2:
        return "there is no older version to go back to"
    return f"version: a whole number from 1 to {head.version - 1}, the versions before the newest"
