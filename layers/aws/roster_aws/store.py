"""What stands about a site in the table: its head, who is importing, and its imports. One item moves, the head.

The lease lets one import of a site run at a time. It lasts exactly as long as the function that holds it may live, so
a holder is gone before its lease is. Whoever comes while it is held leaves a mark, and the holder looks again before
it lets go. `settle` is the commit: one transaction that holds only while the lease and the base version do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from roster.pair import Upload, Wait
from roster_aws.environment import client, now, variable
from roster_aws.signing import Signed
from roster_aws.table import from_wire, site_key, stamp, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What an import's outcome leaves as it is.
_NOT_SETTLED = {"site", "running", "projected_version", "settings", "settings_version", "paused", "stale_since"}

_SUCCEEDED = ("ok", "ok_with_warnings", "no_change")
_COUNTED = ("groups", "members", "memberships", "teachers")

# Every head has these, by which the index `heads` lists the sites.
_LISTED = "kind = :kind, site = :site"

_RECENT_REPORTS = 20
_REPORTS_KEPT = timedelta(days=400)


class HeadMoved(RuntimeError):
    """The lease or the base version is no longer ours; the import has to start again from the new head."""


@dataclass(frozen=True)
class Head:
    """The newest version of a site (0: none yet), and how far the import that made it has come.

    `imports` counts those that have settled; `running` is the id of one that has not, this run's or a dead one's.
    `seen` holds the version id of each upload that was dealt with, `readable` the last upload of each file that could
    be read, `files_at` when the newest upload that was imported came; `projected_version` is the version that the
    groups and rights in the table show; `open_import` is an import whose outcome stands but has not been told yet;
    `held` is one that waits for approval. `settings` are the last good ones, `settings_version` the upload last read
    for them; `settings_changed` says that no import has settled with them yet. `stale_since` is the watch's.
    `signature` {key_id, signature} is over epoch, version and manifest, by a key of the keyring `keyring_serial`.
    """

    site: str
    version: int = 0
    epoch: int = 1
    manifest_sha256: str = ""
    published_at: str = ""
    signature: dict[str, str] = field(default_factory=dict)
    keyring_serial: int = 0
    projected_version: int = 0
    imports: int = 0
    running: str = ""
    open_import: str = ""
    paused: bool = False
    held: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    settings_version: str = ""
    settings_changed: bool = False
    seen: dict[str, str] = field(default_factory=dict)
    readable: dict[str, Upload] = field(default_factory=dict)
    files_at: str = ""
    stale_since: str = ""


class Store:
    """The items with partition key `SITE#{site}` that imports read and write."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], datetime]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    @classmethod
    def from_environment(cls) -> Store:
        """The store of this process."""
        return cls(client("dynamodb"), variable("TABLE_NAME"), now)

    # The lease

    def take_lease(self, site: str, owner: str, until: datetime) -> datetime | None:
        """Take the site's lease; None when it is taken, else when the one that holds it ends, having left a mark."""
        while True:
            now = self._clock().timestamp()
            took = self._update_head(
                site,
                f"SET lease_owner = :owner, lease_until = :until, {_LISTED} REMOVE wanted",
                "attribute_not_exists(lease_owner) OR lease_until < :now",
                {"owner": owner, "until": int(until.timestamp()) + 1, "now": int(now), **_listed(site)},
            )
            if took is not None:
                return None
            held = self._update_head(site, "SET wanted = :yes", "lease_until >= :now", {"yes": True, "now": int(now)})
            if held is not None:
                return datetime.fromtimestamp(held["lease_until"], tz=until.tzinfo)

    def release_lease(self, site: str, owner: str) -> bool:
        """Let go of the lease; False, and it is kept, when somebody left a mark meanwhile."""
        mine = "lease_owner = :owner"
        unmarked = f"{mine} AND attribute_not_exists(wanted)"
        if self._update_head(site, "REMOVE lease_owner, lease_until", unmarked, {"owner": owner}) is not None:
            return True
        return self._update_head(site, "REMOVE wanted", mine, {"owner": owner}) is None

    def drop_lease(self, site: str, owner: str) -> None:
        """Let go of the lease whatever marks there are; those who left one have sent a message for later too."""
        self._update_head(site, "REMOVE lease_owner, lease_until, wanted", "lease_owner = :owner", {"owner": owner})

    def _update_head(self, site: str, update: str, condition: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """The head after a conditional update; None when the condition does not hold."""
        try:
            updated = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_wire(site_key(site, "HEAD")),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=to_wire(_values(values)),
                ReturnValues="ALL_NEW",
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return None
        return from_wire(updated["Attributes"])

    # The head

    def head(self, site: str) -> Head:
        """The site's head as it is now."""
        item = self._get(site, "HEAD") or {}
        readable = {file: _upload(file, stored) for file, stored in item.get("readable", {}).items()}
        known = {name: value for name, value in item.items() if name in Head.__dataclass_fields__}
        return Head(**known | {"site": site, "readable": readable})

    def settle(
        self,
        head: Head,
        owner: str,
        report: dict[str, Any],
        signed: Signed | None = None,
        *,
        seen: dict[str, str] | None = None,
        readable: dict[str, Upload] | None = None,
        pause: bool = False,
    ) -> Head:
        """Make an import's outcome stand, and with a signed version make that the head: the commit.

        The report is stored with it, still to be told: `finish` does that, now or after a crash. An import held before
        is superseded, unless this one failed. HeadMoved when the lease is no longer `owner`'s or the head is not the
        one given; then nothing has changed. `pause` pauses the site in the same moment.
        """
        settled = replace(
            head,
            seen=head.seen if seen is None else seen,
            readable=head.readable if readable is None else readable,
            open_import=report["import"],
            imports=head.imports + 1,
            settings_changed=False,
        )
        if "pair" in report:
            files_at = max(about["uploaded_at"] for about in report["pair"].values())
            settled = replace(settled, files_at=max(files_at, head.files_at))
        if report["status"] != "failed":
            settled = replace(settled, held=report["import"] if report["status"] == "held" else "")
        if signed:
            published = {**_signed(signed), "version": signed.version, "epoch": signed.epoch}
            now = stamp(self._clock())
            settled = replace(settled, **published, manifest_sha256=signed.manifest_sha256, published_at=now)
        values = {name: value for name, value in vars(settled).items() if name not in _NOT_SETTLED}
        if pause:
            values["paused"] = True
        values["readable"] = {file: _stored(upload) for file, upload in settled.readable.items()}
        update = "REMOVE running SET " + ", ".join(f"{name} = :{name}" for name in values)
        condition = "lease_owner = :owner AND (version = :base OR attribute_not_exists(version))"
        values |= {"owner": owner, "base": head.version}
        untold = {**report, "status": "fetching", "outcome": report["status"]}
        writes = [
            self._head_update(head.site, update, condition, values),
            self._put(self._import_item(untold)),
            {"Delete": {"TableName": self._table, "Key": to_wire(site_key(head.site, "WAITING"))}},
        ]
        if head.held not in ("", settled.held, report["import"]):
            writes.append(self._end_hold(head.site, head.held, "superseded", {"superseded_by": report["import"]}))
        self._transact(writes)
        return settled

    def put_signature(self, head: Head, owner: str, signed: Signed) -> Head:
        """Sign the head anew as it is, by a key of a newer keyring."""
        values = _signed(signed)
        update = "SET " + ", ".join(f"{name} = :{name}" for name in values)
        known = {**values, "owner": owner, "version": signed.version}
        if self._update_head(head.site, update, "lease_owner = :owner AND version = :version", known) is None:
            raise HeadMoved("the lease was lost")
        return replace(head, **values)

    def _end_hold(self, site: str, import_id: str, status: str, about: dict[str, str]) -> dict[str, Any]:
        values = {"status": status, "held": "held", **about}
        assignments = ", ".join(f"{name} = :{name}" for name in about)
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_wire(site_key(site, f"IMPORT#{import_id}")),
                "UpdateExpression": f"SET #status = :status, {assignments}",
                "ConditionExpression": "#status = :held",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": to_wire(_values(values)),
            }
        }

    def reject(self, site: str, import_id: str, by: str) -> bool:
        """End a held import without publishing it; False when it is not held any more."""
        condition = "held = :import"
        let_go = self._head_update(site, "REMOVE held", condition, {"import": import_id})
        try:
            self._transact([let_go, self._end_hold(site, import_id, "rejected", {"rejected_by": by})])
        except HeadMoved:
            return False
        return True

    def set_paused(self, site: str, *, paused: bool) -> None:
        """Pause a site, or let it go on."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire(site_key(site, "HEAD")),
            UpdateExpression=f"SET paused = :paused, {_LISTED}",
            ExpressionAttributeValues=to_wire({":paused": paused, **_values(_listed(site))}),
        )

    def put_settings(self, head: Head, owner: str, version_id: str, settings: dict[str, Any] | None) -> Head:
        """Remember that an upload of settings.json was read, and if they were good put them in force."""
        known: dict[str, Any] = {"settings_version": version_id}
        if settings is not None:
            known |= {"settings": settings, "settings_changed": True}
        # On its own too, for the index of sites, which has no room for settings.
        values = known if settings is None else known | {"settings_paused": settings["paused"]}
        update = "SET " + ", ".join(f"{name} = :{name}" for name in values)
        if self._update_head(head.site, update, "lease_owner = :owner", {**values, "owner": owner}) is None:
            raise HeadMoved("the lease was lost")
        return replace(head, **known)

    def finish(self, head: Head, owner: str, report: dict[str, Any]) -> None:
        """Mark the head's version as projected and its open import as told, with the report as it now reads."""
        values = {"owner": owner, "version": head.version, "last": _last(report)}
        update = "SET projected_version = :version, last_import = :last"
        if report["status"] in _SUCCEEDED:
            update += ", succeeded_at = :ended_at"
            values["ended_at"] = report["ended_at"]
        marked = self._head_update(head.site, f"{update} REMOVE open_import", "lease_owner = :owner", values)
        self._transact([marked, self._put(self._import_item(report))])

    # Imports

    def begin_import(self, head: Head, owner: str, import_id: str, pair: dict[str, Any]) -> None:
        """Show an import as running. The head keeps its id, so that after a crash the next try shows as the same."""
        begun = {"site": head.site, "import": import_id, "status": "fetching", "pair": pair}
        running = {"running": import_id, "owner": owner}
        update = self._head_update(head.site, "SET running = :running", "lease_owner = :owner", running)
        self._transact([update, self._put(self._import_item(begun))])

    def record_import(self, report: dict[str, Any]) -> None:
        """Keep the report of what no import reads; a site of which nothing else is known is listed with it."""
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(self._import_item(report)))
        values = {"last": _last(report), **_listed(report["site"])}
        self._dynamodb.update_item(
            TableName=self._table,
            Key=to_wire(site_key(report["site"], "HEAD")),
            UpdateExpression=f"SET last_import = if_not_exists(last_import, :last), {_LISTED}",
            ExpressionAttributeValues=to_wire(_values(values)),
        )

    def put_paused(self, site: str, asked: str) -> None:
        """Show that uploads wait until the site is no longer paused."""
        item = {**site_key(site, "WAITING"), "paused": True, "since": stamp(self._clock()), "asked": asked}
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(item))

    def put_waiting(self, site: str, wait: Wait, asked: str) -> None:
        """Show that a lone file waits for its partner; `asked` is the id of a person's request, if it was one."""
        item = {
            **site_key(site, "WAITING"),
            "file": wait.arrived.file,
            "missing": wait.missing,
            "since": stamp(wait.arrived.uploaded_at),
            "until": stamp(wait.until) if wait.until else None,
            "asked": asked,
        }
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(item))

    def waiting(self, site: str) -> dict[str, Any] | None:
        """What waits: file, missing, since, until, asked of a lone file; paused, since, asked of a paused site."""
        return self._get(site, "WAITING")

    def report(self, site: str, import_id: str) -> dict[str, Any] | None:
        """The report of one import, as far as it has come."""
        return self._get(site, f"IMPORT#{import_id}")

    def was_told(self, site: str, asked: str) -> bool:
        """Whether a person's request has had its answer; a message that comes twice comes within minutes."""
        told = self.reports(site, _RECENT_REPORTS)
        return any(report.get("asked") == asked and report["status"] != "fetching" for report in told)

    def reports(self, site: str, limit: int) -> list[dict[str, Any]]:
        """The newest imports of a site, newest first."""
        found = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :imports)",
            ExpressionAttributeValues=to_wire({":pk": f"SITE#{site}", ":imports": "IMPORT#"}),
            ScanIndexForward=False,
            Limit=limit,
        )
        return [_without_key(from_wire(item)) for item in found["Items"]]

    # How it is written

    def _get(self, site: str, sort_key: str) -> dict[str, Any] | None:
        got = self._dynamodb.get_item(TableName=self._table, Key=to_wire(site_key(site, sort_key)), ConsistentRead=True)
        return _without_key(from_wire(got["Item"])) if "Item" in got else None

    def _import_item(self, report: dict[str, Any]) -> dict[str, Any]:
        expires_at = int((self._clock() + _REPORTS_KEPT).timestamp())
        return {**site_key(report["site"], f"IMPORT#{report['import']}"), **report, "expires_at": expires_at}

    def _put(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": to_wire(item)}}

    def _head_update(self, site: str, update: str, condition: str, values: dict[str, Any]) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_wire(site_key(site, "HEAD")),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": to_wire(_values(values)),
            }
        }

    def _transact(self, writes: list[Any]) -> None:
        try:
            self._dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            reasons: list[Any] = error.response.get("CancellationReasons", [])
            if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                raise HeadMoved("the site's head moved, or its lease was lost") from None
            raise


def _values(values: dict[str, Any]) -> dict[str, Any]:
    return {f":{name}": value for name, value in values.items()}


def _listed(site: str) -> dict[str, str]:
    """What `_LISTED` sets."""
    return {"kind": "head", "site": site}


def _signed(signed: Signed) -> dict[str, Any]:
    signature = {"key_id": signed.key_id, "signature": signed.signature}
    return {"signature": signature, "keyring_serial": signed.keyring_serial}


def _last(report: dict[str, Any]) -> dict[str, Any]:
    """What a list of sites shows of a site's last import."""
    counts = {name: report["counts"][name] for name in _COUNTED} if "counts" in report else {}
    return {"import": report["import"], "status": report["status"], "ended_at": report["ended_at"], "counts": counts}


def _without_key(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("pk", "sk", "expires_at")}


def _stored(upload: Upload) -> dict[str, Any]:
    return {"version_id": upload.version_id, "uploaded_at": stamp(upload.uploaded_at), "size": upload.size}


def _upload(file: str, stored: dict[str, Any]) -> Upload:
    return Upload(file, stored["version_id"], datetime.fromisoformat(stored["uploaded_at"]), stored["size"])
