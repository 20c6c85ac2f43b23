"""What people are told, in words: of a status, a reason, a guard, a finding, a change. Pages and terminal share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roster.notices import catalogue
from roster_pages.model import Tone, harmless, number

# A status in words, and what its colour means; "bad" asks for somebody to act.
STATUSES: dict[str, tuple[str, Tone]] = {
    "new": ("No import yet", "quiet"),
    "ok": ("OK", "good"),
    "ok_with_warnings": ("OK, with warnings", "warn"),
    "no_change": ("No change", "good"),
    "waiting": ("Waiting", "busy"),
    "fetching": ("Fetching…", "busy"),
    "failed": ("Failed", "bad"),
    "held": ("Held", "warn"),
    "rejected": ("Rejected", "quiet"),
    "superseded": ("Superseded", "quiet"),
}
STATUS_MEANS = {
    "ok": "Imported; every row counted.",
    "ok_with_warnings": "Imported; some rows need a look.",
    "no_change": "The files say what was published already.",
    "waiting": "Something is missing before an import can begin.",
    "fetching": "An import is running.",
    "failed": "Nothing was changed; what was published before stays in force.",
    "held": "Nothing was changed yet: this import would change more than the site allows.",
    "rejected": "Held, and ended by somebody; nothing was changed.",
    "superseded": "Held, and overtaken by a newer import; nothing was changed.",
}

# The order in which findings are listed, and how each severity looks.
SEVERITIES: dict[str, Tone] = {"error": "bad", "warning": "warn", "info": "quiet"}

# What every notice says happened and what to do, by its code.
ADVICE = {notice.code: " ".join((notice.__doc__ or "").split()) for notice in catalogue()}

# What changes are counted of, and its words: of a group's members each is counted, so somebody in two groups twice.
CHANGED = {"groups": "groups", "members": "memberships", "rights": "rights"}

GUARDS = {
    "students_as_teachers": "{number} of {of} teachers are students: the files may be swapped",
    "file_has_no_rows": "not one row of the file could be used",
    "rows_rejected": "{number} of {of} rows are rejected",
    "memberships_removed": "{number} of {of} memberships would go",
    "teachers_removed": "{number} of {of} teachers would lose console access",
    "groups_removed": "{number} of {of} groups would go",
    "half_removed": "{number} of {of}{what}, more than half, would go",
    "teachers_added": "{number} teachers would be added to {of}",
    "classes_unmatched": "{number} of the teachers' {of} classes have no students: students.csv may be an old one",
}

REASONS = {
    "file_name_unexpected": "An import reads teachers.csv and students.csv, spelled exactly so, in the site's folder.",
    "settings_invalid": "The file has errors; the last good settings stay in force.",
    "not_held": "This import is not held, or not any more.",
    "plan_differs": "This is not the plan that was shown.",
    "head_moved": "Another version was published since.",
    "hold_expired": "The hold is more than 24 hours old: upload the pair again.",
    "import_unknown": "There is no such import.",
    "version_unknown": "There is no such older version, or it is kept no longer.",
    "inbox_empty": "There is no file in the site's folder of the inbox: upload teachers.csv and students.csv.",
    "rolled_back": "Somebody went back to an older version.",
    "new_epoch": "Somebody began a new epoch, above every version that servers may have.",
    "version_below": "The cloud has a newer version than the one named: name the highest that any server has.",
}


def status_words(status: str) -> str:
    """A status as people read it."""
    return STATUSES[status][0] if status in STATUSES else harmless(status.replace("_", " ").capitalize())


def status_tone(status: str) -> Tone:
    """What the colour of a status means."""
    return STATUSES[status][1] if status in STATUSES else "quiet"


def reason_text(report: Mapping[str, Any]) -> str:
    """Why a report has its status, in words where there are any."""
    reason = harmless(report["reason"])
    words = REASONS.get(reason) or ADVICE.get(reason)
    where = report.get("file") or report.get("place")
    place = f" ({harmless(where)})" if where else ""
    return f"{reason}{place}: {words}" if words else f"{reason}{place}"


def held_text(reason: Mapping[str, Any]) -> str:
    """Why a guard holds an import, in numbers. `reason` is {code, number, of, file, what}."""
    code = reason["code"]
    said = harmless(code)
    if code in GUARDS:
        what = f" {harmless(reason['what'])}" if reason.get("what") else ""
        said = GUARDS[code].format(number=number(reason["number"]), of=number(reason["of"]), what=what)
    return f"{harmless(reason['file'])}: {said}" if reason.get("file") else said


def rows_text(counts: Mapping[str, int]) -> str:
    """How many rows were read."""
    return f"{number(counts.get('rows_read', 0))} read, {number(counts.get('rows_rejected', 0))} rejected"


def roster_text(counts: Mapping[str, int]) -> str:
    """How large a roster is."""
    groups, members, memberships, teachers = (
        several(counts.get(f"{noun}s", 0), noun) for noun in ("group", "member", "membership", "teacher")
    )
    return f"{groups}, {members} ({memberships}), {teachers}"


def kept_text(kept: int) -> str:
    """How much a rejected row keeps from going."""
    return f"{number(kept)} facts that a rejected row, or the setting “removals”, keeps"


def changes_text(changes: Mapping[str, int]) -> str:
    """What an import changes, in numbers."""
    said = []
    for what, words in CHANGED.items():
        verbs = [
            f"{number(changes[key])} {verb}"
            for verb in ("created", "changed", "removed")
            if changes.get(key := f"{what}_{verb}")
        ]
        if verbs:
            said.append(f"{words} {', '.join(verbs)}")
    return "; ".join(said) or "none"


def several(many: int, noun: str) -> str:
    """A number and what is counted: 1 group, 2 groups."""
    return f"{number(many)} {noun}" if many == 1 else f"{number(many)} {noun}s"
