"""The clients that a function talks to AWS with, as far as the local cloud shows nothing of it: their hosts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from roster_aws import process
from roster_aws.inbox import Inbox
from roster_aws.results import Results
from tests.translated import ROOT

BUCKET = "impero-sis-resultsbucket-1a2b3c4d5e6f"


@pytest.fixture
def s3_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The client that a function of some region has."""

    def client(region: str) -> Any:
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.setenv(name, region)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        process.client.cache_clear()  # type: ignore[attr-defined]
        return process.client("s3")

    yield client
    process.client.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.parametrize("region", ["eu-west-2", "af-south-1", "us-gov-west-1", "us-east-1"])
def test_a_link_should_name_the_bucket_s_host_in_its_region(region: str, s3_of: Any) -> None:
    """An opt-in region is known to no other host, and a new bucket is redirected by all others."""
    results = Results(s3_of(region), BUCKET)
    for link in (results.link("hogwarts", "e" * 64), results.notices_link("hogwarts", "import-1")):
        assert urlsplit(link).netloc == f"{BUCKET}.s3.{region}.amazonaws.com"
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
        assert f"%2F{region}%2Fs3%2F" in link


@pytest.mark.parametrize("region", ["eu-west-2", "af-south-1", "us-gov-west-1", "us-east-1"])
def test_a_link_for_an_upload_should_name_the_bucket_s_host_in_its_region_and_sign_what_has_to_come(
    region: str, s3_of: Any
) -> None:
    link = Inbox(s3_of(region), BUCKET).put_link("hogwarts", "students.csv", 9, "e" * 64, timedelta(minutes=15))
    address = urlsplit(link["url"])
    assert (address.scheme, address.netloc) == ("https", f"{BUCKET}.s3.{region}.amazonaws.com")
    signed = parse_qs(address.query)
    assert signed["X-Amz-SignedHeaders"] == ["content-length;host;x-amz-checksum-sha256"]
    assert (signed["X-Amz-Algorithm"], signed["X-Amz-Expires"]) == (["AWS4-HMAC-SHA256"], ["900"])


def test_a_link_in_china_should_be_one_of_china(s3_of: Any) -> None:
    link = Results(s3_of("cn-north-1"), BUCKET).link("hogwarts", "e" * 64)
    assert urlsplit(link).netloc == f"{BUCKET}.s3.cn-north-1.amazonaws.com.cn"


def test_a_link_of_the_local_cloud_should_name_its_address(s3_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    link = urlsplit(Results(s3_of("eu-west-2"), BUCKET).link("hogwarts", "e" * 64))
    assert (link.netloc, link.path) == ("127.0.0.1:4566", f"/{BUCKET}/hogwarts/objects/{'e' * 64}")


def test_no_function_should_make_a_client_of_its_own() -> None:
    """It would have neither these hosts nor the retries."""
    files = [*ROOT.glob("layers/aws/roster_aws/**/*.py"), *ROOT.glob("functions/*/*.py")]
    makers = [file.name for file in files if "boto3.client(" in file.read_text(encoding="utf-8")]
    assert makers == ["process.py"]
