"""The pair in a folder, or the bundle: how its files look, whether anybody still writes them, and their bytes.

Comes in: a folder. Goes out: a `Look`, and the bytes of its files once they have stood still. A bundle counts where the
pair is not complete. Refused:
``PairIncomplete``, ``FilesUnreadable``, ``FilesChanging``. What changes while it is read is read again. A file counts
as whole when it looked the same for a while, or was last written long ago: no file says of itself that it is complete.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from roster.notices import BUNDLES, FILES
from roster.pair import is_whole
from roster_agent.upload.upload_failures import FilesChanging, FilesUnreadable, PairIncomplete

#: What was written last so long ago is whole.
OLD_SECONDS = 60.0
#: How long a younger file has to look the same.
QUIET_SECONDS = 3.0
_LONGEST_WAIT = 600.0


class Seen(NamedTuple):
    """How a file looks: its length in bytes, and when it was last written, in nanoseconds."""

    size: int
    written: int


@dataclass(frozen=True)
class Look:
    """How each file of the pair looks that is there; or the bundle, alone."""

    files: dict[str, Seen]

    @property
    def missing(self) -> list[str]:
        """The files that are not there."""
        return [] if is_whole(self.files) else [name for name in FILES if name not in self.files]

    def is_old(self, now: float) -> bool:
        """Whether each file was last written long before `now`, in seconds since 1970."""
        return all(now - seen.written / 1e9 > OLD_SECONDS for seen in self.files.values())

    @classmethod
    def from_record(cls, record: dict[str, object]) -> "Look":
        """The inverse of `as_record`; a look at nothing for any other record."""
        try:
            return cls({name: Seen(*map(int, seen)) for name, seen in record.items()})  # type: ignore[call-overload]
        except (TypeError, ValueError):
            return cls({})

    def as_record(self) -> dict[str, object]:
        """The look as the state folder keeps it."""
        return {name: list(seen) for name, seen in self.files.items()}


class Pair(NamedTuple):
    """The files as they were at one moment."""

    look: Look
    data: dict[str, bytes]


def look(folder: Path) -> Look:
    """How the pair or the bundle looks now. Raises FilesUnreadable."""
    found = {}
    try:
        there = {path.name for path in folder.iterdir()}
        pair_is_there = there.issuperset(FILES)
        bundle = next((name for name in BUNDLES if name in there and not pair_is_there), None)
        for name in (bundle,) if bundle else FILES:
            # By its exact name, also where the file system does not mind.
            if name in there and (folder / name).is_file():
                about = (folder / name).stat()
                found[name] = Seen(about.st_size, about.st_mtime_ns)
    except OSError as problem:
        raise FilesUnreadable(f"{folder} ({problem.strerror or type(problem).__name__})") from problem
    return Look(found)


def read_when_whole(folder: Path, wait: Callable[[float], None] = time.sleep) -> Pair:
    """The files, once nobody writes them any more. Raises PairIncomplete, FilesUnreadable, FilesChanging."""
    waited = 0.0
    seen = look(folder)
    while waited < _LONGEST_WAIT:
        if seen.missing:
            raise PairIncomplete(f"there is no {' and no '.join(seen.missing)} in {folder}")
        if not seen.is_old(time.time()):
            wait(QUIET_SECONDS)
            waited += QUIET_SECONDS
            before, seen = seen, look(folder)
            if seen != before:
                continue
        data = _read(folder, seen)
        after = look(folder)
        if after == seen and all(len(data[name]) == seen.files[name].size for name in data):
            return Pair(seen, data)
        seen = after
        wait(QUIET_SECONDS)
        waited += QUIET_SECONDS
    raise FilesChanging(str(folder))


def _read(folder: Path, seen: Look) -> dict[str, bytes]:
    try:
        return {name: (folder / name).read_bytes() for name in seen.files}
    except OSError as problem:
        raise FilesUnreadable(f"{folder} ({problem.strerror or type(problem).__name__})") from problem
