"""A whole import as it would be, without doing any of it: what an import and `roster check` share.

In: the bytes of both files, the settings, the published snapshot if there is one, and what is known besides. Out: a
`Plan`: the roster, its packed snapshot and delta, the counts, what changes, why it would be held, and every notice.

1. Read both files (`parse`) and reconcile them: the roster that the pair *states*.
2. Compare that with the published version (`compare`); guards look at it (`guard`).
3. Keep what new bad rows may be about (`protect`): the roster that would be published.

A refused file leaves a plan that fails.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple

from roster import delta
from roster.case import Found, case
from roster.compare import Base as Base
from roster.compare import Compared, Effect, Shrunk, compare
from roster.compare import Packed as Packed
from roster.encode import Packer, is_plain
from roster.guard import OF_A_SCHOOL_YEAR, OF_AN_END_OF_TERM, Reason, reasons, without
from roster.memory import NOTHING, Kept, Memory, Named, digest
from roster.model import Roster
from roster.names import fold
from roster.no_console import without_rights
from roster.notices import (
    BUNDLES,
    SETTINGS,
    STUDENTS,
    TEACHERS,
    ConsoleTakenAway,
    GroupShrank,
    KeptEnded,
    NoChange,
    Notice,
    Notices,
    RemovalsKept,
    RemovalsOff,
)
from roster.parse import read_pair
from roster.people import People, people
from roster.protect import Lost, Reader, Terms, Weighed, digests, new_rows, restored, weigh
from roster.reconcile import all_groups_users, apply_settings, reconcile, with_extra_teachers
from roster.rows import BadRow, Pair, Rows
from roster.settings import Settings
from roster.site_days import beginning, day_in

Outcome = Literal["ok", "ok_with_warnings", "no_change", "held", "failed"]


class Known(NamedTuple):
    """What an import knows besides its pair, its settings and the published version.

    `import_id` is what facts are kept since, `now` an aware time. `memory` is that of the import that took effect last.
    `earlier` is the version that steps are added up from, where it is not the published one. `site_new`: nobody has
    added this site; the name of a known one that it resembles, or "". `school_year` is the `school_year_starts` that an
    import has used up already. `no_console` are those who get no right, by key. `day` is looked at where it is another
    than that of `now`; `all_dates`: everything counts, whatever its dates.
    """

    import_id: str = ""
    now: datetime = datetime.min.replace(tzinfo=UTC)
    memory: Memory = NOTHING
    earlier: Base | None = None
    site_new: str | None = None
    school_year: str = ""
    no_console: frozenset[str] = frozenset()
    day: date | None = None
    all_dates: bool = False


class KeptRow(NamedTuple):
    """A bad row that keeps facts: how many, and until when (an ISO time)."""

    file: str
    row: int
    facts: int
    until: str


class Plan(NamedTuple):
    """What an import of a pair comes to. `roster` is None when a file was refused.

    `snapshot` is there when there would be a new version, for which a plan that is `held` needs approval; `delta` when
    there is a version before it. `counts` are rows_read, rows_rejected, groups, members, memberships and teachers;
    `changes` are those of `delta.CHANGES`. `kept` are the facts that bad rows keep from going, `kept_rows` the rows,
    `ended` counts the facts that were kept and go now, `not_removed` what the setting `removals` keeps. `memory` is
    what the site remembers once this takes effect, `school_year` which start of a school year is used up then.
    `people` is there where the plan is held. `barred` are those of `Known.no_console` whom the files name,
    `unnamed` the others. `shown` says for a bundle which record stands in a row, by file and row; it has no `texts`.
    At `look_again_at` (a time stamp, or "") the same files say something else, since a date in them has come.
    """

    outcome: Outcome
    notices: Notices
    counts: dict[str, int]
    changes: dict[str, int]
    texts: dict[str, bytes]
    roster: Roster | None = None
    snapshot: Packed | None = None
    delta: Packed | None = None
    held: Sequence[Reason] = ()
    kept: Sequence[Kept] = ()
    kept_rows: Sequence[KeptRow] = ()
    ended: int = 0
    not_removed: int = 0
    memory: Memory = NOTHING
    people: People | None = None
    shrunk: Sequence[Shrunk] = ()
    school_year: str = ""
    barred: frozenset[str] = frozenset()
    unnamed: frozenset[str] = frozenset()
    shown: Mapping[tuple[str, int], str] = MappingProxyType({})
    look_again_at: str = ""


def plan_import(
    files: Mapping[str, bytes],
    settings: Settings,
    base: Base | None = None,
    found: Iterable[Notice] = (),
    known: Known = Known(),  # noqa: B008 (a tuple, which nobody changes)
) -> Plan:
    """Read, reconcile and compare a pair, or the bundle in its place; `files` are its bytes by file name.

    `found` are findings about the uploads themselves, made before their bytes were looked at.

    Peak memory for two million rows is about four times the files.
    """
    with _garbage_left():
        return _plan(files, settings, base, found, known)


@contextmanager
def _garbage_left() -> Iterator[None]:
    """Keep Python from looking for cyclic garbage among millions of names: there is none, and it takes a tenth of the
    time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _plan(
    files: Mapping[str, bytes], settings: Settings, base: Base | None, found: Iterable[Notice], known: Known
) -> Plan:
    read = _read(files, settings, found, known)
    pair, notices = read.pair, read.notices
    if pair.refused:
        counts = _counts(pair, Roster((), ()))
        return Plan("failed", notices, counts, {}, pair.texts, memory=known.memory, shown=read.shown)
    new_bad = {rows.file: new_rows(rows.bad, known.memory.bad_rows.get(rows.file, {})) for rows in pair.files}
    stated = _stated(read, base, known, wants_lost=any(new_bad.values()))
    read.tell_repeated()
    weighed = {rows.file: _weigh(pair, rows, new_bad[rows.file], stated.compared.effect, known) for rows in pair.files}
    kept = [fact for each in weighed.values() for fact in each.kept]
    counted = {file: len(rows) for file, rows in new_bad.items()}
    unstated = {username for file, (username, _) in known.memory.keys if file == STUDENTS}
    unstated |= {fold(fact.username) for fact in stated.by_setting.get(STUDENTS, ())}
    said = Found(pair, stated.roster, base, stated.compared, weighed, counted, known.memory.keys, frozenset(unstated))
    found_held = reasons(case(said, known.earlier, known.site_new, review=settings.review == "always"), settings.hold)
    held = [_placed(reason, read) for reason in found_held]
    who, held, school_year = _school_year(said, held, settings, known)
    published = _with(kept, stated, base, settings, known.no_console)
    made = Plan(
        "held",
        notices,
        _counts(pair, published.roster, kept or stated.by_setting),
        {change: published.compared.effect.tally[change] for change in delta.CHANGES},
        pair.texts,
        published.roster,
        published.compared.snapshot,
        published.compared.delta,
        tuple(held),
        kept,
        _kept_rows(pair, kept),
        sum(each.ended for each in weighed.values()),
        sum(map(len, stated.by_setting.values())),
        Memory({rows.file: digests(rows.bad) for rows in pair.files if rows.bad}, tuple(kept), read.named),
        who if held else None,
        stated.compared.effect.shrunk,
        school_year,
        stated.barred,
        known.no_console - stated.barred,
        read.shown,
        min(filter(None, (read.next_look, _extra_end(settings, read.day))), default=""),
    )
    _tell(made, notices)
    return _concluded(made, base, stated.compared.snapshot.blob.content_sha256)


