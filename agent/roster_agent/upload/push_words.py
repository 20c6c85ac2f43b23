"""What came of a push in words, and its exit status, which is that of `roster check`. No IO, no names.

Exit status: 0 imported, or recorded by a site that is paused; 1 the files have errors, or it is held, failed or
ignored, or nobody knows yet.
"""

from collections.abc import Iterator

from roster_agent.upload.finding_words import advice_of, counted, finding_lines
from roster_agent.upload.local_check import Checked
from roster_agent.upload.upload_answers import Outcome

_HELD = (
    "Held: it would change more than this site allows, so nothing was changed. Look whether the files are right. If "
    "they are, somebody who looks after the site has to approve it; else correct them and push again."
)
_PAUSED = "The site is paused: the files are recorded, and imported once somebody resumes it."
_FAILED = {
    "rejected": "A person rejected it; nothing was changed. Push corrected files.",
    "never_uploaded": "The files did not arrive. Push again.",
}
_IGNORED = {
    "newer_upload": "A newer upload came before this one was read, and took its place.",
    "superseded": "It was held, and a newer import took its place.",
}
_WAITING = {
    "partner_missing": "It still waits for the other file. Push both.",
    "importing": "Its import has begun and not ended yet.",
}


def check_lines(checked: Checked) -> Iterator[str]:
    """What the check on this machine found."""
    yield said_of_check(checked)
    yield from finding_lines(checked.found)


def said_of_check(checked: Checked) -> str:
    """The same in one line."""
    if checked.refused:
        return "a file would be refused as a whole"
    errors = f"{checked.errors:,} error{'' if checked.errors == 1 else 's'}"
    return f"{counted(checked.counts)}; {errors if checked.errors else 'no errors'}"


def outcome_line(outcome: Outcome) -> str:
    """What became of it, in one line: for a log, and the first for a person."""
    match outcome.status:
        case "imported" if outcome.import_status == "no_change":
            return f"Imported: the files say what is published already ({outcome.import_id})."
        case "imported":
            changes = counted({name: number for name, number in outcome.changes.items() if number}) or "no changes"
            return f"Imported: {changes} ({outcome.import_id})."
        case "held":
            return _HELD
        case "failed":
            place = f" in {outcome.place}" if outcome.place else ""
            refused = f"Failed: {outcome.reason or 'refused'}{place}. {advice_of(outcome.reason)}".strip()
            return _FAILED.get(outcome.reason, f"{refused} Nothing was changed.")
        case "ignored":
            return _IGNORED.get(outcome.reason, "Another upload took its place.")
    if outcome.reason == "site_paused":
        return _PAUSED
    still = _WAITING.get(outcome.reason, "It still waits for its import.")
    return f"{still} Whoever looks after the site sees its outcome."


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """What became of it, with what was counted and found."""
    yield outcome_line(outcome)
    if outcome.counts:
        yield f"  {counted(outcome.counts)}"
    yield from (f"  {guard}" for guard in outcome.held)
    yield from finding_lines(outcome.found)


def exit_status(outcome: Outcome) -> int:
    """0 where nobody has to do anything about it, else 1."""
    if outcome.status == "imported":
        return int(any(each.severity == "error" for each in outcome.found))
    return int(outcome.reason != "site_paused")
