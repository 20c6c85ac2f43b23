"""The roster: groups with their members, and the console access of each teacher."""

from __future__ import annotations

from typing import NamedTuple


class Group(NamedTuple):
    """A class of students.csv. `key` is the folded name; `members` are usernames, sorted by their keys."""

    key: str
    name: str
    members: tuple[str, ...]


class Right(NamedTuple):
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


class Roster(NamedTuple):
    """A site's whole roster; groups and rights are sorted by key, one per key."""

    groups: tuple[Group, ...]
    rights: tuple[Right, ...]
    restrict_customisation: bool = False
