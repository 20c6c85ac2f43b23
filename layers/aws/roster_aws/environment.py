"""What a function's process is told by its environment, and the clients it talks to AWS with."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config

from roster_aws.conflicts import retry_conflicts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# A link is a URL of the bucket's own host in its region. The host without a region knows no opt-in region, and sends
# whoever asks for a new bucket elsewhere with a 307, which the link's signature does not survive. Signed with version
# 4, the only one that every region takes. An endpoint that is an address, such as the local cloud's, has no such hosts.
_S3_CONFIG = Config(
    signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
)

# Enough connections for the threads that write groups and rights; retries with a growing pause are botocore's.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=32, connect_timeout=5)


def variable(name: str) -> str:
    """An environment variable that template.yaml sets; KeyError names the one that is missing."""
    return os.environ[name]


@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["kms"]) -> KMSClient: ...
@overload
def client(service: Literal["logs"]) -> CloudWatchLogsClient: ...
@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@cache
def client(service: Any) -> Any:
    """The process's one client of a service; thread-safe, kept over warm invocations."""
    made = boto3.client(service, config=CONFIG.merge(_S3_CONFIG) if service == "s3" else CONFIG)
    return retry_conflicts(made) if service == "dynamodb" else made


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
