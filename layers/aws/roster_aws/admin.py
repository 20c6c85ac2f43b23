"""What people may ask of a site. In: a request as `manage_site` gets it. Out: {"ok": true, …} or what was refused.

Reading is `views`, and `contacts`. Changing: `site-add`, `notify`, `notify-remove`, `enrol`, `revoke`, `import`,
`approve`, `reject`, `settle`, `rollback`, `new-epoch`, `pause`, `resume`, `revoke-console`, `allow-console`, and those
of `uploader_admin`; each, done or refused, leaves an audit event with `by`, the ARN that the caller says it is
(CloudTrail has the proof). What needs the site's lease is checked here, so that the answer is immediate, and then sent
through the import queue, where it is checked again. Bad input is answered, not raised, and so is a site that there is
not: nothing is made by a typo.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from roster.approval import why_not_approved
from roster.contact import BadContact, Contact, contact_of
from roster.names import fold
from roster.no_console import Barred
from roster.pair import is_import, is_server, is_site
from roster.request import Approval, EndKept, NewEpoch, Order, Request, RevokeConsole, Rollback
from roster.settings_file import from_dict
from roster.site_head import Head
from roster.times import stamp
from roster_aws.dynamo.barred import digest_of
from roster_aws.enrolment import CODE_LIFE, Enrolment
from roster_aws.intake.uploader_admin import UploaderAdmin
from roster_aws.queue import Queue
from roster_aws.results import Results
from roster_aws.signing import Keyrings
from roster_aws.store import Store
from roster_aws.telemetry import audit
from roster_aws.telling.contacts import Contacts, NotNow
from roster_aws.views import Json, Refused, Views, import_of, life_of, text
from roster_pages.view_data import DoneData, ViewData
from roster_pages.wording import REASONS, erased_text

_MOST_VERSIONS = 10**9
_LONGEST_USERNAME = 254
# A run that dies right after its commit leaves a version that servers may have and that is not found by its number yet.
_NOT_SHOWN_YET = 10
# A first keyring takes an import function's cold start.
_KEYRING_SECONDS = 20
# As long as somebody waits for a page; an import takes a few seconds.
_PAGE_SECONDS = 15
_NEWEST_REPORTS = 20
_NAME = "lower-case letters, digits and hyphens, at most 63, not starting with a hyphen."

_DONE = {
    "reject": "The import is rejected; nothing was changed.",
    "revoke": "The server is revoked; nothing it sends is answered until it enrols again.",
    "site-add": "The site is added.",
    "pause": "The site is paused: uploads are recorded and not imported.",
    "resume": "The site is resumed; what was uploaded meanwhile is imported now.",
}

# What makes a site, and what a restore may need to do before its table knows the site again.
_OF_ANY_NAME = ("site-add", "new-epoch")

# What the audit event of a change says of it; only what that change has checked, as a log takes no other text.
_AUDITED = {
    "enrol": ("server",),
    "revoke": ("server",),
    "uploader-add": ("uploader",),
    "uploader-link": ("uploader",),
    "uploader-revoke": ("uploader",),
    "approve": ("import",),
    "reject": ("import",),
    "rollback": ("version",),
    "new-epoch": ("above", "revoked"),
}


@dataclass(frozen=True)
class Admin:
    """Carries out the requests of `manage_site`. `start_fetch` has a roster fetched; `clock` gives the time in UTC."""

    views: Views
    store: Store
    queue: Queue
    start_fetch: Callable[[Request], None]
    enrolment: Enrolment
    uploaders: UploaderAdmin
    keyrings: Keyrings
    results: Results
    contacts: Contacts
    clock: Callable[[], datetime]

    def answer(self, asked: object, request_id: str) -> Json:
        """{"ok": true, …} with what was asked for, or {"ok": false, "error": …, "message": …}."""
        reading = self.views.questions | self.uploaders.reading | {"contacts": self._contacts}
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
            "revoke-console": self._revoke_console,
            "allow-console": self._allow_console,
            "notify": self._notify,
            "notify-remove": self._notify_no_more,
            **self.uploaders.changing,
        }
        try:
            if not isinstance(asked, dict):
                raise Refused("The request has to be a JSON object with action and site.")
            site, action = asked.get("site"), asked.get("action")
            if not isinstance(site, str) or not is_site(site):
                raise Refused(f"site: {_NAME}")
            if not isinstance(action, str) or action not in reading | changing:
                raise Refused(f"action: one of {', '.join(reading | changing)}.")
            if action in reading:
                if action != "page":  # which may be that of all sites
                    self.views.demand_there(site)
                return {"ok": True, **reading[action](site, asked)}
            return {"ok": True, **self._change(changing[action], site, asked, request_id)}
        except Refused as refused:
            return {"ok": False, "error": "bad_request", "message": str(refused)}

    def _change(self, change: Callable[[str, Json, str], Json], site: str, asked: Json, request_id: str) -> Json:
        """What a change answers; done or refused, it leaves an audit event."""
        action, by = str(asked["action"]), _by(asked)
        try:
            self._refuse_erased(site, action)
            if action not in _OF_ANY_NAME:
                self.views.demand_there(site)
            said = change(site, asked, request_id)
        except Refused as refused:
            audit("change_refused", site=site, by=by, change=action, reason=str(refused))
            raise
        known = {**asked, **said}
        audit(action, site=site, by=by, **{name: known[name] for name in _AUDITED.get(action, ()) if name in known})
        return said

    def _refuse_erased(self, site: str, action: str) -> None:
        """Refuse to change a site that was erased, but for adding it again once that is over."""
        erasure = self.store.tombstones.of(site)
        if erasure and not erasure.finished_at:
            raise Refused(f"This site is being erased: `roster-admin erase {site}` goes on with it.")
        if erasure and action != "site-add":
            raise Refused(erased_text(site))

    def answer_button(self, asked: Json, request_id: str) -> ViewData:
        """What a button of a page asked for, done; the data of the page that says what came of it.

        What is done at once has the page `done`. An order has the page of its import, once that has ended; if it takes
        longer than somebody waits for a page, the page of the site, which shows it running.
        """
        said = self.answer(asked, request_id)
        ok, site = said["ok"] is True, asked.get("site")
        if ok and said.get("asked"):
            return self.views.page(self._outcome(str(site), request_id))
        message = _DONE.get(str(asked.get("action")), "Done.") if ok else str(said["message"])
        done: DoneData = {"view": "done", "at": stamp(self.clock()), "ok": ok, "message": message}
        if isinstance(site, str) and is_site(site):
            done["site"] = site
        return done

    def _outcome(self, site: str, asked: str) -> dict[str, str]:
        """Which page shows what came of an order."""
        deadline = time.monotonic() + _PAGE_SECONDS
        while time.monotonic() < deadline:
            waiting = self.store.waiting(site)
            if waiting and waiting.get("asked") == asked:
                break
            for report in self.store.reports(site, _NEWEST_REPORTS):
                if report.asked == asked and report.status != "fetching":
                    return {"view": "import", "site": site, "import": report.import_id}
            time.sleep(0.25)
        return {"view": "site", "site": site}

    def _enrol(self, site: str, asked: Json, request_id: str) -> Json:
        server, life = _server(asked), life_of(asked, CODE_LIFE)
        self.views.demand_added(site)
        self._await_keyring()
        code, expires_at = self.enrolment.give_code(site, server, life)
        return {"code": code, "expires_at": expires_at.isoformat(timespec="seconds")}

    def _await_keyring(self) -> None:
        """Have the stack's first keyring made before the first code is given out: whoever enrols gets it."""
        if self.keyrings.newest():
            return
        self.queue.ask_for_keyring()
        deadline = time.monotonic() + _KEYRING_SECONDS
        while not self.keyrings.newest():
            if time.monotonic() > deadline:
                raise Refused("The keys that servers are given are not made yet: try again in a minute.")
            time.sleep(0.2)

    def _revoke(self, site: str, asked: Json, request_id: str) -> Json:
        server = _server(asked)
        if not self.enrolment.revoke(site, server):
            raise Refused("There is no such server: `roster-admin servers` lists them.")
        self.results.put_revoked(site, server, stamp(self.clock()))
        return {}

    def _import(self, site: str, asked: Json, request_id: str) -> Json:
        """Import what lies in the inbox; of a site whose roster is fetched, fetch it first."""
        request = Request(site, asked=request_id, asked_at=self.clock())
        fetches = from_dict(self.store.head(site).settings).fetch_hour is not None
        (self.start_fetch if fetches else self.queue.ask)(request)
        return {"asked": request_id}

    def _add_site(self, site: str, asked: Json, request_id: str) -> Json:
        """Say that there is such a site; adding it twice is fine. What is held because nobody had, is read again."""
        if self.store.tombstones.of(site):
            self.store.tombstones.lift(site)
        head = self.store.head(site)
        report = self.store.report(site, head.held) if head.held and not head.version else None
        waits = report is not None and any(reason["code"] == "site_new" for reason in report.held or ())
        self.store.add_site(site, _by(asked), again=waits)
        if waits:
            self.queue.ask(Request(site))
        return {"added_at": head.added_at or stamp(self.clock())}

    def _settle(self, site: str, asked: Json, request_id: str) -> Json:
        if not self.store.head(site).kept_until:
            raise Refused(REASONS["nothing_kept"])
        self._order(site, request_id, EndKept(_by(asked)))
        return {"asked": request_id}

    def _approve(self, site: str, asked: Json, request_id: str) -> Json:
        """Approve an import by its plan; the one that is held, where none is named."""
        head, plan = self.store.head(site), text(asked, "plan")
        import_id = import_of(asked) if "import" in asked else head.held
        if not import_id:
            raise Refused("No import is held.")
        report = self.store.report(site, import_id)
        refused = why_not_approved(report, plan, head.version, self.clock())
        if refused:
            successor = report.superseded_by if report else None
            raise Refused(
                f"A newer import has taken its place: look at {successor}." if successor else REASONS[refused]
            )
        self._order(site, request_id, Approval(import_id, plan, _by(asked)))
        return {"asked": request_id, "import": import_id}

    def _reject(self, site: str, asked: Json, request_id: str) -> Json:
        import_id, by = text(asked, "import"), _by(asked)
        if not is_import(import_id) or not self.store.reject(site, import_id, by):
            raise Refused(REASONS["not_held"])
        self.queue.ask(Request(site))  # which tells people that nothing waits any more
        return {}

    def _rollback(self, site: str, asked: Json, request_id: str) -> Json:
        head = self.store.head(site)
        version = asked.get("version")
        if type(version) is not int or not 0 < version < head.version:
            raise Refused(_older_than(head))
        self._order(site, request_id, Rollback(version, _by(asked)))
        return {"asked": request_id}

    def _new_epoch(self, site: str, asked: Json, request_id: str) -> Json:
        """Begin an epoch above every version that was ever published, or above one that is named.

        What is revoked stays revoked: the table may be one that was restored from before. `asked` is "" for a site that
        never published anything.
        """
        head = self.store.head(site)
        revoked = self.enrolment.revoke_again(site, self.results.revoked(site))
        revoked += [f"{name} (uploader)" for name in self.uploaders.revoke_again(site)]
        self.store.no_console.put_again(site, self.results.no_console(site))
        highest = max(head.version, self.results.highest_version(site))
        if not highest and "above" not in asked:
            return {"asked": "", "above": 0, "revoked": revoked}  # no server has anything of it
        if not head.version:
            raise Refused("Nothing is published yet: import the pair, then begin the new epoch.")
        above = asked["above"] if "above" in asked else highest + _NOT_SHOWN_YET
        if type(above) is not int or not highest <= above < _MOST_VERSIONS:
            raise Refused(f"above: a whole number from {highest}, the highest version that was ever published.")
        self._order(site, request_id, NewEpoch(above, _by(asked)))
        return {"asked": request_id, "above": above, "revoked": revoked}

    def _revoke_console(self, site: str, asked: Json, request_id: str) -> Json:
        """Take the console from a user, until the files agree or for good. The name goes into the store alone."""
        username, by = text(asked, "user"), _by(asked)
        if len(username) > _LONGEST_USERNAME:
            raise Refused(f"user: at most {_LONGEST_USERNAME} characters.")
        key = fold(username)
        barred = Barred(key, username, stamp(self.clock()), by, for_good=asked.get("for_good") is True)
        self.store.no_console.put(site, barred)
        self.results.put_no_console(site, digest_of(key), barred)
        self._order(site, request_id, RevokeConsole(by))
        return {"asked": request_id}

    def _allow_console(self, site: str, asked: Json, request_id: str) -> Json:
        """Take a user off the list; what the files say of them is in force with the import that this begins."""
        key = fold(text(asked, "user"))
        if not self.store.no_console.take_off(site, key):
            raise Refused(f"This user is not on the list: `roster-admin show {site} no-console` shows it.")
        self.results.put_no_console(site, digest_of(key), None)
        self.store.read_again(site)
        self.queue.ask(Request(site))
        return {}

    def _pause(self, site: str, asked: Json, request_id: str) -> Json:
        self.store.set_paused(site, paused=True)
        return {}

    def _resume(self, site: str, asked: Json, request_id: str) -> Json:
        """`paused` says whether the site is paused all the same, by its settings."""
        self.store.set_paused(site, paused=False)
        self.queue.ask(Request(site))  # what was uploaded meanwhile
        return {"paused": bool(self.store.head(site).settings.get("paused"))}

    def _contacts(self, site: str, asked: Json) -> Json:
        """Who is told of a site; whoever has not confirmed yet is not among them."""
        return {"contacts": [vars(contact) for contact in self.contacts.of(site)]}

    def _notify(self, site: str, asked: Json, request_id: str) -> Json:
        """Have somebody told of a site; `pending` says whether they have to confirm first."""
        try:
            return {"pending": self.contacts.add(site, _contact(asked))}
        except NotNow as refused:
            raise Refused(str(refused)) from None

    def _notify_no_more(self, site: str, asked: Json, request_id: str) -> Json:
        try:
            self.contacts.remove(site, _contact(asked))
        except NotNow as refused:
            raise Refused(str(refused)) from None
        return {}

    def _order(self, site: str, request_id: str, order: Order) -> None:
        self.queue.ask(Request(site, asked=request_id, asked_at=self.clock(), order=order))


def _by(asked: Json) -> str:
    return str(asked.get("by", ""))


def _contact(asked: Json) -> Contact:
    try:
        return contact_of(asked.get("contact"))
    except BadContact as bad:
        raise Refused(str(bad)) from None


def _server(asked: Json) -> str:
    server = asked.get("server")
    if not isinstance(server, str) or not is_server(server):
        raise Refused(f"server: {_NAME}")
    return server


def _older_than(head: Head) -> str:
    if head.version < 2:
        return "There is no older version to go back to."
    return f"version: a whole number from 1 to {head.version - 1}, the versions before the newest."
