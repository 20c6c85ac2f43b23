"""The inbox bucket: which uploads stand there for a site, and their bytes, each pinned to one version."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from roster import next_step
from roster.notices import SOURCES
from roster.pair import Upload
from roster.settings_file import from_dict
from roster.site_head import Head

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: The header that has to come with the file: its digest, as S3 writes it.
DIGEST_HEADER = "x-amz-checksum-sha256"


class Inbox:
    """A versioned bucket with `{site}/teachers.csv`, `{site}/students.csv`, bundles and `{site}/settings.json`."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def of_site(self, head: Head) -> next_step.Inbox:
        """What the inbox holds for a site, for the decision what to do next."""
        site = head.site
        standing = self.standing(site, SOURCES[from_dict(head.settings).import_from])
        fresh = [upload for upload in standing.values() if head.past.is_news(upload)]
        first_at = {upload.file: self._first_of(site, upload, head.seen.get(upload.file)) for upload in fresh}
        return next_step.Inbox(standing, first_at, lambda upload: self.keeps(site, upload))

    def standing(self, site: str, files: Iterable[str]) -> dict[str, Upload]:
        """The newest version of each of these files that is there now; a deleted file is simply not there."""
        found = (self.newest(site, file) for file in files)
        return {upload.file: upload for upload in found if upload}

    def newest(self, site: str, file: str) -> Upload | None:
        """The newest version of one file."""
        return self._found(site, file)

    def name_of(self, site: str, version_id: str) -> str | None:
        """The name, in a site's folder, of the upload with this version id; None when it was removed for good."""
        folder = f"{site}/"
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=folder):
            for version in page.get("Versions", []):
                if version["VersionId"] == version_id:
                    return version["Key"].removeprefix(folder)
        return None

    def _first_of(self, site: str, upload: Upload, seen: Upload | None) -> datetime:
        """When the first version of a file came that is newer than the one dealt with; `upload` is the newest."""
        key = f"{site}/{upload.file}"
        first = upload.uploaded_at
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key)
        for page in pages:
            for version in page.get("Versions", []):  # of one key the newest first
                if version["Key"] != key:
                    return first
                at = version["LastModified"]
                if seen and (version["VersionId"] == seen.version_id or at < seen.uploaded_at):
                    return first
                first = min(first, at)
        return first

    def keeps(self, site: str, upload: Upload) -> bool:
        """Whether this version is still there: one that was replaced or deleted is kept for 180 days."""
        return self._found(site, upload.file, VersionId=upload.version_id) is not None

    def _found(self, site: str, file: str, **version: Any) -> Upload | None:
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=f"{site}/{file}", **version)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return Upload(file, head["VersionId"], head["LastModified"], head["ContentLength"])

    def put(self, site: str, file: str, data: bytes) -> None:
        """Put a file there, with the digest that S3 compares."""
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        self._s3.put_object(Bucket=self._bucket, Key=f"{site}/{file}", Body=data, ChecksumSHA256=digest)

    def put_link(self, site: str, file: str, size: int, sha256: str, life: timedelta) -> dict[str, Any]:
        """A link that puts a file of this length and digest there, and the headers that have to come with it."""
        url, digest = exact_link(self._s3, self._bucket, f"{site}/{file}", size, sha256, life)
        return {"url": url, "headers": {"content-length": str(size), DIGEST_HEADER: digest}}

    def read(self, site: str, upload: Upload, limit: int | None = None) -> bytes:
        """The bytes of exactly this version; of a longer one no more than `limit`."""
        key = f"{site}/{upload.file}"
        return self._s3.get_object(Bucket=self._bucket, Key=key, VersionId=upload.version_id)["Body"].read(limit)


def exact_link(s3: S3Client, bucket: str, key: str, size: int, sha256: str, life: timedelta) -> tuple[str, str]:
    """A link that puts exactly these bytes under a key, and the value of `DIGEST_HEADER`.

    `sha256` is hexadecimal, `size` in bytes. Length and digest are both signed, so that S3 refuses other
    ones; and S3 compares the digest with what comes.
    """
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    where = {"Bucket": bucket, "Key": key, "ContentLength": size, "ChecksumSHA256": digest}
    return s3.generate_presigned_url("put_object", Params=where, ExpiresIn=int(life.total_seconds())), digest
