"""The CSVImport folder of an Impero server: where its two files are delivered, whole and together.

Comes in: the bytes that each file shall have. Goes out: the files, replaced only where their bytes differ, because the
server may watch the folder. Refused (``FolderUnusable``): a folder that is missing or cannot be written. Both files are
written beside their places and forced to disk first; then both are renamed. When the second rename fails, the first is
taken back, so that a locked file never leaves a new students.csv beside an old teachers.csv.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from roster_agent import disk, durable
from roster_agent.failures import FolderUnusable


class Folder:
    """A CSVImport folder. A file that another program keeps open is tried again for `patience` seconds."""

    def __init__(self, path: Path, patience: float = durable.PATIENCE_SECONDS) -> None:
        self.path = path
        self._patience = patience

    def check(self) -> None:
        """Raise unless files can be made and replaced here."""
        with self._usable():
            if not self.path.is_dir():
                raise FolderUnusable(f"there is no folder {self.path}")
            probe = self.path / "roster-agent"
            durable.stage(probe, b"")
            durable.staged_path(probe).unlink()

    def digests(self, names: Iterable[str]) -> dict[str, str]:
        """The SHA-256 of each named file that is there."""
        found = {}
        with self._usable():
            for name in names:
                if (data := self._read(name)) is not None:
                    found[name] = hashlib.sha256(data).hexdigest()
        return found

    def deliver(self, files: Mapping[str, bytes]) -> list[str]:
        """Make the folder hold `files`; the names of those that had to be written. All of them, or none."""
        with self._usable():
            if not self.path.is_dir():
                raise FolderUnusable(f"there is no folder {self.path}")
            before = {name: self._read(name) for name in files}
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

    def _read(self, name: str) -> bytes | None:
        try:
            return durable.patiently((self.path / name).read_bytes, self._patience)
        except FileNotFoundError:
            return None

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise disk.failure(problem, self.path, FolderUnusable) from problem
