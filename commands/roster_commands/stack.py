"""The deployed stack that a command talks to, and what AWS says against it, in words.

AWS credentials and the region are found as every AWS program finds them. `Failed` tells a person what to do.
"""

from __future__ import annotations

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NotConnected

from roster.pair import is_site

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN = {
    *("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException"),
    *("AuthFailure", "InvalidAccessKeyId", "InvalidToken"),
}
# AWS uses the same codes as for a wrong key; only the text tells them apart.
_WRONG_TIME = ("Signature expired", "Signature not yet current", "RequestTimeTooSkewed")
FORBIDDEN = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}


class Failed(Exception):
    """The command cannot go on; the text says why, and what a person can do."""


def outputs_of(stack: str) -> dict[str, str]:
    """The outputs of a stack, by name. Raises Failed for a stack that is not an Impero SIS Import."""
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    if "ManageSiteFunctionName" not in outputs:
        raise Failed(
            f"the stack {stack} is not an Impero SIS Import: it has no output ManageSiteFunctionName. "
            "Name another one with --stack or STACK_NAME"
        )
    return outputs


def published_sites(stack: str) -> list[str]:
    """Every site that may have published something, sorted. The results bucket says so, whatever the table says."""
    pages = (
        boto3.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=outputs_of(stack)["ResultsBucketName"], Delimiter="/")
    )
    folders = (each["Prefix"].rstrip("/") for page in pages for each in page.get("CommonPrefixes", []))
    return sorted(folder for folder in folders if is_site(folder))


# What this machine lacks before AWS is asked at all: the first kind that an error is of says it.
_NOT_ASKED: tuple[tuple[tuple[type[BotoCoreError], ...], str], ...] = (
    ((NoRegionError,), "No AWS region is set here. Next: export AWS_REGION=REGION, the region that the stack is in"),
    ((SSOError, TokenRetrievalError), "You are not signed in to AWS, or your session has ended. Next: aws sso login"),
    (
        (NoCredentialsError, PartialCredentialsError),
        "No AWS credentials were found here. Next: aws configure, or aws sso login",
    ),
    ((ProfileNotFound,), "{error}. Next: aws configure list-profiles"),
    (
        (CredentialRetrievalError,),
        "The AWS credentials could not be fetched. Next: aws sts get-caller-identity ({error})",
    ),
    ((NotConnected,), "AWS cannot be reached from here. Check the network, and that AWS_REGION names a region"),
)


def in_words(error: BotoCoreError | ClientError, stack: str) -> str:
    """What AWS or its client said, so that a person can act on it: with the next command, if there is one."""
    for kinds, said in _NOT_ASKED:
        if isinstance(error, kinds):
            return said.format(error=error)
    if any(sign in str(error) for sign in _WRONG_TIME):
        return "This machine's clock is wrong: AWS refuses what it signs. Next: timedatectl, on Windows w32tm /resync"
    return _answer_in_words(error, stack)


def _answer_in_words(error: BotoCoreError | ClientError, stack: str) -> str:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in _EXPIRED:
        return "The AWS credentials have expired. Next: aws sso login, or new keys"
    if code in _UNKNOWN:
        return (
            "AWS does not recognise these credentials in this region. Next: aws sts get-caller-identity, which shows "
            "whose they are; some regions have to be switched on for an account first"
        )
    if code in FORBIDDEN:
        return (
            f"These credentials may not do this ({_operation(error)}). Ask whoever runs the AWS account for permission"
        )
    if code == "ValidationError" and "does not exist" in str(error):
        return (
            f"There is no stack {stack} in this account and region. "
            "Next: aws cloudformation list-stacks --query StackSummaries[].StackName, or check --stack and AWS_REGION"
        )
    return f"AWS says: {error}"


def _operation(error: BotoCoreError | ClientError) -> str:
    return str(getattr(error, "operation_name", "unknown"))
