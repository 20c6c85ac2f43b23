"""The mirror's SQLite file: opened on a full disk as well, with its tables, its transactions, and its errors as ours.

Comes in: a path. Goes out: a connection, and whether it is a makeshift one. Refused: what is not a mirror of this
format (``MirrorBroken``).

The log is written ahead (WAL) with ``synchronous=FULL``: once a transaction has ended, a power failure cannot bring the
old version back, and readers never wait for a pull. The log is folded into the database before each version, so it
never has more than one.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from roster.encode import Corrupt
from roster_agent.disk import earlier_versions, room
from roster_agent.failures import DiskFull, MirrorBroken, MirrorUnusable

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


def opened(path: Path, *, create: bool) -> tuple[sqlite3.Connection, bool]:
    """A connection, and whether it was made in a makeshift way; with `create`, an empty file gets its tables.

    Raises MirrorBroken, and SQLite's errors, for which there is `failures`.
    """
    try:
        return _connected(path, "mode=rw", create=create), False
    except sqlite3.OperationalError as problem:
        if _code(problem) not in _NO_ROOM or not path.stat().st_size:
            raise
    # Even to read, SQLite wants to put two files beside the database, for which a full disk has no room.
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return _connected(path, "mode=rw", "PRAGMA locking_mode=EXCLUSIVE"), True
    return _connected(path, "mode=ro&immutable=1"), True


def _connected(path: Path, mode: str, first: str = "", *, create: bool = False) -> sqlite3.Connection:
    database = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, isolation_level=None, timeout=30)
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


def fold_log(database: sqlite3.Connection) -> None:
    """Fold the log into the database, as far as there is room; otherwise each version would make it longer."""
    with contextlib.suppress(sqlite3.OperationalError):
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextlib.contextmanager
def transaction(database: sqlite3.Connection, kind: str) -> Iterator[None]:
    """All of what happens within, or nothing; `kind` is SQLite's (IMMEDIATE, DEFERRED)."""
    database.execute(f"BEGIN {kind}")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # On a full disk SQLite has ended it already, and what made it fail is what counts.
        with contextlib.suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def failures(path: Path) -> Iterator[None]:
    """SQLite's errors as ours: damage, which a download repairs, and what the machine's owner has to repair."""
    try:
        yield
    except sqlite3.Error as problem:
        code = _code(problem)
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
            raise MirrorBroken from problem
        name = getattr(problem, "sqlite_errorname", type(problem).__name__)
        if code == sqlite3.SQLITE_FULL or (code in _NO_ROOM and room.is_full(path)):
            raise DiskFull(f"{path.parent} ({name})") from problem
        raise MirrorUnusable(name) from problem
    except Corrupt as problem:
        raise MirrorBroken from problem
    except OSError as problem:
        raise room.failure(problem, path.parent, MirrorUnusable) from problem


def _code(problem: sqlite3.Error) -> int:
    """SQLite's code; that of damage where it gives none, as for a text that is not UTF-8."""
    return int(getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)) & 0xFF
