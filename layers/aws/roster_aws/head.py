"""A site's head: its newest version, and all that the next import of the site builds on.

In: a head's item. Out: a `Head`; the one that an import leaves behind; the values of its item.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from roster.pair import Upload
from roster_aws.signing import Signed
from roster_aws.table import stamp

# What an import's outcome leaves as it is.
_NOT_SETTLED = {"site", "running", "projected_version", "settings", "settings_version", "paused", "stale_since"}


@dataclass(frozen=True)
class Head:
    """The newest version of a site (0: none yet), and how far the import that made it has come.

    `imports` counts those that have settled; `running` is the id of one that has not, this run's or a dead one's.
    `seen` holds the version id of each upload that was dealt with, `readable` the last upload of each file that could
    be read, `files_at` when the newest upload that was imported came; `projected_version` is the version that the
    groups and rights in the table show; `open_import` is an import whose outcome stands but has not been told yet;
    `held` is one that waits for approval. `settings` are the last good ones, `settings_version` the upload last read
    for them; `settings_changed` says that no pair was imported with them yet. `stale_since` is the watch's.
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

    @classmethod
    def from_item(cls, site: str, item: dict[str, Any]) -> Head:
        """The head that an item holds; an empty one is that of a new site."""
        readable = {file: _upload(file, stored) for file, stored in item.get("readable", {}).items()}
        known = {name: value for name, value in item.items() if name in cls.__dataclass_fields__}
        return cls(**known | {"site": site, "readable": readable})

    def settled(
        self,
        report: dict[str, Any],
        signed: Signed | None,
        at: datetime,
        seen: dict[str, str] | None,
        readable: dict[str, Upload] | None,
    ) -> Head:
        """The head once an import's outcome stands, which published what is signed; None is "as before"."""
        settled = replace(
            self,
            seen=self.seen if seen is None else seen,
            readable=self.readable if readable is None else readable,
            open_import=report["import"],
            imports=self.imports + 1,
            # What reads no pair leaves it to the next import to apply them.
            settings_changed=self.settings_changed and seen is None,
        )
        if "pair" in report:
            files_at = max(about["uploaded_at"] for about in report["pair"].values())
            settled = replace(settled, files_at=max(files_at, self.files_at))
        if report["status"] != "failed":
            settled = replace(settled, held=report["import"] if report["status"] == "held" else "")
        if signed:
            settled = replace(
                settled,
                version=signed.version,
                epoch=signed.epoch,
                manifest_sha256=signed.manifest_sha256,
                published_at=stamp(at),
                **signature_of(signed),
            )
        return settled

    def values_of_settled(self) -> dict[str, Any]:
        """What `settled` may have changed, as the item holds it."""
        values = {name: value for name, value in vars(self).items() if name not in _NOT_SETTLED}
        return values | {"readable": {file: _stored(upload) for file, upload in self.readable.items()}}


def signature_of(signed: Signed) -> dict[str, Any]:
    """The fields of a head that its signature takes."""
    signature = {"key_id": signed.key_id, "signature": signed.signature}
    return {"signature": signature, "keyring_serial": signed.keyring_serial}


def _stored(upload: Upload) -> dict[str, Any]:
    return {"version_id": upload.version_id, "uploaded_at": stamp(upload.uploaded_at), "size": upload.size}


def _upload(file: str, stored: dict[str, Any]) -> Upload:
    return Upload(file, stored["version_id"], datetime.fromisoformat(stored["uploaded_at"]), stored["size"])
