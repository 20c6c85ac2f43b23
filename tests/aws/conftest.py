"""A world for the adapters: buckets, a table and a queue of a test's own on the local cloud, and a clock that is told.

Nothing triggers anything here: a test runs the importer itself, as often and in whatever order it likes.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, cast

import pytest

from local.cloud import Cloud
from local.emulator import REGION
from roster.model import Group, Right
from roster.pair import QUIET
from roster.request import Approval, Order, Request
from roster_aws.commit import Publisher
from roster_aws.dynamo.table import retry_conflicts
from roster_aws.enrolment import Enrolment
from roster_aws.fleet import HEADS, Fleet
from roster_aws.gathering import Gathering
from roster_aws.importing import Importer
from roster_aws.inbox import Inbox
from roster_aws.intake.upload_items import Uploaders
from roster_aws.leaving.erasing import Eraser, Places
from roster_aws.leaving.tombstones import Tombstones
from roster_aws.logbook import Logbook
from roster_aws.orders import Orders
from roster_aws.process import CONFIG
from roster_aws.projection import Projection
from roster_aws.queue import Queue
from roster_aws.results import Results
from roster_aws.signing import Keyrings, Signer
from roster_aws.store import Store
from roster_aws.strays import Ignored, Strays
from roster_aws.telling.alerts import Alerts
from roster_aws.telling.contacts import Contacts
from roster_aws.telling.teams import Teams
from roster_aws.views import Views
from roster_aws.watching import Watch

LIFE = timedelta(minutes=5)

_numbers = count(1)

# One, because each session reads botocore's descriptions of the services anew.
_session = cache(Cloud.session)
# DynamoDB takes no more in one batch.
_MOST_IN_A_BATCH = 25


@dataclass
class Clock:
    """The time, which stands still until a test moves it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@cache
def signing_keys(cloud: Cloud) -> tuple[str, ...]:
    """Two keys, for every world: in one template they would be the same two, too."""
    return new_signing_key(cloud), new_signing_key(cloud)


def new_signing_key(cloud: Cloud) -> str:
    made = cloud.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


def new_client(cloud: Cloud, service: str) -> Any:
    where = {"endpoint_url": cloud.endpoint_url, "config": CONFIG}
    made: Any = _session(cloud).client(service, **where)  # type: ignore[call-overload]
    return retry_conflicts(made) if service == "dynamodb" else made


# One for all worlds: to make one takes longer than most calls.
_client = cache(new_client)


@cache
def _heard_client(cloud: Cloud, service: str) -> Any:
    """A client for an importer that somebody listens to."""
    return new_client(cloud, service)


def _hear(client: Any, calls: Callable[[str], None]) -> None:
    """Tell `calls`, and nobody told before, of each of the client's calls once it was carried out."""
    client.meta.events.unregister("after-call", unique_id="the listener")
    client.meta.events.register("after-call", lambda model, **_: calls(model.name), unique_id="the listener")


def _schema(keys: tuple[tuple[str, str], ...]) -> Any:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


