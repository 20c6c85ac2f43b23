"""The local copy of a site's roster: one SQLite file with one whole version, which answers without the network.

Comes in: a verified `Version` and the signature under its head; a group's or a user's name, in any case. Goes out: the
version again, byte for byte, and those before it that are kept (`earlier_versions`); a group's members; a user's
groups and console access. Refused: a database that does not hold exactly what its manifest promises (``MirrorBroken``,
which a pull repairs by fetching the version again). A full disk is not damage (``DiskFull``): nothing changes, and the
mirror still answers.

A version is replaced in one transaction, and the cursor, which is its manifest, with it. `mirror_file` opens the file.
"""

import contextlib
import hashlib
import json
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from roster import encode
from roster.encode import Manifest
from roster.model import Group, Right
from roster.names import fold
from roster_agent.disk import earlier_versions, mirror_file
from roster_agent.disk.earlier_versions import of_kinds
from roster_agent.failures import MirrorBroken
from roster_agent.trust.refusals import CorruptDownload
from roster_agent.trust.rules import Offer
from roster_agent.version import User, Version


@dataclass(frozen=True)
class Applied:
    """The version that is current, who signed it, and when it came."""

    manifest: Manifest
    manifest_sha256: str
    key_id: str
    signature: str
    applied_at: str


