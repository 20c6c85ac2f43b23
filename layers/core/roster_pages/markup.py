"""A page as HTML: a fragment for a dashboard's widget, or a whole document.

In: a page, and the two functions that its buttons call; without them there are no buttons, and the page says the
commands instead. Out: elements and attributes of a short list, no script, nothing that is loaded from elsewhere.
Everything goes through `escaping` on its way.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Literal, NamedTuple

from roster_pages.chart import drawing
from roster_pages.escaping import address, payload, written
from roster_pages.page_model import (
    Badge,
    Block,
    Button,
    Cell,
    Chart,
    Column,
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
    and_more,
    commands,
    number,
    shown_columns,
)
from roster_pages.style import PALETTE, stylesheet

# With this in a widget, CloudWatch leaves its own styles of tables and links, which may change, away.
_NO_OTHER_STYLES = '<div class="cwdb-no-default-styles"></div>'

# A table of so few columns is only as wide as it needs to be.
_FEW_COLUMNS = 5


class Endpoints(NamedTuple):
    """The ARNs of the functions that buttons call."""

    show: str
    manage: str


def to_html(
    page: Page, endpoints: tuple[str, str] | None, theme: Literal["light", "dark", "auto"] | str = "auto"
) -> str:
    """The page as a fragment; "auto" has the theme that the reader's system has."""
    look = theme if theme in ("light", "dark") else "auto"
    writer = _Writer(Endpoints(*endpoints) if endpoints else None)
    style = f"<style>{stylesheet()}</style>"
    if endpoints:
        style = f"{_NO_OTHER_STYLES}{style}"
    return f'<div class="sis-page sis-{look}">{style}{writer.head(page)}{writer.blocks(page)}{writer.foot(page)}</div>'


def document(page: Page) -> str:
    """The page as a file of its own, without buttons."""
    light, dark = (f"html{{background:{PALETTE[theme]['back']}}}" for theme in ("light", "dark"))
    body = "body{margin:0 auto;max-width:1200px}"
    plain = f"<style>{light}{body}@media (prefers-color-scheme:dark){{{dark}}}</style>"
    about = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    head = f'<!doctype html><html lang="en"><head>{about}<title>{written(page.title)}</title>{plain}</head>'
    return f"{head}<body><main>{to_html(page, None)}</main></body></html>"


