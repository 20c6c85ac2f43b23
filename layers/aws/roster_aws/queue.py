"""The queue that starts imports: uploads come through it from S3, and what the product asks of itself.

A request of ours is `{"site": …}`, with `asked` and `asked_at` when a person asked, and `order` for what is to be
done before anything else; `{"stray": …}` is an upload of another name, to be looked at again. S3's own messages alone
hold the key of an upload, which may be the name of a person: none of ours does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from roster.notices import FILES, SETTINGS
from roster.pair import is_site
from roster_aws.environment import client, variable
from roster_aws.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_DELAY = 900
_RETRY_SECONDS = 15


@dataclass(frozen=True)
class Request:
    """A reason to look at a site's inbox; `asked` is the id of a person's request.

    A person's request may be an order to carry out first: `approve` a held import, `rollback` to a version, begin a
    `new-epoch`, or `settle` what is kept.
    """

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
    """Somebody (`by`) wants the published content published again, in a new epoch and above every version so far."""

    above: int
    by: str


@dataclass(frozen=True)
class Settle:
    """Somebody (`by`) wants all that bad rows keep to end at once."""

    by: str


Order = Approval | Rollback | NewEpoch | Settle
_ORDERS: dict[str, type[Order]] = {
    "approve": Approval,
    "rollback": Rollback,
    "new-epoch": NewEpoch,
    "settle": Settle,
}

# Has the keyring made, which the consumer of any message sees to.
_KEYRING_WANTED = {"keyring": "wanted"}


@dataclass(frozen=True)
class Stray:
    """An upload that no import will read: its key names no site, or no file of a pair."""

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


def read_message(body: str) -> list[Request | Stray | Unnamed]:
    """What a message says: nothing if it is S3's own test, a new folder, or only there to be consumed.

    ValueError or KeyError for what is none of ours.
    """
    message = json.loads(body)
    if "site" in message:
        at = message.get("asked_at")
        if not is_site(message["site"]):
            raise ValueError("a request for something that is no site")
        order = message.get("order")
        carried = _ORDERS[order.pop("kind")](**order) if order else None
        return [Request(message["site"], message.get("asked", ""), datetime.fromisoformat(at) if at else None, carried)]
    if "stray" in message:
        said = message["stray"]
        return [Unnamed(**said | {"uploaded_at": datetime.fromisoformat(said["uploaded_at"])})]
    if message.get("Event") == "s3:TestEvent" or message == _KEYRING_WANTED:
        return []
    uploads = [record["s3"]["object"] | {"at": record["eventTime"]} for record in message["Records"]]
    # What the S3 console calls a folder is an empty object; making one for a new site is no mistake.
    return [_upload(entity) for entity in uploads if entity["size"] or not entity["key"].endswith("/")]


def _upload(entity: dict[str, Any]) -> Request | Stray:
    key = unquote_plus(entity["key"])
    site, slash, file = key.partition("/")
    if slash and is_site(site) and file in (*FILES, SETTINGS):
        return Request(site)
    return Stray(key, entity["versionId"], datetime.fromisoformat(entity["at"]), entity["size"])


class Queue:
    """The import queue, seen from its own consumer."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    @classmethod
    def from_environment(cls) -> Queue:
        """The queue of this process."""
        return cls(client("sqs"), variable("QUEUE_URL"))

    def ask(self, request: Request, delay_seconds: float = 0) -> None:
        """Have a site's inbox looked at, after a delay of at most fifteen minutes."""
        body: dict[str, Any] = {"site": request.site}
        if request.asked_at:
            body |= {"asked": request.asked, "asked_at": request.asked_at.isoformat()}
        if request.order:
            kind = next(kind for kind, order in _ORDERS.items() if isinstance(request.order, order))
            body["order"] = {"kind": kind, **vars(request.order)}
        self._sqs.send_message(
            QueueUrl=self._url, MessageBody=json.dumps(body), DelaySeconds=_whole_seconds(delay_seconds)
        )

    def look_again(self, stray: Unnamed, delay_seconds: float) -> None:
        """Have an upload that no import reads looked at again, after a delay."""
        body = {"stray": {**vars(stray), "uploaded_at": stray.uploaded_at.isoformat()}}
        self._sqs.send_message(
            QueueUrl=self._url, MessageBody=json.dumps(body), DelaySeconds=_whole_seconds(delay_seconds)
        )

    def ask_for_keyring(self) -> None:
        """Have a keyring made, in a stack that has none yet."""
        self._sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(_KEYRING_WANTED))

    def retry_soon(self, receipt_handle: str, attempts: int) -> None:
        """Let a message that failed come back early: after 15 s the first time, then twice as long each time.

        Where the queue does not take that, it comes back all the same, but later.
        """
        seconds = _RETRY_SECONDS * 2 ** (attempts - 1)
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )
        except (BotoCoreError, ClientError):
            logger.exception("retry_not_hastened")


def _whole_seconds(delay: float) -> int:
    """A delay as the queue takes it, rounded up so that no message is early."""
    return max(0, min(_LONGEST_DELAY, int(delay) + (delay > int(delay))))
