"""What a function's process is made of: the one place that reads the environment and puts the parts together.

A handler asks for the part that it is about, once, when its process starts; tests put together their own. Imports stand
in the functions, so that a cold start pays for the parts that it needs and no more: the authorizer does not plan.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from roster.report import Report
from roster.request import Request
from roster_aws.dynamo.table import retry_conflicts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from roster_aws.admin import Admin
    from roster_aws.enrolment import Enrolment
    from roster_aws.fetching.fetching import Fetcher
    from roster_aws.fleet import Fleet
    from roster_aws.importing import Importer
    from roster_aws.inbox import Inbox
    from roster_aws.intake.asked_uploads import AskedUploads
    from roster_aws.intake.page_calls import PageCalls
    from roster_aws.intake.upload_calls import UploadCalls
    from roster_aws.intake.upload_items import Uploaders, UploadRecords
    from roster_aws.leaving.erase_calls import Leaving
    from roster_aws.logbook import Logbook
    from roster_aws.projection import Projection
    from roster_aws.queue import Queue
    from roster_aws.results import Results
    from roster_aws.server_calls import ServerCalls
    from roster_aws.serving import Feed
    from roster_aws.signing import Keyrings, Signer
    from roster_aws.store import Store
    from roster_aws.strays import Ignored, Strays
    from roster_aws.telling.alerts import Alerts
    from roster_aws.telling.contacts import Contacts
    from roster_aws.telling.teams import Teams
    from roster_aws.views import Views
    from roster_aws.watching import Watch

# A link is a URL of the bucket's own host in its region. The host without a region knows no opt-in region, and sends
# whoever asks for a new bucket elsewhere with a 307, which the link's signature does not survive. Signed with version
# 4, the only one that every region takes. An endpoint that is an address, such as the local cloud's, has no such hosts.
_S3_CONFIG = Config(
    signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
)

# botocore's own look at what is sent takes longer than all else of writing a group. AWS looks at it too, and in tests
# botocore does.
_DYNAMODB_CONFIG = Config(parameter_validation=False)

# Enough connections for the threads that write groups and rights; retries with a growing pause are botocore's.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=32, connect_timeout=5)


def variable(name: str) -> str:
    """An environment variable that template.yaml sets; KeyError names the one that is missing."""
    return os.environ[name]


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["kms"]) -> KMSClient: ...
@overload
def client(service: Literal["lambda"]) -> LambdaClient: ...
@overload
def client(service: Literal["logs"]) -> CloudWatchLogsClient: ...
@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["secretsmanager"]) -> SecretsManagerClient: ...
@overload
def client(service: Literal["sns"]) -> SNSClient: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@cache
def client(service: Any) -> Any:
    """The process's one client of a service; thread-safe, kept over warm invocations."""
    more = {"s3": _S3_CONFIG, "dynamodb": _DYNAMODB_CONFIG}.get(service)
    made = boto3.client(service, config=CONFIG.merge(more) if more else CONFIG)
    return retry_conflicts(made) if service == "dynamodb" else made


# What a handler is about


def importer() -> Importer:
    """What `import_pair` does with a request."""
    from roster_aws.commit import Publisher
    from roster_aws.gathering import Gathering
    from roster_aws.importing import Importer
    from roster_aws.orders import Orders

    publisher = Publisher(_results(), _store(), signer(), _projection(), _logbook(), _alerts(), now)
    gathering = Gathering(_inbox(), _results(), _fleet(), publisher.store.no_console)
    return Importer(_inbox(), gathering, publisher, Orders(publisher, now), queue(), now)


def strays() -> Strays:
    """What `import_pair` does with an upload that no import reads."""
    from roster_aws.strays import Strays

    return Strays(_inbox(), _ignored(), _store(), queue(), _logbook(), _alerts(), now)


def signer() -> Signer:
    """What signs heads, by the keys of this stack."""
    from roster_aws.signing import Signer

    keys, serial = variable("SIGNING_KEYS").split(","), int(variable("KEYRING_SERIAL"))
    return Signer(client("kms"), _keyrings(), keys, variable("SIGNING_KEY_IN_USE"), serial)


def queue() -> Queue:
    """The queue that starts imports."""
    from roster_aws.queue import Queue

    return Queue(client("sqs"), variable("QUEUE_URL"))


def enrolment() -> Enrolment:
    """What `authorize_server` recognises servers by."""
    from roster_aws.enrolment import Enrolment

    return Enrolment(client("dynamodb"), variable("TABLE_NAME"), now)


def uploaders() -> Uploaders:
    """What `authorize_server` recognises uploaders by."""
    from roster_aws.intake.upload_items import Uploaders

    return Uploaders(client("dynamodb"), variable("TABLE_NAME"), now)


def feed() -> Feed:
    """What `serve_feed` says of versions."""
    from roster_aws.serving import Feed, Manifests

    results = _results()
    return Feed(_store(), results, _keyrings(), Manifests(results), int(variable("FEED_POLL_SECONDS")), now)


def server_calls() -> ServerCalls:
    """What `serve_feed` does with what servers say of themselves."""
    from roster_aws.server_calls import ServerCalls

    return ServerCalls(enrolment(), uploaders(), _fleet(), _store(), _keyrings(), now)


def upload_calls() -> UploadCalls:
    """What `accept_uploads` does with what uploaders ask."""
    from roster_aws.intake.upload_calls import UploadCalls

    return UploadCalls(_asked_uploads(), _inbox())


