"""Who and what would change, as tables of a page. In: the data of a difference. Out: blocks, none where there is none.

The order and the words are those of `roster.listing`. The names are no links, for a link takes as much room as ten
names, and a whole school has to find room on a page; `build` shortens the lists where it must.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roster.difference import Difference, Names
from roster.encode import Corrupt
from roster.listing import Named, Row, Section, restricts_text, sections
from roster_pages.page_model import Block, Cell, Column, Message, Name, Several, Table, number

_ABOUT = {"user": "Username", "group": "Group"}


def difference_tables(data: Mapping[str, Any] | None) -> list[Block]:
    """A table for each part of a difference, console access that goes first."""
    if not data:
        return []
    try:
        difference = Difference.from_dict(data)
    except Corrupt:
        return [
            Message("quiet", "The changes cannot be listed here: the cloud and this program have different versions.")
        ]
    blocks: list[Block] = [_table(section) for section in sections(difference)]
    if difference.restricts is not None:
        blocks.append(Message("quiet", restricts_text(restricts=difference.restricts)))
    return blocks


def _table(section: Section) -> Table:
    columns = (Column(_ABOUT[section.of]), Column("What changes"))
    rows = tuple((Name(row.name), _said(row)) for row in section.rows)
    return Table(f"{section.title}: {number(section.total)}", columns, rows, more=section.more)


def _said(row: Row) -> Cell:
    return Several((*row.said, *map(_named, row.lists)), between="; ")


def _named(named: Named) -> Cell:
    names: Names = named.names
    if not names.first:
        return named.words
    listed = Several(tuple(Name(each) for each in names.first), names.total - len(names.first))
    return Several((f"{named.words}:", listed), between=" ")
