"""A version as bytes and back: snapshots, deltas, manifests, and what is refused as corrupt."""

import gzip
import hashlib
import json
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roster import delta
from roster.encode import (
    Approved,
    Blob,
    Corrupt,
    Manifest,
    Packer,
    as_dict,
    entries,
    entry,
    line,
    lines,
    read_settings,
    read_snapshot,
    to_json,
    unpack,
)
from roster.model import Entry, Group, Right, Roster
from roster.notices import Notices
from roster.plan import plan_import
from roster.settings import Settings
from tests.unit.roster.samples import DISTRICT, SEED, base_of, packed, plan, roster_of, snapshot_lines
from tests.unit.roster.strategies import some_rosters, some_rows, some_settings

GROUP = Group("dark arts", "Dark Arts", ("Harry_Potter",))
RIGHT = Right("zoë", "Zoë", ("Dark Arts",), ("Duels",), all_groups=True, basic_console_only=False)

# As an import lets them be: no control characters.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
names = st.lists(texts, max_size=4).map(tuple)
any_entries = st.builds(Group, texts, texts, names) | st.builds(
    Right, texts, texts, names, names, st.booleans(), st.booleans()
)


# Snapshots


def test_should_write_a_snapshot_as_it_was_agreed() -> None:
    roster = Roster((GROUP,), (RIGHT,), restrict_customisation=True)
    assert b"".join(snapshot_lines(roster)).decode() == (
        '{"format":1,"settings":{"restrict_customisation":true}}\n'
        '{"group":"Dark Arts","key":"dark arts","members":["Harry_Potter"]}\n'
        '{"all_groups":true,"basic_console_only":false,"groups":["Dark Arts"],"key":"zoë","pending":["Duels"],'
        '"right":"Zoë"}\n'
    )


@pytest.mark.parametrize("mark", ['"', "\\", "\x1f", "\x7f", " ", "é"])
@pytest.mark.parametrize("times", range(9))
@pytest.mark.parametrize("members", [("",), ("x", "y"), ("x", "y", "z")])
def test_should_escape_what_json_escapes_however_much_there_is_of_it(
    members: tuple[str, ...], times: int, mark: str
) -> None:
    """A whole group is looked at once, by counting what would be escaped."""
    group = Group("k", "K", (members[0] + mark * times, *members[1:]))
    assert line(group) == f"{to_json(as_dict(group))}\n".encode()


@given(any_entries)
def test_should_read_a_line_as_the_entry_that_was_written(entry_: Entry) -> None:
    text = line(entry_)
    assert (text.count(b"\n"), text[-1:]) == (1, b"\n")
    assert entry(text) == entry(text.rstrip(b"\n")) == entry_


@given(some_rosters)
def test_should_read_a_snapshot_as_the_roster_that_was_written(roster: Roster) -> None:
    snapshot = packed(roster)
    settings, read = read_snapshot(unpack(snapshot.data, snapshot.blob))
    assert settings == {"restrict_customisation": roster.restrict_customisation}
    assert list(read) == list(entries(roster))
    assert list(lines(snapshot.data, snapshot.blob)) == snapshot_lines(roster)


@given(some_rosters, some_rosters)
def test_should_have_one_digest_for_one_roster(one: Roster, other: Roster) -> None:
    assert (packed(one).blob.sha256 == packed(other).blob.sha256) == (one == other)


@given(st.lists(st.binary(max_size=200), max_size=5), st.integers(1, 400))
def test_should_give_the_lines_of_an_object_whatever_pieces_it_unzips_to(written: list[bytes], repeat: int) -> None:
    content = b"".join(written) * repeat
    data, blob = pack(content)
    assert unpack(data, blob) == content
    assert list(lines(data, blob)) == [text + b"\n" for text in content.split(b"\n")[:-1]] + (
        [last] if (last := content.rpartition(b"\n")[2]) else []
    )


# Objects that are not what was promised


def pack(content: bytes) -> tuple[bytes, Blob]:
    packer = Packer()
    packer.write(content)
    return packer.finish()


