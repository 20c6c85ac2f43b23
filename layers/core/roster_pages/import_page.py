"""An import's page: what came of it, what it counted and changed, and which rows were wrong and why.

In: the data of the view `import`. Out: a page. `held`, `failed` and `steps` are shared with the site's page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roster.report import FileRead, Problem, Report
from roster_pages import buttons
from roster_pages.access_pages import lookup
from roster_pages.difference_tables import difference_tables
from roster_pages.finding_tables import findings
from roster_pages.moments import as_of, is_over, moment, phases_text, short, size, time_of
from roster_pages.page_model import (
    Badge,
    Block,
    Button,
    Cell,
    Column,
    Facts,
    Figures,
    Message,
    Name,
    Page,
    Step,
    Steps,
    Table,
)
from roster_pages.view_data import Asking, ImportData
from roster_pages.wording import (
    CHANGED,
    STATUS_MEANS,
    asking_text,
    changes_text,
    held_text,
    kept_texts,
    people_text,
    reason_text,
    sentence,
    status_tone,
    status_words,
)

_COUNTED = ("rows_read", "rows_rejected", "groups", "members", "memberships", "teachers")
# What a failed import, whose files could not be read, can say of them.
_COUNTED_FAILED = ("rows_read", "rows_rejected")


def import_page(data: ImportData) -> Page:
    """Everything about one import."""
    report, site, at = Report.from_dict(data["report"]), data["site"], data.get("at")
    here = buttons.an_import(site, report.import_id)
    # Who decides about a held import has to see first whom it concerns.
    blocks: list[Block] = [
        *messages(site, report, at, data.get("asking")),
        *_running(report),
        *difference_tables(data.get("difference")),
    ]
    blocks += [*_counts(report), _about(report, at), *_files(report.pair, at)]
    blocks += [*_changes(report.changes), *_problems(report.problems), *findings(data, report)]
    if data.get("difference"):
        blocks.append(lookup(site))
    return Page(
        f"Import of {short(time_of(report.import_id)) or report.import_id}",
        buttons.trail(site),
        (status_badge(report.status),),
        (buttons.refresh(here),) if report.status in ("fetching", "held") else (),
        tuple(blocks),
        as_of(at),
    )


def status_badge(status: str) -> Badge:
    """A status in words and colour."""
    return Badge(status_words(status), status_tone(status))


def messages(site: str, report: Report, at: object, asking: Asking | None) -> list[Message]:
    """What should be read first: why it is held and what to do, or why it failed."""
    if report.status == "held":
        return [held(site, report, at, asking)]
    return [failed(report)] if report.status == "failed" else []


def failed(report: Report, *pressed: Button) -> Message:
    """A failed import, and why."""
    lines = (reason_text(report),) if report.reason else ()
    return Message("bad", STATUS_MEANS["failed"], lines, pressed)


def held(site: str, report: Report, at: object, asking: Asking | None, *also: Button) -> Message:
    """A held import: its reasons and changes in numbers, how long it can be approved, and what can be done."""
    servers = asking_text(asking["asking"], asking["servers"]) if asking else ""
    lines = [people_text(report.people)] if report.people else []
    lines += [sentence(held_text(reason)) for reason in report.held or ()]
    if report.changes:
        lines.append(f"Approved, it would change: {changes_text(report.changes)}.")
    pressed = [buttons.reject(site, report.import_id), *also]
    if report.plan:
        end = report.plan.get("expires_at")
        if end:
            lines.append(_until(end, at))
        if not is_over(end, at):
            lines += [servers] if servers else []
            pressed.insert(0, buttons.approve(site, report.import_id, report.plan, report, servers))
    return Message("warn", STATUS_MEANS["held"], tuple(lines), tuple(pressed))


def _until(end: str, at: object) -> str:
    """How long a held import can be approved, and what else can be done."""
    expires = moment(end, at)
    when = expires if isinstance(expires, str) else f"{expires.text} UTC"
    if is_over(end, at):
        return f"It could be approved until {when}. Upload the files again: they supersede it."
    return f"It can be approved until {when}. Or upload the right files: they supersede it."


def steps(report: Report) -> Steps:
    """How far a running import is: its report is written when it begins, and when its outcome stands."""
    stands = report.outcome is not None
    first = (
        Step("Fetch, check and publish", "done", "good") if stands else Step("Fetch, check and publish", "now", "busy")
    )
    then = (
        Step("Update groups and access", "now", "busy")
        if stands
        else Step("Update groups and access", "to come", "quiet")
    )
    return Steps("Running now", (first, then))


def _running(report: Report) -> list[Block]:
    return [steps(report)] if report.status == "fetching" else []


def _counts(report: Report) -> list[Block]:
    names = _COUNTED_FAILED if report.status == "failed" else _COUNTED
    figures = ((name.replace("_", " ").capitalize(), report.counts[name]) for name in names if name in report.counts)
    return [Figures("Counts", tuple(figures))] if report.counts else []


def _about(report: Report, at: object) -> Facts:
    rows: list[tuple[str, Cell]] = [("Import", Name(report.import_id, code=True)), *_outcome(report)]
    said = (
        ("Version", _version(report)),
        ("Ended", moment(report.ended_at, at) if report.ended_at else ""),
        ("Time", phases_text(report.milliseconds) if report.milliseconds else ""),
        ("Kept", " ".join(kept_texts(report))),
        ("Went back to", f"version {report.rolled_back_to}" if report.rolled_back_to else ""),
        ("What servers had", f"version {report.restored_version}" if report.restored_version else ""),
        ("Approved by", report.approved_by),
        ("Rejected by", report.rejected_by),
        ("Ordered by", report.rolled_back_by),
        ("Ordered by", report.epoch_by),
        ("Ordered by", report.console_by),
        ("Settled by", report.settled_by),
    )
    rows += [(term, cell) for term, cell in said if cell]
    if report.superseded_by:
        to = buttons.an_import(report.site, report.superseded_by)
        rows.append(("Superseded by", Name(report.superseded_by, to, code=True)))
    return Facts("About", tuple(rows))


def _outcome(report: Report) -> list[tuple[str, Cell]]:
    """What the status means, where no message says so above."""
    if report.status in ("held", "failed") or report.status not in STATUS_MEANS:
        return []
    rows: list[tuple[str, Cell]] = [("Outcome", STATUS_MEANS[report.status])]
    if report.held:
        rows.append(("Was held", "; ".join(map(held_text, report.held))))
    elif report.reason:
        rows.append(("Reason", reason_text(report)))
    return rows


def _version(report: Report) -> str:
    version, base = report.version, report.base_version
    if not version:
        return ""
    return f"{base} → {version}" if base and base != version else str(version)


def _files(pair: Mapping[str, FileRead], at: object) -> list[Block]:
    rows: list[tuple[str, Cell]] = []
    for file, about in sorted(pair.items()):
        uploaded = short(about.get("uploaded_at"))
        said = [f"uploaded {uploaded}" if uploaded else "", size(about["bytes"]) if "bytes" in about else ""]
        rows.append((str(file), ", ".join(filter(None, said)) or "being read"))
    return [Facts("Files", tuple(rows))] if rows else []


def _changes(changes: Mapping[str, int] | None) -> list[Block]:
    if not changes:
        return []
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (words.capitalize(), *(changes.get(f"{what}_{verb}", 0) for verb in ("created", "changed", "removed")))
        for what, words in CHANGED.items()
    )
    columns = (Column("What"), *(Column(verb, number=True) for verb in ("Created", "Changed", "Removed")))
    return [Table("Changes", columns, rows)]


def _problems(problems: Sequence[Problem] | None) -> list[Block]:
    if not problems:
        return []
    rows = tuple((Name(each.get("path", ""), code=True), str(each.get("message", ""))) for each in problems)
    return [Table("What is wrong in settings.json", (Column("Place"), Column("What to write")), rows)]
