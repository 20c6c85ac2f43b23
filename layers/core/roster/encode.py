"""A version as bytes: its snapshot, its delta and its manifest, and back again.

A snapshot is gzip of JSON lines: the settings that travel with the roster, then every group, then every right, each
sorted by key. It holds no version, site or time, so the same roster is the same bytes. The manifest names both by
SHA-256 and length.
Refused, with `Corrupt`: anything whose length, digest or form is not what was promised. Its text never holds a value.
Not every line that is read was signed: a delta is whoever's who answers in the feed's place. So a line is UTF-8 and
nothing else, its values are of the kinds that are written, and no name has what no import lets into one: a control
character, which would begin a new row of a CSV file, or half of a surrogate pair, which no file can hold.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from roster.model import Entry, Group, Right, Roster

FORMAT = 1

# Level 1: a third of the time of level 6 for a tenth more bytes, and a result is fetched once by a server.
_GZIP_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 1 << 16

to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

_RIGHT = '{"all_groups":%s,"basic_console_only":%s,"groups":%s,"key":%s,"pending":%s,"right":%s}\n'
_BOOLEANS = ("false", "true")

# Bytes that stand for themselves in a JSON string.
_NEVER_ESCAPED = bytes(set(range(0x20, 0x100)) - set(b'"\\'))

# What no name holds: control characters and lone surrogates.
_IN_NO_NAME = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Corrupt(ValueError):
    """Bytes that are not what their digest, length or format promises."""


class Blob(NamedTuple):
    """A stored object: SHA-256 (hex) and length of its bytes, and of the content that they unzip to."""

    sha256: str
    bytes: int
    content_sha256: str
    content_bytes: int


class Approved(NamedTuple):
    """That a person had a version published: who (an ARN) and when (a time stamp), and the delta that led to it.

    What the delta takes away is what the person saw and agreed to.
    """

    version: int
    by: str
    at: str
    delta: Blob


class Manifest(NamedTuple):
    """What one version consists of. `delta` leads from `delta_from` to this version; the first version has none.

    `approved` are the versions that a person had published, oldest first: this one, and those before it that a server
    may not have passed yet.
    """

    site: str
    epoch: int
    version: int
    import_id: str
    counts: dict[str, int]
    snapshot: Blob
    delta: Blob | None = None
    delta_from: int | None = None
    approved: tuple[Approved, ...] = ()

    def to_bytes(self) -> bytes:
        """Canonical JSON, so that one version has one digest."""
        delta = {"from": self.delta_from, **self.delta._asdict()} if self.delta else None
        about = {"format": FORMAT, "site": self.site, "epoch": self.epoch, "version": self.version}
        made: dict[str, Any] = {
            "import": self.import_id,
            "counts": self.counts,
            "snapshot": self.snapshot._asdict(),
            "delta": delta,
        }
        if self.approved:
            made["approved"] = [each._asdict() | {"delta": each.delta._asdict()} for each in self.approved]
        return to_json(about | made).encode()

    @property
    def sha256(self) -> str:
        """Its digest, which names it."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """The inverse of `to_bytes`; raises `Corrupt`."""
        read = read_object(data, "a manifest")
        try:
            delta = dict(read["delta"]) if read["delta"] else None
            return cls(
                site=str(read["site"]),
                epoch=int(read["epoch"]),
                version=int(read["version"]),
                import_id=str(read["import"]),
                counts={str(name): int(count) for name, count in read["counts"].items()},
                delta_from=int(delta.pop("from")) if delta else None,
                snapshot=_blob(read["snapshot"]),
                delta=_blob(delta) if delta else None,
                approved=tuple(map(_approved, read.get("approved", ()))),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise Corrupt("not a manifest") from None


def _blob(read: dict[str, Any]) -> Blob:
    return Blob(str(read["sha256"]), int(read["bytes"]), str(read["content_sha256"]), int(read["content_bytes"]))


def _approved(read: dict[str, Any]) -> Approved:
    return Approved(int(read["version"]), str(read["by"]), str(read["at"]), _blob(read["delta"]))


class Packer:
    """Packs content into an object piece by piece, so that only the zipped bytes are ever held."""

    def __init__(self) -> None:
        self._zip = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)
        self._digest = hashlib.sha256()
        self._content_bytes = 0
        self._waiting = bytearray()
        self._packed = bytearray()

    def write(self, content: bytes) -> None:
        """Add content."""
        self._waiting += content
        if len(self._waiting) >= _PIECE:
            self._pack()

    def _pack(self) -> None:
        """Pack what waits: zipping line by line would take a quarter more time."""
        self._digest.update(self._waiting)
        self._content_bytes += len(self._waiting)
        self._packed += self._zip.compress(self._waiting)
        self._waiting.clear()

    def finish(self) -> tuple[bytes, Blob]:
        """The object's bytes and what names them."""
        self._pack()
        self._packed += self._zip.flush()
        packed = bytes(self._packed)
        blob = Blob(hashlib.sha256(packed).hexdigest(), len(packed), self._digest.hexdigest(), self._content_bytes)
        return packed, blob


