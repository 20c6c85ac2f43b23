"""An import's page: what came of it, what it counted and changed, and which rows were wrong and why.

In: the data of the view `import`. Out: a page. `held`, `failed` and `steps` are shared with the site's page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from roster_pages.wording import (
    CHANGED,
    STATUS_MEANS,
    changes_text,
    held_text,
    kept_texts,
    people_text,
    reason_text,
    status_tone,
    status_words,
)

_COUNTED = ("rows_read", "rows_rejected", "groups", "members", "memberships", "teachers")
# What a failed import, whose files could not be read, can say of them.
_COUNTED_FAILED = ("rows_read", "rows_rejected")


def import_page(data: Mapping[str, Any]) -> Page:
    """Everything about one import."""
    report, site, at = data["report"], data["site"], data.get("at")
    here = buttons.an_import(site, report["import"])
    blocks: list[Block] = [*messages(site, report, at)]
    if report["status"] == "fetching":
        blocks.append(steps(report))
    # Who decides about a held import has to see first whom it concerns.
    blocks += difference_tables(data.get("difference"))
    if counts := report.get("counts"):
        counted = _COUNTED_FAILED if report["status"] == "failed" else _COUNTED
        figures = ((name.replace("_", " ").capitalize(), counts[name]) for name in counted if name in counts)
        blocks.append(Figures("Counts", tuple(figures)))
    blocks.append(_about(report, at))
    if pair := report.get("pair"):
        blocks.append(_files(pair, at))
    if report.get("changes") is not None and report.get("changes"):
        blocks.append(_changes(report["changes"]))
    if problems := report.get("problems"):
        blocks.append(_problems(problems))
    blocks += findings(data, report)
    if data.get("difference"):
        blocks.append(lookup(site))
    return Page(
        f"Import of {short(time_of(report['import'])) or report['import']}",
        buttons.trail(site),
        (status_badge(report["status"]),),
        (buttons.refresh(here),) if report["status"] in ("fetching", "held") else (),
        tuple(blocks),
        as_of(at),
    )


def status_badge(status: str) -> Badge:
    """A status in words and colour."""
    return Badge(status_words(status), status_tone(status))


def messages(site: str, report: Mapping[str, Any], at: object) -> list[Message]:
    """What should be read first: why it is held and what to do, or why it failed."""
    if report["status"] == "held":
        return [held(site, report, at)]
    return [failed(report)] if report["status"] == "failed" else []


def failed(report: Mapping[str, Any], *pressed: Button) -> Message:
    """A failed import, and why."""
    lines = (reason_text(report),) if report.get("reason") else ()
    return Message("bad", STATUS_MEANS["failed"], lines, pressed)


def held(site: str, report: Mapping[str, Any], at: object, *also: Button) -> Message:
    """A held import: its reasons and changes in numbers, how long it can be approved, and what can be done."""
    lines = [people_text(report["people"])] if report.get("people") else []
    lines += [_sentence(held_text(reason)) for reason in report.get("held", [])]
    if report.get("changes"):
        lines.append(f"Approved, it would change: {changes_text(report['changes'])}.")
    can_approve = "plan" in report
    if can_approve and report["plan"].get("expires_at"):
        expires = moment(report["plan"]["expires_at"], at)
        when = expires if isinstance(expires, str) else f"{expires.text} UTC"
        can_approve = not is_over(report["plan"]["expires_at"], at)
        lines.append(
            f"It can be approved until {when}. Or upload the right files: they supersede it."
            if can_approve
            else f"It could be approved until {when}. Upload the files again: they supersede it."
        )
    approve = (buttons.approve(site, report),) if can_approve else ()
    pressed = (*approve, buttons.reject(site, report["import"]), *also)
    return Message("warn", STATUS_MEANS["held"], tuple(lines), pressed)


def _sentence(text: str) -> str:
    said = text if text.startswith(("teachers.csv", "students.csv")) else f"{text[:1].upper()}{text[1:]}"
    return said if said.endswith("?") else f"{said}."


def steps(report: Mapping[str, Any]) -> Steps:
    """How far a running import is: its report is written when it begins, and when its outcome stands."""
    stands = "outcome" in report
    first = (
        Step("Fetch, check and publish", "done", "good") if stands else Step("Fetch, check and publish", "now", "busy")
    )
    then = (
        Step("Update groups and access", "now", "busy")
        if stands
        else Step("Update groups and access", "to come", "quiet")
    )
    return Steps("Running now", (first, then))


def _about(report: Mapping[str, Any], at: object) -> Facts:
    rows: list[tuple[str, Cell]] = [("Import", Name(report["import"], code=True))]
    if report["status"] not in ("held", "failed") and report["status"] in STATUS_MEANS:
        rows.append(("Outcome", STATUS_MEANS[report["status"]]))
        if report.get("held"):
            rows.append(("Was held", "; ".join(map(held_text, report["held"]))))
        elif report.get("reason"):
            rows.append(("Reason", reason_text(report)))
    if report.get("version"):
        rows.append(("Version", _version(report)))
    if report.get("ended_at"):
        rows.append(("Ended", moment(report["ended_at"], at)))
    if report.get("milliseconds"):
        rows.append(("Time", phases_text(report["milliseconds"])))
    if kept := kept_texts(report):
        rows.append(("Kept", " ".join(kept)))
    if report.get("rolled_back_to"):
        rows.append(("Went back to", f"version {report['rolled_back_to']}"))
    if report.get("restored_version"):
        rows.append(("What servers had", f"version {report['restored_version']}"))
    for who, term in (
        ("approved_by", "Approved by"),
        ("rejected_by", "Rejected by"),
        ("rolled_back_by", "Ordered by"),
        ("epoch_by", "Ordered by"),
        ("settled_by", "Settled by"),
    ):
        if report.get(who):
            rows.append((term, str(report[who])))
    if report.get("superseded_by"):
        superseded_by = str(report["superseded_by"])
        to = buttons.an_import(report.get("site", ""), superseded_by)
        rows.append(("Superseded by", Name(superseded_by, to, code=True)))
    return Facts("About", tuple(rows))


def _version(report: Mapping[str, Any]) -> str:
    version, base = report["version"], report.get("base_version")
    return f"{base} → {version}" if base and base != version else str(version)


def _files(pair: Mapping[str, Any], at: object) -> Facts:
    rows: list[tuple[str, Cell]] = []
    for file, about in sorted(pair.items()):
        uploaded = short(about.get("uploaded_at"))
        said = [f"uploaded {uploaded}" if uploaded else "", size(about["bytes"]) if "bytes" in about else ""]
        rows.append((str(file), ", ".join(filter(None, said)) or "being read"))
    return Facts("Files", tuple(rows))


def _changes(changes: Mapping[str, int]) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (words.capitalize(), *(changes.get(f"{what}_{verb}", 0) for verb in ("created", "changed", "removed")))
        for what, words in CHANGED.items()
    )
    columns = (Column("What"), *(Column(verb, number=True) for verb in ("Created", "Changed", "Removed")))
    return Table("Changes", columns, rows)


def _problems(problems: list[dict[str, Any]]) -> Table:
    rows = tuple((Name(each.get("path", ""), code=True), str(each.get("message", ""))) for each in problems)
    return Table("What is wrong in settings.json", (Column("Place"), Column("What to write")), rows)
