"""One whole version in memory: its manifest, its verified content, and what the two CSV files say of it.

Comes in: the exact bytes of a manifest and of the snapshot's content, whose digests the caller has checked. Goes out:
the content's lines, its groups and rights, and the bytes of both CSV files. Refused (`roster.encode.Corrupt`): content
in a form that this agent does not know.
"""

from dataclasses import dataclass
from functools import cached_property

from roster.csvimport import students_csv, teachers_csv
from roster.encode import Corrupt, Manifest, entry, read_snapshot
from roster.model import Group, Right
from roster.notices import STUDENTS, TEACHERS


@dataclass(frozen=True)
class Version:
    """A published version of a site's roster."""

    manifest_bytes: bytes
    content: bytes

    @cached_property
    def manifest(self) -> Manifest:
        return Manifest.from_bytes(self.manifest_bytes)

    @cached_property
    def lines(self) -> list[bytes]:
        """The content's lines, settings first; joined they are the content again, byte for byte."""
        if not self.content.endswith(b"\n"):
            raise Corrupt("the last line has no end")
        # JSON escapes a line feed inside a value, and splitlines would also break at other characters.
        return [line + b"\n" for line in self.content.split(b"\n")[:-1]]

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
