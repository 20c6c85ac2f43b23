"""A page as a terminal shows it: the same blocks, in the same order and words, as its HTML without buttons."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from roster_pages.chart import blocks as bars
from roster_pages.page_model import (
    Badge,
    Block,
    Button,
    Cell,
    Chart,
    Facts,
    Figures,
    Form,
    Link,
    Message,
    Moment,
    Name,
    Page,
    Paging,
    Several,
    Steps,
    Table,
    Tone,
    and_more,
    commands,
    harmless,
    number,
    shown_columns,
)

_ANY_WIDTH = 100_000
_INDENTED = 2
_BETWEEN = "   "

# The colour of a state; red asks for somebody to act.
TONES: dict[Tone, str] = {"good": "green", "warn": "yellow", "bad": "red", "busy": "cyan", "quiet": "dim"}


def printed(page: Page, out: Console) -> None:
    """Print a page."""
    for part in shown(page):
        # Only tables are wrapped here. The terminal wraps the rest, so that a command can be copied.
        out.print(part, soft_wrap=isinstance(part, Text))


def shown(page: Page) -> Iterator[RenderableType]:
    """A page as what rich prints, one below the other."""
    if page.trail:
        yield Text(" › ".join(harmless(name.text) for name in page.trail), "dim")
    if page.title:
        yield Text("  ").join([Text(harmless(page.title), "bold"), *map(_badge, page.badges)])
    yield from _commands(page.buttons)
    for block in page.blocks:
        yield from _parts(block)
    if page.note:
        yield Text(f"\n{page.note}", "dim")


def _parts(block: Block) -> Iterator[RenderableType]:
    """A block, with an empty line before it; nothing of a block that is there for its buttons alone."""
    if isinstance(block, Form) or (isinstance(block, Paging) and not block.text):
        return
    yield Text()
    match block:
        case Facts():
            yield from _heading(block.heading)
            yield from _facts(block)
        case Figures():
            yield from _heading(block.heading)
            yield _InLines([(term, Text(number(value))) for term, value in block.rows])
        case Table():
            yield from _heading(block.caption)
            yield from _table(block)
        case Chart():
            yield from _heading(block.heading)
            for series in block.series:
                yield Text.assemble(
                    f"{harmless(series.text)}  ", (bars(series.values, series.floor), TONES[series.tone])
                )
            yield Text(harmless(block.span), "dim")
        case Steps():
            yield from _heading(block.heading)
            yield _grid([(Text(step.text), Text(step.state, TONES[step.tone])) for step in block.steps])
        case Message():
            yield Text(harmless(block.heading), f"{TONES[block.tone]} bold")
            yield from (Text(f"  {harmless(line)}") for line in block.lines)
            yield from _commands(block.buttons)
        case Paging():
            yield Text(harmless(block.text), "dim")


def _facts(facts: Facts) -> Iterator[RenderableType]:
    """A link has a line of its own, which the terminal wraps, so that it can be copied."""
    for is_link, rows in groupby(facts.rows, lambda row: isinstance(row[1], Link)):
        said = [(Text(harmless(term), "dim"), _cell(cell)) for term, cell in rows]
        if is_link:
            yield from (Text.assemble("  ", term, "  ", cell) for term, cell in said)
        else:
            yield _grid(said)


def _heading(text: str) -> Iterator[Text]:
    if text:
        yield Text(harmless(text), "bold")


def _grid(rows: list[tuple[Text, Text]]) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(Text("  ") + row[0], row[1])
    return grid


def _table(table: Table) -> Iterator[RenderableType]:
    if not table.rows:
        if table.empty:
            yield Text(f"  {harmless(table.empty)}", "dim")
        return
    yield _Rows(table)
    if table.more:
        yield Text(and_more(table.more), "dim")


class _Rows:
    """The rows of a table under their headings. If that is too wide, each row has lines of its own, cell after cell."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._shown = shown_columns(table, buttons=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        grid = self._grid()
        # The width that it wants, not the width that it would be squeezed into.
        if Measurement.get(console, options.update(width=_ANY_WIDTH), grid).minimum <= options.max_width:
            yield grid
            return
        for row in self._table.rows:
            first, *others = self._shown
            yield Text.assemble(_cell(row[first]), style="bold")
            yield _InLines([(self._table.columns[place].heading, _cell(row[place])) for place in others])

    def _grid(self) -> Grid:
        """Numbers, ids and codes are never cut: half of one is another one, or cannot be copied."""
        grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for place in self._shown:
            column = self._table.columns[place]
            cells = (row[place] for row in self._table.rows)
            whole = column.number or any(isinstance(cell, Name) and cell.code for cell in cells)
            justify: Literal["left", "right"] = "right" if column.number else "left"
            grid.add_column(Text(harmless(column.heading)), justify=justify, overflow="fold", no_wrap=whole)
        for row in self._table.rows:
            grid.add_row(*(_cell(row[place]) for place in self._shown))
        return grid


class _InLines:
    """Terms and what is so, as many in a line as there is room for."""

    def __init__(self, said: list[tuple[str, Text]]) -> None:
        self._said = [Text.assemble((f"{harmless(term)} ", "dim"), cell) for term, cell in said if cell]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines: list[Text] = []
        for text in self._said:
            if lines and lines[-1].cell_len + len(_BETWEEN) + text.cell_len <= options.max_width - _INDENTED:
                lines[-1] = Text.assemble(lines[-1], _BETWEEN, text)
            else:
                lines.append(text)
        for line in lines:
            yield Padding(line, (0, 0, 0, _INDENTED), expand=False)


def _cell(cell: Cell) -> Text:
    match cell:
        case int():
            return Text(number(cell))
        case str():
            return Text(harmless(cell))
        case Badge():
            return _badge(cell)
        case Moment():
            return Text.assemble(cell.text, (f" {cell.age}", "dim"))
        case Link():
            return Text(f"{harmless(cell.text)}: {harmless(cell.url)}")
        case Name():
            return Text(harmless(cell.text))
        case Several():
            written = [_cell(each) for each in cell.cells]
            if cell.more:
                written.append(Text(and_more(cell.more), "dim"))
            return Text(cell.between).join(written)
        case Button():
            return Text()


def _badge(badge: Badge) -> Text:
    return Text(harmless(badge.text), TONES[badge.tone])


def _commands(buttons: tuple[Button, ...]) -> Iterator[Text]:
    for label, command in commands(buttons):
        yield Text.assemble((f"  {label}: ", "dim"), command)