class _Read(NamedTuple):
    """What was read: the rows, what was found, and as of which day. The rest is of a bundle."""

    pair: Pair
    notices: Notices
    day: date
    named: Named
    shown: Mapping[tuple[str, int], str] = MappingProxyType({})
    ended: tuple[str, ...] = ()
    next_look: str = ""
    tell_repeated: Callable[[], None] = lambda: None


def _read(files: Mapping[str, bytes], settings: Settings, found: Iterable[Notice], known: Known) -> _Read:
    day = known.day or day_in(settings.time_zone, known.now)
    bundle = next((file for file in BUNDLES if file in files), None)
    if bundle is None:
        notices = Notices()
        for notice in found:
            notices.add(notice)
        return _Read(read_pair(files, settings, notices), notices, day, known.memory.named)
    from roster.sources.bundle import read_bundle  # here, since a pair needs none of it

    on = None if known.all_dates else day
    source = read_bundle(bundle, files[bundle], settings, found, known.memory.named, on)
    next_look = beginning(settings.time_zone, source.next_day) if source.next_day else ""
    shown = source.notices.records.shown
    tell = source.notices.tell_repeated
    return _Read(source.pair, source.notices, day, source.named, shown, source.ended, next_look, tell)


def _placed(reason: Reason, read: _Read) -> Reason:
    """A reason with the files and rows of a bundle, and the terms that ended where something goes."""
    records = read.pair.records
    if records is None:
        return reason
    ended = read.ended if reason.code in OF_AN_END_OF_TERM else ()
    if reason.file is None:
        return reason._replace(ended=ended)
    rows = tuple(records.place_of_row(reason.file, row)[1] for row in reason.rows)
    return reason._replace(file=records.label(reason.file), rows=rows, ended=ended)


