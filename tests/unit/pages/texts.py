"""Every text of a page without buttons, in its order: what each way of showing it has to show."""

from collections.abc import Iterator

from roster_pages.page_model import (
    Block,
    Button,
    Cell,
    Chart,
    Facts,
    Figures,
    Form,
    Message,
    Moment,
    Page,
    Paging,
    Several,
    Steps,
    Table,
    and_more,
    commands,
    harmless,
    number,
)


def texts(page: Page) -> list[str]:
    return [harmless(text) for text in _texts(page) if text]


def _texts(page: Page) -> Iterator[str]:
    yield from (name.text for name in page.trail)
    yield page.title
    yield from (badge.text for badge in page.badges)
    yield from _of_commands(page.buttons)
    for block in page.blocks:
        yield from _of_block(block)
    yield page.note


def _of_commands(buttons: tuple[Button, ...]) -> Iterator[str]:
    for label, command in commands(buttons):
        yield from (label, command)


def _of_block(block: Block) -> Iterator[str]:
    match block:
        case Facts():
            yield block.heading
            for term, cell in block.rows:
                yield term
                yield from _of_cell(cell)
        case Figures():
            yield block.heading
            for term, value in block.rows:
                yield from (term, number(value))
        case Table():
            yield from _of_table(block)
        case Chart():
            yield block.heading
            yield from (series.text for series in block.series)
            yield block.span
        case Steps():
            yield block.heading
            for step in block.steps:
                yield from (step.text, step.state)
        case Message():
            yield from (block.heading, *block.lines)
            yield from _of_commands(block.buttons)
        case Paging():
            yield block.text
        case Form():
            pass


def _of_table(table: Table) -> Iterator[str]:
    yield table.caption
    if not table.rows:
        yield table.empty
        return
    shown = [place for place, column in enumerate(table.columns) if column.shown != "with buttons"]
    yield from (table.columns[place].heading for place in shown)
    for row in table.rows:
        for place in shown:
            yield from _of_cell(row[place])
    if table.more:
        yield and_more(table.more)


def _of_cell(cell: Cell) -> Iterator[str]:
    match cell:
        case int():
            yield number(cell)
        case str():
            yield cell
        case Moment():
            yield from (cell.text, cell.age)
        case Several():
            for each in cell.cells:
                yield from _of_cell(each)
            if cell.more:
                yield and_more(cell.more)
        case Button():
            pass
        case _:
            yield cell.text
