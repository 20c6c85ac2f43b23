"""What is so with a site for as long as it lasts, whatever its newest import says.

In: the data of the view `site`: `added` (whether somebody added it), `rejected` (rows that the import which took effect
last refused), `kept` {facts, until, rows}, `settings_problem` (a report, while the bad settings.json stands), `ignored`
{total, names: [{name, count, last_at, like}]}. All of them may be missing. Out: badges, messages, a table.
"""

from __future__ import annotations

from collections.abc import Sequence

from roster.report import Report
from roster_pages import buttons
from roster_pages.moments import moment
from roster_pages.page_model import Badge, Block, Button, Column, Message, Name, Table, number
from roster_pages.view_data import IgnoredUploads, KeptFacts, OutsideFolder, SiteData, SiteRow
from roster_pages.wording import like_text, put_off_texts, several

_PROBLEMS_SHOWN = 5
_FOLDERS_SHOWN = 20


def standing_badges(data: SiteData) -> list[Badge]:
    """What stands, in a few words each."""
    badges = [Badge("Not added", "warn")] if is_unknown(data) else []
    if rejected := int(data.get("rejected") or 0):
        badges.append(rejected_badge(rejected))
    if (kept := data.get("kept")) and kept.get("facts"):
        badges.append(kept_badge(int(kept["facts"])))
    return badges


def is_unknown(data: SiteData | SiteRow) -> bool:
    """Whether nobody has added this site, and nothing of it is published."""
    return data.get("added") is False and not data.get("version")


def rejected_badge(rows: int) -> Badge:
    """That rows are refused, night after night."""
    return Badge(f"{several(rows, 'row')} rejected", "warn")


def kept_badge(facts: int) -> Badge:
    """That removals wait for a bad row to be corrected."""
    return Badge(f"{several(facts, 'removal')} put off", "warn")


def standing(data: SiteData) -> list[Message]:
    """What stands, and what can be done about it."""
    site = data["site"]
    said = [_unknown(site)] if is_unknown(data) else []
    if problem := data.get("settings_problem"):
        said.append(_settings(site, Report.from_dict(problem)))
    if rejected := int(data.get("rejected") or 0):
        said.append(_rejected(rejected))
    return [*said, *put_off(site, data.get("kept"))]


def put_off(site: str, kept: KeptFacts | None) -> list[Message]:
    """The removals that bad rows put off, because of which rows, and how to make them; nothing where there are none."""
    if not kept or not kept.get("facts"):
        return []
    facts = int(kept["facts"])
    heading = "Some removals are put off because a row that cannot be read may be about them."
    advice = "Correct the row, and the next import decides. Or make the removals now."
    lines = (*put_off_texts(facts, kept.get("rows") or (), kept.get("until")), advice)
    return [Message("warn", heading, lines, (buttons.settle(site, facts),))]


def _unknown(site: str) -> Message:
    lines = (
        "Its first import is held until then: a folder with a mistyped name must not become a school.",
        "If it is a school of yours, add it. If not, upload the files to the right folder.",
    )
    return Message("warn", "Nobody has added this site.", lines, (buttons.add_site(site),))


def _settings(site: str, problem: Report) -> Message:
    problems = problem.problems or ()
    lines = [f"{each.get('path', '')}: {each.get('message', '')}" for each in problems[:_PROBLEMS_SHOWN]]
    if len(problems) > _PROBLEMS_SHOWN:
        lines.append(f"and {number(len(problems) - _PROBLEMS_SHOWN)} more")
    look = Button("Look at it", "show", buttons.an_import(site, problem.import_id))
    return Message("bad", "settings.json has errors: the last good settings stay in force.", tuple(lines), (look,))


def _rejected(rows: int) -> Message:
    are = "is" if rows == 1 else "are"
    line = "The findings of the last import say which rows and why. Correct them where the files come from."
    return Message("warn", f"{several(rows, 'row')} of the current files {are} rejected.", (line,))


def ignored_table(ignored: IgnoredUploads | None, at: object) -> list[Block]:
    """The uploads that no import reads, with the name that may be meant; nothing where there are none."""
    if not ignored or not ignored.get("names"):
        return []
    names = ignored["names"]
    rows = tuple(
        (
            Name(str(each.get("name", "")), code=True),
            int(each.get("count", 1)),
            moment(each.get("last_at"), at),
            like_text(each.get("like")),
        )
        for each in names
    )
    columns = (Column("Name"), Column("Uploads", number=True), Column("Last"), Column("Meant"))
    total = int(ignored.get("total") or sum(int(each.get("count", 1)) for each in names))
    return [Table(f"Ignored uploads: {number(total)}", columns, rows)]


def outside_message(outside: Sequence[OutsideFolder]) -> list[Message]:
    """Uploads that lie in no site's folder: each folder, and the site that may be meant; nothing without any."""
    if not outside:
        return []
    lines = []
    for each in outside[:_FOLDERS_SHOWN]:
        folder = str(each.get("folder") or "") or "no folder at all"
        meant = each.get("like")
        like = f" — {like_text(f'{meant}/')}" if meant else ""
        lines.append(f"{folder}: {several(int(each.get('count', 1)), 'upload')}{like}")
    if len(outside) > _FOLDERS_SHOWN:
        lines.append(f"and {number(len(outside) - _FOLDERS_SHOWN)} more folders")
    total = sum(int(each.get("count", 1)) for each in outside)
    are = "is" if total == 1 else "are"
    return [Message("warn", f"{several(total, 'upload')} {are} in no site's folder.", tuple(lines))]
