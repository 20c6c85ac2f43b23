"""What stands about a site in the table: its head, its imports, and what waits. One item moves, the head.

`settle` is the commit: one transaction that holds only while the lease and the base version do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from roster.listed_site import last_import, last_import_after
from roster.pair import Upload, Wait, Waiting, barred
from roster.report import SUCCEEDED, FileRead, Report
from roster.settings import Settings
from roster.settings_file import as_dict
from roster.site_head import Head, Trouble, stored_uploads
from roster.statement import Signed
from roster.times import stamp
from roster_aws.dynamo.barred import NoConsole, sort_key
from roster_aws.dynamo.lease import Lease
from roster_aws.dynamo.site_items import HEAD, LISTED, HeadMoved, SiteItems, Write, listed
from roster_aws.dynamo.table import Item, site_key
from roster_aws.leaving.tombstones import Tombstones

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A person's change meets a run that ends in the same moment.
_TRIES = 3

_WAITING = "WAITING"

# A transaction takes a hundred writes; who is left goes off the list with the next import.
_MOST_OFF = 50

# The lease is ours still, and the head the one that was read.
_OURS = "lease_owner = :owner AND (version = :base OR attribute_not_exists(version))"

_RECENT_REPORTS = 20
_REPORTS_KEPT = timedelta(days=400)


class Store:
    """What imports read and write of a site. `lease` keeps two of them apart, `tombstones` tell which
    sites are erased, `no_console` who gets no right. `clock` gives the time in UTC.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._items = SiteItems(dynamodb, table)
        self.lease = Lease(self._items, clock)
        self.tombstones = Tombstones(dynamodb, table)
        self.no_console = NoConsole(dynamodb, table, clock)
        self._clock = clock

    def is_there(self, site: str) -> bool:
        """Whether anything is known of a site: somebody has added it, or something was uploaded to it."""
        return self._items.has_any(site)

    # The head

    def head(self, site: str) -> Head:
        """The site's head as it is now."""
        return Head.from_item(site, self._items.get(site, HEAD) or {})

    def settle(
        self,
        head: Head,
        owner: str,
        report: Report,
        signed: Signed | None = None,
        *,
        after: Head | None = None,
        pause: bool = False,
        off_the_list: Sequence[str] = (),
    ) -> Head:
        """Make an import's outcome stand, and with a signed version make that the head: the commit.

        `after` is the head with what the import leaves of uploads, memory and settings; none: as they were. The report
        is stored with it, still to be told: `finish` does that, now or after a crash. An import held before is
        superseded, unless this one failed. HeadMoved when the lease is no longer `owner`'s or the head is not the one
        given, or what it held was rejected meanwhile; then nothing has changed. `pause` pauses the site in the same
        moment, and those `off_the_list` are no longer on that of `no_console`.
        """
        settled = (after or head).settled(report, signed, self._clock())
        if pause:
            settled = replace(settled, paused=True)
        values = settled.values_of_settled()
        if pause:
            values["paused"] = True
        update = "REMOVE running, tries SET " + ", ".join(f"{name} = :{name}" for name in values)
        values |= {"owner": owner, "base": head.version}
        condition = _OURS
        if head.held:  # which a person may end at any moment
            condition += " AND held = :was_held"
            values["was_held"] = head.held
        writes = [
            self._items.updating(head.site, HEAD, update, condition, values),
            self._items.putting(self._import_item(report.untold())),
            self._items.deleting(head.site, _WAITING),
            *(self._items.deleting(head.site, sort_key(key)) for key in off_the_list[:_MOST_OFF]),
        ]
        if head.running not in ("", report.import_id):  # a dead run began it, and what takes effect now overtakes it
            writes.append(self._items.deleting(head.site, f"IMPORT#{head.running}"))
        superseded = head.held not in ("", settled.held, report.import_id)
        if superseded and self.report(head.site, head.held):  # kept no longer, when that was more than a year ago
            writes.append(self._ending_hold(head.site, head.held, "superseded", superseded_by=report.import_id))
        self._items.transact(writes)
        return settled

    def put_signature(self, head: Head, owner: str, signed: Signed) -> Head:
        """Sign the head anew as it is, by a key of a newer keyring."""
        signed_head = head.signed_by(signed)
        self._set_on_head(head, owner, signed_head.values_of_signature())
        return signed_head

    def put_settings(
        self, head: Head, owner: str, version_id: str, settings: Settings | None, problem: str = ""
    ) -> Head:
        """Remember that an upload of settings.json was read: put good ones in force, or show the report of bad ones."""
        read: Item = {"settings_version": version_id, "settings_problem": problem}
        if settings is None:
            self._set_on_head(head, owner, read)
            return replace(head, **read)
        read |= {"settings": as_dict(settings), "settings_changed": True}
        # On its own too, for the index of sites, which has no room for settings.
        stored = read | {"settings_paused": settings.paused, "time_zone": settings.time_zone}
        stored |= {"fetch_at": settings.fetch_hour}
        self._set_on_head(head, owner, stored, " REMOVE last_import" if head.problem_is_all else "")
        return replace(head, **read)

    def _set_on_head(self, head: Head, owner: str, values: Item, more: str = "") -> None:
        update = ("SET " + ", ".join(f"{name} = :{name}" for name in values) if values else "") + more
        known = {**values, "owner": owner, "base": head.version}
        if self._items.update_head(head.site, update, _OURS, known) is None:
            raise HeadMoved("the lease was lost")

    def set_paused(self, site: str, *, paused: bool) -> None:
        """Pause a site, or let it go on."""
        self._items.set_on_head(site, f"SET paused = :paused, {LISTED}", {"paused": paused, **listed(site)})

    def add_site(self, site: str, by: str, *, again: bool = False) -> None:
        """Remember that somebody says that there is such a site, the first time; `again`: what waits is read again."""
        added = "added_at = if_not_exists(added_at, :at), added_by = if_not_exists(added_by, :by)"
        values: Item = {"at": stamp(self._clock()), "by": by, **listed(site)}
        if again:
            added += ", settings_changed = :again"
            values["again"] = True
        self._items.set_on_head(site, f"SET {added}, {LISTED}", values)

    def read_again(self, site: str) -> None:
        """Have the pair in force read again, as after a change of settings."""
        self._items.update_head(site, "SET settings_changed = :yes", "attribute_exists(kind)", {"yes": True})

    # Imports

    def begin_import(self, head: Head, owner: str, import_id: str, pair: Mapping[str, Upload]) -> None:
        """Show an import as running. The head keeps its id, so that after a crash the next try shows as the same.

        It counts the tries; one that ends with an error counts for nothing (`Lease.drop`).
        """
        tries = head.tries + 1 if head.running == import_id else 1
        pinned: dict[str, FileRead] = {file: {"version_id": upload.version_id} for file, upload in sorted(pair.items())}
        begun = Report(head.site, import_id, "fetching", pair=pinned)
        running = {"running": import_id, "tries": tries, "owner": owner}
        update = self._items.updating(
            head.site, HEAD, "SET running = :running, tries = :tries", "lease_owner = :owner", running
        )
        self._items.transact([update, self._items.putting(self._import_item(begun))])

    def abandon(self, head: Head, owner: str) -> None:
        """Show no longer as running what a dead run began, when there is nothing left to import."""
        ended = self._items.updating(head.site, HEAD, "REMOVE running, tries", "lease_owner = :owner", {"owner": owner})
        self._items.transact([ended, self._items.deleting(head.site, f"IMPORT#{head.running}")])

    def put_projected_steps(self, head: Head, owner: str, steps: int) -> None:
        """Remember how much of the head's version is written into the table."""
        self._set_on_head(head, owner, {"projected_steps": steps})

    def put_projected(self, head: Head, owner: str) -> None:
        """Mark the head's version as the one that the table shows."""
        self._set_on_head(head, owner, {"projected_version": head.version}, " REMOVE projected_steps, overtaken")

    def tell(self, head: Head, owner: str, report: Report, told: Sequence[Trouble]) -> None:
        """Mark the head's open import as told, with the report as it now reads; `told` are the troubles told of now."""
        update = "SET last_import = :last, told = :told"
        values: Item = {"owner": owner, "told": told}
        if report.status in SUCCEEDED:
            update += ", succeeded_at = :ended_at"
            values |= {"last": last_import(report), "ended_at": report.ended_at}
        else:
            values["last"] = last_import_after(report, head.last_import)
        gone = " REMOVE open_import" + (", refused" if head.refused and "refused_file" not in told else "")
        marked = self._items.updating(head.site, HEAD, update + gone, "lease_owner = :owner", values)
        self._items.transact([marked, self._items.putting(self._import_item(report))])

    def forget_open_import(self, head: Head, owner: str) -> None:
        """Mark the head's open import as told, whose report is gone."""
        self._set_on_head(head, owner, {}, "REMOVE open_import")

    def record_import(self, report: Report) -> bool:
        """Keep the report of what no import reads; a site of which nothing else is known is listed with it.

        False, and nothing is kept, where the site is erased.
        """
        update = f"SET last_import = if_not_exists(last_import, :last), {LISTED}"
        values = {"last": last_import(report), **listed(report.site)}
        head = self._items.updating(report.site, HEAD, update, "", values)
        put = self._items.putting(self._import_item(report))
        try:
            self._items.transact([self.tombstones.nobody_erases(report.site), put, head])
        except HeadMoved:
            return False
        return True

    def leave_erased(self, site: str, owner: str) -> None:
        """Let go of the lease of an erased site; with it goes the head that taking it has made."""
        self._items.delete_head(site, "lease_owner = :owner AND attribute_not_exists(version)", {"owner": owner})
        self.lease.drop(site, owner)

    def mark_refused(self, report: Report) -> None:
        """Remember that people have been told of an upload that no import can read, so that its end is told too."""
        refused = {"refused": report.import_id}
        self._items.update_head(report.site, "SET refused = :refused", "attribute_exists(kind)", refused)

    def put_told(self, head: Head, owner: str, told: Sequence[Trouble]) -> Head:
        """Remember the troubles that people have been told of and that have not ended."""
        self._set_on_head(head, owner, {"told": told})
        return replace(head, told=list(told))

    def reject(self, site: str, import_id: str, by: str) -> bool:
        """End a held import without publishing it, for good; False when it is not held any more."""
        for _ in range(_TRIES):
            head = self.head(site)
            if head.held != import_id:
                return False
            gone = barred(head.barred, head.undecided.values(), head.effective)
            # As it was read: a newer pair may take the place of the held one in the same hold.
            same = "held = :import AND (undecided = :undecided OR attribute_not_exists(undecided))"
            values = {"import": import_id, "barred": gone, "undecided": stored_uploads(head.undecided)}
            let_go = self._items.updating(site, HEAD, "SET barred = :barred REMOVE held, undecided", same, values)
            try:
                self._items.transact([let_go, self._ending_hold(site, import_id, "rejected", rejected_by=by)])
            except HeadMoved:
                continue
            return True
        return False

    def renew_hold(self, head: Head, owner: str, held: Report, after: Head) -> None:
        """Have the held import stand for a newer pair that comes to the very same version: in the place of a new one.

        `held` is its report as it reads then. HeadMoved as for `settle`.
        """
        kept = after.values_of_renewed()
        update = "REMOVE running, tries SET " + ", ".join(f"{name} = :{name}" for name in kept)
        values = {**kept, "owner": owner, "base": head.version, "was_held": head.held}
        about = {name: value for name, value in held.as_dict().items() if name in ("pair", "plan", "asked")}
        renewed = "SET " + ", ".join(f"#{name} = :{name}" for name in about)
        names = {name: name for name in about} | {"status": "status"}
        self._items.transact(
            [
                self._items.updating(head.site, HEAD, update, f"{_OURS} AND held = :was_held", values),
                self._items.updating(
                    head.site, f"IMPORT#{head.held}", renewed, "#status = :held", {**about, "held": "held"}, **names
                ),
                self._items.deleting(head.site, f"IMPORT#{after.running}"),
                self._items.deleting(head.site, _WAITING),
            ]
        )

    def report(self, site: str, import_id: str) -> Report | None:
        """The report of one import, as far as it has come."""
        item = self._items.get(site, f"IMPORT#{import_id}")
        return Report.from_dict(item) if item else None

    def reports(self, site: str, limit: int, before: str = "") -> list[Report]:
        """The newest imports of a site, newest first; those before the import of an id, where one is given."""
        items = self._items.newest(site, "IMPORT#", limit, f"IMPORT#{before}" if before else "")
        return [Report.from_dict(item) for item in items]

    def was_told(self, site: str, asked: str) -> bool:
        """Whether a person's request has had its answer; a message that comes twice comes within minutes."""
        told = self.reports(site, _RECENT_REPORTS)
        return any(report.asked == asked and report.status != "fetching" for report in told)

    def _import_item(self, report: Report) -> Item:
        expires_at = int((self._clock() + _REPORTS_KEPT).timestamp())
        return {**site_key(report.site, f"IMPORT#{report.import_id}"), **report.as_dict(), "expires_at": expires_at}

    def _ending_hold(self, site: str, import_id: str, status: str, **about: str) -> Write:
        update = "SET #status = :status, " + ", ".join(f"{name} = :{name}" for name in about)
        values = {"status": status, "held": "held", **about}
        return self._items.updating(site, f"IMPORT#{import_id}", update, "#status = :held", values, status="status")

    # What waits

    def put_paused(self, site: str, asked: str) -> None:
        """Show that uploads wait until the site is no longer paused."""
        self._put_waiting(site, {"paused": True, "since": stamp(self._clock())}, asked)

    def put_waiting(self, site: str, wait: Wait, asked: str) -> None:
        """Show that a lone file waits for its partner; `asked` is the id of a person's request, if it was one."""
        about: Waiting = {
            "file": wait.arrived.file,
            "missing": wait.missing,
            "since": stamp(wait.arrived.uploaded_at),
            "until": stamp(wait.until) if wait.until else None,
        }
        self._put_waiting(site, about, asked)

    def put_fetching(self, site: str, records: int, since: datetime) -> None:
        """Show that a site's roster is being fetched, and how many records have come."""
        self._put_waiting(site, {"fetching": True, "records": records, "since": stamp(since)}, "")

    def drop_fetching(self, site: str) -> None:
        """Show so no longer."""
        if (self.waiting(site) or {}).get("fetching"):
            self.drop_waiting(site)

    def _put_waiting(self, site: str, about: Waiting, asked: str) -> None:
        # Whoever asked may not have seen the answer yet when the next message has the inbox looked at.
        known = None if asked else self.waiting(site)
        asked = asked or (known.get("asked", "") if known else "")
        self._items.put({**site_key(site, _WAITING), **about, "asked": asked})

    def drop_waiting(self, site: str) -> None:
        """Show that nothing waits any more."""
        self._items.delete(site, _WAITING)

    def waiting(self, site: str) -> Waiting | None:
        """What waits, if anything does."""
        return cast("Waiting | None", self._items.get(site, _WAITING))