def unpack(data: bytes, blob: Blob) -> bytes:
    """The content of an object, checked by length and SHA-256 before and after unzipping; raises `Corrupt`.

    Never unzips more than the promised length, whatever the bytes would grow to.
    """
    return b"".join(_content(data, blob))


def _content(data: bytes, blob: Blob) -> Iterator[bytes]:
    if len(data) != blob.bytes:
        raise Corrupt(f"{len(data)} bytes where {blob.bytes} were promised")
    if hashlib.sha256(data).hexdigest() != blob.sha256:
        raise Corrupt("the bytes do not match their SHA-256")
    digest = hashlib.sha256()
    left = blob.content_bytes
    for piece in _unzip(data, blob.content_bytes + 1):  # one byte more, so that a longer content shows
        left -= len(piece)
        if left < 0:
            break
        digest.update(piece)
        yield piece
    if left or digest.hexdigest() != blob.content_sha256:
        raise Corrupt("the content does not match its length or SHA-256")


def _unzip(data: bytes, limit: int) -> Iterator[bytes]:
    """The content in pieces, at most `limit` bytes of it."""
    unzip = zlib.decompressobj(_GZIP)
    try:
        for start in range(0, len(data), _PIECE):
            rest = data[start : start + _PIECE]
            while not unzip.eof and limit:
                piece = unzip.decompress(rest, min(limit, _PIECE))
                rest = unzip.unconsumed_tail
                if not piece and not rest:
                    break
                limit -= len(piece)
                yield piece
    except zlib.error:
        raise Corrupt("the object does not unzip") from None
    if not unzip.eof and limit:
        raise Corrupt("the object ends too early")


def lines(data: bytes, blob: Blob) -> Iterator[bytes]:
    """The lines of an object, each with its LF, checked as by `unpack`; a fault may show only at the end."""
    begun = b""
    for piece in _content(data, blob):
        whole, mark, rest = (begun + piece).rpartition(b"\n")
        if mark:
            yield from (whole + mark).splitlines(keepends=True)
        begun = rest
    if begun:
        yield begun


def is_plain(names: Iterable[str]) -> bool:
    """Whether names stand for themselves in JSON, as nearly all do: no quote, no backslash, no control character."""
    return not "".join(names).encode().translate(None, _NEVER_ESCAPED)


def line(entry: Entry, *, plain_members: bool = False) -> bytes:
    """One group or right as its line of a snapshot, ended by LF: the canonical JSON of `as_dict`, written faster.

    `plain_members`: it is known that the usernames are (see `is_plain`), so that no group is looked at for it.
    """
    if isinstance(entry, Right):
        flags = _BOOLEANS[entry.all_groups], _BOOLEANS[entry.basic_console_only]
        names = _strings(entry.groups), quoted(entry.key), _strings(entry.pending), quoted(entry.username)
        return (_RIGHT % (*flags, *names)).encode()
    # A large roster has millions of members, and one look at them all is a fifth of the encoder's work.
    members = '","'.join(entry.members).encode()
    is_known = plain_members and entry.members
    if is_known or len(members.translate(None, _NEVER_ESCAPED)) == 2 * len(entry.members) - 2:
        members = b'["%b"]' % members
    else:
        members = _strings(entry.members).encode()
    return b'{"group":%b,"key":%b,"members":%b}\n' % (quoted(entry.name).encode(), quoted(entry.key).encode(), members)


