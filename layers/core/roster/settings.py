"""The choices of a site's SIS Integration page, and how much an import may change before it is held.

A `Settings` object is always valid: `roster.settings_file` refuses a bad settings.json before it gets here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

# Groups that Impero Server keeps for itself; a class of that name would write into them.
RESERVED_CLASSES = (
    "Entire Network",
    "Internet Banned",
    "Screens Locked",
    "Printing Disabled",
    "Removable Media Disabled",
    "Sound Muted",
)

# What stands for "nobody" in an export; a username of dashes alone is one with the last of them.
PLACEHOLDER_USERNAMES = ("NULL", "none", "n/a", "tba", "tbc", "vacant", "unknown", "total", "-")


class Threshold(NamedTuple):
    """A limit that grows with the site: so many, or so many percent of what is there, whichever is more."""

    count: int  # type: ignore[assignment]  # not the method of tuples
    percent: int

    def allows(self, number: int, of: int) -> bool:
        """Whether `number` out of `of` stays within the limit."""
        return number <= self.count or number * 100 <= self.percent * of


class Limits(NamedTuple):
    """How much one import may change; `roster.guard` holds it beyond. The other guards have no limit to set.

    `students_as_teachers` holds at either of its two numbers, the others beyond both. `group_shrank` is a guard only
    where a site asks for it. The defaults are format.md's.
    """

    students_as_teachers: Threshold = Threshold(5, 5)
    rows_rejected: Threshold = Threshold(0, 5)
    memberships_removed: Threshold = Threshold(25, 10)
    teachers_removed: Threshold = Threshold(5, 10)
    groups_removed: Threshold = Threshold(3, 20)
    teachers_added: Threshold = Threshold(10, 25)
    rights_changed: Threshold = Threshold(5, 15)
    access_added: Threshold = Threshold(50, 50)
    memberships_added: Threshold = Threshold(100, 50)
    classes_unmatched: Threshold = Threshold(0, 20)
    group_shrank: bool = False


class KeepDays(NamedTuple):
    """How many days a bad row keeps a fact, while it stands: of a membership, and of a class of a right."""

    memberships: int = 14
    rights: int = 3


#: What a class name's template may hold in braces: what an export says of a section.
TEMPLATE_NAMES = ("title", "course", "code", "number", "period", "school", "term", "id")


class ClassChoices(NamedTuple):
    """Which classes of a bundle are imported, and what they are called.

    `include` and `exclude` are titles, in which `*` stands for anything; nothing to include means all. `rename` are
    pairs of a title and what is written for it; where both end with `*`, the end of the title stays.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()

    def takes(self, title: str) -> bool:
        """Whether a section of a title is imported."""
        included = not self.include or any(_matches(pattern, title) for pattern in self.include)
        return included and not any(_matches(pattern, title) for pattern in self.exclude)

    def renamed(self, title: str) -> str:
        """What a title is written as."""
        for old, new in self.rename:
            if old.endswith("*") and new.endswith("*") and title.lower().startswith(old[:-1].lower()):
                return new[:-1] + title[len(old) - 1 :]
            if _matches(old, title):
                return new
        return title


def _matches(pattern: str, title: str) -> bool:
    """Whether a title is what a pattern says, in any case. One step back at most: no pattern takes long."""
    pieces = pattern.lower().split("*")
    title = title.lower()
    if len(pieces) == 1:
        return title == pieces[0]
    first, *between, last = pieces
    if not title.startswith(first) or len(title) < len(first) + len(last) or not title.endswith(last):
        return False
    at, end = len(first), len(title) - len(last)
    for piece in between:
        at = title.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


class ExtraTeacher(NamedTuple):
    """Somebody with console access whom no file names: for cover, or for support staff. `until` is the last day."""

    username: str
    classes: tuple[str, ...] = ()
    all_groups: bool = False
    until: str | None = None


class Settings(NamedTuple):
    """One site's settings; the defaults are those of a site that has uploaded none. Its repr shows no names."""

    username: Literal["district", "email"] = "district"
    email_domain: str | None = None
    all_groups_users: tuple[str, ...] = ()
    restrict_customisation: bool = False
    basic_console_only: bool = False
    removals: Literal["apply", "keep"] = "apply"
    paused: bool = False
    pair_window_minutes: int = 5
    hold: Limits = Limits()
    reserved_classes: tuple[str, ...] = RESERVED_CLASSES
    placeholder_usernames: tuple[str, ...] = PLACEHOLDER_USERNAMES
    keep_days: KeepDays = KeepDays()
    review: Literal["guards", "always"] = "guards"
    school_year_starts: str | None = None
    import_from: Literal["csv", "oneroster", "clever"] = "csv"
    username_from: Literal["username", "email", "email_local", "number", "id"] = "username"
    schools: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("teacher",)
    class_name: str = "{title}"
    classes: ClassChoices = ClassChoices()
    extra_teachers: tuple[ExtraTeacher, ...] = ()
    exclude_users: tuple[str, ...] = ()
    time_zone: str = "UTC"
    fetch_at: int | None = None
    days_before: int = 0
    days_after: int = 0

    @property
    def fetch_hour(self) -> int | None:
        """The hour at which the roster is fetched from an API; None where it is uploaded."""
        return self.fetch_at if self.import_from != "csv" else None

    def __repr__(self) -> str:
        """The settings without those that are lists of names."""
        shown = (f"{name}={value!r}" for name, value in self._asdict().items() if name not in _NAMES)
        return f"Settings({', '.join(shown)})"


_NAMES = (
    *("all_groups_users", "reserved_classes", "placeholder_usernames"),
    *("extra_teachers", "exclude_users", "classes", "schools"),
)
