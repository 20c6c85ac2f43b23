"""The roster: groups with their members, and the console access of each teacher."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """A class of students.csv. `key` is the folded name; `members` are usernames, sorted by their keys."""

    key: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Right:
    """A teacher's console access. `groups` and `pending` are class names sorted by key.

    `pending` holds the classes named for the teacher that have no student yet, and so no group.
    """

    key: str
    username: str
    groups: tuple[str, ...]
    pending: tuple[str, ...]
    all_groups: bool
    basic_console_only: bool


Entry = Group | Right


@dataclass(frozen=True, slots=True)
class Roster:
    """A site's whole roster; groups and rights are sorted by key, one per key."""

    groups: tuple[Group, ...]
    rights: tuple[Right, ...]
    restrict_customisation: bool = False
