"""A bad row never deletes, and never keeps in secret: what a new bad row could have been about stays for some days.

In: the facts that a pair no longer states, its bad rows, and what is remembered of the import before. Out: which facts
are kept, by which row and until when; and how many nobody can tell about, which holds the import.

A fact is one membership or one class of one right. Only a *new* bad row protects: one that stood there in the import
that took effect last stood beside the fact's own good row, so it cannot be what has become of that. And it protects in
its own file alone: the facts of its username where that can be read; else as many as the row can stand for, of its
class, or where that cannot be read either of any. A row that plainly says what it is refused for, as a wildcard or a
vacancy does, protects nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from roster.memory import Kept, digest
from roster.model import Group, Right, Roster
from roster.names import CLASS_LIMIT, USERNAME_LIMIT, Verdict, clean, fold, judge_class, judge_username
from roster.notices import (
    TEACHERS,
    ClassReserved,
    FieldCount,
    QuoteUnbalanced,
    ReservedRowRepeated,
    StudentTeaches,
    UsernameCollision,
    UsernameEmpty,
    UsernameNotEmail,
    UsernamePlaceholder,
    UsernameWildcard,
)
from roster.rows import BadRow
from roster.settings import Settings

# More than two values at their longest, quoted; what comes behind in a longer line is no roster.
_READ_OF_A_LINE = 4096

Key = tuple[str, str]  # of a fact: username and class, folded


class Lost(NamedTuple):
    """A published fact that the pair does not state, with its names as published."""

    username: str
    class_: str

    @property
    def key(self) -> Key:
        """What it is the same fact by."""
        return fold(self.username), fold(self.class_)


class Unclear(NamedTuple):
    """So many facts would go, and the rows can stand for so many of them: nobody can tell which are meant."""

    facts: int
    capacity: int
    rows: tuple[int, ...]


class Weighed(NamedTuple):
    """What becomes of the lost facts of one file: these are kept, the others go; `ended` of those were kept before."""

    kept: list[Kept]
    ended: int
    unclear: Unclear | None = None


class Claim(NamedTuple):
    """What one bad row could have been about: facts of these users, or up to `most` of this class, or of any."""

    row: BadRow
    users: frozenset[str] = frozenset()
    class_: str | None = None
    most: int = 0


class Terms(NamedTuple):
    """How facts are kept: since which import, until when (ISO times), and the time it is now."""

    since: str
    until: str
    now: str


def digests(bad: Iterable[BadRow]) -> dict[str, int]:
    """How often each bad row stands there, by its digest."""
    return dict(Counter(digest(row.line) for row in bad))


def new_rows(bad: Sequence[BadRow], before: Mapping[str, int]) -> list[BadRow]:
    """The bad rows that did not stand, as often, among those of the import that took effect last."""
    left = dict(before)
    new = []
    for row in bad:
        known = digest(row.line)
        if left.get(known, 0):
            left[known] -= 1
        else:
            new.append(row)
    return new


def weigh(
    file: str,
    lost: Sequence[Lost],
    bad: Sequence[BadRow],
    new: Sequence[BadRow],
    before: Sequence[Kept],
    terms: Terms,
    claims: Callable[[Iterable[BadRow], set[str], set[str]], Iterable[Claim]],
) -> Weighed:
    """Which of a file's lost facts are kept. `before` are those that were kept until now; `claims` reads the new rows.

    A fact that was kept before never stays beyond the time that was told then, whatever row comes to stand for it.
    """
    of_before = {(fold(fact.username), fold(fact.class_)): fact for fact in before}
    facts = {fact.key: fact for fact in lost}
    standing = {digest(row.line) for row in bad} if of_before else set()
    kept = {key: known for key, known in of_before.items() if key in facts and known.lasts(standing, terms.now)}
    unclear = None
    if new and facts.keys() - kept.keys() and terms.until > terms.now:
        said = list(claims(new, {username for username, _ in facts}, {class_ for _, class_ in facts}))
        covered, unclear = _covered([key for key in facts if key not in of_before], said)
        kept |= {
            key: Kept(file, *facts[key], terms.since, terms.until, digest(row.line)) for key, row in covered.items()
        }
        # Whose bad row reads otherwise tonight comes last: what guards see does not depend on what was kept before.
        open_again = [key for key, known in of_before.items() if key in facts and terms.now < known.until]
        covered, _ = _covered([key for key in open_again if key not in kept], _left(said, Counter(covered.values())))
        kept |= {key: of_before[key]._replace(row=digest(row.line)) for key, row in covered.items()}
    ended = sum(1 for key in of_before if key in facts and key not in kept)
    return Weighed([kept[key] for key in sorted(kept, key=lambda key: key[::-1])], ended, unclear)


def _left(claims: Iterable[Claim], used: Mapping[BadRow, int]) -> list[Claim]:
    """The claims, with what the rows have not stood for yet."""
    return [claim._replace(most=max(0, claim.most - used.get(claim.row, 0))) for claim in claims]


def _covered(facts: Sequence[Key], claims: list[Claim]) -> tuple[dict[Key, BadRow], Unclear | None]:
    """The facts that the claims cover, each with a row that stands for it; and those of which nobody can tell."""
    covered = _of_their_users(facts, claims)
    of_class: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.class_ is not None:
            of_class[claim.class_].append(claim)
    of_any = [claim for claim in claims if claim.class_ is None and claim.most]
    by_class: defaultdict[str, list[Key]] = defaultdict(list)
    for key in facts:
        if key not in covered:
            by_class[key[1]].append(key)
    surplus: dict[str, int] = {}
    for class_, keys in by_class.items():
        most = sum(claim.most for claim in of_class[class_]) if class_ in of_class else 0
        if len(keys) > most and (most or of_any):
            surplus[class_] = len(keys) - most
        elif most:
            covered.update(_shared_out(keys, of_class[class_]))
    if not surplus:
        return covered, None
    room = sum(claim.most for claim in of_any)
    meant = [claim for class_ in surplus for claim in of_class.get(class_, ())] + of_any
    keys = [key for class_ in surplus for key in by_class[class_]]
    if sum(surplus.values()) <= room:
        return covered | dict(_shared_out(keys, meant)), None
    most = room + sum(claim.most for class_ in surplus for claim in of_class.get(class_, ()))
    return covered, Unclear(len(keys), most, tuple(sorted({claim.row.row for claim in meant})))


def _of_their_users(facts: Sequence[Key], claims: Iterable[Claim]) -> dict[Key, BadRow]:
    """The facts of the users whom the claims name, each with the last row that does."""
    by_user: defaultdict[str, list[Key]] = defaultdict(list)
    for key in facts:
        by_user[key[0]].append(key)
    return {key: claim.row for claim in claims for user in claim.users for key in by_user[user]}


def _shared_out(keys: Iterable[Key], claims: Sequence[Claim]) -> Iterator[tuple[Key, BadRow]]:
    """Each fact with a row that stands for it, none for more than it can; there is room for all."""
    rows = (claim.row for claim in claims for _ in range(claim.most))
    return zip(keys, rows, strict=False)


class Reader:
    """Reads what the bad rows of a file could have been about. `stated` are the users that its good rows name."""

    def __init__(self, file: str, separator: str, settings: Settings, stated: Callable[[], set[str]]) -> None:
        self._file = file
        self._separator = separator
        self._settings = settings
        self._stated = stated

    def claims(self, rows: Iterable[BadRow], users: set[str], classes: set[str]) -> Iterator[Claim]:
        """What each row claims, where facts of these `users` and `classes`, by key, are lost."""
        for row in rows:
            read = self._of_a_line if row.kind in (QuoteUnbalanced, FieldCount) else self._of_two_cells
            claim = read(row, users, classes)
            if claim:
                yield claim

    def _of_two_cells(self, row: BadRow, users: set[str], classes: set[str]) -> Claim | None:
        username = judge_username(row.cells[0], self._settings)
        class_ = judge_class(row.cells[1], self._settings)
        plain = (UsernameWildcard, ReservedRowRepeated)
        if row.kind in (*plain, ClassReserved, StudentTeaches) or username.error in plain:
            return None
        key = fold(username.value)
        if username.error in (None, UsernameCollision) or (_can_be_stored(username) and key in users):
            return Claim(row, frozenset([key]))
        if self._file == TEACHERS and username.error in (UsernameEmpty, UsernamePlaceholder):
            return None  # a vacancy
        if _can_be_stored(class_):
            return Claim(row, class_=fold(class_.value), most=1)
        return Claim(row, most=1)

    def _of_a_line(self, row: BadRow, users: set[str], classes: set[str]) -> Claim:
        """Of a line that is not two cells: a name may have a separator or a quote in it, so all of its parts count."""
        parts = row.line[:_READ_OF_A_LINE].split(self._separator)
        most = max(1, len(parts) - 1)
        names = self._users({*parts, *_grown(parts, self._separator, USERNAME_LIMIT), *_short(row.cells)})
        if meant := names & users:
            return Claim(row, frozenset(meant))
        if len(parts) == 1:
            return self._of_a_single_name(row, names, users, classes)
        if self._users(row.cells[:1]) or names & self._stated():
            return Claim(row)  # somebody who loses nothing
        ends = {*parts[1:], *_grown(parts[::-1], self._separator, CLASS_LIMIT, backwards=True), *_short(row.cells)}
        verdicts = (judge_class(end, self._settings) for end in _unquoted(ends))
        read = {fold(verdict.value) for verdict in verdicts if _can_be_stored(verdict)}
        return Claim(row, class_=min(read & classes, default=None), most=most)

    def _users(self, texts: Iterable[str]) -> set[str]:
        """The usernames, by key, that can be read in these pieces of a line."""
        verdicts = (judge_username(text, self._settings) for text in _unquoted(texts))
        return {fold(verdict.value) for verdict in verdicts if _can_be_stored(verdict)}

    def _of_a_single_name(self, row: BadRow, read: set[str], users: set[str], classes: set[str]) -> Claim:
        """Of a line without a separator: a username or a class alone, or both where the separator was lost."""
        text = fold(clean(row.line[:_READ_OF_A_LINE].replace('"', ""))[0])
        begun = {user for user in users if text.startswith(user)}
        if begun and any(text.endswith(class_) for class_ in classes):
            return Claim(row, frozenset(begun))
        if text in classes:
            return Claim(row, class_=text, most=1)
        if read & self._stated():
            return Claim(row)  # somebody who has good rows too, and loses nothing
        return Claim(row, most=1)


def _can_be_stored(verdict: Verdict) -> bool:
    """Whether a value with this verdict can be published: under other settings it may have been allowed."""
    return bool(verdict.value) and verdict.error in (None, UsernameNotEmail, UsernameCollision, ClassReserved)


def _short(cells: Iterable[str]) -> set[str]:
    return {cell for cell in cells if len(cell) <= _READ_OF_A_LINE}


def _grown(parts: list[str], separator: str, limit: int, *, backwards: bool = False) -> Iterator[str]:
    """The first two parts joined, the first three, and so on while it can be a name of at most `limit` characters."""
    text = parts[0]
    for part in parts[1:]:
        text = f"{part}{separator}{text}" if backwards else f"{text}{separator}{part}"
        if len(text) > 2 * limit:  # with room for white space and quotes, which do not count
            return
        yield text


def _unquoted(texts: Iterable[str]) -> set[str]:
    """Each text as it stands, as it reads when all quotes in it are stray, and when its first one opens a cell."""
    read: set[str] = set()
    for text in texts:
        read.add(text)
        if '"' in text:
            read |= {clean(text)[0].removeprefix('"').removesuffix('"').replace('""', '"'), text.replace('"', "")}
    return read


def restored(roster: Roster, memberships: Sequence[Lost], classes: Sequence[Lost]) -> Roster:
    """A roster with facts that it lost: memberships, and classes of rights.

    They are spelled as the roster spells their names, where it has them.
    """
    if not memberships and not classes:
        return roster
    groups = {group.key: group for group in roster.groups}
    rights = {right.key: right for right in roster.rights}
    spelling = _Spelling(roster)
    members: defaultdict[str, list[str]] = defaultdict(list)
    for fact in memberships:
        key = fold(fact.class_)
        groups.setdefault(key, Group(key, spelling.of_class(fact.class_), ()))
        members[key].append(spelling.of_user(fact.username))
    for key, names in members.items():
        group = groups[key]
        groups[key] = group._replace(members=tuple(sorted((*group.members, *names), key=fold)))
    for fact in classes:
        key = fold(fact.username)
        right = rights.get(key) or Right(key, spelling.of_user(fact.username), (), (), False, False)
        rights[key] = right._replace(pending=(*right.pending, spelling.of_class(fact.class_)))
    shown = [_with_groups(rights[key], groups) for key in sorted(rights)]
    return roster._replace(groups=tuple(groups[key] for key in sorted(groups)), rights=tuple(shown))


def _with_groups(right: Right, groups: dict[str, Group]) -> Right:
    """The right, its classes told apart anew by whether they have a group."""
    seen = sorted((*right.groups, *right.pending), key=fold)
    in_groups = tuple(name for name in seen if fold(name) in groups)
    return right._replace(groups=in_groups, pending=tuple(name for name in seen if fold(name) not in groups))


class _Spelling:
    """How a roster spells the names it has; a name it lacks keeps its own spelling."""

    def __init__(self, roster: Roster) -> None:
        self._users = {fold(member): member for group in roster.groups for member in group.members}
        self._users |= {right.key: right.username for right in roster.rights}
        self._classes = {fold(name): name for right in roster.rights for name in (*right.groups, *right.pending)}
        self._classes |= {group.key: group.name for group in roster.groups}

    def of_user(self, username: str) -> str:
        return self._users.get(fold(username), username)

    def of_class(self, class_: str) -> str:
        return self._classes.get(fold(class_), class_)