class _Writer:
    """Writes blocks and cells, with buttons where there are endpoints."""

    def __init__(self, endpoints: Endpoints | None) -> None:
        self._endpoints = endpoints

    def head(self, page: Page) -> str:
        trail = ' <span aria-hidden="true">›</span> '.join(map(self.cell, page.trail))
        trail = f'<nav class="sis-trail" aria-label="Where this is">{trail}</nav>' if trail else ""
        badges = "".join(map(self.cell, page.badges))
        title = f'<h1><span dir="auto">{written(page.title)}</span></h1>'
        return f'<header class="sis-head">{trail}{title}{badges}{self._press(page.buttons)}</header>'

    def blocks(self, page: Page) -> str:
        """The blocks; facts that follow each other stand side by side where there is room."""
        said = []
        for facts, group in groupby(page.blocks, lambda block: isinstance(block, Facts)):
            body = "".join(map(self._block, group))
            said.append(f'<div class="sis-pair">{body}</div>' if facts else body)
        return "".join(said)

    def foot(self, page: Page) -> str:
        return f'<p class="sis-foot">{written(page.note)}</p>'

    def _block(self, block: Block) -> str:
        match block:
            case Facts():
                rows = "".join(f"<dt>{written(term)}</dt><dd>{self.cell(cell)}</dd>" for term, cell in block.rows)
                return _section(block.heading, f"<dl>{rows}</dl>", " sis-card")
            case Figures():
                figures = (f"<div><dt>{written(term)}</dt><dd>{number(value)}</dd></div>" for term, value in block.rows)
                return _section(block.heading, f'<dl class="sis-figures">{"".join(figures)}</dl>')
            case Table():
                return self._table(block)
            case Chart():
                return _chart(block)
            case Steps():
                steps = "".join(
                    f'<li class="sis-{step.tone}"><b>{written(step.text)}</b> {written(step.state)}</li>'
                    for step in block.steps
                )
                return _section(block.heading, f'<ol class="sis-steps">{steps}</ol>')
            case Message():
                return self._message(block)
            case Form():
                return self._form(block) if self._endpoints else ""
            case Paging():
                pages = f"<span>{written(block.text)}</span>" if block.text else ""
                return f'<div class="sis-block sis-press">{pages}{self._buttons(block.buttons)}</div>'

    def _message(self, message: Message) -> str:
        lines = "".join(f"<li>{written(line)}</li>" for line in message.lines)
        if len(message.lines) == 1:
            lines = f"<p>{written(message.lines[0])}</p>"
        elif lines:
            lines = f"<ul>{lines}</ul>"
        return (
            f'<section class="sis-note sis-{message.tone}">{_heading(message.heading)}{lines}'
            f"{self._press(message.buttons)}</section>"
        )

    def _form(self, form: Form) -> str:
        """Without a method of its own, Enter in the field would leave the page."""
        field = f'id="sis-{form.field}" name="{form.field}" value="{written(form.value)}"'
        return (
            f'<form method="dialog"><div class="sis-field"><label for="sis-{form.field}">{written(form.label)}</label>'
            f'<input type="text" autocomplete="off" maxlength="300" {field}></div>{self._buttons(form.buttons)}</form>'
        )

    def _table(self, table: Table) -> str:
        caption = written(table.caption)
        if not table.rows:
            empty = f'<p class="sis-soft">{written(table.empty)}</p>' if table.empty else ""
            return f'<section class="sis-block">{_heading(table.caption)}{empty}</section>'
        shown = shown_columns(table, buttons=self._endpoints is not None)
        columns = [table.columns[place] for place in shown]
        head = "".join(map(self._heading, columns))
        rows = []
        for row in table.rows:
            cells = (self._cell_of(table.columns[place], row[place]) for place in shown)
            rows.append(f"<tr>{''.join(cells)}</tr>")
        more = f'<p class="sis-soft sis-said">{and_more(table.more)}</p>' if table.more else ""
        look = "sis-names" if len(columns) == 1 else "sis-small" if len(columns) <= _FEW_COLUMNS else "sis-wide"
        return (
            f'<div class="sis-block"><table class="{look}"><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>{more}</div>"
        )

    def _heading(self, column: Column) -> str:
        sorts = bool(column.sort and self._endpoints)
        names = [name for name, is_so in (("sis-number", column.number), ("sis-sorts", sorts)) if is_so]
        names += ["sis-sorted"] if column.sorted_by else []
        kind = f' class="{" ".join(names)}"' if names else ""
        sorted_by = ' aria-sort="other"' if column.sorted_by else ""
        if column.sort and sorts:
            said = self._button(Button(column.heading, "show", column.sort), "sis-link")
        else:
            said = written(column.heading)
        return f'<th scope="col"{kind}{sorted_by}>{said}</th>'

    def _cell_of(self, column: Column, cell: Cell) -> str:
        kind = ' class="sis-number"' if column.number else ""
        label = f' data-label="{written(column.heading)}"' if column.heading else ""
        said = self.cell(cell)
        return f"<td{kind}{label}><span>{said}</span></td>" if said else "<td></td>"

    def cell(self, cell: Cell) -> str:
        match cell:
            case int():
                return number(cell)
            case str():
                return written(cell)
            case Badge():
                return f'<span class="sis-badge sis-{cell.tone}">{written(cell.text)}</span>'
            case Name():
                return self._name(cell)
            case Moment():
                age = f' <span class="sis-age">{written(cell.age)}</span>' if cell.age else ""
                return f'<time datetime="{written(cell.iso)}">{written(cell.text)}</time>{age}'
            case Link():
                away = 'target="_blank" rel="noopener noreferrer"'
                return f'<a href="{address(cell.url)}" {away}>{written(cell.text)}</a>'
            case Several():
                parts = [self.cell(each) for each in cell.cells]
                if cell.more:
                    parts.append(f'<span class="sis-soft">{and_more(cell.more)}</span>')
                return written(cell.between).join(parts)
            case Button():
                return self._button(cell) if self._endpoints else ""

    def _name(self, name: Name) -> str:
        """In an element with a direction of its own, so that a name in another script leaves its neighbours alone."""
        looks = f"{' sis-code' if name.code else ''}{' sis-kept' if name.kept else ''}"
        if name.to is not None and self._endpoints:
            return self._button(Button(name.text, "show", name.to), f"sis-link{looks}")
        kind = f' class="{looks.strip()}"' if looks else ""
        return f'<span dir="auto"{kind}>{written(name.text)}</span>'

    def _press(self, buttons: tuple[Button, ...]) -> str:
        """The buttons in a row, or the commands that do the same."""
        if not self._endpoints:
            lines = [(written(label), written(command)) for label, command in commands(buttons)]
            said = "".join(f"<div>{label}: <code>{command}</code></div>" for label, command in lines)
            return f'<div class="sis-said">{said}</div>' if said else ""
        return f'<div class="sis-press">{self._buttons(buttons)}</div>' if buttons else ""

    def _buttons(self, buttons: Iterable[Button]) -> str:
        return "".join(map(self._button, buttons)) if self._endpoints else ""

    def _button(self, button: Button, looks: str = "") -> str:
        """The action belongs to the element before it."""
        if not self._endpoints:
            return ""
        looks = looks or ("sis-btn" if button.look == "plain" else f"sis-btn sis-{button.look}")
        asks = f' confirmation="{written(button.confirmation)}"' if button.confirmation else ""
        endpoint = self._endpoints.show if button.to == "show" else self._endpoints.manage
        calls = f'action="call" display="widget" event="click" endpoint="{written(endpoint)}"'
        return (
            f'<button type="button" dir="auto" class="{looks}">{written(button.label)}</button>'
            f"<cwdb-action {calls}{asks}>{payload(button.payload)}</cwdb-action>"
        )


def _section(heading: str, said: str, looks: str = "") -> str:
    return f'<section class="sis-block{looks}">{_heading(heading)}{said}</section>'


def _heading(text: str) -> str:
    return f"<h2>{written(text)}</h2>" if text else ""


def _chart(chart: Chart) -> str:
    said = ((written(series.text), series) for series in chart.series)
    series = "".join(f"<div><span>{name}</span>{drawing(series, name)}</div>" for name, series in said)
    span = f'<p class="sis-foot">{written(chart.span)}</p>'
    body = f'{_heading(chart.heading)}<div class="sis-chart">{series}</div>{span}'
    return f'<figure class="sis-block sis-card">{body}</figure>'
