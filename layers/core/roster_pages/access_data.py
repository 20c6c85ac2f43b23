"""Who sees what of a site, as the data of the views `console`, `groups`, `group` and `user`.

In: groups and rights of the roster, and what was asked for. Out: the view's data: a page of its list, or where the
whole list is wanted, as much of it as there is room for, and in `next` where to go on. Nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from roster.model import Entry, Group, Right
from roster.names import fold
from roster_pages.asked import Asked, page_of, portion, size_of
from roster_pages.view_data import ConsoleData, GroupData, GroupsData, UserData, right_data

_RIGHTS_SHOWN = 50
_GROUPS_SHOWN = 50
_MEMBERS_SHOWN = 200

AccessData = ConsoleData | GroupData | UserData


def console_data(at: str, asked: Asked, entries: Iterable[Entry], room: int) -> ConsoleData:
    """The console access rights among these entries whose username has the searched text in it, sorted by username."""
    rights = sorted((entry for entry in entries if isinstance(entry, Right)), key=_key)
    wanted = fold(asked.search)
    matching = [right for right in rights if wanted in right.key]
    page, pages, shown = page_of(matching, asked.page, _RIGHTS_SHOWN)
    data: ConsoleData = {
        "view": "console",
        "at": at,
        "site": asked.site,
        "rights": [right_data(right) for right in shown],
        "total": len(rights),
        "matching": len(matching),
        "page": page,
        "pages": pages,
        "search": asked.search,
    }
    if asked.whole:
        taken, further = portion(matching, asked.start, room, key=_key, data=right_data)
        data |= {"rights": [right_data(right) for right in taken], "page": 1, "pages": 1, "next": further}
    return data


def groups_data(at: str, asked: Asked, entries: Iterable[Entry]) -> GroupsData:
    """The groups among these entries whose name has the searched text in it, sorted by name, with their teachers."""
    groups: list[Group] = []
    teachers: dict[str, list[str]] = {}
    see_all = 0
    for entry in entries:
        if isinstance(entry, Group):
            groups.append(entry)
            continue
        see_all += entry.all_groups
        for name in () if entry.all_groups else entry.groups:
            teachers.setdefault(name, []).append(entry.username)
    wanted = fold(asked.search)
    matching = sorted((group for group in groups if wanted in group.key), key=lambda group: group.key)
    page, pages, shown = page_of(matching, asked.page, _GROUPS_SHOWN)
    return {
        "view": "groups",
        "at": at,
        "site": asked.site,
        "groups": [
            {"name": each.name, "members": len(each.members), "teachers": sorted(teachers.get(each.name, ()))}
            for each in shown
        ],
        "total": len(groups),
        "matching": len(matching),
        "page": page,
        "pages": pages,
        "search": asked.search,
        "see_all": see_all,
    }


def group_data(at: str, asked: Asked, group: Entry | None, entries: Iterable[Entry], room: int) -> GroupData:
    """A group's members, and by these entries who sees it; no group where there is none of this name."""
    data: GroupData = {
        "view": "group",
        "at": at,
        "site": asked.site,
        "name": asked.name,
        "group": None,
        "teachers": [],
        "page": 1,
        "pages": 1,
    }
    if not isinstance(group, Group):
        return data
    rights = (entry for entry in entries if isinstance(entry, Right))
    data["teachers"] = sorted(right.username for right in rights if right.all_groups or group.name in right.groups)
    data["page"], data["pages"], members = page_of(group.members, asked.page, _MEMBERS_SHOWN)
    if asked.whole:
        data["page"] = data["pages"] = 1
        room -= size_of(data["teachers"])
        members, data["next"] = portion(group.members, asked.start, room, key=fold, data=str)
    data["group"] = {"name": group.name, "members": members, "total": len(group.members)}
    return data


def user_data(at: str, asked: Asked, right: Entry | None, entries: Iterable[Entry], room: int) -> UserData:
    """A user's console access, and the groups among these entries that the user is a member of, sorted by name."""
    key = fold(asked.name)
    groups = (entry for entry in entries if isinstance(entry, Group) and key)
    member_of = sorted(group.name for group in groups if key in map(fold, group.members))
    console = right_data(right) if isinstance(right, Right) else None
    data: UserData = {
        "view": "user",
        "at": at,
        "site": asked.site,
        "name": asked.name,
        "console": console,
        "member_of": member_of,
    }
    if asked.whole:
        room -= size_of(console)
        data["member_of"], data["next"] = portion(member_of, asked.start, room, key=str, data=str)
    return data


def _key(right: Right) -> str:
    return right.key


def joined(data: AccessData, more: AccessData) -> AccessData:
    """What two answers with a whole list say together, of which the second goes on at the `next` of the first.

    ValueError where they are not of the same view.
    """
    if data["view"] == "console" and more["view"] == "console":
        return {**more, "rights": [*data["rights"], *more["rights"]]}
    if data["view"] == "user" and more["view"] == "user":
        return {**more, "member_of": [*data["member_of"], *more["member_of"]]}
    if data["view"] == "group" and more["view"] == "group":
        first, second = data["group"], more["group"]
        if first is None or second is None:  # it has gone meanwhile
            return more
        return {**more, "group": {**second, "members": [*first["members"], *second["members"]]}}
    raise ValueError(f"{more['view']} does not go on with {data['view']}")
