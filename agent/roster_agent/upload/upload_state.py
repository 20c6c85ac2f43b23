"""What the state folder remembers of uploads: who uploads, and which files were uploaded last.

Beside what it remembers of a server, so that one machine can be both. See `disk.state` for what is refused.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from roster_agent.disk import lock
from roster_agent.disk.state import State
from roster_agent.failures import StateUnusable
from roster_agent.upload.upload_failures import NoUploader


@dataclass(frozen=True)
class UploaderEnrolment:
    """Which uploader this is, of which site, and where."""

    feed: str
    site: str
    uploader: str
    token: str = field(repr=False)


class UploadState(State):
    """The records of uploads in one state folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._uploader = self.folder / "uploader.json"
        self._uploaded = self.folder / "uploaded.json"
        self._watch_lock = self.folder / "roster-agent-push.lock"

    def uploader(self) -> UploaderEnrolment:
        """Which uploader this is; NoUploader, or StateUnusable where the record is damaged."""
        data = self._read(self._uploader)
        if data is None:
            raise NoUploader(str(self.folder))
        try:
            return UploaderEnrolment(**json.loads(data))
        except (ValueError, TypeError) as problem:
            raise StateUnusable("its uploader is damaged, so ask for a new code and push with --enrol") from problem

    def is_uploader(self) -> bool:
        """Whether there is an uploader's enrolment; it is not read."""
        return self._uploader.exists()

    def save_uploader(self, enrolment: UploaderEnrolment) -> None:
        """Keep this enrolment, with its token, in the place of any other."""
        self._write(self._uploader, asdict(enrolment))

    def uploaded(self) -> dict[str, object]:
        """How the files looked that were uploaded last; nothing when that is not known."""
        try:
            said = json.loads(self._read(self._uploaded) or b"")
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def save_uploaded(self, looked: dict[str, object]) -> None:
        """Note how the files looked that were uploaded."""
        self._write(self._uploaded, looked)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Hold the lock of the one `push --watch` of this folder. Raises AlreadyRunning."""
        self.demand_ours()
        handle = lock.take(self._watch_lock, patience=1)
        try:
            yield
        finally:
            os.close(handle)

    def is_watching(self) -> bool:
        """Whether some process holds the lock of `watching`."""
        return self._watch_lock.exists() and lock.is_taken(self._watch_lock)