class Mirror:
    """An open mirror. `create` makes an empty one where there is none.

    One that `is_makeshift` was opened on a full disk, by ways that keep it from others or from being written.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self._path = path
        with self._failures():
            if create:
                # Private from its first byte; SQLite gives the files that it puts beside it the same mode.
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db, self.is_makeshift = mirror_file.opened(path, create=create)

    def __enter__(self) -> "Mirror":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the write-ahead log is folded into it."""
        self._db.close()

    def applied(self) -> Applied | None:
        """The current version; None before the first."""
        with self._failures():
            row = self._db.execute(
                "SELECT manifest, manifest_sha256, key_id, signature, applied_at FROM version"
            ).fetchone()
        if row is None:
            return None
        manifest, digest, *others = of_kinds(row, bytes, str, str, str, str)
        if hashlib.sha256(manifest).hexdigest() != digest:
            raise MirrorBroken
        try:
            return Applied(Manifest.from_bytes(manifest), digest, *others)
        except encode.Corrupt as problem:
            # Written by a newer agent.
            raise MirrorBroken from problem

    def version(self) -> Version | None:
        """The whole current version, made from its lines and proved by its manifest's digest; None before the first."""
        applied = self.applied()
        if applied is None:
            return None
        with self._failures():
            lines = self._db.execute("SELECT content FROM line ORDER BY position")
            content = b"".join(of_kinds(row, bytes)[0] for row in lines)
            (manifest,) = self._db.execute("SELECT manifest FROM version").fetchone()
        if hashlib.sha256(content).hexdigest() != applied.manifest.snapshot.content_sha256:
            raise MirrorBroken
        return Version(manifest, content)

    def replace(
        self, version: Version, offer: Offer, files: dict[str, str], applied_at: str, before: Version | None
    ) -> None:
        """Make `version`, which was offered as `offer`, the current one, and keep the one before it among the earlier.

        `files` are the SHA-256 of the files that it delivers. `before` is what `version` has just read from this very
        mirror; a mirror that was dropped since has nothing to keep.
        """
        rows, members = _rows(version)
        signed = (version.manifest_bytes, offer.head.manifest_sha256, offer.key_id, offer.signature, applied_at)
        mirror_file.fold_log(self._db)
        with self._failures(), self._transaction():
            applied = self.applied()
            if applied and before:
                earlier_versions.keep(self._db, before, applied.applied_at, version)
            for table in ("version", "line", "member", "file"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are those above
            self._db.execute("INSERT INTO version VALUES (?, ?, ?, ?, ?)", signed)
            try:
                self._db.executemany("INSERT INTO line VALUES (?, ?, ?, ?)", rows)
            except sqlite3.IntegrityError as problem:
                raise CorruptDownload("the snapshot names a group or a user twice") from problem
            self._db.executemany("INSERT INTO member VALUES (?, ?, ?)", members)
            self._db.executemany("INSERT INTO file VALUES (?, ?)", files.items())

    def history(self) -> list[earlier_versions.Kept]:
        """The versions that were current before, newest first, as far as they are kept."""
        with self._failures():
            return earlier_versions.history(self._db)

    def as_of(self, number: int) -> Version | None:
        """A version of this number, the current one or one before it; None when it is not kept."""
        with self._failures(), self._transaction("DEFERRED"):  # one look, also while a pull is at work
            current = self.version()
            if current is None or current.manifest.version == number:
                return current
            return earlier_versions.version(self._db, current, number)

    def files(self) -> dict[str, str]:
        """The SHA-256 of each file that the current version delivers."""
        with self._failures():
            rows = self._db.execute("SELECT name, sha256 FROM file").fetchall()
        return dict(of_kinds(row, str, str) for row in rows)

    def expect_files(self, files: dict[str, str]) -> None:
        """Correct the digests: a newer agent may write the same version differently."""
        with self._failures(), self._transaction():
            self._db.execute("DELETE FROM file")
            self._db.executemany("INSERT INTO file VALUES (?, ?)", files.items())

    def sign_again(self, offer: Offer) -> None:
        """Keep the signature of another key under the current version: who has only the new keys would not believe a
        bundle with the old signature.
        """
        with self._failures(), self._transaction():
            self._db.execute("UPDATE version SET key_id = ?, signature = ?", (offer.key_id, offer.signature))

    def group(self, name: str) -> Group | None:
        """A group by its name, in any case; None where there is none."""
        found = self._entry("group", fold(name))
        return found if isinstance(found, Group) else None

    def user(self, name: str) -> User | None:
        """Everything about a username; None when it is neither a member nor has console access."""
        key = fold(name)
        with self._failures():
            member = self._db.execute("SELECT name, positions FROM member WHERE key = ?", (key,)).fetchone()
            spelling, positions = of_kinds(member, str, str) if member else (None, "[]")
            rows = self._db.execute(
                "SELECT content FROM line WHERE position IN (SELECT value FROM json_each(?)) ORDER BY position",
                (positions,),
            ).fetchall()
            groups = [encode.entry(*of_kinds(row, bytes)) for row in rows]
        console = self._entry("right", key)
        if not isinstance(console, Right):
            console = None
        if spelling is None and console is None:
            return None
        username = console.username if console else str(spelling)
        return User(username, tuple(group.name for group in groups if isinstance(group, Group)), console)

    def _entry(self, kind: str, key: str) -> Group | Right | None:
        with self._failures():
            row = self._db.execute("SELECT content FROM line WHERE kind = ? AND key = ?", (kind, key)).fetchone()
            return encode.entry(*of_kinds(row, bytes)) if row else None

    def _transaction(self, kind: str = "IMMEDIATE") -> contextlib.AbstractContextManager[None]:
        return mirror_file.transaction(self._db, kind)

    def _failures(self) -> contextlib.AbstractContextManager[None]:
        return mirror_file.failures(self._path)


def _rows(version: Version) -> tuple[list[tuple[int, str, str, bytes]], list[tuple[str, str, str]]]:
    """The rows of the tables `line` and `member`, the latter sorted, which is how SQLite likes to get them."""
    lines = [(0, "settings", "", version.lines[0])]
    # By name first: a name is folded once, not once for each of its groups.
    groups_of: dict[str, list[int]] = {}
    for position, (line, entry) in enumerate(zip(version.lines[1:], version.entries, strict=True), start=1):
        lines.append((position, "group" if isinstance(entry, Group) else "right", entry.key, line))
        if isinstance(entry, Group):
            for member in entry.members:
                groups_of.setdefault(member, []).append(position)
    users: dict[str, tuple[str, list[int]]] = {}
    for name, positions in groups_of.items():
        users.setdefault(fold(name), (name, []))[1].extend(positions)
    return lines, sorted((key, name, json.dumps(positions)) for key, (name, positions) in users.items())
