"""The results bucket: objects named by their SHA-256, the manifest of each version, the notices of each import.

An object never changes, so writing it again does no harm, and nothing that is written counts before the head names it.
What the head's version consists of stays for ever; everything else expires after 180 days, counted from when a newer
version took its place. S3 counts from when an object was written, so then it is written anew, as a copy of itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from roster.encode import Blob, Corrupt, Manifest, lines
from roster.memory import NOTHING, Memory
from roster.no_console import Barred
from roster.notices_file import Finding, findings
from roster.plan import Base, Packed
from roster.shrunk import Shrunk, shrunk_classes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Whoever has a token of a site.
Enrolled = Literal["server", "uploader"]

_GZIP, _JSON = "application/gzip", "application/json"

_LINK_SECONDS = 300
_MANIFEST_BYTES = 65_536

# What the bucket's lifecycle rule lets expire.
_RETENTION_TAG = "retention=180-days"


class Results:
    """The private bucket that published versions are served from."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put_object(self, site: str, packed: Packed) -> None:
        """Store a snapshot or a delta under its digest."""
        self._put(object_key(site, packed.blob.sha256), packed.data, _GZIP)

    def put_manifest(self, manifest: Manifest) -> None:
        """Store a manifest under its digest; it is nobody's version yet."""
        self._put(object_key(manifest.site, manifest.sha256), manifest.to_bytes(), _JSON)

    def show_manifest(self, site: str, version: int, digest: str) -> Manifest:
        """Store the manifest of a committed version, byte for byte, where it is found by its number; and return it.

        Another one there is of a version that a restored table does not know: nothing else would let it expire.
        """
        data = self._manifest_bytes(site, digest)
        shown, forgotten = Manifest.from_bytes(data), self.published(site, version)
        if forgotten and forgotten.sha256 != digest:
            self.let_expire(forgotten, shown)
        self._put(manifest_key(site, version), data, _JSON)
        return shown

    def keep(self, manifest: Manifest) -> None:
        """Let nothing of a version expire that is about to be published: its objects may be old ones."""
        for key, content_type in _objects(manifest).items():
            self._renew(key, content_type)

    def let_expire(self, manifest: Manifest, head: Manifest | None = None) -> None:
        """Let a version expire in 180 days: another has taken its place, or it is held and may never be published.

        What the version at the head consists of too stays.
        """
        needed = _objects(head) if head else {}
        for key, content_type in _objects(manifest).items():
            if key not in needed:
                self._let_expire(key, content_type)

    def retire(self, version: int, newer: Manifest) -> None:
        """Let a version that was published expire, with the manifest under its number: `newer` has taken its place."""
        manifest = self.published(newer.site, version)
        if manifest:
            self.let_expire(manifest, newer)
            self._let_expire(manifest_key(newer.site, version), _JSON)

    def put_notices(self, site: str, import_id: str, data: bytes) -> str:
        """Store an import's notices.csv; the key is returned."""
        key = _notices_key(site, import_id)
        self._put(key, data, "text/csv; charset=utf-8", tagging=_RETENTION_TAG)
        return key

    def findings(self, site: str, import_id: str) -> list[Finding]:
        """The findings of an import's notices.csv, without what stands in the rows; none when it is kept no longer."""
        return findings(data) if (data := self._notices(site, import_id)) else []

    def shrunk_classes(self, site: str, import_id: str) -> list[Shrunk]:
        """The classes that an import's notices.csv says have shrunk, in the order of its findings."""
        return shrunk_classes(data) if (data := self._notices(site, import_id)) else []

    def _notices(self, site: str, import_id: str) -> bytes:
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=_notices_key(site, import_id))["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return b""

    def notices_link(self, site: str, import_id: str) -> str:
        """A link that gives an import's notices.csv for five minutes."""
        return self._link(_notices_key(site, import_id))

    def manifest(self, site: str, digest: str) -> Manifest:
        """The manifest of this digest."""
        return Manifest.from_bytes(self._manifest_bytes(site, digest))

    def _manifest_bytes(self, site: str, digest: str) -> bytes:
        data = self.read_object(site, digest)
        if hashlib.sha256(data).hexdigest() != digest:
            raise Corrupt("a stored manifest does not match its SHA-256")
        return data

    def published(self, site: str, version: int) -> Manifest | None:
        """The manifest of a committed version; None when there is none, or it is kept no longer."""
        data = self.fetch(manifest_key(site, version), _MANIFEST_BYTES)
        return Manifest.from_bytes(data) if isinstance(data, bytes) else None

    def highest_version(self, site: str) -> int:
        """The highest version of a site that was ever published, also where the table no longer knows; 0 for none."""
        found = (prefix.rstrip("/").rpartition("/")[2] for prefix in self._folders(f"{site}/versions/"))
        return max((int(number) for number in found if number.isdecimal()), default=0)

    def _folders(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
        return (each["Prefix"] for page in pages for each in page.get("CommonPrefixes", []))

    def put_revoked(self, site: str, name: str, at: str, kind: Enrolled = "server") -> None:
        """Remember outside the table, for 180 days, when somebody was revoked: a restored table would not know."""
        self._put(_revoked_key(site, name, kind), at.encode(), "text/plain", tagging=_RETENTION_TAG)

    def revoked(self, site: str, kind: Enrolled = "server") -> dict[str, str]:
        """When servers of a site were revoked, each for the last time, by name: those of the last 180 days."""
        prefix = _revoked_key(site, "", kind)
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        times = {key: self.fetch(key, _MANIFEST_BYTES) for key in keys}
        return {key.rpartition("/")[2]: at.decode() for key, at in times.items() if isinstance(at, bytes)}

    def put_no_console(self, site: str, digest: str, barred: Barred | None) -> None:
        """Remember outside the table, for 180 days, who has no console; None: that they are off the list again."""
        data = json.dumps(vars(barred) if barred else None).encode()
        self._put(f"{site}/no_console/{digest}", data, _JSON, tagging=_RETENTION_TAG)

    def no_console(self, site: str) -> list[Barred]:
        """Who is remembered to have no console."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{site}/no_console/")
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        said = (self.fetch(key, _MANIFEST_BYTES) for key in keys)
        known = (json.loads(data) for data in said if isinstance(data, bytes))
        return [Barred.from_data(data) for data in known if data]

    def base(self, manifest: Manifest) -> Base:
        """A published version as what the next one is compared with; its snapshot is fetched once."""
        data = self.read_object(manifest.site, manifest.snapshot.sha256)
        snapshot = manifest.snapshot
        return Base(snapshot.content_sha256, manifest.counts, lambda: lines(data, snapshot), manifest.version)

    def kept_base(self, site: str, digest: str) -> Base | None:
        """The version of a manifest's digest as `base` gives it; None when something of it is kept no longer."""
        try:
            return self.base(self.manifest(site, digest))
        except self._s3.exceptions.NoSuchKey:
            return None

    def kept_manifest(self, site: str, digest: str) -> Manifest | None:
        """The manifest of this digest; None when it is kept no longer."""
        try:
            return self.manifest(site, digest)
        except self._s3.exceptions.NoSuchKey:
            return None

    def put_memory(self, site: str, memory: Memory) -> str:
        """Store what a site remembers, to be kept for 180 days from now on; its digest, "" where that is nothing."""
        if memory.is_nothing:
            return ""
        data = memory.to_bytes()
        digest = hashlib.sha256(data).hexdigest()
        self._put(object_key(site, digest), data, _GZIP, tagging=_RETENTION_TAG)
        return digest

    def memory(self, site: str, digest: str) -> Memory:
        """What a site remembers, by its digest; nothing, when that is kept no longer."""
        if not digest:
            return NOTHING
        try:
            return Memory.from_bytes(self.read_object(site, digest))
        except self._s3.exceptions.NoSuchKey:
            return NOTHING

    def lines(self, site: str, blob: Blob) -> Iterator[bytes]:
        """The lines of a stored object, checked."""
        return lines(self.read_object(site, blob.sha256), blob)

    def read_object(self, site: str, digest: str) -> bytes:
        """The bytes stored under a digest."""
        return self._s3.get_object(Bucket=self._bucket, Key=object_key(site, digest))["Body"].read()

    def fetch(self, key: str, inline_bytes: int) -> bytes | str | None:
        """The bytes of a stored key; if they are more than `inline_bytes`, a link that gives them for five minutes.

        None when nothing is stored there.
        """
        try:
            got = self._s3.get_object(Bucket=self._bucket, Key=key)
        except self._s3.exceptions.NoSuchKey:
            return None
        if got["ContentLength"] <= inline_bytes:
            return got["Body"].read()
        got["Body"].close()
        return self._link(key)

    def link(self, site: str, digest: str) -> str:
        """A link that gives an object's bytes for five minutes."""
        return self._link(object_key(site, digest))

    def _link(self, key: str) -> str:
        where = {"Bucket": self._bucket, "Key": key}
        return self._s3.generate_presigned_url("get_object", Params=where, ExpiresIn=_LINK_SECONDS)

    def _let_expire(self, key: str, content_type: str) -> None:
        with suppress(self._s3.exceptions.NoSuchKey):  # somebody has deleted it, so it is as good as expired
            self._renew(key, content_type, _RETENTION_TAG)

    def _renew(self, key: str, content_type: str, tagging: str = "") -> None:
        self._s3.copy_object(
            Bucket=self._bucket,
            Key=key,
            CopySource={"Bucket": self._bucket, "Key": key},
            # S3 refuses a copy onto itself that changes nothing; tags alone are nothing to it.
            MetadataDirective="REPLACE",
            ContentType=content_type,
            TaggingDirective="REPLACE",
            Tagging=tagging,
        )

    def _put(self, key: str, data: bytes, content_type: str, tagging: str = "") -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type, Tagging=tagging)


def _notices_key(site: str, import_id: str) -> str:
    return f"{site}/imports/{import_id}/notices.csv"


def _revoked_key(site: str, name: str, kind: Enrolled) -> str:
    return f"{site}/revoked/{name}" if kind == "server" else f"{site}/uploaders/revoked/{name}"


def _objects(manifest: Manifest) -> dict[str, str]:
    """Where everything of a version is stored but the copy of its manifest under its number; with content types."""
    blobs = [manifest.snapshot, *([manifest.delta] if manifest.delta else [])]
    zipped = {object_key(manifest.site, blob.sha256): _GZIP for blob in blobs}
    return {object_key(manifest.site, manifest.sha256): _JSON, **zipped}


def object_key(site: str, digest: str) -> str:
    """Where the object of a digest is stored."""
    return f"{site}/objects/{digest}"


def manifest_key(site: str, version: int) -> str:
    """Where the manifest of a committed version is stored."""
    return f"{site}/versions/{version}/manifest.json"
