"""The CSVImport folder of an Impero server: where its two files are delivered, whole and together.

Comes in: the bytes for each file. Goes out: the files, replaced only where their bytes differ, because the
server may watch the folder. Refused (``FolderUnusable``): a folder that is missing or cannot be written, or in which a
pipe, a device or a folder has the name of a file, since opening one may wait for ever. Both are written beside their
places and forced to disk first; then both are renamed. When the second rename fails, the first is taken back, so that a
locked file never leaves a new students.csv beside an old teachers.csv.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import TypeVar

from roster_agent.disk import durable, room
from roster_agent.failures import FolderUnusable

Seen = TypeVar("Seen")

# No file of ours is longer. A longer one is not read, and is replaced like any other that is not ours.
_LONGEST = 1 << 30
# A file longer than this, and than four times its replacement, is not kept in memory to be put back.
_LONGEST_KEPT = 256 << 20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


class Folder:
    """A CSVImport folder. A file that another program keeps open is tried again for `patience` seconds."""

    def __init__(self, path: Path, patience: float = durable.PATIENCE_SECONDS) -> None:
        self.path = path
        self._patience = patience

    def check(self) -> None:
        """Raise FolderUnusable or DiskFull unless files can be made and replaced here."""
        with self._usable():
            if not self.path.is_dir():
                raise FolderUnusable(f"there is no folder {self.path}")
            probe = self.path / "roster-agent"
            durable.stage(probe, b"")
            durable.staged_path(probe).unlink()

    def digests(self, names: Iterable[str]) -> dict[str, str]:
        """The SHA-256 of each named file that is there, and not longer than any of ours."""
        with self._usable():
            found = {name: self._look(name, _LONGEST, _digest) for name in names}
        return {name: digest for name, digest in found.items() if digest is not None}

    def deliver(self, files: Mapping[str, bytes]) -> list[str]:
        """Put `files` into the folder, all of them or none; the names of those that had to be written.

        Raises FolderUnusable, DiskFull.
        """
        with self._usable():
            if not self.path.is_dir():
                raise FolderUnusable(f"there is no folder {self.path}")
            before = {name: self._before(name, data) for name, data in files.items()}
            changed = [name for name, data in files.items() if before[name] != data]
            try:
                for name in changed:
                    durable.stage(self.path / name, files[name])
                self._put_in_place(changed, before)
            finally:
                for name in changed:
                    with contextlib.suppress(OSError):
                        durable.staged_path(self.path / name).unlink(missing_ok=True)
            if changed:
                durable.sync_folder(self.path)
        return changed

    def _put_in_place(self, names: list[str], before: Mapping[str, bytes | None]) -> None:
        done: list[str] = []
        try:
            for name in names:
                durable.put_in_place(self.path / name, self._patience)
                done.append(name)
        except OSError:
            for name in done:
                self._take_back(self.path / name, before[name])
            raise

    def _take_back(self, path: Path, before: bytes | None) -> None:
        if before is None:
            path.unlink()
        else:
            durable.stage(path, before)
            durable.put_in_place(path, self._patience)

    def _before(self, name: str, data: bytes) -> bytes | None:
        """The bytes of the file that `data` is to replace."""
        return self._look(name, max(_LONGEST_KEPT, 4 * len(data)), lambda file: file.read())

    def _look(self, name: str, longest: int, read: Callable[[BufferedReader], Seen]) -> Seen | None:
        """What `read` finds in a file; None where there is no file, or a longer one."""
        try:
            return durable.patiently(lambda: self._read(name, longest, read), self._patience)
        except FileNotFoundError:
            return None

    def _read(self, name: str, longest: int, read: Callable[[BufferedReader], Seen]) -> Seen | None:
        path = self.path / name
        # Before it is opened, which would wait for a pipe's other end or set a device to work; and once more then,
        # since it may have become another.
        self._demand_file(name, path.stat().st_mode)
        with os.fdopen(os.open(path, _READ), "rb") as file:
            about = os.fstat(file.fileno())
            self._demand_file(name, about.st_mode)
            return read(file) if about.st_size <= longest else None

    def _demand_file(self, name: str, mode: int) -> None:
        if not stat.S_ISREG(mode):
            kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "not a file")
            raise FolderUnusable(f"{name} in {self.path} is {kind}; remove it")

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise room.failure(problem, self.path, FolderUnusable) from problem
