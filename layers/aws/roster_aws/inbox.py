"""The inbox bucket: which uploads stand there for a site, and their bytes, each pinned to one version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from roster.notices import FILES
from roster.pair import Upload
from roster_aws.environment import client, variable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Inbox:
    """A versioned bucket with `{site}/teachers.csv`, `{site}/students.csv` and `{site}/settings.json`."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    @classmethod
    def from_environment(cls) -> Inbox:
        """The inbox of this process."""
        return cls(client("s3"), variable("INBOX_BUCKET"))

    def standing(self, site: str) -> dict[str, Upload]:
        """The newest version of each file that is there now; a deleted file is simply not there."""
        found = (self.newest(site, file) for file in FILES)
        return {upload.file: upload for upload in found if upload}

    def newest(self, site: str, file: str) -> Upload | None:
        """The newest version of one file."""
        return self._found(site, file)

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

    def read(self, site: str, upload: Upload, limit: int | None = None) -> bytes:
        """The bytes of exactly this version; of a longer one no more than `limit`."""
        key = f"{site}/{upload.file}"
        return self._s3.get_object(Bucket=self._bucket, Key=key, VersionId=upload.version_id)["Body"].read(limit)
