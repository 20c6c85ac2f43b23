"""The deployed stack that a command talks to, and what stands in the way of talking to it, in words.

AWS credentials and the region are found as every AWS program finds them. `Failed` says what a person has to do
something about.
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
# AWS says so by the same codes as of a wrong key; only the text tells.
_WRONG_TIME = ("Signature expired", "Signature not yet current", "RequestTimeTooSkewed")
FORBIDDEN = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}


class Failed(Exception):
    """Something a person has to do something about; the text says what."""


def outputs_of(stack: str) -> dict[str, str]:
    """The outputs of a stack, by name; Failed for a stack that is none of ours."""
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    if "ManageSiteFunctionName" not in outputs:
        raise Failed(f"the stack {stack} is no Impero SIS Import: it has no output ManageSiteFunctionName")
    return outputs


def published_sites(stack: str) -> list[str]:
    """Every site that may have published something, by name: by the results bucket, whatever the table says."""
    pages = (
        boto3.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=outputs_of(stack)["ResultsBucketName"], Delimiter="/")
    )
    folders = (each["Prefix"].rstrip("/") for page in pages for each in page.get("CommonPrefixes", []))
    return sorted(folder for folder in folders if is_site(folder))


def in_words(error: BotoCoreError | ClientError, stack: str) -> str:
    """What AWS or its client said, as a person can act on it: with the next command, where there is one."""
    if isinstance(error, NoRegionError):
        return "No AWS region is chosen here. Next: export AWS_REGION=REGION, the one that the stack is in"
    if isinstance(error, SSOError | TokenRetrievalError):
        return "Nobody is signed in to AWS here, or no longer. Next: aws sso login"
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "No AWS credentials were found here. Next: aws configure, or aws sso login"
    if isinstance(error, ProfileNotFound):
        return f"{error}. Next: aws configure list-profiles"
    if isinstance(error, CredentialRetrievalError):
        return f"The AWS credentials could not be fetched. Next: aws sts get-caller-identity ({error})"
    if isinstance(error, NotConnected):
        return "AWS cannot be reached from here. Look at the network, and at AWS_REGION: it may name no region"
    if any(sign in str(error) for sign in _WRONG_TIME):
        return "This machine's clock is wrong: AWS refuses what it signs. Next: timedatectl, on Windows w32tm /resync"
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in _EXPIRED:
        return "The AWS credentials have expired. Next: aws sso login, or new keys"
    if code in _UNKNOWN:
        return (
            "AWS does not recognise these credentials in this region. Next: aws sts get-caller-identity, which shows "
            "whose they are; a region may have to be switched on for the account first"
        )
    if code in FORBIDDEN:
        return f"These credentials may not do this ({_operation(error)}). Ask who runs the AWS account for the right"
    if code == "ValidationError" and "does not exist" in str(error):
        return (
            f"There is no stack {stack} in this account and region. "
            "Next: aws cloudformation list-stacks --query StackSummaries[].StackName, or look at --stack and AWS_REGION"
        )
    return f"AWS says: {error}"


def _operation(error: BotoCoreError | ClientError) -> str:
    return str(getattr(error, "operation_name", "unknown"))