def promise(data: bytes, content: bytes, **otherwise: Any) -> Blob:
    """The blob that names these bytes rightly, but for what is given."""
    digests = hashlib.sha256(data).hexdigest(), hashlib.sha256(content).hexdigest()
    return Blob(digests[0], len(data), digests[1], len(content))._replace(**otherwise)


CONTENT = b'{"format":1}\n' * 1000
DATA = pack(CONTENT)[0]


def test_should_pack_what_any_gunzip_unpacks() -> None:
    data, blob = pack(CONTENT)
    assert gzip.decompress(data) == CONTENT
    assert blob == promise(data, CONTENT)
    assert unpack(data, blob) == CONTENT


def test_should_unpack_what_any_gzip_packs() -> None:
    """Also where something is repeated as far behind as gzip looks."""
    content = b"".join(hashlib.sha256(bytes([number % 200, number // 200])).digest() for number in range(1000)) * 2
    data = gzip.compress(content, 9)
    assert len(data) < len(content) * 0.6
    assert unpack(data, promise(data, content)) == content


def test_should_pack_to_much_less() -> None:
    assert len(DATA) < len(CONTENT) / 20


def test_should_pack_no_time_and_no_file_name() -> None:
    assert DATA[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + DATA[8:10]


@pytest.mark.parametrize("at", range(len(DATA)))
def test_should_refuse_every_flipped_bit(at: int) -> None:
    flipped = DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]
    with pytest.raises(Corrupt, match="SHA-256"):
        unpack(flipped, promise(DATA, CONTENT))


@pytest.mark.parametrize("length", range(len(DATA)))
def test_should_refuse_every_truncation(length: int) -> None:
    with pytest.raises(Corrupt, match=f"{length} bytes where {len(DATA)} were promised"):
        unpack(DATA[:length], promise(DATA, CONTENT))
    # Also where manifest and object were cut alike.
    with pytest.raises(Corrupt):
        unpack(DATA[:length], promise(DATA[:length], CONTENT))


@pytest.mark.parametrize(
    "otherwise",
    [
        {"bytes": len(DATA) + 1},
        {"bytes": len(DATA) - 1},
        *({"sha256": digest} for digest in (hashlib.sha256(b"").hexdigest(), "0" * 64, "f" * 64)),
        {"content_bytes": len(CONTENT) - 1},
        {"content_bytes": len(CONTENT) + 1},
        {"content_bytes": 0},
        *({"content_sha256": digest} for digest in (hashlib.sha256(b"").hexdigest(), "0" * 64, "f" * 64)),
    ],
)
@pytest.mark.parametrize("read", [unpack, lambda data, blob: list(lines(data, blob))])
def test_should_refuse_whatever_is_promised_otherwise(
    otherwise: dict[str, Any], read: Callable[[bytes, Blob], object]
) -> None:
    assert read(DATA, promise(DATA, CONTENT))
    with pytest.raises(Corrupt):
        read(DATA, promise(DATA, CONTENT, **otherwise))


@pytest.mark.parametrize(
    "data", [b"", b"x", b"not gzip at all", CONTENT, zlib.compress(CONTENT), DATA[:-8] + b"\0" * 8]
)
def test_should_refuse_what_does_not_unzip(data: bytes) -> None:
    with pytest.raises(Corrupt):
        unpack(data, promise(data, CONTENT))


def test_should_unpack_an_empty_content() -> None:
    data, blob = pack(b"")
    assert unpack(data, blob) == b""
    assert list(lines(data, blob)) == []


def test_should_not_unzip_a_bomb() -> None:
    data, _ = pack(bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(Corrupt, match="length"):
        unpack(data, promise(data, CONTENT))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


# Deltas


@given(some_rows, some_rows, some_settings, some_rows, some_rows, some_settings)
def test_should_lead_from_one_snapshot_to_the_next_byte_for_byte(
    old_students: list[str],
    old_teachers: list[str],
    old_settings: Settings,
    students: list[str],
    teachers: list[str],
    settings: Settings,
) -> None:
    published = roster_of(plan(old_students, old_teachers, old_settings))
    base = base_of(published)
    made = plan(students, teachers, settings, base=published)
    if made.outcome == "no_change":
        assert made.roster == published
        return
    assert made.delta is not None
    assert made.snapshot is not None
    steps = list(lines(made.delta.data, made.delta.blob))
    applied = b"".join(delta.apply_delta(base.lines(), base.content_sha256, steps))
    assert applied == unpack(made.snapshot.data, made.snapshot.blob) == b"".join(snapshot_lines(roster_of(made)))
    assert hashlib.sha256(applied).hexdigest() == made.snapshot.blob.content_sha256


@given(some_rosters, some_rosters)
def test_should_name_exactly_the_entries_that_differ(old: Roster, new: Roster) -> None:
    found = delta.changes(iter(snapshot_lines(old)[1:]), ((each, line(each)) for each in entries(new)))
    was, now = ({delta.place(each): each for each in entries(roster)} for roster in (old, new))
    differing = [place for place in sorted(was.keys() | now.keys()) if was.get(place) != now.get(place)]
    assert list(found) == [delta.Change(was.get(place), now.get(place)) for place in differing]


@given(some_rosters, some_rosters)
def test_should_come_to_the_same_when_applied_again_from_the_beginning(old: Roster, new: Roster) -> None:
    found = delta.changes(iter(snapshot_lines(old)[1:]), ((each, line(each)) for each in entries(new)))
    steps = [delta.read_step(delta.change_line(change)) for change in found]
    for applied in range(len(steps) + 1):
        held: dict[delta.Place, Entry] = {delta.place(each): each for each in entries(old)}
        for step in [*steps[:applied], *steps]:
            if step.entry:
                held[step.kind, step.key] = step.entry
            else:
                held.pop((step.kind, step.key), None)
        assert held == {delta.place(each): each for each in entries(new)}


@given(some_rosters, some_rosters)
def test_should_write_changes_that_read_as_they_were(old: Roster, new: Roster) -> None:
    for change in delta.changes(iter(snapshot_lines(old)[1:]), ((each, line(each)) for each in entries(new))):
        stands = change.now or change.was
        assert stands is not None
        before = len(change.was.members) if isinstance(change.was, Group) else 0
        assert delta.read_step(delta.change_line(change)) == delta.Step(*delta.place(stands), change.now, before)


def test_should_refuse_the_delta_of_another_snapshot_before_giving_a_line() -> None:
    published = plan(["Ron,A"])
    made = plan(["Harry,A"], base=published)
    assert made.delta is not None
    other = base_of(roster_of(plan(["Luna,A"])))
    applied = delta.apply_delta(other.lines(), other.content_sha256, lines(made.delta.data, made.delta.blob))
    with pytest.raises(Corrupt, match="another snapshot"):
        next(applied)


def test_should_be_small_where_little_changes() -> None:
    rows = [f"s{number},class {number // 30}" for number in range(6000)]
    made = plan([*rows, "new,class 7"], base=plan(rows))
    assert made.delta is not None
    assert made.snapshot is not None
    assert made.delta.blob.bytes * 20 < made.snapshot.blob.bytes


# Manifests

COUNTS = {"groups": 4, "members": 2, "memberships": 5, "teachers": 4}
SNAPSHOT, DELTA = Blob("a" * 64, 9, "b" * 64, 99), Blob("c" * 64, 3, "d" * 64, 33)
MANIFEST = Manifest("hogwarts", 1, 3, "an import", COUNTS, SNAPSHOT, DELTA, 2)
APPROVED = Approved(3, "arn:somebody", "2026-09-01T07:00:00+00:00", DELTA)


def test_should_write_a_manifest_as_it_was_agreed() -> None:
    assert MANIFEST.to_bytes().decode() == (
        '{"counts":{"groups":4,"members":2,"memberships":5,"teachers":4},'
        f'"delta":{{"bytes":3,"content_bytes":33,"content_sha256":"{"d" * 64}","from":2,"sha256":"{"c" * 64}"}},'
        '"epoch":1,"format":1,"import":"an import","site":"hogwarts",'
        f'"snapshot":{{"bytes":9,"content_bytes":99,"content_sha256":"{"b" * 64}","sha256":"{"a" * 64}"}},"version":3}}'
    )


@pytest.mark.parametrize(
    "manifest", [MANIFEST, MANIFEST._replace(delta=None, delta_from=None), MANIFEST._replace(approved=(APPROVED,))]
)
def test_should_read_a_manifest_as_it_was_written(manifest: Manifest) -> None:
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest


def test_should_write_into_a_manifest_what_a_person_approved() -> None:
    said = json.loads(MANIFEST._replace(approved=(APPROVED,)).to_bytes())["approved"]
    delta = {"sha256": "c" * 64, "bytes": 3, "content_sha256": "d" * 64, "content_bytes": 33}
    assert said == [{"version": 3, "by": "arn:somebody", "at": "2026-09-01T07:00:00+00:00", "delta": delta}]


def test_should_name_a_manifest_by_its_bytes() -> None:
    assert MANIFEST.sha256 == hashlib.sha256(MANIFEST.to_bytes()).hexdigest()


def test_should_name_in_the_manifest_of_an_import_what_was_packed() -> None:
    made = plan_import(SEED, DISTRICT)
    assert made.snapshot is not None
    manifest = Manifest("hogwarts", 1, 1, "first", made.counts, made.snapshot.blob)
    assert unpack(made.snapshot.data, Manifest.from_bytes(manifest.to_bytes()).snapshot)


# Whatever else is read

READERS: dict[str, Callable[[bytes], object]] = {
    "manifest": Manifest.from_bytes,
    "entry": entry,
    "settings": read_settings,
    "snapshot": lambda data: list(read_snapshot(data)[1]),
    "step": delta.read_step,
    "delta": lambda data: list(delta.apply_delta(snapshot_lines(Roster((GROUP,), (RIGHT,))), "0", data.split(b"\n"))),
}
KEYS = [
    "format",
    "settings",
    "group",
    "key",
    "members",
    "right",
    "groups",
    "pending",
    "all_groups",
    "from",
    "put",
    "remove",
]
KEYS += ["basic_console_only", "members_before", "site", "epoch", "version", "import", "counts", "snapshot", "delta"]
KEYS += ["bytes", "sha256", "content_bytes", "content_sha256"]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["Zaphod", "1", "", "group", "\ud800", "\0"])
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=9),
    max_leaves=9,
)
SOUND = [
    MANIFEST.to_bytes(),
    line(GROUP),
    line(RIGHT),
    *snapshot_lines(Roster((), ())),
    b'{"format":1,"from":"0","settings":{}}',
]
SOUND += [b'{"key":"a","members_before":3,"remove":"group"}', b'{"put":' + line(RIGHT)[:-1] + b"}"]


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """Something sound of which one value, however deep, is another or is gone."""
    read = json.loads(draw(st.sampled_from(SOUND)))
    inside = read
    while isinstance(inside, dict) and inside:
        key = draw(st.sampled_from(sorted(inside)))
        if not isinstance(inside[key], dict) or draw(st.booleans()):
            if draw(st.booleans()):
                del inside[key]
            else:
                inside[key] = draw(values)
            break
        inside = inside[key]
    return json.dumps(read).encode()


@pytest.mark.parametrize("escaped", ["\\ud800", "\\udfff", "\\u0000", "\\n", "\\u001b", "\\u0085", "\x7f", "\x9f"])
@pytest.mark.parametrize(
    "line_", [line(GROUP), line(RIGHT), line(RIGHT._replace(groups=("Zoë",), pending=("Zoë",)))], ids=["g", "r", "p"]
)
def test_should_refuse_a_name_that_no_import_lets_in(line_: bytes, escaped: str) -> None:
    """A new row in a CSV file, or what no file can hold."""
    texts_of_it = [part for part in line_.decode().split('"') if part in ("Dark Arts", "dark arts", "Zoë", "zoë")]
    for name in texts_of_it:
        for at in range(line_.decode().count(f'"{name}"')):
            parts = line_.decode().split(f'"{name}"')
            spoilt = f'"{name}"'.join(parts[: at + 1]) + f'"{name}{escaped}"' + f'"{name}"'.join(parts[at + 1 :])
            with pytest.raises(Corrupt):
                entry(spoilt.encode())


@pytest.mark.parametrize("kept", ["\u2028", "\xa0", "\u0627", "\U0001f9d9", '\\"', "\\\\"])
def test_should_read_every_name_that_an_import_lets_in(kept: str) -> None:
    assert entry(f'{{"group":"{kept}","key":"a","members":["{kept}"]}}'.encode())


@pytest.mark.parametrize("reader", READERS)
@given(data=st.binary(max_size=20) | values.map(json.dumps).map(str.encode) | spoiled())
def test_should_read_it_or_refuse_it_as_corrupt(reader: str, data: bytes) -> None:
    with suppress(Corrupt):
        READERS[reader](data)


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        ("manifest", MANIFEST.to_bytes().replace(b'"format":1', b'"format":2')),
        ("manifest", MANIFEST.to_bytes().replace(b'"version":3', b'"version":"Zaphod"')),
        ("manifest", MANIFEST.to_bytes().replace(b'"bytes":9', b'"bytes":null')),
        ("manifest", MANIFEST.to_bytes()[:-1]),
        ("manifest", b"[]"),
        ("settings", b'{"format":"Zaphod","settings":{}}'),
        ("settings", b'{"format":2,"settings":{}}'),
        ("settings", b'{"format":0,"settings":{}}'),
        ("settings", b'{"format":1,"settings":[]}'),
        ("settings", b""),
        ("entry", b"\xff"),
        ("entry", b"{}"),
        ("entry", b'{"group":"Zaphod","key":"zaphod"}'),
        ("entry", b'{"group":"Zaphod","key":"zaphod","members":7}'),
        ("entry", b'{"group":"Zaphod","key":"zaphod","members":"Zaphod"}'),
        ("entry", b'["Zaphod"]'),
        ("entry", b'"group"'),
        ("entry", b"1" * 5000),
        ("snapshot", b""),
        ("snapshot", b'{"format":1,"settings":{}}\n{"right":"Zaphod"}\n'),
        ("step", b'{"remove":"Zaphod","key":"zaphod"}'),
        ("step", b'{"remove":"group"}'),
        ("step", b'{"put":{"group":"Zaphod"}}'),
        ("step", b'{"put":{"group":"A","key":"a","members":[]},"members_before":"Zaphod"}'),
        ("step", b'{"put":{"group":"A","key":"a","members":[]},"members_before":-1}'),
        ("step", b'{"put":{"group":"A","key":"a","members":[]},"members_before":true}'),
        ("step", b'{"remove":"group","key":["a"]}'),
        ("step", b"7"),
        ("delta", b'{"format":1,"from":"0","settings":{"\\ud800":true}}'),
        ("entry", '{"group":"A","key":"a","members":[]}'.encode("utf-16")),
        ("entry", '{"group":"A","key":"a","members":[]}'.encode("utf-32-le")),
        ("entry", b'{"group":"A","key":"a","members":["\xed\xa0\x80"]}'),
        ("entry", b'{"right":"A","key":"a","groups":[],"pending":[],"all_groups":0,"basic_console_only":false}'),
        ("delta", b""),
        ("delta", b'{"format":1,"from":"Zaphod","settings":{}}'),
        ("delta", b'{"format":2,"from":"0","settings":{}}'),
        ("delta", b'{"format":1,"from":"0","settings":{}}\n{"remove":"Zaphod"}'),
    ],
)
def test_should_refuse_it_without_repeating_what_it_says(reader: str, data: bytes) -> None:
    with pytest.raises(Corrupt) as refused:
        READERS[reader](data)
    assert "zaphod" not in str(refused.value).lower()
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_should_take_no_notices_for_data_of_its_own() -> None:
    """Corrupt versions are faults of ours: an exception, and nothing for the people who upload files."""
    assert not issubclass(Corrupt, Notices)
    assert issubclass(Corrupt, ValueError)
