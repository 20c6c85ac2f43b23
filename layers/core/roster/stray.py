"""An upload that no import reads: left by a tool, misnamed, or in a folder that is no site.

In: its name, and the names that there are. Out: whether a system or a tool leaves such files, and which name was meant.
Nothing is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

from roster.notices import BUNDLES, FILES, SETTINGS

# What operating systems, office programs and transfer tools leave beside the file that was meant, or name it while it
# is on its way. Each pattern is of a whole name, in any case.
_LEFT_BY_TOOLS = (
    r"\..*",  # hidden: .DS_Store, ._students.csv, .~lock.students.csv#, .students.csv.swp, .nfs0001, .fuse_hidden0001
    r"thumbs\.db|ehthumbs(_vista)?\.db|desktop\.ini|icon\r?|\$recycle\.bin|__macosx",
    r"~.*|.*~",  # ~$students.xlsx, students.csv~
    r".*\.(partial|filepart|part|crdownload|opdownload|tmp|temp|swp|swo|lock|lck|bak|orig)",
    r".*\.(uploading|inprogress|incomplete|sb-[0-9a-z-]+|\$\$\$)",
    r".*\.goutputstream-[0-9a-z]+|.*\.kate-swp|#.*#",
    r"tmp[0-9a-z_.-]*",
)
_LEFT = re.compile("|".join(f"(?:{pattern})" for pattern in _LEFT_BY_TOOLS), re.IGNORECASE | re.DOTALL)

_WANTED = (*FILES, *BUNDLES, SETTINGS)

# Of a name's letters: so many have to be the same, in their order, for it to be a slip.
_ALIKE = 0.8
_LONGEST_NAME = 100

# What a browser or a file manager adds to a second file of a name, and what a tool adds to one on its way.
_COPY = re.compile(r" ?\([0-9]+\)|[ _-]+(?:copy|kopie|copie)(?: ?[0-9]+)?|[ _-]+[0-9]+$")
_ADDED = re.compile(r"^(?:\._|\.~lock\.|~\$|\.#|\.+|(?:copy|kopie) \w+ )|(?:[~#]+|\.swp)$")


def is_left_by_a_tool(name: str) -> bool:
    """Whether a file's name, or that of a folder which it lies in, is one that nobody chose."""
    return any(_LEFT.fullmatch(part) is not None for part in name.split("/") if part)


def file_like(name: str) -> str:
    """The file that was meant by an upload of another name; "" when it resembles none."""
    bare = _ADDED.sub("", name.rpartition("/")[2].lower().strip())
    for wanted in _WANTED:
        if bare == wanted or bare.startswith(f"{wanted}."):
            return wanted
    stem, dot, ending = bare.partition(".")
    stem = _COPY.sub("", stem)
    near = get_close_matches(f"{stem}{dot}{ending}", _WANTED, 1, _ALIKE)
    if near:
        return near[0]
    # students.txt and students without an ending are meant as well as student.csv; notes.csv is not.
    ends = dict.fromkeys(FILES, "csv")
    near = [
        each for each in get_close_matches(f"{stem}.csv", FILES, 1, 0.9) if not ending or ending in ("txt", ends[each])
    ]
    return near[0] if near else ""


def site_like(folder: str, known: Iterable[str]) -> str:
    """The known site that a folder's name resembles, however it is spelled; "" when it resembles none, or is it."""
    meant = _letters(folder)
    best, score = "", 0.0
    if not meant:
        return ""
    for site in sorted(known):
        if site == folder:
            continue
        letters = _letters(site)
        likeness = 1.0 if letters == meant else SequenceMatcher(None, meant, letters).ratio()
        # schools are numbered: north-1 and north-2 are as alike as can be, and two
        if likeness < 1 and _numbers(site) != _numbers(folder):
            continue
        if likeness >= _ALIKE and likeness > score:
            best, score = site, likeness
    return best


def folder_of(key: str) -> str:
    """The folder that an upload outside any site lies in, with its slash and shortened; "/" for none at all."""
    folder, slash, _ = key.partition("/")
    return f"{folder[:_LONGEST_NAME] if slash else ''}/"


def shortened(name: str) -> str:
    """A file's name as it is shown among what was ignored."""
    return name[:_LONGEST_NAME]


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _numbers(name: str) -> list[str]:
    return re.findall(r"[0-9]+", name)