def page_calls() -> PageCalls:
    """What `check_uploads` does with what upload pages ask."""
    from roster_aws.gathering import Gathering
    from roster_aws.intake.page_calls import PageCalls
    from roster_aws.intake.staging import Staging

    staging = Staging(client("s3"), variable("RESULTS_BUCKET"), variable("INBOX_BUCKET"))
    uploads = _asked_uploads()
    gathering = Gathering(_inbox(), uploads.results, _fleet(), uploads.store.no_console)
    return PageCalls(uploads, staging, gathering, now)


def results_origin() -> str:
    """Where browsers put files into the results bucket: the scheme and host of a link."""
    where = {"Bucket": variable("RESULTS_BUCKET"), "Key": "any"}
    parts = urlsplit(client("s3").generate_presigned_url("put_object", Params=where))
    return f"{parts.scheme}://{parts.netloc}"


def views() -> Views:
    """What `show_reports` shows."""
    from roster_aws.views import Views

    return Views(_fleet(), _ignored(), _store(), _results(), _projection(), now)


def admin() -> Admin:
    """What `manage_site` does."""
    from roster_aws.admin import Admin
    from roster_aws.intake.uploader_admin import UploaderAdmin

    about_uploaders = UploaderAdmin(uploaders(), _upload_records(), views(), now)
    parts = views(), _store(), queue(), start_fetch, enrolment(), about_uploaders
    return Admin(*parts, _keyrings(), _results(), _contacts(), now)


def fetcher() -> Fetcher:
    """What `fetch_source` does."""
    from roster.alert import of_refused_file
    from roster_aws.fetching.fetching import Fetcher, Places

    store, alerts = _store(), _alerts()

    def tell_failure(report: Report) -> None:
        if store.record_import(report):
            _logbook().tell_import(report)
            alerts.tell([of_refused_file(report)])
            store.mark_refused(report)

    places = Places(
        secret=_secret_of,
        put=_inbox().put,
        tell_progress=store.put_fetching,
        end_progress=store.drop_fetching,
        tell_failure=tell_failure,
        ask_import=queue().ask,
    )
    return Fetcher(places, now, allow_http=variable("LOCAL_CLOUD") == "true")


def start_fetch(request: Request) -> None:
    """Have a site's roster fetched, for who asked; nobody waits for it here."""
    sent = {"site": request.site, "asked": request.asked}
    sent |= {"asked_at": request.asked_at.isoformat()} if request.asked_at else {}
    payload = json.dumps(sent).encode()
    client("lambda").invoke(FunctionName=variable("FETCH_SOURCE"), InvocationType="Event", Payload=payload)


def _secret_of(site: str) -> str:
    """The text of a site's secret, which has the site's own name, so that no site can name another's."""
    secrets = client("secretsmanager")
    try:
        return secrets.get_secret_value(SecretId=f"{variable('SOURCE_SECRETS')}{site}")["SecretString"]
    except secrets.exceptions.ResourceNotFoundException:
        return ""


def watch() -> Watch:
    """What `watch_fleet` looks over."""
    from roster_aws.watching import Watch

    return Watch(_fleet(), _logbook(), _alerts(), queue(), start_fetch, now)


def teams() -> Teams:
    """What `post_to_teams` does with an alert."""
    from roster_aws.telling.teams import Teams

    return Teams(client("dynamodb"), variable("TABLE_NAME"))


def leaving() -> Leaving:
    """What `erase_site` does."""
    from roster_aws.leaving.erase_calls import Leaving
    from roster_aws.leaving.erasing import Eraser, Places
    from roster_aws.leaving.tombstones import Tombstones

    places = Places(
        client("s3"),
        variable("INBOX_BUCKET"),
        variable("RESULTS_BUCKET"),
        client("dynamodb"),
        variable("TABLE_NAME"),
    )
    tombstones = Tombstones(client("dynamodb"), variable("TABLE_NAME"))
    return Leaving(Eraser(places, tombstones, _store().lease, _contacts(), now))


# The parts that these share


def _store() -> Store:
    from roster_aws.store import Store

    return Store(client("dynamodb"), variable("TABLE_NAME"), now)


def _results() -> Results:
    from roster_aws.results import Results

    return Results(client("s3"), variable("RESULTS_BUCKET"))


def _inbox() -> Inbox:
    from roster_aws.inbox import Inbox

    return Inbox(client("s3"), variable("INBOX_BUCKET"))


def _asked_uploads() -> AskedUploads:
    from roster_aws.intake.asked_uploads import AskedUploads

    return AskedUploads(_upload_records(), _store(), _results(), now)


def _upload_records() -> UploadRecords:
    from roster_aws.intake.upload_items import UploadRecords

    return UploadRecords(client("dynamodb"), variable("TABLE_NAME"))


def _projection() -> Projection:
    from roster_aws.projection import Projection

    return Projection(client("dynamodb"), variable("TABLE_NAME"), _results())


def _fleet() -> Fleet:
    from roster_aws.fleet import Fleet

    return Fleet(client("dynamodb"), variable("TABLE_NAME"), now)


def _ignored() -> Ignored:
    from roster_aws.strays import Ignored

    return Ignored(client("dynamodb"), variable("TABLE_NAME"), now)


def _keyrings() -> Keyrings:
    from roster_aws.signing import Keyrings

    return Keyrings(client("dynamodb"), variable("TABLE_NAME"))


def _alerts() -> Alerts:
    from roster_aws.telling.alerts import Alerts

    return Alerts(client("sns"), variable("ALERT_TOPIC"), variable("DASHBOARD_URL"), _logbook())


def _contacts() -> Contacts:
    from roster_aws.telling.contacts import Contacts

    return Contacts(client("sns"), variable("ALERT_TOPIC"), teams())


def _logbook() -> Logbook:
    from roster_aws.logbook import Logbook

    return Logbook(client("logs"), variable("REPORTS_LOG_GROUP"), now, variable("METRICS_NAMESPACE"))