def _strings(values: tuple[str, ...]) -> str:
    return f"[{','.join(map(quoted, values))}]"


def as_dict(entry: Entry) -> dict[str, Any]:
    """A group or right as its JSON object."""
    if isinstance(entry, Group):
        return {"group": entry.name, "key": entry.key, "members": entry.members}
    return {
        "right": entry.username,
        "key": entry.key,
        "groups": entry.groups,
        "pending": entry.pending,
        "all_groups": entry.all_groups,
        "basic_console_only": entry.basic_console_only,
    }


def entry(text: bytes) -> Entry:
    """The group or right of one line; raises `Corrupt`."""
    return from_dict(read_line(text, "a line of a snapshot"))


def read_line(text: bytes, what: str) -> Any:
    """The JSON value of a line; raises `Corrupt`."""
    try:
        # Decoded here: json.loads would take UTF-16 and UTF-32, too, and let surrogates through.
        return json.loads(text.decode())
    except (ValueError, RecursionError):
        raise Corrupt(f"not {what}") from None


def from_dict(read: Any) -> Entry:
    """The inverse of `as_dict`; raises `Corrupt`."""
    if not isinstance(read, dict):
        raise Corrupt("neither a group nor a right")
    try:
        if "group" in read:
            key, name = _names([read["key"], read["group"]])
            return Group(key, name, _names(read["members"]))
        key, username = _names([read["key"], read["right"]])
        groups, pending = _names(read["groups"]), _names(read["pending"])
        return Right(key, username, groups, pending, _flag(read["all_groups"]), _flag(read["basic_console_only"]))
    except (KeyError, TypeError):
        raise Corrupt("neither a group nor a right") from None


def _names(read: Any) -> tuple[str, ...]:
    if not isinstance(read, list) or not {str}.issuperset(map(type, read)):
        raise TypeError
    together = "".join(read)  # one look at all of them: a large roster has millions
    if not together.isprintable() and _IN_NO_NAME.search(together):
        raise TypeError
    return tuple(read)


def _flag(read: Any) -> bool:
    if not isinstance(read, bool):
        raise TypeError
    return read


def read_object(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object of `data`, which has to say that it is of our format; raises `Corrupt`."""
    read = read_line(data, what)
    if not isinstance(read, dict) or not isinstance(read.get("format"), int):
        raise Corrupt(f"not {what}")
    if read["format"] != FORMAT:
        raise Corrupt(f"{what} of format {int(read['format'])}, where this program reads format {FORMAT}")
    return read


def settings_line(roster: Roster) -> bytes:
    """The first line of a roster's snapshot."""
    settings = {"restrict_customisation": roster.restrict_customisation}
    return f"{to_json({'format': FORMAT, 'settings': settings})}\n".encode()


def read_settings(text: bytes) -> dict[str, bool]:
    """The settings of a snapshot's or delta's first line; raises `Corrupt`."""
    settings = read_object(text, "a snapshot").get("settings")
    if not isinstance(settings, dict):
        raise Corrupt("not a snapshot")
    return {name: bool(value) for name, value in settings.items()}


def read_snapshot(content: bytes) -> tuple[dict[str, bool], Iterator[Entry]]:
    """The settings and, in order, the entries of a snapshot's content; raises `Corrupt`, also while iterating."""
    first, *rest = content.split(b"\n")
    return read_settings(first), (entry(text) for text in rest if text)


def entries(roster: Roster) -> Iterator[Entry]:
    """Groups, then rights: the order of a snapshot."""
    yield from roster.groups
    yield from roster.rights
