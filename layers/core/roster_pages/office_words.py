"""What the upload page says to a school's office: what its files would do, and what became of them.

In: a plan, or an upload's fate with the findings of its import. Out: `Said`, ready to be shown. No username and no
class is in it: a finding is a place in a file and what to do there, and everything else is numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

from roster.notices_file import Finding
from roster.people import People
from roster.plan import Plan
from roster.report import Report
from roster.uploads import Fate
from roster_pages.page_model import Tone, harmless
from roster_pages.wording import ADVICE, changes_text, held_text, people_text, sentence, several

# More rows than anybody mends at once; the numbers count all of them.
_ROWS_SHOWN = 50

_ORDER = {"error": 0, "warning": 1, "info": 2}
_NOTHING_CHANGES = "The files say what is published already. Nothing would change."


class Mend(TypedDict):
    """Findings of one kind: how many, where the first of them are, and what to do."""

    code: str
    severity: str
    total: int
    where: Sequence[str]
    advice: str


class Said(TypedDict):
    """A heading, its tone, some lines, and what to mend. `may_upload`: the files can be uploaded as they are."""

    tone: Tone
    heading: str
    lines: Sequence[str]
    mend: Sequence[Mend]
    may_upload: bool
    is_final: bool


class _Found(NamedTuple):
    code: str
    severity: str
    total: int
    where: list[str]


def of_plan(plan: Plan) -> Said:
    """What an upload of these files would do."""
    mend = _mend(_found_in(plan))
    if plan.outcome == "failed":
        lines = ["Nothing was uploaded. Mend what is below, and choose the files again."]
        return _said("bad", "These files would be refused", lines, mend)
    lines = [_read(plan.counts)]
    if plan.outcome == "no_change":
        return _said("good", "Nothing would change", [*lines, _NOTHING_CHANGES], mend, may_upload=True)
    lines += _who(plan.people)
    lines.append(f"It would change: {changes_text(plan.changes)}.")
    if plan.held:
        lines += (f"{sentence(held_text(_without_others(reason._asdict())))}" for reason in plan.held)
        lines.append("It would wait until somebody who looks after the site approves it. Are these the right files?")
        return _said("warn", "This would be held", lines, mend, may_upload=True)
    return _said("good", "These files can be uploaded", lines, mend, may_upload=True)


def of_fate(fate: Fate, findings: Iterable[Finding] = ()) -> Said:
    """What became of an upload, as far as it has come."""
    report = fate.report
    if report is None:
        tone, heading, line = _WITHOUT_REPORT.get(fate.reason, _WITHOUT_REPORT["queued"])
        return _said(tone, heading, [line.format(missing=fate.missing)], (), is_final=fate.is_final)
    mend = _mend(_found_of(report, findings))
    match fate.status:
        case "imported":
            lines = [_read(report.counts)]
            changes = changes_text(report.changes or {})
            lines.append(f"Changed: {changes}." if changes != "none" else "The files say what was published already.")
            if report.kept:
                lines.append(f"{several(report.kept, 'removal')} put off, because of rows that could not be read.")
            lines.append("The school's Impero servers fetch it within minutes.")
            return _said("warn" if report.rows_rejected else "good", "Imported", lines, mend, is_final=True)
        case "held":
            lines = [sentence(held_text(_without_others(reason))) for reason in report.held or ()]
            lines.append("Nothing was changed. Somebody who looks after the site has to approve it, and has been told.")
            lines.append("If these are the wrong files, choose the right ones now: they take the place of these.")
            return _said("warn", "Held: a person has to look", lines, mend, is_final=True)
        case "ignored":
            return _said("quiet", "A newer upload took its place", ["What came later counts."], mend, is_final=True)
        case "waiting":
            return _said("busy", "Being imported", ["It takes a few seconds."], ())
    if fate.reason == "rejected":
        return _said("bad", "Rejected", ["A person has rejected it. Nothing was changed."], mend, is_final=True)
    advice = ADVICE.get(fate.reason, "")
    place = f"{harmless(report.place)}: " if report.place else ""
    lines = [f"{place}{advice}".strip(), "Nothing was changed. Mend the files, and choose them again."]
    return _said("bad", "Refused", [line for line in lines if line], mend, is_final=True)


_WITHOUT_REPORT: Mapping[str, tuple[Tone, str, str]] = {
    "queued": ("busy", "Uploaded", "Its import begins in a moment."),
    "importing": ("busy", "Being imported", "It takes a few seconds."),
    "not_uploaded": ("busy", "Uploading", "The files are on their way."),
    "partner_missing": ("busy", "Waiting", "It waits for {missing}."),
    "site_paused": (
        "quiet",
        "Uploaded; the site is paused",
        "The files are kept, and imported once somebody who looks after the site resumes it. You can close this page.",
    ),
    "newer_upload": ("quiet", "A newer upload took its place", "What came later counts."),
    "superseded": ("quiet", "A newer upload took its place", "What came later counts."),
    "never_uploaded": ("bad", "The files did not arrive", "Nothing was changed. Choose them again."),
}


def _said(
    tone: Tone,
    heading: str,
    lines: Sequence[str],
    mend: Sequence[Mend],
    *,
    may_upload: bool = False,
    is_final: bool = False,
) -> Said:
    return Said(
        tone=tone, heading=heading, lines=list(lines), mend=list(mend), may_upload=may_upload, is_final=is_final
    )


def _read(counts: Mapping[str, int]) -> str:
    rejected = counts.get("rows_rejected", 0)
    left_out = f" {several(rejected, 'row')} cannot be used and would be left out." if rejected else ""
    return (
        f"{several(counts.get('rows_read', 0), 'row')} read: {several(counts.get('members', 0), 'pupil')} in "
        f"{several(counts.get('groups', 0), 'class').replace('classs', 'classes')}, "
        f"{several(counts.get('teachers', 0), 'teacher')}.{left_out}"
    )


def _who(people: People | None) -> list[str]:
    return [people_text(people._asdict())] if people else []


def _without_others(reason: Mapping[str, Any]) -> dict[str, Any]:
    """A guard's reason, but for the other site that a new one resembles: that is nobody's business here."""
    return {name: value for name, value in reason.items() if name != "like"}


def _found_in(plan: Plan) -> Iterator[_Found]:
    where: dict[str, list[str]] = {}
    listed = plan.notices.listed()
    for notice in listed:
        places = where.setdefault(notice.code, [])
        if len(places) < _ROWS_SHOWN and (notice.row or notice.severity == "error") and notice.place:
            places.append(notice.place)
    severity = {notice.code: notice.severity for notice in listed}
    for code, total in plan.notices.totals.items():
        yield _Found(code, severity.get(code, "info"), total, where.get(code, []))


def _found_of(report: Report, findings: Iterable[Finding]) -> Iterator[_Found]:
    where: dict[str, list[str]] = {}
    for finding in findings:
        places = where.setdefault(finding["code"], [])
        if finding["row"] and len(places) < _ROWS_SHOWN:
            places.append(f"{finding['file']}, row {int(finding['row'])}")
    for code, found in (report.notices or {}).items():
        yield _Found(code, found["severity"], found["total"], where.get(code, []))


def _mend(found: Iterable[_Found]) -> list[Mend]:
    """What to mend, the worst first; what is for information alone is left out."""
    ordered = sorted(
        (each for each in found if each.severity != "info"), key=lambda one: (_ORDER[one.severity], one.code)
    )
    return [
        Mend(
            code=each.code,
            severity=each.severity,
            total=each.total,
            where=[harmless(place) for place in each.where],
            advice=ADVICE.get(each.code, ""),
        )
        for each in ordered
    ]
