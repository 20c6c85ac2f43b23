"""The local copy of a site's roster: one SQLite file with one whole version, which answers without the network.

Comes in: a verified `Version` and the signature under its head; a group's or a user's name, in any case. Goes out: the
version again, byte for byte, and those before it that are kept (`earlier_versions`); a group's members; a user's
groups and console access. Refused: a database that does not hold exactly what its manifest promises (``MirrorBroken``,
which a pull repairs by fetching the version again). A full disk is not damage (``DiskFull``): nothing changes, and the
mirror still answers.

A version is replaced in one transaction, and the cursor, which is its manifest, with it. The log is written ahead (WAL)
with ``synchronous=FULL``: once `replace` has returned, a power failure cannot bring the old version back, and readers
never wait for a pull. The log is folded into the database before each version, so it never has more than one.
"""

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from roster import encode
from roster.encode import Manifest
from roster.model import Group, Right
from roster.names import fold
from roster_agent.disk import earlier_versions, room
from roster_agent.disk.earlier_versions import of_kinds
from roster_agent.failures import DiskFull, MirrorBroken, MirrorUnusable
from roster_agent.trust.refusals import CorruptDownload
from roster_agent.trust.rules import Offer
from roster_agent.version import User, Version

_FORMAT = 2
# What a disk that is full, or can no longer be written, may come as.
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
_TABLES = f"""
CREATE TABLE version (
    manifest BLOB NOT NULL, manifest_sha256 TEXT NOT NULL, key_id TEXT NOT NULL, signature TEXT NOT NULL,
    applied_at TEXT NOT NULL
);
{earlier_versions.TABLE}
CREATE TABLE line (position INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, content BLOB NOT NULL);
CREATE UNIQUE INDEX line_key ON line (kind, key);
CREATE TABLE member (key TEXT PRIMARY KEY, name TEXT NOT NULL, positions TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID;
"""


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
            self._db = self._opened(create=create)

    def _opened(self, *, create: bool) -> sqlite3.Connection:
        self.is_makeshift = False
        try:
            return self._connected("mode=rw", create=create)
        except sqlite3.OperationalError as problem:
            if _code(problem) not in _NO_ROOM or not self._path.stat().st_size:
                raise
        self.is_makeshift = True
        # Even to read, SQLite wants to put two files beside the database, for which a full disk has no room.
        log = self._path.with_name(f"{self._path.name}-wal")
        if log.exists() and log.stat().st_size:
            return self._connected("mode=rw", "PRAGMA locking_mode=EXCLUSIVE")
        return self._connected("mode=ro&immutable=1")

    def _connected(self, mode: str, first: str = "", *, create: bool = False) -> sqlite3.Connection:
        database = sqlite3.connect(f"{self._path.as_uri()}?{mode}", uri=True, isolation_level=None, timeout=30)
        try:
            database.execute(first)
            (found,) = database.execute("PRAGMA user_version").fetchone()
            empty = not database.execute("SELECT 1 FROM sqlite_master").fetchone()
            if empty and create:
                database.execute("PRAGMA journal_mode=WAL")
                database.executescript(f"BEGIN;{_TABLES}PRAGMA user_version={_FORMAT};COMMIT;")
            elif found != _FORMAT:
                raise MirrorBroken
            database.execute("PRAGMA synchronous=FULL")
        except BaseException:
            database.close()
            raise
        return database

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
        self._fold_log()
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

    def _fold_log(self) -> None:
        """Fold the log into the database, as far as there is room; otherwise each version would make it longer."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        self._db.execute(f"BEGIN {kind}")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # SQLite has ended it by itself where the disk is full, and what made it fail is what counts.
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """SQLite's errors as ours: damage, which a download repairs, and what the machine's owner has to repair."""
        try:
            yield
        except sqlite3.Error as problem:
            code = _code(problem)
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
                raise MirrorBroken from problem
            name = getattr(problem, "sqlite_errorname", type(problem).__name__)
            if code == sqlite3.SQLITE_FULL or (code in _NO_ROOM and room.is_full(self._path)):
                raise DiskFull(f"{self._path.parent} ({name})") from problem
            raise MirrorUnusable(name) from problem
        except encode.Corrupt as problem:
            raise MirrorBroken from problem
        except OSError as problem:
            raise room.failure(problem, self._path.parent, MirrorUnusable) from problem


def _code(problem: sqlite3.Error) -> int:
    """SQLite's code; that of damage where it gives none, as for a text that is not UTF-8."""
    return int(getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)) & 0xFF


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