@dataclass
class World:
    """Everything an import touches. `inbox` may be shared between worlds: an import only reads it."""

    cloud: Cloud
    inbox: str
    clock: Clock
    results: str = ""
    table: str = ""
    queue_url: str = ""
    topic: str = ""
    mailbox: str = ""
    keys: tuple[str, ...] = ()  # the first is in use
    keyring_serial: int = 1
    unknown: bool = False  # nobody adds its sites
    fetches: list[Request] = field(default_factory=list)  # that the watch has started

    def __post_init__(self) -> None:
        name = f"world-{next(_numbers)}"
        self.results, self.table = f"{name}-results", name
        self.keys = self.keys or signing_keys(self.cloud)
        self.client("s3").create_bucket(Bucket=self.results, CreateBucketConfiguration={"LocationConstraint": REGION})
        keys, index = (("pk", "HASH"), ("sk", "RANGE")), (("kind", "HASH"), ("site", "RANGE"))
        heads: Any = {"IndexName": HEADS, "KeySchema": _schema(index), "Projection": {"ProjectionType": "ALL"}}
        self.client("dynamodb").create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_schema(keys),
            GlobalSecondaryIndexes=[heads],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in (*keys, *index)],
        )
        self.client("logs").create_log_group(logGroupName=name)
        self.queue_url = self.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        topic = self.client("sns").create_topic(Name=name)["TopicArn"]
        self.topic = topic
        mailbox = self.client("sqs").create_queue(QueueName=f"{name}-mailbox")["QueueUrl"]
        self.mailbox = mailbox
        about = self.client("sqs").get_queue_attributes(QueueUrl=mailbox, AttributeNames=["QueueArn"])
        arn = about["Attributes"]["QueueArn"]
        may_send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Version": "2012-10-17", "Statement": [may_send | {"Resource": arn}]}
        self.client("sqs").set_queue_attributes(QueueUrl=mailbox, Attributes={"Policy": json.dumps(policy)})
        raw = {"RawMessageDelivery": "true"}
        self.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)

    def client(self, service: str) -> Any:
        return _client(self.cloud, service)

    def importer(
        self, calls: Callable[[str], None] | None = None, prepare: Callable[[Any], None] | None = None
    ) -> Importer:
        """An importer; `calls` is told of each of its AWS calls once it was carried out, `prepare` gets its clients.

        One importer at a time has `calls`: the one that was made last.
        """
        client = new_client if prepare else _heard_client if calls else _client
        services = ("dynamodb", "s3", "sqs", "logs", "kms", "sns")
        dynamodb, s3, sqs, logs, kms, sns = clients = tuple(client(self.cloud, service) for service in services)
        for each in clients:
            if calls:
                _hear(each, calls)
            if prepare:
                prepare(each)
        inbox, results = Inbox(s3, self.inbox), Results(s3, self.results)
        store = Store(dynamodb, self.table, self.clock)
        queue, logbook = Queue(sqs, self.queue_url), Logbook(logs, self.table, self.clock)
        signer = Signer(kms, Keyrings(dynamodb, self.table), list(self.keys), self.keys[0], self.keyring_serial)
        projection = Projection(dynamodb, self.table, results)
        alerts = Alerts(sns, self.topic, "https://dashboard.example/", logbook)
        publisher = Publisher(results, store, signer, projection, logbook, alerts, self.clock)
        gathering = Gathering(inbox, results, Fleet(dynamodb, self.table, self.clock), store.no_console)
        return Importer(inbox, gathering, publisher, Orders(publisher, self.clock), queue, self.clock)

    def store(self) -> Store:
        return Store(self.client("dynamodb"), self.table, self.clock)

    def strays(self) -> Strays:
        importer = self.importer()
        publisher = importer.publisher
        parts = importer.inbox, self.ignored(), publisher.store, importer.queue, publisher.logbook, publisher.alerts
        return Strays(*parts, self.clock)

    def ignored(self) -> Ignored:
        return Ignored(self.client("dynamodb"), self.table, self.clock)

    def told(self, message: str) -> list[dict[str, Any]]:
        """The events of one kind in the world's reports."""
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=self.table)
        events = (json.loads(event["message"]) for page in pages for event in page["events"])
        return [event for event in events if event["message"] == message]

    def alerts(self) -> list[dict[str, Any]]:
        """The messages about schools that have come since this was asked last."""
        found: list[dict[str, Any]] = []
        asked = {"QueueUrl": self.mailbox, "MaxNumberOfMessages": 10}
        while got := self.client("sqs").receive_message(**asked).get("Messages"):
            for each in got:
                found.append(json.loads(each["Body"]))
                self.client("sqs").delete_message(QueueUrl=self.mailbox, ReceiptHandle=each["ReceiptHandle"])
        return found

    def fleet(self) -> Fleet:
        return Fleet(self.client("dynamodb"), self.table, self.clock)

    def views(self) -> Views:
        publisher = self.importer().publisher
        parts = self.fleet(), self.ignored(), publisher.store, publisher.results, publisher.projection
        return Views(*parts, self.clock)

    def page(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The data of the page that is asked for."""
        return cast("dict[str, Any]", self.views().page(asked))

    def watch(self) -> Watch:
        importer = self.importer()
        publisher = importer.publisher
        parts = self.fleet(), publisher.logbook, publisher.alerts, importer.queue
        return Watch(*parts, self.fetches.append, self.clock)

    def eraser(self, calls: Callable[[str], None] | None = None) -> Eraser:
        """An eraser; `calls` is told of each of its AWS calls once it was carried out."""
        client = _heard_client if calls else _client
        dynamodb, s3, sns = clients = tuple(client(self.cloud, service) for service in ("dynamodb", "s3", "sns"))
        for each in clients:
            if calls:
                _hear(each, calls)
        places = Places(s3, self.inbox, self.results, dynamodb, self.table)
        contacts = Contacts(sns, self.topic, Teams(dynamodb, self.table))
        lease = Store(dynamodb, self.table, self.clock).lease
        return Eraser(places, Tombstones(dynamodb, self.table), lease, contacts, self.clock)

    def enrolment(self) -> Enrolment:
        return Enrolment(self.client("dynamodb"), self.table, self.clock)

    def uploaders(self) -> Uploaders:
        return Uploaders(self.client("dynamodb"), self.table, self.clock)

    def upload(self, site: str, **files: bytes) -> None:
        """Put `teachers` and `students`, by keyword, into the inbox of a site that somebody has added."""
        if not self.unknown:
            self.store().add_site(site, "arn:somebody")
        self.upload_only(site, **files)

    def upload_only(self, site: str, **files: bytes) -> None:
        """The same to a site that is what it is."""
        for name, data in files.items():
            self.client("s3").put_object(Bucket=self.inbox, Key=f"{site}/{name}.csv", Body=data)

    def settle(self) -> None:
        """Let the uploads of a moment ago be a while ago."""
        self.clock.now = max(self.clock.now, datetime.now(UTC).replace(microsecond=0) + QUIET)

    def run(self, site: str, owner: str = "run", asked: str = "") -> None:
        """Look at a site's inbox, as a message would have it done."""
        self.settle()
        request = Request(site, asked, self.clock() if asked else None)
        self.importer().run(request, owner, self.clock() + LIFE)

    def order(self, site: str, order: Order, asked: str = "order") -> dict[str, Any]:
        """Have an order carried out; the report that answers it."""
        request = Request(site, f"{asked}-{next(_numbers)}", self.clock(), order)
        self.importer().run(request, "order", self.clock() + LIFE)
        return next(report for report in self.reports(site) if report.get("asked") == request.asked)

    def held(self, site: str) -> dict[str, Any]:
        """The report of the import that is held."""
        return next(report for report in self.reports(site) if report["status"] == "held")

    def approve(self, site: str) -> dict[str, Any]:
        """Approve what is held, as it is shown."""
        report = self.held(site)
        return self.order(site, Approval(report["import"], report["plan"]["manifest_sha256"], "arn:somebody"))

    def reports(self, site: str) -> list[dict[str, Any]]:
        return [report.as_dict() for report in self.store().reports(site, 50)]

    def groups(self, site: str) -> dict[str, tuple[str, ...]]:
        """The groups that the table shows, with their members."""
        entries = self.importer().publisher.projection.entries(site)
        return {entry.name: entry.members for entry in entries if isinstance(entry, Group)}

    def rights(self, site: str) -> dict[str, Right]:
        entries = self.importer().publisher.projection.entries(site)
        return {entry.username: entry for entry in entries if isinstance(entry, Right)}

    def stored(self) -> dict[str, bytes]:
        """Every object of the results bucket, by key."""
        s3 = self.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.results)
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=self.results, Key=key)["Body"].read() for key in keys}

    def items(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every item of the table, by its key."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.table)
        return {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}

    def copy(self) -> "World":
        """A world with the same inbox, at the same time, and with all that imports have left in this one.

        Reports in the log group are not copied: no import reads what it told. Nor are messages, so there must be none.
        """
        assert self.messages() == 0
        made = World(self.cloud, self.inbox, Clock(self.clock.now), keys=self.keys, keyring_serial=self.keyring_serial)
        for page in self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.results):
            for found in page.get("Contents", []):
                source = {"Bucket": self.results, "Key": found["Key"]}
                self.client("s3").copy_object(Bucket=made.results, Key=found["Key"], CopySource=source)
        puts = [{"PutRequest": {"Item": item}} for item in self.items().values()]
        for first in range(0, len(puts), _MOST_IN_A_BATCH):
            batch: Any = {made.table: puts[first : first + _MOST_IN_A_BATCH]}
            assert not self.client("dynamodb").batch_write_item(RequestItems=batch)["UnprocessedItems"]
        return made

    def messages(self) -> int:
        """How many messages wait in the queue, delayed ones too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
        got = self.client("sqs").get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)
        return sum(int(got["Attributes"][name]) for name in names)


MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, _no_real_account: None) -> Iterator[Cloud]:
    """A cloud with nothing in it: a world makes what it needs, and so a single file of tests starts at once."""
    with Cloud(folder=tmp_path_factory.mktemp("worlds"), deployed=False) as running:
        yield running


@pytest.fixture
def make_world(cloud: Cloud) -> MakeWorld:
    """Make a world; several made with one `inbox` see the same uploads, down to their version ids."""

    def make(inbox: str = "") -> World:
        if not inbox:
            inbox = f"inbox-{next(_numbers)}"
            s3 = cloud.client("s3")
            s3.create_bucket(Bucket=inbox, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket=inbox, VersioningConfiguration={"Status": "Enabled"})
        return World(cloud, inbox, Clock(datetime.now(UTC).replace(microsecond=0)))

    return make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()


def csv(*rows: str) -> bytes:
    """A file of the right form with these data rows."""
    return "\n".join(("version,1", "username,class", *rows, "")).encode()
