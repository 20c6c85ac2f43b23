"""How much room a disk has, and a full disk told from what else can be wrong with one.

Comes in: places and how many bytes each is to take; the operating system's errors. Goes out: a failure with its advice.
Refused (``DiskFull``): what certainly does not fit, before any of it is written: a disk without a free byte stops every
program on it, Impero Server first.
"""

import errno
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from roster_agent.failures import AgentError, DiskFull

# What is always left to the others on a disk.
SPARE_BYTES = 8 << 20
_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)}


def failure(problem: OSError, place: Path, otherwise: type[AgentError]) -> AgentError:
    """What the operating system's error means at this place: a full disk, or `otherwise`."""
    kind = DiskFull if problem.errno in _FULL else otherwise
    return kind(f"{place} ({problem.strerror or type(problem).__name__})")


def free(place: Path) -> int:
    """The bytes that are free where `place` is, or will be; a quota or a file's greatest size may allow less."""
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def is_full(place: Path) -> bool:
    """Whether nothing more is to be written there."""
    return free(place) < SPARE_BYTES


def demand(needs: Iterable[tuple[Path, int]]) -> None:
    """Raise unless each place has room for so many bytes more; places on one disk share its room."""
    of_disk: defaultdict[int, list[tuple[Path, int]]] = defaultdict(list)
    for place, need in needs:
        of_disk[place.stat().st_dev].append((place, need))
    for places in of_disk.values():
        first, needed = places[0][0], sum(need for _, need in places)
        left, needed = free(first), needed + SPARE_BYTES
        if left < needed:
            raise DiskFull(f"{first} has {_megabytes(left)} free, and {_megabytes(needed)} are needed")


def _megabytes(number: int) -> str:
    return f"{number / (1 << 20):.1f} MB"
