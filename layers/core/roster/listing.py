"""The words of a difference: one order and one wording for a terminal, a page and the agent.

In: a `Difference`. Out: `sections`, each a heading with its rows, whose lists of names a page can link and shorten; or
`lines`, the same as plain text. Who prints them takes care that names from outside do no harm there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from roster.difference import Difference, GroupChange, Names, RightChange

_RIGHTS = ("Console access that goes", "New console access", "Console access that changes")
_GROUPS = ("Groups that go", "New groups", "Groups that change")
_ALL_GROUPS = {"gained": "sees all groups now", "lost": "no longer sees all groups"}
_BASIC = {"gained": "Basic Console Only now", "lost": "the full console now"}


class Named(NamedTuple):
    """Names, after the words that say what becomes of them: "loses 2 classes"."""

    words: str
    names: Names


class Row(NamedTuple):
    """One user or group: what is said of it in words, then its lists of names."""

    name: str
    said: tuple[str, ...]
    lists: tuple[Named, ...]


class Section(NamedTuple):
    """One part of a difference. `of` says whether its names are users' or groups', `more` counts rows left out."""

    title: str
    of: Literal["user", "group"]
    total: int
    rows: tuple[Row, ...]

    @property
    def more(self) -> int:
        """How many rows are left out."""
        return self.total - len(self.rows)


def sections(difference: Difference) -> list[Section]:
    """The parts that have something in them."""
    found = [
        *(
            Section(title, "user", part.total, tuple(map(_right, part.listed)))
            for title, part in zip(_RIGHTS, difference.rights, strict=True)
        ),
        *(
            Section(title, "group", part.total, tuple(map(_group, part.listed)))
            for title, part in zip(_GROUPS, difference.groups, strict=True)
        ),
    ]
    return [section for section in found if section.total]


def lines(difference: Difference) -> Iterator[str]:
    """The difference as plain text, a line for each user or group."""
    for section in sections(difference):
        yield f"{section.title}: {section.total:,}"
        for row in section.rows:
            yield f"  {row_text(row)}"
        if section.more:
            yield f"  and {section.more:,} more"
    if difference.restricts is not None:
        yield restricts_text(restricts=difference.restricts)


def row_text(row: Row) -> str:
    """One user or group in a line."""
    said = "; ".join([*row.said, *(f"{words}{_listed(names)}" for words, names in row.lists)])
    return f"{row.name}: {said}" if said else row.name


def restricts_text(*, restricts: bool) -> str:
    """What becomes of the setting that travels with a roster."""
    return f"Groups {'can no longer' if restricts else 'can again'} be customised (restrict_customisation)."


def _right(change: RightChange) -> Row:
    said = [_was(change.was), _ALL_GROUPS.get(change.all_groups, ""), _BASIC.get(change.basic_console_only, "")]
    if not change.before and not change.after and not any(said):
        said.append("no class")
    return Row(
        change.username,
        tuple(filter(None, said)),
        _lists(
            (f"loses {_several(change.lost, 'class', 'classes')}", change.lost),
            (f"gains {_several(change.gained, 'class', 'classes')}", change.gained),
            (f"sees {_several(change.opened, 'class', 'classes')} with students at last", change.opened),
            (f"waits for students in {_several(change.wait, 'class', 'classes')}", change.wait),
        ),
    )


def _group(change: GroupChange) -> Row:
    gone, come = change.gone, change.come
    if not change.after or not change.before:  # all of them; the heading says which way
        of_all = (_members(change.before or change.after), come if change.after else gone)
        return Row(change.name, (), _lists(of_all))
    same = change.before == change.after
    size = _members(change.after) if same else f"from {change.before:,} to {_members(change.after)}"
    respelled = (f"{change.respelled.total:,} spelled anew", change.respelled)
    return Row(
        change.name,
        tuple(filter(None, (_was(change.was), size))),
        _lists(
            (f"{come.total:,} {'comes' if come.total == 1 else 'come'}", come),
            (f"{gone.total:,} {'goes' if gone.total == 1 else 'go'}", gone),
            respelled,
        ),
    )


def _lists(*lists: tuple[str, Names]) -> tuple[Named, ...]:
    return tuple(Named(words, names) for words, names in lists if names.total)


def _was(was: str) -> str:
    return f"spelled {was} before" if was else ""


def _members(number: int) -> str:
    return "1 member" if number == 1 else f"{number:,} members"


def _several(names: Names, noun: str, nouns: str) -> str:
    return f"1 {noun}" if names.total == 1 else f"{names.total:,} {nouns}"


def _listed(names: Names) -> str:
    if not names.first:
        return ""
    more = names.total - len(names.first)
    return f": {', '.join(names.first)}{f' and {more:,} more' if more else ''}"