def _extra_end(settings: Settings, day: date) -> str:
    """When the first of the people whom the settings add is no longer one, or ""."""
    ends = [each.until for each in settings.extra_teachers if each.until and each.until >= day.isoformat()]
    if not ends:
        return ""
    return beginning(settings.time_zone, (date.fromisoformat(min(ends)) + timedelta(days=1)).isoformat())


def _concluded(made: Plan, base: Base | None, stated_sha256: str) -> Plan:
    """The plan with its outcome; without a version where there would be no other than the published one."""
    published = base.content_sha256 if base else None
    if stated_sha256 == published:  # so that there is nothing for anybody to approve
        made = made._replace(held=(), people=None)
    if made.held:
        return made
    if made.snapshot and made.snapshot.blob.content_sha256 == published:
        made = made._replace(snapshot=None, delta=None)
    if stated_sha256 == published and not made.not_removed:
        made.notices.add(NoChange())
        return made._replace(outcome="no_change")
    worth_a_look = made.notices.severities["error"] or made.notices.severities["warning"]
    return made._replace(outcome="ok_with_warnings" if worth_a_look else "ok")


class _Made(NamedTuple):
    """A roster, and how it compares with the published version.

    `by_setting` has by file the facts that only the setting `removals` states, `all_groups` the users, by key, who see
    all groups, and `barred` those whom the files name and who get no right.
    """

    roster: Roster
    compared: Compared
    by_setting: Mapping[str, Sequence[Lost]]
    all_groups: frozenset[str]
    barred: frozenset[str]


def _stated(read: _Read, base: Base | None, known: Known, *, wants_lost: bool) -> _Made:
    """The roster that a pair and its site's settings state."""
    pair, notices = read.pair, read.notices
    settings, kept = pair.settings, known.memory.keys
    keeps_all = settings.removals == "keep"
    roster = reconcile(pair, notices, base.entries if base else lambda: ())
    roster = with_extra_teachers(roster, settings, read.day.isoformat())
    all_groups = all_groups_users(settings, pair.usernames, roster, notices)
    all_groups |= {right.key for right in roster.rights if right.all_groups}  # of those whom the settings add
    roster, barred = without_rights(apply_settings(roster, settings, all_groups), known.no_console)
    plain = is_plain(pair.usernames.spelled)
    compared = compare(roster, base, kept, wants_lost=wants_lost or keeps_all, plain_members=plain)
    lost = compared.effect.lost
    if not keeps_all or not any(lost.values()):
        return _Made(roster, compared, {}, all_groups, barred)
    roster = apply_settings(restored(roster, lost[STUDENTS], lost[TEACHERS]), settings, all_groups)
    roster, _ = without_rights(roster, known.no_console)
    return _Made(roster, compare(roster, base, kept), lost, all_groups, barred)


def _with(
    kept: Sequence[Kept], stated: _Made, base: Base | None, settings: Settings, no_console: frozenset[str]
) -> _Made:
    """What would be published: the roster that is stated, and what bad rows keep."""
    if not kept:
        return stated
    facts: dict[str, list[Lost]] = {STUDENTS: [], TEACHERS: []}
    for fact in kept:
        facts[fact.file].append(Lost(fact.username, fact.class_))
    roster = apply_settings(restored(stated.roster, facts[STUDENTS], facts[TEACHERS]), settings, stated.all_groups)
    roster, _ = without_rights(roster, no_console)
    return stated._replace(roster=roster, compared=compare(roster, base))


