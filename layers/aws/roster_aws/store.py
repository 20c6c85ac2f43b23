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
from roster_aws.table import from_wire, to_wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REPORTS_KEPT = timedelta(days=400)


class HeadMoved(RuntimeError):
    """The lease or the base version is no longer ours; the import has to start again from the new head."""


@dataclass(frozen=True)
class Head:
    """The newest version of a site (0: none yet), and how far the import that made it has come.

    `imports` counts those that have settled; `running` is the id of one that has not, this run's or a dead one's.
    `seen` holds the version id of each upload that was dealt with, `readable` the last upload of each file that could
    be read; `projected_version` is the version that the groups and rights in the table show; `open_import` is an
    import whose outcome stands but has not been told yet.
    """

    site: str
    version: int = 0
    epoch: int = 1
    manifest_sha256: str = ""
    published_at: str = ""
    projected_version: int = 0
    imports: int = 0
    running: str = ""
    open_import: str = ""
    seen: dict[str, str] = field(default_factory=dict)
    readable: dict[str, Upload] = field(default_factory=dict)


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
                "SET lease_owner = :owner, lease_until = :until REMOVE wanted",
                "attribute_not_exists(lease_owner) OR lease_until < :now",
                {"owner": owner, "until": int(until.timestamp()) + 1, "now": int(now)},
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
                Key=to_wire(_key(site, "HEAD")),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues=to_wire({f":{name}": value for name, value in values.items()}),
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
        self, head: Head, owner: str, report: dict[str, Any], readable: dict[str, Upload], manifest_sha256: str | None
    ) -> Head:
        """Make an import's outcome stand, and with a manifest move the head to the next version: the commit.

        The report is stored with it, still to be told: `finish` does that, now or after a crash. HeadMoved when the
        lease is no longer `owner`'s or the head is not the one given; then nothing has changed.
        """
        seen = {file: uploaded["version_id"] for file, uploaded in report["pair"].items()}
        now = _stamp(self._clock())
        version = head.version + 1 if manifest_sha256 else head.version
        values = {
            "seen": seen,
            "readable": {file: _stored(upload) for file, upload in readable.items()},
            "import": report["import"],
            "imports": head.imports + 1,
            "owner": owner,
        }
        update = "REMOVE running SET seen = :seen, readable = :readable, open_import = :import, imports = :imports"
        condition = "lease_owner = :owner AND attribute_not_exists(version)"
        if head.version:
            condition = "lease_owner = :owner AND version = :base"
            values["base"] = head.version
        if manifest_sha256:
            update += ", version = :version, epoch = :epoch, manifest_sha256 = :manifest, published_at = :now"
            values |= {"version": version, "epoch": head.epoch, "manifest": manifest_sha256, "now": now}
        untold = {**report, "status": "fetching", "outcome": report["status"]}
        self._transact(
            [
                self._head_update(head.site, update, condition, values),
                self._put(self._import_item(untold)),
                {"Delete": {"TableName": self._table, "Key": to_wire(_key(head.site, "WAITING"))}},
            ]
        )
        settled = replace(head, seen=seen, readable=readable, open_import=report["import"], imports=head.imports + 1)
        if manifest_sha256:
            settled = replace(settled, version=version, manifest_sha256=manifest_sha256, published_at=now)
        return settled

    def finish(self, head: Head, owner: str, report: dict[str, Any]) -> None:
        """Mark the head's version as projected and its open import as told, with the report as it now reads."""
        values = {"owner": owner, "version": head.version}
        update = self._head_update(
            head.site, "SET projected_version = :version REMOVE open_import", "lease_owner = :owner", values
        )
        self._transact([update, self._put(self._import_item(report))])

    # Imports

    def begin_import(self, head: Head, owner: str, import_id: str, pair: dict[str, Any]) -> None:
        """Show an import as running. The head keeps its id, so that after a crash the next try shows as the same."""
        begun = {"site": head.site, "import": import_id, "status": "fetching", "pair": pair}
        running = {"running": import_id, "owner": owner}
        update = self._head_update(head.site, "SET running = :running", "lease_owner = :owner", running)
        self._transact([update, self._put(self._import_item(begun))])

    def record_import(self, report: dict[str, Any]) -> None:
        """Keep the report of an upload that no import reads."""
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(self._import_item(report)))

    def put_waiting(self, site: str, wait: Wait, asked: str) -> None:
        """Show that a lone file waits for its partner; `asked` is the id of a person's request, if it was one."""
        item = {
            **_key(site, "WAITING"),
            "file": wait.arrived.file,
            "missing": wait.missing,
            "since": _stamp(wait.arrived.uploaded_at),
            "until": _stamp(wait.until) if wait.until else None,
            "asked": asked,
        }
        self._dynamodb.put_item(TableName=self._table, Item=to_wire(item))

    def waiting(self, site: str) -> dict[str, Any] | None:
        """The lone file that waits: file, missing, since, until, asked."""
        return self._get(site, "WAITING")

    def report(self, site: str, import_id: str) -> dict[str, Any] | None:
        """The report of one import, as far as it has come."""
        return self._get(site, f"IMPORT#{import_id}")

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
        got = self._dynamodb.get_item(TableName=self._table, Key=to_wire(_key(site, sort_key)), ConsistentRead=True)
        return _without_key(from_wire(got["Item"])) if "Item" in got else None

    def _import_item(self, report: dict[str, Any]) -> dict[str, Any]:
        expires_at = int((self._clock() + _REPORTS_KEPT).timestamp())
        return {**_key(report["site"], f"IMPORT#{report['import']}"), **report, "expires_at": expires_at}

    def _put(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": to_wire(item)}}

    def _head_update(self, site: str, update: str, condition: str, values: dict[str, Any]) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_wire(_key(site, "HEAD")),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": to_wire({f":{name}": value for name, value in values.items()}),
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


def _key(site: str, sort_key: str) -> dict[str, str]:
    return {"pk": f"SITE#{site}", "sk": sort_key}


def _without_key(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("pk", "sk", "expires_at")}


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _stored(upload: Upload) -> dict[str, Any]:
    return {"version_id": upload.version_id, "uploaded_at": _stamp(upload.uploaded_at), "size": upload.size}


def _upload(file: str, stored: dict[str, Any]) -> Upload:
    return Upload(file, stored["version_id"], datetime.fromisoformat(stored["uploaded_at"]), stored["size"])
