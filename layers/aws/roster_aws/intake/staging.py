"""Where an upload page's files lie until somebody says that they are the right ones: `_staged/{site}/{upload}/{file}`.

No import reads there, and what is left there expires after a day. In: an upload that was asked for. Out: links that put
its files there, their bytes, and copies of them in the inbox.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from roster.uploads import Asked
from roster_aws.inbox import DIGEST_HEADER, exact_link

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

#: No site's id begins so.
STAGED = "_staged"


class NotThere(LookupError):
    """A file was not put there, or is kept there no longer."""


class Staging:
    """The part of the results bucket that takes files which nobody has confirmed yet."""

    def __init__(self, s3: S3Client, bucket: str, inbox: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._inbox = inbox

    def links(self, site: str, asked: Asked, life: timedelta) -> dict[str, dict[str, Any]]:
        """For each file a link that takes exactly its bytes, and the headers that have to come with it."""
        links = {}
        for file, content in asked.files.items():
            key = _key(site, asked, file)
            url, digest = exact_link(self._s3, self._bucket, key, content.bytes, content.sha256, life)
            # A browser says the length by itself, and lets no page say it.
            links[file] = {"method": "PUT", "url": url, "headers": {DIGEST_HEADER: digest}}
        return links

    def read(self, site: str, asked: Asked) -> dict[str, bytes]:
        """The bytes of each file. NotThere."""
        found = {}
        for file in asked.files:
            try:
                got = self._s3.get_object(Bucket=self._bucket, Key=_key(site, asked, file))
            except self._s3.exceptions.NoSuchKey:
                raise NotThere(file) from None
            found[file] = got["Body"].read()
        return found

    def upload(self, site: str, asked: Asked) -> dict[str, str]:
        """Copy the files into the site's inbox, the larger one first; the version that each has there. NotThere."""
        versions = {}
        for file in sorted(asked.files, key=lambda name: -asked.files[name].bytes):
            source: CopySourceTypeDef = {"Bucket": self._bucket, "Key": _key(site, asked, file)}
            try:
                copied = self._s3.copy_object(Bucket=self._inbox, Key=f"{site}/{file}", CopySource=source)
            except self._s3.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                    raise NotThere(file) from None
                raise
            versions[file] = copied["VersionId"]
        return versions


def _key(site: str, asked: Asked, file: str) -> str:
    return f"{STAGED}/{site}/{asked.upload}/{file}"
