"""What a page consists of: one model, which HTML and a terminal show alike.

A page is a title and blocks; a block has cells; a cell is a text, a number, or one of the small things below. Texts
are as a person reads them, so that nobody who shows a page decides what it says. Who writes a text makes it `harmless`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Payload = Mapping[str, Any]

# What a colour means; the words beside it always say it too.
Tone = Literal["good", "warn", "bad", "busy", "quiet"]

# Characters that change the direction of the text after them.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def harmless(text: object) -> str:
    """A text from outside as it can be shown: what would steer a terminal or turn a line around becomes �."""
    said = str(text)
    if said.isascii() and said.isprintable():
        return said
    return "".join("\ufffd" if each in _TURNS or unicodedata.category(each) in ("Cc", "Cs") else each for each in said)


class Button(NamedTuple):
    """Something to press. It calls `to` with the payload, after asking `confirmation` where there is one.

    `command` does the same in a terminal, and is what a page without buttons says instead.
    """

    label: str
    to: Literal["show", "manage"]
    payload: Payload
    confirmation: str = ""
    look: Literal["plain", "primary", "danger"] = "plain"
    command: str = ""


class Name(NamedTuple):
    """A name from outside, and the payload of the page about it.

    `code`: it is an id or a code of ours. `kept`: it is short, and stays on one line.
    """

    text: str
    to: Payload | None = None
    code: bool = False
    kept: bool = False


class Badge(NamedTuple):
    """A state, in words and in a colour."""

    text: str
    tone: Tone


class Moment(NamedTuple):
    """A time, and how long that is ago."""

    text: str
    age: str
    iso: str


class Link(NamedTuple):
    """A way to a file; only ever https or http."""

    text: str
    url: str


class Several(NamedTuple):
    """Cells in one, and how many more there are."""

    cells: tuple[Cell, ...]
    more: int = 0
    between: str = ", "


Cell = str | int | Button | Name | Badge | Moment | Link | Several


class Facts(NamedTuple):
    """Terms, and what is so."""

    heading: str
    rows: tuple[tuple[str, Cell], ...]


class Figures(NamedTuple):
    """Numbers that are worth a large print."""

    heading: str
    rows: tuple[tuple[str, int], ...]


class Column(NamedTuple):
    """A column's heading; `sort` shows the page sorted by it, `sorted_by` says that it is.

    `shown` says where: a column of buttons alone only with buttons, an id to type only without.
    """

    heading: str
    number: bool = False
    sort: Payload | None = None
    sorted_by: bool = False
    shown: Literal["always", "with buttons", "without buttons"] = "always"


class Table(NamedTuple):
    """Rows of cells. `empty` is said when there are none, `more` counts those left out."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = ""
    more: int = 0


class Series(NamedTuple):
    """Numbers over time, oldest first (None: there is none), a label for each, and all of them in a sentence.

    What is drawn of each begins at `floor`.
    """

    text: str
    values: tuple[int | None, ...]
    labels: tuple[str, ...]
    tone: Tone
    floor: int = 0


class Chart(NamedTuple):
    """Series over the same time, `span` in words."""

    heading: str
    series: tuple[Series, ...]
    span: str


class Step(NamedTuple):
    """A part of a job, and how far it is, in a word."""

    text: str
    state: str
    tone: Tone


class Steps(NamedTuple):
    """The parts of a running job in their order."""

    heading: str
    steps: tuple[Step, ...]


class Message(NamedTuple):
    """Something that should be read first, and what can be done about it."""

    tone: Tone
    heading: str
    lines: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()


class Form(NamedTuple):
    """One text to type, whose name is `field`, and what can be done with it. Not there without buttons."""

    label: str
    field: str
    value: str
    buttons: tuple[Button, ...]


class Paging(NamedTuple):
    """Where one is among several pages, and the way to the others."""

    text: str
    buttons: tuple[Button, ...] = ()


Block = Facts | Figures | Table | Chart | Steps | Message | Form | Paging


class Page(NamedTuple):
    """A whole page. `trail` leads up to it, `badges` say its state, `note` says when this was so."""

    title: str
    trail: tuple[Name, ...] = ()
    badges: tuple[Badge, ...] = ()
    buttons: tuple[Button, ...] = ()
    blocks: tuple[Block, ...] = ()
    note: str = ""


def shown_columns(table: Table, *, buttons: bool) -> list[int]:
    """The places of the columns that are shown."""
    hidden = "without buttons" if buttons else "with buttons"
    return [place for place, column in enumerate(table.columns) if column.shown != hidden]


def number(value: int) -> str:
    """A number as it is read: 12,345."""
    return f"{value:,}"


def and_more(more: int) -> str:
    """What a shortened list ends with."""
    return f"and {number(more)} more"


def commands(buttons: tuple[Button, ...]) -> list[tuple[str, str]]:
    """What a page without buttons says instead of them: a label and the command that does it."""
    return [(button.label, button.command) for button in buttons if button.command]
