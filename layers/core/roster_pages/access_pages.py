"""Who sees what: the console access list of a site, one group, one user. In: the data of these views. Out: pages."""

from __future__ import annotations

from collections.abc import Sequence

from roster_pages import buttons
from roster_pages.moments import as_of
from roster_pages.page_model import (
    Badge,
    Block,
    Button,
    Cell,
    Column,
    Facts,
    Form,
    Name,
    Page,
    Paging,
    Payload,
    Several,
    Table,
    number,
)
from roster_pages.view_data import ConsoleData, GroupData, GroupsData, RightData, UserData
from roster_pages.wording import several

_SHOWN_GROUPS = 8
_NO_NAME = "No name was given"


def console_page(data: ConsoleData) -> Page:
    """The console access rights of a site."""
    site = data["site"]
    columns = (Column("Username"), Column("Sees the groups"), Column("Waits for students in"), Column("Console"))
    rows = tuple(
        (
            Name(right["username"], buttons.about("user", site, right["username"])),
            _groups(site, right, _SHOWN_GROUPS),
            _several(site, right.get("pending", []), _SHOWN_GROUPS),
            _console_kind(right),
        )
        for right in data.get("rights", [])
    )
    empty = "No username contains this." if data.get("search") else "Nobody has console access yet."
    caption = several(data.get("total", 0), "user") + " with console access"
    blocks = _searched(data, buttons.console(site), "Find a username", Table(caption, columns, rows, empty))
    return Page("Console access rights", buttons.trail(site), blocks=tuple(blocks), note=as_of(data.get("at")))


def groups_page(data: GroupsData) -> Page:
    """The groups of a site, how large each is, and who sees it."""
    site = data["site"]
    columns = (Column("Group"), Column("Members", number=True), Column("Teachers"))
    rows = tuple(
        (
            Name(group["name"], buttons.about("group", site, group["name"])),
            group["members"],
            _users(site, group["teachers"], _SHOWN_GROUPS) or "nobody by name",
        )
        for group in data.get("groups", [])
    )
    empty = "No group's name contains this." if data.get("search") else "Nothing is published yet."
    table = Table(several(data.get("total", 0), "group"), columns, rows, empty)
    blocks = _searched(data, buttons.groups(site), "Find a group", table)
    if see_all := data.get("see_all", 0):
        said = f"{several(see_all, 'user')} {'sees' if see_all == 1 else 'see'} all groups beside these teachers."
        blocks.append(Facts("", (("All groups", said),)))
    return Page("Groups", buttons.trail(site), blocks=tuple(blocks), note=as_of(data.get("at")))


def _searched(data: ConsoleData | GroupsData, whole: Payload, label: str, table: Table) -> list[Block]:
    """A page of a long list: what to search it with, the rows, and the way to its other pages."""
    search, page, pages = data.get("search", ""), data.get("page", 1), data.get("pages", 1)
    find = [Button("Search", "show", whole)]
    if search:
        find.append(Button("Show all", "show", {**whole, "search": ""}))
        caption = f"{number(data.get('matching', 0))} of {table.caption}: with “{search}”"
        table = table._replace(caption=caption)
    blocks: list[Block] = [Form(label, "search", search, tuple(find)), table]
    if pages > 1:
        here = {**whole, "search": search}
        blocks.append(Paging(f"Page {number(page)} of {number(pages)}", buttons.paging(here, page, pages)))
    return blocks


def group_page(data: GroupData) -> Page:
    """A group's members, and who sees them."""
    site, group = data["site"], data.get("group")
    trail = buttons.trail(site)
    if group is None:
        empty = Table("There is no such group.", (), (), "A class has a group when a student is listed with it.")
        return Page(data.get("name") or _NO_NAME, trail, blocks=(empty, lookup(site)), note=as_of(data.get("at")))
    members = group.get("members", [])
    total = group.get("total", len(members))
    page, pages = data.get("page", 1), data.get("pages", 1)
    teachers = tuple(Name(each, buttons.about("user", site, each)) for each in data.get("teachers", []))
    seen_by: Cell = Several(teachers) if teachers else "only users who see all groups"
    rows = tuple((Name(each, buttons.about("user", site, each)),) for each in members)
    blocks: list[Block] = [
        Facts("Group", (("Members", number(total)), ("Seen by", seen_by))),
        Table("Members", (Column("Username"),), rows),
    ]
    if pages > 1:
        here = buttons.about("group", site, data["name"])
        blocks.append(Paging(f"Page {number(page)} of {number(pages)}", buttons.paging(here, page, pages)))
    return Page(group["name"], trail, blocks=(*blocks, lookup(site)), note=as_of(data.get("at")))


def user_page(data: UserData) -> Page:
    """What a user may see, and where the user is a member."""
    site, right, member_of = data["site"], data.get("console"), data.get("member_of", [])
    blocks: list[Block] = []
    if not (right or member_of):
        empty = Table("There is no such user.", (), (), "Nobody of this name is in a class, or has the console, here.")
        name = data.get("name") or _NO_NAME
        return Page(name, buttons.trail(site), blocks=(empty, lookup(site)), note=as_of(data.get("at")))
    if right:
        rows: list[tuple[str, Cell]] = [("Sees the groups", _groups(site, right)), ("Console", _console_kind(right))]
        if right.get("pending"):
            rows.append(("Waits for students in", _several(site, right["pending"])))
        blocks.append(Facts("Console access", tuple(rows)))
    else:
        blocks.append(Facts("Console access", (("Console", "no access: the user is in no row of teachers.csv"),)))
    groups = _several(site, member_of)
    blocks.append(Facts("Member of", ((several(len(member_of), "group"), groups or "listed in no class"),)))
    name = right["username"] if right else data.get("name") or _NO_NAME
    return Page(name, buttons.trail(site), blocks=(*blocks, lookup(site)), note=as_of(data.get("at")))


def _groups(site: str, right: RightData, shown: int | None = None) -> Cell:
    if right.get("all_groups"):
        return "all groups"
    return _several(site, right.get("groups", []), shown) or "no group"


def _several(site: str, groups: Sequence[str], shown: int | None = None) -> Cell:
    return _links("group", site, groups, shown)


def _users(site: str, users: Sequence[str], shown: int | None = None) -> Cell:
    return _links("user", site, users, shown)


def _links(view: str, site: str, all_of_them: Sequence[str], shown: int | None) -> Cell:
    names = tuple(Name(each, buttons.about(view, site, each)) for each in all_of_them[:shown])
    return Several(names, len(all_of_them) - len(names)) if names else ""


def _console_kind(right: RightData) -> Badge:
    return Badge("Basic Console Only", "busy") if right.get("basic_console_only") else Badge("Full console", "quiet")


def lookup(site: str) -> Form:
    """To a group or a user by name. The name comes with the form: it is in no payload."""
    group, user = ({"view": view, "site": site} for view in ("group", "user"))
    found = (Button("Show group", "show", group), Button("Show user", "show", user))
    return Form("Look up a group or a user", "lookup", "", found)