def plan_rollback(base: Base, old: Iterable[bytes]) -> tuple[Packed | None, dict[str, int]]:
    """The delta from the published version back to an old one, given by its snapshot's lines, and what it changes.

    No delta when the two are the same.
    """
    old_lines = iter(old)
    difference = Packer()
    effect = Effect()
    published = base.lines()
    first, now = next(old_lines), next(published)
    difference.write(delta.first_line(first, base.content_sha256))
    for change in delta.changes(published, ((None, text) for text in old_lines)):
        effect.add(change)
        difference.write(delta.change_line(change))
    differs = first != now or effect.changes_anything
    return Packed(*difference.finish()) if differs else None, dict(effect.tally)


def nothing_changed(base: Base) -> tuple[Packed, dict[str, int]]:
    """The delta from the published version to the same content under another number, and what it changes."""
    difference = Packer()
    difference.write(delta.first_line(next(base.lines()), base.content_sha256))
    return Packed(*difference.finish()), dict.fromkeys(delta.CHANGES, 0)


def refuse(found: Iterable[Notice], memory: Memory = NOTHING) -> Plan:
    """The plan of a pair that is refused for what its uploads are, before a byte of them is read."""
    notices = Notices()
    for notice in found:
        notices.add(notice)
    nothing = dict.fromkeys(("rows_read", "rows_rejected", "groups", "members", "memberships", "teachers"), 0)
    return Plan("failed", notices, nothing, {}, {}, memory=memory)


def _counts(pair: Pair, roster: Roster, kept: object = ()) -> dict[str, int]:
    members = pair.is_student.count(1)
    if kept:  # some of whom may be in no row
        members = len({fold(member) for group in roster.groups for member in group.members})
    return {
        "rows_read": pair.students.read + pair.teachers.read,
        "rows_rejected": pair.students.rejected + pair.teachers.rejected,
        "groups": len(roster.groups),
        "members": members,
        "memberships": sum(len(group.members) for group in roster.groups),
        "teachers": len(roster.rights),
    }


# Keeping


def _weigh(pair: Pair, rows: Rows, new: list[BadRow], effect: Effect, known: Known) -> Weighed:
    """What becomes of the facts of one file that the pair does not state any more."""
    days = pair.settings.keep_days
    until = known.now + timedelta(days=days.memberships if rows.file == STUDENTS else days.rights)
    terms = Terms(known.import_id, _time(until), _time(known.now))
    before = [fact for fact in known.memory.kept if fact.file == rows.file]

    def named() -> set[str]:
        return {pair.usernames.key(rank) for rank in pair.usernames.ranks(rows.usernames)}

    reader = Reader(rows.file, rows.separator, pair.settings, named)
    return weigh(rows.file, effect.lost[rows.file], rows.bad, new, before, terms, reader.claims)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _kept_rows(pair: Pair, kept: Sequence[Kept]) -> list[KeptRow]:
    """The bad rows that keep something, in the order of file and row."""
    if not kept:
        return []
    where = {
        (rows.file, digest(bad.line)): pair.place(rows.file, bad.row)
        for rows in pair.files
        for bad in reversed(rows.bad)
    }
    counted = Counter((*where[fact.file, fact.row], fact.until) for fact in kept)
    return [KeptRow(file, row, facts, until) for (file, row, until), facts in sorted(counted.items())]


def _tell(made: Plan, notices: Notices) -> None:
    """Tell of what is kept and what is kept no longer, and of groups that shrank."""
    for each in made.kept_rows:
        notices.add(RemovalsKept(each.file, each.row, facts=each.facts, until=each.until))
    if made.ended:
        notices.add(KeptEnded(facts=made.ended))
    if made.barred:
        notices.add(ConsoleTakenAway(TEACHERS, teachers=len(made.barred)))
    if made.not_removed:
        notices.add(RemovalsOff(SETTINGS, facts=made.not_removed))
    for group in made.shrunk:
        notices.add(GroupShrank(STUDENTS, before=group.before, after=group.after, stayed=group.stayed))


def _school_year(
    found: Found, held: list[Reason], settings: Settings, known: Known
) -> tuple[People | None, list[Reason], str]:
    """Whom a held import is about; its reasons without those of a school year that starts; which start is used up."""
    starts = settings.school_year_starts
    due = bool(starts) and known.school_year != starts and str(starts) <= known.now.date().isoformat()
    if not held and not (due and found.compared.effect.changes_anything):
        return None, held, known.school_year
    who = people(found.base.entries() if found.base else (), found.roster)
    if starts and due and who.new_school_year:
        return who, without(held, OF_A_SCHOOL_YEAR), starts
    return who, held, known.school_year
