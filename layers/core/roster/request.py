"""What a message of the import queue asks for, and what a person may order. In: a text. Out: values; and back.

A request of ours is `{"site": …}`, with `asked` and `asked_at` when a person asked, and `order` for what is to be
done before anything else; `{"stray": …}` is an upload of another name, to be looked at again. S3's own messages alone
hold the key of an upload, which may be the name of a person: none of ours does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from roster.notices import BUNDLES, FILES, SETTINGS
from roster.pair import is_site


@dataclass(frozen=True)
class Request:
    """A reason to look at a site's inbox; `asked` is the id of a person's request, who may order something first."""

    site: str
    asked: str = ""
    asked_at: datetime | None = None
    order: Order | None = None


@dataclass(frozen=True)
class Approval:
    """Somebody (`by`) wants the held import published, exactly as its plan says: the digest of its manifest."""

    import_id: str
    plan: str
    by: str


@dataclass(frozen=True)
class Rollback:
    """Somebody (`by`) wants an old version's content published again."""

    version: int
    by: str


@dataclass(frozen=True)
class NewEpoch:
    """Somebody (`by`) wants what servers have published again, in a new epoch and above every version so far."""

    above: int
    by: str


@dataclass(frozen=True)
class EndKept:
    """Somebody (`by`) wants all that bad rows keep to end at once: the order `settle`."""

    by: str


@dataclass(frozen=True)
class RevokeConsole:
    """Somebody (`by`) wants a version without the rights of those on the site's list, which alone has names."""

    by: str


Order = Approval | Rollback | NewEpoch | EndKept | RevokeConsole
_ORDERS: dict[str, type[Order]] = {
    "approve": Approval,
    "rollback": Rollback,
    "new-epoch": NewEpoch,
    "settle": EndKept,
    "revoke-console": RevokeConsole,
}

#: A message that has the keyring made, which the consumer of any message sees to.
KEYRING_WANTED = json.dumps({"keyring": "wanted"})


@dataclass(frozen=True)
class Stray:
    """An upload that no import will read: its key names no site, or no file of a pair. `size` is in bytes."""

    key: str
    version_id: str
    uploaded_at: datetime
    size: int

    @property
    def unnamed(self) -> Unnamed:
        """The same upload, without its key."""
        folder, slash, _ = self.key.partition("/")
        return Unnamed(folder if slash and is_site(folder) else "", self.version_id, self.uploaded_at, self.size)


@dataclass(frozen=True)
class Unnamed:
    """A stray as the queue may hold it: by the site whose folder it lies in ("" for none) and the bucket's version."""

    site: str
    version_id: str
    uploaded_at: datetime
    size: int


def message_of(wanted: Request | Unnamed) -> str:
    """The message that asks for it."""
    if isinstance(wanted, Unnamed):
        return json.dumps({"stray": {**vars(wanted), "uploaded_at": wanted.uploaded_at.isoformat()}})
    body: dict[str, Any] = {"site": wanted.site}
    if wanted.asked_at:
        body |= {"asked": wanted.asked, "asked_at": wanted.asked_at.isoformat()}
    if wanted.order:
        kind = next(kind for kind, order in _ORDERS.items() if isinstance(wanted.order, order))
        body["order"] = {"kind": kind, **vars(wanted.order)}
    return json.dumps(body)


def read_message(body: str) -> list[Request | Stray | Unnamed]:
    """What a message says: nothing if it is S3's own test, a new folder, or only there to be consumed.

    ValueError or KeyError for what is none of ours.
    """
    message = json.loads(body)
    if "site" in message:
        return [_request(message)]
    if "stray" in message:
        said = message["stray"]
        return [Unnamed(**said | {"uploaded_at": datetime.fromisoformat(said["uploaded_at"])})]
    if message.get("Event") == "s3:TestEvent" or message == json.loads(KEYRING_WANTED):
        return []
    uploads = [record["s3"]["object"] | {"at": record["eventTime"]} for record in message["Records"]]
    # What the S3 console calls a folder is an empty object; making one for a new site is no mistake.
    return [_upload(entity) for entity in uploads if entity["size"] or not entity["key"].endswith("/")]


def _request(message: Mapping[str, Any]) -> Request:
    if not is_site(message["site"]):
        raise ValueError("a request for something that is no site")
    at, order = message.get("asked_at"), message.get("order")
    carried = _ORDERS[order.pop("kind")](**order) if order else None
    return Request(message["site"], message.get("asked", ""), datetime.fromisoformat(at) if at else None, carried)


def _upload(entity: Mapping[str, Any]) -> Request | Stray:
    key = unquote_plus(entity["key"])
    site, slash, file = key.partition("/")
    if slash and is_site(site) and file in (*FILES, *BUNDLES, SETTINGS):
        return Request(site)
    return Stray(key, entity["versionId"], datetime.fromisoformat(entity["at"]), entity["size"])
