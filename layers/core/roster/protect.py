"""A bad row never deletes: what a rejected row could have been about stays as it was.

In: a new roster, the published entries, and what rejected rows protect. Out: the roster with the protected facts that
it would have lost, and those facts. A fact is one membership or one class of one right. Nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from roster.model import Entry, Group, Right, Roster
from roster.names import CLASS_LIMIT, USERNAME_LIMIT, clean, fold, judge_class, judge_username
from roster.notices import ClassReserved, Notice, UsernameNotEmail
from roster.settings import Settings

# More than two values at their longest, quoted; what comes behind in a longer line is no roster.
_READ_OF_A_LINE = 4096

# Of each kind; where rejected rows name more, nothing is removed. A file with so many is damaged, and each is memory.
_MOST_NAMES = 500_000


class Protected:
    """Whose facts must not be removed: users and classes by folded key, or everything."""

    def __init__(self) -> None:
        self.usernames: set[str] = set()
        self.classes: set[str] = set()
        self.everything = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.usernames or self.classes)

    def covers(self, username: str, class_: str) -> bool:
        """Whether a fact about this user and this class, by key, is protected."""
        return self.everything or username in self.usernames or class_ in self.classes

    def add_line(self, line: str, cells: Iterable[str], separator: str, settings: Settings) -> None:
        """Protect what a line that is not two cells could have been about.

        That is, as a username and as a class: its `cells` as far as they could be read, any of its parts, and what
        stands before or behind any of its separators, as a name may have one in it. Everything, if none can be read.
        """
        if self.everything:
            return
        parts = line[:_READ_OF_A_LINE].split(separator)
        usernames = {*parts, *_grown(parts, separator, USERNAME_LIMIT)}
        classes = {*parts, *_grown(parts[::-1], separator, CLASS_LIMIT, backwards=True)}
        if '"' in line:
            usernames, classes = _unquoted(usernames), _unquoted(classes)
        # These were read: a quote that is left in them is part of the name.
        cells = [cell for cell in cells if len(cell) <= _READ_OF_A_LINE]
        usernames.update(cells)
        classes.update(cells)
        as_usernames = [judge_username(text, settings) for text in usernames]
        as_classes = [judge_class(text, settings) for text in classes]
        self.usernames.update(fold(verdict.value) for verdict in as_usernames if can_be_stored(verdict.error))
        self.classes.update(fold(verdict.value) for verdict in as_classes if can_be_stored(verdict.error))
        blank = not any(clean(part.replace('"', ""))[0] for part in parts)
        if blank or all(verdict.error for verdict in (*as_usernames, *as_classes)):
            self.everything = True
        if max(len(self.usernames), len(self.classes)) > _MOST_NAMES:
            self.everything = True


def can_be_stored(error: type[Notice] | None) -> bool:
    """Whether a value with this error, or none, can be published: under other settings it may have been allowed."""
    return error in (None, UsernameNotEmail, ClassReserved)


def _grown(parts: list[str], separator: str, limit: int, *, backwards: bool = False) -> Iterator[str]:
    """The first two parts joined, the first three, and so on while it can be a name of at most `limit` characters."""
    text = parts[0]
    for part in parts[1:]:
        text = f"{part}{separator}{text}" if backwards else f"{text}{separator}{part}"
        if len(text) > 2 * limit:  # with room for white space and quotes, which do not count
            return
        yield text


def _unquoted(texts: Iterable[str]) -> set[str]:
    """Each text as it reads when all quotes in it are stray, and when the one it starts with opens a quoted cell."""
    bare = {text: clean(text)[0].removeprefix('"').removesuffix('"').replace('""', '"') for text in texts}
    return {*bare.values(), *(text.replace('"', "") for text in bare)}


Fact = tuple[str, str]  # username, class


def keep(roster: Roster, published: Iterable[Entry], protected: Protected) -> tuple[Roster, list[Fact]]:
    """The roster with every protected published fact, and the facts that it would have lost without that.

    Kept names are spelled as the new roster spells them, where it has them.
    """
    groups = {group.key: group for group in roster.groups}
    rights = {right.key: right for right in roster.rights}
    members: dict[str, list[str]] = {}
    classes: dict[str, list[str]] = {}
    kept_groups: dict[str, str] = {}
    kept_users: dict[str, str] = {}
    for entry in published:
        if isinstance(entry, Group):
            now = {fold(member) for member in groups[entry.key].members} if entry.key in groups else set()
            lost = [name for name in entry.members if fold(name) not in now and protected.covers(fold(name), entry.key)]
            if lost:
                members[entry.key] = lost
                kept_groups[entry.key] = entry.name
        else:
            right = rights.get(entry.key)
            now = {fold(name) for name in (*right.groups, *right.pending)} if right else set()
            seen = (*entry.groups, *entry.pending)
            lost = [name for name in seen if fold(name) not in now and protected.covers(entry.key, fold(name))]
            if lost:
                classes[entry.key] = lost
                kept_users[entry.key] = entry.username
    if not members and not classes:
        return roster, []
    spelling = _Spelling(roster)
    facts = []
    for key, lost in members.items():
        group = groups.get(key) or Group(key, spelling.of_class(kept_groups[key]), ())
        names = [spelling.of_user(name) for name in lost]
        groups[key] = group._replace(members=tuple(sorted((*group.members, *names), key=fold)))
        facts += [(name, group.name) for name in names]
    for key, lost in classes.items():
        right = rights.get(key) or Right(key, spelling.of_user(kept_users[key]), (), (), False, False)
        names = [spelling.of_class(name) for name in lost]
        rights[key] = right._replace(pending=(*right.pending, *names))
        facts += [(right.username, name) for name in names]
    shown = [_with_groups(rights[key], groups) for key in sorted(rights)]
    return roster._replace(groups=tuple(groups[key] for key in sorted(groups)), rights=tuple(shown)), facts


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
