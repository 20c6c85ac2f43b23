"""From the data of a view to its page, short enough for a dashboard whatever the data are.

In: what `show_reports` and `manage_site` read of a view. Out: a page that is at most `LIMIT` bytes as HTML, with its
lists shortened if need be: each then says how many more there are. KeyError for a view that there is none of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from roster_pages import buttons
from roster_pages.access_pages import console_page, group_page, groups_page, user_page
from roster_pages.import_page import import_page
from roster_pages.markup import to_html
from roster_pages.moments import as_of
from roster_pages.overview_page import overview_page
from roster_pages.page_model import Block, Button, Cell, Facts, Message, Name, Page, Several, Table
from roster_pages.site_page import site_page
from roster_pages.view_data import DoneData, ProblemData

# A custom widget answers with little more.
LIMIT = 100_000

# As long as the ARN of a function can be, near enough, so that a page has room for any.
_LONG = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:" + "x" * 64


def page(data: Mapping[str, Any]) -> Page:
    """The page of what was read."""
    views: dict[str, Callable[[Any], Page]] = {
        "overview": overview_page,
        "site": site_page,
        "import": import_page,
        "console": console_page,
        "groups": groups_page,
        "group": group_page,
        "user": user_page,
        "problem": _problem,
        "done": _done,
    }
    return _fitting(views[data["view"]](data))


def _fitting(whole: Page) -> Page:
    """The page as far as there is room: lists in cells get shorter, then names in tables lead nowhere, then rows go."""
    for cells in (256, 64, 16, 8, 6, 4, 3, 2, 1, 0):
        if _fits(shown := _shortened(whole, cells)):
            return shown
    rows = 2048
    while not _fits(shown := _shortened(whole, 0, rows)):
        rows //= 2
        if not rows:
            return whole._replace(blocks=())
    return shown


def _fits(shown: Page) -> bool:
    return len(to_html(shown, (_LONG, _LONG)).encode()) <= LIMIT


def _shortened(whole: Page, cells: int, rows: int | None = None) -> Page:
    """The page with at most so many cells in a list, and if `rows` says so, in a table so many rows without links."""
    return whole._replace(blocks=tuple(_shorter(block, cells, rows) for block in whole.blocks))


def _shorter(block: Block, cells: int, rows: int | None) -> Block:
    if isinstance(block, Facts):
        return block._replace(rows=tuple((term, _fewer(cell, cells)) for term, cell in block.rows))
    if not isinstance(block, Table):
        return block
    kept = [tuple(_fewer(cell, cells) for cell in row) for row in block.rows[:rows]]
    if rows is not None:
        kept = [tuple(cell._replace(to=None) if isinstance(cell, Name) else cell for cell in row) for row in kept]
    return block._replace(rows=tuple(kept), more=block.more + len(block.rows) - len(kept))


def _fewer(cell: Cell, cells: int) -> Cell:
    """A list of names is shortened; the parts that make one statement are not, but for the lists in them."""
    if not isinstance(cell, Several):
        return cell
    if cell.between.strip() and all(isinstance(each, Name) for each in cell.cells):
        return cell._replace(cells=cell.cells[:cells], more=cell.more + max(0, len(cell.cells) - cells))
    return cell._replace(cells=tuple(_fewer(each, cells) for each in cell.cells))


def _problem(data: ProblemData) -> Page:
    """What was wrong with a request, and the way back."""
    return Page(
        "This cannot be shown",
        buttons.trail(data.get("site", "")),
        blocks=(Message("bad", data["message"], (), _back(data)),),
        note=as_of(data.get("at")),
    )


def _done(data: DoneData) -> Page:
    """What came of a button: `ok` or not, in a sentence, and the way back to the site."""
    ok = data.get("ok", True)
    message = Message("good" if ok else "bad", data["message"], (), _back(data))
    return Page(
        "Done" if ok else "This was not done",
        buttons.trail(data.get("site", "")),
        blocks=(message,),
        note=as_of(data.get("at")),
    )


def _back(data: ProblemData | DoneData) -> tuple[Button, ...]:
    site = data.get("site")
    return (
        (Button(f"Back to {site}", "show", buttons.site(site)),)
        if site
        else (Button("All sites", "show", buttons.overview()),)
    )
