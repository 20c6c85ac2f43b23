"""One whole version in memory: its manifest, its verified content, and what the two CSV files say of it.

Comes in: the exact bytes of a manifest and of the snapshot's content; the caller has checked the digests of both. Goes
out: the content's lines, its groups and rights, the bytes of both CSV files, and what leads from one version to
another. Refused (`roster.encode.Corrupt`): content in a form that this agent does not know, or with lines that no
publisher writes: too many, too long, or with lists inside lists. Nobody signs a delta, and Python can make fifty bytes
out of two.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from roster import delta
from roster.csvimport import students_csv, teachers_csv
from roster.delta import Change
from roster.encode import Corrupt, Manifest, entry, read_snapshot
from roster.model import Group, Right
from roster.names import fold
from roster.notices import STUDENTS, TEACHERS

# Enough for three million pupils in one class.
LONGEST_LINE = 64 << 20
# The bytes of a line without any name. Content with more lines than that allows is not a roster.
_SHORTEST_LINE = 27
# A longer line is looked at before it is read: it must be a few lists of strings with little between them. A shorter
# one costs little memory, whatever is in it.
_LONG = 1 << 16
# Possessive: everything is passed once, even a string that never ends.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LISTS = re.compile(rb'(?:[^"]{0,64}+%b(?:,%b)*+){0,24}+[^"]{0,64}+' % (_STRING, _STRING), re.DOTALL)


@dataclass(frozen=True)
class User:
    """What a version says of one username: the groups it is a member of, and its console access if it has any."""

    username: str
    member_of: tuple[str, ...]
    console: Right | None


@dataclass(frozen=True)
class Version:
    """A published version of a site's roster."""

    manifest_bytes: bytes
    content: bytes

    @cached_property
    def manifest(self) -> Manifest:
        """What the version is, and what its content must be."""
        return Manifest.from_bytes(self.manifest_bytes)

    @cached_property
    def manifest_sha256(self) -> str:
        """Of the very bytes: a newer publisher may say more in them than this agent reads."""
        return hashlib.sha256(self.manifest_bytes).hexdigest()

    @cached_property
    def lines(self) -> list[bytes]:
        """The content's lines, settings first; joined they are the content again, byte for byte."""
        return lines(self.content)

    @cached_property
    def entries(self) -> list[Group | Right]:
        """What each line after the first says, in the same order."""
        first, *others = self.lines
        read_snapshot(first)
        return [entry(line) for line in others]

    def files(self) -> dict[str, bytes]:
        """The CSVImport folder's two files."""
        groups = [known for known in self.entries if isinstance(known, Group)]
        rights = [known for known in self.entries if isinstance(known, Right)]
        return {STUDENTS: students_csv(groups), TEACHERS: teachers_csv(rights, [group.name for group in groups])}

    def group(self, name: str) -> Group | None:
        """A group by its name, in any case; None where there is none."""
        key = fold(name)
        return next((known for known in self.entries if isinstance(known, Group) and known.key == key), None)

    def user(self, name: str) -> User | None:
        """Everything about a username; None when it is neither a member nor has console access."""
        key = fold(name)
        groups = [known for known in self.entries if isinstance(known, Group)]
        spelt = {group.name: member for group in groups for member in group.members if fold(member) == key}
        console = next((known for known in self.entries if isinstance(known, Right) and known.key == key), None)
        if not spelt and console is None:
            return None
        return User(console.username if console else next(iter(spelt.values())), tuple(spelt), console)

    def changes_to(self, other: "Version") -> Iterator[Change]:
        """Every group and right that differs in another version."""
        return delta.changes(iter(self.lines[1:]), zip(other.entries, other.lines[1:], strict=True))

    def delta_to(self, other: "Version", sha256: str | None = None) -> bytes:
        """The delta that leads from this content to another version's; `sha256` is of this content, if it is known."""
        first = delta.first_line(other.lines[0], sha256 or hashlib.sha256(self.content).hexdigest())
        return first + b"".join(map(delta.change_line, self.changes_to(other)))


def lines(content: bytes) -> list[bytes]:
    """The lines of a snapshot, each with its end; Corrupt when the last has none."""
    return list(_lines(content))


def apply_delta(content: bytes, changes: bytes, sha256: str | None = None) -> bytes:
    """The content that a delta leads to; Corrupt when the delta does not start from `content`.

    It is never longer than both together, since a delta contains what it puts. `sha256` is of `content`, if it is
    known.
    """
    base = sha256 or hashlib.sha256(content).hexdigest()
    most = len(content) + len(changes)
    made = io.BytesIO()
    for line in delta.apply_delta(_lines(content), base, _lines(changes)):
        if made.tell() + len(line) > most:
            raise Corrupt("a delta makes more content than it can contain")
        made.write(line)
    return made.getvalue()


def _lines(content: bytes) -> Iterator[bytes]:
    if not content.endswith(b"\n"):
        raise Corrupt("the last line has no end")
    if content.count(b"\n") > len(content) // _SHORTEST_LINE + 1:
        raise Corrupt("it has more lines than a roster of its length can have")
    # JSON escapes a line feed inside a value, and splitlines would also break at other characters.
    for line in io.BytesIO(content):
        if len(line) > LONGEST_LINE:
            raise Corrupt("a line is longer than any group could be")
        if len(line) > _LONG and not _LISTS.fullmatch(line):
            raise Corrupt("a line is not a list of names")
        yield line
